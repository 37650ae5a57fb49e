"""T18, the client side of IMAP: a server that lies, stands still, floods or stands in another's place."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doors.fake_imap import FakeImap, Script
from doors.listener import certify
from doors.mailboxes import Doors, account, mail, until
from pydantic import ValidationError

from mailgate.config import Config
from mailgate.intake.imap import account as reader
from mailgate.intake.imap import trouble, wire

pytestmark = pytest.mark.slow


@pytest.fixture
def doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    monkeypatch.setattr(reader, "_PAUSES", {True: (0.05, 0.1), False: (0.05, 0.1)})
    doors = Doors(tmp_path / "var")
    doors.data_dir.mkdir()
    yield doors
    doors.stop()


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeImap]]:
    made: list[FakeImap] = []

    def start(script: Script | None = None, **options: Any) -> FakeImap:
        made.append(FakeImap(script or {}, **options))
        return made[-1]

    yield start
    for server in made:
        server.close()


# ---------------------------------------------------------------- commands in settings (CVE-2025-15366)


@pytest.mark.parametrize("key", ["mailbox", "user", "done_folder", "failed_folder", "password", "host"])
@pytest.mark.parametrize(
    "evil", ["a\r\nA1 DELETE INBOX", "a\nb", "a\x00b", "a\x7f"], ids=["CRLF", "LF", "NUL", "DEL"]
)
def test_no_control_character_reaches_a_command(key: str, evil: str) -> None:
    with pytest.raises(ValidationError, match="control characters"):
        Config(imap=[account(1, "u", **{key: evil})] if key != "user" else [account(1, evil)])  # type: ignore[list-item]


def test_nor_from_a_password_file(doors: Doors, serve: Callable[..., FakeImap], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("pass\r\nA1 DELETE INBOX")
    server = serve()
    with doors.running(account(server.port, "u", password="", password_file=str(tmp_path / "secret"))):
        until(lambda: doors.state() and doors.state().bad)
    assert "control character" in doors.state().why
    assert not any("DELETE" in line or "LOGIN" in line for line in server.heard)


@pytest.mark.parametrize("name", ['Say "hi"', "back\\slash", "Größe & Co", "a b", "{3}", "*", "%", "(x)"])
def test_any_other_name_is_quoted(doors: Doors, serve: Callable[..., FakeImap], name: str) -> None:
    server = serve()
    with doors.running(account(server.port, "u", mailbox=name)):
        until(lambda: any(" SELECT " in line for line in server.heard))
    said = next(line for line in server.heard if " SELECT " in line).partition(" SELECT ")[2]
    assert said.startswith('"')
    assert said.endswith('"')


# ---------------------------------------------------------------- what a server may say


def _literal(size: int, sent: int) -> Callable[[FakeImap, str, str], bytes]:
    def answer(server: FakeImap, tag: str, line: str) -> bytes:
        if "BODY.PEEK[]" not in line:
            return server.usual(tag, line)
        uid = line.split()[3]
        return f"* 1 FETCH (UID {uid} BODY[] {{{size}}}\r\n".encode() + b"x" * sent

    return answer


@pytest.mark.parametrize("size", [60_000_000, 10**15], ids=["60 MB", "a petabyte"])
def test_an_announced_literal_beyond_the_limit_is_not_read(
    doors: Doors, serve: Callable[..., FakeImap], size: int
) -> None:
    """RFC822.SIZE says a few bytes. The mail is set aside after some attempts, and the others come."""
    server = serve({"FETCH": _literal(size, 1000)}, mails=[mail(1)])
    with doors.running(account(server.port, "u", idle=False), smtp={"max_size": 65_536}):
        until(lambda: doors.accepted.mails, 30)
    assert doors.accepted.raws[0].startswith(b"X-Mailgate-Set-Aside: ")


def test_one_mail_that_kills_each_connection_keeps_no_other_waiting(
    doors: Doors, serve: Callable[..., FakeImap]
) -> None:
    def answer(server: FakeImap, tag: str, line: str) -> bytes:
        if "BODY.PEEK[" in line and "2" in line.split()[3].split(","):
            raise ConnectionAbortedError
        return server.usual(tag, line)

    server = serve({"FETCH": answer}, mails=[mail(1), mail(2), mail(3)])
    with doors.running(account(server.port, "u", idle=False)):
        until(lambda: len(doors.accepted.mails) == 3, 30)
        until(lambda: 2 in server.moved.get("mailgate-failed", []))
    assert sorted(doors.accepted.raws[:2]) == [mail(1), mail(3)]
    assert doors.accepted.raws[2].startswith(b"X-Mailgate-Set-Aside: the connection ends")
    assert doors.set_aside() == [("main", "INBOX", 1, 0)]


@pytest.mark.parametrize(
    "flood",
    [
        b"* 1 EXISTS\r\n" * 400_000,
        b"* 1 FETCH (FLAGS (" + b"x " * 400_000 + b"))\r\n" * 30,
        b"* OK " + b"x" * 2_000_000,
    ],
    ids=["lines", "long lines", "one line"],
)
def test_an_answer_without_end_is_cut_off(doors: Doors, serve: Callable[..., FakeImap], flood: bytes) -> None:
    server = serve({"SELECT": lambda s, tag, line: flood * 100})
    with doors.running(account(server.port, "u")):
        until(lambda: doors.state() and doors.state().bad, 30)
    assert not doors.accepted.mails


NONSENSE = {
    "no UIDVALIDITY": {"SELECT": lambda s, tag, line: f"* 3 EXISTS\r\n{tag} OK\r\n".encode()},
    "negative": {"SELECT": lambda s, tag, line: f"* -3 EXISTS\r\n* OK [UIDVALIDITY -1]\r\n{tag} OK\r\n".encode()},
    "huge": {"SELECT": lambda s, tag, line: b"* OK [UIDVALIDITY " + b"9" * 5000 + b"]\r\n" + f"{tag} OK\r\n".encode()},
    "words for numbers": {"FETCH": lambda s, tag, line: f"* x FETCH (UID y RFC822.SIZE z)\r\n{tag} OK\r\n".encode()},
    "half a parenthesis": {"FETCH": lambda s, tag, line: f"* 1 FETCH (UID 1 (((\r\n{tag} OK\r\n".encode()},
    "another tag": {"FETCH": lambda s, tag, line: b"ZZZZ9 OK\r\n"},
    "no IMAP": {"SELECT": lambda s, tag, line: b"HTTP/1.1 400 Bad Request\r\n\r\n"},
    "BYE": {"FETCH": lambda s, tag, line: b"* BYE too many connections\r\n"},
    "BAD": {"FETCH": lambda s, tag, line: f"{tag} BAD what?\r\n".encode()},
    "latin": {"SELECT": lambda s, tag, line: b"* \xff\xfe\r\n" + f"{tag} NO \xe9\r\n".encode("latin-1")},
}  # fmt: skip


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_ends_no_thread(doors: Doors, serve: Callable[..., FakeImap], what: str) -> None:
    server = serve(NONSENSE[what], mails=[mail(1)])
    with doors.running(account(server.port, "u", idle=False)):
        until(lambda: doors.state() and doors.state().bad)
        server.script.clear()  # it comes to its senses
        until(lambda: doors.accepted.raws == [mail(1)])


# ---------------------------------------------------------------- a server that is slow


def test_a_byte_now_and_then_is_no_answer(
    doors: Doors, serve: Callable[..., FakeImap], monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(server: FakeImap, tag: str, line: str) -> bytes:
        for _ in range(200):
            server.say(b"*")
            time.sleep(0.1)
        return b""

    server = serve({"SELECT": drip})
    with doors.running(account(server.port, "u", timeout=1)):
        until(lambda: doors.state() and doors.state().bad, 10)
    assert "was lost" in doors.state().why


def test_idle_is_begun_anew_within_nine_minutes() -> None:
    assert reader.RENEW_SECONDS <= 9 * 60


def test_idle_is_renewed_and_a_server_that_does_not_answer_is_left(
    doors: Doors, serve: Callable[..., FakeImap], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "RENEW_SECONDS", 0.2)
    server = serve()
    with doors.running(account(server.port, "u", timeout=1)):
        until(lambda: server.heard.count("DONE") >= 3)
        assert server.connections == 1
        server.deaf = True
        until(lambda: server.connections == 2)


# ---------------------------------------------------------------- order, and who may hear the password


def test_a_mail_is_stored_before_it_is_touched(doors: Doors, serve: Callable[..., FakeImap]) -> None:
    server = serve(mails=[mail(1), mail(2)])
    touched: list[bool] = []
    accepting = threading.Event()

    def answer(_envelope: Any, _raw: bytes) -> None:
        touched.append(any(" STORE " in line or " MOVE " in line for line in server.heard))
        accepting.set()

    doors.accepted.answer = answer
    with doors.running(account(server.port, "u", idle=False)):
        until(lambda: len(server.moved.get("mailgate-done", [])) == 2)
    assert touched == [False, False]
    fetches = [line for line in server.heard if "FETCH" in line]
    assert all("BODY[" not in line for line in fetches), "only BODY.PEEK, which sets no flag"
    assert all(
        line.split()[1] == "UID"
        for line in server.heard
        if "FETCH" in line or " STORE " in line or " MOVE " in line
    )


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_no_login_before_tls_is_verified(
    doors: Doors, serve: Callable[..., FakeImap], tmp_path: Path, tls: str
) -> None:
    theirs = certify(tmp_path)  # signed by nobody we know
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(theirs["tls_cert"], theirs["tls_key"])
    server = serve(tls=context, implicit=tls == "implicit")
    with doors.running(account(server.port, "u", host="localhost", tls=tls)):
        until(lambda: doors.state() and doors.state().bad)
    assert "certificate" in doors.state().why
    assert not any("LOGIN" in line or "AUTHENTICATE" in line for line in server.heard)


@pytest.mark.parametrize(
    "greeting", [b"* OK ready\r\n", b"* PREAUTH welcome\r\n"], ids=["no STARTTLS", "PREAUTH"]
)
def test_nor_where_starttls_was_taken_away(
    doors: Doors, serve: Callable[..., FakeImap], greeting: bytes
) -> None:
    server = serve(greeting=greeting)
    with doors.running(account(server.port, "u", host="localhost", tls="starttls")):
        until(lambda: doors.state() and doors.state().bad)
    assert not any("LOGIN" in line or "AUTHENTICATE" in line for line in server.heard)


def test_a_secret_is_in_no_repr_and_no_error() -> None:
    config = Config(imap=[account(1, "u", password="hunter2-secret")])  # type: ignore[list-item]
    assert "hunter2" not in repr(config)
    told = trouble.of_login(config.imap[0], b"LOGIN u hunter2-secret failed", "hunter2-secret")
    assert "hunter2" not in str(told)


@pytest.mark.parametrize("host", ["imap.example.com", "192.0.2.1", "::2"])
def test_without_tls_on_this_machine_only(host: str) -> None:
    with pytest.raises(ValidationError, match="in clear"):
        Config(imap=[account(1, "u", host=host)])  # type: ignore[list-item]


def test_tls_checks_name_and_chain() -> None:
    context = wire.context_of(Config(imap=[account(1, "u", tls="implicit")]).imap[0])  # type: ignore[list-item]
    assert context is not None
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
