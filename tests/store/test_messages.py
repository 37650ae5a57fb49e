"""The ledger: exactly one outcome for each accepted message (1.4), raw bytes beside it (1.5), keys."""

from __future__ import annotations

import threading
import zlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from mailgate.errors import NotFound
from mailgate.model import Address, Decision, Envelope, Kind, Notice, Outcome
from mailgate.store import keys, messages, raw, views


def record(desk: Any, id: str, decision: Decision | None = None, **more: Any) -> None:
    decision = decision or Decision(Outcome.QUARANTINED, Kind.SPAM, ("spam",), error="because")
    parsed = more.pop("parsed", None) or desk.parsed()
    with desk.store.writing() as conn:
        messages.record(conn, desk.envelope(id), parsed, decision, b"raw bytes", "spool-1", desk.now, **more)


def test_a_message_is_recorded_once(desk: Any) -> None:
    record(desk, "m1")
    with pytest.raises(IntegrityError):
        record(desk, "m1")
    with desk.store.reading() as conn:
        assert messages.seen(conn, ["m1", "m2"]) == {"m1"}


def test_two_workers_with_one_message(desk: Any) -> None:
    """The id is the exactly-once key: one of them lands it, the other learns that it is there."""
    outcomes: list[str] = []

    def work() -> None:
        try:
            desk.land(desk.opening(), id="m1")
            outcomes.append("landed")
        except IntegrityError:
            outcomes.append("refused")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["landed", "refused", "refused", "refused"]
    assert desk.rows("SELECT count(*) AS n FROM tickets")[0].n == 1


def test_what_is_recorded_is_read_back(desk: Any) -> None:
    parsed = desk.parsed(
        subject="Disk full",
        message_id="<a@b>",
        to=(Address("support@example.com"),),
        defects=("odd boundary",),
    )
    decision = desk.opening(
        notices=(Notice("team@example.com", "team", "new_ticket", "en", {"comments": []}),)
    )
    made = desk.land(decision, parsed, id="0193-aaaa", raw=b"From: x\r\n\0\xff")
    with desk.store.reading() as conn:
        found = views.message(conn, "0193-aaaa")
        assert raw.get(conn, "0193-aaaa") == b"From: x\r\n\0\xff"
        assert messages.get(conn, "0193-a").id == "0193-aaaa"
        assert messages.envelope(conn, "0193-aaaa") == Envelope(
            "0193-aaaa", desk.now, "smtp", "joe@acme.example", ("support@example.com",), peer="127.0.0.1"
        )
    assert (found["ticket"], found["outcome"], found["kind"]) == (made.ticket, "ticket", "person")
    assert found["reasons"] == ["no ticket is named", "new ticket"]
    assert found["decision"]["would_send"] == [
        {"to": "team@example.com", "template": "new_ticket", "language": "en"}
    ]
    assert found["decision"]["sender"]["trust"] == "authenticated"
    assert found["decision"]["defects"] == ["odd boundary"]
    assert found["decision"]["message"]["message_id"] == "<a@b>"


@pytest.mark.parametrize("id", ["", "none", "%", "_193"])
def test_an_unknown_message_is_not_found(desk: Any, id: str) -> None:
    record(desk, "0193-a")
    with desk.store.reading() as conn:
        for call in (messages.get, raw.get, views.message, messages.envelope):
            with pytest.raises(NotFound):
                call(conn, id)


def test_an_ambiguous_beginning_is_not_found(desk: Any) -> None:
    for id in ("0193-a", "0193-b"):
        record(desk, id)
    with desk.store.reading() as conn, pytest.raises(NotFound):
        messages.get(conn, "0193")


def test_settle_needs_a_row(desk: Any) -> None:
    with desk.store.writing() as conn, pytest.raises(NotFound):
        messages.settle(conn, "none", None, None)


def test_a_quarantined_message_is_decided_again(desk: Any) -> None:
    """8.5: released or retried; whatever ended otherwise is never decided twice."""
    record(desk, "m1")
    with desk.store.reading() as conn:
        assert [(m["id"], m["error"]) for m in views.quarantine(conn)] == [("m1", "because")]
    record(desk, "m1", desk.opening(), again=True)
    with desk.store.reading() as conn:
        assert views.quarantine(conn) == []
        assert (views.message(conn, "m1")["outcome"], views.message(conn, "m1")["error"]) == ("ticket", "")
        assert raw.get(conn, "m1") == b"raw bytes"
    for id in ("m1", "m2"):
        with pytest.raises(NotFound):
            record(desk, id, again=True)


def test_outcomes_are_counted_by_spool(desk: Any) -> None:
    desk.land(desk.opening())
    desk.land(desk.opening(), spool="other")
    record(desk, "m1")
    with desk.store.reading() as conn:
        mine = messages.outcomes(conn, "spool-1")
        assert {k: n for k, n in mine.items() if n} == {"ticket": 1, "quarantined": 1}
        assert set(mine) == {o.value for o in Outcome}
        assert messages.outcomes(conn)["ticket"] == 2


