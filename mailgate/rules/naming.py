"""`Recipient:` (3.5, 3.7): who is named, confirmed or removed by a command.

Laws: a line is done as a whole or changes nothing.
"""

from __future__ import annotations

from mailgate.model import RecipientState
from mailgate.rules import limits, values
from mailgate.rules.draft import Draft
from mailgate.rules.trust import Power


def recipients(draft: Draft, value: str) -> str:
    """Carries out one line; "" or why it changes nothing."""
    if not (items := values.items(value)):
        return "addresses are needed, separated by commas"
    steps = []
    standing = {r.person.address: r.state for r in draft.ticket.recipients}
    for item in items:
        address, remove = values.address(item), item.startswith("-")
        if not address:
            return f"{item[:80]} is no e-mail address"
        state, code, why = _one_recipient(draft, address, remove, standing.get(address))
        if why:
            return why
        if code:
            standing[address] = state
            steps.append((address, state, code))
    if sum(1 for s in standing.values() if s is RecipientState.ACTIVE) > draft.config.limits.recipients:
        return f"a ticket has at most {draft.config.limits.recipients} recipients"
    for address, state, code in steps:
        draft.name_recipient(address, "", state, f"{code.replace('_', ' ')} by command (3.7)")
        draft.tell(code, address=address, who=draft.who)
        if state is RecipientState.ACTIVE:
            draft.told.add(address)
    return ""


def _one_recipient(
    draft: Draft, address: str, remove: bool, state: RecipientState | None
) -> tuple[RecipientState, str, str]:
    """The new state of one address, the word for the history ("" for no change), and why it is refused."""
    if remove:
        if state in (RecipientState.ACTIVE, RecipientState.HELD) or (
            state is None and address in draft.named
        ):
            return RecipientState.REMOVED, "recipient_removed", ""
        return RecipientState.REMOVED, "", f"{address} is no recipient of this ticket"
    why = limits.unfit(address, draft.facts.people, draft.facts.teams, draft.config)
    if address == draft.ticket.assignee.address:
        why = "the assignee gets every update already"
    if state is RecipientState.HELD and not draft.may(Power.CONFIRM_RECIPIENT):
        why = "only the assignee or an agent confirms a held recipient"
    if why:
        return RecipientState.ACTIVE, "", why
    if state is RecipientState.ACTIVE:
        return RecipientState.ACTIVE, "", ""
    return (
        RecipientState.ACTIVE,
        "recipient_confirmed" if state is RecipientState.HELD else "recipient_added",
        "",
    )
