"""T7: a reply address travels with every forwarded mail (Jira CVE-2023-22501, osTicket#3907): it is worth something in the
hands of the one it was issued to, and nothing to anybody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from security.desk import ANA, BOB, CAROL, EVE, NOW, TEAM, Desk, Sent, believed_as

from mailgate.log import clean
from mailgate.store import keys

pytestmark = pytest.mark.slow


def reply_to(sent: Sent) -> str:
    return str(sent.message["Reply-To"].addresses[0].addr_spec)


@pytest.mark.parametrize("believed", [True, False])
@pytest.mark.parametrize("way", ["reply address", "own Message-ID"])
def test_in_other_hands_it_is_a_held_comment(desk: Desk, believed: bool, way: str) -> None:
    """4.5: no identity, no power, no word to the finder; the assignee is asked."""
    number, mine = desk.opened(BOB, body="Secret words of Bob's.\n")
    to = (reply_to(mine),) if way == "reply address" else ("support@example.com",)
    headers = {} if way == "reply address" else {"In-Reply-To": mine.header("Message-ID")}
    before = desk.ticket(number)
    words = "Status: closed\nAssign: eve@evil.example\nRecipient: eve@evil.example\n\nIt is mine.\n"
    desk.write(EVE, "Re: It is broken", words, to=to, cc=(CAROL,), headers=headers, believed=believed)
    out = desk.deliver()
    after = desk.ticket(number)
    held = after["comments"][-1]
    assert (held["author"], held["state"], held["why_held"]) == (EVE, "held", "third_party")
    for same in ("assignee", "status", "recipients", "severity", "escalation_level"):
        assert after[same] == before[same], same
    assert sorted(sent.to for sent in out) == [BOB, TEAM]


def test_one_reply_confirms_what_was_asked_and_no_more(desk: Desk) -> None:
    """4.5: who finds a token first sends something harmless, and then more."""
    number, mine = desk.opened(BOB)
    for words in ("Harmless.\n", "Pay here.\n", "Now.\n"):
        desk.write(EVE, "Re: It is broken", words, to=(reply_to(mine),))
    (question,) = [sent for sent in desk.deliver() if sent.to == BOB]
    assert "Harmless." in question.words
    assert "Pay here." not in question.words
    answer = {"In-Reply-To": question.header("Message-ID")}
    desk.write(BOB, "Re: It is broken", "Yes.\n", believed=True, headers=answer)
    states = [c["state"] for c in desk.ticket(number)["comments"]]
    assert states == ["shown", "shown", "held", "held", "shown"]


def test_where_in_reply_to_is_dropped_it_is_the_same(desk: Desk) -> None:
    number, mine = desk.opened(BOB)
    for words in ("Harmless.\n", "Pay here.\n"):
        desk.write(EVE, "Re: It is broken", words, to=(reply_to(mine),))
    (question,) = [sent for sent in desk.deliver() if sent.to == BOB]
    desk.write(EVE, "Re: It is broken", "And here.\n", to=(reply_to(mine),))
    desk.write(BOB, "Re: It is broken", "Yes.\n", to=(reply_to(question),), believed=True)
    states = [c["state"] for c in desk.ticket(number)["comments"]]
    assert states == ["shown", "shown", "held", "held", "shown"]


def test_an_answer_to_a_mail_that_somebody_else_sent_him_confirms_nothing(desk: Desk) -> None:
    """Who holds a token writes to the assignee himself, with the token in Reply-To and no Message-ID to answer."""
    number, _ = desk.opened(BOB, cc=(CAROL,))
    desk.write(ANA, f"[#{number}]", "Please try again.\n", believed=True)
    (leaked,) = [reply_to(sent) for sent in desk.deliver() if sent.to == CAROL]
    desk.write(EVE, "Re: it", "Say yes.\n", to=(leaked,), believed=True)
    assert BOB in [sent.to for sent in desk.deliver()]
    desk.write(BOB, "Re: Which colour is your office?", "Blue.\n", to=(leaked,), believed=True)
    assert [c["state"] for c in desk.ticket(number)["comments"]] == ["shown", "shown", "held", "shown"]


@pytest.mark.parametrize(
    "mark",
    [("Auto-Submitted", "auto-generated"), ("Auto-Submitted", "auto-replied"), ("Precedence", "bulk")],
    ids=lambda mark: mark[1],
)
def test_the_assignees_program_confirms_nothing(desk: Desk, mark: tuple[str, str]) -> None:
    """What answers every mail answers the question, too."""
    number, mine = desk.opened(BOB)
    desk.write(EVE, "Re: It is broken", "Pay here.\n", to=(reply_to(mine),))
    (question,) = [sent for sent in desk.deliver() if sent.to == BOB]
    answer = {"In-Reply-To": question.header("Message-ID"), **dict([mark])}
    desk.write(BOB, "Re: It is broken", "Noted.\n", to=(reply_to(question),), believed=True, headers=answer)
    assert desk.ticket(number)["comments"][1]["state"] == "held"


def test_a_colleagues_reply_all_is_no_proof_either(desk: Desk) -> None:
    """Unverified, with the token of another: a plain comment that is marked, no command, no recipient."""
    number, mine = desk.opened(BOB)
    desk.write(CAROL, "Re: It is broken", "Status: closed\n\nMe too.\n", to=(reply_to(mine),), cc=(EVE,))
    after = desk.ticket(number)
    assert [(c["state"], c["unverified"]) for c in after["comments"]] == [("shown", False), ("shown", True)]
    assert after["status"] == "new"
    assert "active" not in [r["state"] for r in after["recipients"]]


@pytest.mark.parametrize(
    ("whose", "believed", "status"), [(CAROL, "proof", "resolved"), (BOB, "unverified", "new")]
)
def test_it_proves_the_one_it_was_issued_to_and_no_colleague(
    desk: Desk, whose: str, believed: str, status: str
) -> None:
    """CAROL has a part, and nobody ever vouched for her: her own token gives her powers, BOB's gives her none."""
    number, _ = desk.opened(BOB, cc=(CAROL,))
    desk.write(ANA, f"Re: [#{number}]", "We look into it.\n", believed=True)
    desk.deliver()
    theirs = next(sent for sent in reversed(desk.sent) if sent.to == whose)
    row = desk.write(CAROL, "Re: It is broken", "Status: resolved\n\nIt works.\n", to=(reply_to(theirs),))
    assert believed_as(row) == believed
    assert (desk.ticket(number)["status"] == "resolved") is (status == "resolved")


