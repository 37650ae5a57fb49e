"""apply, first half: the ticket itself, its columns and devices, and what a message taught us of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from mailgate.model import (
    AttachmentState,
    Change,
    Event,
    PersonUpdate,
    Recipient,
    RecipientState,
    Severity,
    Status,
    Ticket,
)
from mailgate.rules import timing
from mailgate.store import later, unreachable
from mailgate.store.directory import PersonRow, forget
from mailgate.store.engine import batch_of
from mailgate.store.loading import load_tickets
from mailgate.store.prepared import Prepared
from mailgate.store.schema import devices, escalation_steps, people, tickets
from mailgate.store.task import Task
from mailgate.store.types import clean

_DROP_DEVICES = delete(devices).where(devices.c.ticket_id == bindparam("key"))
_FILES_KEPT = Prepared(
    update(tickets)
    .where(tickets.c.id == bindparam("key"))
    .values(files_kept=tickets.c.files_kept + bindparam("more"))
)
_STEPS = select(tickets.c.escalation_steps).where(tickets.c.id == bindparam("key"))
# Rows that are inserted together have the same columns: all that a decision may set.
_NEW: dict[str, Any] = {
    "notify": True,
    "escalation_level": 0,
    "agent_answered": False,
    "resolved_at": None,
    "closed_at": None,
    "last_step": None,
    "last_progress": None,
    "reminded": None,
    "due_at": None,
    "waits": "",
    "asked": None,
}
# What the next step by time depends on.
_TIMED = frozenset(
    {"status", "severity", "team_id", "escalation_level", "last_step", "last_progress", "agent_answered",
     "status_since", "reminded"}
)  # fmt: skip


def learn(task: Task) -> set[str]:
    """What the message taught of people who have been on record; their addresses."""
    changed = set()
    for known in task.decision.people:
        row = task.rows.get(known.address)
        values = _learnt(known, row) if row is not None else {}
        if row is None or not values:
            continue
        later.change(task.conn, people, row.id, values)
        batch_of(task.conn).people[known.address] = task.rows[known.address] = row._replace(**values)
        changed.add(known.address)
        if "dead" in values:
            _switch(task, row.id, known)
        if row.agent:
            later.flush(task.conn)
            forget(task.conn)
    return changed


def _switch(task: Task, person: int, known: PersonUpdate) -> None:
    """8.2: an address that bounced gets no mail any more; one that writes gets it again, on every ticket."""
    if known.dead:
        unreachable.switched_off(task.conn, person, task.at, known.why)
        return
    event = Event("address_alive", {"address": known.address})
    unreachable.switched_on(task.conn, person, task.at, task.config, event, task.message)


def _learnt(known: PersonUpdate, row: PersonRow) -> dict[str, Any]:
    values: dict[str, Any] = {}
    name = clean(known.name)
    if name and name != row.name and not row.agent:  # an agent's name is the people file's
        values["name"] = name
    if known.language and known.language != row.language:
        values["language"] = known.language
    if known.authenticated and not row.authenticated_before:
        values["authenticated_before"] = True
    if known.dead is not None and known.dead != row.dead:
        values["dead"] = known.dead
    return values


def ticket(task: Task) -> None:
    decision = task.decision
    values: dict[str, Any] = {}
    work = (decision.new_ticket, decision.changes, decision.remembered, decision.escalation)
    if any(work) or decision.devices is not None:
        values = _columns(task)
    if decision.new_ticket:
        new = decision.new_ticket
        task.number = later.next_id(task.conn, tickets)
        values = (
            _NEW
            | {
                "id": task.number,
                "title": new.title,
                "category": new.category,
                "severity": int(new.severity),
                "status": Status.NEW.value,
                "assignee_id": task.id_of(new.assignee),
                "team_id": task.book.team_ids.get(new.team),
                "account_id": task.book.account_ids.get(new.account),
                "language": new.language,
                "eu_support": new.eu_support,
                "follows_id": decision.follows,
                "files_kept": _kept(task),
                "escalation_steps": 1 if decision.escalation else 0,
                "created": task.at,
                "updated": task.at,
                "status_since": task.at,
            }
            | values
        )
        task.made = _made(task, values)
        values["due_at"] = timing.next_look(task.made, task.book.teams, task.config)
        later.insert_rows(task.conn, tickets, [values])
    elif decision.ticket:
        task.number = decision.ticket
        _change(task, values)
    if decision.escalation and task.number:
        _step(task, values["escalation_steps"])
    _devices(task)


def _change(task: Task, values: dict[str, Any]) -> None:
    """What becomes of an existing ticket's columns."""
    decision, more = task.decision, _kept(task)
    if decision.escalation:
        later.flush(task.conn)
        values["escalation_steps"] = (task.conn.scalar(_STEPS, {"key": task.number}) or 0) + 1
    if not _TIMED.isdisjoint(values) and (after := _timed(task, values)) is not None:
        values["due_at"] = timing.next_look(after, task.book.teams, task.config)
    task.altered = bool(values or decision.recipients or more or _wanted_devices(task) is not None)
    if task.altered or decision.comment:
        later.change(task.conn, tickets, task.number, {**values, "updated": task.at})
    if more and (row := later.waiting_row(task.conn, tickets, task.number)) is not None:
        row["files_kept"] += more
    elif more:
        _FILES_KEPT.run(task.conn, {"key": task.number, "more": more})


