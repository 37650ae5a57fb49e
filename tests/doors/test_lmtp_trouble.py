"""LMTP with our own trouble (RFC 2033 section 4.2): behind the dot each recipient that was let in hears "try again", whatever it
is, and the mail is taken once it is over. A real spool, also on a disk that is full."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doors.listener import Listener, codes, eventually

from mailgate.config import Spool as Settings
from mailgate.spool import Spool

Listen = Callable[..., Listener]
ENVELOPE = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\nRCPT TO:<no@example.com>\r\n"
ENVELOPE += b"RCPT TO:<support+x@example.com>\r\nDATA\r\n"
REFUSED = ["250", "250", "550", "250", "354"]  # up to DATA; the recipient in the middle hears no more


def hand(listener: Listener, body: bytes = b"Subject: x\r\n\r\nx\r\n") -> list[str]:
    """The codes behind the dot."""
    said = codes(listener.talk(b"LHLO c\r\n", ENVELOPE, body, b".\r\nQUIT\r\n", seconds=30))
    assert said[:6] == ["250", *REFUSED]
    assert said[-1] == "221"
    return said[6:-1]


@pytest.fixture
def spools() -> Iterator[Callable[..., Spool]]:
    made: list[Spool] = []

    def make(path: Path, **settings: int) -> Spool:
        made.append(Spool(path, Settings(**{"min_free": 0, **settings})))
        return made[-1]

    yield make
    for spool in made:
        spool.close()


@pytest.mark.parametrize(
    ("settings", "answers"),
    [
        ({"max_messages": 1}, [["250", "250"], ["452", "452"]]),
        ({"max_bytes": 1_000_000}, [["250", "250"], ["452", "452"]]),
        ({"min_free": 1 << 60}, [["452", "452"], ["452", "452"]]),
    ],
    ids=["messages", "bytes", "the disk is almost full"],
)
def test_no_room_by_the_settings(
    listen: Listen,
    spools: Callable[..., Spool],
    tmp_path: Path,
    settings: dict[str, int],
    answers: list[list[str]],
) -> None:
    listener = listen(spool=spools(tmp_path / "spool.db", **settings), door="lmtp")
    body = (b"x" * 900 + b"\r\n") * 700
    assert [hand(listener, body) for _ in range(2)] == answers


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", place]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no mount here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk(listen: Listen, spools: Callable[..., Spool], disk: Path) -> None:
    listener = listen(spool=spools(disk / "spool.db"), door="lmtp")
    body = b"y" * 990 + b"\r\n"
    answers = [hand(listener, body * 500) for _ in range(8)]
    assert answers[0] == ["250", "250"]
    assert answers[-1] == ["452", "452"]
    subprocess.run(["mount", "-o", "remount,size=30m", disk], check=True)
    assert hand(listener, body * 500) == ["250", "250"]


def test_the_spool_is_closed(listen: Listen, spools: Callable[..., Spool], tmp_path: Path) -> None:
    spool = spools(tmp_path / "spool.db")
    listener = listen(spool=spool, door="lmtp")
    spool.close()
    assert hand(listener) == ["451", "451"]


def test_stopping_answers_each_recipient_of_the_mails_in_hand(listen: Listen) -> None:
    """One that waits for its commit, and one that is still coming; then 421."""
    listener = listen(door="lmtp")
    listener.gap = 0.5
    idle, busy, sending = (listener.connect() for _ in range(3))
    for sock in (idle, busy, sending):
        sock.recv(99)
    busy.sendall(b"LHLO c\r\n" + ENVELOPE + b"x\r\n.\r\n")
    sending.sendall(b"LHLO c\r\n" + ENVELOPE + b"y")
    assert eventually(lambda: listener.server.door.gate.in_flight > 3)
    drained = threading.Thread(target=listener.call, args=(listener.server.drain(5),))
    drained.start()
    assert idle.recv(99).startswith(b"421 4.3.2")
    sending.sendall(b"\r\n.\r\n")
    for sock in (busy, sending):
        received = b""
        while chunk := sock.recv(999):
            received += chunk
        assert codes(received)[1:] == [*REFUSED, "250", "250", "421"]
        sock.close()
    idle.close()
    drained.join(30)
    assert len(listener.mails) == 2
