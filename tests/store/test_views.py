"""Views: the shapes that `--json` prints (DESIGN §6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mailgate.errors import NotFound
from mailgate.model import (
    Attachment,
    AttachmentChoice,
    AttachmentState,
    Change,
    Decision,
    NewTicket,
    Severity,
)
from mailgate.store import roster, views


def listed(desk: Any, **filters: Any) -> list[int]:
    with desk.store.reading() as conn:
        return [t["number"] for t in views.tickets(conn, **filters)]


def open_one(desk: Any, severity: Severity, minutes: int, team: str = "support") -> int:
    new = NewTicket("t", "general", severity, "joe@acme.example", team)
    number: int = desk.land(desk.opening(new_ticket=new), at=desk.now + timedelta(minutes=minutes)).ticket
    return number


def test_work_lists_by_severity_then_oldest(desk: Any) -> None:
    """Section 0: outage, degraded, question; the oldest first."""
    question = open_one(desk, Severity.QUESTION, 0)
    late = open_one(desk, Severity.OUTAGE, 9)
    early = open_one(desk, Severity.OUTAGE, 3)
    degraded = open_one(desk, Severity.DEGRADED, 1)
    assert listed(desk) == [early, late, degraded, question]
    assert listed(desk, limit=2) == [early, late]


def test_work_lists_are_filtered(desk: Any) -> None:
    first, second = open_one(desk, Severity.QUESTION, 0), open_one(desk, Severity.QUESTION, 1, "support-eu")
    nobody = open_one(desk, Severity.QUESTION, 2, "")
    desk.act(Decision(None, None, (), ticket=first, changes=(Change("status", "open"),)))
    assert listed(desk, status="open") == [first]
    assert listed(desk, status="new") == [second, nobody]
    assert listed(desk, team="support-eu") == [second]
    assert listed(desk, status="new", team="support") == []


def test_a_line_of_the_list(desk: Any) -> None:
    number = open_one(desk, Severity.DEGRADED, 0)
    with desk.store.reading() as conn:
        (line,) = views.tickets(conn)
    now = desk.now.isoformat()
    assert line == {
        "number": number, "title": "t", "status": "new", "severity": "degraded", "category": "general", "team": "support",
        "assignee": "joe@acme.example", "escalation_level": 0, "next_step_at": None, "created": now, "updated": now,
    }  # fmt: skip


def test_one_ticket_has_the_keys_of_the_design(desk: Any) -> None:
    made = desk.land(desk.opening(), desk.parsed(message_id="<m@x>"))
    with desk.store.reading() as conn:
        found = views.ticket(conn, made.ticket)
        with pytest.raises(NotFound):
            views.ticket(conn, made.ticket + 1)
    assert found.keys() >= {"notify", "eu_support", "recipients", "devices", "comments", "history", "updated"}
    (comment,) = found["comments"]
    assert comment.keys() >= {
        "author", "created", "text", "quoted", "state", "unverified", "attachments", "left_out", "message_id",
    }  # fmt: skip
    assert (comment["author"], comment["message_id"]) == ("joe@acme.example", "<m@x>")


def test_a_file_is_found_by_message_and_part(desk: Any) -> None:
    file = Attachment("2.1", "a.txt", "text/plain", "text/plain", 5, "a" * 64, "b" * 32)
    made = desk.land(
        desk.opening(attachments=(AttachmentChoice(file, AttachmentState.LEFT_OUT, "over the cap"),)),
        id="0193-m",
    )
    with desk.store.reading() as conn:
        found = views.attachment(conn, "0193-m", "2.1")
        assert views.attachment_list(conn, made.ticket) == [found]
        for message, part in (("0193-m", "3"), ("none", "2.1")):
            with pytest.raises(NotFound):
                views.attachment(conn, message, part)
        with pytest.raises(NotFound):
            views.attachment_list(conn, 99)
    assert (found["filename"], found["state"], found["ticket"]) == ("a.txt", "left_out", made.ticket)


def test_messages_are_listed_newest_first(desk: Any) -> None:
    for n in range(3):
        desk.land(desk.opening(), id=f"m{n}", at=desk.now + timedelta(minutes=n))
    with desk.store.reading() as conn:
        assert [m["id"] for m in views.message_list(conn)] == ["m2", "m1", "m0"]
        assert views.message_list(conn, outcome="quarantined") == []
        assert len(views.message_list(conn, sender="joe@acme.example", limit=2)) == 2


def test_the_outbox_has_the_keys_of_the_design(desk: Any) -> None:
    desk.land(desk.opening(notices=(desk.notice(template="acknowledgement"),)))
    with desk.store.reading() as conn:
        (mail,) = views.outbox(conn)
        assert views.outbox(conn, states=["sent"]) == []
    assert mail.keys() >= {
        "id", "to", "template", "ticket", "message_id", "state", "attempts", "next_attempt", "last_error",
    }  # fmt: skip
    assert (mail["to"], mail["state"], mail["next_attempt"]) == (
        "joe@acme.example",
        "waiting",
        desk.now.isoformat(),
    )


def test_people_staff_first(desk: Any) -> None:
    desk.land(desk.opening())
    with desk.store.reading() as conn:
        found = roster.people(conn)
    assert [p["address"] for p in found][:2] == ["ana@example.com", "ben@example.com"]
    joe = next(p for p in found if p["address"] == "joe@acme.example")
    assert (joe["account"], joe["teams"], joe["agent"]) == ("Acme", [], False)
