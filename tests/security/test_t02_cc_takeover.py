"""T2 (Zendesk, CVE-2024-49193): a forged reply with one Cc must not let anybody into a ticket, and who is let in gets
what comes from then on, never the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from security.desk import ANA, BOB, CAROL, EVE, PAT, TEAM, Desk, Sent, written

from mailgate.landing import Job
from mailgate.mail.parse import parse
from mailgate.model import Envelope

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


@pytest.mark.parametrize("name", [BOB, CAROL])
def test_the_assignee_hears_of_it_with_the_next_mail_and_confirms_with_one_reply(
    desk: Desk, name: str
) -> None:
    """4.3: not a word of it before; what came after that mail is not confirmed by the reply."""
    number, _ = desk.opened(BOB, body=BEFORE)
    desk.write(name, f"Re: It is broken [#{number}]", "Words of nobody knows whom.\n")
    assert [sent.to for sent in desk.deliver()] == [TEAM]
    desk.write(ANA, f"Re: It is broken [#{number}]", AFTER, believed=True)
    (told,) = desk.deliver()
    assert told.to == BOB
    assert f"A comment in the name of {name} waits on this ticket" in told.part("plain")
    assert "A comment in the name of" in told.part("html")
    assert "nobody knows whom" not in told.words
    desk.write(name, f"Re: It is broken [#{number}]", "Later words.\n")
    answer = {"In-Reply-To": told.header("Message-ID")}
    desk.write(BOB, f"Re: It is broken [#{number}]", "Thanks.\n", believed=True, headers=answer)
    states = [(c["text"], c["state"]) for c in desk.ticket(number)["comments"]]
    assert [state for _, state in states] == ["shown", "shown", "shown", "held", "shown"]
    desk.deliver()
    desk.write(ANA, f"Re: It is broken [#{number}]", AFTER, believed=True)
    again = [sent for sent in desk.deliver() if sent.to == BOB]
    assert ["waits on this ticket" in sent.words for sent in again] == [True], "of the later one"
    desk.write(ANA, f"Re: It is broken [#{number}]", AFTER, believed=True)
    assert not any("waits on this ticket" in sent.words for sent in desk.deliver()), "once"


def test_what_an_agent_confirmed_is_not_asked_of_the_assignee(desk: Desk) -> None:
    number, _ = desk.opened(BOB, body=BEFORE)
    desk.write(BOB, f"Re: It is broken [#{number}]", "Mine.\n")
    (told,) = desk.deliver()
    answer = {"In-Reply-To": told.header("Message-ID")}
    desk.write(ANA, f"Re: It is broken [#{number}]", AFTER, believed=True, headers=answer)
    assert [c["state"] for c in desk.ticket(number)["comments"]] == ["shown", "shown", "shown"]
    assert not any("waits on this ticket" in sent.words for sent in desk.deliver())


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


@pytest.mark.parametrize("by", ["tag", "token", "a new ticket"])
@pytest.mark.parametrize("mark", ["no", "auto-replied", "auto-generated"])
def test_whom_a_forged_mail_names_gets_no_word_in_by_answering_it(desk: Desk, by: str, mark: str) -> None:
    """2.4: he stands in Cc of a message of the ticket, and proves who he is; but a forger put him there."""
    number, acknowledged = desk.opened(BOB)
    to = (reply_to(acknowledged),) if by == "token" else ("support@example.com",)
    subject = f"Re: It is broken [#{number}]" if by == "tag" else "It is broken"
    forged = {
        "to": to,
        "cc": (EVE,),
        "message_id": "<forged@evil.example>",
        "headers": {"Auto-Submitted": mark},
    }
    desk.write(BOB, subject, "Forged.\n", **forged)
    desk.deliver()
    before = len(desk.sent)
    answer = {"In-Reply-To": "<forged@evil.example>"}
    desk.write(EVE, "Re: hello", "Let me in.\n", believed=True, headers=answer)
    desk.write(EVE, "Re: hello", "Read me.\n", believed=True, headers=answer, cc=("eva@evil.example",))
    desk.deliver()
    tickets = [t for t in map(desk.ticket, range(1, desk.count("tickets") + 1)) if t["assignee"] == BOB]
    comments = [c for ticket in tickets for c in ticket["comments"]]
    assert {c["state"] for c in comments if c["author"] == EVE} <= {"held"}
    assert not any("Let me in" in s.words or "Read me" in s.words for s in desk.sent[before:] if s.to == BOB)
    assert active(desk, number) == set()


def test_who_was_named_by_somebody_believed_may_answer(desk: Desk) -> None:
    """2.4, also where he answers a forged mail that names the true one too."""
    desk.opened(BOB, cc=(PAT,), message_id="<true@acme.example>")
    desk.write(BOB, "Re: [#1]", "Forged.\n", cc=(EVE, PAT), message_id="<forged@evil.example>")
    desk.write(CAROL, "Re: [#1]", "Recipient: -pat@other.example\n", believed=True)
    thread = {
        "In-Reply-To": "<forged@evil.example>",
        "References": "<true@acme.example> <forged@evil.example>",
    }
    desk.write(PAT, "Re: hello", "I saw it too.\n", believed=True, headers=thread)
    said = {c["text"]: c["state"] for c in desk.ticket(1)["comments"]}
    assert said["I saw it too."] == "shown"


def test_nor_when_both_mails_come_in_one_batch(desk: Desk) -> None:
    """The second is decided on what the first has left in memory."""
    number, _ = desk.opened(BOB)
    forged = written(BOB, f"Re: [#{number}]", "Forged.\n", cc=(EVE,), message_id="<forged@evil.example>")
    thread = {"In-Reply-To": "<forged@evil.example>"}
    mine = written(EVE, "Re: hello", "Let me in.\n", believed=True, headers=thread)
    known = Envelope("batch-1", desk.now, "smtp", EVE, ("support@example.com",), "127.0.0.1")
    both = (Job(known, forged, parse(forged)), Job(replace(known, id="batch-2"), mine, parse(mine)))
    assert desk.landing.land(both) == []
    assert [c["state"] for c in desk.ticket(number)["comments"]] == ["shown", "held", "held"]
