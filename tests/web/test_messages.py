"""`POST /v1/messages` against the real server: what is taken, what is refused and how, limits of size and time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from web.house import HEADERS, KEY, MAIL, Web

from mailgate import counters
from mailgate.config import Config
from mailgate.errors import ConfigError, Full, Permanent, Transient, Unavailable
from mailgate.web import door, keys, server
from mailgate.web.health import Health

pytestmark = pytest.mark.slow
Start = Callable[..., Web]


def test_a_mail_is_taken(web: Start) -> None:
    door = web()
    answer = door.post(X_Envelope_From="bob@b.example", X_Envelope_To="Support+abc@example.com")
    assert (answer.status, answer.json) == (202, {"id": "id-1"})
    envelope, raw = door.mails[0]
    assert raw == MAIL
    assert (envelope.door, envelope.mail_from, envelope.rcpt_to) == (
        "http",
        "bob@b.example",
        ("Support+abc@example.com",),
    )
    assert (envelope.peer, envelope.auth_user, envelope.auth_addresses) == ("", "shop", ())


@pytest.mark.parametrize(
    ("query", "headers", "sender", "recipients"),
    [
        ("", {}, "", ("support@example.com",)),
        ("?from=a%40b.example&to=support%40example.com", {}, "a@b.example", ("support@example.com",)),
        ("?to=support@example.com&to=help@example.com", {}, "", ("support@example.com", "help@example.com")),
        ("", {"X_Envelope_To": "support@example.com, help@example.com"}, "", ("support@example.com", "help@example.com")),
        ("", {"X_Envelope_From": "<>"}, "", ("support@example.com",)),
        ("", {"X_Envelope_From": "<a@b.example>", "X_Envelope_To": "<postmaster@example.com>"}, "a@b.example", ("postmaster@example.com",)),
        ("?from=x@y.example", {"X_Envelope_From": '"a, b"@c.example'}, '"a, b"@c.example', ("support@example.com",)),
        ("", {"X_Envelope_From": "zoé@b.example".encode().decode("latin-1")}, "zoé@b.example", ("support@example.com",)),
        ("?to=support@example.com&to=support@example.com", {}, "", ("support@example.com",)),
    ],
    ids=["none", "query", "two", "one header", "null", "brackets", "quoted comma", "utf-8", "twice"],
)  # fmt: skip
def test_envelopes(
    tmp_path: Path, query: str, headers: dict[str, str], sender: str, recipients: tuple[str, ...]
) -> None:
    config = Config(
        data_dir=tmp_path,
        gateway={"addresses": {"help@example.com": "general"}},
        web={"port": 0, "keys": [{"name": "k", "key": KEY}]},
    )
    door = Web(config)
    try:
        answer = door.post(path=f"/v1/messages{query}", **headers)
        assert answer.status == 202, answer.body
        assert (door.mails[0][0].mail_from, door.mails[0][0].rcpt_to) == (sender, recipients)
        assert door.mails[0][0].smtputf8 is not sender.isascii()
    finally:
        door.close()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("?to=somebody@else.example", "no_such_address"),
        ("?to=nobody@example.com", "no_such_address"),
        ("?to=support@example.com%0d%0aRCPT%20TO:x@y.example", "bad_recipient"),
        ("?to=support@example.com%00", "bad_recipient"),
        ("?to=not-an-address", "bad_recipient"),
        ("?from=a%0d%0ab@c.example", "bad_sender"),
        ("?from=a@b.example&from=c@d.example", "bad_sender"),
        ("?from=a%3E%20SIZE=1@b.example", "bad_sender"),
        ("?" + "&".join(f"to=u{n}@example.com" for n in range(101)), "too_many_recipients"),
    ],
    ids=[
        "other domain",
        "unknown",
        "crlf",
        "nul",
        "no address",
        "crlf sender",
        "two senders",
        "parameter",
        "many",
    ],
)
def test_envelopes_that_are_refused(web: Start, path: str, code: str) -> None:
    door = web()
    answer = door.post(path=f"/v1/messages{path}")
    assert (answer.status, answer.code) == (400, code)
    assert not door.mails
    assert counters.numbers().counts["refused", ("http", code)] == 1


def test_one_recipient_of_two_is_ours(web: Start) -> None:
    door = web()
    answer = door.post(X_Envelope_To="who@else.example, support@example.com")
    assert (answer.status, answer.json) == (202, {"id": "id-1", "refused": 1})
    assert door.mails[0][0].rcpt_to == ("support@example.com",)


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", KEY, "Bearer \xff\xfe"],
    ids=["none", "no key", "empty", "longer", "shorter", "basic", "bare", "bytes"],
)
def test_without_the_key_nothing_is_read(web: Start, given: str) -> None:
    door = web()
    answer = door.post(Authorization=given)
    assert (answer.status, answer.code) == (401, "unauthorised")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mailgate"'
    assert not door.mails


def test_without_keys_the_answer_says_how_to_set_one(web: Start) -> None:
    answer = web(keys=[]).post()
    assert (answer.status, answer.code) == (403, "no_keys")
    assert "[web]" in answer.json["message"]


def test_a_key_may_vouch_for_addresses(web: Start) -> None:
    door = web(
        keys=[{"name": "a", "key": "x" * 16}, {"name": "b", "key": KEY, "addresses": ["shop@example.com"]}]
    )
    assert door.post().status == 202
    assert (door.mails[0][0].auth_user, door.mails[0][0].auth_addresses) == ("b", ("shop@example.com",))


def test_a_key_in_a_file(web: Start, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert web(keys=[{"name": "a", "key_file": str(tmp_path / "key")}]).post().status == 202


@pytest.mark.parametrize("text", ["", "too short\n"], ids=["empty", "short"])
def test_a_key_file_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(ConfigError, match="16 characters"):
        keys.secret("web.keys (a) key", "", str(tmp_path / "key"))
    with pytest.raises(ConfigError, match="cannot be read"):
        keys.secret("web.keys (a) key", "", str(tmp_path / "none"))


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "message/partial"])
def test_other_types_are_refused(web: Start, kind: str) -> None:
    answer = web().post(Content_Type=kind)
    assert (answer.status, answer.code) == (415, "not_a_mail")


@pytest.mark.parametrize("body", [b"", b"\r\n \r\n"], ids=["none", "blank"])
def test_an_empty_body(web: Start, body: bytes) -> None:
    answer = web().post(body)
    assert (answer.status, answer.code) == (400, "empty")


@pytest.mark.parametrize(
    "body",
    [
        b"mail.eml",
        b"Subject: joined by curl -dFrom: a@b.example",
        b"{}\r\n",
        b"--x\r\nSubject: a\r\n",
        b": x\r\n",
    ],
    ids=["a name", "one line", "json", "a form", "no name"],
)
def test_a_body_that_is_no_mail(web: Start, body: bytes) -> None:
    answer = web().post(body)
    assert (answer.status, answer.code) == (400, "no_header")


@pytest.mark.parametrize(
    "body",
    [
        b"Subject: x\n\nx\n",
        b"From a@b.example Mon Nov 23 10:00:00 2026\nSubject: x\n\nx",
        b"\r\nX-Odd : x\r\n y\r\n\r\n",
    ],
    ids=["bare LF", "mbox", "blank first"],
)
def test_a_body_that_begins_as_mails_do(web: Start, body: bytes) -> None:
    assert web().post(body).status == 202


def test_a_body_in_chunks(web: Start) -> None:
    door = web()
    answer = door.ask("POST", "/v1/messages", iter([MAIL[:10], MAIL[10:]]), HEADERS, encode_chunked=True)
    assert answer.status == 202
    assert door.mails[0][1] == MAIL


def test_neither_length_nor_chunks(web: Start) -> None:
    head = b"\r\n".join(line for line in _head(0).split(b"\r\n") if not line.startswith(b"Content-Length"))
    assert web().talk(head.replace(b"Host: x", b"Host: x\r\nConnection: close")).startswith(b"HTTP/1.1 411 ")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
@pytest.mark.parametrize(("size", "status"), [(65_536, 202), (65_537, 413), (3_000_000, 413)])
def test_the_limit_of_size(web: Start, chunked: bool, size: int, status: int) -> None:
    door = web(smtp={"max_size": 65_536})
    raw = MAIL + b"x" * (size - len(MAIL))
    body: Any = (raw[at : at + 10_000] for at in range(0, size, 10_000)) if chunked else raw
    answer = door.ask("POST", "/v1/messages", body, HEADERS, encode_chunked=chunked)
    assert answer.status == status
    assert [len(raw) for _, raw in door.mails] == ([size] if status == 202 else [])


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Full("no room"), 503, "full"),
        (Transient("secret detail"), 503, "trouble"),
        (Unavailable("secret detail"), 503, "trouble"),
        (Permanent("550 secret detail"), 400, "refused"),
        (RuntimeError("secret detail"), 503, "trouble"),
    ],
    ids=["full", "transient", "unavailable", "permanent", "bug"],
)
def test_our_trouble(web: Start, error: Exception, status: int, code: str) -> None:
    door = web()
    door.failure = error
    answer = door.post()
    assert (answer.status, answer.code) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert b"secret" not in answer.body
    door.failure = None
    assert door.post().status == 202


def test_a_key_has_so_many_mails_an_hour(web: Start) -> None:
    door = web(max_mails_per_key=2)
    assert [door.post().status for _ in range(3)] == [202, 202, 429]
    wait = int(door.post().headers["Retry-After"])
    assert 1700 < wait <= 1801


def test_a_body_that_stands_still_is_cut_off(web: Start) -> None:
    door = web(timeout=0.3)
    with door.connect() as sock:
        sock.sendall(_head(100) + b"From: ")
        received = b""
        while chunk := sock.recv(4096):
            received += chunk
    assert received.startswith(b"HTTP/1.1 408 ")
    assert not door.mails


def test_a_client_that_goes_away_leaves_nothing(web: Start) -> None:
    door = web()
    with door.connect() as sock:
        sock.sendall(_head(100) + b"From: ")
    assert door.post().status == 202
    assert len(door.mails) == 1


def test_a_head_that_stands_still_is_cut_off(web: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.3)
    door = web()
    for sent in (b"", b"POST /v1/mess", _head(5)[:-2]):
        with door.connect() as sock:
            sock.sendall(sent)
            assert _ends(sock)


def test_nor_does_the_second_head_of_a_connection(web: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 2.0)
    door = web()
    with door.connect() as sock:
        sock.sendall(_head(len(MAIL)) + MAIL)
        received = b""
        while b'"id-1"}' not in received:
            received += sock.recv(4096)
        sock.sendall(b"POST /v1/")
        assert _ends(sock)


def test_a_slow_accept_is_no_slow_client(web: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def slow(_envelope: Any, _raw: bytes) -> str:
        await asyncio.sleep(1.6)
        return "id"

    monkeypatch.setattr(server, "HEAD_SECONDS", 1.0)
    assert web(timeout=1.0, accept=slow).post().status == 202


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked, identity\r\n\r\nhello",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100 + b"\r\n\r\n",
    ],
    ids=["two lengths", "length and chunks", "sign", "encoding", "tls"],
)
def test_requests_that_two_servers_would_read_apart(web: Start, sent: bytes) -> None:
    """Request smuggling is h11's to refuse: this is what we count on."""
    door = web()
    lines = door.talk(sent)
    assert lines.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 ", b"HTTP/1.1 501 "))
    assert lines.count(b"HTTP/1.1") == 1
    assert not door.mails


