"""Old mail (import): it makes tickets and comments like any mail, and nobody is told, now or later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from security.desk import ANA, BOB, CAROL, PAT, Desk, written

OLD = datetime(2020, 1, 2, tzinfo=UTC)
CASES: dict[str, dict[str, Any]] = {
    "a ticket": {},
    "with recipients and a command": {"cc": (CAROL, PAT), "body": "Severity: outage\nAssign: carol@acme.example\n\nHelp.\n"},
    "asking to escalate": {"subject": "[escalate] It is down", "body": "Escalate: now\n\nPlease escalate this ticket.\n"},
    "a view": {"subject": "[status]", "body": "\n"},
    "a command that fails": {"body": "Severity: terrible\nDevice: a\n\nHelp.\n"},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_nobody_is_told(desk: Desk, case: str) -> None:
    mail = written(BOB, believed=True, **CASES[case])
    row = desk.land(mail, BOB, door="import", peer="", quiet=True, received=OLD)
    assert desk.deliver() == []
    assert "old mail: nobody is told of it" in row.reasons
    assert row.received == OLD
    if row.ticket_id:
        assert desk.ticket(row.ticket_id)["escalation_level"] == 0
        assert datetime.fromisoformat(desk.ticket(row.ticket_id)["created"]) > OLD + timedelta(days=365)


@pytest.mark.parametrize("case", CASES)
def test_the_same_as_new_mail_tells_somebody(desk: Desk, case: str) -> None:
    """The cases above would be silent whatever the code does, if nobody were told of new mail."""
    desk.land(written(BOB, believed=True, **CASES[case]), BOB, door="imap", peer="")
    assert desk.deliver()


def test_a_conversation_comes_in_whole(desk: Desk) -> None:
    """Question, answer of an agent, and the customer's thanks are one ticket, as they were."""
    first = written(BOB, "Printer", message_id="<1@acme.example>", believed=True)
    answer = written(
        ANA, "Re: Printer", "Look at the plug.\n", to=(BOB,), cc=("support@example.com",), believed=True,
        message_id="<2@example.com>", headers={"In-Reply-To": "<1@acme.example>"},
    )  # fmt: skip
    thanks = written(
        BOB, "Re: Printer", "Thank you.\n", believed=True,
        headers={"In-Reply-To": "<2@example.com>", "References": "<1@acme.example> <2@example.com>"},
    )  # fmt: skip
    rows = [desk.land(raw, sender, door="import", peer="", quiet=True) for raw, sender in
            ((first, BOB), (answer, ANA), (thanks, BOB))]  # fmt: skip
    assert [row.outcome for row in rows] == ["ticket", "comment", "comment"]
    assert len({row.ticket_id for row in rows}) == 1
    assert desk.deliver() == []
    new = written(BOB, "Re: Printer", "Again!\n", believed=True, headers={"In-Reply-To": "<1@acme.example>"})
    desk.land(new, BOB, door="imap", peer="")
    assert desk.deliver(), "what comes after the import is told as ever"


def test_what_the_desk_had_already_is_a_duplicate(desk: Desk) -> None:
    mail = written(BOB, believed=True)
    desk.land(mail, BOB, door="imap", peer="")
    assert desk.land(mail, BOB, door="import", peer="", quiet=True).outcome == "duplicate"
