"""T31: passwords and keys are in no error, no log, no traceback and no repr (FreeScout GHSA-7wcq-2qmv-mvcm)."""

from __future__ import annotations

import io
import smtplib
import socket
import ssl
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from mailgate import checks, config, log
from mailgate.cli import outside
from mailgate.config import Config, Log
from mailgate.errors import ConfigError
from mailgate.mail.token import Minter
from mailgate.model import Key
from mailgate.relay import dial
from mailgate.relay.dial import must_encrypt, target
from mailgate.relay.smtp import SmtpRelay

SECRET = "hunter2-very-secret"
URL = f"smtp://mailer:{SECRET}@127.0.0.1:{{}}"
KEY = Key(3, b"not-for-anybody-to-see-0123456789", datetime(2026, 3, 2, tzinfo=UTC))


def secrets() -> dict[str, Any]:
    return {
        "relay": {"url": URL.format(9)},
        "database": {"url": f"postgresql+psycopg://mg:{SECRET}@127.0.0.1:9/x"},
        "smtp": {"users": {"printer": {"password": SECRET, "addresses": ["p@example.com"]}}},
    }


HOLDERS: dict[str, Callable[[], object]] = {
    "settings": lambda: Config(**secrets()),
    "section": lambda: Config(**secrets()).relay,
    "database": lambda: Config(**secrets()).database,
    "login": lambda: Config(**secrets()).smtp,
    "target of the relay": lambda: target(URL.format(25)),
    "the relay": lambda: SmtpRelay(Config(**secrets()).relay),
    "a key": lambda: KEY,
    "who mints": lambda: Minter(KEY, "support@example.com", "example.com"),
}


@pytest.mark.parametrize("make", HOLDERS.values(), ids=HOLDERS)
def test_no_repr_shows_them(make: Callable[[], object]) -> None:
    holder = make()
    for shown in (repr(holder), str(holder), str(log.clean(holder))):
        assert SECRET not in shown
        assert "not-for-anybody" not in shown


FAULTS = {
    "relay.url": f'[relay]\nurl = 5\nmaildir = "{SECRET}"\nstarttls = "perhaps"\n',
    "not a number": f'[relay]\nurl = "smtp://u:{SECRET}@h:25"\nthreads = "many"\n',
    "a token of the relay": f'[relay.oauth]\nprovider = "google"\nclient_id = "x"\nrefresh_token = ["{SECRET}"]\n',
    "a secret of the relay": f'[relay.oauth]\nprovider = "google"\nclient_id = "x"\nclient_secret = ["{SECRET}"]\nrefresh_token = "x"\n',
    "a list": f'[relay]\nurl = ["smtp://u:{SECRET}@h"]\n',
    "a word in place of a section": f'relay = "smtp://u:{SECRET}@h"\n',
    "a login without addresses": f'[smtp.users.printer]\npassword = "{SECRET}"\n',
    "a login too many": f'[smtp.users.printer]\npassword = "{SECRET}"\naddresses = "x"\n',
    "a short password": f'[smtp.users.printer]\npassword = ["{SECRET}"]\naddresses = ["p@example.com"]\n',
    "misspelt": f'[smtp.users.printer]\npasword = "{SECRET}"\naddresses = ["p@example.com"]\n',
    "database": f'[database]\nurl = {{ dsn = "postgresql://u:{SECRET}@h/x" }}\n',
}


