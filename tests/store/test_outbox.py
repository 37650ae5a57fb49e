"""The outbox: claims with leases, fenced by the attempt's number."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from mailgate.model import Reply
from mailgate.store import backlog, outbox, views

LEASE = timedelta(minutes=10)
SENT, AGAIN, DEAD, DOWN = (
    Reply("sent", 250, "ok"),
    Reply("retry", 451, "later\r\nplease"),
    Reply("failed", 550, "no such user"),
    Reply("down", 0, "connection refused"),
)


def in_an_hour(attempt: int, created: datetime) -> datetime:
    return created + timedelta(hours=attempt)


def claim(desk: Any, minutes: float = 0, limit: int = 10) -> list[Any]:
    with desk.store.writing() as conn:
        return outbox.claim(conn, desk.now + timedelta(minutes=minutes), limit, LEASE, in_an_hour)


def settle(desk: Any, row: Any, reply: Reply | None, minutes: float = 1, again: float | None = None) -> bool:
    now = desk.now + timedelta(minutes=minutes)
    with desk.store.writing() as conn:
        at = None if again is None else desk.now + timedelta(minutes=again)
        return outbox.settle(conn, [outbox.Outcome(row.id, row.attempts, reply, at)], now) == 1


def owe(desk: Any, *minutes: float, **notice: Any) -> Any:
    """One mail for each time."""
    for at in minutes or (0,):
        made = desk.land(desk.opening(notices=(desk.notice(**notice),)), at=desk.now + timedelta(minutes=at))
    return made


def counts(desk: Any) -> dict[str, int]:
    with desk.store.reading() as conn:
        return {state: n for state, n in backlog.counts(conn).items() if n}


def stored(desk: Any) -> Any:
    with desk.store.reading() as conn:
        return views.outbox(conn)[0]


def test_a_claim_is_written_before_sending(desk: Any) -> None:
    owe(desk)
    (row,) = claim(desk)
    assert (row.attempts, row.address, row.mail, row.date) == (1, "joe@acme.example", None, desk.now)
    shown = stored(desk)
    assert (shown["state"], shown["attempts"]) == ("sending", 1)
    assert shown["next_attempt"] == (desk.now + timedelta(hours=1)).isoformat()
    assert claim(desk) == []


def test_the_oldest_due_first_and_no_more_than_asked(desk: Any) -> None:
    owe(desk, 3, 1, 2, 9)
    assert [row.date - desk.now for row in claim(desk, 5, limit=2)] == [
        timedelta(minutes=1),
        timedelta(minutes=2),
    ]
    assert [row.date - desk.now for row in claim(desk, 5)] == [timedelta(minutes=3)]
    assert len(claim(desk, 9)) == 1


def test_a_lease_ends(desk: Any) -> None:
    owe(desk)
    (first,) = claim(desk)
    assert claim(desk, 9.99) == []
    (second,) = claim(desk, 10)
    assert (second.id, second.attempts, second.message_id) == (first.id, 2, first.message_id)


def test_a_late_claimer_changes_nothing(desk: Any) -> None:
    owe(desk)
    (late,) = claim(desk)
    (now,) = claim(desk, 11)
    with desk.store.writing() as conn:
        assert outbox.keep(conn, [(late, b"late")]) == set()
        assert outbox.keep(conn, [(now, b"bytes")]) == {now.id}
    assert not settle(desk, late, DEAD)
    assert counts(desk) == {"sending": 1}
    assert settle(desk, now, SENT)
    assert not settle(desk, now, DEAD)
    assert counts(desk) == {"sent": 1}


def test_the_same_bytes_at_every_attempt(desk: Any) -> None:
    owe(desk)
    (row,) = claim(desk)
    with desk.store.writing() as conn:
        outbox.keep(conn, [(row, b"\0bytes\xff")])
    settle(desk, row, AGAIN, again=5)
    (again,) = claim(desk, 5)
    assert (again.mail, again.attempts) == (b"\0bytes\xff", 2)


@pytest.mark.parametrize(
    ("reply", "again", "state", "next_minutes"),
    [
        (SENT, None, "sent", None),
        (AGAIN, 7, "waiting", 7),
        (AGAIN, None, "failed", None),
        (DEAD, None, "failed", None),
        (DEAD, 7, "failed", None),
        (DOWN, 7, "waiting", 7),
        (DOWN, None, "waiting", 16),
    ],
    ids=["sent", "retry", "retry no more", "failed", "failed whatever", "down", "down for days"],
)
def test_a_reply_settles(
    desk: Any, reply: Reply, again: float | None, state: str, next_minutes: float | None
) -> None:
    owe(desk)
    (row,) = claim(desk)
    assert settle(desk, row, reply, again=again)
    shown = stored(desk)
    expected = next_minutes and (desk.now + timedelta(minutes=next_minutes)).isoformat()
    assert (shown["state"], shown["next_attempt"]) == (state, expected)
    assert "\n" not in shown["last_error"]
    assert (shown["last_error"] == "") is (state == "sent")


@pytest.mark.parametrize(("audience", "private"), [("assignee", False), ("recipient", False), ("team", True)])
def test_a_failure_stands_in_the_history(desk: Any, audience: str, private: bool) -> None:
    made = owe(desk, audience=audience)
    (row,) = claim(desk)
    settle(desk, row, DEAD)
    with desk.store.reading() as conn:
        (event,) = views.ticket(conn, made.ticket)["history"]
    assert (event["code"], event["private"]) == ("delivery_failed", private)
    assert event["what"] == "Mail to joe@acme.example could not be delivered: 550 no such user"


def test_a_broken_template_holds_until_somebody_retries(desk: Any) -> None:
    owe(desk)
    (row,) = claim(desk)
    with desk.store.writing() as conn:
        assert outbox.hold(conn, row.id, "update.txt\nline 3")
        assert not outbox.hold(conn, row.id, "again")
    assert (stored(desk)["state"], stored(desk)["last_error"]) == ("held", "update.txt line 3")
    assert claim(desk, 999) == []
    with desk.store.writing() as conn:
        assert outbox.retry(conn, row.id, desk.now)
    assert [r.id for r in claim(desk)] == [row.id]


def test_retry_leaves_what_is_sent_or_in_hand(desk: Any) -> None:
    owe(desk)
    (row,) = claim(desk)
    with desk.store.writing() as conn:
        assert not outbox.retry(conn, row.id, desk.now)
        assert not outbox.retry(conn, 12345, desk.now)
    settle(desk, row, SENT)
    with desk.store.writing() as conn:
        assert not outbox.retry(conn, row.id, desk.now)


def test_four_couriers_claim_each_mail_once(desk: Any) -> None:
    owe(desk, *[0] * 40)
    found: list[int] = []
    faults: list[Exception] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait(10)
            while rows := claim(desk, limit=3):
                found.extend(row.id for row in rows)
        except Exception as e:
            faults.append(e)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(found) == len(set(found)) == 40


def test_a_claimed_row_does_not_stop_others(desk: Any) -> None:
    """SKIP LOCKED: a courier in the middle of its claim holds nobody up."""
    if desk.store.dialect == "sqlite":
        return  # one writer at a time by design
    owe(desk, 0, 0)
    with desk.store.writing() as conn:
        mine = outbox.claim(conn, desk.now, 1, LEASE, in_an_hour)
        others: list[Any] = []
        thread = threading.Thread(target=lambda: others.extend(claim(desk)))
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    assert len(mine) == len(others) == 1
    assert mine[0].id != others[0].id


def test_every_state_is_counted(desk: Any) -> None:
    owe(desk, 0, 0, 0)
    first, second, _ = claim(desk)
    settle(desk, first, SENT)
    settle(desk, second, DEAD)
    with desk.store.reading() as conn:
        assert backlog.counts(conn) == {
            "waiting": 0,
            "sending": 1,
            "sent": 1,
            "failed": 1,
            "held": 0,
            "withdrawn": 0,
        }
        assert views.audit_outbox(conn) == {"waiting": 1, "sent": 1, "failed": 1}


def test_when_the_next_is_due(desk: Any) -> None:
    def due() -> datetime | None:
        with desk.store.reading() as conn:
            return outbox.next_due(conn)

    assert due() is None
    owe(desk, 5)
    assert due() == desk.now + timedelta(minutes=5)
    claim(desk, 5)
    assert due() == desk.now + timedelta(minutes=5) + LEASE


def test_what_was_not_sent_is_due_as_if_it_had_not_been_claimed(desk: Any) -> None:
    owe(desk)
    (row,) = claim(desk)
    assert settle(desk, row, None)
    shown = stored(desk)
    assert (shown["state"], shown["doubtful"], shown["last_error"]) == ("waiting", 0, "")
    (again,) = claim(desk, 1)
    assert (again.id, again.attempts, again.tries) == (row.id, 2, 1)
    assert not settle(desk, row, None), "it is another claim now"


def test_outcomes_of_many_are_recorded_together_but_for_those_of_others(desk: Any) -> None:
    owe(desk, *[0] * 7)
    late = claim(desk, limit=7)
    mine = claim(desk, 11, limit=5)  # the leases of all have ended, and five were claimed again
    with desk.store.writing() as conn:
        kept = outbox.keep(conn, [(row, b"bytes") for row in [*late[5:], *mine[1:], late[0]]])
        assert kept == {row.id for row in [*late[5:], *mine[1:]]}
        replies = [SENT, DEAD, AGAIN, DOWN, None]
        of_mine = [outbox.Outcome(r.id, r.attempts, x, desk.now) for r, x in zip(mine, replies, strict=True)]
        of_late = [outbox.Outcome(r.id, r.attempts, DEAD) for r in late[:5]]
        assert outbox.settle(conn, [*of_late, *of_mine], desk.now) == 5
        assert outbox.settle(conn, of_mine, desk.now) == 0
    assert counts(desk) == {"sent": 1, "failed": 1, "waiting": 3, "sending": 2}


def test_looking_for_what_is_due_does_not_read_all_that_waits(desk: Any) -> None:
    if desk.store.dialect != "sqlite":
        return  # its planner asks how much waits
    with desk.store.writing() as conn:
        for statement in (outbox._NEXT, outbox._DUE):
            sql = statement._find(conn, ()).sql
            plan = conn.connection.cursor().execute(
                f"EXPLAIN QUERY PLAN {sql}", ("now", 5, 0)[: sql.count("?")]
            )
            told = " ".join(str(step[3]) for step in plan.fetchall())
            assert "ix_outbox_due" in told
            assert "TEMP B-TREE" not in told
