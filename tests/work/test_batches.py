"""A batch is its mails, one after another: each decision sees the effects of those before it (DESIGN §3, row 7)."""

from __future__ import annotations

import base64
import itertools
import json
import random
import shutil
import struct
import threading
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mailgate import people_file
from mailgate.config import Config
from mailgate.errors import Transient
from mailgate.landing import Job, Landing
from mailgate.mail.parse import parse
from mailgate.model import Envelope
from mailgate.store import keys, people
from mailgate.store.engine import Store

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
PEOPLE = {
    "teams": [{"name": "support", "address": "team@example.com", "categories": ["general"]}],
    "agents": [{"address": "ana@example.com", "name": "Ana", "teams": ["support"], "supervisor": True}],
    "accounts": [{"name": "Acme", "domains": ["acme.example"]}],
}
INSIDE, OUTSIDE = "127.0.0.1", "192.0.2.7"  # the first is in trust.networks


def _picture() -> str:
    """A PNG of 64 × 64 grey points, in base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    points = random.Random(1).randbytes(64 * 65)
    head = struct.pack("!IIBBBBB", 64, 64, 8, 0, 0, 0, 0)
    whole = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(points))
        + chunk(b"IEND", b"")
    )
    return base64.encodebytes(whole).decode().replace("\n", "\r\n")


PICTURE = _picture()


WORDS = (
    "Apple",
    "Birch",
    "Cedar",
    "Daisy",
    "Elder",
    "Fern",
    "Grass",
    "Holly",
)  # mails that say different things


@dataclass(frozen=True)
class Mail:
    """One mail, named by its number; `answers` is the number of the one that it replies to."""

    number: int
    sender: str = "joe@acme.example"
    answers: int | None = None
    subject: str = "Trouble"
    body: str = "Help"
    cc: tuple[str, ...] = ()
    picture: bool = False
    more: str = ""
    peer: str = INSIDE
    again: int | None = None  # the number of the mail whose very bytes it has

    def raw(self) -> bytes:
        reply = f"In-Reply-To: <{self.answers}@b.example>\r\n" if self.answers is not None else ""
        cc = f"Cc: {', '.join(self.cc)}\r\n" if self.cc else ""
        head = (
            f"From: {self.sender}\r\nTo: support@example.com\r\n{cc}Subject: {'Re: ' if reply else ''}{self.subject}\r\n"
            f"Message-ID: <{self.number}@b.example>\r\n{reply}{self.more}Date: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
        )
        body = f"{self.body}\r\n\r\nNumber {self.number}.\r\n"
        if not self.picture:
            return f"{head}\r\n{body}".encode()
        return (
            f'{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\n{body}\r\n--b\r\n'
            'Content-Type: image/png\r\nContent-Disposition: attachment; filename="a.png"\r\n'
            f"Content-Transfer-Encoding: base64\r\n\r\n{PICTURE}\r\n--b--\r\n"
        ).encode()


def jobs(mails: list[Mail]) -> list[Job]:
    made = []
    for mail in mails:
        raw = (mails[mail.again] if mail.again is not None else mail).raw()
        envelope = Envelope(
            f"id-{mail.number:03}", NOW, "smtp", mail.sender, ("support@example.com",), peer=mail.peer
        )
        made.append(Job(envelope, raw, parse(raw)))
    return made


def prepared(store: Store) -> Store:
    with store.writing() as conn:
        keys.ensure(conn, NOW)
        people.sync(conn, people_file.check(PEOPLE, "people.toml"))
    return store


def landing(store: Store, config: Config, now: datetime = NOW) -> Landing:
    serial = itertools.count(1_000_000)
    return Landing(config, store, "spool-1", lambda: next(serial), lambda: now)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Landing:
    return landing(prepared(store), Config.model_validate({"data_dir": tmp_path}))


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    with store.reading() as conn:
        return [tuple(row) for row in conn.execute(text(sql))]


# ---------------------------------------------------------------- one by one


def test_two_mails_of_a_new_thread_are_one_ticket(desk: Landing, store: Store) -> None:
    """2.4, also where the sender of the second one is somebody whom the first one named."""
    mails = [
        Mail(1, cc=("amy@else.example",)),
        Mail(2, answers=1),
        Mail(3, "amy@else.example", answers=2),
        Mail(4, "zoe@else.example", answers=2),
    ]
    assert desk.land(jobs(mails)) == []
    outcomes = rows(store, "SELECT outcome FROM messages ORDER BY id")
    assert outcomes == [("ticket",), ("comment",), ("comment",), ("ticket",)]
    assert rows(store, "SELECT count(*) FROM tickets") == [(2,)]


def test_the_same_mail_twice_is_one_ticket(desk: Landing, store: Store) -> None:
    """2.7"""
    assert desk.land(jobs([Mail(0), Mail(1, again=0), Mail(2)])) == []
    assert rows(store, "SELECT outcome, duplicate_of FROM messages ORDER BY id") == [
        ("ticket", ""),
        ("duplicate", "id-000"),
        ("ticket", ""),
    ]


def test_the_sixth_recipient_is_left_out(desk: Landing, store: Store) -> None:
    """3.5: the cap counts those whom the batch's earlier mails have brought."""
    five = tuple(f"r{n}@else.example" for n in range(5))
    mails = [
        Mail(1, cc=five[:3]),
        Mail(2, answers=1, cc=five[3:]),
        Mail(3, answers=1, cc=("six@else.example",)),
    ]
    assert desk.land(jobs(mails)) == []
    assert rows(store, "SELECT count(*) FROM recipients") == [(5,)]
    assert rows(store, "SELECT count(*) FROM history WHERE code = 'recipient_left_out'") == [(1,)]


