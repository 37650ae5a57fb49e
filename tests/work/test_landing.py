"""Landing: effects and ledger together, a savepoint a mail, decisions that see the mails before them (1.2, 1.4)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from mailgate import landing as room
from mailgate import people_file
from mailgate.config import Config
from mailgate.errors import Transient, Unavailable
from mailgate.landing import Job, Landing
from mailgate.mail.parse import parse
from mailgate.model import Envelope
from mailgate.store import chores, keys, messages, people
from mailgate.store.engine import Store

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
PEOPLE = {"teams": [{"name": "support", "address": "team@example.com", "categories": ["general"]}]}
_ids = itertools.count(1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.model_validate({"data_dir": tmp_path})


@pytest.fixture
def store(store: Store) -> Store:
    """On both databases, with a key and a team."""
    with store.writing() as conn:
        keys.ensure(conn, NOW)
        people.sync(conn, people_file.check(PEOPLE, "people.toml"))
    return store


@pytest.fixture
def land(config: Config, store: Store) -> Landing:
    serial = itertools.count(1_000_000)
    return Landing(config, store, "spool-1", lambda: next(serial), lambda: NOW)


def job(
    subject: str = "Trouble", sender: str = "bob@b.example", body: str = "Help", more: str = "", id: str = ""
) -> Job:
    number = next(_ids)
    raw = (
        f"From: {sender}\r\nTo: support@example.com\r\nSubject: {subject}\r\nMessage-ID: <{number}@b.example>\r\n"
        f"Date: Mon, 02 Nov 2026 10:00:00 +0000\r\n{more}\r\n{body} {number}\r\n"
    ).encode()
    envelope = Envelope(id or f"id-{number}", NOW, "smtp", sender, ("support@example.com",), peer="127.0.0.1")
    return Job(envelope, raw, parse(raw))


def count(store: Store, table: str) -> int:
    with store.reading() as conn:
        return int(conn.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def outcomes(store: Store, *jobs: Job) -> list[tuple[str, int | None]]:
    """Outcome and ticket of each; tickets are numbered from 1 in the order in which they appear here."""
    numbers: dict[int | None, int | None] = {None: None}
    with store.reading() as conn:
        rows = [messages.get(conn, each.id) for each in jobs]
    return [(row.outcome, numbers.setdefault(row.ticket_id, len(numbers))) for row in rows]


def test_a_mail_becomes_a_ticket_with_its_ledger_row_raw_and_notices(store: Store, land: Landing) -> None:
    mail = job()
    assert land.land([mail]) == []
    assert outcomes(store, mail) == [("ticket", 1)]
    assert [count(store, name) for name in ("tickets", "comments", "raw", "outbox")] == [1, 1, 1, 2]


def test_a_second_run_over_the_same_id_does_nothing(store: Store, land: Landing) -> None:
    mail = job()
    land.land([mail])
    assert land.land([mail, mail]) == []
    assert [count(store, name) for name in ("tickets", "messages", "outbox")] == [1, 1, 2]


def test_each_decision_sees_the_mails_before_it_in_the_batch(store: Store, land: Landing) -> None:
    first = job()
    again = Job(
        first.envelope.__class__(**{**_fields(first.envelope), "id": "again"}), first.raw, first.parsed
    )
    known_thread = job("Re: Trouble", more=f"In-Reply-To: {first.parsed.message_id}\r\n")
    assert land.land([first, again, known_thread]) == []
    assert outcomes(store, first, again, known_thread) == [("ticket", 1), ("duplicate", None), ("comment", 1)]


def _fields(envelope: Envelope) -> dict[str, Any]:
    return {name: getattr(envelope, name) for name in envelope.__slots__}


def breaking(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, error: Callable[[], Exception], marks: str
) -> list[int]:
    """`where.name` raises for the mails whose decision has `marks` in its title, before it does its work."""
    original = getattr(where, name)
    hits: list[int] = []

    def wrapped(conn: Any, decision: Any, *arguments: Any, **named: Any) -> Any:
        if decision.new_ticket and marks in decision.new_ticket.title:
            hits.append(1)
            original(conn, decision, *arguments, **named)  # half of the work is done when it breaks
            raise error()
        return original(conn, decision, *arguments, **named)

    monkeypatch.setattr(where, name, wrapped)
    return hits


def test_a_mail_that_fails_leaves_nothing_behind_and_the_others_land(
    store: Store, land: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch, room.tickets, "apply", lambda: ValueError("no"), "bad")
    mails = [job("good"), job("bad"), job("good")]
    failed = land.land(mails)
    assert [(each.job, str(each.error)) for each in failed] == [(mails[1], "no")]
    assert outcomes(store, mails[0], mails[2]) == [("ticket", 1), ("ticket", 2)]
    assert [count(store, name) for name in ("messages", "raw", "comments")] == [2, 2, 2]


def test_a_mail_whose_questions_fail_is_named_too(
    store: Store, land: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = room.questions

    def questions(envelope: Envelope, parsed: Any, *rest: Any) -> Any:
        if parsed.subject == "bad":
            raise KeyError("x")
        return original(envelope, parsed, *rest)

    monkeypatch.setattr(room, "questions", questions)
    mails = [job("good"), job("bad")]
    assert [each.job for each in land.land(mails)] == [mails[1]]
    assert outcomes(store, mails[0]) == [("ticket", 1)]


def test_a_conflict_is_decided_again(store: Store, land: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = iter([IntegrityError("x", {}, Exception("taken")), None])
    original = room.tickets.apply

    def apply(*arguments: Any, **named: Any) -> Any:
        applied = original(*arguments, **named)
        if error := next(errors):
            raise error
        return applied

    monkeypatch.setattr(room.tickets, "apply", apply)
    assert land.land([job()]) == []
    assert [count(store, name) for name in ("tickets", "messages", "comments")] == [1, 1, 1]


def test_a_conflict_that_stays_is_that_mails_failure(
    store: Store, land: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits = breaking(
        monkeypatch, room.tickets, "apply", lambda: IntegrityError("x", {}, Exception("taken")), "bad"
    )
    mails = [job("bad"), job("good")]
    assert [each.job for each in land.land(mails)] == [mails[0]]
    assert len(hits) == 1 + 3, "with the batch, then three times alone"
    assert count(store, "tickets") == 1


@pytest.mark.parametrize(
    "error", [OperationalError("x", {}, Exception("connection lost")), Transient("away"), Unavailable("gone")]
)
def test_our_trouble_takes_the_whole_batch_back(
    store: Store, land: Landing, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    breaking(monkeypatch, room.tickets, "apply", lambda: error, "bad")
    with pytest.raises((Transient, Unavailable)):
        land.land([job("good"), job("bad"), job("good")])
    assert [count(store, name) for name in ("tickets", "messages", "outbox")] == [0, 0, 0]


def test_a_transaction_that_the_disk_ended_is_not_gone_on_with(
    store: Store, land: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite rolls a transaction back by itself when the disk is full; what came after would commit by itself."""
    original = room.tickets.apply

    def apply(conn: Any, decision: Any, **named: Any) -> Any:
        if "full" in decision.new_ticket.title:
            conn.connection.cursor().execute("ROLLBACK")
            raise ValueError("database or disk is full")
        return original(conn, decision, **named)

    monkeypatch.setattr(room.tickets, "apply", apply)
    with pytest.raises(Transient, match="transaction is gone"):
        land.land([job("good"), job("full"), job("good")])
    assert [count(store, name) for name in ("tickets", "messages")] == [0, 0]
    monkeypatch.undo()
    assert land.land([job("good")]) == []


