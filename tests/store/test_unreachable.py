"""What is on record of mail that came back, and addresses that are switched off and on (8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mailgate.model import (
    BounceReport,
    Decision,
    Kind,
    Outcome,
    PersonUpdate,
    Questions,
    RecipientChoice,
    RecipientState,
    Returned,
)
from mailgate.store import later, people, roster, tickets, unreachable, views

JOE, AMY = "joe@acme.example", "amy@acme.example"
TEAM = "team@example.com"
DAY = timedelta(days=1)


def opened(desk: Any, *recipients: str, notices: Sequence[str] = (JOE,)) -> tuple[int, list[int]]:
    """A ticket with these recipients, and the mails that were owed at its opening."""
    before = {row.id for row in desk.rows("SELECT id FROM outbox")}
    made = desk.land(
        desk.opening(
            recipients=tuple(RecipientChoice(a, "", RecipientState.ACTIVE) for a in recipients),
            notices=tuple(
                desk.notice(to, audience="team" if to == TEAM else "assignee", inside=to == TEAM)
                for to in notices
            ),
        )
    )
    rows = desk.rows("SELECT id FROM outbox ORDER BY id")
    return made.ticket, [row.id for row in rows if row.id not in before]


def failed(desk: Any, serial: int, action: str = "failed", at: Any = None, number: int | None = None) -> None:
    report = BounceReport("x@y.example", action, "4.2.2", "full", False, False)
    decision = Decision(
        Outcome.BOUNCE, Kind.BOUNCE, ("x",), ticket=number, bounce_serial=serial, reports=(report,)
    )
    desk.land(decision, desk.parsed(bounces=(report,)), **({"at": at} if at else {}))


def switch(desk: Any, address: str, dead: bool, number: int | None = None, **more: Any) -> Any:
    decision = Decision(
        Outcome.BOUNCE if dead else Outcome.COMMENT, Kind.PERSON, ("x",), ticket=number,
        people=(PersonUpdate(address, dead=dead, why="it is so" if dead else ""),), **more,
    )  # fmt: skip
    return desk.land(decision)


def known(desk: Any, *serials: int) -> dict[int, Returned]:
    with desk.store.reading() as conn:
        return unreachable.returned(conn, serials, desk.now, desk.config)


def codes(desk: Any, number: int) -> list[str]:
    with desk.store.reading() as conn:
        return [event["code"] for event in views.ticket(conn, number)["history"]]


def states(desk: Any, number: int) -> list[tuple[str, str]]:
    with desk.store.reading() as conn:
        return [(r["address"], r["state"]) for r in views.ticket(conn, number)["recipients"]]


# -- what is on record


def test_of_whom_a_mail_was(desk: Any) -> None:
    _, (serial,) = opened(desk)
    (found,) = known(desk, serial).values()
    assert (found.person.address, found.sent, found.revived, found.reports) == (JOE, desk.now, None, {})
    assert known(desk) == known(desk, serial + 1, 0, -1, 2**70) == {}


def test_mails_are_counted_within_the_days(desk: Any) -> None:
    serials = [opened(desk)[1][0] for _ in range(5)]
    for serial, age in zip(serials, (6, 4, 1, 1, 0), strict=True):
        failed(desk, serial, at=desk.now - age * DAY)
    failed(desk, serials[2])  # once more
    failed(desk, serials[3], "delayed")
    last = known(desk, serials[4])[serials[4]].reports
    assert last == dict.fromkeys(serials[1:], True)
    assert known(desk, serials[0])[serials[0]].reports == dict.fromkeys(serials, True), "its own is found"


@pytest.mark.parametrize(
    ("action", "counts"), [("failed", True), ("expired", True), ("delayed", False), ("elsewhere", False)]
)
def test_what_counts_as_a_failure(desk: Any, action: str, counts: bool) -> None:
    (_, (serial,)), (_, (other,)) = opened(desk), opened(desk)
    failed(desk, other, action)
    assert known(desk, serial)[serial].reports == {other: counts}


def test_what_others_failed_to_get_is_theirs(desk: Any) -> None:
    _, (mine, hers) = opened(desk, AMY, notices=(JOE, AMY))
    failed(desk, hers)
    assert known(desk, mine)[mine].reports == {}


def test_one_query_for_a_batch(desk: Any) -> None:
    serials = [opened(desk)[1][0] for _ in range(3)]
    questions = [
        Questions(frozenset(), (), frozenset(), frozenset({s}), f"c{s}", "", returned=frozenset({s}))
        for s in serials
    ]
    plain = replace(questions[0], returned=frozenset())
    with desk.store.reading() as conn:
        asked: list[int] = []
        rows = unreachable._RETURNED.rows
        unreachable._RETURNED.rows = lambda *a: asked.append(1) or rows(*a)  # type: ignore[assignment,method-assign]
        try:
            found = tickets.facts(conn, [*questions, plain], desk.now, desk.config)
            tickets.facts(conn, [plain], desk.now, desk.config)
        finally:
            unreachable._RETURNED.rows = rows  # type: ignore[method-assign]
    assert asked == [1], "and none where nothing came back"
    assert [list(f.returned) for f in found] == [[s] for s in serials] + [[]]


def test_a_batch_sees_its_own_failures(desk: Any) -> None:
    serials = [opened(desk)[1][0] for _ in range(3)]
    questions = [
        Questions(frozenset(), (), frozenset(), frozenset({s}), "", "", returned=frozenset({s}))
        for s in serials
    ]
    report = BounceReport(JOE, "failed", "4.2.2", "full", False, False)
    with desk.store.writing() as conn, later.deferring(conn):
        whole = tickets.ask(conn, questions, desk.now, desk.config)
        for n, (serial, asked) in enumerate(zip(serials, questions, strict=True)):
            reports = whole.facts(conn, asked).returned[serial].reports
            assert reports == dict.fromkeys(serials[:n], True)
            decision = Decision(
                Outcome.BOUNCE, Kind.BOUNCE, ("x",), bounce_serial=serial, reports=(report,),
                people=(PersonUpdate(JOE, dead=True, why="x"),) if n == 1 else (),
            )  # fmt: skip
            parsed = desk.parsed(bounces=(report,))
            applied = tickets.apply(
                conn, decision, message=None, at=desk.now, minter=desk.minter, config=desk.config, parsed=parsed,
                new_id=lambda: next(desk.numbers),
            )  # fmt: skip
            whole.follow(f"m{n}", parsed, decision, applied)
            dead = [r.person.dead for r in whole.returned.values()]
            assert dead == [n > 0] * 3


# -- off


def test_since_when_and_why(desk: Any) -> None:
    _, (serial,) = opened(desk)
    failed(desk, serial)
    switch(desk, JOE, True)
    with desk.store.reading() as conn:
        (joe,) = roster.people(conn, address=JOE, since=desk.now - DAY)
        (later_on,) = roster.people(conn, address=JOE, since=desk.now + DAY)
    assert (joe["dead"], joe["dead_since"], joe["dead_why"]) == (True, desk.now.isoformat(), "it is so")
    assert (joe["failures"], later_on["failures"]) == (1, 0)


def test_what_waits_for_a_dead_address_is_withdrawn_on_every_ticket(desk: Any) -> None:
    first, _ = opened(desk, AMY, notices=(JOE, AMY, TEAM))
    opened(desk, AMY, notices=(JOE, AMY, TEAM))
    switch(desk, AMY, True, first)
    rows = desk.rows("SELECT address, state, last_error FROM outbox ORDER BY id")
    assert [(r.address, r.state) for r in rows] == [
        (JOE, "waiting"),
        (AMY, "withdrawn"),
        (TEAM, "waiting"),
    ] * 2
    assert rows[1].last_error == "withdrawn: mail to it bounced"


def test_what_goes_to_staff_is_never_withdrawn(desk: Any) -> None:
    opened(desk, notices=(TEAM,))
    switch(desk, TEAM, True)  # no rule would say so
    assert [r.state for r in desk.rows("SELECT state FROM outbox")] == ["waiting"]


def test_every_ticket_shows_it(desk: Any) -> None:
    mine, _ = opened(desk, AMY)
    other, _ = opened(desk, AMY)
    switch(desk, AMY, True, mine, recipients=(RecipientChoice(AMY, "", RecipientState.DEAD),))
    assert states(desk, mine) == states(desk, other) == [(AMY, "dead")]
    switch(desk, JOE, True, mine)
    with desk.store.reading() as conn:
        assert [views.ticket(conn, n)["assignee_dead"] for n in (mine, other)] == [True, True]


# -- on again


def dead(desk: Any, address: str, *numbers: int) -> None:
    for number in numbers:
        choice = (RecipientChoice(address, "", RecipientState.DEAD),)
        switch(desk, address, True, number, recipients=choice)


def by_mail(desk: Any, address: str) -> None:
    switch(desk, address, False)


def by_hand(desk: Any, address: str) -> Any:
    with desk.store.writing() as conn:
        person = people.by_address(conn, [address])[address]
        return unreachable.revive(conn, person, desk.now, desk.config, "shell")


@pytest.mark.parametrize(("on", "code"), [(by_mail, "address_alive"), (by_hand, "address_revived")])
def test_on_every_ticket(desk: Any, on: Any, code: str) -> None:
    numbers = [opened(desk, AMY)[0] for _ in range(3)]
    dead(desk, AMY, *numbers[:2])
    on(desk, AMY)
    assert [states(desk, n) for n in numbers] == [[(AMY, "active")]] * 3
    assert [codes(desk, n)[-1:] for n in numbers] == [[code], [code], []], "where he was switched off"
    with desk.store.reading() as conn:
        (amy,) = roster.people(conn, address=AMY)
    assert (amy["dead"], amy["dead_since"], amy["dead_why"]) == (False, None, "")


def test_the_tickets_of_an_assignee_say_so_unless_they_are_closed(desk: Any) -> None:
    numbers = [opened(desk)[0] for _ in range(2)]
    with desk.store.writing() as conn:
        conn.execute(text("UPDATE tickets SET status = 'closed' WHERE id = :n"), {"n": numbers[1]})
    switch(desk, JOE, True)
    assert by_hand(desk, JOE) == ([numbers[0]], [])
    assert [codes(desk, n)[-1:] for n in numbers] == [["address_revived"], []]


def test_who_left_stays_away(desk: Any) -> None:
    number, _ = opened(desk, AMY)
    switch(desk, AMY, True, number, recipients=(RecipientChoice(AMY, "", RecipientState.LEFT),))
    by_hand(desk, AMY)
    assert states(desk, number) == [(AMY, "left")]


def test_only_where_there_is_room(desk: Any) -> None:
    number, _ = opened(desk, AMY)
    dead(desk, AMY, number)
    for n in range(5):
        choice = (RecipientChoice(f"r{n}@acme.example", "", RecipientState.ACTIVE),)
        desk.land(desk.commenting(number, recipients=choice))
    assert by_hand(desk, AMY) == ([], [number])
    assert (AMY, "dead") in states(desk, number)


def test_twice_is_once(desk: Any) -> None:
    number, _ = opened(desk, AMY)
    dead(desk, AMY, number)
    assert [by_hand(desk, AMY), by_hand(desk, AMY)] == [([number], []), ([], [])]
    assert codes(desk, number).count("address_revived") == 1


def test_what_failed_before_counts_no_more(desk: Any) -> None:
    serials = [opened(desk)[1][0] for _ in range(3)]
    for serial in serials[:2]:
        failed(desk, serial)
    switch(desk, JOE, True)
    desk.now += timedelta(hours=1)
    by_hand(desk, JOE)
    desk.now += timedelta(hours=1)
    _, (fresh,) = opened(desk)
    failed(desk, serials[2])
    found = known(desk, fresh)[fresh]
    assert (found.revived, found.reports) == (desk.now - timedelta(hours=1), {serials[2]: True})
    assert found.sent == desk.now > found.revived > known(desk, serials[0])[serials[0]].sent


# -- the operator


def test_staff_whose_mail_came_back(desk: Any) -> None:
    _, (mine, team) = opened(desk, notices=(JOE, TEAM))
    for serial in (mine, team):
        failed(desk, serial)
    with desk.store.reading() as conn:
        assert unreachable.staff_that_bounced(conn, desk.now - DAY) == [(TEAM, 1)]
        assert unreachable.staff_that_bounced(conn, desk.now + DAY) == []


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # whose plans can be read
def test_the_lookup_goes_by_indexes(desk: Any) -> None:
    """Somebody who sends a report again and again makes it no slower."""
    lookup = unreachable._RETURNED
    with desk.store.reading() as conn:
        unreachable.returned(conn, [1], desk.now, desk.config)
        sql = lookup._of(1)._find(conn, ()).sql
        count = sql.count("?")
        rows = (
            conn.connection.cursor()
            .execute(f"EXPLAIN QUERY PLAN {sql}", ("2026",) * (count - 1) + (1,))
            .fetchall()
        )
    plan = [row[3] for row in rows]
    assert not [step for step in plan if step.startswith("SCAN")], plan
