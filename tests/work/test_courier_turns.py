"""Many mails a transaction: whatever ends the courier, each mail goes out, and what was recorded does not go again (1.3)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from work.test_courier import SENT, World, until

from mailgate import courier as module
from mailgate.model import Reply
from mailgate.store import schema
from mailgate.store.engine import Store

pytestmark = pytest.mark.slow

POINTS = (
    "courier.claimed",
    "courier.rendered",
    "courier.before_send",
    "courier.after_send",
    "courier.settled",
)
PEOPLE = [f"p{n}@b.example" for n in range(15)]


class Crash(BaseException):
    """The process ends here: nothing catches it."""


@pytest.fixture
def world(store: Store, tmp_path: Path) -> Callable[..., World]:
    return lambda **relay: World(store, tmp_path, **relay)


def mails(w: World) -> Counter[str]:
    return Counter(to for to, _, _ in w.relay.sent)


def states(w: World) -> set[str]:
    with w.store.reading() as conn:
        return set(conn.scalars(select(schema.outbox.c.state)))


@pytest.mark.parametrize("hit", [1, 2, 3])
@pytest.mark.parametrize("point", POINTS)
def test_an_end_at_any_step_loses_nothing_and_repeats_only_what_was_not_recorded(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, point: str, hit: int
) -> None:
    w = world(timeout=1, timeout_after_data=1)
    w.owe(*PEOPLE)
    left, lock = [hit], threading.Lock()
    dead = threading.Event()

    def failpoint(name: str) -> None:
        with lock:
            left[0] -= name == point
            over = left[0] <= 0 or dead.is_set()
        if over:
            dead.set()
            raise Crash

    send = w.relay.send

    def until_dead(*words: Any) -> Reply:
        if dead.is_set():
            raise Crash
        return send(*words)

    monkeypatch.setattr(w.relay, "send", until_dead)
    monkeypatch.setattr(module, "failpoint", failpoint)
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    with pytest.raises(Crash):
        for _ in range(300):
            w.courier.step(0.02)
            if dead.is_set():
                raise Crash
    with w.store.reading() as conn:
        recorded = set(
            conn.scalars(select(schema.outbox.c.message_id).where(schema.outbox.c.state == "sent"))
        )
    before = list(w.relay.sent)
    left[0] = 10**9
    dead.clear()
    w.courier = w.another()
    w.now += timedelta(minutes=5)
    w.until_quiet()
    assert states(w) == {"sent"}
    assert len(set(w.relay.sent)) == len(PEOPLE) * 2, "each mail, and the same bytes whenever it went"
    for id in recorded:
        assert sum(id.encode() in mail for _, mail, _ in w.relay.sent[len(before) :]) == 0
    assert max(Counter(mail for _, mail, _ in w.relay.sent).values()) <= 2


def test_answers_of_many_mails_are_one_transaction(world: Callable[..., World]) -> None:
    w = world(threads=4)
    w.owe(*(f"p{n}@b.example" for n in range(60)))
    commits = []
    if w.store.dialect == "sqlite":
        event.listen(w.store._writer, "commit", lambda conn: commits.append(1))
    w.until_quiet()
    assert states(w) == {"sent"}
    assert set(mails(w).values()) == {1, 60}, "the team got all"
    assert len(commits) < 30


def test_two_couriers_send_each_mail_once(world: Callable[..., World]) -> None:
    w = world(threads=3)
    w.owe(*(f"p{n}@b.example" for n in range(40)))
    crew = [w.courier, w.another()]
    faults: list[BaseException] = []

    def work(one: Any) -> None:
        try:
            quiet = 0
            while quiet < 3:
                quiet = 0 if one.step(0.1) or one.busy else quiet + 1
        except BaseException as e:
            faults.append(e)

    threads = [threading.Thread(target=work, args=(one,)) for one in crew]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert states(w) == {"sent"}
    assert set(Counter(mail for _, mail, _ in w.relay.sent).values()) == {1}


def test_what_had_no_turn_at_the_end_waits_as_before(world: Callable[..., World]) -> None:
    """It is given back: the next courier need not wait for its lease, and no attempt is lost."""
    w = world(threads=1)
    gate = threading.Event()
    w.owe(*PEOPLE)
    w.relay.answers = dict.fromkeys(w.rows(), lambda: (gate.wait(20) and SENT) or SENT)
    for _ in range(3):
        w.courier.step()
    until(lambda: len(w.relay.sent) == 1)
    threading.Timer(0.1, gate.set).start()
    w.courier.close()
    with w.store.reading() as conn:
        rows = conn.execute(select(schema.outbox)).all()
    found = Counter((row.state, row.attempts - row.idle, row.doubtful) for row in rows)
    assert found == {("sent", 1, 0): 1, ("waiting", 0, 0): 29}
    w.courier = w.another()
    w.until_quiet()
    assert states(w) == {"sent"}
    assert set(Counter(mail for _, mail, _ in w.relay.sent).values()) == {1}


def test_a_mail_withdrawn_before_its_claim_does_not_go(world: Callable[..., World]) -> None:
    """A slow relay is given few mails at a time: the others can still be withdrawn."""
    w = world(threads=1)
    gate = threading.Event()
    w.owe(*(f"p{n}@b.example" for n in range(30)))
    w.relay.answers = dict.fromkeys(w.rows(), lambda: (gate.wait(20) and SENT) or SENT)
    for _ in range(6):
        w.courier.step(0.02)
    with w.store.writing() as conn:
        waiting = schema.outbox.c.state == "waiting"
        gone = conn.execute(schema.outbox.update().where(waiting).values(state="withdrawn")).rowcount
    assert gone >= 60 - 5
    gate.set()
    w.until_quiet()
    assert len(w.relay.sent) == 60 - gone