def test_a_reply_opens_again_what_the_mail_before_it_resolved(desk: Landing, store: Store) -> None:
    """2.6"""
    mails = [Mail(1), Mail(2, answers=1, body="Status: resolved"), Mail(3, answers=1)]
    assert desk.land(jobs(mails[:2])) == []
    assert rows(store, "SELECT status, resolved_at IS NULL FROM tickets") == [("resolved", False)]
    assert desk.land(jobs([Mail(4), Mail(5, answers=4, body="Status: resolved"), Mail(6, answers=4)])) == []
    assert rows(store, "SELECT status, resolved_at IS NULL FROM tickets ORDER BY id")[1] == ("open", True)


def test_acknowledgements_are_counted_within_the_batch(desk: Landing, store: Store) -> None:
    """8.3: five an hour; of mails in the same words three."""
    assert desk.land(jobs([Mail(n, body=WORDS[n]) for n in range(8)])) == []
    assert rows(store, "SELECT count(*) FROM outbox WHERE template = 'acknowledgement'") == [(5,)]
    assert rows(store, "SELECT count(*) FROM tickets") == [(8,)]


def test_a_picture_that_comes_again_is_a_logo(desk: Landing, store: Store) -> None:
    """3.4"""
    assert desk.land(jobs([Mail(1, picture=True), Mail(2, picture=True)])) == []
    assert rows(store, "SELECT state FROM attachments ORDER BY message_id") == [("kept",), ("ignored",)]


def test_an_update_joins_the_one_that_the_batch_owes_already(desk: Landing, store: Store) -> None:
    """6.4: one mail of two comments; then they are on their way, and the next one is a mail of its own."""
    assert desk.land(jobs([Mail(1), Mail(2, answers=1), Mail(3, answers=1)])) == []
    query = "SELECT context FROM outbox WHERE template = 'update' ORDER BY id"
    told = [json.loads(row[0])["comments"] for row in rows(store, query)]
    assert [[comment["text"].split()[-1] for comment in mail] for mail in told] == [["2.", "3."]]
    with store.writing() as conn:
        conn.execute(text("UPDATE outbox SET attempts = 1, state = 'sending'"))
    assert desk.land(jobs([Mail(4, answers=1)])) == []
    assert len(rows(store, query)) == 2


def test_a_thread_goes_on_from_mail_to_mail(desk: Landing, store: Store) -> None:
    """6.3: what the batch's earlier mails made us send stands in References."""
    mails = [
        Mail(1),
        *(Mail(n, answers=1, body="Severity: outage" if n % 2 else "Severity: question") for n in (2, 3, 4)),
    ]
    assert desk.land(jobs(mails)) == []
    own = rows(
        store,
        'SELECT message_id, "references", answered FROM (SELECT o.*, 1 AS answered FROM outbox o) AS x '
        "WHERE audience = 'team' ORDER BY id",
    )
    ids = [row[0] for row in own]
    for place, (_, references, _) in enumerate(own):
        assert json.loads(references)[:place] == ids[:place][-10:]


