"""The roof, with real processes: a mail becomes a ticket, a second one refuses, signals drain, faults are one line."""

from __future__ import annotations

import base64
import os
import signal
import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dkim
import pytest
import work.place
from nacl.signing import SigningKey
from pysqlite3 import dbapi2 as sqlite

from mailgate import app, welcome
from mailgate.authenticate import sign
from mailgate.authenticate.sign import make_signer
from mailgate.config import Config
from mailgate.errors import UsageError

pytestmark = pytest.mark.slow

MAIL = "From: bob@b.example\r\nSubject: Trouble\r\nMessage-ID: <{}@b.example>\r\n\r\nHelp\r\n"


class Place(work.place.Place):
    """With the mails and questions of these tests."""

    def send(self, name: str) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as smtp:
            smtp.sendmail("bob@b.example", "support@example.com", MAIL.format(name))

    def tickets(self) -> int:
        try:
            db = sqlite.connect(f"file:{self.folder / 'var' / 'mailgate.db'}?mode=ro", uri=True)
            return int(db.execute("SELECT count(*) FROM tickets").fetchone()[0])
        except sqlite.Error:
            return 0

    def pid(self, role: str) -> int:
        return int((self.folder / "var" / "locks" / f"{role}.lock").read_text() or 0)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.stop()


def test_the_whole_walk(place: Place) -> None:
    """serve → mail → ticket and outgoing mail; a second serve refuses; a killed listener comes back; SIGTERM drains."""
    process = place.start()
    place.until(lambda: "Ctrl-C stops it" in place.said())
    assert f"takes mail for support@example.com on 127.0.0.1:{place.port}" in place.said()

    place.send("one")
    place.until(lambda: place.tickets() == 1)
    sent = place.folder / "var" / "sent" / "new"
    place.until(lambda: len(list(sent.iterdir())) == 2)

    second = place.run("serve")
    assert second.returncode == 69
    assert f"process {process.pid}" in second.stderr
    assert len(second.stderr.splitlines()) == 1

    listener = place.pid("listen")
    os.kill(listener, signal.SIGKILL)
    place.until(lambda: place.pid("listen") not in (0, listener))
    place.until(lambda: place.answers())
    place.send("two")
    place.until(lambda: place.tickets() == 2)

    place.send("three")
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0
    assert all(not lock.read_text() for lock in (place.folder / "var" / "locks").iterdir())
    assert not place.answers()
    assert place.run("audit").returncode == 0


def test_senders_are_checked_and_our_own_mail_is_signed(place: Place) -> None:
    """4.1: DNS from a zone file, keys of our own, nothing trusted but what a key proves."""
    seed = bytes(range(32))
    record = "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(SigningKey(seed).verify_key)).decode()
    key = place.folder / "dkim.key"
    key.write_bytes(base64.b64encode(seed))
    key.chmod(0o600)
    (place.folder / "zone.toml").write_text(f'"s1._domainkey.b.example" = [{{ TXT = "{record}" }}]\n')
    with (place.folder / "mailgate.toml").open("a") as settings:
        settings.write('[trust]\nnetworks = []\n[dns]\nzone_file = "zone.toml"\n')
        settings.write('[dkim]\ndomain = "example.com"\nselector = "s2"\nkey_file = "dkim.key"\n')
    process = place.start()
    place.until(lambda: place.answers())
    signer = make_signer("b.example", "s1", base64.b64encode(seed))
    for raw in (sign(MAIL.format("one").encode(), signer), MAIL.format("two").encode()):
        with smtplib.SMTP("127.0.0.1", place.port, timeout=20) as smtp:
            smtp.sendmail("bob@b.example", "support@example.com", raw)
    place.until(lambda: place.tickets() == 2)
    sent = place.folder / "var" / "sent" / "new"
    # the team is told of both; only who is authenticated is answered
    place.until(lambda: len(list(sent.iterdir())) == 3)
    dns = {b"s2._domainkey.example.com.": record.encode()}
    for path in sent.iterdir():
        mail = path.read_bytes()
        mail = mail[mail.index(b"DKIM-Signature:") :].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        assert dkim.verify(mail, dnsfunc=lambda name, timeout=5: dns.get(name))
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0


def test_a_key_that_cannot_be_used_stops_the_start(place: Place) -> None:
    with (place.folder / "mailgate.toml").open("a") as settings:
        settings.write('[dkim]\ndomain = "example.com"\nselector = "s2"\nkey_file = "none.key"\n')
    said = place.run("serve", "--role", "send")
    assert said.returncode == 78
    assert "dkim.key_file: none.key: cannot be read" in said.stderr


