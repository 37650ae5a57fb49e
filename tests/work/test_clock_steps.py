"""The clock's steps on real databases: each once, however many clocks there are and wherever one dies (7.5)."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from mailgate import people_file
from mailgate.clock import FAULT_PAUSE, Clock
from mailgate.config import Config
from mailgate.landing import Job, Landing
from mailgate.mail.parse import parse
from mailgate.model import Envelope
from mailgate.rules import timing
from mailgate.store import chores, keys, people, schema
from mailgate.store.engine import Store

pytestmark = pytest.mark.slow
START = datetime(2026, 11, 2, 10, tzinfo=UTC)  # a Monday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEAM, SAM, LIST = "team@example.com", "sam@example.com", "management@example.com"
PEOPLE: dict[str, Any] = {
    "teams": [{"name": "support", "address": TEAM, "categories": ["general"]}],
    "agents": [
        {"address": SAM, "name": "Sam", "teams": ["support"], "supervisor": True},
        {"address": "ana@example.com", "name": "Ana", "teams": ["support"]},
    ],
}
_serial = itertools.count(1_000_000)


class World:
    """A desk on a database of one's own; `write` lands a mail, `tick` lets a clock look."""

    def __init__(self, store: Store, folder: Path, **settings: Any) -> None:
        self.store, self.folder, self.now = store, folder, START
        self.configure(**settings)
        with store.writing() as conn:
            keys.ensure(conn, START)
        self.sync(PEOPLE)
        self._ids = itertools.count(1)

    def configure(self, **settings: Any) -> None:
        base: dict[str, Any] = {"escalation": {"notify_list": LIST}}
        merged = {name: {**base.get(name, {}), **settings.get(name, {})} for name in {*base, *settings}}
        self.config = Config.model_validate({"data_dir": self.folder, **merged})

    def sync(self, values: dict[str, Any]) -> None:
        with self.store.writing() as conn:
            people.sync(conn, people_file.check(values, "people.toml"))

    def clock(self, store: Store | None = None) -> Clock:
        return Clock(self.config, store or self.store, lambda: next(_serial), now=lambda: self.now)

    def tick(self) -> int:
        return self.clock().tick()

    def write(self, sender: str = "bob@b.example", subject: str = "Broken", body: str = "Help") -> int:
        """Lands a mail; its ticket."""
        id = f"id-{next(self._ids)}"
        raw = (
            f"From: {sender}\r\nSubject: {subject}\r\nMessage-ID: <{id}@b.example>\r\n\r\n{body}\r\n".encode()
        )
        envelope = Envelope(id, self.now, "smtp", sender, ("support@example.com",), peer="127.0.0.1")
        landing = Landing(self.config, self.store, "spool", lambda: next(_serial), lambda: self.now)
        assert landing.land([Job(envelope, raw, parse(raw))]) == []
        with self.store.reading() as conn:
            found = conn.scalar(select(schema.messages.c.ticket_id).where(schema.messages.c.id == id))
        assert found is not None
        return int(found)

    def escalated(self, sender: str = "bob@b.example", severity: str = "question") -> int:
        return self.write(sender, f"Broken [{severity}] [escalate]")

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with self.store.reading() as conn:
            return [tuple(row) for row in conn.execute(text(sql), values)]

    def ticket(self, number: int) -> Any:
        with self.store.reading() as conn:
            return conn.execute(select(schema.tickets).where(schema.tickets.c.id == number)).one()

    def steps(self) -> list[Any]:
        return self.rows("SELECT ticket_id, step, level, asked_by FROM escalation_steps ORDER BY 1, 2")

    def history(self, number: int) -> list[str]:
        return [
            code
            for (code,) in self.rows("SELECT code FROM history WHERE ticket_id = :n ORDER BY id", n=number)
        ]

    def mails(self, template: str, since: int = 0) -> list[str]:
        found = self.rows(
            "SELECT address FROM outbox WHERE template = :t AND id > :i ORDER BY 1", t=template, i=since
        )
        return [address for (address,) in found]

    def last_mail(self) -> int:
        return int(self.rows("SELECT coalesce(max(id), 0) FROM outbox")[0][0])


@pytest.fixture
def world(store: Store, tmp_path: Path) -> Callable[..., World]:
    return lambda **settings: World(store, tmp_path, **settings)


# ---------------------------------------------------------------- one clock


