"""Carrying out commands, tags and requests on a draft: who may, within which limits, and what the history says
(3.6-3.8, section 7).

Laws: a line is done as a whole or changes nothing; every change has its sentence in the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from mailgate.model import CommandResult, Escalation, Person, Role, Status, Trust
from mailgate.rules import calendar, commands, ladder, limits, naming, values
from mailgate.rules.commands import Line
from mailgate.rules.draft import Draft
from mailgate.rules.story import INTERNAL
from mailgate.rules.trust import Power
from mailgate.vocabulary import Vocabulary

MAX_DATA_CENTRE = 40
_ONCE = frozenset(commands.KEYS) - {commands.DEVICE, commands.RECIPIENT}
# It waits for an agent already; it is over already. For staff these are steps like any other.
_SO_ALREADY = frozenset({(Status.NEW, Status.OPEN), (Status.CLOSED, Status.RESOLVED)})
POWERS = {
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
        near = _words(draft).nearest(line.text.partition(":")[0])
        return f"no such command; perhaps {near} is meant" if near else "no such command"
    if not draft.may(POWERS[line.key]):
        if draft.trust is Trust.UNVERIFIED:
            return "the sender could not be verified"
        return "not allowed for this sender"
    if line.key in _ONCE and line.key in done:
        return "given more than once"
    return None


def _words(draft: Draft) -> Vocabulary:
    return draft.config.commands.vocabulary


def _assign(draft: Draft, value: str) -> str:
    address = values.address(value)
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
    wanted = values.severity(value, _words(draft))
    if wanted is None:
        return "outage, degraded or question is needed"
    if wanted is not (old := draft.ticket.severity):
        draft.put("severity", wanted)
        if draft.before is not None:
            draft.tell("severity", old=old.word, new=wanted.word, who=draft.who)
    return ""


def _category(draft: Draft, value: str) -> str:
    wanted = values.category(value, draft.config)
    if not wanted:
        return f"one of these is needed: {', '.join(draft.config.gateway.categories)}"
    if wanted != (old := draft.ticket.category):
        draft.put("category", wanted)
        if draft.before is not None:
            draft.tell("category", old=old, new=wanted, who=draft.who)
        draft.route()
    return ""


def _device(draft: Draft, value: str) -> str:
    names = [values.name(item) for item in values.items(value)]
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


def _notify(draft: Draft, value: str) -> str:
    wanted = values.yes(value, _words(draft))
    if wanted is None:
        return "on or off is needed"
    if wanted is not draft.ticket.notify:
        draft.put("notify", wanted)
        draft.tell("notify_on" if wanted else "notify_off", who=draft.who)
    return ""


def _eu_support(draft: Draft, value: str) -> str:
    if values.none(value, _words(draft)):
        wanted = ""
    else:
        wanted = limits.device_name(values.name(value))
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
    wanted = values.status(value, _words(draft))
    if wanted is None:
        return "open, pending, resolved or closed is needed"
    if wanted not in (Status.RESOLVED, Status.OPEN) and not draft.may(Power.STATUS_ANY):
        return "the customer side may say resolved or open"
    if (draft.ticket.status, wanted) in _SO_ALREADY and not draft.staff:
        return ""
    set_status(draft, wanted)
    return ""


def set_status(draft: Draft, wanted: Status) -> None:
    """A new status with its history: a step by staff is progress, an end of the ticket ends its escalation (7.6)."""
    old = draft.ticket.status
    if wanted is old:
        return
    draft.put("status", wanted)
    draft.ticket = replace(draft.ticket, status_since=draft.now, reminded=None)
    draft.tell("status", old=old.value, new=wanted.value, who=draft.who)
    if draft.staff:
        draft.put("last_progress", draft.now)
    if wanted in (Status.RESOLVED, Status.CLOSED) and draft.ticket.escalation_level:
        draft.put("escalation_level", 0)
        draft.escalation = None  # one that the same mail asked for is over before anybody hears of it
        draft.tell("escalation_ended")
        draft.reasons.append("the escalation ends with the ticket (7.6)")


def _escalate(draft: Draft, value: str) -> str:
    if draft.asked:
        return "given more than once"
    if values.yes(value, _words(draft)) is False:  # "Escalate: no" asks for nothing
        return "the reason is needed; without the line nothing is escalated"
    named, reason = (
        ladder.named_level(value) if draft.role is Role.SUPERVISOR else (None, ladder.reason(value))
    )
    return escalate(draft, reason, named)


def escalate(draft: Draft, reason: str, named: int | None = None) -> str:
    """A request to escalate (7.2), once a mail; "" or why it changes nothing."""
    draft.asked = True
    if draft.quiet:  # else the clock would carry on, and mail of it
        draft.reasons.append("a request of old mail escalates nothing")
        return "there is nothing to escalate"
    ticket, settings = draft.ticket, draft.config.escalation
    hours = calendar.of_ticket(ticket.severity, ticket.team, draft.facts.teams, settings)
    step = ladder.step(ticket, draft.role, draft.now, settings, named, hours)
    draft.reasons.append(f"escalation: {step.why}")
    if step.level is None:
        if step.opens is not None:
            at = step.opens.isoformat(timespec="minutes")
            draft.tell("escalation_too_early", who=draft.who, at=at)
            draft.problems.append({"code": "escalation_too_early", "params": {"at": at}})
        return step.why
    reason = reason or "no reason given"
    if ticket.status not in (Status.NEW, Status.OPEN):
        draft.reasons.append(f"a {ticket.status.value} ticket that is escalated is open again (7.6)")
        set_status(draft, Status.OPEN)
    draft.put("escalation_level", step.level)
    draft.put("last_step", draft.now)
    draft.tell("escalated", level=step.level, who=draft.who, reason=INTERNAL if draft.secret else reason)
    draft.escalation = Escalation(step.level, draft.author.address or draft.who, reason)
    return ""


def _private(draft: Draft, value: str) -> str:
    return "" if values.yes(value, _words(draft)) is not None else "yes or no is needed"


_DO: dict[str, Callable[[Draft, str], str]] = {
    commands.ASSIGN: _assign,
    commands.SEVERITY: _severity,
    commands.CATEGORY: _category,
    commands.DEVICE: _device,
    commands.RECIPIENT: naming.recipients,
    commands.NOTIFY: _notify,
    commands.EU_SUPPORT: _eu_support,
    commands.STATUS: _status,
    commands.ESCALATE: _escalate,
    commands.PRIVATE: _private,
}
