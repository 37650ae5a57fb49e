"""What a decision owes: rows of the outbox with their ids, addresses and times (6.3), and coalescing (6.4)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from mailgate.mail import token
from mailgate.model import (
    CommentState,
    Event,
    NewComment,
    NewTicket,
    Purpose,
    RecipientChoice,
    RecipientState,
    Reply,
    Severity,
)
from mailgate.store import outbox


def comment(text: str, author: str = "joe@acme.example") -> dict[str, Any]:
    return {"author_name": author, "author_address": author, "text": text}


def update(desk: Any, to: str = "amy@acme.example", text: str = "x", **more: Any) -> Any:
    who = more.pop("who", "joe@acme.example")
    context = {"author": {"address": who}, "comments": [comment(text, who)], "events": [{"code": text}]}
    return desk.notice(to, context=context, **{"coalesce": True, **more})


def owed(desk: Any) -> list[Any]:
    return desk.rows("SELECT * FROM outbox ORDER BY id")


def claim_of(desk: Any, address: str) -> Any:
    return token.verify([desk.key], token.token_of(address, desk.config.gateway.own_addresses))


def test_a_mail_carries_its_persons_signs(desk: Any) -> None:
    number = desk.land(desk.opening(notices=(desk.notice(),))).ticket
    (row,) = owed(desk)
    reply, path = claim_of(desk, row.reply_to), claim_of(desk, row.return_path)
    assert (reply.purpose, reply.ticket, reply.person) == (Purpose.REPLY, number, row.person_id)
    assert (path.purpose, path.serial) == (Purpose.BOUNCE, row.id)
    own = token.claim_of_message_id([desk.key], row.message_id, desk.config.gateway.message_domain)
    assert (own.ticket, own.person, own.serial) == (number, row.person_id, row.id)
    assert row.leave_address == ""


@pytest.mark.parametrize("audience", ["team", "agent", "supervisor"])
def test_staff_reply_to_the_teams_address(desk: Any, audience: str) -> None:
    """4.5: a token issued to a team serves agents."""
    desk.land(desk.opening(notices=(desk.notice("ben@example.com", audience=audience, inside=True),)))
    claim = claim_of(desk, owed(desk)[0].reply_to)
    team = desk.ask().teams[0]
    assert (claim.purpose, claim.person) == (Purpose.TEAM, team.person)


def test_the_notify_list_has_a_sign_of_its_own(desk: Any) -> None:
    desk.land(desk.opening(notices=(desk.notice("boss@example.com", audience="notify_list", inside=True),)))
    (row,) = owed(desk)
    claim = claim_of(desk, row.reply_to)
    assert (claim.purpose, claim.person) == (Purpose.TEAM, row.person_id)


def test_only_recipients_may_leave(desk: Any) -> None:
    number = desk.land(
        desk.opening(notices=(desk.notice("amy@acme.example", audience="recipient"), desk.notice()))
    ).ticket
    rows = {row.address: row for row in owed(desk)}
    claim = claim_of(desk, rows["amy@acme.example"].leave_address)
    assert (claim.purpose, claim.ticket) == (Purpose.LEAVE, number)
    assert rows["joe@acme.example"].leave_address == ""


def test_a_thread_names_only_the_persons_own_ids(desk: Any) -> None:
    """6.3, 2.2: the last ten, oldest first, then the mail that is answered."""
    number = desk.land(desk.opening(notices=(desk.notice(), desk.notice("amy@acme.example")))).ticket
    desk.land(desk.opening(notices=(desk.notice(),)))
    for _ in range(12):
        desk.land(desk.commenting(number, notices=(desk.notice(),)))
    desk.land(desk.commenting(number, notices=(desk.notice(answers="<theirs@acme.example>"),)))
    mine = [r for r in owed(desk) if r.ticket_id == number and r.address == "joe@acme.example"]
    last = mine[-1]
    assert json.loads(last.references) == [r.message_id for r in mine[-11:-1]] + ["<theirs@acme.example>"]
    assert last.in_reply_to == "<theirs@acme.example>"
    assert mine[1].in_reply_to == mine[0].message_id
    assert mine[0].in_reply_to == ""


def test_a_mail_of_no_ticket_goes_back_to_the_gateway(desk: Any) -> None:
    from mailgate.model import Decision, Kind, Outcome

    notice = desk.notice(template="problem", audience="sender")
    desk.land(Decision(Outcome.QUERY, Kind.PERSON, ("x",), notices=(notice,)))
    (row,) = owed(desk)
    assert (row.ticket_id, row.reply_to) == (None, desk.config.gateway.address)
    assert json.loads(row.context)["ticket"] is None


def test_templates_see_the_ticket_after_all_effects(desk: Any) -> None:
    recipients = (
        RecipientChoice("amy@acme.example", "", RecipientState.ACTIVE),
        RecipientChoice("zoe@x.example", "", RecipientState.HELD),
    )
    number = desk.land(desk.opening(recipients=recipients, devices=("a",), notices=(desk.notice(),))).ticket
    assert json.loads(owed(desk)[0].context)["ticket"] == {
        "number": number, "title": "Disk full", "severity": "question", "status": "new", "category": "general",
        "team": "support", "assignee": {"name": "Joe", "address": "joe@acme.example"},
        "recipients": ["amy@acme.example"], "held": ["zoe@x.example"], "devices": ["a"], "escalation_level": 0,
        "eu_support": "", "created": desk.now.isoformat(),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "codes"),
    [(False, ["opened", "commented"]), (True, ["opened", "commented_private", "commented"])],
)
def test_an_escalation_tells_the_history(desk: Any, inside: bool, codes: list[str]) -> None:
    """7.1: the assignee's copy without private words."""
    events = (Event("opened", {"who": "Joe"}), Event("commented_private", {"who": "Ana"}, private=True))
    number = desk.land(desk.opening(history=events)).ticket
    notice = desk.notice(template="escalation", inside=inside)
    desk.land(desk.commenting(number, history=(Event("commented", {"who": "Joe"}),), notices=(notice,)))
    assert [e["code"] for e in json.loads(owed(desk)[0].context)["history"]] == codes