def test_a_mail_is_quarantined_once_with_its_error_and_its_bytes(store: Store, land: Landing) -> None:
    mail = job()
    land.quarantine(mail, "ValueError: no")
    land.quarantine(mail, "ValueError: no")
    assert outcomes(store, mail) == [("quarantined", None)]
    with store.reading() as conn:
        assert messages.get(conn, mail.id).error == "ValueError: no"
    assert [count(store, name) for name in ("raw", "tickets", "outbox")] == [1, 0, 0]


def test_what_landed_is_not_quarantined_afterwards(store: Store, land: Landing) -> None:
    mail = job()
    land.land([mail])
    land.quarantine(mail, "late")
    assert outcomes(store, mail) == [("ticket", 1)]


def test_without_a_key_nothing_lands(config: Config, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/empty.db")
    store.upgrade()
    with pytest.raises(Unavailable, match="no key"):
        Landing(config, store, "s", lambda: 1).land([job()])
    store.close()


# ---------------------------------------------------------------- store.chores


def test_a_savepoint_keeps_what_ends_well_and_undoes_the_rest(store: Store) -> None:
    with store.writing() as conn:
        conn.execute(text("CREATE TEMPORARY TABLE t (n INTEGER PRIMARY KEY)"))
        with chores.savepoint(conn):
            conn.execute(text("INSERT INTO t VALUES (1)"))
        with pytest.raises(ZeroDivisionError), chores.savepoint(conn):
            assert conn.execute(text("INSERT INTO t VALUES (2)")).rowcount / 0
        with pytest.raises(IntegrityError), chores.savepoint(conn):
            conn.execute(text("INSERT INTO t VALUES (1)"))
        with chores.savepoint(conn):
            conn.execute(text("INSERT INTO t VALUES (3)"))
        assert conn.scalars(text("SELECT n FROM t ORDER BY n")).all() == [1, 3]
        conn.execute(text("DROP TABLE t"))


def test_claims_of_a_dead_courier_are_free_at_once(store: Store, land: Landing) -> None:
    from mailgate.store import outbox

    land.land([job()])
    with store.writing() as conn:
        assert len(outbox.claim(conn, NOW, 10, timedelta(hours=1), lambda *_: None)) == 2
        assert outbox.claim(conn, NOW, 10, timedelta(hours=1), lambda *_: None) == []
        assert chores.release_claims(conn, NOW) == 2
        again = outbox.claim(conn, NOW, 10, timedelta(hours=1), lambda *_: None)
    assert [row.attempts for row in again] == [2, 2]
