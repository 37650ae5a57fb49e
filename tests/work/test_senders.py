"""The threads that hold the dialogues: what goes in comes out once, with an answer or unsent."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest

from mailgate import senders
from mailgate.model import OutboxRow, Reply
from mailgate.senders import Answered, Senders, latest

SENT = Reply("sent", 250, "ok")


def row(n: int) -> OutboxRow:
    now = datetime.now(UTC)
    return OutboxRow(
        n, None, f"p{n}@b.example", None, "team", "help", "en", {}, f"<{n}@a>", "", (), "", "", "", now, 1
    )


def all_of(crew: Senders, seconds: float = 20) -> list[Answered]:
    found: list[Answered] = []
    end = time.monotonic() + seconds
    while crew.in_hand and time.monotonic() < end:
        found += crew.answers(0.5)
    return found


@pytest.mark.parametrize("threads", [1, 4])
def test_each_mail_comes_out_once_with_its_answer(threads: int) -> None:
    crew = Senders(lambda row, mail: Reply("sent", row.id, mail.decode()), threads)
    for n in range(50):
        crew.give(row(n), b"%d" % n, latest())
    found = all_of(crew)
    assert sorted((a.row.id, a.reply) for a in found) == [(n, Reply("sent", n, str(n))) for n in range(50)]
    crew.close(5)
    assert (crew.in_hand, crew.answers()) == (0, [])


def test_nothing_in_hand_is_not_waited_for() -> None:
    crew = Senders(lambda row, mail: SENT, 1)
    assert crew.answers(60) == []


def test_no_more_threads_than_mails_or_than_allowed() -> None:
    gate = threading.Event()
    crew = Senders(lambda row, mail: (gate.wait(20) and SENT) or SENT, 3)
    names = lambda: len([t for t in threading.enumerate() if t in crew._threads])  # noqa: E731
    crew.give(row(1), b"", latest())
    assert names() == 1
    for n in range(9):
        crew.give(row(n), b"", latest())
    assert names() == 3
    gate.set()
    crew.close(5)
    assert names() == 0


def test_a_mail_that_waited_too_long_comes_back_unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease would end in mid-dialogue, and another courier would send it too."""
    gate, sent = threading.Event(), []

    def send(row: OutboxRow, mail: bytes) -> Reply:
        sent.append(row.id)
        gate.wait(20)
        return SENT

    monkeypatch.setattr(senders, "HAND_SECONDS", 0.2)
    crew = Senders(send, 1)
    for n in range(3):
        crew.give(row(n), b"", latest())
    time.sleep(0.3)
    gate.set()
    assert {a.row.id: a.reply for a in all_of(crew)} == {0: SENT, 1: None, 2: None}
    assert sent == [0]
    crew.close(5)


def test_at_the_end_open_dialogues_end_and_the_rest_comes_back() -> None:
    begun, gate = threading.Event(), threading.Event()

    def send(row: OutboxRow, mail: bytes) -> Reply:
        begun.set()
        gate.wait(20)
        return SENT

    crew = Senders(send, 1)
    for n in range(4):
        crew.give(row(n), b"", latest())
    begun.wait(20)
    threading.Timer(0.1, gate.set).start()
    crew.close(20)
    assert {a.row.id: a.reply for a in crew.answers()} == {0: SENT, 1: None, 2: None, 3: None}


def test_a_relay_that_is_down_is_not_asked_by_the_next() -> None:
    asked = []

    def send(row: OutboxRow, mail: bytes) -> Reply:
        asked.append(row.id)
        return Reply("down", 0, "refused")

    crew = Senders(send, 1)
    for n in range(5):
        crew.give(row(n), b"", latest())
    assert {a.reply for a in all_of(crew)} == {Reply("down", 0, "refused")}
    assert (asked, crew.down) == ([0], "refused")
    crew.down = ""
    crew.give(row(9), b"", latest())
    all_of(crew)
    assert asked == [0, 9]
    crew.close(5)


def test_what_send_raises_costs_its_mail_an_attempt_and_no_thread() -> None:
    def send(row: OutboxRow, mail: bytes) -> Reply:
        if row.id == 0:
            raise RuntimeError("bug")
        return SENT

    crew = Senders(send, 1)
    for n in range(2):
        crew.give(row(n), b"", latest())
    assert {a.row.id: a.reply for a in all_of(crew)} == {0: Reply("retry", 0, "RuntimeError: bug"), 1: SENT}
    crew.close(5)
