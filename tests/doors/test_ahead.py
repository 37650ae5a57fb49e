"""Many mails over one connection without waiting: the spool takes them in their order, or none behind the first that it puts off."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doors.listener import Listener, eventually
from doors.mailboxes import mail
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config import Spool as Settings
from mailgate.errors import Full, Permanent
from mailgate.handover import Handover, Unanswered
from mailgate.importing.accepted import Accepted
from mailgate.importing.items import Item
from mailgate.importing.run import Importer
from mailgate.intake.body import Counted
from mailgate.intake.imap.hands import Hands
from mailgate.intake.lmtp import AHEAD
from mailgate.model import Envelope
from mailgate.spool import Spool, SpoolReader
from mailgate.stream import MAILS, Stream

Listen = Callable[..., Listener]
TO = ("support@example.com",)


def envelope(number: int = 1, to: tuple[str, ...] = TO) -> Envelope:
    from datetime import UTC, datetime

    return Envelope("", datetime.now(UTC), "imap", f"ann{number}@client.example", to)


def stored(path: Path) -> list[bytes]:
    reader = SpoolReader(path)
    try:
        return [row.raw for row in reader.take(0, 10_000, 1 << 30)]
    finally:
        reader.close()


@pytest.fixture
def spool(tmp_path: Path) -> Any:
    made: list[Spool] = []

    def make(**settings: Any) -> Spool:
        made.append(Spool(tmp_path / "spool.db", Settings(min_free=0, **settings)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_they_are_taken_in_their_order_and_share_commits(listen: Listen, spool: Any, tmp_path: Path) -> None:
    listen(door="unix", data_dir=tmp_path, spool=spool())
    hands = Hands(tmp_path / "mailgate.sock")
    raws = [mail(n, (n % 7) * 20_000) for n in range(500)]
    assert list(hands([(envelope(n), raw) for n, raw in enumerate(raws)])) == [None] * 500
    assert stored(tmp_path / "spool.db") == raws
    hands.close()


def test_a_mail_crosses_byte_for_byte(listen: Listen, tmp_path: Path) -> None:
    listener = listen(door="unix", data_dir=tmp_path)
    raws = [
        b"",
        b".",
        b"..\r\n.\r\n.x",
        b"\r\n.\r\n",
        b"a\rb\x00\xff\r\n",
        b"QUIT\r\n",
        b"x" * 3_000_000,
        b"\r\n" * 9,
    ]
    assert list(Hands(tmp_path / "mailgate.sock")([(envelope(), raw) for raw in raws])) == [None] * len(raws)
    for (_, raw), sent in zip(listener.mails, raws, strict=True):
        assert raw == (sent if sent.endswith(b"\r\n") or not sent else sent + b"\r\n")


def test_each_has_its_own_answer(listen: Listen, tmp_path: Path) -> None:
    listener = listen(door="unix", data_dir=tmp_path, smtp={"max_size": 65_536})
    mails = [
        (envelope(1), mail(1)),
        (envelope(2, ("no@example.com",)), mail(2)),
        (envelope(3, ("no@example.com", *TO)), mail(3)),
        (envelope(4), mail(4, 100_000)),
        (envelope(5), mail(5)),
    ]
    answers = Hands(tmp_path / "mailgate.sock")(mails)
    assert [type(each) for each in answers] == [type(None), Permanent, type(None), Permanent, type(None)]
    assert "550 5.1.1" in str(answers[1])
    assert "552 5.3.4" in str(answers[3])
    assert [raw for _, raw in listener.mails] == [mail(1), mail(3), mail(5)]


def test_behind_one_that_finds_no_room_none_is_taken(listen: Listen, spool: Any, tmp_path: Path) -> None:
    """A smaller mail would fit; an answer would stand before the mail that it answers."""
    listen(door="unix", data_dir=tmp_path, spool=spool(max_bytes=1_000_000))
    hands = Hands(tmp_path / "mailgate.sock")
    raws = [mail(1), mail(2, 900_000), mail(3, 300_000), mail(4), mail(5)]
    answers = hands([(envelope(), raw) for raw in raws])
    assert [type(each) for each in answers] == [type(None)] * 2 + [Full] * 3
    assert stored(tmp_path / "spool.db") == raws[:2]
    assert list(hands([(envelope(), mail(6))])) == [None], "the next call begins a new line"


def test_the_listener_reads_on_while_it_commits_and_no_further_than_it_should(
    listen: Listen, tmp_path: Path
) -> None:
    go = threading.Event()
    waiting: list[int] = []

    async def accept(_envelope: Envelope, raw: bytes, _line: object = None) -> str:
        waiting.append(len(raw))
        while not go.is_set():
            await asyncio.sleep(0.01)
        return "id"

    listener = listen(door="unix", data_dir=tmp_path, accept=accept)
    stream = Stream(Handover(tmp_path / "mailgate.sock"))
    for n in range(AHEAD + 50):
        stream.send("a@example.org", TO, mail(n))
    stream.flush()
    assert eventually(lambda: len(waiting) == AHEAD)
    held = listener.server.door.gate.in_flight
    assert sum(waiting) <= held <= sum(waiting) + 200
    go.set()
    assert all(stream.answer().accepted for _ in range(AHEAD + 50))
    assert eventually(lambda: listener.server.door.gate.in_flight == 0)
    stream.close()


@pytest.mark.parametrize("leave", ["close", "quit"])
def test_who_leaves_before_the_answers_has_handed_over_all_the_same(
    listen: Listen, tmp_path: Path, leave: str
) -> None:
    listener = listen(door="unix", data_dir=tmp_path)
    listener.gap = 0.2
    stream = Stream(Handover(tmp_path / "mailgate.sock"))
    for n in range(20):
        stream.send("a@example.org", TO, mail(n))
    stream.flush()
    if leave == "quit":
        stream.hand.write(b"QUIT\r\n")
        assert all(stream.answer().accepted for _ in range(20)), "QUIT waits for what came before it"
        assert stream.hand.reply().code == 221
    else:
        assert eventually(lambda: listener.server.door.gate.in_flight > 0)
        stream.close()
    assert eventually(lambda: len(listener.mails) == 20)
    assert eventually(lambda: listener.server.door.gate.in_flight == 0)


def test_a_listener_that_went_away_meanwhile(listen: Listen, tmp_path: Path) -> None:
    first = listen(door="unix", data_dir=tmp_path)
    hands = Hands(tmp_path / "mailgate.sock")
    assert list(hands([(envelope(), mail(1))])) == [None]
    first.close()
    assert "nobody listens" in str(hands([(envelope(), mail(2))])[0])
    listen(door="unix", data_dir=tmp_path)
    assert list(hands([(envelope(), mail(2)), (envelope(), mail(3))])) == [None, None]


def test_another_listener_takes_nothing_ahead(listen: Listen, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("mailgate.intake.lmtp._doors", lambda _transport: ("pipe",))
    listen(door="unix", data_dir=tmp_path)
    with pytest.raises(Unanswered, match="takes nothing ahead"):
        Stream(Handover(tmp_path / "mailgate.sock"))


@given(st.binary(max_size=300), st.binary(max_size=50), st.lists(st.integers(1, 60)), st.booleans())
def test_the_reader_of_announced_octets(raw: bytes, rest: bytes, cuts: list[int], refused: bool) -> None:
    body = Counted(len(raw))
    if refused:
        body.refuse(b"552\r\n")
    data, over = raw + rest, b""
    done = False
    while data and not done:
        size = cuts.pop() if cuts else len(data)
        found = body.feed(data[:size])
        data = data[size:]
        if found is not None:
            over, done = found + data, True
    if raw and len(raw + rest) >= len(raw):
        assert done
        assert over == rest
        assert body.take() == (b"" if refused else raw)


# ---------------------------------------------------------------- import


def items(count: int) -> list[Item]:
    return [Item(f"m{n}", mail(n), f"ann{n}@client.example", TO, None, 1) for n in range(count)]


def test_an_import_keeps_its_order_through_a_full_spool(listen: Listen, tmp_path: Path) -> None:
    """Each time it is told to come again, at any mail, nothing behind that mail may have been taken."""
    listener = listen(door="unix", data_dir=tmp_path)
    count = 3 * MAILS
    refusals = {0: 1, 5: 2, MAILS - 1: 1, MAILS + 7: 1, count - 1: 1}
    real = listener._remember
    broken: list[Any] = []

    async def accept(envelope: Envelope, raw: bytes, line: Any = None) -> str:
        number = int(envelope.mail_from[3:].partition("@")[0])
        if line.broken or refusals.get(number):
            if not line.broken:
                refusals[number] -= 1
                broken.append(number)
            line.broken = line.broken or "no room"
            raise Full("no room")
        return await real(envelope, raw)

    listener.server.door.accept = accept
    waits: list[str] = []
    importer = Importer(
        lambda: Handover(tmp_path / "mailgate.sock"),
        Accepted(tmp_path / "imported"),
        sleep=lambda _s: None,
        waiting=waits.append,
    )
    assert importer.take_all(items(count)).accepted == count
    importer.close()
    assert [raw for _, raw in listener.mails] == [item.raw for item in items(count)]
    assert broken == [0, 5, 5, MAILS - 1, MAILS + 7, count - 1]
    assert len(waits) == 6


def test_an_import_that_is_stopped_remembers_what_was_on_its_way(listen: Listen, tmp_path: Path) -> None:
    listener = listen(door="unix", data_dir=tmp_path)
    accepted = Accepted(tmp_path / "imported")
    importer = Importer(lambda: Handover(tmp_path / "mailgate.sock"), accepted)
    for item in items(30):
        importer.take(item)
    assert importer.result.accepted == 0
    importer.close()
    assert len(listener.mails) == 30
    assert all(item.raw in accepted for item in items(30))


def test_the_same_mail_twice_is_handed_over_once(listen: Listen, tmp_path: Path) -> None:
    listener = listen(door="unix", data_dir=tmp_path)
    importer = Importer(lambda: Handover(tmp_path / "mailgate.sock"), Accepted(tmp_path / "imported"))
    result = importer.take_all([*items(3), *items(3)])
    importer.close()
    assert (result.accepted, result.known, len(listener.mails)) == (3, 3, 3)


@pytest.mark.parametrize("sender", ["", "no address", "a\udcffb@example.org", "ann@client.example"])
def test_a_sender_that_is_none_costs_no_mail(listen: Listen, tmp_path: Path, sender: str) -> None:
    listener = listen(door="unix", data_dir=tmp_path)
    importer = Importer(
        lambda: Handover(tmp_path / "mailgate.sock"), Accepted(tmp_path / "imported"), sleep=lambda _s: None
    )
    result = importer.take_all([Item("a", mail(1), sender, TO, None, 1), *items(1)])
    importer.close()
    assert (result.accepted, result.failed) == (2, [])
    assert listener.mails[0][0].mail_from == (sender if sender.startswith("ann") else "")
    assert [raw for _, raw in listener.mails] == [mail(1), mail(0)]


def test_a_listener_that_dies_under_an_import(listen: Listen, tmp_path: Path, monkeypatch: Any) -> None:
    """What has no answer goes again, to the next listener; nothing is left out."""
    first = listen(door="unix", data_dir=tmp_path)
    seen: list[bytes] = []

    async def accept(envelope: Envelope, raw: bytes, _line: object = None) -> str:
        seen.append(raw)
        if len(seen) == 40:
            for session in list(first.server.door.sessions):
                session.transport.abort()  # type: ignore[union-attr]
        return "id"

    first.server.door.accept = accept
    importer = Importer(
        lambda: Handover(tmp_path / "mailgate.sock"), Accepted(tmp_path / "imported"), sleep=lambda _s: None
    )
    assert importer.take_all(items(200)).accepted == 200
    importer.close()
    assert set(seen) == {item.raw for item in items(200)}
    assert len(seen) <= 200 + MAILS