@pytest.mark.slow
def test_roles_by_themselves_and_locks_between_them(place: Place) -> None:
    place.start("--role", "listen")
    place.start("--role", "work,send")
    place.until(lambda: place.said().count("started") == 1 and "listening" in place.said())
    place.send("one")
    place.until(lambda: place.tickets() == 1)
    for words, role in (
        (("--role", "listen"), "listen"),
        (("--role", "send"), "send"),
        (("--role", "tick"), "writer"),
    ):
        refused = place.run("serve", *words)
        assert (refused.returncode, f"role {role}" in refused.stderr) == (69, True), refused.stderr
    for process in place.running:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.slow
def test_on_postgresql_every_role_may_run_alone(place: Place, postgres_url: str) -> None:
    place.environment["MAILGATE_DATABASE__URL"] = postgres_url
    for role in ("listen", "work", "send", "send", "tick"):
        place.start("--role", role)
    place.until(lambda: place.said().count("started") == 4)
    place.send("one")
    sent = place.folder / "var" / "sent" / "new"
    place.until(lambda: sent.exists() and len(list(sent.iterdir())) == 2)
    assert place.run("serve", "--role", "work").returncode == 69


def newer(place: Place) -> None:
    assert place.run("db", "upgrade").returncode == 0
    with sqlite.connect(place.folder / "var" / "mailgate.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")


def port_in_use(place: Place) -> None:
    place.blocker = socket.create_server(("127.0.0.1", place.port))  # type: ignore[attr-defined]


FAULTS: dict[str, tuple[Callable[[Place], Any], int, str]] = {
    "port in use": (port_in_use, 69, "cannot listen on 127.0.0.1"),
    "data folder is a file": (lambda place: (place.folder / "var").touch(), 69, "data_dir var"),
    "newer database": (newer, 69, "9999"),
    "people file": (
        lambda place: (place.folder / "people.toml").write_text("[[teams]]\nnam = 1\n"),
        78,
        "people.toml",
    ),
    "no people file": (
        lambda place: place.environment.update(MAILGATE_PEOPLE__FILE="gone.toml"),
        78,
        "gone.toml",
    ),
    "relay.url": (lambda place: place.environment.update(MAILGATE_RELAY__URL="http://x"), 78, "relay.url"),
    "settings": (
        lambda place: (place.folder / "mailgate.toml").write_text("[smtp]\nprot = 1\n"),
        78,
        "smtp.prot",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_start_is_one_clear_line_and_an_exit_code(place: Place, name: str) -> None:
    arrange, code, words = FAULTS[name]
    arrange(place)
    result = place.run("serve")
    told = [line for line in result.stderr.splitlines() if line.startswith("mailgate: ")]
    assert result.returncode == code, result.stderr
    assert told
    assert words in told[0]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("roles", "words"), [(("typo",), "no such role: typo"), (("listen", "work"), "runs alone")]
)
def test_roles_that_make_no_sense(tmp_path: Path, roles: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        app.serve(Config.model_validate({"data_dir": tmp_path}), roles)


def test_outbox_ids_grow_and_fit_into_63_bits() -> None:
    first = app.outbox_id()
    time.sleep(0.002)
    assert first < app.outbox_id() < 1 << 63
    assert len({app.outbox_id() for _ in range(1000)}) > 990


def test_the_welcome_names_what_is_really_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config.model_validate({"gateway": {"address": "help@desk.example"}, "data_dir": "var"})
    text = welcome.text(config, "0.0.0.0:2599")
    assert "swaks --to help@desk.example" in text
    assert "127.0.0.1:2599" in text
    assert "var/sent/new" in text
    relayed = Config.model_validate({"relay": {"url": "smtp://user:secret@mx.example:25"}})
    assert "through mx.example:25" in welcome.text(relayed, "127.0.0.1:25")
    assert "secret" not in welcome.text(relayed, "127.0.0.1:25")


def test_the_welcome_repeats_a_config_file_that_is_not_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILGATE_CONFIG", raising=False)
    other = tmp_path / "other file.toml"
    other.touch()
    assert welcome.command(Config(source=other)).endswith(f"--config '{other}'")
    (tmp_path / "config").mkdir()
    usual = tmp_path / "config" / "mailgate.toml"
    usual.touch()
    assert "--config" not in welcome.command(Config(source=usual))
