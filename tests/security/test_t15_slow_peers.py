"""T15, time: a slow peer is borne as long as it keeps a pace, one that only holds on is not; a commit is never cut short."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doors.listener import (
    GOOD_LOGIN,
    HELLO,
    MAIL,
    OWN,
    RELAY,
    STRANGERS,
    USERS,
    Listener,
    codes,
    eventually,
    everything,
    listeners,
    until,
)
from pysqlite3 import dbapi2 as sqlite

from mailgate.config import Spool as SpoolSettings
from mailgate.model import Envelope
from mailgate.spool import Spool, file

Listen = Callable[..., Listener]
DATA = b"DATA\r\n"
KNOWN: dict[str, tuple[dict[str, Any], bytes]] = {
    "own device": (OWN, b""),
    "relay in front": (RELAY, b""),
    "logged in": (STRANGERS, GOOD_LOGIN),
}


class Clock:
    """The loop as a connection sees it, with hands that a test moves."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.ahead = 0.0

    def time(self) -> float:
        return self._loop.time() + self.ahead

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


class Talk:
    """A connection whose time passes as a test wants, and whose bytes have arrived when `say` returns."""

    def __init__(self, door: Listener, sock: socket.socket) -> None:
        self.door = door
        self.sock = sock
        until(sock, b"\r\n")
        (self.session,) = door.server.door.sessions
        self.session.loop = self.clock = Clock(door.loop)

    def say(self, *parts: bytes) -> None:
        async def work() -> None:
            self.session.data_received(b"".join(parts))
            while self.session.committing:
                await asyncio.sleep(0)

        self.door.call(work())

    def wait(self, seconds: float) -> None:
        """Let time pass, with the sweeps that belong to it."""

        async def work() -> None:
            end = self.clock.ahead + seconds
            while self.clock.ahead < end and not self.session.gone:
                self.clock.ahead = min(self.clock.ahead + 5, end)
                self.session.sweep(self.clock.time())

        self.door.call(work())

    @property
    def open(self) -> bool:
        return not self.session.gone and not self.session.wire.is_closing()

    def last(self) -> str:
        """The code of the last reply, once the connection is closed."""
        return codes(everything(self.sock))[-1]


@pytest.fixture
def listen() -> Iterator[Listen]:
    yield from listeners()


@contextlib.contextmanager
def talking(door: Listener) -> Iterator[Talk]:
    """A connection to a door whose own clock stands still."""
    door.call(_stop(door))
    with door.connect() as sock:
        yield Talk(door, sock)


async def _stop(door: Listener) -> None:
    door.server._timer.cancel()


# ---------------------------------------------------------------- silence

SILENT = {
    "after the greeting": b"",
    "after EHLO": HELLO,
    "in a mail's commands": HELLO + MAIL,
    "in half a command": HELLO + b"MAIL FROM:<a@exa",
    "in an endless command": HELLO + b"NOOP " + b"x" * 5000,
    "in AUTH": HELLO + b"AUTH LOGIN\r\n",
    "behind a refused mail": HELLO + MAIL + DATA + b"x" * 70_000 + b"\r\n.\r\n",
}
IN_MAIL = {
    "at its start": HELLO + MAIL + DATA,
    "in its middle": HELLO + MAIL + DATA + b"half",
    "when it is refused already": HELLO + MAIL + DATA + b"x" * 70_000,
}


@pytest.mark.parametrize("trust", [STRANGERS, RELAY, OWN], ids=["stranger", "relay", "own"])
@pytest.mark.parametrize("opening", SILENT.values(), ids=SILENT)
def test_silence_ends_a_connection(listen: Listen, opening: bytes, trust: dict[str, Any]) -> None:
    """RFC 5321 §4.5.3.2.7: after five minutes, and not before."""
    with talking(listen(trust=trust, smtp={"users": USERS, "max_size": 65_536})) as talk:
        talk.say(opening)
        talk.wait(299)
        assert talk.open
        talk.wait(6)
        assert talk.last() == "421"


@pytest.mark.parametrize("trust", [RELAY, OWN], ids=["relay", "own"])
@pytest.mark.parametrize("opening", IN_MAIL.values(), ids=IN_MAIL)
def test_silence_ends_a_mail(listen: Listen, opening: bytes, trust: dict[str, Any]) -> None:
    door = listen(trust=trust, smtp={"max_size": 65_536})
    with talking(door) as talk:
        talk.say(opening)
        talk.wait(299)
        assert talk.open
        talk.wait(6)
        assert talk.last() == "421"
        assert eventually(lambda: door.server.door.gate.inside == 0)
        assert door.server.door.gate.in_flight == 0
    assert door.mails == []