def _timed(task: Task, values: Mapping[str, Any]) -> Ticket | None:
    """An existing ticket with what this decision makes of all that its waits depend on; None where there is none."""
    found = task.decision.after
    if found is None:
        later.flush(task.conn)
        found = load_tickets(task.conn, [task.number]).get(task.number)
    if found is None:
        return None
    timed: dict[str, Any] = {name: values[name] for name in _TIMED - {"team_id"} if name in values}
    if "status" in timed:
        timed["status"] = Status(timed["status"])
    if "severity" in timed:
        timed["severity"] = Severity(timed["severity"])
    if "team_id" in values:
        timed["team"] = task.book.team_names.get(values["team_id"], "")
    return replace(found, **timed)


def _made(task: Task, values: Mapping[str, Any]) -> Ticket:
    """The new ticket as `load_tickets` would read it."""
    decision, book = task.decision, task.book
    assignee = next(row for row in task.rows.values() if row.id == values["assignee_id"])
    states = {r.address: r.state for r in decision.recipients if r.state is not RecipientState.LEFT_OUT}
    named = sorted((task.rows[address] for address in states if address), key=lambda row: row.id)
    return Ticket(
        number=task.number,
        title=clean(values["title"]),
        category=values["category"],
        severity=Severity(values["severity"]),
        status=Status(values["status"]),
        assignee=book.person(assignee),
        team=book.team_names.get(values["team_id"], ""),
        account=book.account_name(values["account_id"]),
        language=values["language"],
        recipients=tuple(Recipient(book.person(row), states[row.address]) for row in named),
        devices=tuple(clean(name) for name in _wanted_devices(task) or ()),
        notify=values["notify"],
        eu_support=clean(values["eu_support"]),
        escalation_level=values["escalation_level"],
        agent_answered=values["agent_answered"],
        files_kept=values["files_kept"],
        created=task.at,
        updated=task.at,
        resolved_at=values["resolved_at"],
        closed_at=values["closed_at"],
        last_step=values["last_step"],
        last_progress=values["last_progress"],
        status_since=values["status_since"],
        reminded=values["reminded"],
        waits=values["waits"],
        asked=values["asked"],
    )


def _kept(task: Task) -> int:
    return sum(1 for choice in task.decision.attachments if choice.state is AttachmentState.KEPT)


def _columns(task: Task) -> dict[str, Any]:
    """The columns that escalation and changes set; a change has the last word."""
    values: dict[str, Any] = {}
    if task.decision.escalation:
        values |= {"escalation_level": task.decision.escalation.level, "last_step": task.at}
    for change in (*task.decision.changes, *task.decision.remembered):
        values |= _column(task, change)
    return values


def _column(task: Task, change: Change) -> dict[str, Any]:
    value = change.value
    match change.field:
        case "assignee":
            return {"assignee_id": task.id_of(str(value))}
        case "team":
            return {"team_id": task.book.team_ids.get(value)}
        case "account":
            return {"account_id": task.book.account_ids.get(value)}
        case "severity":
            return {"severity": int(Severity.of(value) if isinstance(value, str) else value)}
        case "status":
            status = Status(value)
            ended: dict[str, Any] = {"resolved_at": None, "closed_at": None}
            if status is Status.RESOLVED:
                ended["resolved_at"] = task.at
            elif status is Status.CLOSED:
                ended = {"closed_at": task.at}
            return {"status": status.value, "status_since": task.at, "reminded": None, **ended}
        case "last_step" | "last_progress" | "reminded":
            return {change.field: datetime.fromisoformat(value) if isinstance(value, str) else value}
        case (
            "title"
            | "category"
            | "notify"
            | "eu_support"
            | "escalation_level"
            | "language"
            | "agent_answered"
            | "waits"
            | "asked"
        ):
            return {change.field: value}
        case "devices":
            return {}
    raise ValueError(f"a ticket has no {change.field!r} to change")


def _step(task: Task, step: int) -> None:
    asked = task.decision.escalation
    assert asked is not None
    row = {
        "ticket_id": task.number,
        "step": step,
        "level": asked.level,
        "asked_by": asked.asked_by,
        "reason": asked.reason,
        "at": task.at,
        "message_id": task.message,
    }
    later.insert_rows(task.conn, escalation_steps, [row])


def _wanted_devices(task: Task) -> tuple[str, ...] | None:
    """The whole new list, each name once; None when it stays as it is."""
    named = [tuple(c.value) for c in task.decision.changes if c.field == "devices"]
    whole = task.decision.devices if task.decision.devices is not None else (named[-1] if named else None)
    return None if whole is None else tuple(dict.fromkeys(whole))


def _devices(task: Task) -> None:
    names = _wanted_devices(task)
    if names is None or not task.number:
        return
    if not task.decision.new_ticket:
        later.flush(task.conn)
        task.conn.execute(_DROP_DEVICES, {"key": task.number})
    if names:
        rows = [{"ticket_id": task.number, "position": n, "name": name} for n, name in enumerate(names)]
        later.insert_rows(task.conn, devices, rows)
