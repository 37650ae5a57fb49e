"""`mailgate deliver`: the envelope it finds, its exit codes, what a kill makes of it. Mail servers that call it: test_pipes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doors.ground import NOBODY, Installed, entered_by_all, why_not
from doors.listener import Listener, until
from work.place import Place

from mailgate import deliver
from mailgate.errors import Full, Transient

Listen = Callable[..., Listener]
ROOT = Path(__file__).parents[2]
MAIL = b"From: Ann <ann@example.org>\nSubject: x\n\nhello\n.\n"
WIRE = b"From: Ann <ann@example.org>\r\nSubject: x\r\n\r\nhello\r\n.\r\n"


def run(folder: Path, *words: str, raw: bytes = MAIL, **variables: str) -> tuple[int, str]:
    """Exit code and stderr of the command in a process of its own."""
    clean = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
    environment = {**clean, "MAILGATE_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT), **variables}
    done = subprocess.run(
        [sys.executable, "-m", "mailgate", "deliver", *words],
        input=raw, env=environment, cwd=folder, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == b""
    return done.returncode, done.stderr.decode()


@pytest.fixture
def listener(listen: Listen, tmp_path: Path) -> Listener:
    return listen(door="unix", data_dir=tmp_path)


# ---------------------------------------------------------------- the envelope


@pytest.mark.parametrize(
    ("words", "variables", "raw", "sender", "recipients"),
    [
        (("--from", "a@b.example", "--to", "support+x@example.com"), {"SENDER": "no@b.example"}, MAIL,
         "a@b.example", ("support+x@example.com",)),
        (("--from=<>", "--to=<support@example.com>", "--to", "support+y@example.com"), {}, MAIL,
         "", ("support@example.com", "support+y@example.com")),
        (("-f", "MAILER-DAEMON"), {"RECIPIENT": "support+r@example.com"}, MAIL, "", ("support+r@example.com",)),
        ((), {"SENDER": "s@b.example", "RECIPIENT": "me@localhost", "ORIGINAL_RECIPIENT": "support+t@example.com"},
         MAIL, "s@b.example", ("support+t@example.com",)),
        ((), {"SENDER": "", "LOCAL_PART": "support", "LOCAL_PART_SUFFIX": "+z", "DOMAIN": "example.com"}, MAIL,
         "", ("support+z@example.com",)),
        ((), {"LOCAL": "support-x", "HOST": "example.com"}, MAIL, "ann@example.org", ("support@example.com",)),
        ((), {}, b"Return-Path: <r@b.example>\nDelivered-To: root@here\nDelivered-To: support+d@example.com\n" + MAIL,
         "r@b.example", ("support+d@example.com",)),
        ((), {}, b"Return-Path: <>\n" + MAIL, "", ("support@example.com",)),
        ((), {}, b"From b@b.example Thu Jan  1 00:00:00 1970\n" + MAIL, "b@b.example", ("support@example.com",)),
        ((), {"SENDER": "no address"}, MAIL, "", ("support@example.com",)),
        (("--from", "a]b@b.example"), {}, MAIL, "", ("support@example.com",)),
        (("--from", b"caf\xe9@b.example".decode("utf-8", "surrogateescape")), {}, MAIL, "", ("support@example.com",)),
        ((), {"SENDER": "evil>\r\nRSET\r\n", "RECIPIENT": "a>\nQUIT"}, MAIL, "", ("support@example.com",)),
        ((), {"RECIPIENT": "support+é@example.com"}, MAIL, "ann@example.org", ("support+é@example.com",)),
        ((), {}, b"From: a, b@c, d@e\nX-Original-To: <nobody@example.net>\n\nx\n", "", ("support@example.com",)),
    ],
    ids=["options", "two recipients", "null sender", "postfix alias", "exim", "another desk's name", "headers", "bounce",
         "mailbox line", "no sender", "an option that is no address", "an option in latin-1", "injection", "utf8", "nothing tells"],
)  # fmt: skip
def test_the_envelope(
    listener: Listener, tmp_path: Path, words: tuple[str, ...], variables: dict[str, str], raw: bytes,
    sender: str, recipients: tuple[str, ...],
) -> None:  # fmt: skip
    assert run(tmp_path, *words, raw=raw, **variables) == (0, "")
    [(envelope, stored)] = listener.mails
    assert (envelope.mail_from, envelope.rcpt_to, envelope.door) == (sender, recipients, "pipe")
    assert stored == raw[raw.startswith(b"From b@") and 42 :].replace(b"\n", b"\r\n")


def test_what_crosses_is_the_mail(listener: Listener, tmp_path: Path) -> None:
    raws = [
        b".\n..\n\x00\xff\n",
        b"X: y\r\n\r\nz",
        b"From a@b\nSubject: x\n\n\nFrom here\n",
        b"x" * 2_000_000 + b"\n",
    ]
    for raw in raws:
        assert run(tmp_path, raw=raw)[0] == 0
    assert [stored for _, stored in listener.mails] == [
        b".\r\n..\r\n\x00\xff\r\n",
        b"X: y\r\n\r\nz\r\n",
        b"Subject: x\r\n\r\n\r\nFrom here\r\n",
        b"x" * 2_000_000 + b"\r\n",
    ]


# ---------------------------------------------------------------- exit codes


@pytest.mark.parametrize(
    ("words", "raw", "code", "says"),
    [
        (("--to", "nobody@example.com"), MAIL, 67, "550 5.1.1"),
        (("--to", "x@example.net"), MAIL, 67, "550 5.7.1"),
        (("--to", "nobody@example.com", "--to", "support@example.com"), MAIL, 0, "nobody@example.com"),
        ((), b"x\n" * 40_000, 65, "552"),
        ((), b"", 65, "no mail"),
        ((), b"From x\n\n", 65, "no mail"),
    ],
)  # fmt: skip
def test_what_no_later_attempt_mends(
    listen: Listen, tmp_path: Path, words: tuple[str, ...], raw: bytes, code: int, says: str
) -> None:
    listener = listen(door="unix", data_dir=tmp_path, smtp={"max_size": 65536})
    found, said = run(tmp_path, *words, raw=raw)
    assert (found, len(listener.mails)) == (code, code == 0)
    assert says in said
    assert said.startswith("mailgate: ")
    assert said.count("\n") == 1


WRONG_WORDS = [
    (("--to",), "--to: a value"),
    (("--to=",), "--to: an address"),
    (("--to", ""), "--to: an address"),
    (("--from", "a\nb"), "--from"),
    (("--too", "x"), "--too: no such option"),
    (("support@example.com",), "no such option"),
]


@pytest.mark.parametrize(("words", "says"), WRONG_WORDS)
def test_a_typo_in_an_alias_bounces_no_mail(
    listener: Listener, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    code, said = run(tmp_path, *words)
    assert (code, listener.mails) == (75, [])
    assert says in said
    assert "the mail is to be tried again" in said


def test_a_typo_at_a_terminal_is_one(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "mailgate", "deliver", "--too"]
    done = subprocess.run(command, cwd=ROOT, stdin=theirs, capture_output=True, timeout=60, check=False)
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, done.stderr.decode()) == (
        64, "mailgate: --too: no such option (see mailgate deliver --help)\n",
    )  # fmt: skip


def test_a_closed_standard_input_is_no_mail(listener: Listener, tmp_path: Path) -> None:
    command = ["sh", "-c", 'exec "$0" -m mailgate deliver <&-', sys.executable]
    environment = {"MAILGATE_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert (done.returncode, listener.mails) == (75, [])
    assert b"standard input is closed" in done.stderr


def test_what_nobody_reads_changes_no_exit_code(tmp_path: Path) -> None:
    """Exit code 1 of a traceback is a bounce for Postfix."""
    environment = {"MAILGATE_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mailgate", "deliver"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, env=environment, input=MAIL, stderr=full, timeout=60, check=False)
    assert done.returncode == 75


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_a_socket_that_is_not_for_this_user(listen: Listen) -> None:
    with entered_by_all() as folder:
        listener = listen(door="unix", data_dir=folder)
        program = Installed(folder)
        command = [program.program, "--config", program.settings, "deliver"]
        done = subprocess.run(
            command, **NOBODY, input=MAIL, cwd="/", capture_output=True, timeout=60, check=False
        )
    assert (done.returncode, listener.mails) == (75, [])
    assert (
        b"may not be opened by this user: run the command as the user of mailgate, or set lmtp.socket"
        in done.stderr
    )


@pytest.mark.parametrize("failure", [Full("x"), Transient("x"), RuntimeError("x")], ids=["452", "451", "bug"])
def test_our_own_trouble_is_try_again(listener: Listener, tmp_path: Path, failure: Exception) -> None:
    listener.failure = failure
    code, said = run(tmp_path)
    assert code == 75
    assert "to be tried again" in said


def test_nobody_listens(tmp_path: Path) -> None:
    assert run(tmp_path) == (
        75,
        f"mailgate: nobody listens on {tmp_path}/mailgate.sock: is `mailgate serve` running, with the same data_dir?; "
        "the mail is to be tried again\n",
    )


@pytest.mark.parametrize(("size", "code"), [(25_000_000, 0), (150_000_000, 75)], ids=["enough", "too little"])
def test_a_mail_server_allows_little_memory(listener: Listener, tmp_path: Path, size: int, code: int) -> None:
    """Dovecot gives a program 256 MB of address space, of which nothing may be taken that the mail does not need."""
    command = ["prlimit", "--as=268435456", sys.executable, "-m", "mailgate", "deliver"]
    environment = {"MAILGATE_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, input=MAIL + b"x" * size, env=environment, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, len(listener.mails)) == (code, code == 0), done.stderr
    assert (b"MemoryError ; the mail is to be tried again" in done.stderr) == (code == 75)


@pytest.mark.parametrize("text", [None, "data_dir = ", "\xff"], ids=["missing", "broken", "no UTF-8"])
def test_settings_that_cannot_be_read_bounce_no_mail(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "m.toml"
    if text is not None:
        file.write_bytes(text.encode("latin-1"))
    code, said = run(tmp_path, "--config", str(file))
    assert code == 75
    assert "settings cannot be read" in said


@pytest.mark.parametrize(
    "said",
    [
        b"", b"421 4.3.2 bye\r\n", b"220 x\r\n", b"220 x\r\n250 SIZE 9\r\n", b"220 x\r\n250 y\r\n250 z\r\n250 z\r\n354 go\r\n",
        b"220 x\r\n250 y\r\n250 z\r\n250 z\r\n354 go\r\n25", b"220 x\r\n250 y\r\n250 z\r\n250 z\r\n354 go\r\n421 bye\r\n",
        b"220 x\r\n250 y\r\n250 z\r\n421 bye\r\n",
    ],
)  # fmt: skip
def test_without_the_last_250_it_is_never_0(tmp_path: Path, said: bytes) -> None:
    """The listener goes away at any point."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "mailgate.sock"))
        server.listen()

        def speak() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(said)
                if b"354" in said:
                    until(peer, b"\r\n.\r\n")

        speaker = threading.Thread(target=speak)
        speaker.start()
        assert run(tmp_path)[0] == 75
        speaker.join(10)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "stored"), [("smtp.dot_received", 0), ("spool.before_commit", 0), ("smtp.before_reply", 1)]
)
def test_the_listener_is_killed_before_its_reply(place: Place, point: str, stored: int) -> None:
    """75 at each point; behind the commit the mail is there, and comes a second time: never lost, and a duplicate (2.7)."""
    from pysqlite3 import dbapi2 as sqlite

    place.environment["MAILGATE_FAILPOINT"] = f"{point}:kill"
    listener = place.start("--role", "listen")
    place.until((place.folder / "var/mailgate.sock").exists)
    place.until(place.answers)
    folder = place.folder / "var"
    assert run(folder)[0] == 75
    assert listener.wait(20) == -signal.SIGKILL
    with sqlite.connect(folder / "spool.db") as spool:
        assert spool.execute("SELECT count(*) FROM mail").fetchone() == (stored,)
    del place.environment["MAILGATE_FAILPOINT"]
    place.start("--role", "listen")
    place.until(place.answers)
    assert run(folder) == (0, "")
    with sqlite.connect(folder / "spool.db") as spool:
        assert spool.execute("SELECT count(*) FROM mail").fetchone() == (stored + 1,)


