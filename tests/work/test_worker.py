"""The worker's order of things: who is worked with whom, whose fault a failure is, when the spool may forget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mailgate.config import Config
from mailgate.errors import Transient
from mailgate.landing import Failed, Job
from mailgate.mail.unread import fallback
from mailgate.model import Envelope, ParsedMessage
from mailgate.spool import SpoolReader, SpoolRow
from mailgate.worker import FROM_TOP_SECONDS, MAX_DEATHS, MAX_TRANSIENT, Worker

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)


class FakeSpool:
    """Rows in memory, with the reader's own signatures."""

    def __init__(self, *names: str, attempts: dict[str, int] | None = None) -> None:
        self.rows: dict[str, SpoolRow] = {}
        self.log: list[str] = []
        for name in names:
            self.accept(name, (attempts or {}).get(name, 0))

    def accept(self, name: str, attempts: int = 0) -> None:
        envelope = Envelope(name, NOW, "smtp", "a@b.example", ("support@example.com",))
        self.rows[name] = SpoolRow(len(self.rows) + 1, envelope, name.encode(), attempts)

    def take(self, after: int, messages: int, size: int, due: datetime | None = None) -> list[SpoolRow]:
        rows: list[SpoolRow] = []
        for row in self.rows.values():
            if due and row.next_try and row.next_try > due:
                continue
            if row.seq > after and len(rows) < messages and (not rows or size >= len(row.raw)):
                rows.append(row)
                size -= len(row.raw)
        return rows

    def _change(self, name: str, **values: Any) -> None:
        row = self.rows[name]
        fields = {field: getattr(row, field) for field in row.__slots__}
        self.rows[name] = SpoolRow(**{**fields, **values})

    def start(self, ids: Sequence[str]) -> None:
        self.log.append(f"start {' '.join(ids)}")
        for id in ids:
            self._change(id, attempts=self.rows[id].attempts + 1)

    def postpone(self, id: str, error: str, until: datetime) -> None:
        self._change(id, error=error, next_try=until)

    def settle(self, ids: Sequence[str]) -> None:
        for id in ids:
            del self.rows[id]


