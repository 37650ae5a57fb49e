"""T28: one mail in must not become many out. Of a mail that nobody vouches for at most one leaves, and to the team."""

from __future__ import annotations

import pytest
from security.desk import ANA, BOB, CAROL, EVE, LIST, PAT, SAM, TEAM, Desk

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
    out = [sent.to for sent in desk.deliver()]
    if sender == BOB:  # he is asked whether it is his (4.3), without a word of it
        asked = [sent for sent in desk.sent if sent.to == BOB and "could not be sure" in sent.words]
        assert len(asked) == out.count(BOB) <= 1
        out = [to for to in out if to != BOB]
    assert out in ([TEAM], [])


def test_a_flood_joins_into_few(desk: Desk) -> None:
    """Sixty held comments within half a minute are a few mails to the team (6.4)."""
    number, _ = desk.opened(BOB)
    for n in range(60):
        desk.write(BOB, f"Re: [#{number}]", f"Number {n}\n")
    out = [sent.to for sent in desk.deliver()]
    assert set(out) == {TEAM}
    assert len(out) <= 6


def test_the_same_from_somebody_who_is_believed_reaches_all(desk: Desk) -> None:
    """So that the tests above do not pass because nobody is ever told."""
    number, _ = desk.opened(BOB, cc=[PAT])
    desk.write(SAM, f"[#{number}]", "Escalate: 3 now\n\nNow.\n", believed=True)
    desk.deliver()
    desk.write(BOB, f"Re: [#{number}]", "Hello?\n", believed=True)
    assert sorted(sent.to for sent in desk.deliver()) == sorted([PAT, TEAM, LIST])
