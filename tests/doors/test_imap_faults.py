"""Faults of the way to a mailbox: every mail gets one outcome, whatever breaks, and whenever."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doors.dovecot import Dovecot
from doors.mailboxes import Doors, Proxy, account, mail, until
from pysqlite3 import dbapi2 as sqlite

from mailgate.failpoint import registered
from mailgate.intake.imap import account as reader
from mailgate.intake.imap.flow import BATCH_MAILS
from mailgate.spool import SpoolReader

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CUTS = 200
AT_ONCE = 10
MAILS = 4


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture
def doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    monkeypatch.setattr(reader, "_PAUSES", {True: (0.02, 0.1), False: (0.02, 0.1)})
    doors = Doors(tmp_path / "var")
    doors.data_dir.mkdir()
    yield doors
    doors.stop()


@pytest.fixture
def proxy(dovecot: Dovecot) -> Iterator[Proxy]:
    proxy = Proxy(dovecot.port)
    yield proxy
    proxy.close()


def filled(dovecot: Dovecot, user: str, numbers: range) -> list[bytes]:
    raws = [mail(number) for number in numbers]
    for number, raw in zip(numbers, raws, strict=True):
        dovecot.put(user, raw, name=f"17000{number:05}.M1P1.test")
    return raws


def test_a_connection_cut_at_two_hundred_points(dovecot: Dovecot, doors: Doors) -> None:
    """From the greeting to the answer to MOVE; a mailbox of its own for each point, ten at a time."""
    whole = Proxy(dovecot.port)
    user = dovecot.user("whole")
    filled(dovecot, user, range(MAILS))
    with doors.running(account(whole.port, user, idle=False)):
        until(lambda: len(dovecot.mails(user, "mailgate-done")) == MAILS)
        until(lambda: doors.state())
    total = whole.passed
    whole.close()
    assert total > MAILS * len(mail(1))
    doors.accepted.mails.clear()
    expected: list[bytes] = []
    for first in range(0, CUTS, AT_ONCE):
        proxies, accounts = [], []
        for point in range(first, first + AT_ONCE):
            proxy = Proxy(dovecot.port)
            proxy.cut_after = 1 + point * (total - 1) // (CUTS - 1)
            proxies.append(proxy)
            user = dovecot.user(f"cut{point}")
            expected += filled(dovecot, user, range(1000 + point * MAILS, 1000 + (point + 1) * MAILS))
            accounts.append(account(proxy.port, user, name=f"cut{point}", idle=False))
        with doors.running(*accounts):
            for one in accounts:
                until(lambda one=one: len(dovecot.mails(one["user"], "mailgate-done")) == MAILS)
        for proxy in proxies:
            proxy.close()
    assert Counter(doors.accepted.raws) == Counter(expected), "each exactly once"
    assert all(not dovecot.mails(f"cut{point}") for point in range(CUTS))
    assert not [row for row in doors.set_aside() if row[2]], "none is blamed for the line"


def test_a_connection_that_dies_silently_in_idle(
    dovecot: Dovecot, doors: Doors, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "RENEW_SECONDS", 0.5)
    user = dovecot.user("silent")
    with doors.running(account(proxy.port, user, timeout=1)):
        until(lambda: doors.state() and doors.state().good)
        proxy.silent = True
        time.sleep(0.3)
        dovecot.append(user, mail(1))
        until(lambda: doors.accepted.raws == [mail(1)])
    assert proxy.connections >= 2


def test_a_line_that_is_down_for_a_while(dovecot: Dovecot, doors: Doors) -> None:
    """Each mailbox of its own: the one that works is not held up."""
    good = dovecot.user("upright")
    filled(dovecot, good, range(3))
    with doors.running(account(dovecot.port, good), account(1, "x", name="down")):
        until(lambda: doors.state("down") and doors.state("down").bad)
        until(lambda: len(doors.accepted.mails) == 3)


# ---------------------------------------------------------------- the real processes

POINTS = ("imap.before_fetch", "imap.fetched", "imap.accepted", "imap.settled", "imap.filed")


def test_the_points_are_all_of_them() -> None:
    assert {name for name in registered() if name.startswith("imap.")} == set(POINTS)


class Gateway:
    """The processes of one gateway, each role by itself."""

    def __init__(self, folder: Path, accounts: list[dict[str, Any]], **settings: str) -> None:
        self.folder = folder
        (folder / "mailgate.toml").write_text("[trust]\nown_checks = false\n")
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("MAILGATE_")},
            "MAILGATE_CONFIG": str(folder / "mailgate.toml"),
            "MAILGATE_DATA_DIR": str(folder / "var"),
            "MAILGATE_SMTP__PORT": "0",
            "MAILGATE_WEB__ENABLED": "false",
            "MAILGATE_IMAP": json.dumps(accounts),
            **settings,
        }
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, *roles: str, failpoint: str = "") -> subprocess.Popen[bytes]:
        words = [word for role in roles for word in ("--role", role)]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "mailgate", "serve", *words],
                env={**self._environment, **({"MAILGATE_FAILPOINT": failpoint} if failpoint else {})},
                cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        self._running.append(process)
        return process

    def audit(self) -> dict[str, Any]:
        out = subprocess.run(
            [sys.executable, "-m", "mailgate", "audit", "--json"], env=self._environment, cwd=ROOT, capture_output=True
        )  # fmt: skip
        found: dict[str, Any] = json.loads(out.stdout)
        return found

    def outcomes(self) -> dict[str, int]:
        """How many mails have which outcome, as the table of messages says."""
        path = self.folder / "var" / "mailgate.db"
        if not path.exists():
            return {}
        with contextlib.closing(sqlite.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            try:
                rows = db.execute("SELECT outcome, count(*) FROM messages GROUP BY outcome").fetchall()
            except sqlite.Error:  # it is being made
                return {}
        return dict(rows)

    def close(self) -> None:
        for process in reversed(self._running):
            process.terminate()
        for process in self._running:
            process.wait(30)


@pytest.fixture
def gateways(tmp_path: Path) -> Iterator[Any]:
    made: list[Gateway] = []

    def make(*accounts: dict[str, Any], **settings: str) -> Gateway:
        made.append(Gateway(tmp_path, list(accounts), **settings))
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


def peak(process: subprocess.Popen[bytes]) -> int:
    """The most memory that a process had, in bytes."""
    text = Path(f"/proc/{process.pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) * 1024


def test_killed_at_each_step(dovecot: Dovecot, gateways: Any) -> None:
    """The real roles, from the mailbox to the ticket: an outcome each, and a second ticket for none."""
    user = dovecot.user("killed")
    gateway = gateways(account(dovecot.port, user))
    gateway.start("listen")
    until(lambda: (gateway.folder / "var" / "mailgate.sock").exists(), 30)
    number = 0
    for point in POINTS:
        filled(dovecot, user, range(number, number + 5))
        number += 5
        assert gateway.start("imap", failpoint=f"{point}:kill").wait(30) == -signal.SIGKILL, point
    last = gateway.start("imap")
    until(lambda: not dovecot.mails(user), 30)
    last.terminate()
    assert last.wait(30) == 0
    assert len(dovecot.mails(user, "mailgate-done")) == number
    gateway.start("work", "send", "tick")

    until(lambda: gateway.outcomes().get("ticket") == number, 30)
    audit = gateway.audit()
    assert audit["balanced"]
    assert not audit["waiting"]
    outcomes = gateway.outcomes()
    assert outcomes.pop("duplicate", 0) <= 5, "only those of the kill between accept and note"
    assert outcomes == {"ticket": number}


def test_killed_with_two_batches_on_their_way(dovecot: Dovecot, gateways: Any) -> None:
    """One is being fetched while the spool takes the other: none is lost, and only what was in hand may come twice."""
    user = dovecot.user("batches")
    raws = filled(dovecot, user, range(500))
    gateway = gateways(account(dovecot.port, user))
    gateway.start("listen")
    until(lambda: (gateway.folder / "var" / "mailgate.sock").exists(), 30)
    for point in ("fetched:kill:2", "settled:kill:3", "accepted:kill:2", "filed:kill"):
        assert gateway.start("imap", failpoint=f"imap.{point}").wait(60) == -signal.SIGKILL, point
    gateway.start("imap")
    until(lambda: len(dovecot.mails(user, "mailgate-done")) == len(raws), 60)
    until(lambda: not dovecot.mails(user))  # a move is a new file first, then the old one goes
    reader = SpoolReader(gateway.folder / "var" / "spool.db")
    spooled = Counter(row.raw for row in reader.take(0, 10_000, 1 << 30))
    reader.close()
    assert set(spooled) == set(raws)
    assert sum(spooled.values()) <= len(raws) + 2 * BATCH_MAILS + 2


@pytest.mark.parametrize("room", [True, False], ids=["taken", "too large"])
def test_sixty_megabytes(dovecot: Dovecot, gateways: Any, room: bool) -> None:
    user = dovecot.user("large" if room else "larger")
    dovecot.put(user, mail(1, 60_000_000), name="1700000001.large")
    dovecot.put(user, mail(2), name="1700000002.small")
    gateway = gateways(
        account(dovecot.port, user), MAILGATE_SMTP__MAX_SIZE="80000000" if room else "26214400"
    )
    gateway.start("listen")
    until(lambda: (gateway.folder / "var" / "mailgate.sock").exists(), 30)
    door = gateway.start("imap")
    until(lambda: not dovecot.mails(user), 120)
    until(lambda: len(dovecot.mails(user, "mailgate-done")) == 1 + room)
    assert len(dovecot.mails(user, "mailgate-failed")) == (not room)
    assert peak(door) < 200_000_000
    gateway.start("work", "send", "tick")
    until(lambda: sum(gateway.outcomes().values()) == 2, 120)
    assert gateway.outcomes() == ({"ticket": 2} if room else {"ticket": 1, "quarantined": 1})


def test_a_folder_of_fifty_thousand(dovecot: Dovecot, gateways: Any) -> None:
    """All are asked for their dates; a few hundred are new enough to be taken."""
    user = dovecot.user("crowd")
    folder = dovecot.maildir(user)
    first = folder / "new" / "1500000000.M000000P1.test"
    dovecot.put(user, mail(0), name=first.name)
    os.utime(first, (1_500_000_000, 1_500_000_000))
    for number in range(1, 50_000):
        os.link(first, folder / "new" / f"1500000000.M{number:06}P1.test")
    raws = filled(dovecot, user, range(1, 301))
    gateway = gateways(account(dovecot.port, user, first="2020-01-01", timeout=60))
    gateway.start("listen")
    until(lambda: (gateway.folder / "var" / "mailgate.sock").exists(), 30)
    door = gateway.start("imap")
    until(lambda: len(dovecot.mails(user, "mailgate-done")) == len(raws), 300)
    assert peak(door) < 200_000_000
    until(lambda: len(dovecot.mails(user)) == 50_000)  # a move is a new file first, then the old one goes