@pytest.mark.parametrize("text", FAULTS.values(), ids=FAULTS)
def test_a_fault_in_the_settings_does_not_show_them(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mailgate.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    said = "\n".join([*caught.value.faults, str(caught.value), repr(caught.value)])
    assert SECRET not in said.replace(f'maildir = "{SECRET}"', "")


def test_a_url_that_is_none_is_not_shown() -> None:
    for url in (
        f"smtp:/u:{SECRET}@h",
        f"http://u:{SECRET}@h",
        f"smtp://u:{SECRET}@h:port",
        f"smtp://u:{SECRET}@h/x",
    ):
        with pytest.raises(ConfigError) as caught:
            SmtpRelay(config.Relay(url=url))
        assert SECRET not in "".join(traceback.format_exception(caught.value))


class Peer:
    """A relay that says what it is told to, a line for each that it gets; at None it hangs up."""

    def __init__(self, *answers: bytes | None) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.answers, self.got = list(answers), b""
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        sock, _ = self.server.accept()
        with sock:
            for answer in self.answers:
                if answer is None:
                    return
                sock.sendall(answer)
                more = sock.recv(4096)
                self.got += more
                if not more:
                    return

    def close(self) -> None:
        self.server.close()
        self.thread.join(10)


HELLO = b"250-relay\r\n250 AUTH PLAIN LOGIN\r\n"


@pytest.mark.parametrize(
    "answer",
    [b"535 5.7.8 no: %s\r\n" % SECRET.encode(), b"454 later\r\n", b"x\r\n", b"", None],
    ids=["535", "454", "junk", "silent", "gone"],
)
def test_a_login_that_fails_does_not_show_it(answer: bytes | None) -> None:
    """Not what we sent. (What a peer chooses to say back is the peer's; it is cut to 500 characters.)"""
    peer = Peer(b"220 relay\r\n", HELLO, answer, answer, answer)
    relay = SmtpRelay(config.Relay(url=URL.format(peer.port), timeout=30 if answer != b"" else 2))
    out = io.StringIO()
    log.set_up(Log(format="json"), out)
    try:
        reply = relay.send(b"Subject: x\r\n\r\nx\r\n", "a@example.com", "b@example.com")
        structlog.get_logger("x").warning("relay down", reply=reply.text)
    finally:
        structlog.reset_defaults()
        relay.close()
        peer.close()
    assert reply.kind == "down"
    assert peer.got, "it came to a login"
    if SECRET.encode() not in (answer or b""):
        assert SECRET not in reply.text + out.getvalue() + repr(reply)


@pytest.mark.parametrize("starttls", ["no", "may", "must"])
@pytest.mark.parametrize("offered", [False, True])
def test_no_password_leaves_the_machine_in_clear(
    monkeypatch: pytest.MonkeyPatch, starttls: str, offered: bool
) -> None:
    """Away from loopback `may` and `no` are `must` where relay.url has a password: inside verified TLS, or nowhere."""
    said: list[str] = []

    class Wire(smtplib.SMTP):
        def __init__(self, *_: Any, **__: Any) -> None:
            self.esmtp_features = {"auth": "PLAIN"} | ({"starttls": ""} if offered else {})
            self.does_esmtp = True
            self.sock = None

        def ehlo_or_helo_if_needed(self) -> None:
            said.append("ehlo")

        def starttls(self, *, context: ssl.SSLContext | None = None, **_: Any) -> Any:  # type: ignore[override]
            assert context is not None
            said.append(f"starttls {context.verify_mode.name} {context.check_hostname}")
            raise ssl.SSLCertVerificationError("self-signed certificate")

        def docmd(self, cmd: str, args: str = "") -> tuple[int, bytes]:
            said.append("login" if cmd == "AUTH" else cmd)
            return 235, b"ok"

    monkeypatch.setattr(dial, "_Bounded", Wire)
    relay = SmtpRelay(
        config.Relay.model_validate({"url": f"smtp://u:{SECRET}@relay.example", "starttls": starttls})
    )
    reply = relay.send(b"Subject: x\r\n\r\nx\r\n", "a@example.com", "b@example.com")
    relay.close()
    assert reply.kind == "down"
    assert "login" not in said
    assert [word for word in said if word.startswith("starttls")] == (
        ["starttls CERT_REQUIRED True"] if offered else []
    )


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("127.0.0.1", False),
        ("localhost", False),
        ("::1", False),
        ("192.0.2.1", True),
        ("relay.example", True),
    ],
)
def test_loopback_is_another_matter(host: str, asked: bool) -> None:
    shown = f"[{host}]" if ":" in host else host
    for url, wanted in ((f"smtp://u:{SECRET}@{shown}:25", asked), (f"smtp://{shown}:25", False)):
        assert must_encrypt(config.Relay(url=url), target(url)) is wanted


def test_check_does_not_show_them(tmp_path: Path) -> None:
    found = list(
        checks.everything(Config(data_dir=tmp_path, **secrets()), {}, [outside.relay, outside.database])
    )
    assert len(found) > 5
    assert SECRET not in repr(found)


def test_a_database_that_is_away_does_not_show_it() -> None:
    from mailgate.store.engine import Store

    store = Store(Config(**secrets()).database_url)
    with pytest.raises(Exception) as caught, store.reading():
        pass
    store.close()
    assert SECRET not in "".join(traceback.format_exception(caught.value))
