"""T6: numbers can be guessed, so a number gives nothing, and the answer does not tell which ones exist."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict, replace
from types import FrameType
from typing import Any

import pytest
from rules.conftest import BOB, PAT, STRANGER, World
from security.desk import EVE, TEAM, Desk

from mailgate.model import Decision, Outcome

pytestmark = pytest.mark.slow

GUESSES = 10_000
EXISTING = range(40_001, 40_051)
LOOKED_UP = {"role", "is_staff", "has_part", "<genexpr>"}  # who asks for the role on a ticket that there is


@pytest.fixture
def full(world: World) -> World:
    for number in EXISTING:
        world.ticket(number, BOB)
    return world


@pytest.fixture
def world() -> World:
    return World()


def without_number(decision: Decision, number: int) -> Any:
    """All of a decision, the guessed number left out."""
    assert decision.refers_to == number
    return re.sub(rf"#?\b{number}\b", "N", repr(asdict(replace(decision, refers_to=None))))


@pytest.mark.parametrize("auth", [False, True], ids=["unverified", "authenticated"])
@pytest.mark.parametrize("sender", [STRANGER, PAT])
def test_ten_thousand_guesses(full: World, sender: str, auth: bool) -> None:
    """Each opens a ticket of its own; the decision is the same whether the number exists."""
    answers = set()
    for guess in range(EXISTING[0], EXISTING[0] + GUESSES // 4):  # for each of the four senders a quarter
        decision = full.mail(sender, f"Re: It is broken [#{guess}]", auth=auth)
        assert (decision.outcome, decision.ticket, decision.comment is not None) == (
            Outcome.TICKET,
            None,
            True,
        )
        answers.add(without_number(decision, guess))
    assert len(answers) == 1


def called(world: World, number: int) -> set[str]:
    """The functions of ours that one guess runs through."""
    seen: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and "/mailgate/" in frame.f_code.co_filename:
            seen.add(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        world.mail(STRANGER, f"Re: It is broken [#{number}]", auth=False)
    finally:
        sys.setprofile(None)
    return seen


def test_the_same_path_through_the_rules(full: World) -> None:
    for number in (EXISTING[0], 99_999):
        called(full, number)  # so that nothing is done for the first time
    there, not_there = called(full, EXISTING[0]), called(full, 99_999)
    assert there - not_there <= LOOKED_UP
    assert not_there - there == set()


def test_the_same_answer_by_mail(desk: Desk) -> None:
    """End to end, for one who is answered: what he is sent does not tell, nor does the team write to anybody else."""
    number, _ = desk.opened(BOB, body="Secret words of Bob's.\n")
    desk.write(EVE, f"Re: It is broken [#{number}]", believed=True)
    first = desk.deliver()
    desk.write(EVE, "Re: It is broken [#7777]", believed=True)
    second = desk.deliver()
    assert [sent.to for sent in first] == [sent.to for sent in second]
    assert {sent.to for sent in first} == {EVE, TEAM}
    shown = [
        [
            re.sub(r"#\d+", "#N", f"{sent.header('Subject')} {sent.part('plain')}")
            for sent in out
            if sent.to == EVE
        ]
        for out in (first, second)
    ]
    assert shown[0] == shown[1]
    assert "Secret" not in "".join(sent.words for sent in (*first, *second))
    assert len(desk.ticket(number)["comments"]) == 1


@pytest.mark.parametrize("status", ["status", "status open", "escalate", "outage"])
def test_nor_does_a_question(desk: Desk, status: str) -> None:
    number, _ = desk.opened(BOB, body="Secret words of Bob's.\n")
    answers = []
    for guess in (number, 7777):
        desk.write(EVE, f"[#{guess} {status}]", "Tell me.\n", believed=True)
        out = [sent for sent in desk.deliver() if sent.to == EVE]
        assert "Secret" not in "".join(sent.words for sent in out)
        answers.append(sorted(re.sub(r"#\d+|\d\d:\d\d", "N", sent.part("plain")) for sent in out))
    assert answers[0] == answers[1] != []
    assert desk.ticket(number)["escalation_level"] == 0


def test_a_token_cannot_be_guessed() -> None:
    """Sixteen octets of a MAC: 128 bits, where 80 are asked for."""
    from mailgate.mail import token

    assert token.MAC * 8 >= 80
