"""Time passes: resolved tickets close after close_days (§0), raw messages past their retention go (1.5)."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from mailgate import clock as room
from mailgate import people_file
from mailgate.clock import Clock
from mailgate.config import Config
from mailgate.errors import Transient
from mailgate.landing import Job, Landing
from mailgate.mail.parse import parse
from mailgate.model import Envelope
from mailgate.store import keys, people, schema
from mailgate.store.engine import Store

START = datetime(2026, 11, 2, 10, tzinfo=UTC)
PEOPLE = {"teams": [{"name": "support", "address": "team@example.com", "categories": ["general"]}]}


@pytest.fixture
def world(store: Store, tmp_path: Path) -> Callable[..., Any]:
    def make(tickets: int = 1, **settings: Any) -> Any:
        config = Config.model_validate({"data_dir": tmp_path, **settings})
        w = SimpleNamespace(now=START, store=store)
        with store.writing() as conn:
            keys.ensure(conn, START)
            people.sync(conn, people_file.check(PEOPLE, "people.toml"))
        serial = itertools.count(1_000_000)
        landing = Landing(config, store, "spool", lambda: next(serial), lambda: w.now)
        for n in range(tickets):
            raw = (
                f"From: p{n}@b.example\r\nSubject: s\r\nMessage-ID: <{n}@b.example>\r\n\r\nHelp\r\n".encode()
            )
            envelope = Envelope(
                f"id-{n}", START, "smtp", f"p{n}@b.example", ("support@example.com",), peer="127.0.0.1"
            )
            landing.land([Job(envelope, raw, parse(raw))])
        w.clock = Clock(config, store, lambda: next(serial), now=lambda: w.now)
        return w

    return make


def resolve(w: Any, at: datetime) -> None:
    with w.store.writing() as conn:
        conn.execute(update(schema.tickets).values(status="resolved", resolved_at=at))


def tickets(w: Any) -> list[tuple[str, datetime | None]]:
    with w.store.reading() as conn:
        return [
            (row.status, row.closed_at)
            for row in conn.execute(select(schema.tickets).order_by(schema.tickets.c.id))
        ]


def count(w: Any, table: Any) -> int:
    with w.store.reading() as conn:
        return int(conn.scalar(select(func.count()).select_from(table)) or 0)


def test_a_resolved_ticket_closes_after_close_days_and_says_so_once(world: Callable[..., Any]) -> None:
    w = world(tickets=2, gateway={"close_days": 7})
    resolve(w, START)
    w.now = START + timedelta(days=7)
    assert w.clock.tick() == 0
    w.now += timedelta(seconds=1)
    assert w.clock.tick() == 2
    assert tickets(w) == [("closed", w.now), ("closed", w.now)]
    before = count(w, schema.history)
    assert w.clock.tick() == 0
    assert count(w, schema.history) == before
    with w.store.reading() as conn:
        row = conn.execute(select(schema.history).order_by(schema.history.c.id.desc())).first()
    assert (row.code, row.params) == ("status", {"old": "resolved", "new": "closed", "who": "clock"})


@pytest.mark.parametrize("status", ["new", "open", "pending", "closed"])
def test_other_tickets_stay(world: Callable[..., Any], status: str) -> None:
    w = world()
    with w.store.writing() as conn:
        conn.execute(update(schema.tickets).values(status=status, resolved_at=START))
    w.now = START + timedelta(days=100)
    assert w.clock.tick() == 0
    assert tickets(w)[0][0] == status


def test_closing_tells_nobody(world: Callable[..., Any]) -> None:
    w = world()
    resolve(w, START)
    owed = count(w, schema.outbox)
    w.now = START + timedelta(days=8)
    w.clock.tick()
    assert count(w, schema.outbox) == owed


def test_raw_messages_go_after_keep_days_and_the_ledger_stays(
    world: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "EXPIRE_AT_ONCE", 2)
    w = world(tickets=5, raw={"keep_days": 3})
    w.now = START + timedelta(days=3)
    assert w.clock.tick() == 0
    w.now += timedelta(seconds=1)
    assert w.clock.tick() == 5
    assert (count(w, schema.raw), count(w, schema.messages)) == (0, 5)


def test_zero_keeps_raw_messages_for_ever(world: Callable[..., Any]) -> None:
    w = world(raw={"keep_days": 0})
    w.now = START + timedelta(days=10_000)
    w.clock.tick()
    assert count(w, schema.raw) == 1


def test_run_goes_on_when_the_database_is_away(
    world: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    w = world()
    monkeypatch.setattr(room, "TICK_SECONDS", 0.01)
    stop, ticks = threading.Event(), itertools.count()

    def tick() -> int:
        if next(ticks) == 3:
            stop.set()
        raise Transient("away")

    monkeypatch.setattr(w.clock, "tick", tick)
    w.clock.run(stop)
    assert next(ticks) == 4


def test_keys_whose_tokens_have_all_expired_go(world: Callable[..., Any]) -> None:
    w = world(gateway={"token_days": 10})
    with w.store.writing() as conn:
        keys.rotate(conn, START + timedelta(days=1))
    for day, left in ((11, 2), (12, 1), (400, 1)):
        w.now = START + timedelta(days=day)
        w.clock.forget_keys()
        assert count(w, schema.keys) == left, day
