"""What is on record about loops (8.3), on both databases: counted rightly, by an index, and by few statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mailgate.config import Config
from mailgate.model import Alarm, Decision, Kind, Outcome, Questions
from mailgate.rules.loops import ANSWERS
from mailgate.store import prepared, tickets, turns
from mailgate.store.schema import ANSWERED

JOE, AMY = "joe@acme.example", "amy@acme.example"
OPERATOR = "root@example.com"


def owed(desk: Any, template: str, to: str = JOE) -> dict[str, Any]:
    return {"notices": (desk.notice(to, template=template),)}


def test_answers_to_all_are_counted_up_to_the_limit(desk: Any) -> None:
    for n, (template, minutes) in enumerate(
        [("acknowledgement", 70), ("acknowledgement", 50), ("problem", 10), ("update", 5), ("new_ticket", 5)]
    ):
        sender = f"c{n}@acme.example"
        desk.land(
            desk.opening(sender, **owed(desk, template, sender)), at=desk.now - timedelta(minutes=minutes)
        )
    assert desk.ask().answered_in_all == 2
    desk.config = Config.model_validate({"gateway": {"ack_limit_total": 1}})
    assert desk.ask().answered_in_all == 1
    desk.config = Config.model_validate({"gateway": {"ack_limit_total": 0}})
    assert desk.ask().answered_in_all == 0


def test_the_mail_of_a_ticket_within_the_hour(desk: Any) -> None:
    number = desk.land(desk.opening(), desk.parsed(skeleton="a"), at=desk.now - timedelta(minutes=90)).ticket
    for minutes, author, words, sign in (
        (50, JOE, "b", ""),
        (20, AMY, "c", "alike"),
        (10, JOE, "b", "alike"),
    ):
        decision = desk.commenting(number, author, turn=sign)
        desk.land(decision, desk.parsed(skeleton=words), at=desk.now - timedelta(minutes=minutes))
    stopped = Decision(Outcome.QUARANTINED, Kind.LOOP, ("x",), ticket=number, turn="stopped")
    desk.land(stopped, desk.parsed(skeleton="b"), at=desk.now - timedelta(minutes=1))
    found = desk.ask(tickets=frozenset({number, 99})).turns
    assert [(t.sender, t.skeleton, t.sign) for t in found[number]] == [
        (JOE, "b", ""), (AMY, "c", "alike"), (JOE, "b", "alike"), ("", "b", "stopped"),
    ]  # fmt: skip
    assert found[number][0].at == desk.now - timedelta(minutes=50)
    assert set(found) == {number}


def test_when_the_sender_had_our_mail(desk: Any) -> None:
    number = desk.land(desk.opening(**owed(desk, "acknowledgement"))).ticket
    asked = {"tickets": frozenset({number}), "addresses": frozenset({JOE, AMY})}
    due = desk.rows("SELECT due FROM outbox")
    assert len(due) == 1
    assert set(desk.ask(sender=JOE, **asked).mailed) == {number}
    assert desk.ask(sender=AMY, **asked).mailed == {}
    desk.now += timedelta(hours=2)
    assert desk.ask(sender=JOE, **asked).mailed == {}


def test_only_what_was_acknowledged_counts_as_alike(desk: Any) -> None:
    for _ in range(2):
        desk.land(desk.opening(**owed(desk, "acknowledgement")), desk.parsed(skeleton="a"))
    desk.land(desk.opening(), desk.parsed(skeleton="a"))
    desk.land(desk.opening(**owed(desk, "acknowledgement")), desk.parsed(skeleton="b"))
    desk.land(desk.opening(AMY, **owed(desk, "acknowledgement", AMY)), desk.parsed(skeleton="a"))
    assert [desk.ask(sender=JOE, skeleton=words).alike for words in "abc"] == [2, 1, 0]
    assert desk.ask(sender=AMY, skeleton="a").alike == 1


def test_the_effects_of_a_batch_are_followed(desk: Any) -> None:
    """A mail sees the turns and answers of those before it in the same transaction."""
    asked = Questions(frozenset({JOE}), (), frozenset(), frozenset(), "", JOE, "a")
    with desk.store.writing() as conn:
        known = tickets.ask(conn, [asked], desk.now, desk.config)
        for n in range(3):
            decision, parsed = desk.opening(**owed(desk, "acknowledgement")), desk.parsed(skeleton="a")
            known.follow(f"m{n}", parsed, decision, tickets.Applied(7, None, desk.now))
        facts = known.facts(conn, asked)
    assert (facts.alike, facts.answered_in_all, facts.acknowledged) == (3, 3, 3)
    assert [turn.sender for turn in known.turns[7]] == [JOE] * 3


def test_the_operator_is_rung_once_an_hour_for_each_key(desk: Any) -> None:
    desk.config = Config.model_validate({"gateway": {"operator": OPERATOR}})
    one, other = (Alarm("loop_stopped", {"address": a}, f"loop {a}") for a in (JOE, AMY))
    desk.batch(desk.opening(alarms=(one,)), desk.opening(alarms=(one, other)))
    desk.land(desk.opening(alarms=(one,)))
    himself = Alarm("loop_stopped", {"address": OPERATOR}, "loop himself")
    desk.land(desk.opening(alarms=(himself,)))
    rows = desk.rows("SELECT address, template, audience, ticket_id, context FROM outbox ORDER BY id")
    assert [tuple(row)[:4] for row in rows] == [(OPERATOR, "problem", "operator", None)] * 2
    assert all("Disk full" not in row.context for row in rows)
    desk.now += timedelta(minutes=61)
    desk.land(desk.opening(alarms=(one,)))
    assert len(desk.rows("SELECT id FROM outbox")) == 3


@pytest.mark.parametrize("operator", ["", OPERATOR], ids=["nobody", "somebody"])
def test_a_ticket_that_no_team_may_see_rings_each_time_but_not_for_ever(desk: Any, operator: str) -> None:
    desk.config = Config.model_validate({"gateway": {"operator": operator}})
    for _ in range(30):
        desk.land(desk.opening(alarms=(Alarm("no_team"),)))
    assert len(desk.rows("SELECT id FROM outbox")) == (20 if operator else 0)


def test_who_was_stopped_lately(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    for hours in (30, 2, 1):
        stopped = desk.commenting(
            number, outcome=Outcome.QUARANTINED, kind=Kind.LOOP, comment=None, turn="stopped"
        )
        desk.land(stopped, at=desk.now - timedelta(hours=hours))
    with desk.store.reading() as conn:
        assert turns.stopped(conn, desk.now - timedelta(days=1)) == [(JOE, number, 2)]


def test_the_index_counts_what_the_rules_count() -> None:
    assert f"template IN ({', '.join(map(repr, ANSWERS))})" == ANSWERED


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The prepared statements that went to a database, from now on."""
    seen: list[str] = []
    original = prepared._cursor

    def cursor(conn: Any, sql: str) -> Any:
        seen.append(sql)
        return original(conn, sql)

    monkeypatch.setattr(prepared, "_cursor", cursor)
    return seen


