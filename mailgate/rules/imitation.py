"""Whether a sender who is nobody of ours looks like somebody of ours (threat T9).

Laws: pure and cheap; it only warns: an event for the desk and a reason, never another decision. What is worth a word is
what a person could be taken in by: a letter that is another one's twin in an address, a domain or a name; our own address
written as a name; the full name of one of our staff from an address that nobody vouches for. A namesake with a single
word for a name, a known customer and an authenticated sender are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailgate.config import Config
from mailgate.mail.lookalike import mixes_scripts, name_skeleton, skeleton, words_of
from mailgate.model import Address, Facts, Person, Trust
from mailgate.rules.trust import is_staff


@dataclass(frozen=True, slots=True)
class _Ours:
    """Everybody of ours by what they look like."""

    own: frozenset[str]  # addresses
    addresses: Mapping[str, str]  # skeleton → address
    domains: Mapping[str, str]  # skeleton → domain
    names: Mapping[str, str]  # skeleton → name


def imitated(sender: Address | None, person: Person, believed: Trust, facts: Facts, config: Config) -> str:
    """Whom the sender looks like: an address, a domain or a name of ours; "" for nobody."""
    if sender is None or is_staff(person):
        return ""
    ours = _ours(facts, config)
    if sender.address in ours.own:
        return ""
    if shown := _shown_address(sender.name, ours):
        return shown
    if person.account:  # the people file knows his address or domain
        return ""
    return _address(sender.address, ours) or _name(sender.name, believed, ours)


def _address(address: str, ours: _Ours) -> str:
    """The address or domain of ours that another is like, letter for letter, or hides in front of a domain of its own."""
    local, _, domain = address.rpartition("@")
    domain = _readable(domain)
    if like := ours.addresses.get(skeleton(f"{local}@{domain}")):
        return like
    like = ours.domains.get(skeleton(domain), "")
    if like == domain:
        return ""
    # example.com.au may be a branch of ours, example.com.evil.example is none
    in_front = (
        d for d in ours.domains.values() if domain.startswith(d + ".") and "." in domain[len(d) + 1 :]
    )
    return like or next(in_front, "")


def _readable(domain: str) -> str:
    """A domain with its A-labels as people see them (RFC 5891 §5.4)."""
    if "xn--" not in domain:
        return domain
    labels = []
    for label in domain.split("."):
        try:
            labels.append(label[4:].encode().decode("punycode") if label.startswith("xn--") else label)
        except (UnicodeError, ValueError):
            labels.append(label)
    return ".".join(labels)


def _shown_address(name: str, ours: _Ours) -> str:
    """An address of ours that the name shows, as it is or in look-alike letters."""
    if "@" not in name:
        return ""
    shown = skeleton(name)
    return next((address for seen, address in ours.addresses.items() if seen in shown), "")


def _name(name: str, believed: Trust, ours: _Ours) -> str:
    """The member of staff whose name it is: in letters of two alphabets always, else in full and from nobody verified."""
    same = ours.names.get(name_skeleton(name), "") if name else ""
    if not same:
        return ""
    stranger = believed is Trust.UNVERIFIED and words_of(name) > 1
    return same if stranger or mixes_scripts(name) else ""


# What was worked out last: the same people stand behind mail after mail. One value, so that it is read and replaced whole.
_memo: list[tuple[object, object, object, _Ours | None]] = [(None, None, None, None)]


def _ours(facts: Facts, config: Config) -> _Ours:
    teams, supervisors, settings, known = _memo[0]
    if known and teams is facts.teams and supervisors is facts.supervisors and settings is config:
        return known
    staff = [*(person for team in facts.teams for person in team.agents), *facts.supervisors]
    own = (*config.gateway.own_addresses, config.escalation.notify_list, config.escalation.notify_list_eu)
    found = [*own, *(team.address for team in facts.teams), *(person.address for person in staff)]
    addresses = [address.lower() for address in found if address]
    domains = dict.fromkeys(address.rpartition("@")[2] for address in addresses)
    ours = _Ours(
        own=frozenset(addresses),
        addresses={skeleton(address): address for address in reversed(addresses)},
        domains={skeleton(domain): domain for domain in domains},
        names={seen: person.name for person in staff if (seen := name_skeleton(person.name))},
    )
    _memo[0] = (facts.teams, facts.supervisors, config, ours)
    return ours
