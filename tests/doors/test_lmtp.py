"""The LMTP door: who may speak it, its unix socket, and a real Postfix in front. What it says is in tests/dialogs/lmtp*."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doors import ground
from doors.listener import Listener, everything
from doors.postfix import Postfix

from mailgate.config import Config
from mailgate.errors import Unavailable
from mailgate.handover import Handover, Unanswered, canonical
from mailgate.intake.lmtp import LmtpPolicy
from mailgate.intake.lmtp_server import unix_socket

Listen = Callable[..., Listener]
MAIL = b"From: a@example.org\r\nSubject: x\r\n\r\nhello\r\n"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with ground.entered_by_all() as folder:
        yield folder


@pytest.mark.parametrize(
    ("trust", "host", "upstream"),
    [
        ({}, "192.0.2.1", False),
        ({"upstreams": ["192.0.2.0/24"]}, "192.0.2.1", True),
        ({"networks": ["192.0.2.0/24"]}, "192.0.2.1", True),
        ({"upstreams": [], "networks": []}, "127.0.0.1", True),
        ({"upstreams": [], "networks": []}, "::1", True),
        ({}, "", True),
    ],
    ids=["stranger", "upstream", "network", "this machine", "this machine, IPv6", "unix socket"],
)
def test_who_speaks_lmtp(trust: dict[str, list[str]], host: str, upstream: bool) -> None:
    peer = LmtpPolicy(Config.model_validate({"trust": trust})).peer(host)
    assert (peer.upstream, not peer.network) == (upstream, upstream)


def test_a_stranger_is_sent_away_and_keeps_his_mail(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    real = LmtpPolicy._peer
    monkeypatch.setattr(LmtpPolicy, "_peer", lambda self, host: real(self, "192.0.2.1"))
    listener = listen(door="lmtp")
    with listener.connect() as sock:
        assert b"421 4.7.1 LMTP is for the mail servers of trust.upstreams" in everything(sock)


# ---------------------------------------------------------------- the unix socket


@pytest.mark.parametrize("mode", ["0600", "0660", "0666"])
def test_the_mode_of_the_socket(listen: Listen, tmp_path: Path, mode: str) -> None:
    listen(door="unix", data_dir=tmp_path, lmtp={"socket_mode": mode})
    assert stat.S_IMODE((tmp_path / "mailgate.sock").stat().st_mode) == int(mode, 8)


def test_a_socket_that_a_dead_listener_left(listen: Listen, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "mailgate.sock"))
    listener = listen(door="unix", data_dir=tmp_path)
    assert listener.talk(b"QUIT\r\n").startswith(b"221")


@pytest.mark.parametrize("what", ["file", "folder", "listener", "no folder", "long name"])
def test_what_stands_in_the_way_is_never_taken_away(tmp_path: Path, what: str) -> None:
    path = tmp_path / "mailgate.sock"
    with socket.socket(socket.AF_UNIX) as other:
        if what == "file":
            path.write_text("precious")
        elif what == "folder":
            path.mkdir()
        elif what == "listener":
            other.bind(str(path))
            other.listen()
        else:
            path = tmp_path / ("none/mailgate.sock" if what == "no folder" else "x" * 60)
        with pytest.raises(Unavailable, match=r"lmtp\.socket: "):
            unix_socket(path, 0o600)
        assert path.exists() == (what in ("file", "folder", "listener"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="/proc is not mounted")
def test_a_path_longer_than_a_socket_may_have(listen: Listen, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    listener = listen(door="unix", data_dir=deep)
    assert listener.talk(b"QUIT\r\n").startswith(b"221")
    Handover(deep / "mailgate.sock").close()
    assert sorted(os.listdir(deep)) == ["mailgate.sock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_may_not_say_how_a_mail_came(listen: Listen, open_folder: Path) -> None:
    listen(door="unix", data_dir=open_folder, lmtp={"socket_mode": "0666"})
    script = "import sys; from mailgate.handover import Handover; print(*Handover(sys.argv[1]).doors)"
    root = ground.Installed(open_folder).packages
    command = [ground.python_of_nobody(), "-c", script, str(open_folder / "mailgate.sock")]
    ours = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    other = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, **ground.NOBODY)
    assert ours.stdout.split() == ["pipe", "import", "imap", "http"]
    assert other.stdout.split() == ["pipe"]


# ---------------------------------------------------------------- our own client


def test_a_mail_crosses_byte_for_byte(listen: Listen, tmp_path: Path) -> None:
    listener = listen(door="unix", data_dir=tmp_path)
    client = Handover(tmp_path / "mailgate.sock")
    mails = [
        b"",
        b".",
        b"..\r\n.\r\n.x",
        b"\r\n.\r\n",
        b"a\rb\x00\xff\r\n",
        b"." * 9,
        b"x" * 3_000_000,
        b"\r\n" * 9,
    ]
    for raw in mails:
        assert client.send("a@example.org", ["support@example.com"], raw).accepted
    client.close()
    for (_, stored), raw in zip(listener.mails, mails, strict=True):
        assert stored == (raw if raw.endswith(b"\r\n") or not raw else raw + b"\r\n")


def test_each_recipient_has_its_answer(listen: Listen, tmp_path: Path) -> None:
    listener = listen(door="unix", data_dir=tmp_path)
    client = Handover(tmp_path / "mailgate.sock")
    handed = client.send("", ["no@example.com", "support+é@example.com", "support@example.com"], MAIL)
    assert [answer.code for answer in handed.recipients] == [550, 250, 250]
    first = client.send("", ["no@example.com", "support@example.com", "no@example.com"], MAIL, any_one=True)
    assert [answer.code for answer in first.recipients] == [550, 250]
    assert not client.send("", ["no@example.com"], MAIL).accepted
    with pytest.raises(ValueError, match="cannot stand"):
        client.send("a>\r\nRSET", ["support@example.com"], MAIL)
    assert [envelope.rcpt_to for envelope, _ in listener.mails] == [
        ("support+é@example.com", "support@example.com"),
        ("support@example.com",),
    ]


@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        (b"a\nb\n", b"a\r\nb\r\n"), (b"a\r\nb\n", b"a\r\nb\r\n"), (b"a\r\nb", b"a\r\nb"), (b"", b""),
        (b"a\rb\r\n", b"a\rb\r\n"), (b"\n\n", b"\r\n\r\n"),
    ],
)  # fmt: skip
def test_line_ends_of_files_become_those_of_the_wire(raw: bytes, wire: bytes) -> None:
    assert canonical(raw) == wire
    assert canonical(wire) == wire


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "went away"),
        (b"554 no\r\n", "greeting"),
        (b"SSH-2.0\r\n", "does not speak"),
        (b"220 x\r\n250-SIZE 1\r\n", "went away"),
        (b"220 x\r\n500 what\r\n", "LHLO"),
        (b"220-" + b"x" * 80_000, "went away"),
    ],
    ids=["nothing", "refused", "another program", "half a reply", "no LMTP", "endless"],
)
def test_whatever_is_no_answer_is_unanswered(tmp_path: Path, said: bytes, why: str) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def speak() -> None:
            peer, _ = server.accept()
            with contextlib.suppress(OSError), peer:
                peer.sendall(said)
                peer.shutdown(socket.SHUT_WR)
                everything(peer)

        speaker = threading.Thread(target=speak)
        speaker.start()
        with pytest.raises(Unanswered, match=why):
            Handover(path, seconds=10)
        speaker.join(10)


# ---------------------------------------------------------------- Postfix


@pytest.mark.slow
@pytest.mark.skipif(bool(ground.why_not()), reason=ground.why_not() or "-")
@pytest.mark.parametrize("way", ["inet", "unix"])
def test_postfix_hands_over(listen: Listen, open_folder: Path, way: str) -> None:
    """Two recipients, of which one is refused; then two that are ours: one mail, and each has its reply."""
    settings = {"data_dir": open_folder, "lmtp": {"socket_mode": "0666"}}
    listener = listen(door="lmtp" if way == "inet" else "unix", **settings)
    transport = (
        f"lmtp:inet:127.0.0.1:{listener.port}" if way == "inet" else f"lmtp:unix:{open_folder}/mailgate.sock"
    )
    with Postfix(transport) as postfix:
        postfix.send("a@example.org", ["support@example.com", "nobody@example.com"], MAIL)
        fates = postfix.await_fates(2)
        assert fates["support@example.com"] == ("sent", "250 2.0.0 Ok: queued as id-1")
        assert fates["nobody@example.com"][0] == "bounced"
        assert "550 5.1.1 No such address here" in fates["nobody@example.com"][1]
        postfix.send("", ["support+one@example.com", "support+two@example.com"], b"a\rb.\r\n..\r\n")
        postfix.await_fates(4)
    (first, raw), (second, _) = listener.mails
    assert first.rcpt_to == ("support@example.com",)
    assert (first.door, first.mail_from, first.helo) == ("lmtp", "a@example.org", "mx.example.com")
    assert raw.endswith(b"\r\n\r\nhello\r\n")
    assert second.rcpt_to == ("support+one@example.com", "support+two@example.com")


@pytest.mark.slow
@pytest.mark.skipif(bool(ground.why_not()), reason=ground.why_not() or "-")
def test_postfix_waits_for_us_and_comes_again(listen: Listen, open_folder: Path) -> None:
    from mailgate.errors import Full

    listener = listen(door="lmtp")
    listener.failure = Full("no room")
    with Postfix(f"lmtp:inet:127.0.0.1:{listener.port}") as postfix:
        postfix.send("a@example.org", ["support@example.com"], MAIL)
        assert "452 4.3.1" in postfix.await_fates(1, "deferred")["support@example.com"][1]
        listener.failure = None
        postfix.await_fates(1, "sent")
    assert len(listener.mails) == 1
