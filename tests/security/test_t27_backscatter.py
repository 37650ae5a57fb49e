"""T27: whoever did not write to us gets no bounce of ours. Refusals are said to the client that is connected; what is taken
and then put aside is reported to the operator."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from security.desk import BOB, TEAM, Desk, written

HOUSE = Path(__file__).parents[2] / "mailgate"
PUT_ASIDE: dict[str, bytes] = {
    "fails DMARC": b"Authentication-Results: mx.example.com; dmarc=fail (p=reject) header.from=acme.example\r\n"
    + written(BOB),
    "spam": written(BOB, headers={"X-Spam-Flag": "YES"}),
    "went round too often": b"Received: from a by b\r\n" * 60 + written(BOB),
    "our own": written("support@example.com"),
    "a bounce of nothing": written("MAILER-DAEMON@x.example", "Undelivered Mail Returned to Sender", headers={
        "Content-Type": "multipart/report; report-type=delivery-status; boundary=b"}),
    "a complaint": written("fbl@x.example", headers={"Content-Type": "multipart/report; report-type=feedback-report; boundary=b"}),
    "no header at all": b"\r\n\r\nx\r\n",
    "nothing": b"",
    "octets": bytes(range(256)) * 40,
    "no sender": b"Subject: x\r\n\r\nx\r\n",
    "two senders": b"From: bob@acme.example\r\nFrom: pat@other.example\r\nSubject: x\r\n\r\nx\r\n",
}  # fmt: skip


@pytest.mark.parametrize("raw", PUT_ASIDE.values(), ids=PUT_ASIDE)
def test_nothing_goes_to_the_claimed_sender(desk: Desk, raw: bytes) -> None:
    desk.land(raw, BOB)
    assert {sent.to for sent in desk.deliver()} <= {TEAM}


@pytest.mark.parametrize(
    "name",
    ["fails DMARC", "spam", "went round too often", "our own", "a bounce of nothing", "a complaint"],
)
def test_what_is_put_aside_tells_nobody_and_says_why(desk: Desk, name: str) -> None:
    row = desk.land(PUT_ASIDE[name], "" if name == "a bounce of nothing" else BOB)
    assert (row.outcome, desk.deliver()) == ("quarantined", [])
    assert row.error


def test_the_sender_of_the_envelope_is_nobody_to_write_to(desk: Desk) -> None:
    """Even where the header's sender is believed and answered."""
    desk.land(written("pat@other.example", believed=True), BOB)
    assert {sent.to for sent in desk.deliver()} == {"pat@other.example", TEAM}


def test_blocked_senders_hear_nothing(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(trust={"authserv_ids": ["mx.example.com"], "block": ["@acme.example"]})
    assert desk.write(BOB, believed=True).outcome == "quarantined"
    assert desk.deliver() == []


def test_what_we_send_has_a_return_path_that_is_not_answered(desk: Desk) -> None:
    """A bounce of an answer to a bounce cannot come about: our return path takes reports, and sends nothing."""
    _, mine = desk.opened(BOB)
    desk.land(
        written("MAILER-DAEMON@acme.example", "Undelivered", to=(mine.return_path,)), "", (mine.return_path,)
    )
    assert {sent.to for sent in desk.deliver()} <= {TEAM}


def test_the_house_writes_no_delivery_reports() -> None:
    """One builder of mail (tests/test_floors.py), and it is called by the courier alone, for the five templates."""
    callers = set()
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "mailgate.mail.compose":
                callers |= {path.name for alias in node.names if alias.name == "compose"}
    assert callers == {"courier.py"}
