"""The breaker of loops, as a table: what is a turn, what is one too many, and what a person may do (8.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from mailgate.config import Config
from mailgate.mail.skeleton import MAX_TEXT, skeleton
from mailgate.model import (
    Alarm,
    Delivery,
    Facts,
    Notice,
    ParsedMessage,
    Person,
    Purpose,
    Severity,
    Status,
    Ticket,
    TokenClaim,
    Turn,
)
from mailgate.rules import loops

NOW = datetime(2026, 3, 2, 10, tzinfo=None).astimezone()
BOB, CAROL, ANA = (
    Person("bob@acme.example", 1),
    Person("carol@acme.example", 2),
    Person("ana@example.com", 3, agent=True),
)
WORDS, OTHERS = skeleton("I am away"), skeleton("It works again")
TICKET = Ticket(7, "It is broken", "general", Severity.QUESTION, Status.OPEN, BOB)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def turn(minutes: float, sender: Person = BOB, words: str = WORDS, sign: str = "") -> Turn:
    return Turn(ago(minutes), sender.address, words, sign)


ONCE = (turn(30),)
TWICE = (turn(30), turn(20, CAROL, OTHERS, "alike"))
FULL = (turn(30), turn(20, CAROL, OTHERS, "alike"), turn(15, CAROL, OTHERS, "alike"))
FAST = tuple(turn(m, words=skeleton("x" * m), sign="quick") for m in (30, 20, 10))
# (mail of the hour, minutes since we mailed him or None, since an agent wrote or None, his words) → sign
TURNS: dict[str, tuple[tuple[Turn, ...], float | None, float | None, str, str]] = {
    "his first mail": ((), 1, None, WORDS, ""),
    "the first in these words": (ONCE, 1, None, OTHERS, ""),
    "the same words": (ONCE, 1, None, WORDS, "alike"),
    "the same words, and we have not mailed him": (ONCE, None, None, WORDS, ""),
    "the same words, and we mailed him before only": (ONCE, 31, None, WORDS, ""),
    "the same words of another": ((turn(30, CAROL),), 1, None, WORDS, ""),
    "the same words, and an agent wrote between": (ONCE, 1, 5, WORDS, ""),
    "the same words, and an agent wrote before": (ONCE, 1, 40, WORDS, "alike"),
    "the third repetition": (FULL, 1, None, WORDS, "stopped"),
    "the second repetition": (TWICE, 1, None, WORDS, "alike"),
    "other words amid a loop": (FULL, 1, None, OTHERS, ""),
    "the third repetition, to an agent": (FULL, 1, 2, WORDS, ""),
    "the third repetition, to an agent's robot": (
        (*FULL, turn(2, ANA, OTHERS, "alike")), 1, 2, WORDS, "stopped",
    ),
    "after one that was stopped, and no mail of ours": ((*FULL, turn(1, sign="stopped")), 1, None, WORDS, "still"),
    "after one that was stopped, and a mail of ours": ((*FULL, turn(2, sign="stopped")), 1, None, WORDS, "still"),
    "after one that was stopped, in other words": ((*FULL, turn(1, sign="stopped")), None, None, OTHERS, ""),
    "after one that was stopped, and an agent wrote": ((*FULL, turn(2, sign="stopped")), None, 1, WORDS, ""),
    "an hour after it was stopped": ((turn(1, sign="still"),), None, None, WORDS, ""),
    "within seconds, the second mail": (ONCE, 0.1, None, OTHERS, ""),
    "within seconds, the third mail": (FAST[:2], 0.1, None, OTHERS, "quick"),
    "within seconds, the fourth": (FAST, 0.1, None, OTHERS, "stopped"),
    "within seconds, an agent's mail": (FAST, 0.1, 0.1, OTHERS, ""),
    "within half a minute": (FAST, 0.5, None, OTHERS, ""),
}  # fmt: skip


@pytest.mark.parametrize(("turns", "mailed", "agent", "words", "sign"), TURNS.values(), ids=TURNS)
def test_turns(
    turns: tuple[Turn, ...], mailed: float | None, agent: float | None, words: str, sign: str
) -> None:
    facts = Facts(turns={7: turns}, mailed={} if mailed is None else {7: ago(mailed)})
    ticket = TICKET if agent is None else replace(TICKET, last_progress=ago(agent))
    parsed = ParsedMessage(1, "", "", skeleton=words)
    found, why = loops.turn(parsed, BOB, ticket, NOW, facts)
    assert found == sign
    assert bool(why) == bool(sign)


ALIAS = replace(BOB, address="bob+7@acme.example", id=None)
LATER = Delivery(70, 7, CAROL.address, "update", sent=ago(1))
BEFORE = replace(LATER, sent=ago(31))
NAMED = TokenClaim(Purpose.MESSAGE, 7, 2, 70, ago(61), 1)
SIGNED = TokenClaim(Purpose.REPLY, 7, 2, 0, ago(121), 1)


@pytest.mark.parametrize(
    ("sender", "mail", "claim", "sign"),
    [
        pytest.param(BOB, LATER, NAMED, "alike", id="answers a later mail to somebody else"),
        pytest.param(ALIAS, LATER, NAMED, "alike", id="the same, with another extension"),
        pytest.param(BOB, BEFORE, NAMED, "", id="answers an earlier mail to somebody else"),
        pytest.param(BOB, LATER, SIGNED, "", id="by another's address of two hours before"),
        pytest.param(
            BOB, LATER, replace(SIGNED, issued=ago(40)), "alike", id="by another's address of this hour"
        ),
        pytest.param(BOB, LATER, replace(SIGNED, issued=ago(40), person=1), "", id="by his own address"),
    ],
)
def test_who_has_his_mail_at_another_address(
    sender: Person, mail: Delivery, claim: TokenClaim, sign: str
) -> None:
    """The mail that he answers says when he had it, whoever it went to."""
    facts = Facts(turns={7: (turn(20),)}, deliveries={70: mail})
    assert (
        loops.turn(ParsedMessage(1, "", "", skeleton=WORDS), sender, TICKET, NOW, facts, [claim])[0] == sign
    )


def test_staff_have_the_mail_of_the_team() -> None:
    """What another one wrote went to the team, whose mail an agent answers."""
    mine = (turn(30, ANA), turn(20, ANA, WORDS, "alike"), turn(10, ANA, WORDS, "alike"))
    parsed = ParsedMessage(1, "", "", skeleton=WORDS)
    assert loops.turn(parsed, ANA, TICKET, NOW, Facts(turns={7: mine})) == ("", "")
    both = (*mine, turn(5, BOB, OTHERS))
    assert loops.turn(parsed, ANA, TICKET, NOW, Facts(turns={7: both}))[0] == "stopped"


@pytest.mark.parametrize(("alike", "answered"), [(0, True), (2, True), (3, False), (9, False)])
def test_acknowledgements_of_the_same_words(alike: int, answered: bool) -> None:
    assert (loops.unanswered(BOB.address, Facts(alike=alike)) == "") is answered


def notice(template: str, to: Person) -> Notice:
    return Notice(to.address, "sender", template, "en", {})


OWED = (
    notice("acknowledgement", BOB),
    notice("new_ticket", ANA),
    notice("problem", CAROL),
    notice("update", BOB),
)
# (answered to him, in all, limits) → what goes of OWED, whether the operator is told
LIMITS: dict[str, tuple[int, int, dict[str, Any], list[int], bool]] = {
    "none yet": (0, 0, {}, [0, 1, 2, 3], False),
    "his are used up": (5, 5, {}, [1, 2, 3], False),
    "all but one": (0, 5, {"ack_limit_total": 6}, [0, 1, 2, 3], False),
    "all are used up": (0, 6, {"ack_limit_total": 6}, [1, 3], True),
    "both are used up": (5, 6, {"ack_limit_total": 6}, [1, 3], True),
    "none an address": (0, 0, {"ack_limit": 0}, [1, 2, 3], False),
    "none at all": (0, 0, {"ack_limit_total": 0}, [1, 3], False),
}


@pytest.mark.parametrize(("his", "all_", "gateway", "goes", "rings"), LIMITS.values(), ids=LIMITS)
def test_limits(his: int, all_: int, gateway: dict[str, Any], goes: list[int], rings: bool) -> None:
    config = Config.model_validate({"gateway": gateway})
    facts = Facts(acknowledged=his, answered_in_all=all_)
    kept, why, alarms = loops.within_limits(OWED, BOB.address, facts, config)
    assert [OWED.index(each) for each in kept] == goes
    assert bool(why) == (len(goes) < len(OWED))
    assert [alarm.code for alarm in alarms] == (["answers_used_up"] if rings else [])


def test_where_nothing_automatic_goes_no_limit_speaks() -> None:
    owed = (OWED[1], OWED[3])
    assert loops.within_limits(
        owed, BOB.address, Facts(acknowledged=9, answered_in_all=99_999), Config()
    ) == (owed, "", ())


ALIKE = {
    "numbers": ("Ticket 17 was opened", "Ticket 18 was opened"),
    "ids": ("Your id is AB12-x9.", "Your id is 77f0aa."),
    "dates and times": ("On 2 March 2026 at 10:17", "On 13 March 2025 at 9:01"),
    "addresses": ("Write to bob@acme.example", "Write to <x+1@other.example>"),
    "links": ("See https://a.example/x", "See http://b.example/?y=z"),
    "case and lines": ("I am\r\naway", "I  AM AWAY!"),
    "typographic letters": ("STRASSE", "straße"),
    "none": ("", "  17 \n"),
}
OTHER = {
    "words": ("I am away", "I am back"),
    "their order": ("not now but later", "later but not now"),
    "something and nothing": ("", "ok"),
    "other scripts": ("離席中です", "戻りました"),
}


@pytest.mark.parametrize(("one", "two"), ALIKE.values(), ids=ALIKE)
def test_the_same_words(one: str, two: str) -> None:
    assert skeleton(one) == skeleton(two)


@pytest.mark.parametrize(("one", "two"), OTHER.values(), ids=OTHER)
def test_other_words(one: str, two: str) -> None:
    assert skeleton(one) != skeleton(two)


def test_other_files_are_another_mail() -> None:
    assert skeleton("See the picture", ["a"]) != skeleton("See the picture", ["b"])
    assert skeleton("See the picture", ["a", "b"]) == skeleton("See the picture", ["b", "a"])


def test_only_the_beginning_counts() -> None:
    assert skeleton("x " * MAX_TEXT) == skeleton("x " * MAX_TEXT + "and more")


def test_it_is_linear(linear: Any) -> None:
    linear(lambda n: skeleton("a " * n, ["f"] * n), 20_000)


@pytest.mark.parametrize("text", ["\ud800", "\0", "\u202e\u200b", "1" * 9000], ids=repr)
def test_whatever_the_text(text: str) -> None:
    assert len(skeleton(text)) == 32


def test_a_ticket_that_no_team_may_see_rings(world: Any) -> None:
    world.teams = world.teams[:1]
    decision = world.mail("bob@acme.example", text="EU-Support: AMS01\n\nIt is broken.\n")
    assert [alarm.code for alarm in decision.alarms] == ["no_team"]
    assert all(isinstance(alarm, Alarm) and not alarm.params for alarm in decision.alarms)
