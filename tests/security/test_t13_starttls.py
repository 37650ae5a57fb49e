"""T13, STARTTLS: nothing said in clear is carried into TLS, and no secret leaves without it.

CVE-2011-0411 and its family (CVE-2024-34083 in aiosmtpd): commands sent in clear behind STARTTLS and executed as if they had come
encrypted. As a client: a login that goes to whoever shows any certificate (CVE-2026-41016).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from doors.listener import (
    GOOD_LOGIN,
    HELLO,
    MAIL,
    STRANGERS,
    USERS,
    Listener,
    certify,
    client_tls,
    codes,
    eventually,
    everything,
    listeners,
    until,
)

from mailgate import config
from mailgate.relay.smtp import SmtpRelay

Listen = Callable[..., Listener]
EVIL = b"EHLO evil\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<support@example.com>\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return certify(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def listen() -> Iterator[Listen]:
    yield from listeners()


def say(sock: socket.socket, *lines: bytes) -> list[str]:
    """One command after the other, each with its reply."""
    replies = []
    for line in lines:
        sock.sendall(line)
        received = b""
        while not (received.endswith(b"\n") and received.splitlines()[-1][3:4] == b" "):
            received += sock.recv(9999)
        replies += codes(received)
    return replies


@contextlib.contextmanager
def upgraded(door: Listener, before: bytes, behind: bytes = b"") -> Iterator[ssl.SSLSocket]:
    """A connection inside TLS, where `before` was said in clear and `behind` in the segment of STARTTLS."""
    with door.connect() as sock:
        until(sock, b"\r\n")
        sock.sendall(before + b"STARTTLS\r\n" + behind)
        until(sock, b"220 2.0.0 Ready to start TLS\r\n")
        with client_tls().wrap_socket(sock) as secure:
            yield secure


# ---------------------------------------------------------------- commands in clear

BEHIND = {
    "commands": EVIL,
    "a whole mail": EVIL + b"DATA\r\nevil\r\n.\r\n",
    "half a command": b"MAIL FROM:<evil@exam",
    "a login": GOOD_LOGIN,
    "another STARTTLS": b"STARTTLS\r\n" + EVIL,
    "much": b"NOOP\r\n" * 20_000 + EVIL,
}


@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
def test_what_stands_behind_starttls_is_never_executed(
    listen: Listen, certificate: dict[str, str], behind: bytes
) -> None:
    door = listen(smtp={**certificate, "users": USERS})
    try:
        with upgraded(door, HELLO, behind) as secure:
            assert say(secure, b"RCPT TO:<support@example.com>\r\n", b"DATA\r\n") == ["503", "503"]
            assert say(secure, b"MAIL FROM:<a@example.org>\r\n") == ["503"], "no EHLO was heard"
            secure.sendall(HELLO + MAIL + b"DATA\r\ngood\r\n.\r\nQUIT\r\n")
            assert codes(everything(secure))[-2:] == ["250", "221"]
    except (ssl.SSLError, ConnectionError):
        # So much that a part of it reached the handshake: that ends the connection, and is right as well.
        assert behind is BEHIND["much"]
    assert [(e.mail_from, e.helo, raw) for e, raw in door.mails] in (
        [],
        [("a@example.org", "client.example", b"good\r\n")],
    )
    assert eventually(lambda: not door.server.door.sessions)


@pytest.mark.parametrize("what", [EVIL, b"\r\n", b"QUIT\r\n"], ids=["commands", "an empty line", "QUIT"])
def test_words_in_place_of_a_handshake_end_the_connection(
    listen: Listen, certificate: dict[str, str], what: bytes
) -> None:
    """They come after the 220 has gone out, so they are no leftovers: they are what TLS reads first."""
    door = listen(smtp=certificate)
    with door.connect() as sock:
        until(sock, b"\r\n")
        sock.sendall(HELLO + b"STARTTLS\r\n")
        until(sock, b"220 2.0.0 Ready to start TLS\r\n")
        sock.sendall(what)
        sock.shutdown(socket.SHUT_WR)
        assert not any(code in everything(sock) for code in (b"250", b"221", b"500"))
    assert door.mails == []
    assert eventually(lambda: door.server.door.gate.inside == 0 and not door.server.door.sessions)


BEFORE = {
    "the name": (HELLO, b"MAIL FROM:<a@example.org>\r\n"),
    "an open mail": (HELLO + MAIL, b"DATA\r\n"),
    "that AUTH is understood": (HELLO, GOOD_LOGIN),
    "an AUTH that was begun": (HELLO + b"AUTH LOGIN\r\n*\r\n", b"c2Nhbg==\r\n"),
}


@pytest.mark.parametrize(("before", "after"), BEFORE.values(), ids=BEFORE)
def test_what_was_known_in_clear_is_forgotten(
    listen: Listen, certificate: dict[str, str], before: bytes, after: bytes
) -> None:
    """RFC 3207 §4.2. The same words without STARTTLS between them are understood, but for the last case."""
    door = listen(smtp={**certificate, "users": USERS})
    with upgraded(door, before) as secure:
        assert say(secure, after)[0] in ("503", "500")


def test_a_login_in_clear_does_not_hold_inside_tls(listen: Listen, certificate: dict[str, str]) -> None:
    door = listen(smtp={**certificate, "users": USERS})
    with upgraded(door, HELLO + GOOD_LOGIN) as secure:
        secure.sendall(HELLO + MAIL + b"DATA\r\nx\r\n.\r\n")
        until(secure, b"queued as")
        assert say(secure, GOOD_LOGIN) == ["235"], "it must be done again, and can be"
    (envelope, _), *_ = door.mails
    assert (envelope.tls, envelope.auth_user, envelope.auth_addresses) == (True, "", ())


def test_faults_are_not_forgotten(listen: Listen, certificate: dict[str, str]) -> None:
    """STARTTLS is no way to get a clean slate."""
    door = listen(smtp={**certificate, "max_errors": 2})
    with upgraded(door, b"FROB\r\n" * 2) as secure:
        secure.sendall(b"FROB\r\n" * 2)
        assert codes(everything(secure)) == ["500", "421"]


@pytest.mark.parametrize(
    ("settings", "line", "code"),
    [
        ({}, b"STARTTLS\r\n", "502"),
        ({"tls": True}, b"STARTTLS now\r\n", "501"),
    ],
    ids=["none here", "with an argument"],
)
def test_refusals(
    listen: Listen, certificate: dict[str, str], settings: dict[str, Any], line: bytes, code: str
) -> None:
    door = listen(smtp=certificate if settings else {})
    assert codes(door.talk(HELLO, line, b"QUIT\r\n")) == ["250", code, "221"]


def test_no_second_layer(listen: Listen, certificate: dict[str, str]) -> None:
    with upgraded(listen(smtp=certificate), b"") as secure:
        assert say(secure, HELLO, b"STARTTLS\r\n") == ["250", "503"]


# ---------------------------------------------------------------- handshakes that cost


@pytest.mark.parametrize(
    "first", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], ids=["nothing", "half"]
)
def test_a_handshake_that_stands_still_is_ended(
    listen: Listen, certificate: dict[str, str], first: bytes
) -> None:
    """And not with a reply in clear, which the peer could not tell from one inside TLS."""
    door = listen(smtp=certificate, trust=STRANGERS)
    with door.connect() as sock:
        until(sock, b"\r\n")
        sock.sendall(HELLO + b"STARTTLS\r\n")
        until(sock, b"220 2.0.0 Ready to start TLS\r\n")
        sock.sendall(first)
        door.sweep(299)
        assert door.server.door.gate.inside == 1
        door.sweep(301)
        assert everything(sock) == b""
    assert eventually(lambda: door.server.door.gate.inside == 0 and not door.server.door.sessions)


def test_the_handshake_has_a_clock_of_its_own(listen: Listen, certificate: dict[str, str]) -> None:
    door = listen(smtp={**certificate, "timeout": 0.2})
    with door.connect() as sock:
        until(sock, b"\r\n")
        sock.sendall(b"STARTTLS\r\n")
        assert everything(sock) == b"220 2.0.0 Ready to start TLS\r\n"
    assert eventually(lambda: not door.server.door.sessions)


def test_old_versions_and_renegotiation_are_off(listen: Listen, certificate: dict[str, str]) -> None:
    door = listen(smtp=certificate)
    context = door.server.door.policy.tls
    assert context is not None
    assert context.options & ssl.OP_NO_RENEGOTIATION  # CVE-2011-1473
    assert context.options & ssl.OP_NO_COMPRESSION  # CVE-2012-4929
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


# ---------------------------------------------------------------- logins


def test_no_login_in_clear_but_on_loopback(
    listen: Listen, certificate: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither offered nor taken, and the password is not looked at."""
    door = listen(smtp={**certificate, "users": USERS})
    policy = door.server.door.policy
    elsewhere = policy.peer("192.0.2.1")
    monkeypatch.setattr(policy, "peer", lambda host: elsewhere)
    looked: list[Any] = []
    monkeypatch.setattr(policy, "login", lambda *words: looked.append(words))
    talk = door.talk(HELLO, GOOD_LOGIN, b"AUTH LOGIN\r\n", b"QUIT\r\n")
    assert b"AUTH" not in talk.partition(b"538")[0]
    assert codes(talk) == ["250", "538", "538", "221"]
    assert looked == []


