"""T28: one mail in must not become many out. Of a mail that nobody vouches for at most one leaves, and to the team."""

from __future__ import annotations

from datetime import timedelta

import pytest
from security.desk import ANA, BOB, CAROL, EVE, LIST, PAT, SAM, TEAM, Desk, Sent

pytestmark = pytest.mark.slow

MANY = tuple(f"v{n}@bystander.example" for n in range(9))
WORDS = {
    "plain": ("Hello", "Hello.\n"),
    "an outage": ("[outage] Everything is down", "All is down.\n"),
    "escalates by tag": ("[escalate] Hello", "Now.\n"),
    "escalates by words": ("Hello", "Please escalate this ticket because of customer impact.\n"),
    "commands": ("Hello", "Escalate: 3 now\nSeverity: outage\nAssign: v1@bystander.example\nRecipient: v2@bystander.example\n\nx\n"),
    "asks": ("[status]", "x\n"),
}  # fmt: skip
SENDERS = [EVE, BOB, ANA, SAM]


def reply_to(sent: Sent) -> str:
    return str(sent.message["Reply-To"].addresses[0].addr_spec)


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(("subject", "body"), WORDS.values(), ids=WORDS)
def test_a_new_mail(desk: Desk, subject: str, body: str, sender: str) -> None:
    desk.write(sender, subject, body, cc=(*MANY, CAROL, PAT, LIST, SAM))
    assert [sent.to for sent in desk.deliver()] in ([TEAM], [])


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(("subject", "body"), WORDS.values(), ids=WORDS)
def test_a_mail_with_the_number_of_a_full_ticket(desk: Desk, subject: str, body: str, sender: str) -> None:
    """Five recipients, an escalation to management: whoever writes without proof reaches the team only."""
    number, _ = desk.opened(BOB, cc=[f"r{n}@other.example" for n in range(5)])
    desk.write(SAM, f"[#{number}]", "Escalate: 3 now\n\nNow.\n", believed=True)
    desk.deliver()
    desk.write(sender, f"Re: {subject} [#{number}]", body, cc=(*MANY, LIST, ANA))
    assert [sent.to for sent in desk.deliver()] in ([TEAM], [])


@pytest.mark.parametrize("sender", [BOB, CAROL, ANA, EVE])
@pytest.mark.parametrize("by", ["number", "token", "thread"])
def test_a_flood_joins_into_few(desk: Desk, sender: str, by: str) -> None:
    """Fifty mails within half a minute are a few to the team (6.4), and for a token in other hands one question."""
    number, mine = desk.opened(BOB, cc=[CAROL, PAT], message_id="<first@acme.example>")
    desk.deliver()
    subject = f"Re: [#{number}]" if by == "number" else "Re: It is broken"
    to = (reply_to(mine),) if by == "token" else ("support@example.com",)
    headers = {"In-Reply-To": "<first@acme.example>"} if by == "thread" else {}
    for n in range(50):
        desk.write(sender, subject, f"Number {n}\n", to=to, headers=headers)
    out = [sent.to for sent in desk.deliver()]
    if by == "token" and sender in (BOB, CAROL):  # plain comments, by rule 4.3: all who have a part get them
        assert set(out) == {TEAM, BOB, CAROL, PAT} - {sender}
        assert len(out) <= 3 * len(set(out))
        return
    asked = [BOB] if by == "token" and sender == EVE else []
    assert set(out) == {TEAM, *asked}
    assert out.count(BOB) == len(asked)
    assert len(out) <= 4 or (sender in (ANA, EVE) and by != "token"), "unless each is a ticket of its own"
    assert len(out) <= 50


@pytest.mark.parametrize(
    ("sender", "believed"), [(BOB, False), (CAROL, False), (ANA, False), (EVE, False), (EVE, True)]
)
def test_a_flood_that_takes_its_time(desk: Desk, sender: str, believed: bool) -> None:
    """A mail every ten minutes, by whoever has the assignee's reply address or writes in somebody's name: one to the
    team for each, and one question a day to the assignee."""
    number, mine = desk.opened(BOB)
    desk.sent.clear()
    by_token = sender in (EVE, ANA)
    to, subject = (
        ((reply_to(mine),), "Re: It is broken")
        if by_token
        else (("support@example.com",), f"Re: [#{number}]")
    )
    for n in range(50):
        desk.write(sender, subject, f"Number {n}\n", to=to, believed=believed)
        desk.now += timedelta(minutes=10)
        desk.deliver()
    out = [sent.to for sent in desk.sent]
    assert out.count(TEAM) <= 50
    assert out.count(BOB) == (1 if sender == EVE else 0)
    assert len(out) == out.count(TEAM) + out.count(BOB)
    assert {c["state"] for c in desk.ticket(number)["comments"][1:]} == {"held"}


def test_the_next_day_he_is_asked_again_and_after_an_answer_too(desk: Desk) -> None:
    _, mine = desk.opened(BOB)
    desk.sent.clear()

    def questions() -> int:
        desk.write(EVE, "Re: It is broken", "Mine?\n", to=(reply_to(mine),))
        desk.deliver()
        return sum(1 for sent in desk.sent if sent.to == BOB and "no part in this ticket" in sent.words)

    assert [questions(), questions()] == [1, 1]
    desk.now += timedelta(days=1)
    assert questions() == 2
    asked = next(sent for sent in reversed(desk.sent) if sent.to == BOB)
    desk.write(BOB, "Re: x", "Yes.\n", believed=True, headers={"In-Reply-To": asked.header("Message-ID")})
    desk.deliver()
    assert questions() == 3


def test_the_same_from_somebody_who_is_believed_reaches_all(desk: Desk) -> None:
    """So that the tests above do not pass because nobody is ever told."""
    number, _ = desk.opened(BOB, cc=[PAT])
    desk.write(SAM, f"[#{number}]", "Escalate: 3 now\n\nNow.\n", believed=True)
    desk.deliver()
    desk.write(BOB, f"Re: [#{number}]", "Hello?\n", believed=True)
    assert sorted(sent.to for sent in desk.deliver()) == sorted([PAT, TEAM, LIST])
