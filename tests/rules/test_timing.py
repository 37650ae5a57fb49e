"""What time does to a ticket: steps by the clock (7.5), reminders of pending tickets and their end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailgate.config import Config
from mailgate.model import Change, Decision, Facts, Status, Team, Ticket
from mailgate.rules import timing

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BOB, PAT, ANA, SAM, ERIK = (
    "bob@acme.example",
    "pat@other.example",
    "ana@example.com",
    "sam@example.com",
    "erik@example.com",
)
TEAM, EU_TEAM, LIST = "team@example.com", "eu@example.com", "management@example.com"
Told = Callable[[Decision], dict[str, list[str]]]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def facts(world: Any) -> Facts:
    return Facts(
        teams=world.teams, supervisors=tuple(p for p in world.people.values() if p.supervisor), accounts={}
    )


def decide(world: Any, ticket: Ticket, now: datetime = NOW) -> Decision | None:
    return timing.decide(ticket, facts(world), now, world.config)


def next_look(world: Any, ticket: Ticket) -> datetime | None:
    return timing.next_look(ticket, world.teams, world.config)


def escalated(world: Any, level: int = 1, **more: Any) -> Ticket:
    found: Ticket = world.ticket(escalation_level=level, last_step=NOW - DAY, **more)
    return found


# ---------------------------------------------------------------- escalation


@pytest.mark.parametrize(("level", "people"), [(1, {BOB, SAM}), (2, {BOB, SAM, LIST})], ids=["to 2", "to 3"])
def test_the_clock_takes_the_next_step(
    world: Any, told: Told, codes: Callable[[Decision], list[str]], level: int, people: set[str]
) -> None:
    decision = decide(world, escalated(world, level))
    assert decision is not None
    assert codes(decision) == ["escalated_clock"]
    assert decision.escalation is not None
    assert (decision.escalation.level, decision.escalation.asked_by) == (level + 1, "clock")
    assert {to for to, mails in told(decision).items() if "escalation" in mails} == people
    assert told(decision)[TEAM] == ["update"]
    assert Change("escalation_level", level + 1) in decision.changes
    after = decision.after
    assert after is not None
    assert next_look(world, after) == (NOW + timedelta(hours=16) if level == 1 else None)
    assert decide(world, after) is None


def test_the_mail_says_why_and_how_old(world: Any) -> None:
    decision = decide(world, escalated(world))
    assert decision is not None
    for mail in (n for n in decision.notices if n.template == "escalation"):
        context = mail.context
        assert (context["asked_by"], context["reason"]) == ("clock", "no progress in time")
        assert (context["level"], context["age_seconds"]) == (2, 7200)
        assert mail.urgent


def test_one_moment_before_nothing_is_due(world: Any) -> None:
    ticket = escalated(world)
    due = next_look(world, ticket)
    assert due is not None
    assert decide(world, ticket, due - timedelta(microseconds=1)) is None
    assert decide(world, ticket, due) is not None


def test_a_ticket_that_nobody_answers_becomes_level_1(
    world: Any, told: Told, codes: Callable[[Decision], list[str]]
) -> None:
    world.configure(escalation={"first_response": {"question": 3600}})
    ticket = world.ticket(agent_answered=False, status=Status.NEW)
    assert next_look(world, ticket) == NOW - timedelta(hours=1)
    decision = decide(world, ticket)
    assert decision is not None
    assert codes(decision) == ["escalated_unanswered"]
    assert told(decision) == {BOB: ["escalation"], TEAM: ["escalation"]}


def test_a_stranger_gets_no_mail_by_the_clock(world: Any, told: Told) -> None:
    """4.4: an unverified sender gets nothing automatic."""
    world.configure(escalation={"first_response": {"question": 3600}})
    ticket = world.ticket(assignee="eve@evil.example", agent_answered=False, status=Status.NEW)
    decision = decide(world, ticket)
    assert decision is not None
    assert told(decision) == {TEAM: ["escalation"]}


def test_eu_support_keeps_the_staff_outside_out(world: Any, told: Told) -> None:  # 5.2, 7.1
    world.configure(escalation={"notify_list_eu": "eu-management@example.com"})
    decision = decide(world, escalated(world, 2, eu_support="AMS01", team="eu"))
    assert decision is not None
    assert set(told(decision)) == {BOB, ERIK, EU_TEAM, "eu-management@example.com"}


def test_recipients_are_told_in_one_update(world: Any, told: Told) -> None:
    decision = decide(world, escalated(world, recipients=[(PAT, "active"), ("x@y.example", "held")]))
    assert decision is not None
    assert told(decision)[PAT] == ["update"]
    assert "x@y.example" not in told(decision)


@pytest.mark.parametrize("status", [Status.PENDING, Status.RESOLVED, Status.CLOSED])
def test_only_tickets_that_wait_for_us_climb(world: Any, status: Status) -> None:
    assert next_look(world, escalated(world, status=status)) is None


def test_the_wait_is_the_teams_working_time(world: Any) -> None:
    world.teams = (Team("support", TEAM, ("general",), hours="Mon-Fri 08:00-16:00"),)
    # the last step was on a Sunday: two working days on
    assert next_look(world, escalated(world)) == datetime(2026, 3, 3, 16, 0, tzinfo=UTC)


# ---------------------------------------------------------------- pending


def pending(world: Any, days: float, **more: Any) -> Ticket:
    found: Ticket = world.ticket(status=Status.PENDING, status_since=NOW - days * DAY, **more)
    return found


@pytest.mark.parametrize(
    ("gateway", "more", "due"),
    [
        ({}, {}, None),
        ({"remind_days": 3}, {}, 3),
        ({"resolve_pending_days": 9}, {}, 9),
        ({"remind_days": 3, "resolve_pending_days": 9}, {}, 3),
        ({"remind_days": 3, "resolve_pending_days": 9}, {"reminded": NOW - 2 * DAY}, 9),
        ({"remind_days": 3, "resolve_pending_days": 9}, {"reminded": NOW}, 11),
        ({"remind_days": 3}, {"reminded": NOW}, None),
        ({"remind_days": 3}, {"last_progress": NOW - 4 * DAY}, 4),
        ({"remind_days": 3}, {"status_since": None, "updated": NOW - 4 * DAY}, 4),
    ],
    ids=[
        "off",
        "remind",
        "resolve",
        "both",
        "reminded",
        "reminded late",
        "once",
        "we wrote again",
        "old row",
    ],
)
def test_when_a_pending_ticket_is_looked_at(
    world: Any, gateway: dict[str, int], more: dict[str, Any], due: int | None
) -> None:
    world.configure(gateway=gateway)
    ticket = replace(pending(world, 5), **more)
    assert next_look(world, ticket) == (None if due is None else NOW + (due - 5) * DAY)


def test_the_assignee_is_reminded_once(
    world: Any, told: Told, codes: Callable[[Decision], list[str]]
) -> None:
    world.configure(gateway={"remind_days": 3})
    decision = decide(world, pending(world, 3, recipients=[(PAT, "active")]))
    assert decision is not None
    assert (codes(decision), told(decision)) == (["reminded"], {BOB: ["update"]})
    assert decision.notices[0].context["events"][0]["params"] == {"who": "Bob"}
    assert decision.changes == (Change("reminded", NOW),)
    assert decision.after is not None
    assert next_look(world, decision.after) is None


@pytest.mark.parametrize(
    ("assignee", "more"),
    [(BOB, {"notify": False}), ("dead@acme.example", {})],
    ids=["wants no mail", "cannot be written to"],
)
def test_who_gets_no_mail_is_not_reminded(world: Any, assignee: str, more: dict[str, Any]) -> None:
    world.configure(gateway={"remind_days": 3})
    decision = decide(world, pending(world, 3, assignee=assignee, **more))
    assert decision is not None
    assert (decision.history, decision.notices) == ((), ())
    assert decision.after is not None
    assert next_look(world, decision.after) is None


def test_without_an_answer_it_is_resolved(
    world: Any, told: Told, codes: Callable[[Decision], list[str]]
) -> None:
    world.configure(gateway={"remind_days": 3, "resolve_pending_days": 9})
    ticket = pending(world, 9, reminded=NOW - 6 * DAY, escalation_level=1, recipients=[(PAT, "active")])
    decision = decide(world, ticket)
    assert decision is not None
    assert codes(decision) == ["no_answer", "status", "escalation_ended"]
    assert decision.after is not None
    assert (decision.after.status, decision.after.escalation_level) == (Status.RESOLVED, 0)
    assert told(decision) == {BOB: ["update"], PAT: ["update"], TEAM: ["update"]}


def test_an_answer_opens_it_again(world: Any) -> None:  # 2.6
    world.ticket(status=Status.RESOLVED, resolved_at=NOW - DAY)
    decision = world.mail(text="It still fails.", subject="Re: [#1] It is broken")
    assert decision.after.status is Status.OPEN
    assert decision.after.status_since == world.now


def test_the_reminder_must_come_first() -> None:
    with pytest.raises(ValueError, match="resolve_pending_days must be more than remind_days"):
        Config(gateway={"remind_days": 3, "resolve_pending_days": 3})


# ---------------------------------------------------------------- requests by mail, and the hours


@pytest.mark.parametrize("status", [Status.PENDING, Status.RESOLVED, Status.CLOSED])
@pytest.mark.parametrize("text", ["Escalate: we lose money", "Escalate: we lose money\n\nSee above."])
def test_a_ticket_that_is_escalated_is_open(world: Any, status: Status, text: str) -> None:
    """7.6: at `resolved` there is no level, so a step opens the ticket again, with a comment or without."""
    ended = {"resolved_at": NOW - DAY} if status is not Status.PENDING else {}
    world.ticket(status=status, closed_at=NOW - DAY if status is Status.CLOSED else None, **ended)
    decision = world.mail(text=text, subject="Re: [#1] It is broken")
    assert (decision.after.status, decision.after.escalation_level) == (Status.OPEN, 1)
    assert [c.value for c in decision.changes if c.field == "status"] == [Status.OPEN]


def test_too_early_is_told_by_the_teams_hours(world: Any) -> None:  # 7.3
    world.teams = (replace(world.teams[0], hours="Mon-Fri 08:00-16:00"), *world.teams[1:])
    world.ticket(escalation_level=1, last_step=NOW - MINUTE)
    decision = world.mail(text="Escalate: again", subject="Re: [#1] It is broken")
    (event,) = (e for e in decision.history if e.code == "escalation_too_early")
    assert event.params["at"] == "2026-03-03T09:59+00:00"


def test_the_digest_changes_with_every_setting_of_the_waits(world: Any) -> None:
    teams, team = world.teams, world.teams[0]
    plain = Config()
    changed = [
        Config(escalation={"wait": {"outage": 1, "degraded": 1, "question": 1}}),
        Config(escalation={"automatic": False}),
        Config(escalation={"first_response": {"outage": 60}}),
        Config(escalation={"hours": "Mon 9-17"}),
        Config(escalation={"timezone": "Europe/Paris"}),
        Config(escalation={"holidays": ["12-25"]}),
        Config(escalation={"around_the_clock": []}),
        Config(gateway={"remind_days": 3}),
        Config(gateway={"resolve_pending_days": 3}),
    ]
    others = [
        (replace(team, hours="Mon 9-17"), *teams[1:]),
        (replace(team, timezone="Europe/Paris"), *teams[1:]),
        (replace(team, holidays=()), *teams[1:]),
        teams[1:],
    ]
    digests = [timing.digest(teams, config) for config in (plain, *changed)]
    digests += [timing.digest(each, plain) for each in others]
    assert len(set(digests)) == len(digests)
    assert timing.digest(teams, Config(gateway={"name": "Other"})) == digests[0]