# -- when (6.4)


@pytest.mark.parametrize(
    ("notice", "severity", "seconds"),
    [
        ({}, Severity.QUESTION, 30),
        ({"urgent": True}, Severity.QUESTION, 0),
        ({}, Severity.OUTAGE, 0),
        ({"template": "acknowledgement", "coalesce": False}, Severity.QUESTION, 0),
    ],
    ids=["waits", "urgent", "outage", "nothing can join it"],
)
def test_when_a_mail_is_due(desk: Any, notice: dict[str, Any], severity: Severity, seconds: int) -> None:
    new = NewTicket("t", "general", severity, "joe@acme.example", "support")
    desk.land(desk.opening(new_ticket=new, notices=(update(desk, **notice),)))
    with desk.store.reading() as conn:
        assert outbox.next_due(conn) == desk.now + timedelta(seconds=seconds)


def test_changes_within_the_batch_time_are_one_mail(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    desk.land(desk.commenting(number, notices=(update(desk, text="one"),)))
    later = desk.now + timedelta(seconds=20)
    desk.land(desk.commenting(number, notices=(update(desk, text="two"),), devices=("srv",)), at=later)
    (row,) = owed(desk)
    context = json.loads(row.context)
    assert [c["text"] for c in context["comments"]] == ["one", "two"]
    assert [e["code"] for e in context["events"]] == ["one", "two"]
    assert context["ticket"]["devices"] == ["srv"]
    assert context["author"] == {"address": "joe@acme.example"}
    with desk.store.reading() as conn:
        assert outbox.next_due(conn) == desk.now + timedelta(seconds=30)


def test_a_joined_mail_of_two_authors_names_none(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    for who in ("joe@acme.example", "ana@example.com"):
        desk.land(desk.commenting(number, notices=(update(desk, who=who),)))
    assert json.loads(owed(desk)[0].context)["author"] is None


def test_an_urgent_change_takes_the_waiting_one_along(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    desk.land(desk.commenting(number, notices=(update(desk, text="one"),)))
    later = desk.now + timedelta(seconds=5)
    desk.land(desk.commenting(number, notices=(update(desk, text="two", urgent=True),)), at=later)
    (row,) = owed(desk)
    with desk.store.reading() as conn:
        assert outbox.next_due(conn) == later
    assert len(json.loads(row.context)["comments"]) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"to": "amy@acme.example"}, {"to": "joe@acme.example"}),
        ({"coalesce": False}, {}),
        ({}, {"coalesce": False}),
        ({"inside": True}, {"inside": False}),
        ({"template": "acknowledgement"}, {}),
        ({}, {"template": "escalation"}),
    ],
    ids=[
        "other person",
        "first stands alone",
        "second stands alone",
        "other audience",
        "no update",
        "escalation",
    ],
)
def test_what_does_not_join(desk: Any, first: dict[str, Any], second: dict[str, Any]) -> None:
    number = desk.land(desk.opening()).ticket
    for more in (first, second):
        desk.land(desk.commenting(number, notices=(update(desk, **more),)))
    assert len(owed(desk)) == 2


