"""250 means: on stable storage. Every "queued" that leaves the listener has, between the end of its mail and itself,
a write to the spool's log and after that a sync of it which came back (1.1). Seen from outside, by strace."""

from __future__ import annotations

import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent
CALLS = "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync"
RECEIVE, SEND, SYNC = (
    ("read", "readv", "recvfrom", "recvmsg"),
    ("write", "writev", "sendto", "sendmsg"),
    ("fsync", "fdatasync"),
)
LOG = "spool.db-wal"
MUTANT = "import sys; sys.path.insert(0, {folder!r}); import mutants; mutants.ack_before_commit(); from mailgate.cli import main; main()"


@dataclass
class Call:
    """One system call: when it began and when it came back, as line numbers of the trace."""

    name: str
    file: str  # what its descriptor is
    text: str
    begun: int
    back: int


def read(trace: str) -> list[Call]:
    """The calls of a trace of `strace -f -y`, in the order in which they began; interrupted lines joined."""
    calls: list[Call] = []
    open_: dict[str, Call] = {}
    for number, line in enumerate(trace.splitlines()):
        pid, _, rest = line.partition(" ")
        rest = rest.strip()
        if match := re.match(r"<\.\.\. \w+ resumed>(.*)", rest):
            call = open_.pop(pid, None)
            if call is not None:
                call.text += match[1]
                call.back = number
        elif match := re.match(r"(\w+)\(\d+<(.*?)>(?=[,)\s])(.*)", rest):
            call = Call(match[1], match[2], match[3], number, number)
            calls.append(call)
            if rest.endswith("<unfinished ...>"):
                open_[pid] = call
    return calls


def unsafe(calls: list[Call]) -> tuple[int, list[str]]:
    """How many "queued" replies there are, and those that nothing on disk stood behind."""
    ended: dict[str, int] = {}  # socket -> where the last end of a mail came in
    replies, wrong = 0, []
    for call in calls:
        if call.name in RECEIVE and r"\r\n.\r\n" in call.text:
            ended[call.file] = call.back
        elif call.name in SEND and "250 2.0.0 Ok: queued" in call.text:
            replies += 1
            since = ended[call.file]
            writes = [
                c.back for c in calls if c.name in (*SEND, "pwrite64") and LOG in c.file and c.begun > since
            ]
            syncs = [
                c
                for c in calls
                if c.name in SYNC and LOG in c.file and c.back < call.begun and c.text.endswith("= 0")
            ]
            if not any(write < sync.begun for write in writes[:1] for sync in syncs):
                wrong.append(call.text[:200])
    return replies, wrong


def traced(folder: Path, program: list[str]) -> tuple[int, list[str]]:
    """Run the listener under strace while mail comes in by one and by many connections."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    ours, theirs = os.pipe()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAILGATE_")} | {
        "PYTHONPATH": str(ROOT),
        "MAILGATE_DATA_DIR": str(folder / "var"),
        "MAILGATE_SMTP__PORT": str(port),
        "_MAILGATE_READY_FD": str(theirs),
    }
    trace = folder / "trace"
    strace = ["strace", "-f", "-y", "-s", "4096", "-e", f"trace={CALLS}", "-o", str(trace)]
    process = subprocess.Popen(
        [*strace, *program, "serve", "--role", "listen"], env=environment, cwd=folder, pass_fds=(theirs,)
    )
    os.close(theirs)
    try:
        assert os.read(ours, 100), "the listener does not start under strace"
        send(port, 5)
        threads = [threading.Thread(target=send, args=(port, 5)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        os.close(ours)
        process.send_signal(signal.SIGTERM)  # strace hands it on
        listener = int((folder / "var" / "locks" / "listen.lock").read_text() or 0)
        if listener:
            os.kill(listener, signal.SIGTERM)
        process.wait(60)
    return unsafe(read(trace.read_text("utf-8", "replace")))


def send(port: int, mails: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        for n in range(mails):
            smtp.sendmail(
                "a@b.example", "support@example.com", f"From: a@b.example\r\nSubject: {n}\r\n\r\nHelp\r\n"
            )


def test_a_sync_comes_back_before_every_250(tmp_path: Path) -> None:
    replies, wrong = traced(tmp_path, [sys.executable, "-m", "mailgate"])
    assert replies == 35
    assert wrong == []


def test_the_check_sees_a_250_that_comes_too_early(tmp_path: Path) -> None:
    code = MUTANT.format(folder=str(Path(__file__).parent))
    replies, wrong = traced(tmp_path, [sys.executable, "-c", code])
    assert replies == 35
    assert wrong


WAL, PEER = "/v/spool.db-wal", "TCP:[a->b]"
END = Call("read", PEER, r'"Help\r\n.\r\n", 100) = 10', 1, 1)
OK = Call("write", PEER, '"250 2.0.0 Ok: queued as 1"', 9, 9)
WRITE = Call("pwrite64", WAL, ") = 10", 2, 2)
SYNCED = Call("fdatasync", WAL, ") = 0", 3, 4)


@pytest.mark.parametrize(
    ("calls", "safe"),
    [
        ([END, WRITE, SYNCED, OK], True),
        ([END, WRITE, OK], False),
        ([END, SYNCED, OK], False),
        ([WRITE.__class__("pwrite64", WAL, "", 0, 0), END, SYNCED, OK], False),
        ([END, WRITE, Call("fdatasync", WAL, ") = 0", 3, 10), OK], False),
        ([END, WRITE, Call("fdatasync", WAL, ") = -1 EIO", 3, 4), OK], False),
        ([END, WRITE, Call("fdatasync", "/v/mailgate.db-wal", ") = 0", 3, 4), OK], False),
        ([END, Call("pwrite64", WAL, "", 5, 5), SYNCED, OK], False),
    ],
    ids=[
        "in order",
        "no sync",
        "no write",
        "write before the mail",
        "sync under way",
        "sync failed",
        "other file",
        "write after sync",
    ],
)
def test_the_judge(calls: list[Call], safe: bool) -> None:
    replies, wrong = unsafe(calls)
    assert replies == 1
    assert (wrong == []) == safe


def test_the_reader_joins_calls_that_others_interrupted() -> None:
    trace = (
        "10 fdatasync(7</v/spool.db-wal> <unfinished ...>\n"
        '11 read(9<socket:[123]>, "x", 10) = 1\n'
        "10 <... fdatasync resumed>)          = 0\n"
        '11 write(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "y", 1) = 1\n'
        "11 +++ exited with 0 +++\n"
    )
    calls = read(trace)
    assert [(c.name, c.file, c.begun, c.back) for c in calls] == [
        ("fdatasync", "/v/spool.db-wal", 0, 2), ("read", "socket:[123]", 1, 1),
        ("write", "TCP:[127.0.0.1:1->127.0.0.1:2]", 3, 3),
    ]  # fmt: skip
    assert calls[0].text.endswith("= 0")