def test_a_huge_head_is_not_kept(web: Start) -> None:
    answer = web().talk(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 4_000_000 + b"\r\n\r\n")
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))


def test_a_length_beside_chunks_ends_the_connection(web: Start) -> None:
    """What hides behind the one that a proxy believed is never answered."""
    door = web()
    head = _head(4).removesuffix(b"\r\n") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    lines = door.talk(head + b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert lines.startswith(b"HTTP/1.1 400 ")
    assert lines.count(b"HTTP/1.1") == 1
    assert not door.mails


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/messages", 405),
        ("GET", "/v1/../etc/passwd", 404),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404),
        ("POST", "/v1/inbound/mailgun", 503),
        ("POST", "/v1/inbound/..%2fsecret", 404),
        ("DELETE", "/healthz", 405),
    ],
)
def test_there_is_nothing_else(web: Start, method: str, path: str, status: int) -> None:
    answer = web().ask(method, path)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"


def test_memory_for_bodies_is_bounded(web: Start) -> None:
    """Bodies under way hold what they hold; who finds no room comes again."""
    door = web(smtp={"max_size": 1_000_000}, max_bytes_in_flight=2_000_000, timeout=20)
    held: list[socket.socket] = []
    try:
        for _ in range(2):
            sock = door.connect()
            sock.sendall(_head(1_000_000) + b"x" * 900_000)
            held.append(sock)
        deadline = time.monotonic() + 10
        while (answer := door.post(MAIL + b"x" * 300_000)).status != 503 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert (answer.status, answer.code) == (503, "busy")
        held.pop().close()
        while (answer := door.post(MAIL + b"x" * 300_000)).status != 202:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        for sock in held:
            sock.close()