def test_an_escalated_ticket_climbs_by_itself_to_management_and_stays(world: Callable[..., World]) -> None:
    w = world()
    number = w.escalated()
    assert w.ticket(number).due_at == START + 16 * HOUR
    w.now = START + 16 * HOUR - timedelta(seconds=1)
    assert w.tick() == 0
    before, w.now = w.last_mail(), START + 16 * HOUR
    assert w.tick() == 1
    assert w.mails("escalation", before) == ["bob@b.example", SAM]
    assert w.ticket(number).due_at == START + 32 * HOUR
    before, w.now = w.last_mail(), START + 40 * HOUR
    assert w.tick() == 1
    assert w.mails("escalation", before) == ["bob@b.example", LIST, SAM]
    assert w.ticket(number).due_at is None
    w.now += 999 * DAY
    assert w.tick() == 0
    assert w.steps() == [(number, 1, 1, "bob@b.example"), (number, 2, 2, "clock"), (number, 3, 3, "clock")]
    assert w.history(number) == ["opened", "escalated", "escalated_clock", "escalated_clock"]


def test_the_mail_tells_what_was_tried(world: Callable[..., World]) -> None:  # 7.1
    w = world()
    number = w.escalated()
    tag = f"Re: [#{number}] Broken"
    w.write("ana@example.com", tag, "Is it plugged in?")
    w.write("ana@example.com", tag, "Private: yes\n\nHe never plugs it in.")
    w.write("bob@b.example", tag, "It is.")
    w.now += 20 * HOUR
    assert w.tick() == 1
    with w.store.reading() as conn:
        mails = conn.execute(select(schema.outbox).where(schema.outbox.c.template == "escalation")).all()
    told = {m.address: [c["text"] for c in m.context["tried"]] for m in mails if m.context["level"] == 2}
    public = ["Help", "Is it plugged in?", "It is."]
    assert told["bob@b.example"] == public
    assert told[SAM] == [*public[:2], "He never plugs it in.", *public[2:]]
    bobs = next(m for m in mails if m.address == "bob@b.example" and m.context["level"] == 2)
    assert {c["author_address"] for c in bobs.context["tried"]} == {"", "bob@b.example"}
    assert "commented_private" not in [e["code"] for e in bobs.context["history"]]


def test_an_answer_starts_the_wait_anew_and_resolved_ends_it(world: Callable[..., World]) -> None:  # 7.6
    w = world()
    number = w.escalated()
    w.now += 10 * HOUR
    w.write("ana@example.com", f"Re: [#{number}] Broken", "We look at it.")
    assert w.ticket(number).due_at == w.now + 16 * HOUR
    w.write("ana@example.com", f"Re: [#{number}] Broken", "Status: pending\n\nPlease try again.")
    assert w.ticket(number).due_at is None
    w.now += 100 * HOUR
    assert w.tick() == 0
    w.write("bob@b.example", f"Re: [#{number}] Broken", "It still fails.")
    assert w.ticket(number).due_at == w.now + 16 * HOUR
    w.write("ana@example.com", f"Re: [#{number}] Broken", "Status: resolved")
    found = w.ticket(number)
    assert (found.due_at, found.escalation_level, found.status) == (None, 0, "resolved")


def test_another_severity_moves_the_moment(world: Callable[..., World]) -> None:
    w = world()
    number = w.escalated()
    w.write("ana@example.com", f"[#{number}]", "Severity: outage")
    assert w.ticket(number).due_at == START + timedelta(minutes=30)


def test_nobody_answered(world: Callable[..., World]) -> None:
    w = world(escalation={"first_response": {"question": 3600}})
    answered, number = w.write(), w.write("eve@e.example")
    w.write("ana@example.com", f"Re: [#{answered}] Broken", "We look at it.")
    w.now += HOUR
    assert w.tick() == 1
    assert w.steps() == [(number, 1, 1, "clock")]
    assert w.history(number)[-1] == "escalated_unanswered"


def test_reminded_then_resolved_then_reopened(world: Callable[..., World]) -> None:
    w = world(gateway={"remind_days": 3, "resolve_pending_days": 9, "close_days": 7})
    number = w.write()
    tag = f"Re: [#{number}] Broken"
    w.write("ana@example.com", tag, "Status: pending\n\nIs it plugged in?")
    before, w.now = w.last_mail(), START + 3 * DAY
    assert (w.tick(), w.tick()) == (1, 0)
    assert w.mails("update", before) == ["bob@b.example"]
    with w.store.reading() as conn:
        mail = conn.execute(select(schema.outbox).where(schema.outbox.c.id == w.last_mail())).one()
    assert [c["text"] for c in mail.context["comments"]] == ["Is it plugged in?"]
    assert mail.context["reminder"]
    w.now = START + 9 * DAY
    assert (w.tick(), w.tick()) == (1, 0)
    assert w.ticket(number).status == "resolved"
    assert w.history(number)[-3:] == ["reminded", "no_answer", "status"]
    w.write("bob@b.example", tag, "Yes, it is.")
    found = w.ticket(number)
    assert (found.status, found.reminded) == ("open", None)
    w.write("ana@example.com", tag, "Status: pending\n\nAnd switched on?")
    w.now += 3 * DAY
    assert w.tick() == 1  # once in each time of waiting
    assert w.history(number).count("reminded") == 2


