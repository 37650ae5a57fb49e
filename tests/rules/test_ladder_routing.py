"""Escalation steps (7.1-7.6) and routing (5.1, 5.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailgate import hours
from mailgate.config import Config, EscalationSection
from mailgate.model import Envelope, ParsedMessage, Person, Role, Severity, Status, Team, Ticket
from mailgate.rules import ladder, routing

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SETTINGS = EscalationSection()
CUSTOMER, AGENT, SUPERVISOR = Role.ASSIGNEE, Role.AGENT, Role.SUPERVISOR


def ticket(level: int = 0, step: int | None = None, progress: int | None = None, **more: Any) -> Ticket:
    """Times in minutes before now."""
    ago = {
        k: NOW - timedelta(minutes=v)
        for k, v in (("last_step", step), ("last_progress", progress))
        if v is not None
    }
    values: dict[str, Any] = {"severity": Severity.OUTAGE, "status": Status.OPEN, **more}
    return Ticket(1, "t", "general", assignee=Person("b@x.example"), escalation_level=level, **ago, **values)


STEPS: list[tuple[str, Ticket, Role, int | None, int | None]] = [
    ("the first request", ticket(), CUSTOMER, None, 1),
    ("the first one needs no wait", ticket(progress=1), CUSTOMER, None, 1),
    ("too early", ticket(1, step=14), CUSTOMER, None, None),
    ("the wait is over", ticket(1, step=15), CUSTOMER, None, 2),
    ("progress starts it anew", ticket(1, step=60, progress=5), CUSTOMER, None, None),
    ("a question waits longer", ticket(1, step=60, severity=Severity.QUESTION), CUSTOMER, None, None),
    ("eight hours", ticket(1, step=480, severity=Severity.QUESTION), CUSTOMER, None, 2),
    ("degraded: an hour", ticket(2, step=60, severity=Severity.DEGRADED), CUSTOMER, None, 3),
    ("at the top", ticket(3, step=9999), CUSTOMER, None, None),
    ("an agent: no wait", ticket(1, step=0), AGENT, None, 2),
    ("an agent's first", ticket(), AGENT, None, 1),
    ("a supervisor: management", ticket(), SUPERVISOR, None, 3),
    ("a supervisor names a level", ticket(), SUPERVISOR, 2, 2),
    ("never down", ticket(2), SUPERVISOR, 1, None),
]


@pytest.mark.parametrize(("given", "by", "named", "level"), [s[1:] for s in STEPS], ids=[s[0] for s in STEPS])
def test_a_request(given: Ticket, by: Role, named: int | None, level: int | None) -> None:
    assert ladder.step(given, by, NOW, SETTINGS, named).level == level


def test_too_early_says_when_it_opens() -> None:  # 7.3
    assert ladder.step(ticket(1, step=5), CUSTOMER, NOW, SETTINGS).opens == NOW + timedelta(minutes=10)


MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OFFICE = hours.read("Mon-Fri 08:00-16:00")


def test_the_wait_counts_working_time() -> None:  # 7.3
    given = replace(ticket(1, severity=Severity.QUESTION), last_step=MONDAY + timedelta(hours=4))
    step = ladder.step(given, CUSTOMER, MONDAY + timedelta(hours=20), SETTINGS, None, OFFICE)
    assert (step.level, step.opens) == (None, MONDAY + timedelta(days=1, hours=4))
    later = MONDAY + timedelta(days=1, hours=4)
    assert ladder.step(given, CUSTOMER, later, SETTINGS, None, OFFICE).level == 2
    assert ladder.next_by_time(given, SETTINGS, OFFICE) == MONDAY + timedelta(days=2, hours=4)


FIRST = EscalationSection(first_response={"outage": 1200})
FIRST_ALONE = EscalationSection(automatic=False, first_response={"outage": 1200})
BY_TIME: list[tuple[str, Ticket, EscalationSection, int | None]] = [
    ("twice the wait", ticket(1, step=30), SETTINGS, 2),
    ("not yet", ticket(1, step=29), SETTINGS, None),
    ("progress starts it anew", ticket(1, step=60, progress=29), SETTINGS, None),
    ("from level 2", ticket(2, step=30), SETTINGS, 3),
    ("switched off", ticket(1, step=30), EscalationSection(automatic=False), None),
    ("nothing is escalated", ticket(), SETTINGS, None),
    ("no answer in time", ticket(created=NOW - timedelta(minutes=20)), FIRST, 1),
    ("no answer yet", ticket(created=NOW - timedelta(minutes=19)), FIRST, None),
    ("no answer, steps switched off", ticket(created=NOW - timedelta(minutes=20)), FIRST_ALONE, 1),
    ("of another severity", ticket(created=NOW - timedelta(days=20), severity=Severity.QUESTION), FIRST, None),
    ("answered", ticket(created=NOW - timedelta(minutes=20), agent_answered=True), FIRST, None),
    ("just reopened", ticket(created=NOW - timedelta(days=20), status_since=NOW - timedelta(minutes=5)), FIRST, None),
    ("resolved", ticket(1, step=99, status=Status.RESOLVED), SETTINGS, None),
    ("closed", ticket(1, step=99, status=Status.CLOSED), SETTINGS, None),
    ("it waits for the customer", ticket(1, step=99, status=Status.PENDING), SETTINGS, None),
    ("he has just answered", ticket(1, step=99, status_since=NOW - timedelta(minutes=29)), SETTINGS, None),
    ("he has answered long ago", ticket(1, step=99, status_since=NOW - timedelta(minutes=30)), SETTINGS, 2),
    ("with management", ticket(3, step=99), SETTINGS, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "settings", "level"), [b[1:] for b in BY_TIME], ids=[b[0] for b in BY_TIME]
)
def test_by_time(given: Ticket, settings: EscalationSection, level: int | None) -> None:  # 7.5
    assert ladder.by_time(given, NOW, settings).level == level


NAMED = [
    ("2 the customer waits", (2, "the customer waits")),
    ("3: now", (3, "now")),
    ("24 hours down", (None, "24 hours down")),
    ("", (None, "")),
]


@pytest.mark.parametrize(("text", "expected"), NAMED)
def test_a_supervisor_names_a_level(text: str, expected: tuple[int | None, str]) -> None:  # 7.4
    assert ladder.named_level(text) == expected


GENERAL, EU, MONEY = (
    Team("g", "g@x.example", ("general",)),
    Team("e", "e@x.example", ("general",), "eu"),
    Team("m", "m@x.example", ("billing",)),
)
ROUTES = [
    ("general", False, (GENERAL, EU, MONEY), "g"),
    ("billing", False, (GENERAL, EU, MONEY), "m"),
    ("other", False, (GENERAL, EU), "g"),  # none serves it: the first team
    ("general", True, (GENERAL, EU), "e"),
    ("billing", True, (GENERAL, MONEY, EU), "e"),  # the only one in the EU
    ("general", True, (GENERAL, MONEY), None),
    ("general", False, (), None),
]


@pytest.mark.parametrize(("category", "eu", "teams", "name"), ROUTES)
def test_teams(category: str, eu: bool, teams: tuple[Team, ...], name: str | None) -> None:  # 5.2
    found = routing.team(category, eu, teams)
    assert (found.name if found else None) == name


def test_supervisors_of_the_team_else_all_and_for_the_eu_those_in_the_eu() -> None:  # 7.1, 5.2
    ours, theirs = (
        Person("s@x.example", supervisor=True, teams=("g",)),
        Person("t@x.example", supervisor=True, teams=("e",)),
    )
    everyone, teams = (ours, theirs), (GENERAL, EU)
    assert routing.supervisors(GENERAL, False, everyone, teams) == (ours,)
    assert routing.supervisors(MONEY, False, everyone, teams) == everyone
    assert routing.supervisors(GENERAL, True, everyone, teams) == (theirs,)


CONFIG = Config(
    gateway={"addresses": {"billing@example.com": "billing"}, "categories": ["general", "billing"]}
)
WRITTEN = [
    (("billing@example.com", "support@example.com"), "billing@example.com"),
    (("Support+token@Example.com",), "support@example.com"),
    (("x@y.example", "billing@example.com"), "billing@example.com"),
    (("x@y.example",), ""),
]


@pytest.mark.parametrize(("rcpt", "expected"), WRITTEN)
def test_the_first_of_our_addresses_decides(rcpt: tuple[str, ...], expected: str) -> None:  # 2.7, 5.1
    envelope = Envelope("i", NOW, "smtp", "a@b.example", rcpt)
    assert routing.written_to(envelope, ParsedMessage(1, "0", "k"), CONFIG) == expected


def test_the_notify_list_of_the_eu_where_it_differs() -> None:  # 5.2
    config = Config(escalation={"notify_list": "m@x.example", "notify_list_eu": "eu@x.example"})
    assert (routing.notify_list(False, config), routing.notify_list(True, config)) == (
        "m@x.example",
        "eu@x.example",
    )
    assert routing.notify_list(True, Config(escalation={"notify_list": "m@x.example"})) == "m@x.example"