@pytest.mark.parametrize(
    ("accepted", "waiting", "open_", "balanced"),
    [
        (2, [], 0, True),
        (3, ["w1"], 1, True),
        (3, ["w1", "m1"], 1, True),
        (3, [], 0, False),
        (2, ["w1"], 1, False),
        (1, [], 0, False),
    ],
    ids=["all done", "one waits", "decided, spool not cleared", "one lost", "one doubled", "one too many"],
)
def test_the_audit_balances(desk: Any, accepted: int, waiting: list[str], open_: int, balanced: bool) -> None:
    for id in ("m1", "m2"):
        record(desk, id)
    with desk.store.reading() as conn:
        found = messages.audit(conn, accepted, waiting, "spool-1")
    assert (found["waiting"], found["balanced"]) == (open_, balanced)


def test_old_raw_messages_go_and_the_ledger_stays(desk: Any) -> None:
    for n, id in enumerate(("a", "b", "c")):
        with desk.store.writing() as conn:
            envelope = desk.envelope(id, desk.now + timedelta(days=n))
            messages.record(
                conn, envelope, desk.parsed(), Decision(Outcome.AUTO_REPLY, None, ()), b"x", "s", desk.now
            )
    with desk.store.writing() as conn:
        assert raw.expire(conn, desk.now + timedelta(days=2), limit=1) == 1
        assert raw.expire(conn, desk.now + timedelta(days=2)) == 1
        assert raw.expire(conn, desk.now + timedelta(days=2)) == 0
    with desk.store.reading() as conn:
        assert raw.get(conn, "c") == b"x"
        assert messages.get(conn, "a").outcome == "auto_reply"
        with pytest.raises(NotFound):
            raw.get(conn, "a")


# -- keys


def test_the_first_key_is_made_once(desk: Any) -> None:
    with desk.store.writing() as conn:
        with pytest.raises(NotFound):
            keys.minting(conn)
        first = keys.ensure(conn, desk.now)
        assert keys.ensure(conn, desk.now + timedelta(days=1)) == first
        assert (first.id, len(first.secret), first.retired, first.created) == (0, 32, False, desk.now)


def test_rotated_keys_go_on_verifying(desk: Any) -> None:
    with desk.store.writing() as conn:
        first = keys.ensure(conn, desk.now)
        second = keys.rotate(conn, desk.now + timedelta(days=1))
        known = keys.load(conn)
        assert keys.minting(conn) == second
    assert [(k.id, k.retired) for k in known] == [(1, False), (0, True)]
    assert second.secret != first.secret


@pytest.mark.parametrize(("days", "left"), [(180, [2, 1, 0]), (182, [2, 1]), (272, [2]), (9000, [2])])
def test_a_key_goes_when_its_last_token_has_expired(desk: Any, days: int, left: list[int]) -> None:
    """The first one signed until day 1, the second until day 91; the one that signs never goes."""
    with desk.store.writing() as conn:
        keys.ensure(conn, desk.now)
        for day in (1, 91):
            keys.rotate(conn, desk.now + timedelta(days=day))
        assert keys.expire(conn, desk.now + timedelta(days=days), 180) == 3 - len(left)
        assert [key.id for key in keys.load(conn)] == left
        assert keys.rotate(conn, desk.now + timedelta(days=days)).id not in left


def test_the_oldest_key_makes_room(desk: Any) -> None:
    with desk.store.writing() as conn:
        for n in range(258):
            newest = keys.rotate(conn, desk.now + timedelta(days=n))
        known = keys.load(conn)
    assert len(known) == 256
    assert newest == known[0]
    assert [k.id for k in known if not k.retired] == [newest.id]


@pytest.mark.parametrize("compress", [zlib.compress, raw.compress], ids=["zlib", "the packer"])
@given(data=st.binary() | st.binary(max_size=200).map(lambda part: part * 300))
def test_any_bytes_come_back_whoever_packed_them(compress: Any, data: bytes) -> None:
    """Where there is no faster packer the standard library's is used; both write the same format."""
    assert zlib.decompress(compress(data, raw.LEVEL)) == data


def test_bytes_that_were_packed_ahead_of_time_are_the_same_bytes(desk: Any) -> None:
    data = b"From: x\r\n\r\n" + b"y" * 5000
    with desk.store.writing() as conn:
        for id, packed in (("a", b""), ("b", raw.pack(data))):
            values = desk.envelope(id), desk.parsed(), desk.opening(), data, "spool-1", desk.now
            messages.record(conn, *values, packed=packed)
        assert raw.get(conn, "a") == raw.get(conn, "b") == data