def test_a_late_reminder_leaves_time_to_answer(world: Callable[..., World]) -> None:
    """Reminders are switched on when a ticket has waited for months already."""
    w = world()
    number = w.write()
    w.write("ana@example.com", f"Re: [#{number}] Broken", "Status: pending\n\nWell?")
    w.configure(gateway={"remind_days": 3, "resolve_pending_days": 9})
    w.now = START + 90 * DAY
    assert w.tick() == 1
    w.now += 6 * DAY - HOUR
    assert w.tick() == 0
    w.now += HOUR
    assert w.tick() == 1
    assert w.ticket(number).status == "resolved"


# ---------------------------------------------------------------- settings


def test_new_hours_move_the_moments_of_all_tickets(world: Callable[..., World]) -> None:
    w = world()
    numbers = [w.escalated(f"p{n}@b.example") for n in range(5)]
    plain = w.write()
    clock = w.clock()
    clock.tick()
    office = {**PEOPLE["teams"][0], "hours": "Mon-Fri 09:00-17:00", "timezone": "Europe/Paris"}
    w.sync({**PEOPLE, "teams": [office]})
    clock.tick()
    assert {w.ticket(n).due_at for n in numbers} == {datetime(2026, 11, 4, 10, tzinfo=UTC)}
    assert w.ticket(plain).due_at is None


def test_settings_of_a_new_start_count(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "AT_ONCE", 2)
    w = world()
    numbers = [w.escalated(f"p{n}@b.example") for n in range(5)]
    w.tick()
    w.configure(escalation={"wait": {"outage": 1, "degraded": 1, "question": 60}})
    w.now += timedelta(seconds=119)
    assert w.tick() == 0
    assert {w.ticket(n).due_at for n in numbers} == {START + timedelta(seconds=120)}
    w.now += timedelta(seconds=1)
    assert w.tick() == 5
    w.configure(escalation={"automatic": False})
    w.now += DAY
    assert w.tick() == 0
    assert {w.ticket(n).due_at for n in numbers} == {None}


def test_a_limit_for_the_first_answer_finds_tickets_that_are_there(world: Callable[..., World]) -> None:
    w = world()
    number = w.write()
    w.tick()
    w.configure(escalation={"first_response": {"question": 3600}})
    w.now += HOUR
    assert w.tick() == 1
    assert w.ticket(number).escalation_level == 1