def test_too_many_connections_are_503(web: Start) -> None:
    door = web(max_connections=4)
    held = [door.connect() for _ in range(4)]
    try:
        deadline = time.monotonic() + 10
        while door.ask("GET", "/healthz").status != 503:
            assert time.monotonic() < deadline
    finally:
        for sock in held:
            sock.close()


def test_what_is_under_way_is_answered_at_the_end(web: Start) -> None:
    import asyncio

    begun = threading.Event()

    async def slow(_envelope: Any, _raw: bytes) -> str:
        begun.set()
        await asyncio.sleep(1)
        return "id"

    door = web(accept=slow)
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(door.post().status))
    thread.start()
    begun.wait(10)
    door.close()
    thread.join(10)
    assert answers == [202]


def test_a_port_in_use_is_one_line(web: Start, tmp_path: Path) -> None:
    used = web().port
    with pytest.raises(Unavailable, match=f"cannot listen on 127.0.0.1:{used}"):
        server.bind(Config(data_dir=tmp_path, web={"port": used}))


@pytest.mark.parametrize(
    "web",
    [
        {"keys": [{"name": "a", "key": "short"}]},
        {"keys": [{"name": "a"}]},
        {"keys": [{"name": "a b", "key": KEY}]},
        {"keys": [{"name": "a", "key": KEY, "key_file": "x"}]},
        {"metrics_key": "short"},
        {"ses": {"topics": ["arn:aws:s3:::bucket"]}},
    ],
    ids=["short", "none", "name", "both", "metrics", "topic"],
)
def test_settings_that_are_wrong(web: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Config(web=web)


def test_a_key_is_in_no_repr_and_in_no_fault(tmp_path: Path) -> None:
    from mailgate import config as settings

    config = Config(web={"keys": [{"name": "a", "key": KEY}], "metrics_key": KEY.replace(" ", "-")})
    assert KEY not in repr(config)
    file = tmp_path / "mailgate.toml"
    file.write_text('[web]\nmetrics_key = "tooshort"\nkeys = [{ name = "a b", key = "tooshort2" }]\n')
    with pytest.raises(ConfigError) as raised:
        settings.load(file)
    assert "tooshort" not in str(raised.value)


def test_two_keys_of_one_digest_do_not_confuse() -> None:
    known = keys.load(
        Config(web={"keys": [{"name": "a", "key": "a" * 16}, {"name": "b", "key": "b" * 16}]}).web.keys
    )
    assert [
        keys.bearer(f"{scheme} {'b' * 16}", known) is known[1] for scheme in ("Bearer", "bearer", "BEARER")
    ] == [True] * 3


def test_unusable_providers_are_named(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path, web={"sendgrid": {"public_key": "nonsense"}})
    with pytest.raises(ConfigError, match=r"web\.sendgrid\.public_key"):
        door.make(config, lambda *_: None, Health(config))  # type: ignore[arg-type,return-value]


def _head(length: int) -> bytes:
    lines = [
        "POST /v1/messages HTTP/1.1",
        "Host: x",
        *(f"{k}: {v}" for k, v in HEADERS.items()),
        f"Content-Length: {length}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def _ends(sock: socket.socket) -> bool:
    try:
        return sock.recv(4096) == b""
    except ConnectionResetError:
        return True