def test_another_tickets_update_does_not_join(desk: Any) -> None:
    for _ in range(2):
        number = desk.land(desk.opening()).ticket
        desk.land(desk.commenting(number, notices=(update(desk),)))
    assert len(owed(desk)) == 2


def test_a_claimed_mail_takes_nothing_in(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    desk.land(desk.commenting(number, notices=(update(desk, text="one"),)))
    later = desk.now + timedelta(minutes=1)
    with desk.store.writing() as conn:
        (row,) = outbox.claim(conn, later, 10, timedelta(minutes=5), lambda n, at: None)
    desk.land(desk.commenting(number, notices=(update(desk, text="two"),)), at=later)
    assert [len(json.loads(r.context)["comments"]) for r in owed(desk)] == [1, 1]
    assert len(row.context["comments"]) == 1


def test_a_mail_that_is_tried_again_takes_nothing_in(desk: Any) -> None:
    """Its bytes may be fixed already: the same at every attempt."""
    number = desk.land(desk.opening()).ticket
    desk.land(desk.commenting(number, notices=(update(desk, text="one"),)))
    later = desk.now + timedelta(minutes=1)
    with desk.store.writing() as conn:
        (row,) = outbox.claim(conn, later, 10, timedelta(minutes=5), lambda n, at: None)
        answered = outbox.Outcome(row.id, row.attempts, Reply("retry", 451, "later"), later)
        outbox.settle(conn, [answered], later)
    desk.land(desk.commenting(number, notices=(update(desk, text="two"),)), at=later)
    assert [len(json.loads(r.context)["comments"]) for r in owed(desk)] == [1, 1]


def test_one_mail_does_not_grow_without_end(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    for n in range(45):
        desk.land(desk.commenting(number, notices=(update(desk, text=str(n)),)))
    sizes = [len(json.loads(row.context)["comments"]) for row in owed(desk)]
    assert sizes == [20, 20, 5]


def test_a_private_note_marks_its_mails(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    note = NewComment("ana@example.com", "Ana", "x", state=CommentState.PRIVATE)
    notice = desk.notice("team@example.com", audience="team", inside=True)
    desk.land(desk.commenting(number, "ana@example.com", comment=note, notices=(notice,)))
    serial = owed(desk)[0].id
    assert desk.ask(serials=frozenset({serial})).deliveries[serial].private


def test_a_new_ticket_is_told_as_it_is_stored(desk: Any) -> None:
    """It is not read again for its mails: what they tell must be what a reader finds."""
    from mailgate.model import Change, Escalation, PersonUpdate
    from mailgate.store.contexts import ticket_context

    decision = desk.opening(
        recipients=(
            RecipientChoice("zoe@x.example", "Zoe", RecipientState.HELD),
            RecipientChoice("amy@acme.example", "", RecipientState.ACTIVE),
            RecipientChoice("out@x.example", "", RecipientState.LEFT_OUT),
        ),
        people=(PersonUpdate("joe@acme.example", "Joe Doe"),),
        changes=(Change("severity", "degraded"), Change("devices", ("b", "a", "b"))),
        escalation=Escalation(1, "joe@acme.example", "x"),
        notices=(desk.notice(),),
    )
    number = desk.land(decision).ticket
    assert json.loads(owed(desk)[0].context)["ticket"] == ticket_context(desk.ticket(number))