def test_the_moments_are_worked_out_once_for_one_setting(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    w = world()
    w.escalated()
    w.tick()

    def never(*_: Any, **__: Any) -> int:
        raise AssertionError("worked out again")

    monkeypatch.setattr(chores, "reckon", never)
    w.tick()
    w.clock().tick()


# ---------------------------------------------------------------- by index, and without a writer


def test_what_is_due_is_found_by_index(world: Callable[..., World]) -> None:
    w = world()
    w.escalated()
    seen: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if w.store.dialect == "sqlite" else "EXPLAIN "
    with w.store.reading() as conn:
        if w.store.dialect == "postgresql":
            conn.execute(text("SET LOCAL enable_seqscan = off"))  # of two rows a scan is the cheaper way
        for sql in (
            f"SELECT id FROM tickets WHERE due_at <= '{START:%Y-%m-%d %H:%M:%S+00}' ORDER BY due_at LIMIT 1",
            f"SELECT id FROM tickets WHERE {schema.ENDED} AND resolved_at < '{START:%Y-%m-%d %H:%M:%S+00}' "
            "ORDER BY resolved_at LIMIT 1",
        ):
            seen.append(" ".join(str(row[-1]) for row in conn.execute(text(explain + sql))))
    assert "ix_tickets_due_at" in seen[0]
    assert "ix_tickets_resolved_at" in seen[1]
    assert not any("SCAN tickets USING INDEX ix_tickets_status" in plan for plan in seen)


def test_a_tick_with_nothing_due_writes_nothing(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    w = world()
    w.escalated()
    clock = w.clock()
    clock.tick()

    def never() -> Any:
        raise AssertionError("it asks for the writer")

    monkeypatch.setattr(w.store, "writing", never)
    assert clock.tick() == 0


def test_one_step_that_fails_is_put_off_and_the_others_go_on(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    w = world()
    numbers = [w.escalated(f"p{n}@b.example") for n in range(3)]
    whole = timing.decide

    def decide(ticket: Any, *more: Any) -> Any:
        if ticket.number == numbers[1]:
            raise ZeroDivisionError
        return whole(ticket, *more)

    monkeypatch.setattr(timing, "decide", decide)
    w.now += DAY
    assert w.tick() == 2
    assert w.ticket(numbers[1]).due_at == w.now + FAULT_PAUSE
    monkeypatch.setattr(timing, "decide", whole)
    w.now += FAULT_PAUSE
    assert w.tick() == 1
    assert [step[:2] for step in w.steps() if step[1] == 2] == [(n, 2) for n in numbers]


def test_a_moment_that_is_wrong_is_mended_and_nothing_is_done(world: Callable[..., World]) -> None:
    w = world()
    number = w.escalated()
    w.tick()
    with w.store.writing() as conn:
        conn.execute(update(schema.tickets).values(due_at=START - DAY))
    assert w.tick() == 0
    assert w.ticket(number).due_at == START + 16 * HOUR


# ---------------------------------------------------------------- two clocks, and death


def test_two_clocks_at_once_do_every_step_once(
    world: Callable[..., World], open_store: Callable[..., Store], store_url: str
) -> None:
    w = world(gateway={"close_days": 1})
    numbers = [w.escalated(f"p{n}@b.example") for n in range(60)]
    ended = [w.write(f"q{n}@b.example") for n in range(20)]
    with w.store.writing() as conn:
        conn.execute(
            update(schema.tickets)
            .where(schema.tickets.c.id.in_(ended))
            .values(status="resolved", resolved_at=START)
        )
    w.tick()
    before, w.now = w.last_mail(), START + 2 * DAY
    clocks = [w.clock(open_store(store_url)) for _ in range(3)]
    start, faults, done = threading.Barrier(3), list[BaseException](), list[int]()

    def run(clock: Clock) -> None:
        try:
            start.wait(10)
            done.append(clock.tick())
        except BaseException as e:
            faults.append(e)

    threads = [threading.Thread(target=run, args=(clock,)) for clock in clocks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    w.tick()  # what one clock had in hand when the others looked
    assert [s for s in w.steps() if s[1] > 1] == [(n, 2, 2, "clock") for n in numbers]
    assert sorted(w.mails("escalation", before)) == sorted(
        [SAM] * 60 + [f"p{n}@b.example" for n in range(60)]
    )
    told = w.rows("SELECT count(*) FROM history WHERE code = 'escalated_clock'")
    closed = w.rows("SELECT count(*), count(DISTINCT ticket_id) FROM history WHERE code = 'status'")
    assert (told, closed) == ([(60,)], [(20, 20)])


PROGRAM = """
import sys, itertools
from datetime import datetime
from mailgate.clock import Clock
from mailgate.config import Config
from mailgate.store.engine import Store
url, now, folder = sys.argv[1], datetime.fromisoformat(sys.argv[2]), sys.argv[3]
serial = itertools.count(9_000_000 + int(sys.argv[4]) * 1000)
config = Config.model_validate({"data_dir": folder, "escalation": {"notify_list": "management@example.com"}})
Clock(config, Store(url), lambda: next(serial), now=lambda: now).tick()
"""


@pytest.mark.parametrize("point", ["clock.before_commit", "clock.after_commit"])
def test_a_clock_that_is_killed_leaves_whole_steps(
    world: Callable[..., World], store_url: str, tmp_path: Path, point: str
) -> None:
    w = world()
    numbers = [w.escalated(f"p{n}@b.example") for n in range(3)]
    w.tick()
    before, w.now = w.last_mail(), START + DAY
    words = [sys.executable, "-c", PROGRAM, store_url, w.now.isoformat(), str(tmp_path)]
    environment = {**os.environ, "MAILGATE_FAILPOINT": f"{point}:kill"}
    killed = subprocess.run([*words, "1"], env=environment, capture_output=True, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = subprocess.run([*words, "2"], capture_output=True, check=False, timeout=60)
    assert again.returncode == 0, again.stderr
    assert [s for s in w.steps() if s[1] > 1] == [(n, 2, 2, "clock") for n in numbers]
    assert len(w.mails("escalation", before)) == 6
