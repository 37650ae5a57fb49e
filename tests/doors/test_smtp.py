"""The SMTP door over real sockets: hand-over, limits, silence, many at once, real clients."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doors.listener import HELLO, MAIL, OWN, RELAY, STRANGERS, USERS, Listener, client_tls, codes, eventually
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailgate.config import Config, Smtp
from mailgate.config import Spool as SpoolSettings
from mailgate.errors import Unavailable
from mailgate.intake.smtp import serve_smtp
from mailgate.spool import Spool, SpoolReader

Listen = Callable[..., Listener]


# ---------------------------------------------------------------- hand-over


def test_a_real_spool_answers_with_its_id(listen: Listen, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", SpoolSettings(min_free=0))
    listener = listen(spool=spool)
    talk = listener.talk(HELLO, MAIL, b"DATA\r\nhello\r\n.\r\nQUIT\r\n").decode()
    reader = SpoolReader(tmp_path / "spool.db")
    (row,) = reader.take(0, 9, 999)
    assert f"250 2.0.0 Ok: queued as {row.envelope.id}\r\n" in talk
    assert row.raw == b"hello\r\n"
    assert row.envelope.peer == "127.0.0.1"
    listener.close()
    spool.close()
    reader.close()


def test_no_reply_before_the_commit(listen: Listen) -> None:
    """Rule 1.1: while `accept` is at work nothing is said, not even to commands sent ahead."""
    listener = listen()
    listener.gap = 0.4
    with listener.connect() as sock:
        sock.recv(99)
        sock.sendall(HELLO + MAIL + b"DATA\r\nx\r\n.\r\nNOOP\r\n")
        received = b""
        while b"354" not in received:
            received += sock.recv(999)
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(30)
        received = b""
        while received.count(b"\n") < 2:
            received += sock.recv(999)
        assert codes(received) == ["250", "250"]


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_leaves_after_the_dot_cancels_nothing(listen: Listen, how: str) -> None:
    listener = listen()
    listener.gap = 0.3
    sock = listener.connect()
    sock.recv(99)
    sock.sendall(HELLO + MAIL + b"DATA\r\nx\r\n.\r\n")
    assert eventually(lambda: listener.server.door.gate.in_flight > 0)
    time.sleep(0.05)
    if how == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    assert eventually(lambda: len(listener.mails) == 1)
    assert eventually(lambda: listener.server.door.gate.in_flight == 0)
    assert eventually(lambda: listener.server.door.gate.inside == 0)


def test_a_mail_cut_off_before_its_dot_is_nothing(listen: Listen) -> None:
    listener = listen()
    with listener.connect() as sock:
        sock.sendall(HELLO + MAIL + b"DATA\r\nhalf a mail\r\n.\r")
        assert eventually(lambda: listener.server.door.gate.in_flight > 0)
    assert eventually(lambda: not listener.server.door.sessions)
    assert listener.mails == []
    assert listener.server.door.gate.in_flight == 0


def test_a_half_closed_connection_gets_its_answer(listen: Listen) -> None:
    listener = listen()
    listener.gap = 0.2
    with listener.connect() as sock:
        sock.sendall(HELLO + MAIL + b"DATA\r\nx\r\n.\r\n")
        sock.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := sock.recv(999):
            received += chunk
    assert b"queued as id-1" in received


async def bug(*_: Any) -> str:
    raise ZeroDivisionError("the secret of our house")


def at_once(*_: Any) -> Any:
    raise ZeroDivisionError("the secret of our house")


@pytest.mark.parametrize("accept", [bug, at_once])
def test_a_bug_of_ours_is_451(listen: Listen, accept: Any) -> None:
    listener = listen(accept=accept)
    talk = listener.talk(HELLO, MAIL, b"DATA\r\nx\r\n.\r\n", MAIL, b"QUIT\r\n")
    assert codes(talk) == ["250", "250", "250", "354", "451", "250", "250", "221"]
    assert b"secret" not in talk


pieces = st.lists(
    st.sampled_from(
        [b".", b"\r\n", b"\r", b"\n", b"\0", b"abc", b"\r\n.", b"\r\n..", b".\r\n", b"\xff" * 300]
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces, st.lists(st.integers(0, 400), max_size=5), st.booleans())
def test_the_bytes_stored_are_those_sent(
    shared: Listener, parts: list[bytes], cuts: list[int], quit_: bool
) -> None:
    """Random dots, CR, LF and NUL, cut at random: what is stored is what RFC 5321 §4.5.2 makes of it."""
    mail = b"".join(parts)
    stuffed = (b"\r\n" + mail).replace(b"\r\n.", b"\r\n..")[2:]
    if not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    wire = HELLO + MAIL + b"DATA\r\n" + stuffed + b".\r\n" + (b"QUIT\r\n" if quit_ else b"NOOP\r\nQUIT\r\n")
    before = len(shared.mails)
    with shared.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        last = 0
        for edge in [*sorted(c + 80 for c in cuts), len(wire)]:
            sock.sendall(wire[last:edge])
            last = max(edge, last)
        received = b""
        while chunk := sock.recv(9999):
            received += chunk
    assert codes(received)[-1] == "221"
    want = mail if mail.endswith(b"\r\n") else mail + b"\r\n"
    assert [raw for _, raw in shared.mails[before:]] == [want if mail else b"\r\n"]


@pytest.fixture
def shared(listen: Listen) -> Listener:
    return listen()


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize(("over", "code"), [(0, "250"), (1, "552")])
def test_size_to_the_octet(listen: Listen, over: int, code: str) -> None:
    """RFC 1870: the dots of transparency do not count; the connection lives on after a refusal."""
    limit = 70_000
    listener = listen(smtp={"max_size": limit})
    mail = b".\r\n" * (limit // 4)
    mail += b"y" * (limit + over - 2 - len(mail)) + b"\r\n"
    talk = listener.talk(
        HELLO, MAIL, b"DATA\r\n", mail.replace(b".", b".."), b".\r\n", MAIL, b"DATA\r\nx\r\n.\r\nQUIT\r\n"
    )
    assert codes(talk) == ["250", "250", "250", "354", code, "250", "250", "354", "250", "221"]
    assert [raw for _, raw in listener.mails] == [*[mail][: 1 - over], b"x\r\n"]


def test_a_mail_far_too_large_is_drained_without_memory(listen: Listen) -> None:
    listener = listen(smtp={"max_size": 100_000})
    gate = listener.server.door.gate
    peak = 0
    with listener.connect(20) as sock:
        sock.sendall(HELLO + MAIL + b"DATA\r\n")
        for _ in range(300):
            sock.sendall(b"x" * 99_998 + b"\r\n")
            peak = max(peak, gate.in_flight)
        sock.sendall(b".\r\nQUIT\r\n")
        received = b""
        while chunk := sock.recv(9999):
            received += chunk
    assert b"552 5.3.4" in received
    assert b"221" in received
    assert peak < 500_000


def test_lines_of_any_length(listen: Listen) -> None:
    """T16: real mailers send them."""
    listener = listen()
    mail = b"Subject: x\r\n\r\n" + b"long " * 200_000 + b"\r\n"
    assert codes(listener.talk(HELLO, MAIL, b"DATA\r\n", mail, b".\r\nQUIT\r\n"))[-2:] == ["250", "221"]
    assert listener.mails[0][1] == mail


@pytest.mark.parametrize("length", [2049, 70_000, 3_000_000])
def test_a_command_line_too_long(listen: Listen, length: int) -> None:
    listener = listen()
    talk = listener.talk(HELLO, b"NOOP " + b"x" * length + b"\r\nNOOP\r\nQUIT\r\n")
    assert codes(talk) == ["250", "500", "250", "221"]
    assert b"500 5.5.6" in talk


def test_bytes_in_flight(listen: Listen) -> None:
    """Over the budget of all connections: 452 at the end of DATA, at DATA and at MAIL, until there is room again."""
    listener = listen(smtp={"max_bytes_in_flight": 1_000_000})
    gate = listener.server.door.gate
    with listener.connect() as first:
        first.sendall(HELLO + MAIL + b"DATA\r\n" + b"x" * 900_000)
        assert eventually(lambda: gate.in_flight > 890_000)
        talk = listener.talk(HELLO, MAIL, b"DATA\r\n", b"y" * 300_000, b"\r\n.\r\nQUIT\r\n")
        assert codes(talk) == ["250", "250", "250", "354", "452", "221"]
        assert b"452 4.3.1" in talk
        first.sendall(b"x" * 99_998)
        assert eventually(lambda: gate.in_flight >= 1_000_000)
        assert b"452 4.3.1" in listener.talk(HELLO, b"MAIL FROM:<>\r\nQUIT\r\n")
    assert eventually(lambda: gate.in_flight == 0)
    assert codes(listener.talk(HELLO, MAIL, b"DATA\r\n", b"y" * 300_000, b"\r\n.\r\nQUIT\r\n"))[-2:] == [
        "250",
        "221",
    ]


def test_connections_in_all(listen: Listen) -> None:
    listener = listen(smtp={"max_connections": 3})
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            assert stack.enter_context(listener.connect()).recv(99).startswith(b"220")
        with listener.connect() as sock:
            assert sock.recv(99).startswith(b"421 4.7.0")
            assert sock.recv(99) == b""
    assert eventually(lambda: listener.server.door.gate.inside == 0)
    assert listener.connect().recv(99).startswith(b"220")


@pytest.mark.parametrize(
    ("trust", "last"), [(OWN, b"220"), (RELAY, b"220"), (STRANGERS, b"421")], ids=["own", "relay", "stranger"]
)
def test_connections_of_one_client(listen: Listen, trust: dict[str, Any], last: bytes) -> None:
    listener = listen(smtp={"max_connections_per_client": 2}, trust=trust)
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(listener.connect()) for _ in range(3)]
        assert [sock.recv(99)[:3] for sock in socks] == [b"220", b"220", last]


def test_junk_commands(listen: Listen) -> None:
    listener = listen()
    talk = listener.talk(HELLO, b"NOOP\r\n" * 60, b"RSET\r\n" * 60)
    assert codes(talk) == ["250"] * 100 + ["421"]


def test_a_flood_that_reads_nothing_is_held_back(listen: Listen) -> None:
    """Replies a peer does not read make it wait; the count of junk ends it in any case."""
    listener = listen(smtp={"max_errors": 1_000_000})
    with listener.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(0.1)
        assert eventually(lambda: bool(listener.server.door.sessions))
        (session,) = listener.server.door.sessions

        def held_back() -> bool:
            with contextlib.suppress(TimeoutError):
                sock.sendall(b"FROB\r\n" * 10_000)
            return bool(session._deaf and not session._reading)

        assert eventually(held_back, 60)
        assert len(session.buffer) < 1_000_000


# ---------------------------------------------------------------- silence and slowness


def test_silence_ends_a_connection(listen: Listen) -> None:
    listener = listen(smtp={"timeout": 0.4})
    for opening in (b"", HELLO + MAIL, HELLO + MAIL + b"DATA\r\nhalf"):
        with listener.connect() as sock:
            sock.sendall(opening)
            received = b""
            while chunk := sock.recv(999):
                received += chunk
            assert codes(received)[-1] == "421"
    assert eventually(lambda: listener.server.door.gate.in_flight == 0)


def test_a_steady_slow_upload_lives(listen: Listen) -> None:
    """T15: the timer is for silence, not for the whole of DATA."""
    listener = listen(smtp={"timeout": 0.4})
    with listener.connect() as sock:
        sock.sendall(HELLO + MAIL + b"DATA\r\n")
        for _ in range(12):
            time.sleep(0.1)
            sock.sendall(b"slow\r\n")
        sock.sendall(b".\r\nQUIT\r\n")
        received = b""
        while chunk := sock.recv(999):
            received += chunk
    assert codes(received)[-2:] == ["250", "221"]
    assert listener.mails[0][1] == b"slow\r\n" * 12


def test_a_slow_commit_is_no_silence(listen: Listen) -> None:
    listener = listen(smtp={"timeout": 0.2})
    listener.gap = 0.8
    assert b"queued as" in listener.talk(HELLO, MAIL, b"DATA\r\nx\r\n.\r\nQUIT\r\n")


# ---------------------------------------------------------------- many at once


def test_two_hundred_at_once(listen: Listen, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", SpoolSettings(min_free=0))
    listener = listen(spool=spool)
    answers: list[bytes] = []

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        await reader.readline()
        for turn in range(3):
            writer.write(
                (HELLO if turn == 0 else b"") + MAIL + b"DATA\r\nmail %d %d\r\n.\r\n" % (number, turn)
            )
        writer.write(b"QUIT\r\n")
        talk = await reader.read()
        answers.extend(line.split()[-1] for line in talk.splitlines() if b"queued as" in line)
        writer.close()

    async def all_() -> None:
        await asyncio.gather(*(one(n) for n in range(200)))

    asyncio.run(all_())
    reader = SpoolReader(tmp_path / "spool.db")
    rows = reader.take(0, 1000, 1 << 20)
    assert {row.envelope.id.encode() for row in rows} == set(answers)
    assert {row.raw for row in rows} == {b"mail %d %d\r\n" % (n, t) for n in range(200) for t in range(3)}
    listener.close()
    spool.close()
    reader.close()


def test_draining(listen: Listen) -> None:
    """SIGTERM: no new connections, the mail in hand is answered, idle ones hear 421."""
    listener = listen()
    listener.gap = 0.5
    idle, busy, sending = listener.connect(), listener.connect(), listener.connect()
    for sock in (idle, busy, sending):
        sock.recv(99)
    busy.sendall(HELLO + MAIL + b"DATA\r\nx\r\n.\r\n")
    sending.sendall(HELLO + MAIL + b"DATA\r\ny")
    assert eventually(lambda: listener.server.door.gate.in_flight > 3)
    drained = threading.Thread(target=listener.call, args=(listener.server.drain(5),))
    drained.start()
    assert idle.recv(99).startswith(b"421 4.3.2")
    sending.sendall(b"\r\n.\r\n")
    for sock in (busy, sending):
        received = b""
        while chunk := sock.recv(999):
            received += chunk
        assert codes(received)[-2:] == ["250", "421"]
    drained.join(30)
    assert not drained.is_alive()
    assert len(listener.mails) == 2
    with pytest.raises(OSError):
        listener.connect(1)


def test_a_port_in_use_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = Config(smtp=Smtp(port=taken.getsockname()[1]))
        with pytest.raises(Unavailable, match=r"smtp\.port.*127\.0\.0\.1:\d+"):
            asyncio.run(serve_smtp(config, bug))


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_ipv6() -> None:
    async def talk() -> bytes:
        server = await serve_smtp(Config(smtp=Smtp(host="::1", port=0)), bug)
        reader, writer = await asyncio.open_connection("::1", server.sockets[0].getsockname()[1])
        await reader.readline()
        writer.write(b"EHLO [IPv6:::1]\r\nQUIT\r\n")
        received = await reader.read()
        server.close()
        writer.close()
        return received

    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no ::1 here")
    assert codes(asyncio.run(talk())) == ["250", "221"]


def test_small_replies_do_not_wait_for_more(listen: Listen) -> None:
    listener = listen()
    with listener.connect() as sock:
        sock.recv(99)
        (session,) = listener.server.door.sessions
        assert session.transport is not None
        wire = session.transport.get_extra_info("socket")
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_an_idle_connection_is_small(listen: Listen) -> None:
    """§4.9: at most 64 KiB; in Python objects it is far less."""
    import tracemalloc

    listener = listen()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        with contextlib.ExitStack() as stack:
            for _ in range(100):
                sock = stack.enter_context(listener.connect())
                sock.sendall(HELLO)
                sock.recv(99)
            assert eventually(lambda: len(listener.server.door.sessions) == 100)
            assert (tracemalloc.get_traced_memory()[0] - before) / 100 < 16_384
    finally:
        tracemalloc.stop()


# ---------------------------------------------------------------- TLS


def test_starttls_with_smtplib(listen: Listen, certificate: dict[str, str]) -> None:
    listener = listen(smtp={**certificate, "users": USERS})
    with smtplib.SMTP("127.0.0.1", listener.port, timeout=30) as client:
        client.ehlo("c.example")
        assert client.has_extn("starttls")
        client.starttls(context=client_tls())
        assert not client.ehlo_resp, "RFC 3207 §4.2"
        assert client.docmd("MAIL FROM:<a@example.org>")[0] == 503, "what was known before is forgotten"
        client.ehlo("again.example")
        assert not client.has_extn("starttls")
        assert client.docmd("STARTTLS")[0] == 503
        client.login("scan", "password1")
        assert (
            client.sendmail("a@example.org", ["support@example.com"], b"x" * 300_000 + b"\r\n.\r\n..\r\n")
            == {}
        )
        assert client.sendmail("a@example.org", ["support@example.com"], b"two\r\n") == {}
    envelope, raw = listener.mails[0]
    assert (envelope.tls, envelope.helo, envelope.auth_user) == (True, "again.example", "scan")
    assert envelope.auth_addresses == ("scan@example.com",)
    assert raw == b"x" * 300_000 + b"\r\n.\r\n..\r\n"
    assert eventually(lambda: listener.server.door.gate.inside == 0)


def test_plaintext_behind_starttls_is_dropped(listen: Listen, certificate: dict[str, str]) -> None:
    """CVE-2024-34083, CVE-2011-0411: commands smuggled in before the handshake are not executed."""
    listener = listen(smtp=certificate)
    with listener.connect() as sock:
        sock.recv(99)
        sock.sendall(HELLO + b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@example.org>\r\n")
        received = b""
        while b"220 " not in received:
            received += sock.recv(999)
        assert received.endswith(b"220 2.0.0 Ready to start TLS\r\n")
        with client_tls().wrap_socket(sock) as secure:
            secure.sendall(b"RCPT TO:<support@example.com>\r\nQUIT\r\n")
            answer = b""
            while b"221" not in answer:
                answer += secure.recv(999)
            assert codes(answer) == ["503", "221"]


def test_pipelining_inside_tls(listen: Listen, certificate: dict[str, str]) -> None:
    listener = listen(smtp=certificate)
    with listener.connect() as sock:
        sock.recv(99)
        sock.sendall(b"STARTTLS\r\n")
        sock.recv(99)
        with client_tls().wrap_socket(sock) as secure:
            secure.sendall(HELLO + MAIL + b"DATA\r\nx\r\n.\r\n" + MAIL + b"DATA\r\ny\r\n.\r\nQUIT\r\n")
            answer = b""
            while b"221" not in answer:
                answer += secure.recv(9999)
    assert codes(answer) == ["250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]
    assert [raw for _, raw in listener.mails] == [b"x\r\n", b"y\r\n"]


@pytest.mark.parametrize("garbage", [b"no handshake at all\r\n" * 20, b""], ids=["garbage", "nothing"])
def test_a_handshake_that_fails_leaves_nothing(
    listen: Listen, certificate: dict[str, str], garbage: bytes
) -> None:
    listener = listen(smtp=certificate)
    with listener.connect() as sock:
        sock.recv(99)
        sock.sendall(b"STARTTLS\r\n")
        sock.recv(99)
        if garbage:
            sock.sendall(garbage)
            with contextlib.suppress(OSError):
                while sock.recv(99):
                    pass
    assert eventually(lambda: listener.server.door.gate.inside == 0)
    assert eventually(lambda: not listener.server.door.sessions)
    assert b"221" in listener.talk(HELLO, b"QUIT\r\n")


def test_no_auth_in_clear_from_elsewhere(
    listen: Listen, certificate: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = listen(smtp={**certificate, "users": USERS})
    peer = listener.server.door.policy.peer("192.0.2.1")
    monkeypatch.setattr(listener.server.door.policy, "peer", lambda host: peer)
    talk = listener.talk(HELLO, b"AUTH PLAIN AHNjYW4AcGFzc3dvcmQx\r\nQUIT\r\n")
    assert b"AUTH" not in talk.split(b"538")[0]
    assert codes(talk) == ["250", "538", "221"]


def test_a_client_that_leaves_in_the_middle_of_auth(listen: Listen) -> None:
    listener = listen(smtp={"users": USERS})
    with listener.connect() as sock:
        sock.sendall(HELLO + b"AUTH LOGIN\r\n")
        received = b""
        while b"334" not in received:
            received += sock.recv(999)
    assert eventually(lambda: not listener.server.door.sessions)
    assert codes(listener.talk(HELLO, b"AUTH LOGIN\r\n" + b"x" * 20_000 + b"\r\nQUIT\r\n"))[-1] == "221"


# ---------------------------------------------------------------- real clients


def test_smtplib(listen: Listen) -> None:
    listener = listen()
    with smtplib.SMTP("127.0.0.1", listener.port, timeout=30) as client:
        refused = client.sendmail(
            "a@example.org", ["support@example.com", "nobody@example.com"], "Subject: x\n\n.dot\n"
        )
    assert list(refused) == ["nobody@example.com"]
    assert listener.mails[0][1] == b"Subject: x\r\n\r\n.dot\r\n"


@pytest.mark.parametrize(
    "options",
    [[], ["--tls"], ["--tls", "--auth", "LOGIN", "-au", "scan", "-ap", "password1"], ["--pipeline"]],
    ids=str,
)
def test_swaks(listen: Listen, certificate: dict[str, str], options: list[str], tmp_path: Path) -> None:
    listener = listen(smtp={**certificate, "users": USERS})
    (tmp_path / "a.txt").write_bytes(b"attached")
    command = [
        "swaks",
        "--server",
        f"127.0.0.1:{listener.port}",
        "--to",
        "support@example.com",
        "--from",
        "a@example.org",
    ]
    command += ["--header", "Subject: Problème", "--attach", f"@{tmp_path}/a.txt", "--helo", "c", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    envelope, raw = listener.mails[0]
    assert b"Probl" in raw
    assert envelope.tls is ("--tls" in options)
    assert envelope.auth_user == ("scan" if "-au" in options else "")
