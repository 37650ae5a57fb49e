"""Which ticket (section 2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mailgate.model import Decision, KnownMessage, Outcome, Purpose, Status

BOB, CAROL, PAT, STRANGER = "bob@acme.example", "carol@acme.example", "pat@other.example", "eve@evil.example"
ANA, SUPPORT = "ana@example.com", "support@example.com"
Codes = Callable[[Decision], list[str]]


def test_2_1_a_reply_address_in_the_envelope(world: Any) -> None:
    world.ticket(1)
    decision = world.mail(rcpt=[world.token()], to=[SUPPORT])
    assert (decision.outcome, decision.ticket, decision.threaded_by) == (Outcome.COMMENT, 1, "token")
    assert any("(2.1)" in reason for reason in decision.reasons)


def test_2_1_the_envelope_goes_before_the_header(world: Any) -> None:
    world.ticket(1)
    world.ticket(2)
    assert world.mail(rcpt=[world.token(2)], to=[world.token(1)]).ticket == 2
    assert world.mail(rcpt=[SUPPORT], to=[world.token(1)]).ticket == 1


def test_2_1_a_forged_token_is_no_token(world: Any) -> None:
    world.ticket(1)
    token = world.token().replace("@", "a@")
    assert world.mail(rcpt=[token], to=[token]).outcome is Outcome.TICKET


def test_2_2_own_message_id(world: Any) -> None:
    world.ticket(1)
    assert world.mail(in_reply_to=(world.sent(),)).threaded_by == "message-id"
    assert world.mail(references=("<x@y.example>", world.sent(), "<z@y.example>")).ticket == 1


def test_2_1_goes_before_2_2_and_2_2_before_2_3(world: Any) -> None:
    for number in (1, 2, 3):
        world.ticket(number)
    assert world.mail(rcpt=[world.token(1)], in_reply_to=(world.sent(2),), subject="[#3] x").ticket == 1
    assert world.mail(in_reply_to=(world.sent(2),), subject="[#3] x").ticket == 2


@pytest.mark.parametrize(
    ("age", "closed", "found"),
    [(179, None, True), (181, None, False), (20, 13, True), (20, 15, False)],
    ids=["young", "too old", "closed, in time", "closed too long"],
)
def test_tokens_expire(world: Any, age: int, closed: int | None, found: bool) -> None:
    more = (
        {} if closed is None else {"status": Status.CLOSED, "closed_at": world.now - timedelta(days=closed)}
    )
    world.ticket(1, created=world.now - timedelta(days=400), **more)
    assert (world.mail(rcpt=[world.token(age=age)], to=[SUPPORT]).ticket == 1) is found


@pytest.mark.parametrize(
    ("hours", "found"),
    [(-24, True), (0, True), (1, True), (3, False)],
    ids=["old", "same", "clocks", "before it"],
)
def test_a_token_older_than_its_ticket_is_of_another(world: Any, hours: int, found: bool) -> None:
    """After a backup was put back numbers are given again."""
    world.ticket(1, created=world.now - timedelta(days=10) + timedelta(hours=hours))
    assert (world.mail(rcpt=[world.token(age=10)], to=[SUPPORT]).ticket == 1) is found
    assert (world.mail(in_reply_to=(world.sent(1, age=10),)).ticket == 1) is found


TAGS = [
    ("anywhere", "about [#1] it", BOB, True, True),
    ("behind Re:", "Re: [#1] It is broken", BOB, True, True),
    ("a colleague", "[#1] x", CAROL, True, True),
    ("with an action", "[#1 escalate] x", BOB, True, True),
    ("a stranger", "[#1] x", STRANGER, True, False),
    ("an agent", "[#1] x", ANA, True, True),
    ("an agent who is not authenticated", "[#1] x", ANA, False, False),
    ("the assignee, unverified", "[#1] x", BOB, False, True),
    ("a number too long", "[#0000000001] x", BOB, True, False),
    ("nought", "[#0] x", BOB, True, False),
    ("another prefix", "[Other #1] x", BOB, True, False),
    ("no bracket", "#1 x", BOB, True, False),
]


@pytest.mark.parametrize(
    ("subject", "sender", "auth", "found"), [t[1:] for t in TAGS], ids=[t[0] for t in TAGS]
)
def test_2_3_subject_tags(world: Any, subject: str, sender: str, auth: bool, found: bool) -> None:
    world.ticket(1)
    decision = world.mail(sender, subject, auth=auth)
    assert (decision.threaded_by == "tag") is found
    assert (decision.ticket == 1) is found


def test_2_3_a_configured_prefix_beside_the_bare_number(world: Any) -> None:
    world.configure(gateway={"subject_prefix": "Acme Desk"})
    world.ticket(1)
    assert world.mail(subject="[acme desk #1] x").ticket == 1
    assert world.mail(subject="[#1] x").ticket == 1


KNOWN = "<first@acme.example>"


def known(*participants: str, private: bool = False) -> tuple[KnownMessage, ...]:
    return (KnownMessage(KNOWN, 1, frozenset(participants), private),)


THREADS = [
    ("a colleague", CAROL, (), True),
    ("who stood in Cc", STRANGER, (STRANGER,), True),
    ("a stranger who knows the id", STRANGER, (), False),
]


@pytest.mark.parametrize(
    ("sender", "participants", "found"), [t[1:] for t in THREADS], ids=[t[0] for t in THREADS]
)
@pytest.mark.parametrize("header", ["in_reply_to", "references"])
def test_2_4_known_threads(
    world: Any, header: str, sender: str, participants: tuple[str, ...], found: bool
) -> None:
    world.ticket(1)
    world.threads = known(*participants)
    decision = world.mail(sender, **{header: (KNOWN,)})
    assert (decision.threaded_by == "known-thread") is found


@pytest.mark.parametrize("exists", [True, False])
def test_2_5_a_tag_without_access_tells_nothing(world: Any, codes: Codes, exists: bool) -> None:
    if exists:
        world.ticket(7, title="Secret of Acme")
    decision = world.mail(STRANGER, "[#7] hello")
    assert decision.outcome is Outcome.TICKET
    assert decision.refers_to == 7
    assert decision.title == "hello"
    assert codes(decision)[:2] == ["opened", "refers_to"]
    assert "Secret" not in repr(decision)


def test_2_5_is_alike_for_tickets_that_exist_and_that_do_not(world: Any, new_world: Any) -> None:
    world.ticket(7)
    assert world.mail(STRANGER, "[#7] hello") == new_world().mail(STRANGER, "[#7] hello")


REOPENING = [
    (Status.NEW, None, Status.NEW),
    (Status.OPEN, None, Status.OPEN),
    (Status.PENDING, None, Status.OPEN),
    (Status.RESOLVED, None, Status.OPEN),
    (Status.CLOSED, 13, Status.OPEN),
]


@pytest.mark.parametrize(("status", "closed", "after"), REOPENING)
@pytest.mark.parametrize("sender", [BOB, CAROL])
def test_2_6_the_customer_side_reopens(
    world: Any, status: Status, closed: int | None, after: Status, sender: str
) -> None:
    at = None if closed is None else world.now - timedelta(days=closed)
    world.ticket(1, status=status, closed_at=at)
    decision = world.mail(sender, "Re: [#1] x")
    changed = {c.field: c.value for c in decision.changes}
    assert changed.get("status", status) is after


def test_2_6_a_recipient_does_not_reopen(world: Any) -> None:
    world.ticket(1, recipients=[(PAT, "active")], status=Status.RESOLVED)
    assert "status" not in {c.field for c in world.mail(PAT, "Re: [#1] x").changes}


def test_2_6_too_late_is_a_new_ticket_that_links_back(world: Any, codes: Codes) -> None:
    world.ticket(1, status=Status.CLOSED, closed_at=world.now - timedelta(days=15))
    decision = world.mail(subject="Re: [#1] x")
    assert (decision.outcome, decision.follows, decision.ticket) == (Outcome.TICKET, 1, None)
    assert "follows" in codes(decision)


def test_2_6_staff_may_write_on_old_tickets(world: Any) -> None:
    world.ticket(1, status=Status.CLOSED, closed_at=world.now - timedelta(days=99))
    assert world.mail(ANA, "Re: [#1] x").ticket == 1


def test_2_7_the_same_mail_twice(world: Any) -> None:
    world.ticket(1)
    world.facts_more = {"duplicate_of": "earlier"}
    decision = world.mail(rcpt=[world.token()])
    assert (decision.outcome, decision.duplicate_of) == (Outcome.DUPLICATE, "earlier")
    assert decision.comment is None
    assert (decision.notices, decision.changes, decision.history) == ((), (), ())


def test_2_7_two_of_our_addresses_are_one_ticket_of_the_first(world: Any) -> None:
    assert world.mail(rcpt=["billing@example.com", SUPPORT]).category == "billing"
    assert world.mail(rcpt=[SUPPORT, "billing@example.com"]).category == "general"


def test_a_team_token_serves_agents(world: Any) -> None:  # 4.5
    world.ticket(1)
    token = world.token(1, "support", Purpose.TEAM)
    assert world.mail(ANA, rcpt=[token], to=[SUPPORT]).comment.why_held == ""
    assert world.mail(STRANGER, rcpt=[token], to=[SUPPORT]).comment.why_held == "third_party"