@pytest.mark.parametrize(
    "opening", [HELLO + b"NOOP ", HELLO + b"AUTH LOGIN\r\n", b""], ids=["a command", "AUTH", "the first word"]
)
def test_a_command_that_drips_in_is_silence(listen: Listen, opening: bytes) -> None:
    """Slowloris: a byte every minute says nothing; only whole commands count."""
    with talking(listen(trust=STRANGERS, smtp={"users": USERS})) as talk:
        talk.say(opening)
        for _ in range(4):
            talk.wait(60)
            talk.say(b"x")
        assert talk.open
        talk.wait(66)
        assert talk.last() == "421"


def test_noop_keeps_a_connection_for_a_quarter_of_an_hour(listen: Listen) -> None:
    """And an accepted mail for another one."""
    door = listen(trust=STRANGERS)
    with talking(door) as talk:
        talk.say(HELLO)
        for _ in range(4):
            talk.wait(220)
            talk.say(b"NOOP\r\n")
        talk.say(MAIL, DATA, b"x\r\n.\r\n")
        for _ in range(4):
            talk.wait(220)
            talk.say(b"RSET\r\n")
        assert talk.open
        talk.wait(30)
        assert b"421 4.4.2 No mail for too long" in everything(talk.sock)
    assert len(door.mails) == 1


@pytest.mark.parametrize(("trust", "login"), KNOWN.values(), ids=KNOWN)
def test_known_peers_may_keep_a_connection(listen: Listen, trust: dict[str, Any], login: bytes) -> None:
    with talking(listen(trust=trust, smtp={"users": USERS})) as talk:
        talk.say(HELLO, login)
        for _ in range(20):
            talk.wait(290)
            talk.say(b"NOOP\r\n")
        assert talk.open


# ---------------------------------------------------------------- mails that crawl in

PACES = {
    "10 KiB a second": (51_200, 5, 72),
    "the pace that is asked for": (2500, 5, 360),
    "in gulps two minutes apart": (61_000, 120, 30),
    "at once": (5_000_000, 1, 1),
}


@pytest.mark.parametrize(("size", "pause", "times"), PACES.values(), ids=PACES)
def test_a_steady_upload_comes_through(listen: Listen, size: int, pause: int, times: int) -> None:
    """However long it takes: the clock is for those who fall behind."""
    door = listen(trust=STRANGERS)
    with talking(door) as talk:
        talk.say(HELLO, MAIL, DATA)
        for _ in range(times):
            talk.wait(pause)
            talk.say(b"x" * size)
        talk.say(b"\r\n.\r\nQUIT\r\n")
        assert codes(everything(talk.sock))[-2:] == ["250", "221"]
    assert len(door.mails[0][1]) == size * times + 2


CRAWLS = {
    "a byte every two minutes": (0, 1, 120, 3),
    "half the pace": (0, 2500, 10, 40),
    "a burst, then nothing": (5_000_000, 0, 10, 20),
    "a burst, then a crawl": (5_000_000, 1, 60, 4),
    "a refused mail that does not end": (70_000_000, 1, 60, 4),
}


