"""What a mail may bring: attachments (3.4), recipients (3.5) and devices (section 0), each within its cap.

Laws: nothing over a cap disappears silently: it comes back as left out, with the reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

from mailgate.config import Config
from mailgate.mail.token import is_own
from mailgate.model import (
    Address,
    Attachment,
    AttachmentChoice,
    AttachmentState,
    Person,
    Recipient,
    RecipientChoice,
    RecipientState,
    Team,
)

MAX_NAMED = 200  # addresses of To and Cc that are looked at
MAX_DEVICE = 100  # characters of a device's name
_NO_REPLY = re.compile(
    r"(?:.*[._+-])?(?:no-?_?\.?reply|do-?_?\.?not-?_?\.?reply|ne-?_?\.?pas-?_?\.?repondre|nepasrepondre|mailer-daemon|bounces?)(?:[._+-].*)?",
    re.IGNORECASE,
)


def choose_attachments(
    attachments: Sequence[Attachment], repeated: Collection[str], already: int, config: Config
) -> tuple[AttachmentChoice, ...]:
    """3.4: the first `attachments.cap` that count. `already` files of the ticket count where the cap is a ticket's;
    `repeated` are the hashes of pictures that the sender's mails keep repeating."""
    settings = config.attachments
    free = max(settings.cap - (already if settings.per == "ticket" else 0), 0)
    over = f"over the cap of {settings.cap} files a {settings.per} (3.4)"
    chosen: list[AttachmentChoice] = []
    for attachment in attachments:
        if attachment.ignored:
            choice = AttachmentChoice(attachment, AttachmentState.IGNORED, attachment.ignored)
        elif attachment.inline:
            choice = AttachmentChoice(attachment, AttachmentState.INLINE, "shown inside the HTML text")
        elif attachment.sha256 in repeated and attachment.content_type.startswith("image/"):
            choice = AttachmentChoice(
                attachment, AttachmentState.IGNORED, "a picture that every mail of this sender repeats"
            )
        elif free:
            free -= 1
            choice = AttachmentChoice(attachment, AttachmentState.KEPT)
        else:
            choice = AttachmentChoice(attachment, AttachmentState.LEFT_OUT, over)
        chosen.append(choice)
    return tuple(chosen)


def is_no_reply(address: str) -> bool:
    """Whether nobody reads what is sent to this address, by its local part."""
    return _NO_REPLY.fullmatch(address.rpartition("@")[0][:64]) is not None


def unfit(address: str, people: Mapping[str, Person], teams: Iterable[Team], config: Config) -> str:
    """Why an address can never be a recipient, whoever names it; "" when it can (3.5)."""
    if is_own(address, config.gateway.own_addresses):
        return "one of our own addresses"
    person = people.get(address)
    if person is not None and (person.agent or person.supervisor):
        return "an agent's address"
    if any(address == team.address.lower() for team in teams):
        return "a team's address"
    if address in (config.escalation.notify_list, config.escalation.notify_list_eu):
        return "the notify list"
    if is_no_reply(address):
        return "a no-reply address"
    if person is not None and person.dead:
        return "mail to it bounced"
    return ""


def choose_recipients(
    named: Sequence[Address],
    present: Sequence[Recipient],
    assignee: str,
    state: RecipientState,
    people: Mapping[str, Person],
    teams: Sequence[Team],
    config: Config,
    *,
    confirms: bool = False,
) -> tuple[RecipientChoice, ...]:
    """3.5: what becomes of the addresses of To and Cc, in order. `state` is ACTIVE or HELD, by the sender's trust;
    `present` are the ticket's rows so far. Only new rows and the left-out ones come back, and held ones that become
    active because the sender, who may confirm them (`confirms`), names them too."""
    standing = {r.person.address: r.state for r in present}
    free = room(standing.values(), state, config)
    chosen: dict[str, RecipientChoice] = {}
    for address in named[:MAX_NAMED]:
        known = address.address
        if not known or known == assignee or known in chosen:
            continue
        if known in standing and not (confirms and standing[known] is RecipientState.HELD):
            continue
        if unfit(known, people, teams, config):
            continue
        if free:
            free -= 1
            why = (
                ""
                if state is RecipientState.ACTIVE
                else "named by an unverified sender: held until confirmed (3.5)"
            )
            chosen[known] = RecipientChoice(known, address.name, state, why)
        else:
            why = f"a ticket has at most {config.limits.recipients} recipients (3.5)"
            chosen[known] = RecipientChoice(known, address.name, RecipientState.LEFT_OUT, why)
    return tuple(chosen.values())


def room(states: Iterable[RecipientState], state: RecipientState, config: Config) -> int:
    """How many more recipients of this state a ticket takes: five active, and as many held."""
    return max(config.limits.recipients - sum(1 for s in states if s is state), 0)


def device_name(text: str) -> str:
    """A device's name as one line of readable characters, "" when none are left."""
    shown = "".join(
        c if unicodedata.category(c)[0] != "C" else " " for c in unicodedata.normalize("NFC", text[:1000])
    )
    return " ".join(shown.split())[:MAX_DEVICE]


def change_devices(
    present: Sequence[str], items: Sequence[str], config: Config
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]:
    """`Device: a, -b` (3.7): the new list, what was added, what was removed, and why it is refused as a whole
    ("" when it is not). A name counts once, whatever its case."""
    devices = {d.casefold(): d for d in present}
    added, removed = [], []
    for item in items:
        name = device_name(item.removeprefix("-"))
        if not name:
            return tuple(present), (), (), "a device needs a name"
        known = name.casefold()
        if item.startswith("-"):
            if known not in devices:
                return tuple(present), (), (), f"{name} is not a device of this ticket"
            removed.append(devices.pop(known))
        elif known not in devices:
            devices[known] = name
            added.append(name)
    if added and len(devices) > config.limits.devices:
        return tuple(present), (), (), f"a ticket has at most {config.limits.devices} devices"
    return tuple(devices.values()), tuple(added), tuple(removed), ""
