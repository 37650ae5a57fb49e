"""The spool: accepted means on disk, in order, counted, exactly as it came (rules 1.1, 1.4, 1.5)."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pysqlite3 import dbapi2 as sqlite

from mailgate.config import Spool as Settings
from mailgate.errors import Full, NewerDatabase, Transient, Unavailable
from mailgate.model import Envelope
from mailgate.spool import Spool, SpoolReader, envelopes, file

NOW = datetime(2026, 11, 23, 4, 5, 6, 789, tzinfo=UTC)
ENVELOPE = Envelope("", NOW, "smtp", "a@example.org", ("support@example.com",), peer="192.0.2.1", helo="c")
ROOMY = Settings(min_free=0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    spool = Spool(path, ROOMY)
    yield spool
    spool.close()


def submit(spool: Spool, raw: bytes = b"x\r\n", envelope: Envelope = ENVELOPE) -> Future[str]:
    future: Future[str] = Future()

    def done(answer: str | Exception) -> None:
        if isinstance(answer, str):
            future.set_result(answer)
        else:
            future.set_exception(answer)

    spool.submit(envelope, raw, done)
    return future


def accept(spool: Spool, raw: bytes = b"x\r\n", envelope: Envelope = ENVELOPE) -> str:
    return submit(spool, raw, envelope).result(20)


# ---------------------------------------------------------------- what goes in comes out


def test_bytes_and_envelope_as_they_came(spool: Spool, path: Path) -> None:
    raw = bytes(range(256)) * 100
    full = Envelope(
        "",
        NOW,
        "lmtp",
        "",
        ("é@x", "b\udcff@y"),
        "::1",
        "héllo",
        tls=True,
        auth_user="u",
        auth_addresses=("a", "b"),
        smtputf8=True,
    )
    ids = [accept(spool, raw, full), accept(spool, b"")]
    reader = SpoolReader(path)
    rows = reader.take(0, 10, 1 << 20)
    assert [row.envelope.id for row in rows] == ids
    assert [row.raw for row in rows] == [raw, b""]
    assert rows[0].envelope == Envelope(ids[0], *[getattr(full, f) for f in Envelope.__slots__[1:]])
    assert rows[1].envelope.rcpt_to == ENVELOPE.rcpt_to
    assert (rows[0].attempts, rows[0].error, rows[0].next_try) == (0, "", None)
    reader.close()


@given(st.text(max_size=20), st.lists(st.text(max_size=10), max_size=3), st.text(max_size=5), st.booleans())
def test_any_envelope_survives(mail_from: str, rcpt_to: list[str], helo: str, tls: bool) -> None:
    envelope = Envelope("id", NOW, "smtp", mail_from, tuple(rcpt_to), helo=helo, tls=tls)
    assert envelopes.load("id", envelopes.dump(envelope)) == envelope


def test_order_of_acceptance_and_paging(spool: Spool, path: Path) -> None:
    ids = [future.result(20) for future in [submit(spool, b"%d" % n) for n in range(300)]]
    reader = SpoolReader(path)
    seen: list[str] = []
    after = 0
    while rows := reader.take(after, 7, 1 << 20):
        seen += [row.envelope.id for row in rows]
        after = rows[-1].seq
    assert seen == ids
    reader.close()


@pytest.mark.parametrize(("size", "count"), [(1, 1), (10, 1), (20, 2), (29, 2), (30, 3), (1000, 3)])
def test_take_heeds_the_bytes(spool: Spool, path: Path, size: int, count: int) -> None:
    for _ in range(3):
        accept(spool, b"0123456789")
    reader = SpoolReader(path)
    assert len(reader.take(0, 3, size)) == count
    reader.close()


def test_settling_and_sequence_numbers_never_given_twice(spool: Spool, path: Path) -> None:
    ids = [accept(spool, b"12345") for _ in range(3)]
    reader = SpoolReader(path)
    reader.settle(ids[1:])
    reader.settle([ids[1], "unknown"])
    reader.settle([])
    counts = reader.counts()
    assert (counts.accepted, counts.waiting, counts.bytes, counts.waiting_ids) == (3, 1, 5, (ids[0],))
    accept(spool)
    assert [row.seq for row in reader.take(0, 9, 99)] == [1, 4]
    reader.settle([row.envelope.id for row in reader.take(0, 9, 99)])
    spool.close()
    again = Spool(path, ROOMY)
    accept(again)
    assert [row.seq for row in reader.take(0, 9, 99)] == [5], (
        "also after everything went and the listener came anew"
    )
    assert reader.counts().accepted == 5
    again.close()
    reader.close()


def test_attempts_are_counted_across_processes(spool: Spool, path: Path) -> None:
    first, second = accept(spool), accept(spool)
    reader = SpoolReader(path)
    reader.start([first])
    reader.start([first])
    reader.postpone(first, "no luck", NOW)
    reader.postpone(second, "later", NOW)
    reader.close()
    reader = SpoolReader(path)
    rows = reader.take(0, 9, 99)
    assert [(row.attempts, row.error, row.next_try) for row in rows] == [
        (2, "no luck", NOW),
        (0, "later", NOW),
    ]
    reader.settle([first, second])
    reader.start([first])
    assert reader.take(0, 9, 99) == []
    reader.close()


@pytest.mark.parametrize("microseconds", [0, 1, 500_000])
def test_what_is_put_off_is_left_out_until_its_time(spool: Spool, path: Path, microseconds: int) -> None:
    ids = [accept(spool) for _ in range(4)]
    until = NOW + timedelta(minutes=1, microseconds=microseconds)
    elsewhere = timezone(timedelta(hours=9))
    reader = SpoolReader(path)
    reader.postpone(ids[0], "", until)
    reader.postpone(ids[2], "", until.astimezone(elsewhere))
    reader.start([ids[3]])

    def taken(due: datetime | None) -> list[str]:
        return [row.envelope.id for row in reader.take(0, 2, 99, due)]

    assert taken(until - timedelta(microseconds=1)) == [ids[1], ids[3]]
    assert taken(until.astimezone(elsewhere)) == taken(until) == taken(None) == ids[:2]
    reader.close()


def test_the_spool_has_an_id_of_its_own(tmp_path: Path) -> None:
    one, two = Spool(tmp_path / "1.db", ROOMY), Spool(tmp_path / "2.db", ROOMY)
    assert one.id != two.id
    one.close()
    reader = SpoolReader(tmp_path / "1.db")
    assert reader.id == one.id
    two.close()
    reader.close()


def test_the_reader_may_come_first(path: Path) -> None:
    reader = SpoolReader(path)
    assert reader.take(0, 1, 1) == []
    spool = Spool(path, ROOMY)
    assert spool.id == reader.id
    accept(spool)
    assert reader.counts().waiting == 1
    spool.close()
    reader.close()


def test_only_we_may_read_it(spool: Spool, path: Path) -> None:
    accept(spool)
    assert {os.stat(p).st_mode & 0o777 for p in path.parent.iterdir()} == {0o600}


# ---------------------------------------------------------------- limits


def test_limit_on_messages(path: Path) -> None:
    spool = Spool(path, Settings(max_messages=2, min_free=0))
    answers = [f.exception(20) for f in [submit(spool) for _ in range(4)]]
    assert [type(a) for a in answers] == [type(None), type(None), Full, Full]
    assert "max_messages" in str(answers[2])
    reader = SpoolReader(path)
    assert reader.counts().accepted == 2
    reader.settle([reader.take(0, 1, 1)[0].envelope.id])
    accept(spool)
    spool.close()
    reader.close()


def test_limit_on_bytes_lets_a_smaller_one_through(path: Path) -> None:
    spool = Spool(path, Settings(max_bytes=1_000_000, min_free=0))
    accept(spool, bytes(900_000))
    with pytest.raises(Full, match="max_bytes"):
        accept(spool, bytes(100_001))
    accept(spool, bytes(100_000))
    spool.close()


def test_limit_on_free_disk(path: Path) -> None:
    spool = Spool(path, Settings(min_free=1 << 60))
    with pytest.raises(Full, match="min_free"):
        accept(spool)
    spool.close()
    reader = SpoolReader(path)
    assert reader.counts() == type(reader.counts())(0, 0, 0, ())
    reader.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_full_disk(tmp_path: Path) -> None:
    """A full disk is Full, nothing is damaged, and it goes on once there is room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk], capture_output=True
    ).returncode:
        pytest.skip("no mount here")
    try:
        spool = Spool(disk / "spool.db", ROOMY)
        good: list[str] = []
        while len(good) < 100:
            try:
                good.append(accept(spool, os.urandom(100_000)))
            except Full:
                break
        assert 3 < len(good) < 40
        with pytest.raises(Full):
            accept(spool, os.urandom(1_000_000))
        subprocess.run(["mount", "-o", "remount,size=30m", disk], check=True)
        good.append(accept(spool, b"again"))
        spool.close()
        reader = SpoolReader(disk / "spool.db")
        assert reader.counts().waiting_ids == tuple(good)
        assert reader.counts().accepted == len(good)
        reader.close()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


