"""The ways out: what a relay or a disk does becomes a Reply (1.3), whatever it is."""

from __future__ import annotations

import email
import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from work.peer import CUT, MAIL, STORE_AND_CUT, TLS, certify, scripted, with_tls

from mailgate import config
from mailgate.errors import ConfigError, Unavailable
from mailgate.relay.dial import target
from mailgate.relay.maildir import MaildirRelay
from mailgate.relay.smtp import SmtpRelay


@pytest.fixture
def peers() -> Iterator[Any]:
    yield from scripted()


def test_a_mail_arrives_byte_for_byte_with_its_envelope(peers: Any) -> None:
    peer, relay = peers()
    assert relay.send(MAIL, "support+token@example.com", "bob@b.example").kind == "sent"
    assert peer.mails == [MAIL.replace(b"\r\n.", b"\r\n..") + b".\r\n"]
    assert f"MAIL FROM:<support+token@example.com> SIZE={len(MAIL)}" in peer.commands
    assert "RCPT TO:<bob@b.example>" in peer.commands
    assert "ehlo gate.example" in peer.commands


@pytest.mark.parametrize(
    ("script", "kind", "code"),
    [
        ({"GREETING": "554 no"}, "down", 554),
        ({"GREETING": "421 later"}, "down", 421),
        ({"GREETING": CUT}, "down", 0),
        ({"GREETING": "not smtp"}, "down", 0),
        ({"EHLO": CUT}, "down", 0),
        ({"MAIL": "451 later"}, "denied", 451),
        ({"MAIL": "550 no"}, "denied", 550),
        ({"MAIL": "552 5.3.4 too big"}, "failed", 552),
        ({"MAIL": "354 confused"}, "down", 354),
        ({"MAIL": "251 confused"}, "retry", 251),
        ({"MAIL": "nonsense"}, "down", 0),
        ({"RCPT": "554 5.7.1 Relay access denied"}, "denied", 554),
        ({"RCPT": "530 log in first"}, "denied", 530),
        ({"RCPT": "421 closing"}, "down", 421),
        ({"MAIL": "421 closing"}, "down", 421),
        ({"MAIL": CUT}, "down", 0),
        ({"RCPT": "450 greylisted"}, "retry", 450),
        ({"RCPT": "550 5.1.1 unknown"}, "failed", 550),
        ({"RCPT": "251 forwarded"}, "sent", 250),
        ({"RCPT": "354 confused"}, "down", 354),
        ({"RCPT": CUT}, "retry", 0),
        ({"DATA": "451 later"}, "retry", 451),
        ({"DATA": "554 no"}, "failed", 554),
        ({"DATA": "250 confused"}, "retry", 250),
        ({"DATA": CUT}, "retry", 0),
        ({"DATA": "354 go\r\n250 taken already", "END": "554 spam"}, "retry", 0),
        ({"END": "452 full"}, "retry", 452),
        ({"END": "554 spam"}, "failed", 554),
        ({"END": "421 dying"}, "down", 421),
        ({"END": CUT}, "doubtful", 0),
        ({"END": STORE_AND_CUT}, "doubtful", 0),
        ({"END": "nonsense"}, "doubtful", 0),
    ],
    ids=lambda value: " ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_every_answer_at_every_step_has_a_kind(
    peers: Any, script: dict[str, str], kind: str, code: int
) -> None:
    _, relay = peers(**script)
    reply = relay.send(MAIL, "a@example.com", "b@b.example")
    assert (reply.kind, reply.code) == (kind, code), reply


def test_nobody_listens(peers: Any) -> None:
    peer, relay = peers()
    peer.close()
    assert relay.send(MAIL, "a@example.com", "b@b.example").kind in ("down", "sent")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    dead = SmtpRelay(config.Relay(url=f"smtp://127.0.0.1:{port}"))
    reply = dead.send(MAIL, "a@example.com", "b@b.example")
    assert (reply.kind, reply.code) == ("down", 0)


