"""T2 (Zendesk, CVE-2024-49193): a forged reply with one Cc must not let anybody into a ticket, and who is let in gets
what comes from then on, never the history."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from security.desk import ANA, BOB, CAROL, EVE, PAT, TEAM, Desk, Sent

pytestmark = pytest.mark.slow

BEFORE, AFTER = "The pass phrase is tulip.\n", "We have reset it.\n"


def reply_to(acknowledged: Sent) -> str:
    return str(acknowledged.message["Reply-To"].addresses[0].addr_spec)


def active(desk: Desk, number: int) -> set[str]:
    return {r["address"] for r in desk.ticket(number)["recipients"] if r["state"] == "active"}


@pytest.mark.parametrize("by", ["tag", "token", "thread"])
@pytest.mark.parametrize(
    ("sender", "believed", "joins"),
    [
        pytest.param(BOB, True, True, id="the assignee"),
        pytest.param(CAROL, True, True, id="a colleague"),
        pytest.param(PAT, True, False, id="a stranger, as himself"),
        pytest.param(BOB, False, False, id="somebody as the assignee"),
        pytest.param(CAROL, False, False, id="somebody as a colleague"),
        pytest.param(PAT, False, False, id="somebody as a stranger"),
    ],
)
def test_who_can_let_somebody_in(desk: Desk, sender: str, believed: bool, joins: bool, by: str) -> None:
    number, acknowledged = desk.opened(BOB, body=BEFORE, message_id="<first@acme.example>")
    to = (reply_to(acknowledged),) if by == "token" else ("support@example.com",)
    subject = f"Re: It is broken [#{number}]" if by == "tag" else "Re: It is broken"
    headers = {"In-Reply-To": "<first@acme.example>"} if by == "thread" else {}
    desk.write(sender, subject, "Me too.\n", to=to, cc=(EVE,), believed=believed, headers=headers)
    at_once = desk.deliver()
    assert active(desk, number) == ({EVE} if joins else set())
    desk.write(ANA, f"Re: It is broken [#{number}]", AFTER, believed=True)
    later = [sent for sent in desk.deliver() if sent.to == EVE]
    assert bool(later) is joins
    to_eve = "".join(sent.words for sent in (*at_once, *later) if sent.to == EVE)
    assert "tulip" not in to_eve
    assert ("We have reset it." in to_eve) is joins
    if joins:
        history = desk.ticket(number)["history"]
        assert any(event["code"] == "recipient_added" and EVE in event["what"] for event in history)


def test_a_forged_reply_is_for_the_team_alone(desk: Desk) -> None:
    """The right number, subject and sender: a held comment, no recipient, no change, no mail but to the team."""
    number, _ = desk.opened(BOB, body=BEFORE)
    before = desk.ticket(number)
    words = "Severity: outage\nStatus: resolved\nAssign: eve@evil.example\nEscalate: now\n\nLet me in.\n"
    row = desk.write(BOB, f"Re: It is broken [#{number}] [escalate]", words, cc=(EVE, "x@evil.example"))
    out = desk.deliver()
    after = desk.ticket(number)
    assert (row.outcome, row.ticket_id) == ("comment", number)
    assert [c["state"] for c in after["comments"]] == ["shown", "held"]
    for same in ("status", "severity", "assignee", "escalation_level", "title", "category", "devices"):
        assert after[same] == before[same], same
    assert {r["state"] for r in after["recipients"]} == {"held"}
    assert [sent.to for sent in out] == [TEAM]


def test_the_same_from_the_customer_is_a_comment_and_recipients(desk: Desk) -> None:
    number, _ = desk.opened(BOB, body=BEFORE)
    desk.write(BOB, f"Re: It is broken [#{number}]", "Let her in.\n", cc=(EVE,), believed=True)
    desk.deliver()
    assert [c["state"] for c in desk.ticket(number)["comments"]] == ["shown", "shown"]
    assert active(desk, number) == {EVE}


def test_those_whom_a_forged_mail_named_stay_out_when_the_ticket_goes_on(desk: Desk) -> None:
    """Neither an agent's answer nor a reply of the true customer to something else lets them in."""
    number, _ = desk.opened(BOB)
    desk.write(BOB, f"Re: It is broken [#{number}]", "Let me in.\n", cc=(EVE,))
    desk.write(ANA, f"Re: It is broken [#{number}]", AFTER, believed=True)
    desk.write(BOB, f"Re: It is broken [#{number}]", "Thank you.\n", believed=True)
    desk.deliver()
    assert active(desk, number) == set()
    assert EVE not in [sent.to for sent in desk.sent]


def test_no_more_than_five_ever(desk: Desk) -> None:
    cc = [f"r{n}@evil.example" for n in range(12)]
    number, _ = desk.opened(BOB, cc=cc)
    desk.write(BOB, f"Re: [#{number}]", "And these.\n", cc=[f"s{n}@evil.example" for n in range(12)])
    states = [r["state"] for r in desk.ticket(number)["recipients"]]
    assert (states.count("active"), states.count("held")) == (5, 5)


def test_the_store_knows_no_other_way_in(make_desk: Callable[..., Desk]) -> None:
    """A ticket that a stranger opens in another's name: those in its Cc are held, and the other one gets nothing."""
    desk = make_desk()
    desk.write(BOB, "Hello", "Buy this.\n", cc=(EVE, PAT))
    assert [sent.to for sent in desk.deliver()] == [TEAM]
    assert active(desk, 1) == set()
