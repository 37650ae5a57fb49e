"""Carrying out commands, tags and requests on a draft: who may, within which limits, and what the history says
(3.6-3.8, section 7).

Laws: a line is done as a whole or changes nothing; every change has its sentence in the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from mailgate.model import CommandResult, Escalation, Person, RecipientState, Role, Status, Trust
from mailgate.rules import commands, ladder, limits
from mailgate.rules.commands import Line
from mailgate.rules.draft import Draft
from mailgate.rules.story import INTERNAL
from mailgate.rules.thread import command_address
from mailgate.rules.trust import Power

MAX_DATA_CENTRE = 40
_ONCE = frozenset(commands.KEYS) - {commands.DEVICE, commands.RECIPIENT}
_POWERS = {
    commands.ASSIGN: Power.CHANGE,
    commands.SEVERITY: Power.CHANGE,
    commands.CATEGORY: Power.CHANGE,
    commands.DEVICE: Power.CHANGE,
    commands.RECIPIENT: Power.CHANGE,
    commands.NOTIFY: Power.NOTIFY,
    commands.EU_SUPPORT: Power.EU_SUPPORT,
    commands.STATUS: Power.STATUS,
    commands.ESCALATE: Power.ESCALATE,
    commands.PRIVATE: Power.PRIVATE,
}


def carry_out(draft: Draft, lines: Iterable[Line]) -> list[str]:
    """Does what the lines ask for; gives back the lines, as written, that changed nothing and stay visible (3.8)."""
    refused: list[str] = []
    done: set[str] = set()
    for line in lines:
        why = _refusal(draft, line, done)
        if why is None:
            why = _DO[line.key](draft, line.value)
        state = "done" if not why else "refused" if line.key else "unknown"
        draft.results.append(
            CommandResult(line.key or line.text.partition(":")[0], line.value, state, why, line.text)
        )
        if why:
            refused.append(line.text)
            draft.tell("command_refused", private=draft.secret, line=line.text[:200], why=why)
            draft.reasons.append(f"not done: {line.text[:80]!r}: {why} (3.8)")
        else:
            done.add(line.key)
            draft.reasons.append(f"{line.key}: {line.value[:80]} (3.7)")
    return refused


def _refusal(draft: Draft, line: Line, done: set[str]) -> str | None:
    """Why a line is not even tried; None when it is."""
    if not line.key:
        return "no such command"
    if not draft.may(_POWERS[line.key]):
        if draft.trust is Trust.UNVERIFIED:
            return "the sender could not be verified"
        return "not allowed for this sender"
    if line.key in _ONCE and line.key in done:
        return "given more than once"
    return None


def _assign(draft: Draft, value: str) -> str:
    address = command_address(value)
    if not address:
        return "an e-mail address is needed"
    old = draft.ticket.assignee
    if address == old.address:
        return ""
    if why := limits.unfit(address, draft.facts.people, draft.facts.teams, draft.config):
        return why
    person, account = draft.person(address), draft.ticket.account
    nameless = draft.staff and (
        not account or draft.before is None
    )  # 5.4: staff opened it and names the customer
    if not nameless and (not person.account or person.account != account):
        return "the assignee must belong to the same account"
    if nameless:
        take_account(draft, person)
    draft.put("assignee", address)
    draft.told.add(address)
    if draft.before is not None:
        draft.tell("assignee", old=old.name or old.address, new=person.name or address, who=draft.who)
    return ""


def take_account(draft: Draft, person: Person) -> None:
    """A ticket of nobody's account gets the one of its customer, with the account's EU support and language."""
    account = draft.facts.accounts.get(person.account)
    if person.account == draft.ticket.account:
        return
    draft.put("account", person.account)
    language = person.language or (account.language if account else "")
    if language and draft.before is None:
        draft.put("language", language)
    if account is not None and account.eu_support and not draft.ticket.eu_support:
        _set_eu_support(draft, account.eu_support)


def _severity(draft: Draft, value: str) -> str:
    wanted = commands.severity(value)
    if wanted is None:
        return "outage, degraded or question is needed"
    if wanted is not (old := draft.ticket.severity):
        draft.put("severity", wanted)
        if draft.before is not None:
            draft.tell("severity", old=old.word, new=wanted.word, who=draft.who)
    return ""


def _category(draft: Draft, value: str) -> str:
    wanted = commands.category(value, draft.config)
    if not wanted:
        return f"one of these is needed: {', '.join(draft.config.gateway.categories)}"
    if wanted != (old := draft.ticket.category):
        draft.put("category", wanted)
        if draft.before is not None:
            draft.tell("category", old=old, new=wanted, who=draft.who)
        draft.route()
    return ""


def _device(draft: Draft, value: str) -> str:
    names = commands.items(value)
    if not names:
        return "names of devices are needed, separated by commas"
    devices, added, removed, why = limits.change_devices(draft.ticket.devices, names, draft.config)
    if why:
        return why
    draft.ticket = replace(draft.ticket, devices=devices)
    for device in added:
        draft.tell("device_added", device=device, who=draft.who)
    for device in removed:
        draft.tell("device_removed", device=device, who=draft.who)
    return ""


def _recipient(draft: Draft, value: str) -> str:
    if not (items := commands.items(value)):
        return "addresses are needed, separated by commas"
    steps = []
    standing = {r.person.address: r.state for r in draft.ticket.recipients}
    for item in items:
        address, remove = command_address(item), item.startswith("-")
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
    if state is RecipientState.DEAD:
        why = "mail to it bounced"
    if why:
        return RecipientState.ACTIVE, "", why
    if state is RecipientState.ACTIVE:
        return RecipientState.ACTIVE, "", ""
    return (
        RecipientState.ACTIVE,
        "recipient_confirmed" if state is RecipientState.HELD else "recipient_added",
        "",
    )


def _notify(draft: Draft, value: str) -> str:
    wanted = commands.yes(value)
    if wanted is None:
        return "on or off is needed"
    if wanted is not draft.ticket.notify:
        draft.put("notify", wanted)
        draft.tell("notify_on" if wanted else "notify_off", who=draft.who)
    return ""


def _eu_support(draft: Draft, value: str) -> str:
    if commands.none(value):
        wanted = ""
    else:
        wanted = limits.device_name(value)
        if not 0 < len(wanted) <= MAX_DATA_CENTRE:
            return f"a data centre is needed ({MAX_DATA_CENTRE} characters at most), or none"
    if wanted != draft.ticket.eu_support:
        _set_eu_support(draft, wanted)
    return ""


def _set_eu_support(draft: Draft, wanted: str) -> None:
    draft.put("eu_support", wanted)
    if draft.before is not None:
        code = "eu_support" if wanted else "eu_support_none"
        draft.tell(code, new=wanted, who=draft.who)
    draft.route()


def _status(draft: Draft, value: str) -> str:
    wanted = commands.status(value)
    if wanted is None:
        return "open, pending, resolved or closed is needed"
    if wanted not in (Status.RESOLVED, Status.OPEN) and not draft.may(Power.STATUS_ANY):
        return "the customer side may say resolved or open"
    if wanted is Status.OPEN and draft.ticket.status is Status.NEW and not draft.staff:
        return ""  # it waits for an agent already
    set_status(draft, wanted)
    return ""


def set_status(draft: Draft, wanted: Status) -> None:
    """A new status with its history: a step by staff is progress, an end of the ticket ends its escalation (7.6)."""
    old = draft.ticket.status
    if wanted is old:
        return
    draft.put("status", wanted)
    draft.tell("status", old=old.value, new=wanted.value, who=draft.who)
    if draft.staff:
        draft.put("last_progress", draft.now)
    if wanted in (Status.RESOLVED, Status.CLOSED) and draft.ticket.escalation_level:
        draft.put("escalation_level", 0)
        draft.tell("escalation_ended")
        draft.reasons.append("the escalation ends with the ticket (7.6)")


def _escalate(draft: Draft, value: str) -> str:
    if draft.asked:
        return "given more than once"
    named, reason = (
        ladder.named_level(value) if draft.role is Role.SUPERVISOR else (None, ladder.reason(value))
    )
    return escalate(draft, reason, named)


def escalate(draft: Draft, reason: str, named: int | None = None) -> str:
    """A request to escalate (7.2), once a mail; "" or why it changes nothing."""
    draft.asked = True
    step = ladder.step(draft.ticket, draft.role, draft.now, draft.config.escalation, named)
    draft.reasons.append(f"escalation: {step.why}")
    if step.level is None:
        if step.opens is not None:
            at = step.opens.isoformat(timespec="minutes")
            draft.tell("escalation_too_early", who=draft.who, at=at)
            draft.problems.append({"code": "escalation_too_early", "params": {"at": at}})
        return step.why
    reason = reason or "no reason given"
    draft.put("escalation_level", step.level)
    draft.put("last_step", draft.now)
    draft.tell("escalated", level=step.level, who=draft.who, reason=INTERNAL if draft.secret else reason)
    draft.escalation = Escalation(step.level, draft.author.address or draft.who, reason)
    return ""


def _private(draft: Draft, value: str) -> str:
    return "" if commands.yes(value) is not None else "yes or no is needed"


_DO: dict[str, Callable[[Draft, str], str]] = {
    commands.ASSIGN: _assign,
    commands.SEVERITY: _severity,
    commands.CATEGORY: _category,
    commands.DEVICE: _device,
    commands.RECIPIENT: _recipient,
    commands.NOTIFY: _notify,
    commands.EU_SUPPORT: _eu_support,
    commands.STATUS: _status,
    commands.ESCALATE: _escalate,
    commands.PRIVATE: _private,
}
