"""Dovecot in front of us, with what config/deploy and docs/operation.md have for it: a Sieve script that pipes, and its LMTP
that hands on to ours."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doors.dovecot import Dovecot
from doors.ground import ROOT, Installed, await_greeting, documented, entered_by_all
from doors.listener import Listener
from ports import free_port

from mailgate.errors import Full

pytestmark = pytest.mark.slow

Listen = Callable[..., Listener]
DEPLOY = ROOT / "config/deploy"
MAIL = b"From: Ann <ann@example.org>\r\nSubject: x\r\n\r\nhello\r\n"
US, NOBODY = "support+tok@tickets.example.com", "nobody@tickets.example.com"
OURS = {"address": "support@tickets.example.com"}
LISTENING = """
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""


@pytest.fixture
def place() -> Iterator[Path]:
    with entered_by_all() as folder:
        yield folder


def by_lmtp(port: int, sender: str, *recipients: str) -> list[str]:
    """What is said of each recipient, at once or behind the mail."""
    with smtplib.LMTP("127.0.0.1", port, timeout=30) as client:  # it reads one reply behind a mail only
        client.ehlo_or_helo_if_needed()
        client.mail(sender)
        said = [client.rcpt(each) for each in recipients]
        taken = [n for n, (code, _) in enumerate(said) if code == 250]
        client.docmd("DATA")
        client.send(MAIL + b".\r\n")
        for n in taken:
            said[n] = client.getreply()
    return [f"{code} {words.decode()}" for code, words in said]


SCRIPTS = {
    "shipped": (DEPLOY / "mailgate.sieve").read_text(),
    "documented": documented('require ["vnd.dovecot.pipe"', "```"),
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_sieve(listen: Listen, place: Path, script: str) -> None:
    """What we take is in no mailbox; what we do not take, now or ever, stays in the mailbox."""
    listener = listen(door="unix", data_dir=place, lmtp={"socket_mode": "0666"}, gateway=OURS)
    installed = Installed(place)
    (place / "bin").mkdir()
    (place / "bin/mailgate").symlink_to(installed.program)
    (place / "mailgate.sieve").write_text(
        script.replace("/etc/mailgate/mailgate.toml", str(installed.settings))
    )
    port = free_port()
    plugin = (
        (DEPLOY / "dovecot-sieve.conf").read_text().replace("/usr/lib/dovecot/sieve-pipe", str(place / "bin"))
    )
    extra = plugin + f"plugin {{\n sieve = file:{place}/mailgate.sieve\n}}\n" + LISTENING.format(port=port)
    with Dovecot(protocols="imap lmtp", extra=extra) as dovecot:
        await_greeting(port)
        assert [said[:3] for said in by_lmtp(port, "a@example.org", US, NOBODY)] == ["250", "250"]
        listener.failure = Full("no room")
        assert by_lmtp(port, "b@example.org", US)[0].startswith("250")
        log = (dovecot.folder / "log").read_text()
        kept = {name: dovecot.mails(name) for name in ("support@tickets.example.com", NOBODY)}
        assert [len(mails) for mails in kept.values()] == [1, 1], log
        assert b"Return-Path: <b@example.org>" in kept["support@tickets.example.com"][0].read_bytes()
    assert "says 550 5.1.1 No such address here" in log
    assert "says 452 4.3.1" in log
    [(envelope, raw)] = listener.mails
    assert (envelope.mail_from, envelope.rcpt_to) == ("a@example.org", (US,))
    assert raw.endswith(MAIL)


PROXIES = {
    "shipped": (DEPLOY / "dovecot-lmtp.conf").read_text(),
    "documented": documented("lmtp_proxy = yes", "```"),
}


@pytest.mark.parametrize("text", PROXIES.values(), ids=PROXIES)
def test_lmtp_to_lmtp(listen: Listen, text: str) -> None:
    listener = listen(door="lmtp", gateway=OURS)
    text = text.replace("port=2424", f"port={listener.port}")
    port = free_port()
    with Dovecot(protocols="imap lmtp", passdb=text, extra=LISTENING.format(port=port)) as dovecot:
        await_greeting(port)
        ours, other = by_lmtp(port, "a@example.org", US, NOBODY)
        assert ours.startswith("250 2.0.0 "), (dovecot.folder / "log").read_text()
        assert other.startswith("550 5.1.1 "), other
        listener.failure = Full("no room")
        assert by_lmtp(port, "", US)[0].startswith("452 4.3.1 ")
        listener.failure = None
        assert by_lmtp(port, "", US)[0].startswith("250")
    assert [(envelope.mail_from, envelope.rcpt_to) for envelope, _ in listener.mails] == [
        ("a@example.org", (US,)),
        ("", (US,)),
    ]
    assert all(raw.endswith(MAIL) for _, raw in listener.mails)