LIMITED = """
import resource, signal, sys, pathlib
from mailgate.config import Spool as Settings
from mailgate.spool import Spool
from mailgate.model import Envelope
from datetime import datetime, UTC
spool = Spool(pathlib.Path(sys.argv[1]), Settings(min_free=0))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
import threading
def put(raw):
    event, answers = threading.Event(), []
    spool.submit(Envelope("", datetime.now(UTC), "smtp", "", ()), raw, lambda a: (answers.append(a), event.set()))
    event.wait(20)
    return type(answers[0]).__name__
got = [put(b"small"), put(bytes(1_000_000))]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
got.append(put(b"small"))
spool.close()
print(*got, flush=True)
"""


def test_a_limit_on_the_file_is_try_again(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, timeout=60)
    words = done.stdout.splitlines()[-1].split()
    assert words == ["str", "Transient", "Transient"], "an I/O error: nothing more until a new start"
    spool = Spool(path, ROOMY)
    accept(spool, b"anew")
    spool.close()
    reader = SpoolReader(path)
    assert [row.raw for row in reader.take(0, 9, 99)] == [b"small", b"anew"]
    reader.close()


# ---------------------------------------------------------------- durability


def test_the_answer_comes_after_the_sync(path: Path) -> None:
    """250 only after fsync: in the calls of the kernel, a sync of the WAL stands between the write and the answer."""
    if not shutil.which("strace"):
        pytest.fail("strace is missing: `make tools` installs it")
    script = BOILERPLATE + "for n in range(5):\n    put(b'mail %d' % n)\n    os.write(2, b'ANSWERED')\n"
    trace = path.parent / "trace"
    command = [
        "strace",
        "-f",
        "-y",
        "-e",
        "trace=fsync,fdatasync,pwrite64,write",
        "-o",
        trace,
        sys.executable,
        "-c",
        script,
        path,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    state = "start"
    answers = 0
    for line in trace.read_text("utf-8", "replace").splitlines():
        if "pwrite64(" in line and "spool.db-wal" in line:
            state = "written"
        elif ("sync(" in line and "spool.db-wal" in line) or ("sync resumed" in line and state == "written"):
            state = "synced"
        elif "ANSWERED" in line:
            assert state == "synced", line
            answers += 1
            state = "answered"
    assert answers == 5


BOILERPLATE = """
import os, pathlib, sys, threading
from datetime import datetime, UTC
from mailgate.config import Spool as Settings
from mailgate.model import Envelope
from mailgate.spool import Spool
fatal = []
spool = Spool(pathlib.Path(sys.argv[1]), Settings(min_free=0), on_fatal=fatal.append)
def put(raw):
    event, answers = threading.Event(), []
    spool.submit(Envelope("", datetime.now(UTC), "smtp", "", ()), raw, lambda a: (answers.append(a), event.set()))
    assert event.wait(20)
    return answers[0]
"""


def test_a_failed_sync_ends_the_spool(path: Path) -> None:
    """After EIO from fsync nothing is believed any more: Transient to all, once on_fatal; a new process goes on."""
    if not shutil.which("strace"):
        pytest.fail("strace is missing: `make tools` installs it")
    Spool(path, ROOMY).close()
    script = BOILERPLATE + (
        "got = [type(put(b'%d' % n)).__name__ for n in range(12)]\nspool.close()\nprint(*got, len(fatal), flush=True)\nos._exit(0)"
    )
    inject = "inject=fsync,fdatasync:error=EIO:when=6+"  # counted by thread
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, sys.executable, "-c", script, path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    words = done.stdout.splitlines()[-1].split()
    good = words.index("Transient")
    assert good >= 1
    assert words == ["str"] * good + ["Transient"] * (12 - good) + ["1"]
    reader = SpoolReader(path)
    raws = [row.raw for row in reader.take(0, 99, 999)]
    assert raws[:good] == [b"%d" % n for n in range(good)], "what was answered is there"
    reader.close()


def pour(path: str, pipe: Any) -> None:
    """A process that tells each id through a pipe only after the spool has answered."""
    spool = Spool(Path(path), ROOMY)
    lock = threading.Lock()

    def done(answer: str | Exception) -> None:
        with lock:
            pipe.send(answer)

    for n in range(100_000):
        spool.submit(ENVELOPE, b"%d" % n * 100, done)
        if n % 50 == 0:
            time.sleep(0.002)


@pytest.mark.parametrize("round_", range(3))
def test_kill_9_loses_nothing_that_was_answered(path: Path, round_: int) -> None:
    receive, send = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=pour, args=(str(path), send))
    process.start()
    send.close()
    answered = [receive.recv() for _ in range(500 + 131 * round_)]
    os.kill(process.pid or 0, signal.SIGKILL)
    try:
        while receive.poll(0.2):
            answered.append(receive.recv())
    except (EOFError, OSError):
        pass
    process.join()
    reader = SpoolReader(path)
    counts = reader.counts()
    assert set(answered) <= set(counts.waiting_ids)
    assert counts.accepted == counts.waiting == len(set(counts.waiting_ids))
    assert [row.seq for row in reader.take(0, 10**6, 1 << 40)] == list(range(1, counts.accepted + 1))
    reader.close()