def test_silence_ends_by_the_clock(peers: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        relay = SmtpRelay(config.Relay(url=f"smtp://127.0.0.1:{port}", timeout=0.2))
        assert relay.send(MAIL, "a@example.com", "b@b.example").kind == "down"


@pytest.mark.parametrize(
    ("begin", "more"),
    [(b"", b"2"), (b"220 hi\r\n", b"250-x\r\n"), (b"", b"220-%b\r\n" % (b"x" * 8000))],
    ids=["a line byte by byte", "a reply line by line", "a reply without end"],
)
def test_a_reply_that_never_ends_is_cut_off(begin: bytes, more: bytes) -> None:
    """A socket's own timeout begins anew with each byte; and smtplib would hold every line."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                wire, _ = server.accept()
                with wire:
                    wire.sendall(begin)
                    while not over.wait(0 if len(more) > 100 else 0.05):
                        wire.sendall(more)

        threading.Thread(target=serve, daemon=True).start()
        relay = SmtpRelay(config.Relay(url=f"smtp://127.0.0.1:{server.getsockname()[1]}", timeout=0.3))
        replies: list[str] = []
        sending = threading.Thread(
            target=lambda: replies.append(relay.send(MAIL, "a@example.com", "b@b.example").kind), daemon=True
        )
        sending.start()
        sending.join(10)
        over.set()
    assert replies == ["down"]


def test_a_connection_is_used_again_up_to_its_limit(peers: Any) -> None:
    peer, relay = peers(max_per_connection=3)
    assert [relay.send(MAIL, "a@example.com", "b@b.example").kind for _ in range(7)] == ["sent"] * 7
    assert peer.connections == 3


def test_a_refused_mail_leaves_the_connection_usable(peers: Any) -> None:
    peer, relay = peers(RCPT=["550 no", "250 ok"])
    kinds = [relay.send(MAIL, "a@example.com", "b@b.example").kind for _ in range(3)]
    assert kinds == ["failed", "sent", "sent"]
    assert peer.connections == 1
    assert "rset" in peer.commands


@pytest.mark.parametrize("answer", [CUT, "421 4.4.2 idle too long"])
def test_an_idle_connection_that_the_peer_closed_is_no_news(peers: Any, answer: str) -> None:
    peer, relay = peers(MAIL=["250 ok", answer, "250 ok"])
    assert [relay.send(MAIL, "a@example.com", "b@b.example").kind for _ in range(2)] == ["sent", "sent"]
    assert peer.connections == 2


def test_after_the_dot_nothing_is_sent_twice_by_itself(peers: Any) -> None:
    peer, relay = peers(END=["250 ok", STORE_AND_CUT, "250 ok"])
    assert [relay.send(MAIL, "a@example.com", "b@b.example").kind for _ in range(2)] == ["sent", "doubtful"]
    assert len(peer.mails) == 2


@pytest.mark.parametrize(
    "address",
    [
        "a b@c.example",
        "a@c.example>\r\nDATA",
        "a\n@c.example",
        "<a@c.example>",
        "",
        "a\x00@c.example",
        "x" * 400,
    ],
)
def test_an_address_that_is_no_word_never_reaches_the_wire(peers: Any, address: str) -> None:
    peer, relay = peers()
    assert relay.send(MAIL, "a@example.com", address).kind == "failed"
    assert peer.connections == 0


@pytest.mark.parametrize(("offered", "kind"), [("250-peer\r\n250 SMTPUTF8", "sent"), ("250 peer", "failed")])
def test_an_address_outside_ascii_needs_smtputf8(peers: Any, offered: str, kind: str) -> None:
    peer, relay = peers(EHLO=offered)
    assert relay.send(MAIL, "a@example.com", "björn@b.example").kind == kind
    assert any("SMTPUTF8" in command for command in peer.commands) == (kind == "sent")
    assert relay.send(MAIL, "a@example.com", "bob@b.example").kind == "sent"
    assert peer.connections == 1


def test_eight_bit_mail_says_so(peers: Any) -> None:
    peer, relay = peers()
    relay.send(MAIL + "ü\r\n".encode(), "", "b@b.example")
    assert any(
        command.startswith("MAIL FROM:<> SIZE=") and command.endswith("BODY=8BITMIME")
        for command in peer.commands
    )


# ---------------------------------------------------------------- TLS and login


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certify(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize(
    ("starttls", "trusted", "kind", "encrypted"),
    [
        ("no", False, "sent", False),
        ("may", False, "sent", True),
        ("must", False, "down", True),
        ("must", True, "sent", True),
    ],
)
def test_starttls(
    peers: Any,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    starttls: str,
    trusted: bool,
    kind: str,
    encrypted: bool,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    peer, relay = peers(EHLO=list(TLS), starttls=starttls)
    with_tls(peer, certificate)
    assert relay.send(MAIL, "a@example.com", "b@b.example").kind == kind
    assert ("STARTTLS" in peer.commands) == encrypted


def test_must_without_an_offer_sends_nothing(peers: Any) -> None:
    peer, relay = peers(starttls="must")
    reply = relay.send(MAIL, "a@example.com", "b@b.example")
    assert reply.kind == "down"
    assert "must" in reply.text
    assert peer.mails == []


@pytest.mark.parametrize(
    ("answer", "kind"), [("235 welcome", "sent"), ("535 wrong", "down"), ("454 later", "down")]
)
def test_login(peers: Any, answer: str, kind: str) -> None:
    peer, relay = peers(
        EHLO="250-peer\r\n250 AUTH PLAIN", AUTH=answer, url="smtp://us%40er:pa%3Ass@127.0.0.1:{port}"
    )
    reply = relay.send(MAIL, "a@example.com", "b@b.example")
    assert reply.kind == kind
    assert "pa:ss" not in reply.text + repr(relay._target)
    assert "AUTH PLAIN AHVzQGVyAHBhOnNz" in peer.commands


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("smtp://mail.example", ("mail.example", 25, False, "", "")),
        ("smtps://mail.example", ("mail.example", 465, True, "", "")),
        ("smtp://[::1]:2525/", ("::1", 2525, False, "", "")),
        ("smtp://a:b@mail.example:587", ("mail.example", 587, False, "a", "b")),
    ],
)
def test_urls(url: str, wanted: tuple[str, int, bool, str, str]) -> None:
    found = target(url)
    assert (found.host, found.port, found.tls, found.user, found.password) == wanted


@pytest.mark.parametrize(
    "url", ["http://a", "smtp://", "mail.example", "smtp://a:x:y", "smtp://a/path", "smtp://[::1"]
)
def test_a_wrong_url_is_a_config_error_that_does_not_show_the_password(url: str) -> None:
    with pytest.raises(ConfigError, match=r"relay\.url: found \(not shown\)"):
        target(url)


# ---------------------------------------------------------------- Maildir


def test_a_maildir_holds_the_mail_with_its_trace(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path / "sent")
    assert relay.send(MAIL, "support+t@example.com", "b@b.example").kind == "sent"
    (path,) = (tmp_path / "sent" / "new").iterdir()
    found = email.message_from_bytes(path.read_bytes())
    assert (found["return-path"], found["delivered-to"]) == ("<support+t@example.com>", "b@b.example")
    assert path.read_bytes().endswith(b".dot\nline\n..two\n")
    assert list((tmp_path / "sent" / "tmp").iterdir()) == []


def test_the_same_message_again_replaces_itself(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path)
    folded = MAIL.replace(b"Message-ID: ", b"message-id:\r\n ")
    for mail in (MAIL, MAIL, folded, MAIL.replace(b"<one@", b"<two@")):
        relay.send(mail, "", "b@b.example")
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_file_and_folder_are_on_disk_before_sent(tmp_path: Path) -> None:
    synced: list[int] = []
    MaildirRelay(tmp_path, synced.append).send(MAIL, "", "b@b.example")
    assert len(synced) == 2


@pytest.mark.parametrize("when", [1, 2])
def test_a_disk_that_fails_is_down_and_nothing_is_left_over(tmp_path: Path, when: int) -> None:
    calls: list[int] = []

    def failing(number: int) -> None:
        calls.append(number)
        if len(calls) == when:
            raise OSError(errno.ENOSPC, "No space left on device")

    reply = MaildirRelay(tmp_path, failing).send(MAIL, "", "b@b.example")
    assert reply.kind == "down"
    assert "No space left" in reply.text
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_maildir_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match=r"relay\.maildir"):
        MaildirRelay(tmp_path / "file" / "sent")


def test_threads_write_side_by_side(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path)

    def write(n: int) -> None:
        for m in range(20):
            relay.send(MAIL.replace(b"<one@", b"<%d-%d@" % (n, m)), "", "b@b.example")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list((tmp_path / "new").iterdir())) == 80