RELAYS = {
    "must, unknown certificate": ("must", True, False, "down", 0),
    "must, good certificate": ("must", True, True, "sent", 1),
    "must, not offered": ("must", False, False, "down", 0),
}


@pytest.mark.parametrize(("starttls", "offered", "known", "kind", "logins"), RELAYS.values(), ids=RELAYS)
def test_our_own_login_goes_to_the_right_relay_only(
    listen: Listen,
    certificate: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    starttls: str,
    offered: bool,
    known: bool,
    kind: str,
    logins: int,
) -> None:
    """Our door plays the relay, or the one who stands in its place."""
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", certificate["tls_cert"])
    door = listen(smtp={**(certificate if offered else {}), "users": USERS})
    policy, right = door.server.door.policy, door.server.door.policy.login
    looked: list[Any] = []
    monkeypatch.setattr(policy, "login", lambda *words: looked.append(words) or right(*words))
    url = f"smtp://scan:password1@127.0.0.1:{door.port}"
    relay = SmtpRelay(config.Relay.model_validate({"url": url, "starttls": starttls}))
    reply = relay.send(b"Subject: x\r\n\r\nx\r\n", "support@example.com", "support@example.com")
    relay.close()
    assert reply.kind == kind
    assert len(looked) == logins
    assert len(door.mails) == logins
