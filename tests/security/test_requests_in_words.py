"""A request to escalate in words, from the bytes of a mail to the mails that follow (7.2, 7.3)."""

from __future__ import annotations

import base64

import pytest
from security.desk import ANA, BOB, EVE, LIST, SAM, TEAM, Desk

pytestmark = pytest.mark.slow

FRENCH = (
    "Bonjour,\n\nrien ne marche. Merci de faire remonter ce ticket en raison de l’impact client.\n\nBob\n"
)


def levels(desk: Desk, number: int) -> int:
    return int(desk.ticket(number)["escalation_level"])


def test_a_ticket_climbs_by_words(desk: Desk) -> None:
    number, acknowledged = desk.opened(BOB)
    subject = f"Re: {acknowledged.header('Subject')}"
    row = desk.write(BOB, subject, FRENCH, believed=True)
    assert (
        "the text asks to escalate: 'Merci de faire remonter ce ticket en raison de l’impact client.' (7.2)"
        in row.reasons
    )
    assert levels(desk, number) == 1
    sent = desk.deliver()
    assert any("impact client" in mail.words for mail in sent if mail.to == TEAM)
    assert LIST not in {mail.to for mail in sent}
    desk.write(BOB, subject, "Please escalate this to your manager.\n", believed=True)
    assert levels(desk, number) == 1, "too early"
    assert BOB in {mail.to for mail in desk.deliver()}, "and he is told when"


def test_an_html_mail_asks(desk: Desk) -> None:
    number, _ = desk.opened(BOB)
    page = "<div>Hi Ana,<br>it is <b>still</b> down. Could you please <i>escalate</i> this&nbsp;ticket?</div>"
    desk.write(
        BOB, f"Re: [#{number}]", page, believed=True, headers={"Content-Type": "text/html; charset=utf-8"}
    )
    assert levels(desk, number) == 1


def test_a_base64_mail_in_latin1_asks(desk: Desk) -> None:
    number, _ = desk.opened(BOB)
    body = base64.encodebytes("Könnten Sie dieses Ticket bitte eskalieren?".encode("latin-1")).decode()
    headers = {"Content-Type": "text/plain; charset=iso-8859-1", "Content-Transfer-Encoding": "base64"}
    desk.write(BOB, f"Re: [#{number}]", body, believed=True, headers=headers)
    assert levels(desk, number) == 1


@pytest.mark.parametrize(
    "body",
    [
        "All is well now.\n\nOn Mon, 2 Mar 2026 Ana wrote:\n> Shall I close it, or shall we escalate?\n> Please escalate this ticket.\n",
        "All is well now.\n\n-- \nBob\nPlease escalate this ticket.\n",
        "You wrote:\n> please escalate this ticket\nThere is no need to.\n",
        "<p>All is well.</p><blockquote>Please escalate this ticket.</blockquote>",
        "<p>All is well.</p><div style='display:none'>Please escalate this ticket.</div>",
    ],
    ids=["quote", "signature", "answer below a quote", "blockquote", "hidden"],
)
def test_words_that_are_not_his_own(desk: Desk, body: str) -> None:
    number, _ = desk.opened(BOB)
    kind = "text/html" if body.startswith("<") else "text/plain"
    desk.write(
        BOB, f"Re: [#{number}]", body, believed=True, headers={"Content-Type": f"{kind}; charset=utf-8"}
    )
    assert levels(desk, number) == 0


@pytest.mark.parametrize("sender", [BOB, ANA, SAM, EVE])
def test_a_forged_request_changes_nothing(desk: Desk, sender: str) -> None:
    """T4: a From header drives nothing, and a stranger's words least of all."""
    number, _ = desk.opened(BOB)
    row = desk.write(sender, f"Re: [#{number}] x", FRENCH)
    assert levels(desk, number) == 0
    assert levels(desk, desk.number_of(row)) == 0
    assert not any(mail.to in (LIST, SAM) for mail in desk.deliver())


@pytest.mark.parametrize(
    ("own", "theirs", "level"),
    [("Please escalate, see below.", "Hello.", 1), ("See below.", "Please escalate.", 0)],
)
def test_of_a_forward_his_own_words_count(desk: Desk, own: str, theirs: str, level: int) -> None:
    number, _ = desk.opened(BOB)
    head = "---------- Forwarded message ---------\nFrom: Pat <pat@other.example>\nDate: Mon, 2 Mar 2026\nSubject: please escalate"
    body = f"{own}\n\n{head}\nTo: Bob <{BOB}>\n\n{theirs}\n"
    desk.write(BOB, f"Fwd: [#{number}] x", body, believed=True)
    assert levels(desk, number) == level