def test_it_does_not_stand_for_one_whose_mail_is_authenticated_otherwise(desk: Desk) -> None:
    """4.2: BOB's server vouched for him before; now a mail in his name comes without that."""
    number, mine = desk.opened(BOB)
    row = desk.write(BOB, "Re: It is broken", "Status: resolved\n\nIt works.\n", to=(reply_to(mine),))
    assert believed_as(row) == "unverified"
    assert desk.ticket(number)["status"] == "new"


@pytest.mark.parametrize(("days", "serves"), [(179, True), (181, False)])
def test_it_ends(desk: Desk, days: int, serves: bool) -> None:
    number, mine = desk.opened(BOB)
    desk.now = NOW + timedelta(days=days)
    row = desk.write(EVE, "Re: It is broken", "Hello.\n", to=(reply_to(mine),))
    assert (row.ticket_id == number) is serves


@pytest.mark.parametrize(("days", "serves"), [(13, True), (15, False)])
def test_it_ends_sooner_when_the_ticket_is_closed(desk: Desk, days: int, serves: bool) -> None:
    number, mine = desk.opened(BOB)
    desk.write(ANA, f"Re: [#{number}]", "Status: closed\n\nDone.\n", believed=True)
    desk.now += timedelta(days=days)
    row = desk.write(EVE, "Re: It is broken", "Hello.\n", to=(reply_to(mine),))
    assert (row.ticket_id == number) is serves


def test_a_new_key_does_not_break_what_is_out(desk: Desk) -> None:
    number, mine = desk.opened(BOB)
    with desk.store.writing() as conn:
        keys.rotate(conn, desk.now)
    assert desk.write(BOB, "Re: It is broken", to=(reply_to(mine),), believed=True).ticket_id == number
    theirs = next(sent for sent in desk.deliver() if sent.to == TEAM)
    assert reply_to(theirs) != reply_to(mine)


@pytest.mark.parametrize("way", ["reply address", "own Message-ID"])
def test_after_a_rotation_a_reply_to_an_older_mail_is_still_a_proof(desk: Desk, way: str) -> None:
    """By either of the two places that it stands in, since a relay may rewrite one of them (2.1, 2.2)."""
    number, _ = desk.opened(BOB, cc=(CAROL,))
    desk.write(ANA, f"Re: [#{number}]", "We look into it.\n", believed=True)
    desk.deliver()
    theirs = next(sent for sent in reversed(desk.sent) if sent.to == CAROL)
    with desk.store.writing() as conn:
        for _ in range(3):
            keys.rotate(conn, desk.now)
    to = (reply_to(theirs),) if way == "reply address" else ("support@example.com",)
    headers = {} if way == "reply address" else {"In-Reply-To": theirs.header("Message-ID")}
    row = desk.write(CAROL, "Something else", "It works.\n", to=to, headers=headers)
    assert (row.ticket_id, believed_as(row)) == (number, "proof")


@pytest.mark.parametrize("way", ["reply address", "own Message-ID"])
@pytest.mark.parametrize("rotations", [255, 256])
def test_the_257th_key_takes_the_place_of_the_first(desk: Desk, rotations: int, way: str) -> None:
    """A number of a key that is given to another one verifies nothing of the old one."""
    number, mine = desk.opened(BOB)
    with desk.store.writing() as conn:
        for n in range(rotations):
            keys.rotate(conn, desk.now + timedelta(seconds=n + 1))
    to = (reply_to(mine),) if way == "reply address" else ("support@example.com",)
    headers = {} if way == "reply address" else {"In-Reply-To": mine.header("Message-ID")}
    row = desk.write(EVE, "Hello", to=to, headers=headers)
    assert (row.ticket_id == number) is (rotations < 256)


def test_no_token_reaches_a_log(desk: Desk) -> None:
    _, mine = desk.opened(BOB)
    for text in (reply_to(mine), mine.header("Message-ID"), mine.return_path):
        shown = str(clean(f"550 no such user: <{text}>"))
        secret = text.strip("<>").partition("@")[0].rpartition("+")[2]
        assert len(secret) > 24
        assert secret not in shown


def test_a_token_is_of_one_person_and_one_ticket(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    addresses = set()
    for _ in range(3):
        _, mine = desk.opened(BOB)
        addresses.add(reply_to(mine))
    desk.write(CAROL, "Hello", believed=True)
    addresses |= {reply_to(sent) for sent in desk.deliver()}
    assert len(addresses) == 5
    assert desk.now > datetime(2026, 1, 1, tzinfo=UTC)
