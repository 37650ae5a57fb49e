"""What an agent does from the shell (6.0, 3.7, 7.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailgate.errors import UsageError
from mailgate.model import CommentState, Decision, Status
from mailgate.rules import commands, desk

BOB, CAROL, PAT = "bob@acme.example", "carol@acme.example", "pat@other.example"
ANA, SAM, TEAM = "ana@example.com", "sam@example.com", "team@example.com"
Told = Callable[[Decision], dict[str, list[str]]]


def test_a_comment_answers_the_customer(world: Any, told: Told) -> None:
    world.ticket(1, status=Status.NEW, agent_answered=False, recipients=[(PAT, "active")])
    decision = world.act(comment="We are on it.")
    assert decision.outcome is None
    assert told(decision) == {BOB: ["update"], PAT: ["update"]}
    assert {c.field: c.value for c in decision.changes}["status"] is Status.OPEN
    assert decision.comment.author_name == "shell"


def test_a_private_note(world: Any, told: Told) -> None:
    world.ticket(1, status=Status.NEW)
    decision = world.act(comment="He is wrong.", private=True)
    assert (decision.comment.state, decision.changes) == (CommentState.PRIVATE, ())
    assert told(decision) == {TEAM: ["update"]}


SETTINGS = [
    ("severity", "outage", "severity"),
    ("Gravité", "panne", "severity"),
    ("status", "closed", "status"),
    ("category", "billing", "category"),
    ("assign", CAROL, "assignee"),
    ("notify", "off", "notify"),
    ("eu-support", "AMS01", "eu_support"),
]


@pytest.mark.parametrize(("key", "value", "field"), SETTINGS)
def test_every_key(world: Any, key: str, value: str, field: str) -> None:
    world.ticket(1)
    decision = world.act(commands=((key, value),))
    assert field in {c.field for c in decision.changes}
    assert decision.history


def test_lists(world: Any) -> None:
    world.ticket(1)
    assert world.act(commands=(("device", "web1, web2"),)).devices == ("web1", "web2")
    assert world.act(commands=(("recipient", PAT),)).recipients[0].address == PAT


REFUSED = [
    ("severity", "bad", "outage, degraded or question"),
    ("category", "x", "general, billing, data centre"),
    ("status", "new", "open, pending, resolved or closed"),
    ("assign", PAT, "same account"),
    ("assign", "x", "address"),
    ("notify", "x", "on or off"),
    ("device", "", "separated by commas"),
    ("recipient", ANA, "agent"),
    ("colour", "red", "Severity"),
    ("private", "yes", "no key"),
    ("confirm", "x", "yes"),
]


@pytest.mark.parametrize(("key", "value", "words"), REFUSED)
def test_what_is_off_says_what_is_allowed(world: Any, key: str, value: str, words: str) -> None:
    world.ticket(1)
    with pytest.raises(UsageError, match=words):
        world.act(commands=((key, value),))


def test_nothing_to_do(world: Any) -> None:
    world.ticket(1)
    with pytest.raises(UsageError, match="nothing to do"):
        world.act()


@pytest.mark.parametrize(
    ("author", "reason", "level"), [("", "x", 1), (ANA, "x", 1), (SAM, "x", 3), (SAM, "2 x", 2)]
)
def test_escalation(world: Any, author: str, reason: str, level: int) -> None:  # 7.4
    world.ticket(1)
    assert world.act(author=author, escalate=reason).escalation.level == level


def test_it_is_with_management_already(world: Any) -> None:
    world.ticket(1, escalation_level=3)
    with pytest.raises(UsageError, match="management"):
        world.act(escalate="x")


def test_what_is_held_is_confirmed(world: Any) -> None:  # 4.3
    world.ticket(1)
    assert world.act(commands=(("confirm", "yes"),)).confirms == ("held_comments",)


def test_the_help_names_every_key() -> None:
    assert set(desk.keys()) == (set(commands.KEYS) - {commands.PRIVATE}) | {desk.CONFIRM}


def test_the_reason_beside_an_internal_note_stays_inside(world: Any) -> None:
    world.ticket(1)
    decision = world.act(comment="He is wrong.", private=True, escalate="he lies")
    assert [e.params["reason"] for e in decision.history if e.code == "escalated"] == ["internal"]
