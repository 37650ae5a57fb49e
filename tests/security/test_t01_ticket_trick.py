"""T1, the Ticket Trick (2017): a service mails its sign-up code to an address that the desk reads, for somebody who only
has a ticket there. No word of such a mail may reach him, whatever he does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from security.desk import ANA, BOB, EVE, SUPPORT, TEAM, Desk

pytestmark = pytest.mark.slow

CODE = "913-774"
SERVICE = "no-reply@service.example"
WAYS = {
    "a sender that nobody reads": (SERVICE, {}),
    "says that a machine wrote it": ("hello@service.example", {"Auto-Submitted": "auto-generated"}),
    "a list": ("hello@service.example", {"List-Id": "<news.service.example>"}),
    "bulk": ("hello@service.example", {"Precedence": "bulk"}),
}
Send = Callable[[Desk, str, dict[str, str], str], object]


def sign_up(desk: Desk, sender: str, headers: dict[str, str], to: str, subject: str = "Your code") -> None:
    """The service is who it says, and is believed."""
    desk.write(sender, subject, f"Your code is {CODE}.\n", to=(to,), headers=headers, believed=True)


def leaked(desk: Desk) -> list[str]:
    """Who was sent the code, beside the team."""
    return [sent.to for sent in desk.sent if CODE in sent.words and sent.to not in (TEAM, ANA)]


@pytest.mark.parametrize(("sender", "headers"), WAYS.values(), ids=WAYS)
def test_the_reply_address_of_a_ticket_is_no_mailbox(
    desk: Desk, sender: str, headers: dict[str, str]
) -> None:
    """The one who has a ticket signs up with his own reply address, is asked, says yes, and asks for his ticket."""
    number, acknowledged = desk.opened(EVE)
    desk.write(ANA, f"Re: [#{number}]", "We look into it.\n", believed=True)
    reply = acknowledged.message["Reply-To"].addresses[0].addr_spec
    sign_up(desk, sender, headers, reply)
    asked = [sent for sent in desk.deliver() if sent.to == EVE]
    answers = {"In-Reply-To": asked[-1].header("Message-ID")} if asked else {}
    desk.write(EVE, f"Re: It is broken [#{number}]", "Yes.\n", to=(reply,), headers=answers, believed=True)
    desk.write(EVE, f"[#{number} status]", "", believed=True)
    desk.deliver()
    assert leaked(desk) == []
    assert CODE in "".join(sent.words for sent in desk.sent if sent.to == TEAM), "the team sees it"


@pytest.mark.parametrize(("sender", "headers"), WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("subject", ["Your code", "Your code [#1]", "Re: [#1]"])
def test_nor_is_the_address_of_the_desk(
    desk: Desk, sender: str, headers: dict[str, str], subject: str
) -> None:
    number, _ = desk.opened(EVE)
    sign_up(desk, sender, headers, SUPPORT, subject)
    desk.write(EVE, f"[#{number} status]", "", believed=True)
    desk.write(EVE, "[#2 status]", "", believed=True)
    desk.write(EVE, "[status]", "", believed=True)
    desk.deliver()
    assert leaked(desk) == []
    assert desk.ticket(2)["assignee"] == sender, "it is a ticket of its own"


def test_a_stranger_who_writes_by_a_reply_address_is_asked_about_still(desk: Desk) -> None:
    """Rule 4.5, for people: what is held back from machines must not hold back a colleague's forwarded answer."""
    number, acknowledged = desk.opened(BOB)
    reply = acknowledged.message["Reply-To"].addresses[0].addr_spec
    desk.write(
        "Pat <pat@other.example>", "Re: It is broken", "I know that fault.\n", to=(reply,), believed=True
    )
    asked = [sent for sent in desk.deliver() if sent.to == BOB]
    assert "I know that fault." in asked[0].part("plain")
    assert desk.ticket(number)["comments"][-1]["state"] == "held"
