"""The way to the relay: found, secured, logged in; and each fault in words (RFC 4954, RFC 8314; threats T13, T31)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from work.peer import CUT, MAIL, TLS, certify, scripted, with_tls

from mailgate import config
from mailgate.relay.dial import DialError
from mailgate.relay.login import LoginError, token
from mailgate.relay.smtp import SmtpRelay

URL = "smtp://bob%40example.com:s%C3%A9cret@127.0.0.1:{port}"
SECRET = "sécret"
TOKEN = "ya29.token-of-mine"


@pytest.fixture
def peers() -> Iterator[Any]:
    yield from scripted()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certify(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def token_file(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    return str(path)


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def offering(*mechanisms: str) -> str:
    return f"250-peer\r\n250 AUTH {' '.join(mechanisms)}"


def said(peer: Any) -> list[str]:
    """What came between EHLO and MAIL."""
    return [
        line for line in peer.commands[1:] if not line.startswith(("MAIL", "RCPT", "DATA", "quit", "QUIT"))
    ]


@pytest.mark.parametrize(
    ("offered", "auth", "script", "wanted"),
    [
        (("LOGIN", "PLAIN", "CRAM-MD5"), "auto", {}, [f"AUTH PLAIN {b64(chr(0) + 'bob@example.com' + chr(0) + SECRET)}"]),
        (("LOGIN",), "auto", {"AUTH": "334 VXNlcm5hbWU6", b64("bob@example.com"): "334 UGFzc3dvcmQ6", b64(SECRET): "235 ok"},
         ["AUTH LOGIN", b64("bob@example.com"), b64(SECRET)]),
        (("LOGIN", "PLAIN"), "login", {"AUTH": "334 VXNlcm5hbWU6", b64("bob@example.com"): "334 UGFzc3dvcmQ6", b64(SECRET): "235 ok"},
         ["AUTH LOGIN", b64("bob@example.com"), b64(SECRET)]),
        (("PLAIN",), "plain", {"AUTH": "503 already"}, [f"AUTH PLAIN {b64(chr(0) + 'bob@example.com' + chr(0) + SECRET)}"]),
    ],
    ids=["the first of ours", "LOGIN alone", "LOGIN by name", "logged in already"],
)  # fmt: skip
def test_a_login(
    peers: Any, offered: tuple[str, ...], auth: str, script: dict[str, str], wanted: list[str]
) -> None:
    peer, relay = peers(EHLO=offering(*offered), url=URL, auth=auth)
    peer.script.update({verb.upper(): [answer] for verb, answer in script.items()})
    assert relay.send(MAIL, "a@example.com", "b@b.example").kind == "sent"
    assert said(peer) == wanted


def test_cram_md5(peers: Any) -> None:
    digest = hmac.new(b"secret", b"<1@peer>", hashlib.md5).hexdigest()
    answer = b64(f"bob {digest}")
    peer, relay = peers(
        EHLO=offering("CRAM-MD5"), AUTH=f"334 {b64('<1@peer>')}", url="smtp://bob:secret@127.0.0.1:{port}"
    )
    peer.script[answer.upper()] = ["235 ok"]
    assert relay.send(MAIL, "a@example.com", "b@b.example").kind == "sent"
    assert said(peer) == ["AUTH CRAM-MD5", answer]


XOAUTH2 = b64(f"user=bob@example.com\x01auth=Bearer {TOKEN}\x01\x01")


@pytest.mark.parametrize("source", ["file", "command"])
def test_xoauth2_with_the_token_of_now(peers: Any, token_file: str, source: str) -> None:
    command = [sys.executable, "-c", f"print(open({token_file!r}).read())"]
    how = {"token_file": token_file} if source == "file" else {"token_command": command}
    peer, relay = peers(
        EHLO=offering("PLAIN", "XOAUTH2"),
        url="smtp://bob%40example.com@127.0.0.1:{port}",
        max_per_connection=1,
        **how,
    )
    assert relay.send(MAIL, "a@example.com", "b@b.example").kind == "sent"
    assert said(peer) == [f"AUTH XOAUTH2 {XOAUTH2}"]
    Path(token_file).write_text("another")
    assert relay.send(MAIL, "a@example.com", "b@b.example").kind == "sent"
    assert (
        f"AUTH XOAUTH2 {b64('user=bob@example.com' + chr(1) + 'auth=Bearer another' + chr(1) * 2)}"
        in peer.commands
    )


def test_an_expired_token_is_the_relays_word_and_no_mails_fault(peers: Any, token_file: str) -> None:
    """It answers 334 with JSON, wants an empty line, and then says 535."""
    peer, relay = peers(
        EHLO=offering("XOAUTH2"), AUTH="334 eyJzdGF0dXMiOiI0MDAifQ==", url="smtp://bob@127.0.0.1:{port}", token_file=token_file
    )  # fmt: skip
    peer.script[""] = ["535 5.7.8 expired"]
    reply = relay.send(MAIL, "a@example.com", "b@b.example")
    assert (reply.kind, reply.code) == ("down", 535)
    assert "535 5.7.8 expired" in reply.text
    assert TOKEN not in reply.text


@pytest.mark.parametrize(
    ("offered", "answer", "settings", "words"),
    [
        ("250 peer", "235", {}, "offers none"),
        (offering("GSSAPI"), "235", {}, "no login by PLAIN or LOGIN or CRAM-MD5; it offers GSSAPI"),
        (offering("PLAIN"), "235", {"auth": "login"}, "no login by LOGIN"),
        (offering("PLAIN"), "535 5.7.8 wrong", {}, "login refused (PLAIN): 535 5.7.8 wrong"),
        (offering("PLAIN"), "454 4.7.0 later", {}, "454"),
        (offering("PLAIN"), "334 ", {}, "login refused"),
        (offering("LOGIN"), "334 ", {}, "login refused"),
        (offering("CRAM-MD5"), "334 !!!", {}, "CRAM-MD5"),
        (offering("PLAIN"), CUT, {}, ""),
        (offering("XOAUTH2"), "235", {"token_file": "/no/such/file"}, "relay.token_file"),
        (offering("XOAUTH2"), "235", {"token_command": ["/bin/false"]}, "relay.token_command"),
        (offering("XOAUTH2"), "235", {"token_command": ["/no/such/program"]}, "relay.token_command"),
        (offering("XOAUTH2"), "235", {"token_command": ["/bin/echo", "two words"]}, "one word"),
        (offering("XOAUTH2"), "235", {"token_command": ["/bin/true"]}, "one word"),
    ],
)  # fmt: skip
def test_no_login_is_the_relays_trouble_in_words_without_the_secret(
    peers: Any, offered: str, answer: str, settings: dict[str, Any], words: str
) -> None:
    peer, relay = peers(EHLO=offered, AUTH=answer, url=URL, **settings)
    reply = relay.send(MAIL, "a@example.com", "b@b.example")
    assert reply.kind == "down"
    assert words in reply.text
    assert SECRET not in reply.text + repr(relay._target)
    assert b64(SECRET) not in reply.text
    assert len([line for line in peer.commands if line.startswith("AUTH")]) <= 1, "one try"
    assert peer.mails == []


def test_a_token_of_any_length_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("x" * 1_000_000)
    with pytest.raises(LoginError, match="no token"):
        token(config.Relay(token_file=str(path)))


@pytest.mark.parametrize(
    "relay",
    [{"token_file": "a", "token_command": ["b"]}, {"auth": "xoauth2"}, {"auth": "ntlm"}, {"per_minute": -1}],
)
def test_settings_that_cannot_be(relay: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"token|auth|per_minute"):
        config.Relay(**relay)


# ---------------------------------------------------------------- TLS


def test_our_own_authority_is_believed_and_no_other(
    peers: Any, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    other = certify(tmp_path)
    for trusted, kind in ((certificate, "sent"), (other, "down")):
        peer, relay = peers(EHLO=list(TLS), starttls="must", ca_file=str(trusted[0]))
        with_tls(peer, certificate)
        reply = relay.send(MAIL, "a@example.com", "b@b.example")
        assert reply.kind == kind
        assert ("certificate" in reply.text) == (kind == "down")


def test_a_certificate_of_another_name_gets_no_login(peers: Any, tmp_path: Path) -> None:
    wrong = certify(tmp_path, "other.example")
    peer, relay = peers(EHLO=list(TLS), starttls="must", ca_file=str(wrong[0]), url=URL)
    with_tls(peer, wrong)
    reply = relay.send(MAIL, "a@example.com", "b@b.example")
    assert reply.kind == "down"
    assert "IP address mismatch" in reply.text
    assert not any(line.startswith("AUTH") for line in peer.commands)


def test_words_slipped_in_behind_starttls_are_not_obeyed(peers: Any, certificate: tuple[Path, Path]) -> None:
    """Who stands between may add an offer in clear behind the 220 (CVE-2011-0411, the client's side)."""
    peer, relay = peers(
        EHLO=list(TLS),
        STARTTLS="220 go\r\n250-evil\r\n250 SMTPUTF8",
        starttls="must",
        ca_file=str(certificate[0]),
    )
    with_tls(peer, certificate)
    assert relay.send(MAIL, "a@example.com", "björn@b.example").kind != "sent"
    assert peer.mails == []


# ---------------------------------------------------------------- what the relay can take


@pytest.mark.parametrize(
    ("offered", "mail", "kind", "words"),
    [
        ("250-peer\r\n250 SIZE 60", MAIL, "failed", "5.3.4 the relay takes mail of 60 bytes"),
        ("250-peer\r\n250 SIZE 0", MAIL, "sent", ""),
        ("250-peer\r\n250 SIZE", MAIL, "sent", ""),
        ("250-peer\r\n250 SIZE many", MAIL, "sent", ""),
        ("250-peer\r\n250 SIZE 99999999999999999999999999", MAIL, "sent", ""),
        ("250 peer", MAIL + "ü\r\n".encode(), "failed", "7-bit"),
        ("250-peer\r\n250 8BITMIME", MAIL + "ü\r\n".encode(), "sent", ""),
        ("250-peer\r\n250-8BITMIME\r\n250 SMTPUTF8", "Subject: ü\r\n".encode() + MAIL, "sent", ""),
        ("250-peer\r\n250 8BITMIME", "Subject: ü\r\n".encode() + MAIL, "failed", "SMTPUTF8"),
    ],
)
def test_what_the_relay_cannot_take_is_not_offered(
    peers: Any, offered: str, mail: bytes, kind: str, words: str
) -> None:
    peer, relay = peers(EHLO=offered)
    reply = relay.send(mail, "a@example.com", "b@b.example")
    assert reply.kind == kind
    assert words in reply.text
    assert any(command.startswith("MAIL") for command in peer.commands) == (kind == "sent")
    assert relay.send(b"Subject: x\r\n\r\nx\r\n", "a@example.com", "b@b.example").kind == "sent"
    assert peer.connections == 1, "the connection is as good as before"


def test_smtputf8_is_asked_for_only_where_it_is_needed(peers: Any) -> None:
    peer, relay = peers(EHLO="250-peer\r\n250-8BITMIME\r\n250 SMTPUTF8")
    for to in ("bob@b.example", "björn@b.example", "bob@b.example"):
        assert relay.send(MAIL, "a@example.com", to).kind == "sent"
    assert [("SMTPUTF8" in line) for line in peer.commands if line.startswith("MAIL")] == [False, True, False]


# ---------------------------------------------------------------- faults in words, for `mailgate check`


def fault(**settings: Any) -> DialError:
    with pytest.raises(DialError) as caught:
        SmtpRelay(config.Relay.model_validate({"timeout": 1, **settings})).probe()
    return caught.value


def test_each_fault_has_its_name(peers: Any, certificate: tuple[Path, Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        dead = unused.getsockname()[1]
    assert fault(url=f"smtp://127.0.0.1:{dead}").fault == "unreachable"
    assert fault(url="smtp://no-such-host.invalid").fault == "name"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "timed out" in str(fault(url=f"smtp://127.0.0.1:{silent.getsockname()[1]}"))
    for script, settings, wanted in (
        ({"GREETING": "554 no"}, {}, "greeting"),
        ({}, {"starttls": "must"}, "no_tls"),
        ({"EHLO": list(TLS)}, {"starttls": "must"}, "certificate"),
        ({"EHLO": list(TLS)}, {"starttls": "must", "ca_file": "/no/such/file"}, "ca_file"),
        ({"GREETING": "* OK IMAP4rev1 ready"}, {}, "no_smtp"),
        ({}, {"url": "smtps://127.0.0.1:{port}"}, "tls"),
        ({"EHLO": offering("PLAIN"), "AUTH": "535 wrong"}, {"url": URL}, "login"),
    ):
        peer, relay = peers(**script, **settings)
        with_tls(peer, certificate)
        with pytest.raises(DialError) as caught:
            relay.probe()
        assert caught.value.fault == wanted, caught.value


def test_a_probe_offers_no_mail(peers: Any) -> None:
    peer, relay = peers(EHLO=offering("PLAIN"), url=URL)
    assert relay.probe() == "peer, logged in"
    assert [line.split()[0].lower() for line in peer.commands] == ["ehlo", "auth", "quit"]
