"""Requests to escalate that are no command: the subject's tag, the address for it, and the words of the new text (7.2).

Laws: once a mail; words count for the customer side's own, shown text only, and only of a person.
"""

from __future__ import annotations

from mailgate.model import Kind
from mailgate.rules import ladder, orders
from mailgate.rules.asking import asks
from mailgate.rules.case import Case
from mailgate.rules.draft import Draft
from mailgate.rules.trust import CUSTOMER_SIDE, Power

MAX_SHOWN = 120  # characters of the sentence in the reasons


def ask_to_escalate(case: Case, draft: Draft, text: str) -> None:
    """7.2: a request by tag, by the address for it or in words, unless a command asked already. `text` is what stays visible."""
    if draft.asked:
        return
    address = case.config.gateway.escalate_address
    by_address = bool(address) and address in case.own
    by_tag = case.tags.escalate and (draft.before is None or case.counts("escalate"))
    if not (by_tag or by_address):
        _in_words(case, draft)
    elif not draft.may(Power.ESCALATE):
        draft.reasons.append("the request to escalate changes nothing: the sender may not (4.3)")
    else:
        first = next((line for line in text[:5000].splitlines() if line.strip()), "")
        draft.reasons.append(f"escalation is asked for by {'the subject tag' if by_tag else address} (7.2)")
        orders.escalate(draft, ladder.reason(first))


def _in_words(case: Case, draft: Draft) -> None:
    if case.kind is not Kind.PERSON or draft.secret or draft.role not in CUSTOMER_SIDE:
        return
    asked = asks(_own_words(case), draft.ticket.number)
    if asked is None:
        return
    if not draft.may(Power.ESCALATE):
        draft.reasons.append("the text asks to escalate, which changes nothing: the sender may not (4.3)")
        return
    draft.reasons.append(f"the text asks to escalate: {asked.sentence[:MAX_SHOWN]!r} (7.2)")
    orders.escalate(draft, ladder.reason(asked.sentence))


def _own_words(case: Case) -> str:
    """The new text without commands, down to a forwarded mail: that is somebody else's."""
    parsed, text = case.parsed, case.block.rest
    if parsed.forwarded is None:
        return "" if parsed.is_forward else text
    return text[: max(text.find(parsed.forwarded.text), 0)]