def test_a_tag_with_the_number_of_the_batchs_own_ticket_is_open_to_its_sender_only(
    desk: Landing, store: Store
) -> None:
    """2.3, 2.5"""
    assert desk.land(jobs([Mail(1)])) == []
    (number,) = rows(store, "SELECT max(id) FROM tickets")[0]
    tag = f"[#{number + 1}] More"
    assert desk.land(jobs([Mail(2), Mail(3, subject=tag), Mail(4, "zoe@else.example", subject=tag)])) == []
    outcomes = rows(store, "SELECT outcome FROM messages ORDER BY id")
    assert outcomes == [("ticket",), ("ticket",), ("comment",), ("ticket",)]


def test_who_is_verified_by_one_mail_is_told_of_the_next(desk: Landing, store: Store) -> None:
    """4.4, also on a ticket that was read before: its assignee is the man of whom the batch has learnt."""
    assert desk.land(jobs([Mail(1, peer=OUTSIDE)])) == []
    assert desk.land(jobs([Mail(2), Mail(3, "amy@acme.example", answers=1)])) == []
    told = rows(
        store, "SELECT audience FROM outbox WHERE address = 'joe@acme.example' AND template = 'update'"
    )
    assert told == [("assignee",)]


def test_many_mails_are_few_statements(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a batch costs grows with its tables, not with its mails."""
    from mailgate.store import prepared as room

    desk = landing(prepared(store), Config.model_validate({"data_dir": tmp_path}))
    desk.land(jobs([Mail(1, cc=("amy@else.example",))]))
    seen: list[str] = []
    original = room._cursor
    monkeypatch.setattr(room, "_cursor", lambda conn, sql: (seen.append(sql), original(conn, sql))[1])
    mails = [Mail(n, f"u{n}@acme.example", cc=("amy@else.example",)) for n in range(10, 30)]
    mails += [Mail(n, answers=1) for n in range(30, 60)]
    assert desk.land(jobs(mails)) == []
    numbers = sum("nextval" in sql for sql in seen)  # PostgreSQL gives the number of each new ticket
    assert len(seen) - numbers < len(mails)


def test_workers_that_meet_lose_and_double_nothing(store: Store, tmp_path: Path) -> None:
    """Three nodes: the same new people, the same mail on each, replies to one ticket. A node that must wait too long
    tries again, as the worker does."""
    prepared(store)
    config = Config.model_validate({"data_dir": tmp_path})
    landing(store, config).land(jobs([Mail(0)]))
    start, failed = threading.Barrier(3), list[object]()

    def work(node: int) -> None:
        serial = itertools.count(10_000_000 * (node + 1))
        room = Landing(config, store, f"spool-{node}", lambda: next(serial), lambda: NOW)
        start.wait(10)
        for batch in range(4):
            base = 1000 * (node + 1) + 20 * batch
            mails = [
                Mail(base + n, f"new{batch}-{n % 3}@acme.example", cc=(f"cc{batch}@else.example",))
                for n in range(6)
            ]
            mails += [Mail(base + 10 + n, answers=0, body=f"Number {n}") for n in range(3)]
            same = Mail(5000 + batch, f"same{batch}@acme.example")
            mine = [*jobs(mails), *jobs([same])]
            mine[-1].envelope = replace(mine[-1].envelope, id=f"same-{batch}-{node}")
            for _ in range(20):
                try:
                    failed.extend(room.land(mine))
                except Transient:
                    continue
                break
            else:
                failed.append(f"node {node} never landed batch {batch}")

    threads = [threading.Thread(target=work, args=(node,)) for node in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    counted = dict(rows(store, "SELECT outcome, count(*) FROM messages GROUP BY outcome"))
    assert counted == {"ticket": 1 + 3 * 4 * 6 + 4, "comment": 3 * 4 * 3, "duplicate": 4 * 2}
    assert rows(store, "SELECT count(*) FROM people WHERE address LIKE 'new%'") == [(12,)]
    assert rows(store, "SELECT count(*) FROM comments WHERE ticket_id = (SELECT min(id) FROM tickets)") == [
        (37,)
    ]


# ---------------------------------------------------------------- any batch

WHO = st.sampled_from(["joe@acme.example", "amy@acme.example", "zoe@else.example", "ana@example.com"])
BODIES = st.sampled_from(
    [
        "Help", "Severity: outage", "Status: resolved", "Status: open", "Status: closed", "Device: srv-1, srv-2",
        "Device: -srv-1", "Recipient: rex@else.example", "Recipient: -amy@acme.example", "Assign: amy@acme.example",
        "Escalate: it burns", "Private: yes", "Private: maybe", "Notify: off", "EU-Support: PAR01", "EU-Support: none",
    ]
)  # fmt: skip
NAMED = st.sampled_from(["amy@acme.example", "zoe@else.example", *(f"r{n}@else.example" for n in range(6))])
MARKS = st.sampled_from(["", "", "", "Auto-Submitted: auto-replied\r\n", "X-Spam-Flag: YES\r\n"])


@st.composite
def batches(draw: st.DrawFn) -> list[Mail]:
    mails: list[Mail] = []
    for number in range(draw(st.integers(2, 7))):
        earlier = st.none() | st.integers(0, number - 1) if number else st.none()
        again = draw(st.none() | st.none() | earlier)
        mails.append(
            Mail(
                number,
                draw(WHO),
                draw(earlier),
                draw(st.sampled_from(["Trouble", "[#1] More", "[#2 escalate] More", "[outage] Down"])),
                draw(BODIES),
                tuple(draw(st.lists(NAMED, max_size=4, unique=True))),
                draw(st.booleans()),
                draw(MARKS),
                draw(st.sampled_from([INSIDE, INSIDE, OUTSIDE])),
                again if again is None or mails[again].again is None else None,
            )
        )
    return mails


TABLES = (
    "people", "tickets", "devices", "recipients", "escalation_steps", "comments", "attachments", "history", "images",
    "outbox", "messages",
)  # fmt: skip


def content(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    return {table: rows(store, f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, sqlite_file: Path) -> Path:
    """A database with people and a key, to be copied: the same key signs the same."""
    file = tmp_path_factory.mktemp("batches") / "empty.db"
    shutil.copy(sqlite_file, file)
    prepared(Store(f"sqlite:///{file}")).close()
    return file


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batches(), st.integers(1, 6))
def test_a_batch_is_its_mails_one_after_another(
    empty: Path, tmp_path_factory: pytest.TempPathFactory, mails: list[Mail], cut: int
) -> None:
    """Row for row, with every number, time, signature and context."""
    folder = tmp_path_factory.mktemp("one")
    config = Config.model_validate({"data_dir": folder})
    found = []
    for name, parts in (
        ("whole", [mails]),
        ("cut", [mails[:cut], mails[cut:]]),
        ("single", [[m] for m in mails]),
    ):
        shutil.copy(empty, folder / f"{name}.db")
        store = Store(f"sqlite:///{folder / name}.db")
        room, all_jobs = landing(store, config), iter(jobs(mails))
        for part in parts:
            assert room.land(list(itertools.islice(all_jobs, len(part)))) == []
        found.append(content(store))
        store.close()
    shutil.rmtree(folder)
    for table in TABLES:
        assert found[0][table] == found[2][table], table
        assert found[1][table] == found[2][table], table


def test_worked_apart_a_batch_comes_to_the_same(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A savepoint a mail, when the whole failed: the same rows."""
    mails = [
        Mail(0, cc=("zoe@else.example",), picture=True), Mail(1, answers=0, body="Status: resolved"),
        Mail(2, "zoe@else.example", answers=1), Mail(3, again=0), Mail(4, "ana@example.com", answers=0, body="Escalate: 2 now"),
        Mail(5, "new@acme.example", answers=0, body="Device: srv-1"), Mail(6, answers=0, picture=True),
    ]  # fmt: skip
    found = []
    for name in ("together", "apart"):
        shutil.copy(empty, tmp_path / f"{name}.db")
        store = Store(f"sqlite:///{tmp_path / name}.db")
        room = landing(store, Config.model_validate({"data_dir": tmp_path}))
        if name == "apart":
            monkeypatch.setattr(room, "_together", _fails)
        assert room.land(jobs(mails)) == []
        found.append(content(store))
        store.close()
    for table in TABLES:
        assert found[0][table] == found[1][table], table


def _fails(*_: Any) -> Any:
    raise ValueError("not together")


def test_yesterdays_acknowledgements_count_for_the_day_only(store: Store, tmp_path: Path) -> None:
    """What is known of the past and what the batch adds are one count."""
    config = Config.model_validate({"data_dir": tmp_path})
    prepared(store)
    landing(store, config, NOW - timedelta(hours=2)).land(jobs([Mail(n, body=WORDS[n]) for n in range(5)]))
    assert landing(store, config).land(jobs([Mail(n, body=WORDS[n - 5]) for n in range(10, 13)])) == []
    assert rows(store, "SELECT count(*) FROM outbox WHERE template = 'acknowledgement'") == [(8,)]