@pytest.mark.parametrize("point", ["before_insert", "before_commit", "after_commit"])
def test_killed_at_each_step(path: Path, point: str) -> None:
    script = BOILERPLATE + "for n in range(9): print(put(b'x'), flush=True)\n"
    environment = {**os.environ, "MAILGATE_FAILPOINT": f"spool.{point}:kill:4"}
    done = subprocess.run(
        [sys.executable, "-c", script, path], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    answered = done.stdout.split()
    assert len(answered) == 3
    reader = SpoolReader(path)
    counts = reader.counts()
    assert counts.waiting_ids[:3] == tuple(answered)
    assert counts.accepted == counts.waiting == (4 if point == "after_commit" else 3)
    reader.close()


def test_a_bug_in_a_commit_is_transient_and_undone(path: Path) -> None:
    script = BOILERPLATE + "print(*[type(put(b'x')).__name__ for n in range(4)], len(fatal))\nspool.close()"
    environment = {**os.environ, "MAILGATE_FAILPOINT": "spool.before_commit:raise:2"}
    done = subprocess.run(
        [sys.executable, "-c", script, path], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1].split() == ["str", "Transient", "str", "str", "0"]
    reader = SpoolReader(path)
    assert reader.counts().accepted == reader.counts().waiting == 3
    reader.close()


def test_group_commit(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever queued up while a commit ran goes into the next one: far fewer commits than mails."""
    commits: list[int] = []
    real = spool._commit

    def slow(batch: list[Any]) -> Any:
        commits.append(len(batch))
        time.sleep(0.05)
        return real(batch)

    monkeypatch.setattr(spool, "_commit", slow)
    for future in [submit(spool) for _ in range(400)]:
        future.result(20)
    assert sum(commits) == 400
    assert len(commits) <= 5
    assert max(commits) <= 256, "the cap of one commit"


def test_close_commits_what_is_queued(path: Path) -> None:
    spool = Spool(path, ROOMY)
    futures = [submit(spool, bytes(100_000)) for _ in range(200)]
    spool.close()
    spool.close()
    assert len({future.result(0) for future in futures}) == 200
    with pytest.raises(Transient, match="closed"):
        submit(spool).result(0)
    assert not path.with_name("spool.db-wal").exists()


def test_synchronous_full(spool: Spool) -> None:
    """NORMAL lost a quarter of the acknowledged mail in simulated power cuts."""
    assert spool._connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert spool._connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 0


@pytest.mark.parametrize(
    ("mails", "grown"), [(3, False), (18, True)], ids=["now and then", "one behind the other"]
)
def test_the_wal_has_its_size_before_it_is_busy(spool: Spool, path: Path, mails: int, grown: bool) -> None:
    """A sync of a file that grows costs about twice as much, and a single sender waits for each."""
    for _ in range(mails):
        accept(spool)
    assert (path.with_name("spool.db-wal").stat().st_size > 30_000_000) == grown


def test_the_wal_stays_bounded(path: Path) -> None:
    spool = Spool(path, ROOMY)
    for _ in range(12):
        for future in [submit(spool, bytes(1_000_000)) for _ in range(8)]:
            future.result(20)
    assert path.with_name("spool.db-wal").stat().st_size < 80_000_000
    spool.close()


# ---------------------------------------------------------------- two processes at once


def settle_all(path: str, total: int) -> None:
    reader = SpoolReader(Path(path))
    done = 0
    while done < total:
        rows = reader.take(0, 50, 1 << 22)
        reader.start([row.envelope.id for row in rows[:1]])
        reader.settle([row.envelope.id for row in rows])
        done += len(rows)


def test_accepting_and_settling_at_once(spool: Spool, path: Path) -> None:
    worker = multiprocessing.get_context("spawn").Process(target=settle_all, args=(str(path), 3000))
    worker.start()
    for _ in range(60):
        for future in [submit(spool, bytes(8000)) for _ in range(50)]:
            future.result(20)
    worker.join(60)
    assert worker.exitcode == 0
    reader = SpoolReader(path)
    counts = reader.counts()
    assert (counts.accepted, counts.waiting, counts.bytes) == (3000, 0, 0)
    assert spool._connection.execute("SELECT waiting, bytes FROM spool").fetchone() == (0, 0), (
        "the counters agree"
    )
    assert spool._connection.execute("SELECT count(*) FROM attempt").fetchone() == (0,)
    reader.close()


def test_a_lock_of_a_moment_is_waited_for(spool: Spool, path: Path) -> None:
    other = sqlite.connect(str(path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    future = submit(spool)
    time.sleep(0.3)
    assert not future.done()
    other.execute("ROLLBACK")
    assert future.result(5)
    other.close()


def test_a_lock_that_stays_is_transient(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "BUSY_SECONDS", 0.2)
    spool = Spool(path, ROOMY)
    reader = SpoolReader(path)
    other = sqlite.connect(str(path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Transient, match="locked"):
        accept(spool)
    with pytest.raises(Transient, match="locked"):
        reader.start(["x"])
    other.execute("ROLLBACK")
    accept(spool)
    for it in (other, reader, spool):
        it.close()


# ---------------------------------------------------------------- bad input


VERSIONS = {"3.7.0": False, "3.40.1": False, "3.51.2": False, "3.51.3": True, "3.53.4": True, "3.6.23": True}


@pytest.mark.parametrize(("version", "good"), VERSIONS.items(), ids=VERSIONS)
def test_sqlite_with_the_wal_reset_bug_is_refused(version: str, good: bool) -> None:
    numbers = tuple(map(int, version.split(".")))
    if good:
        file.check_version(numbers)
    else:
        with pytest.raises(Unavailable, match="WAL-reset"):
            file.check_version(numbers)


def test_a_newer_spool_is_left_alone(path: Path) -> None:
    Spool(path, ROOMY).close()
    with sqlite.connect(str(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    for side in (lambda: Spool(path, ROOMY), lambda: SpoolReader(path)):
        with pytest.raises(NewerDatabase, match="99"):
            side()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"not a database at all, but long enough to be read as one" * 20, b"\0" * 4096],
    ids=["text", "zeros"],
)
def test_another_file_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(Unavailable, match=r"spool\.db"):
        Spool(path, ROOMY)
    assert path.read_bytes() == content


def test_another_database_is_left_alone(path: Path) -> None:
    connection = sqlite.connect(str(path))
    connection.execute("PRAGMA application_id = 7")
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    with pytest.raises(Unavailable, match="not a spool"):
        Spool(path, ROOMY)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match="data_dir"):
        Spool(tmp_path / "plain" / "spool.db", ROOMY)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("exists", [False, True], ids=["new", "existing"])
def test_a_read_only_disk(tmp_path: Path, exists: bool) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk], capture_output=True
    ).returncode:
        pytest.skip("no mount here")
    try:
        if exists:
            Spool(disk / "spool.db", ROOMY).close()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(Unavailable):
            Spool(disk / "spool.db", ROOMY)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.binary(max_size=50), st.integers(0, 20)), max_size=25))
def test_accepted_is_waiting_and_settled(tmp_path: Path, steps: list[bytes | int]) -> None:
    """Rule 1.4 over any order of accepting (bytes) and settling (which one)."""
    path = tmp_path / f"{time.monotonic_ns()}.db"
    spool, reader = Spool(path, ROOMY), SpoolReader(path)
    waiting: dict[str, bytes] = {}
    accepted = 0
    for step in steps:
        if isinstance(step, bytes):
            waiting[accept(spool, step)] = step
            accepted += 1
        elif waiting:
            gone = list(waiting)[step % len(waiting)]
            reader.settle([gone])
            del waiting[gone]
    counts = reader.counts()
    assert (counts.accepted, counts.waiting_ids) == (accepted, tuple(waiting))
    assert counts.bytes == sum(map(len, waiting.values()))
    assert {row.envelope.id: row.raw for row in reader.take(0, 99, 10**6)} == waiting
    spool.close()
    reader.close()
