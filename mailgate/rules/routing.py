"""Where a ticket goes: category (5.1), team and management (5.2).

Laws: a ticket with EU support goes to nobody of the staff outside the EU; the notify list counts as management.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mailgate.config import Config
from mailgate.mail.address import normalise
from mailgate.mail.token import is_own
from mailgate.model import Envelope, ParsedMessage, Person, Team

EU = "eu"
MAX_ADDRESSES = 200  # of one mail, looked at


def written_to(envelope: Envelope, parsed: ParsedMessage, config: Config) -> str:
    """The first of our addresses that the mail was written to, without its token: by the envelope, else To and Cc.
    "" when none shows (a blind copy through a pipe). The first one decides (2.7)."""
    return next(iter(own_addresses(envelope, parsed, config)), "")


def own_addresses(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[str, ...]:
    """Every address of ours that the mail was written to, in order, without tokens."""
    own = config.gateway.own_addresses
    found = [base for a in envelope.rcpt_to[:MAX_ADDRESSES] if (base := _base(normalise(a), own))]
    if not found:
        named = (*parsed.to[:MAX_ADDRESSES], *parsed.cc[:MAX_ADDRESSES])
        found = [base for a in named if (base := _base(a.address, own))]
    return tuple(dict.fromkeys(found))


def _base(address: str, own: tuple[str, ...]) -> str:
    if address in own:
        return address
    if not is_own(address, own):
        return ""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def category(address: str, tag: str, config: Config) -> str:
    """5.1: a tag, else what the address stands for, else the default."""
    gateway = config.gateway
    return tag or gateway.addresses.get(address) or gateway.default_category


def team(category: str, eu: bool, teams: Sequence[Team]) -> Team | None:
    """5.2: the first team that serves the category, else the first team; of EU teams only where the ticket asks."""
    able = [t for t in teams if t.region == EU] if eu else list(teams)
    serving = (t for t in able if category in t.categories)
    return next(serving, able[0] if able else None)


def in_eu(person: Person, teams: Iterable[Team]) -> bool:
    """Whether a member of the staff belongs to a team in the EU."""
    return any(t.region == EU and t.name in person.teams for t in teams)


def supervisors(
    team: Team | None, eu: bool, everyone: Iterable[Person], teams: Sequence[Team]
) -> tuple[Person, ...]:
    """Level 2 (7.1): the team's supervisors, else all; for EU support those in the EU only."""
    able = tuple(p for p in everyone if not eu or in_eu(p, teams))
    own = tuple(p for p in able if team is not None and team.name in p.teams)
    return own or able


def notify_list(eu: bool, config: Config) -> str:
    """The management's distribution list, "" where none is configured."""
    escalation = config.escalation
    return (escalation.notify_list_eu or escalation.notify_list) if eu else escalation.notify_list
