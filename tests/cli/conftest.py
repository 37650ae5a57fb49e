"""A desk for the commands: a data folder with some tickets in it, made by the worker's own code."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from uuid_utils import uuid7

from mailgate import config as settings
from mailgate import people_file
from mailgate.app import outbox_id
from mailgate.cli import run
from mailgate.config import Config
from mailgate.landing import Job, Landing
from mailgate.model import Envelope
from mailgate.store import keys, people
from mailgate.store.engine import Store

PEOPLE = """
[[teams]]
name = "support"
address = "team@example.com"
categories = ["general"]
[[agents]]
address = "ana@example.com"
name = "Ana Silva"
teams = ["support"]
supervisor = true
[[agents]]
address = "ben@example.com"
name = "Ben Okafor"
teams = ["support"]
[[accounts]]
name = "Globex France"
domains = ["globex.example"]
language = "fr"
"""


@dataclass
class Said:
    """What one command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def bare_environment(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    compiled_once: None,
) -> None:
    for name in [name for name in os.environ if name.startswith("MAILGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    zone = tmp_path_factory.mktemp("dns") / "zone.toml"  # no test asks a real name server
    zone.touch()
    monkeypatch.setenv("MAILGATE_DNS__ZONE_FILE", str(zone))
    # it would bind the log to this test's captured stderr for good
    monkeypatch.setattr("mailgate.log.set_up", lambda *_: None)


@pytest.fixture
def mailgate(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Said]:
    """Runs one command line in this process."""

    def call(*words: str) -> Said:
        capfdbinary.readouterr()
        code = run(list(words))
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Said(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    return call


def compose(
    subject: str = "The printer does not answer",
    *,
    sender: str = "Claire Martin <claire@globex.example>",
    to: str = "support@example.com",
    cc: str = "",
    text: str = "It has not printed since this morning.\n",
    files: int = 0,
    message_id: str = "",
    headers: dict[str, str] | None = None,
) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0100"
    message["Message-ID"] = message_id or f"<{next(_numbers)}@globex.example>"
    if cc:
        message["Cc"] = cc
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    for number in range(1, files + 1):
        message.add_attachment(f"file {number}\n", filename=f"file-{number}.txt")
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


_numbers = count(1)


@pytest.fixture
def mail() -> Callable[..., bytes]:
    """Makes the bytes of a customer's mail."""
    return compose


@dataclass
class Desk:
    """A data folder with a database; `land` brings mails in as the worker does."""

    config: Config

    def land(
        self,
        *raws: bytes,
        peer: str = "127.0.0.1",
        mail_from: str = "claire@globex.example",
        door: str = "smtp",
    ) -> list[str]:
        from mailgate.mail.parse import parse

        now = datetime.now(UTC)
        jobs = []
        for raw in raws:
            envelope = Envelope(str(uuid7()), now, door, mail_from, ("support@example.com",), peer)
            jobs.append(Job(envelope, raw, parse(raw)))
        store = Store(self.config.database_url)
        try:
            failed = Landing(self.config, store, "test", outbox_id).land(jobs)
        finally:
            store.close()
        assert [str(each.error) for each in failed] == []
        return [job.id for job in jobs]


def _make(folder: Path, *raws: bytes) -> None:
    """A folder with settings, people, a database, and these mails landed. The current folder is changed meanwhile."""
    before = Path.cwd()
    (folder / "config").mkdir()
    (folder / "config" / "people.toml").write_text(PEOPLE, "utf-8")
    (folder / "config" / "mailgate.toml").write_text('data_dir = "var"\n[worker]\nparsers = 1\n', "utf-8")
    (folder / "var").mkdir()
    os.chdir(folder)
    try:
        config = settings.load()
        store = Store(config.database_url)
        store.upgrade()
        with store.writing() as conn:
            keys.ensure(conn, datetime.now(UTC))
            people.sync(conn, people_file.load(config.people_file), ())
        store.close()
        if raws:
            Desk(config).land(*raws)
    finally:
        os.chdir(before)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders that `empty_desk` and `desk` are copies of."""
    empty, full = tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("full")
    _make(empty)
    _make(
        full,
        compose(cc="paul@globex.example, it@partner.example", files=3),
        compose("[outage] The line is down", sender="Sam <sam@elsewhere.example>"),
    )
    return empty, full


@pytest.fixture
def empty_desk(made: tuple[Path, Path], tmp_path: Path) -> Desk:
    """No ticket yet."""
    shutil.copytree(made[0], tmp_path, dirs_exist_ok=True)
    return Desk(settings.load())


@pytest.fixture
def desk(made: tuple[Path, Path], tmp_path: Path) -> Desk:
    """Ticket 1: from Globex, with three files and two in Cc. Ticket 2: an outage of a stranger's."""
    shutil.copytree(made[1], tmp_path, dirs_exist_ok=True)
    return Desk(settings.load())