PLANS: dict[str, tuple[Callable[..., Any], str]] = {
    "of a ticket": (lambda conn, now: turns.on_tickets(conn, {1, 2}, now), "ix_messages_ticket_id_decided"),
    "in all": (lambda conn, now: turns.in_all(conn, now, 5000), "ix_outbox_answered"),
    "alike": (lambda conn, now: turns.alike(conn, {JOE}, now), "ix_outbox_address_created"),
}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # whose plans can be read
@pytest.mark.parametrize(("look", "index"), PLANS.values(), ids=PLANS)
def test_each_goes_over_an_index(
    desk: Any, statements: list[str], look: Callable[..., Any], index: str
) -> None:
    """However many rows there are."""
    with desk.store.reading() as conn:
        look(conn, desk.now)
        (sql,) = statements
        rows = (
            conn.connection.cursor()
            .execute(f"EXPLAIN QUERY PLAN {sql}", ("2026",) * sql.count("?"))
            .fetchall()
        )
    plan = [row[3] for row in rows]
    assert any(index in step for step in plan), plan
    assert not [step for step in plan if step.startswith(("SCAN messages", "SCAN outbox"))], plan


def test_few_statements_are_asked_for_a_batch(desk: Any, statements: list[str]) -> None:
    """One for mail that opens tickets, a second one for mail to tickets, the others only where there is a need."""
    number = desk.land(desk.opening()).ticket

    def asked(many: int, **values: Any) -> int:
        batch = [
            Questions(
                frozenset({f"c{n}@x.example"}),
                (),
                values.get("tickets", frozenset()),
                frozenset(),
                "",
                f"c{n}@x.example",
            )
            for n in range(many)
        ]
        with desk.store.reading() as conn:
            statements.clear()
            tickets.facts(conn, batch, desk.now, desk.config)
        return sum(1 for sql in statements if "skeleton" in sql or "coalesce" in sql.lower() or "AS n" in sql)

    assert [asked(many) for many in (1, 50)] == [1, 1]
    assert [asked(many, tickets=frozenset({number})) for many in (1, 50)] == [2, 2]
