"""The courier: owed mail goes out with the same bytes at every attempt, and nothing stops it but its own fault (1.3)."""

from __future__ import annotations

import base64
import itertools
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dkim
import pytest
from nacl.signing import SigningKey
from sqlalchemy import select, update

from mailgate import people_file
from mailgate.authenticate import sign
from mailgate.authenticate.sign import Signer, make_signer
from mailgate.config import Config
from mailgate.courier import Courier
from mailgate.landing import Job, Landing
from mailgate.mail.parse import parse
from mailgate.model import Envelope, Reply
from mailgate.render import Rendered, TemplateError
from mailgate.store import keys, people, schema
from mailgate.store.engine import Store

PEOPLE = {"teams": [{"name": "support", "address": "team@example.com", "categories": ["general"]}]}
SENT = Reply("sent", 250, "ok")


def until(what: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


class FakeRenderer:
    def __init__(self) -> None:
        self.calls = 0
        self.broken: set[str] = set()

    def render(self, template: str, language: str, context: Any) -> Rendered:
        self.calls += 1
        if template in self.broken:
            raise TemplateError(template, 3, "no such name")
        return Rendered(f"[#{context['ticket']['number']}] {self.calls}", "text", "<p>text</p>")


class FakeRelay:
    """Answers by address: a Reply, a list of them in turn, or a function."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.sent: list[tuple[str, bytes, str]] = []
        self.lock = threading.Lock()

    def send(self, mail: bytes, return_path: str, to: str) -> Reply:
        with self.lock:
            self.sent.append((to, mail, return_path))
            answer = self.answers.get(to, SENT)
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer() if callable(answer) else answer


class World:
    def __init__(self, store: Store, folder: Path, **relay: Any) -> None:
        self.store = store
        self.now = datetime.now(UTC)
        self.config = Config.model_validate({"data_dir": folder, "relay": {"threads": 2, **relay}})
        self.renderer, self.relay = FakeRenderer(), FakeRelay()
        self.signer: Signer | None = None
        self.courier = self.another()
        with store.writing() as conn:
            keys.ensure(conn, self.now)
            people.sync(conn, people_file.check(PEOPLE, "people.toml"))
        serial = itertools.count(1_000_000)
        self.landing = Landing(self.config, store, "spool", lambda: next(serial), lambda: self.now)

    def another(self) -> Courier:
        """A courier, as after a restart."""
        return Courier(
            self.config, self.store, self.renderer, self.relay,  # type: ignore[arg-type]
            signer=self.signer, now=lambda: self.now, jitter=lambda: 0.5,
        )  # fmt: skip

    def owe(self, *senders: str) -> None:
        """One mail each: an acknowledgement to the sender and a mail to the team are owed."""
        for n, sender in enumerate(senders):
            raw = f"From: {sender}\r\nTo: support@example.com\r\nSubject: s{n}\r\nMessage-ID: <{n}{sender}>\r\n\r\nHelp\r\n"
            envelope = Envelope(
                f"id-{n}{sender}", self.now, "smtp", sender, ("support@example.com",), peer="127.0.0.1"
            )
            self.landing.land([Job(envelope, raw.encode(), parse(raw.encode()))])

    def until_quiet(self) -> None:
        for _ in range(200):
            if not self.courier.step(0.5) and not self.courier.busy:
                return
        raise AssertionError("never quiet")

    def until_answered(self) -> None:
        """Everything is sent, and no answer recorded."""
        wanted = len(self.rows())
        for _ in range(5):
            self.courier._turn(self.courier._room())
        until(lambda: self.courier._senders._answers.qsize() == wanted)

    def rows(self) -> dict[str, Any]:
        with self.store.reading() as conn:
            return {row.address: row for row in conn.execute(select(schema.outbox))}


@pytest.fixture
def world(store: Store, tmp_path: Path) -> Callable[..., World]:
    return lambda **relay: World(store, tmp_path, **relay)


def test_owed_mail_goes_out_once_with_its_envelope(world: Callable[..., World]) -> None:
    w = world()
    w.owe("bob@b.example")
    w.until_quiet()
    rows = w.rows()
    assert {address: row.state for address, row in rows.items()} == {
        "bob@b.example": "sent",
        "team@example.com": "sent",
    }
    assert sorted(to for to, _, _ in w.relay.sent) == ["bob@b.example", "team@example.com"]
    for to, mail, return_path in w.relay.sent:
        assert rows[to].message_id.encode() in mail
        assert return_path == rows[to].return_path
        assert bytes(rows[to].mail) == mail


def test_every_attempt_sends_the_same_bytes_rendered_once(world: Callable[..., World]) -> None:
    w = world()
    w.owe("bob@b.example")
    w.relay.answers["bob@b.example"] = [Reply("retry", 451, "later"), Reply("retry", 451, "later"), SENT]
    for _ in range(3):
        w.until_quiet()
        w.now += timedelta(hours=1)
    assert len({mail for to, mail, _ in w.relay.sent if to == "bob@b.example"}) == 1
    assert (w.rows()["bob@b.example"].state, w.rows()["bob@b.example"].attempts) == ("sent", 3)
    assert w.renderer.calls == 2


def test_mail_is_signed_once_and_every_attempt_sends_that_signature(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = []

    def once(raw: bytes, signer: Signer) -> bytes:
        signed.append(raw)
        return sign(raw, signer)

    monkeypatch.setattr("mailgate.courier.sign", once)
    seed = bytes(range(32))
    w = world()
    w.signer = make_signer("example.com", "s1", base64.b64encode(seed))
    w.courier = w.another()
    w.owe("bob@b.example")
    w.relay.answers["bob@b.example"] = [Reply("retry", 451, "later"), SENT]
    for _ in range(2):
        w.until_quiet()
        w.now += timedelta(hours=1)
        w.courier = w.another()  # as after a restart
    mails = [mail for to, mail, _ in w.relay.sent if to == "bob@b.example"]
    assert len(mails) == 2
    assert mails[0] == mails[1] == bytes(w.rows()["bob@b.example"].mail)
    assert len(signed) == 2, "one for each recipient"
    record = b"v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(SigningKey(seed).verify_key))
    assert dkim.verify(
        mails[0], dnsfunc=lambda name, timeout=5: {b"s1._domainkey.example.com.": record}.get(name)
    )


def test_mail_that_cannot_be_signed_is_held(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never leaves unsigned: a domain with a strict policy would lose it."""

    def refuse(_raw: bytes, _signer: Signer) -> bytes:
        raise ValueError("the mail cannot be signed")

    monkeypatch.setattr("mailgate.courier.sign", refuse)
    w = world()
    w.signer = make_signer("example.com", "s1", base64.b64encode(bytes(32)))
    w.courier = w.another()
    w.owe("bob@b.example")
    w.until_quiet()
    assert w.relay.sent == []
    assert {row.state for row in w.rows().values()} == {"held"}


def test_the_bytes_are_on_record_before_the_mail_leaves(world: Callable[..., World]) -> None:
    w = world()
    w.owe("bob@b.example")
    seen: list[tuple[bytes, int, str]] = []

    def look() -> Reply:
        row = w.rows()["bob@b.example"]
        seen.append((bytes(row.mail), row.attempts, row.state))
        return SENT

    w.relay.answers["bob@b.example"] = look
    w.until_quiet()
    mail = next(mail for to, mail, _ in w.relay.sent if to == "bob@b.example")
    assert seen == [(mail, 1, "sending")]


def test_a_mail_in_hand_at_a_crash_goes_out_again_with_the_same_bytes(world: Callable[..., World]) -> None:
    w = world(timeout=1, timeout_after_data=1)
    w.owe("bob@b.example")
    w.until_answered()  # claimed, rendered, sent; the process ends before the result is recorded
    w.courier = w.another()
    w.until_quiet()
    assert len(w.relay.sent) == 2, "its lease is not over"
    w.now += timedelta(minutes=1)
    w.until_quiet()
    mails = [mail for to, mail, _ in w.relay.sent if to == "bob@b.example"]
    assert len(mails) == 2
    assert mails[0] == mails[1]
    assert w.rows()["bob@b.example"].state == "sent"


def test_a_broken_template_holds_its_mails_and_nothing_else(world: Callable[..., World]) -> None:
    w = world()
    w.renderer.broken = {"acknowledgement"}
    w.owe("bob@b.example", "eve@b.example")
    w.until_quiet()
    rows = w.rows()
    assert (rows["bob@b.example"].state, rows["team@example.com"].state) == ("held", "sent")
    assert "template acknowledgement, line 3" in rows["bob@b.example"].last_error


@pytest.mark.parametrize(
    "error", [ValueError("a line break in Subject"), KeyError("bug")], ids=["refused", "bug"]
)
def test_what_cannot_be_composed_is_held(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def compose(_mail: object) -> bytes:
        raise error

    monkeypatch.setattr("mailgate.courier.compose", compose)
    w = world()
    w.owe("bob@b.example")
    w.until_quiet()
    assert w.relay.sent == []
    assert {row.state for row in w.rows().values()} == {"held"}


def test_a_claim_that_somebody_else_took_over_is_not_sent(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    w = world()
    w.owe("bob@b.example")
    w.courier.step(0.5)
    with w.store.writing() as conn:
        conn.execute(
            update(schema.outbox).values(attempts=2).where(schema.outbox.c.address == "bob@b.example")
        )
    w.until_quiet()
    assert [to for to, _, _ in w.relay.sent] == ["team@example.com"]
    assert w.rows()["bob@b.example"].mail is None


def test_a_refused_mail_has_failed_and_the_ticket_says_so(world: Callable[..., World]) -> None:
    w = world()
    w.relay.answers["bob@b.example"] = Reply("failed", 550, "5.1.1 unknown")
    w.owe("bob@b.example")
    w.until_quiet()
    assert w.rows()["bob@b.example"].state == "failed"
    with w.store.reading() as conn:
        codes = conn.scalars(select(schema.history.c.code)).all()
    assert "delivery_failed" in codes


def test_after_give_up_days_a_mail_has_failed(world: Callable[..., World]) -> None:
    w = world(give_up_days=1)
    w.relay.answers["bob@b.example"] = Reply("retry", 450, "greylisted")
    w.owe("bob@b.example")
    for _ in range(30):
        w.until_quiet()
        w.now += timedelta(hours=2)
    assert w.rows()["bob@b.example"].state == "failed"


def test_a_relay_that_is_down_stops_the_courier_and_costs_no_mail_its_turn(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(
        "mailgate.courier.time", type("Time", (), {"monotonic": staticmethod(lambda: clock[0])})
    )
    w = world(threads=1)
    w.owe(*(f"p{n}@b.example" for n in range(5)))
    down = {address: Reply("down", 0, "refused") for address in w.rows()}
    w.relay.answers.update(down)
    w.until_quiet()
    first = len(w.relay.sent)
    w.until_quiet()
    assert len(w.relay.sent) == first, "paused"
    for _ in range(4):  # one mail a round asks whether it is back
        clock[0] += 120
        w.now += timedelta(seconds=120)
        w.until_quiet()
    assert len(w.relay.sent) == first + 4
    w.relay.answers.clear()
    clock[0] += 120
    w.now += timedelta(seconds=120)
    w.until_quiet()
    assert {row.state for row in w.rows().values()} == {"sent"}


def test_of_a_dead_relay_each_thread_asks_once_and_then_one_mail(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(
        "mailgate.courier.time", type("Time", (), {"monotonic": staticmethod(lambda: clock[0])})
    )
    w = world(threads=2)
    w.owe(*(f"p{n}@b.example" for n in range(10)))
    w.relay.answers.update({address: Reply("down", 0, "refused") for address in w.rows()})
    w.until_quiet()
    assert len(w.relay.sent) <= 2, "what was claimed with them is not sent"
    assert sum(row.attempts for row in w.rows().values()) == sum(row.idle for row in w.rows().values()) > 2
    assert {row.last_error for row in w.rows().values()} <= {"refused", ""}
    first = len(w.relay.sent)
    for n in range(1, 8):
        clock[0] += 61
        w.now += timedelta(seconds=61)
        w.until_quiet()
        assert len(w.relay.sent) == first + n
    assert {row.state for row in w.rows().values()} == {"waiting"}


def test_a_dead_relay_does_not_make_the_next_retry_late(world: Callable[..., World]) -> None:
    """A mail that met nobody twenty times is greylisted: it comes again after a minute, not after four hours."""
    w = world(threads=1)
    w.owe("bob@b.example")
    with w.store.writing() as conn:
        conn.execute(update(schema.outbox).values(attempts=20, idle=20))
    w.relay.answers["bob@b.example"] = Reply("retry", 450, "4.7.1 greylisted")
    w.until_quiet()
    assert w.rows()["bob@b.example"].due == w.now + timedelta(seconds=60)


def test_a_lost_answer_is_counted_and_the_same_mail_goes_again(world: Callable[..., World]) -> None:
    w = world()
    w.owe("bob@b.example")
    w.relay.answers["bob@b.example"] = [Reply("doubtful", 0, "connection closed"), SENT]
    w.until_quiet()
    row = w.rows()["bob@b.example"]
    assert (row.state, row.doubtful, row.last_error) == ("waiting", 1, "connection closed")
    w.now += timedelta(minutes=2)
    w.until_quiet()
    row = w.rows()["bob@b.example"]
    assert (row.state, row.doubtful, row.attempts) == ("sent", 1, 2)
    mails = [mail for to, mail, _ in w.relay.sent if to == "bob@b.example"]
    assert len(mails) == 2
    assert mails[0] == mails[1]


def test_a_claim_whose_end_nobody_knows_is_doubtful_too(world: Callable[..., World]) -> None:
    w = world(timeout=1, timeout_after_data=1)
    w.owe("bob@b.example")
    w.until_answered()
    w.courier = w.another()  # the process ended before the result was recorded
    w.now += timedelta(minutes=1)
    w.until_quiet()
    assert w.rows()["bob@b.example"].doubtful == 1


def test_what_never_gets_an_answer_has_failed_in_the_end(world: Callable[..., World]) -> None:
    w = world(give_up_days=1)
    w.relay.answers["bob@b.example"] = Reply("doubtful", 0, "timed out")
    w.owe("bob@b.example")
    for _ in range(30):
        w.until_quiet()
        w.now += timedelta(hours=2)
    assert w.rows()["bob@b.example"].state == "failed"


@pytest.mark.parametrize("works", [True, False], ids=["others go through", "nothing goes through"])
def test_a_denial_is_the_relays_unless_others_go_through(world: Callable[..., World], works: bool) -> None:
    """Wrong settings at the relay must not fail every mail; one odd mail must not stop all the others."""
    w = world(threads=1)
    denied = Reply("denied", 554, "5.7.1 Relay access denied")
    if works:
        w.owe("first@b.example")
        w.until_quiet()
    w.owe("bob@b.example")
    w.relay.answers.update({"bob@b.example": denied, "team@example.com": SENT if works else denied})
    w.until_quiet()
    row = w.rows()["bob@b.example"]
    assert row.state == "waiting"
    assert (row.idle, bool(w.courier._breaker.pause)) == ((0, False) if works else (1, True))


def test_no_more_mails_a_minute_than_the_relay_wants(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(
        "mailgate.courier.time", type("Time", (), {"monotonic": staticmethod(lambda: clock[0])})
    )
    w = world(per_minute=60)
    w.owe(*(f"p{n}@b.example" for n in range(20)))
    w.until_quiet()
    assert len(w.relay.sent) == 10, "ten seconds' worth at once"
    clock[0] += 5
    w.until_quiet()
    assert len(w.relay.sent) == 15
    clock[0] += 3600
    w.until_quiet()
    assert len(w.relay.sent) == 25, "an hour of rest earns no flood"


def test_one_slow_recipient_does_not_hold_the_others_up(world: Callable[..., World]) -> None:
    w = world()
    gate = threading.Event()

    def slow() -> Reply:
        gate.wait(10)
        return SENT

    w.relay.answers["p0@b.example"] = slow
    w.owe(*(f"p{n}@b.example" for n in range(12)))
    for _ in range(100):
        w.courier.step(0.1)
        if sum(row.state == "sent" for row in w.rows().values()) == 12:
            break
    assert w.rows()["p0@b.example"].state == "sending"
    gate.set()
    w.courier.close()
    assert w.rows()["p0@b.example"].state == "sent"


def test_a_relay_that_raises_is_tried_again(world: Callable[..., World]) -> None:
    w = world()

    def broken() -> Reply:
        raise RuntimeError("bug")

    w.relay.answers["bob@b.example"] = broken
    w.owe("bob@b.example")
    w.until_quiet()
    row = w.rows()["bob@b.example"]
    assert (row.state, row.last_error) == ("waiting", "RuntimeError: bug")


def test_results_outlive_a_database_that_is_away(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    w = world()
    w.owe("bob@b.example")
    w.until_answered()
    writing = w.store.writing
    monkeypatch.setattr(w.store, "writing", lambda: (_ for _ in ()).throw(RuntimeError("away")))
    for _ in range(2):
        with pytest.raises(RuntimeError):
            w.courier.step()
    monkeypatch.setattr(w.store, "writing", writing)
    w.courier.step()
    assert {row.state for row in w.rows().values()} == {"sent"}
    assert len(w.relay.sent) == 2


def test_run_waits_while_the_database_is_away_and_drains_at_the_end(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mailgate.errors import Transient

    w = world()
    w.owe("bob@b.example")
    reading, failures = w.store.reading, iter(range(3))

    def flaky() -> Any:
        if next(failures, None) is not None:
            raise Transient("away")
        return reading()

    monkeypatch.setattr(w.store, "reading", flaky)
    monkeypatch.setattr("mailgate.courier.FIRST_PAUSE", 0.01)
    stop = threading.Event()
    thread = threading.Thread(target=w.courier.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 20
    while len(w.relay.sent) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    thread.join(20)
    assert {row.state for row in w.rows().values()} == {"sent"}


def test_mail_that_is_not_due_waits(world: Callable[..., World]) -> None:
    w = world()
    w.owe("bob@b.example")
    with w.store.writing() as conn:
        conn.execute(update(schema.outbox).values(due=w.now + timedelta(seconds=30)))
    w.until_quiet()
    assert w.relay.sent == []
    w.now += timedelta(seconds=31)
    w.until_quiet()
    assert len(w.relay.sent) == 2
