"""What the door writes into the log: one JSON object a line, no words of a mail, no token, and never more than so much."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator

import pytest
from doors.listener import (
    GOOD_LOGIN,
    HELLO,
    MAIL,
    STRANGERS,
    USERS,
    WRONG_LOGIN,
    Apart,
    apart,
    certify,
    codes,
    eventually,
    everything,
    until,
)

SECRET = b"the words of a customer"
TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcd"
FEW = {
    "max_size": 65_536,
    "max_connections_per_client": 3,
    "users": USERS,
    "max_faults_per_network": 0,
    "max_mails_per_network": 20,
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    folder = tmp_path_factory.mktemp("door")
    with apart(folder, smtp={**FEW, **certify(folder)}, trust=STRANGERS) as listener:
        yield listener


def talk(door: Apart, *parts: bytes, source: str = "127.0.0.1") -> bytes:
    with socket.create_connection(("127.0.0.1", door.port), 10, (source, 0)) as sock:
        until(sock, b"\r\n")
        sock.sendall(b"".join(parts))
        return everything(sock)


def test_whatever_a_peer_does_is_one_object_a_line(door: Apart) -> None:
    """`Apart.lines` reads every line as JSON; aiosmtpd, asyncio and uvloop have words of their own, not here."""
    evil = b'EHLO a","level":"x\x1b[31m\r\n'
    sender = f'MAIL FROM:<"\\\x7fx"@example.org>\r\nMAIL FROM:<support+{TOKEN}@example.com>\r\n'.encode()
    body = b"RCPT TO:<support@example.com>\r\nDATA\r\n" + SECRET + b"\nbare\r\n.\r\n"
    talk(door, evil, sender, body, b"QUIT\r\n", source="127.0.1.1")
    talk(door, HELLO, MAIL, b"DATA\r\n", SECRET * 5000, b"\r\n.\r\nQUIT\r\n", source="127.0.1.1")
    talk(door, HELLO, WRONG_LOGIN * 9, source="127.0.2.1")
    talk(
        door,
        HELLO,
        b"AUTH LOGIN\r\n*\r\nAUTH PLAIN %%%\r\nAUTH PLAIN\r\n",
        b"A" * 20_000,
        b"\r\nQUIT\r\n",
        source="127.0.2.2",
    )
    talk(door, HELLO, GOOD_LOGIN, b"QUIT\r\n", source="127.0.2.2")
    talk(door, HELLO, MAIL, (b"RSET\r\n" + MAIL) * 20, b"QUIT\r\n", source="127.0.8.1")
    for garbage in (
        b"no handshake\r\n" * 99,
        b"\x16\x03\x01\x00\x05hello",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"",
    ):
        with socket.create_connection(("127.0.0.1", door.port), 10, ("127.0.3.1", 0)) as sock:
            sock.sendall(b"STARTTLS\r\n")
            until(sock, b"220 2.0.0")
            sock.sendall(garbage)
            sock.shutdown(socket.SHUT_WR)
            with contextlib.suppress(OSError):
                everything(sock)
    for _ in range(3):  # gone without a word, in the middle of a mail
        sock = socket.create_connection(("127.0.0.1", door.port), 10, ("127.0.4.1", 0))
        sock.sendall(HELLO + MAIL + b"DATA\r\n" + SECRET)
        until(sock, b"354")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            until(
                stack.enter_context(socket.create_connection(("127.0.0.1", door.port), 10, ("127.0.5.1", 0))),
                b"\n",
            )
    assert eventually(lambda: any(line["event"] == "connection refused" for line in door.lines()))

    events = [line["event"] for line in door.lines()]
    refusals = {
        "mail refused",
        "login refused",
        "TLS handshake failed",
        "connection refused",
        "connection cut off",
    }
    assert set(events) == {*refusals, "mail put off"}
    assert {line["peer"] for line in door.lines()} >= {"127.0.1.1", "127.0.2.1", "127.0.3.1", "127.0.5.1"}
    assert all(line["level"] == "info" for line in door.lines())
    text = door.log.read_bytes()
    for word in (SECRET, TOKEN.encode(), b"password", b"AHNjYW4", b"\x1b", b"Traceback"):
        assert word not in text
    refused = next(line for line in door.lines() if line["event"] == "mail refused")
    assert (refused["reply"], refused["sender"]) == ("550 5.6.11", "<support+…@example.com>")
    assert max(len(line) for line in text.splitlines()) < 2000


def test_a_flood_does_not_fill_the_disk(door: Apart) -> None:
    """A network has sixty lines an hour; the next line says how many were left out."""
    before = len(door.lines())
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(
                socket.create_connection(("127.0.0.1", door.port), 10, ("127.0.6.1", 0))
            ).recv(99)
        for _ in range(200):
            with socket.create_connection(("127.0.0.1", door.port), 10, ("127.0.6.1", 0)) as sock:
                assert everything(sock).startswith(b"421")
    assert len(door.lines()) - before == 60
    bare = MAIL + b"DATA\r\na\nb\r\n.\r\nQUIT\r\n"
    assert codes(talk(door, HELLO, bare, source="127.0.7.1"))[-2:] == ["550", "221"]
    assert eventually(lambda: door.lines()[-1].get("lines_left_out") == 140)