# ---------------------------------------------------------------- how it starts


def test_it_starts_without_anything_heavy(listener: Listener, tmp_path: Path) -> None:
    """What makes other commands slow to start is not even imported; `make bench` has the time."""
    heavy = (
        "typer click rich pydantic pydantic_settings asyncio email structlog sqlalchemy ssl aiosmtpd logging inspect "
        "subprocess dataclasses"
    )
    script = (
        "import sys\nfrom mailgate.cli import main\nsys.argv = ['mailgate', 'deliver']\n"
        "try:\n  main()\nexcept SystemExit as e:\n  code = e.code\n"
        f"print(code, *(name for name in '{heavy}'.split() if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        input=MAIL, cwd=ROOT, env={"MAILGATE_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stderr.decode().split() == ["0"]


@pytest.mark.parametrize(
    ("words", "called"),
    [
        (["deliver", "--to", "x"], ["--to", "x"]),
        (["--config", "f", "deliver"], ["--config", "f"]),
        (["--config=f", "deliver", "-f", "x"], ["--config=f", "-f", "x"]),
        (["deliver", "--help"], None),
        (["serve"], None),
        (["explain", "deliver"], None),
        (["--config"], None),
        ([], None),
    ],
)
def test_which_command_lines_it_takes(words: list[str], called: list[str] | None) -> None:
    assert deliver.called(words) == called


def test_help_tells_of_the_same_options() -> None:
    from mailgate.cli.root import command

    known = {name for option in command().commands["deliver"].params for name in option.opts}
    assert known | {"--config"} == set(deliver.OPTIONS)


def test_the_settings_are_those_of_the_other_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both readers of the settings find the same socket and address."""
    from mailgate import config

    cases: list[tuple[str, dict[str, str]]] = [
        ("", {}),
        ('data_dir = "/d"', {}),
        ('data_dir = "/d"\n[lmtp]\nsocket = "/s"\n[gateway]\naddress = "Help@Example.ORG"', {}),
        ('data_dir = "/d"', {"MAILGATE_DATA_DIR": "/e"}),
        ('[lmtp]\nsocket = "/s"', {"MAILGATE_DATA_DIR": "/e", "MAILGATE_LMTP__SOCKET": "/t"}),
        ("", {"MAILGATE_GATEWAY__ADDRESS": "desk@example.org", "MAILGATE_LMTP__SOCKET": "/t"}),
    ]
    file = tmp_path / "m.toml"
    for text, variables in cases:
        file.write_text(text)
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            whole = config.load(file)
            assert deliver.settings(str(file), os.environ) == (str(whole.lmtp_socket), whole.gateway.address)
    monkeypatch.chdir(ROOT)
    assert deliver.settings(None, {}).address == config.load().gateway.address