@pytest.mark.parametrize(("burst", "size", "pause", "times"), CRAWLS.values(), ids=CRAWLS)
def test_a_mail_that_crawls_in_is_ended(
    listen: Listen, burst: int, size: int, pause: int, times: int
) -> None:
    """A large part sent fast earns no time: it would be the memory of all that is held."""
    door = listen(trust=STRANGERS, smtp={"max_size": 10_000_000})
    with talking(door) as talk:
        talk.say(HELLO, MAIL, DATA)
        for _ in range(burst // 1_000_000):
            talk.say(b"x" * 1_000_000)
        for _ in range(times):
            talk.wait(pause)
            if talk.open:
                talk.say(b"x" * size)
        assert b"421 4.4.2 The mail comes in too slowly" in everything(talk.sock)
        assert eventually(lambda: door.server.door.gate.in_flight == 0)
    assert door.mails == []


def test_patience_is_shorter_when_the_house_is_crowded(listen: Listen) -> None:
    door = listen(trust=STRANGERS, smtp={"max_connections": 3})
    with talking(door) as talk:
        talk.say(HELLO, MAIL, DATA)
        talk.wait(100)
        assert talk.open
        with door.connect() as other:
            until(other, b"220")
            talk.wait(5)
            assert talk.last() == "421"


def test_any_pace_where_none_is_asked_for(listen: Listen) -> None:
    with talking(listen(trust=STRANGERS, smtp={"min_rate": 0})) as talk:
        talk.say(HELLO, MAIL, DATA)
        for _ in range(10):
            talk.wait(290)
            talk.say(b"x")
        assert talk.open


@pytest.mark.parametrize(("trust", "login"), KNOWN.values(), ids=KNOWN)
def test_known_peers_have_all_the_time_they_need(listen: Listen, trust: dict[str, Any], login: bytes) -> None:
    """A device of our own on a poor line."""
    door = listen(trust=trust, smtp={"users": USERS})
    with talking(door) as talk:
        talk.say(HELLO, login, MAIL, DATA)
        for _ in range(10):
            talk.wait(290)
            talk.say(b"x")
        talk.say(b"\r\n.\r\nQUIT\r\n")
        assert codes(everything(talk.sock))[-2:] == ["250", "221"]
    assert door.mails[0][1] == b"xxxxxxxxxx\r\n"


def test_a_refused_mail_is_not_read_for_ever(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailgate.intake.mails._DRAINED", 1_000_000)
    door = listen(trust=STRANGERS, smtp={"max_size": 65_536})
    with talking(door) as talk:
        talk.say(HELLO, MAIL, DATA)
        for _ in range(20):
            if talk.open:
                talk.say(b"x" * 100_000)
        assert b"552 5.3.4" in everything(talk.sock)
    assert eventually(lambda: door.server.door.gate.inside == 0)


# ---------------------------------------------------------------- replies that nobody reads


def test_who_does_not_read_the_last_reply_is_dropped(listen: Listen) -> None:
    """A full window must not keep a closed connection open."""
    door = listen(trust=OWN, smtp={"max_errors": 1_000_000})
    door.call(_stop(door))
    with door.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(1)
        with contextlib.suppress(TimeoutError):
            while True:
                sock.sendall(b"FROB\r\n" * 10_000)
        (session,) = door.server.door.sessions
        assert eventually(lambda: session._deaf)
        door.sweep(301)
        assert session.wire.is_closing()
        assert door.server.door.gate.inside == 1
        door.sweep(301 + 31)
        assert eventually(lambda: door.server.door.gate.inside == 0)


# ---------------------------------------------------------------- our own slowness


def test_a_commit_is_waited_for_however_long(listen: Listen) -> None:
    """aiosmtpd's timer would cancel it: the mail stored, the client told nothing, a duplicate an hour later."""
    answer: asyncio.Future[str] = asyncio.Future(loop=asyncio.new_event_loop())

    def accept(envelope: Envelope, raw: bytes) -> asyncio.Future[str]:
        nonlocal answer
        answer = asyncio.get_running_loop().create_future()
        return answer

    door = listen(trust=STRANGERS, accept=accept)
    door.call(_stop(door))
    with door.connect() as sock:
        talk = Talk(door, sock)
        sock.sendall(HELLO + MAIL + DATA + b"x\r\n.\r\n")
        assert eventually(lambda: talk.session.committing)
        talk.wait(3600)
        assert talk.open

        async def commit() -> None:
            answer.set_result("id-7")

        door.call(commit())
        assert until(sock, b"queued as").endswith(b"250 2.0.0 Ok: queued as id-7\r\n")
        talk.wait(250)
        assert talk.open, "the time of the commit was not the client's"


def test_a_store_that_stands_still_is_try_again(
    listen: Listen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds the spool: 451, the connection lives, and the next mail is taken."""
    monkeypatch.setattr(file, "BUSY_SECONDS", 0.2)
    spool = Spool(tmp_path / "spool.db", SpoolSettings(min_free=0))
    door = listen(trust=STRANGERS, spool=spool)
    with door.connect() as sock:
        other = sqlite.connect(str(tmp_path / "spool.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        sock.sendall(HELLO + MAIL + DATA + b"x\r\n.\r\n")
        assert b"451 4.3.0 Cannot store the mail now" in until(sock, b"later\r\n")
        other.execute("ROLLBACK")
        other.close()
        sock.sendall(MAIL + DATA + b"x\r\n.\r\nQUIT\r\n")
        assert codes(everything(sock))[-2:] == ["250", "221"]
    door.close()
    spool.close()


def test_one_sweep_that_fails_stops_no_clock(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug with one connection must not give all others all the time of the world."""
    door = listen(smtp={"timeout": 0.2})
    calls = []

    def broken(session: Any, now: float) -> None:
        calls.append(now)
        raise ZeroDivisionError

    monkeypatch.setattr("mailgate.intake.session.SmtpSession.sweep", broken)
    with door.connect():
        assert eventually(lambda: len(calls) >= 3)
