"""T11: who guesses the Message-ID of a mail to come and sends one first must not make the true one vanish."""

from __future__ import annotations

import pytest
from security.desk import BOB, EVE, Desk, written

pytestmark = pytest.mark.slow

ID = "<release-2026-03@acme.example>"


@pytest.mark.parametrize(
    ("sender", "subject", "body"),
    [
        pytest.param(EVE, "x", "x\n", id="another mail"),
        pytest.param(BOB, "x", "x\n", id="in his name"),
        pytest.param(BOB, "It is broken", "x\n", id="with his subject"),
        pytest.param(EVE, "It is broken", "Please help.\n", id="with his words"),
        pytest.param(BOB, "It is broken", "", id="without words"),
    ],
)
def test_the_true_mail_has_its_effect(desk: Desk, sender: str, subject: str, body: str) -> None:
    desk.land(written(sender, subject, body, message_id=ID), sender)
    row = desk.write(BOB, "It is broken", "Please help.\n", message_id=ID, believed=True)
    assert row.outcome != "duplicate"
    texts = [comment.text for comment in desk.rows("comments")]
    assert "Please help." in texts
    assert BOB in [sent.to for sent in desk.deliver()], "and is acknowledged"


def test_nor_do_its_files(desk: Desk) -> None:
    """The words are the same, a file differs."""

    def with_file(content: str) -> bytes:
        raw = written(BOB, message_id=ID, headers={"MIME-Version": "1.0"}, believed=True)
        head = raw.partition(b"\r\n\r\n")[0].replace(
            b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b"
        )
        body = f"--b\r\n\r\nPlease help.\r\n--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n{content}\r\n--b--\r\n"
        return head + b"\r\n\r\n" + body.encode()

    desk.land(with_file("nothing"), BOB)
    assert desk.land(with_file("the true log"), BOB).outcome != "duplicate"


def test_a_known_id_makes_no_way_into_the_ticket(desk: Desk) -> None:
    """The other way round: a mail that bears the id of one on a ticket is a new ticket."""
    number, _ = desk.opened(BOB, message_id=ID)
    row = desk.write(EVE, "Hello", "Let me in.\n", message_id=ID, believed=True)
    assert row.ticket_id not in (None, number)


def test_the_same_mail_twice_has_one_effect(desk: Desk) -> None:
    """2.7: what another path added on the way is no difference."""
    raw = written(BOB, message_id=ID, believed=True)
    assert desk.land(raw, BOB).outcome == "ticket"
    again = b"Received: from b by mx.example.com; Mon, 2 Mar 2026 10:05:00 +0000\r\n" + raw
    assert desk.land(again, BOB).outcome == "duplicate"
    assert desk.count("comments") == 1


@pytest.mark.parametrize("id", ["", "<>", "<@>", "x" * 900])
def test_without_a_usable_id_the_bytes_decide(desk: Desk, id: str) -> None:
    bare = written(BOB, body="One.\n", message_id="<x@y>").replace(
        b"Message-ID: <x@y>", b"Message-ID: " + id.encode()
    )
    assert desk.land(bare, BOB).outcome == "ticket"
    assert desk.land(bare.replace(b"One.", b"Two."), BOB).outcome == "ticket"
    assert desk.land(bare, BOB).outcome == "duplicate"