class FakeLanding:
    """`bad` says what becomes of a mail: an exception to fail with, "transient" for a database that is away."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.bad: dict[str, Any] = {}
        self.outside: dict[str, Exception] = {}  # raised for the whole batch that holds it
        self.quarantined: dict[str, str] = {}
        self.landed: list[str] = []

    def land(self, jobs: Sequence[Job]) -> list[Failed]:
        self.batches.append([job.id for job in jobs])
        for job in jobs:
            if job.id in self.outside:
                raise self.outside[job.id]
        failed = [Failed(job, self.bad[job.id]) for job in jobs if job.id in self.bad]
        self.landed += [job.id for job in jobs if job.id not in self.bad]
        return failed

    def quarantine(self, job: Job, error: str) -> None:
        self.quarantined[job.id] = error


class FakeStore:
    away = False

    def reading(self) -> Any:
        store = self

        class Reading:
            def __enter__(self) -> None:
                if store.away:
                    raise Transient("away")

            def __exit__(self, *_: object) -> None: ...

        return Reading()


class FakeParser:
    def __init__(self) -> None:
        self.calls: list[int] = []

    def parse(self, raws: Sequence[bytes]) -> list[ParsedMessage]:
        self.calls.append(len(raws))
        return [fallback(raw, "") for raw in raws]


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., Any]:
    def make(*names: str, attempts: dict[str, int] | None = None, died: bool = False, **settings: Any) -> Any:
        config = Config.model_validate({"data_dir": tmp_path, "worker": {"batch_messages": 4, **settings}})
        world = SimpleNamespace(
            spool=FakeSpool(*names, attempts=attempts),
            landing=FakeLanding(),
            parser=FakeParser(),
            store=FakeStore(),
            now=NOW,
        )
        world.worker = Worker(
            config, world.store, world.spool, world.parser, world.landing, died=died, now=lambda: world.now
        )
        return world

    return make


def until_idle(world: Any, limit: int = 100) -> None:
    for _ in range(limit):
        if not world.worker.step():
            return
    raise AssertionError("never idle")


def test_batches_in_order_of_acceptance_and_then_the_spool_is_empty(world: Any) -> None:
    w = world(*"abcdefghij")
    until_idle(w)
    assert w.landing.batches == [list("abcd"), list("efgh"), list("ij")]
    assert w.spool.rows == {}
    assert w.spool.log == []


def test_a_batch_holds_no_more_bytes_than_it_may(world: Any) -> None:
    w = world("aaaa", "bbbb", "cccc", batch_bytes=8)
    until_idle(w)
    assert w.landing.batches == [["aaaa", "bbbb"], ["cccc"]]


def test_the_next_batch_is_parsed_ahead(world: Any) -> None:
    w = world(*"abcdef")
    w.worker.step()
    w.worker._ahead.result()
    assert w.parser.calls == [4, 2]
    assert w.landing.batches == [list("abcd")]


def test_a_mail_that_fails_is_tried_alone_and_takes_nobody_with_it(world: Any) -> None:
    w = world(*"abcd")
    w.landing.bad["b"] = ValueError("no")
    w.worker.step()
    assert w.landing.batches == [list("abcd"), ["b"]]
    assert w.landing.landed == list("acd")
    assert w.spool.log == ["start b"]
    assert w.spool.rows["b"].error == "ValueError: no"
    assert w.spool.rows["b"].next_try > NOW


def test_after_its_attempts_a_mail_is_quarantined_with_its_error(world: Any) -> None:
    w = world("a", "b")
    w.landing.bad["b"] = ValueError("no")
    for _ in range(3):
        until_idle(w)
        w.now += timedelta(hours=1)
    assert w.landing.quarantined == {"b": "ValueError: no"}
    assert w.spool.log == ["start b"] * 3
    assert w.spool.rows == {}


def test_a_mail_that_waits_for_its_time_does_not_hold_others_up(world: Any) -> None:
    w = world(*"abcdefgh")
    for name in "abcde":
        w.spool.postpone(name, "x", NOW + timedelta(minutes=1))
    until_idle(w)
    assert w.landing.landed == list("fgh")
    w.now += timedelta(minutes=2)
    until_idle(w)
    assert w.landing.landed == list("fghabcde")


def test_mails_put_off_come_again_under_steady_load(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    w = world(*"abcd")
    w.spool.postpone("a", "x", NOW + timedelta(seconds=1))
    clock = [100.0]
    monkeypatch.setattr("mailgate.worker.time", SimpleNamespace(monotonic=lambda: clock[0]))
    for n in range(20):
        for m in range(4):
            w.spool.accept(f"{n}-{m}")
        w.worker.step()
        w.now += timedelta(seconds=1)
        clock[0] += FROM_TOP_SECONDS / 3
        if "a" in w.landing.landed:
            break
    assert "a" in w.landing.landed
    assert len(w.landing.landed) == len(set(w.landing.landed))


def test_a_fault_outside_the_savepoints_is_looked_for_one_by_one(world: Any) -> None:
    w = world(*"abc")
    w.landing.outside["b"] = RuntimeError("whose?")
    w.worker.step()
    assert w.landing.batches == [list("abc"), ["a"], ["b"], ["c"]]
    assert sorted(w.spool.rows) == ["b"]


def test_a_database_that_is_away_is_nobodys_fault(world: Any) -> None:
    w = world(*"abc")
    w.landing.outside["a"] = Transient("away")
    w.store.away = True
    for _ in range(30):
        with pytest.raises(Transient):
            w.worker.step()
    assert w.spool.log == []
    w.landing.outside.clear()
    w.store.away = False
    until_idle(w)
    assert w.landing.landed == list("abc")


def test_a_mail_that_only_looks_like_an_absent_database_is_found(world: Any) -> None:
    """An operational error that one mail causes must not stop all the others for ever."""
    w = world(*"abc")
    w.landing.outside["b"] = Transient("expression tree is too large")
    for _ in range(MAX_TRANSIENT * 5):
        try:
            w.worker.step()
        except Transient:
            continue
    assert w.landing.landed == list("ac")
    assert w.spool.rows["b"].error.startswith("Transient: expression tree")


def test_an_attempt_that_our_trouble_ended_does_not_count(world: Any) -> None:
    w = world("a", attempts={"a": 1})
    w.landing.outside["a"] = Transient("away")
    for _ in range(10):
        with pytest.raises(Transient):
            w.worker.step()
    del w.landing.outside["a"]
    until_idle(w)
    assert w.landing.landed == ["a"]
    assert w.landing.quarantined == {}


def test_after_a_death_the_mails_that_were_in_hand_are_worked_alone(world: Any) -> None:
    w = world(*"abcdefghij", died=True)
    until_idle(w)
    assert w.landing.batches == [[name] for name in "abcdefgh"] + [list("ij")]
    assert w.spool.log == [f"start {name}" for name in "abcdefgh"]


def test_deaths_count_for_a_mail_only_when_it_was_alone(world: Any) -> None:
    w = world("a", "b", "c", attempts={"b": MAX_DEATHS - 1, "c": MAX_DEATHS})
    until_idle(w)
    assert w.landing.landed == ["a", "b"]
    assert list(w.landing.quarantined) == ["c"]
    assert "10 times" in w.landing.quarantined["c"]


def test_order_holds_between_mails_alone_and_together(world: Any) -> None:
    w = world(*"abcd", attempts={"b": 1})
    until_idle(w)
    assert w.landing.batches == [["a"], ["b"], ["c", "d"]]


def test_run_ends_after_the_batch_in_hand(world: Any) -> None:
    w = world(*"abcdef")
    stop = threading.Event()
    land = w.landing.land

    def landing(jobs: Sequence[Job]) -> list[Failed]:
        stop.set()
        return land(jobs)

    w.landing.land = landing
    w.worker.run(stop)
    assert w.landing.landed == list("abcd")
    assert sorted(w.spool.rows) == ["e", "f"]


def test_run_waits_out_our_trouble(world: Any) -> None:
    w = world("a")
    w.store.away = True
    w.landing.outside["a"] = Transient("away")
    stop = threading.Event()
    thread = threading.Thread(target=w.worker.run, args=(stop,))
    thread.start()
    w.store.away = False
    w.landing.outside.clear()
    for _ in range(100):
        if w.landing.landed:
            break
        threading.Event().wait(0.05)
    stop.set()
    thread.join()
    assert w.landing.landed == ["a"]


def test_with_a_real_spool(tmp_path: Path) -> None:
    """The fake above says what the real one does."""
    from mailgate.spool import Spool

    config = Config.model_validate({"data_dir": tmp_path})
    spool = Spool(tmp_path / "spool.db", config.spool)
    for n in range(3):
        spool.submit(Envelope("", NOW, "smtp", "a@b.example", ("c@d.example",)), b"%d" % n, lambda _: None)
    spool.close()
    reader = SpoolReader(tmp_path / "spool.db")
    landing = FakeLanding()
    ids = [row.envelope.id for row in reader.take(0, 10, 1 << 20)]
    landing.bad[ids[1]] = ValueError("no")
    worker = Worker(config, FakeStore(), reader, FakeParser(), landing, now=lambda: NOW)  # type: ignore[arg-type]
    worker.step()
    worker.close()
    assert landing.landed == [ids[0], ids[2]]
    (left,) = reader.take(0, 10, 1 << 20)
    assert (left.envelope.id, left.attempts, left.error) == (ids[1], 1, "ValueError: no")
    assert left.next_try is not None
    assert left.next_try > NOW
    reader.close()
