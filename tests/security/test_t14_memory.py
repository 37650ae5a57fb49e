"""T14, figures: five hundred attackers at once cost so much memory, so many file descriptors, and leave nothing behind.

The listener runs in a process of its own, as in production; what it uses is read from the outside.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from doors.listener import HELLO, MAIL, STRANGERS, Apart, apart, certify, codes, eventually, everything, until

pytestmark = pytest.mark.slow

MANY = 500
MIB = 1 << 20
START = HELLO + MAIL + b"DATA\r\n"
SETTINGS = {
    "max_connections": 560,
    "max_connections_per_client": 9,
    "max_connections_per_network": 9,
    "max_bytes_in_flight": 64 * MIB,
    "max_size": MIB // 2,
}


@pytest.fixture(scope="module", autouse=True)
def files() -> None:
    """A test that opens so many connections needs descriptors itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2 * MANY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(2 * MANY, hard), hard))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Apart]:
    """A new one for each attack: memory that one has left behind would hide what the next one takes."""
    with apart(tmp_path, smtp={**SETTINGS, **certify(tmp_path)}, trust=STRANGERS) as listener:
        yield listener


def connect(door: Apart, number: int) -> socket.socket:
    """Nine from each /24 of the loopback network: no attacker is stopped by the caps of one network."""
    source = f"127.{1 + number // 9 // 250}.{number // 9 % 250}.{number % 9 + 1}"
    sock = socket.create_connection(("127.0.0.1", door.port), 30, (source, 0))
    until(sock, b"220")
    return sock


def idle(sock: socket.socket) -> None:
    pass


def half_a_command(sock: socket.socket) -> None:
    sock.sendall(HELLO + b"NOOP " + b"x" * 2000)


def endless_command(sock: socket.socket) -> None:
    sock.sendall(b"x" * 200_000)


def half_a_mail(sock: socket.socket) -> None:
    """All together far more than may be in flight."""
    sock.sendall(START + b"x" * 400_000)


def a_mail_too_large(sock: socket.socket) -> None:
    sock.sendall(START)
    for _ in range(10):
        sock.sendall(b"x" * 60_000)


def full_envelope(sock: socket.socket) -> None:
    """As many recipients as are taken, each as long as is taken."""
    long = b"RCPT TO:<support+" + b"x" * 480 + b"@example.com>\r\n"
    sock.sendall(HELLO + b"MAIL FROM:<a@example.org>\r\n" + long * 100)
    until(sock, b"2.1.0")


def unread_replies(sock: socket.socket) -> None:
    sock.sendall(b"EHLO c\r\n" * 90)


def half_a_handshake(sock: socket.socket) -> None:
    sock.sendall(b"STARTTLS\r\n")
    until(sock, b"220 2.0.0")
    sock.sendall(b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03" + b"x" * 9000)


def half_a_login(sock: socket.socket) -> None:
    sock.sendall(HELLO + b"AUTH LOGIN\r\n" + b"A" * 12_000)


# What 500 of them may add to the memory of the listener, in MiB. The allocator keeps some of what is free again, and how
# much is chance: where up to `max_bytes_in_flight` was in use at once, all of that may stay.
ATTACKS: dict[str, tuple[Callable[[socket.socket], None], int]] = {
    "idle connections": (idle, 16),
    "half commands": (half_a_command, 16),
    "endless commands": (endless_command, 16),
    "unread replies": (unread_replies, 16),
    "half logins": (half_a_login, 16),
    "full envelopes": (full_envelope, 80),
    "half handshakes": (half_a_handshake, 80),
    "half mails": (half_a_mail, 96),
    "mails too large": (a_mail_too_large, 96),
}


def resident(door: Apart) -> int:
    return int(psutil.Process(door.process.pid).memory_info().rss)


def descriptors(door: Apart) -> int:
    return int(psutil.Process(door.process.pid).num_fds())


def quiet(door: Apart) -> bool:
    """Whether it has worked through all that was sent."""

    def used() -> float:
        times = psutil.Process(door.process.pid).cpu_times()
        return float(times.user + times.system)

    before = used()
    time.sleep(0.25)
    return used() - before < 0.05


@pytest.mark.parametrize(("attack", "mib"), ATTACKS.values(), ids=ATTACKS)
def test_five_hundred(door: Apart, attack: Callable[[socket.socket], None], mib: int) -> None:
    """An honest mail comes through meanwhile (or hears 452 where the memory is full), and afterwards in any case."""
    memory, open_files = resident(door), descriptors(door)
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        socks = [stack.enter_context(sock) for sock in pool.map(lambda n: connect(door, n), range(MANY))]
        list(pool.map(lambda sock: _suppressed(attack, sock), socks))
        assert eventually(lambda: quiet(door), 60)
        assert (resident(door) - memory) / MIB < mib
        assert descriptors(door) <= open_files + MANY + 16
        assert honest(door) in ("250", "452")
    assert eventually(lambda: descriptors(door) <= open_files, 60)
    assert honest(door) == "250"


def test_a_new_wave_uses_the_memory_of_the_last_one(door: Apart) -> None:
    """What a refused mail took is free again: three waves of more than may be in flight cost no more than one."""
    memory = resident(door)
    for _ in range(3):
        with contextlib.ExitStack() as stack, ThreadPoolExecutor(8) as pool:
            socks = [
                stack.enter_context(sock) for sock in pool.map(lambda n: connect(door, n), range(MANY // 2))
            ]
            list(pool.map(lambda sock: _suppressed(a_mail_too_large, sock), socks))
            assert eventually(lambda: quiet(door), 60)
        assert honest(door) == "250"
    assert (resident(door) - memory) / MIB < 96


def _suppressed(attack: Callable[[socket.socket], None], sock: socket.socket) -> None:
    with contextlib.suppress(ConnectionError):  # cut off is as good an answer as any
        attack(sock)


def honest(door: Apart) -> str:
    """The answer to one mail from a network that has done nothing."""
    with socket.create_connection(("127.0.0.1", door.port), 30, ("127.200.0.1", 0)) as sock:
        sock.sendall(START + b"Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n")
        replies = codes(everything(sock))
    return "452" if "452" in replies else replies[-2]
