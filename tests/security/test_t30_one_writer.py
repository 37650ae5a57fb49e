"""T30: SQLite lets one write at a time, and who waits may starve. One process writes, one transaction after the other; the door
has a spool of its own and says 452 when it is full, so that no stranger makes the writer wait."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from security.desk import BOB, Desk, written
from sqlalchemy import text

from mailgate.app import outbox_id
from mailgate.errors import Unavailable
from mailgate.landing import Job, Landing
from mailgate.locks import Lock
from mailgate.mail.parse import parse
from mailgate.model import Envelope
from mailgate.store.engine import Store

THREADS, TURNS = 8, 12


def test_everybody_gets_a_turn(desk: Desk) -> None:
    """Writers of one process wait for each other, not for SQLite: no turn is lost and none ends in "database is locked"."""
    failed: list[BaseException] = []
    begin = threading.Barrier(THREADS)
    with desk.store.writing() as conn:
        conn.execute(text("CREATE TABLE turns (who INTEGER, turn INTEGER)"))

    def work(who: int) -> None:
        begin.wait(30)
        try:
            for turn in range(TURNS):
                with desk.store.writing() as conn:
                    conn.execute(text("INSERT INTO turns VALUES (:who, :turn)"), {"who": who, "turn": turn})
        except BaseException as e:
            failed.append(e)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failed == []
    with desk.store.reading() as conn:
        rows = conn.execute(text("SELECT who, count(*) FROM turns GROUP BY who ORDER BY who")).all()
    assert [tuple(row) for row in rows] == [(who, TURNS) for who in range(THREADS)]


def test_who_reads_does_not_keep_the_writer_waiting(desk: Desk) -> None:
    """Readers have a snapshot (WAL): mail lands while somebody looks for as long as he likes."""
    desk.opened(BOB)
    with desk.store.reading() as slow:
        before = slow.scalar(text("SELECT count(*) FROM tickets"))
        assert desk.write(BOB, "Another", believed=True).outcome == "ticket"
        assert slow.scalar(text("SELECT count(*) FROM tickets")) == before
    assert desk.count("tickets") == before + 1


def test_a_second_writer_is_refused_at_the_door(tmp_path: Path) -> None:
    first = Lock(tmp_path / "locks", "writer")
    with pytest.raises(Unavailable, match="another mailgate"):
        Lock(tmp_path / "locks", "writer")
    first.release()


def test_the_shell_and_the_worker_share_the_file(desk: Desk) -> None:
    """A command of the operator's is another process with a store of its own: both end, whoever comes first."""
    other = Store(desk.config.database_url)
    landing = Landing(desk.config, other, "other", outbox_id, lambda: desk.now)
    failed: list[object] = []

    def work(name: str, room: Landing) -> None:
        for n in range(TURNS):
            raw = written(BOB, f"{name} {n}", f"{name} {n}\n", believed=True)
            job = Job(
                Envelope(f"{name}-{n}", desk.now, "smtp", BOB, ("support@example.com",), "127.0.0.1"),
                raw,
                parse(raw),
            )
            try:
                failed.extend(room.land([job]))
            except Exception as e:
                failed.append(e)

    threads = [threading.Thread(target=work, args=pair) for pair in (("a", desk.landing), ("b", landing))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    other.close()
    assert failed == []
    assert desk.count("tickets") == 2 * TURNS
