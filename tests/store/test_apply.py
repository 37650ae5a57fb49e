"""apply: each sort of decision carried out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from mailgate.model import (
    Attachment,
    AttachmentChoice,
    AttachmentState,
    BounceReport,
    Change,
    CommentState,
    Decision,
    Escalation,
    Event,
    Kind,
    NewComment,
    NewTicket,
    Outcome,
    RecipientChoice,
    RecipientState,
    Severity,
    Status,
)
from mailgate.store import views

MINUTE_LATER = datetime(2026, 11, 23, 9, 31, tzinfo=UTC)  # than the desk's clock
A, H = RecipientState.ACTIVE, RecipientState.HELD


def file(part: str, name: str, state: AttachmentState) -> AttachmentChoice:
    return AttachmentChoice(
        Attachment(part, name, "text/plain", "text/plain", 5, "a" * 64, "b" * 32), state, "why"
    )


def whole(desk: Any, number: int) -> dict[str, Any]:
    with desk.store.reading() as conn:
        return views.ticket(conn, number)


def test_a_new_ticket_stands_as_decided(desk: Any) -> None:
    new = NewTicket(
        "Panne", "general", Severity.OUTAGE, "x@globex.example", "support-eu", "Globex France", "PAR01", "fr"
    )
    made = desk.land(desk.opening("x@globex.example", new_ticket=new))
    found = desk.ticket(made.ticket)
    assert (found.severity, found.status, found.team, found.account) == (
        Severity.OUTAGE, Status.NEW, "support-eu", "Globex France",
    )  # fmt: skip
    assert (found.eu_support, found.language, found.notify, found.escalation_level) == (
        "PAR01",
        "fr",
        True,
        0,
    )
    assert found.assignee.account == "Globex France"


def test_numbers_go_up(desk: Any) -> None:
    numbers = [desk.land(desk.opening()).ticket for _ in range(3)]
    assert numbers == sorted(set(numbers))


def test_a_ticket_without_a_usable_sender(desk: Any) -> None:
    """The From header named nobody: the ticket is made all the same."""
    made = desk.land(
        desk.opening("", sender=None, notices=(desk.notice("team@example.com", audience="team"),))
    )
    assert desk.ticket(made.ticket).assignee.address == ""
    assert whole(desk, made.ticket)["comments"][0]["author"] == "Joe"


def test_a_comment_keeps_all_its_parts(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    comment = NewComment(
        "joe@acme.example", "Joe", "new", "> old", "-- Joe", CommentState.HELD, True, "unverified"
    )
    made = desk.land(desk.commenting(number, comment=comment), id="second")
    assert made.ticket == number
    (row,) = desk.rows("SELECT * FROM comments WHERE id = :id", id=made.comment)
    assert (row.text, row.quoted, row.signature, row.state) == ("new", "> old", "-- Joe", "held")
    assert (bool(row.unverified), row.why_held, row.message_id) == (True, "unverified", "second")


def test_files_are_kept_and_left_out(desk: Any) -> None:
    """3.4: all stay in the raw message; kept ones are counted on the ticket."""
    files = (
        file("2", "a.txt", AttachmentState.KEPT),
        file("3", "b.txt", AttachmentState.KEPT),
        file("4", "c.txt", AttachmentState.LEFT_OUT),
        file("5", "logo.png", AttachmentState.INLINE),
    )
    number = desk.land(desk.opening(attachments=files)).ticket
    assert desk.ticket(number).files_kept == 2
    desk.land(desk.commenting(number, attachments=files[:1]))
    assert desk.ticket(number).files_kept == 3
    first, second = whole(desk, number)["comments"]
    assert [f["filename"] for f in first["attachments"]] == ["a.txt", "b.txt"]
    assert first["left_out"] == ["c.txt"]
    assert [f["filename"] for f in second["attachments"]] == ["a.txt"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change("title", "Other"), {"title": "Other"}),
        (Change("category", "billing"), {"category": "billing"}),
        (Change("severity", Severity.OUTAGE), {"severity": Severity.OUTAGE}),
        (Change("severity", "degraded"), {"severity": Severity.DEGRADED}),
        (Change("team", "support-eu"), {"team": "support-eu"}),
        (Change("team", ""), {"team": ""}),
        (Change("notify", False), {"notify": False}),
        (Change("eu_support", "AMS01"), {"eu_support": "AMS01"}),
        (Change("language", "fr"), {"language": "fr"}),
        (Change("escalation_level", 2), {"escalation_level": 2}),
        (Change("agent_answered", True), {"agent_answered": True}),
        (Change("devices", ("a", "b")), {"devices": ("a", "b")}),
        (
            Change("status", Status.PENDING),
            {"status": Status.PENDING, "resolved_at": None, "status_since": MINUTE_LATER},
        ),
    ],
    ids=lambda v: f"{v.field}={v.value}" if isinstance(v, Change) else "",
)
def test_a_change_sets_its_column_and_no_other(desk: Any, change: Change, expected: dict[str, Any]) -> None:
    number = desk.land(desk.opening()).ticket
    before = desk.ticket(number)
    later = desk.now + timedelta(minutes=1)
    desk.act(Decision(None, None, (), ticket=number, changes=(change,)), at=later)
    after = desk.ticket(number)
    for name in before.__slots__:
        wanted = (
            later
            if name == "updated" and change.field != "devices"
            else expected.get(name, getattr(before, name))
        )
        if not (name == "updated" and change.field == "devices"):
            assert getattr(after, name) == wanted, name


def test_times_can_be_changed(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    changes = (Change("last_step", desk.now), Change("last_progress", desk.now.isoformat()))
    desk.act(Decision(None, None, (), ticket=number, changes=changes))
    assert (desk.ticket(number).last_step, desk.ticket(number).last_progress) == (desk.now, desk.now)


def test_an_unknown_field_is_refused(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    with pytest.raises(ValueError, match="colour"):
        desk.act(Decision(None, None, (), ticket=number, changes=(Change("colour", "red"),)))


def test_the_assignee_may_be_new(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    desk.act(Decision(None, None, (), ticket=number, changes=(Change("assignee", "amy@acme.example"),)))
    assignee = desk.ticket(number).assignee
    assert (assignee.address, assignee.account) == ("amy@acme.example", "Acme")


def test_status_keeps_its_times(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket

    def become(status: str, hours: int) -> Any:
        at = desk.now + timedelta(hours=hours)
        desk.act(Decision(None, None, (), ticket=number, changes=(Change("status", status),)), at=at)
        found = desk.ticket(number)
        return tuple(t and (t - desk.now) // timedelta(hours=1) for t in (found.resolved_at, found.closed_at))

    assert become("resolved", 1) == (1, None)
    assert become("closed", 2) == (1, 2)
    assert become("open", 3) == (None, None)


def test_devices_are_replaced_whole(desk: Any) -> None:
    number = desk.land(desk.opening(devices=("a", "b"))).ticket
    desk.land(desk.commenting(number))
    assert desk.ticket(number).devices == ("a", "b")
    desk.land(desk.commenting(number, devices=("c", "a")))
    assert desk.ticket(number).devices == ("c", "a")
    desk.land(desk.commenting(number, devices=()))
    assert desk.ticket(number).devices == ()


def test_a_recipients_state_follows(desk: Any) -> None:
    number = desk.land(desk.opening(recipients=(RecipientChoice("zoe@x.example", "Zoe", H),))).ticket
    later = desk.now + timedelta(hours=1)
    for state in (A, RecipientState.LEFT):
        choice = (RecipientChoice("zoe@x.example", "", state),)
        desk.land(desk.commenting(number, recipients=choice), at=later)
        (recipient,) = desk.ticket(number).recipients
        assert recipient.state is state
    # "from their joining on" (3.9) counts from the confirmation
    assert (
        desk.rows("SELECT count(*) AS n FROM recipients WHERE joined > :t", t=later - timedelta(minutes=1))[
            0
        ].n
        == 1
    )


def test_history_stands_in_order_with_who_and_by_which_message(desk: Any) -> None:
    events = (Event("opened", {"who": "Joe"}), Event("comment_held", {"who": "Joe"}, private=True))
    number = desk.land(desk.opening(history=events, refers_to=77), id="m1").ticket
    found = whole(desk, number)["history"]
    assert [(e["code"], e["by"], e["message"], e["private"]) for e in found] == [
        ("opened", "joe@acme.example", "m1", False),
        ("comment_held", "joe@acme.example", "m1", True),
        ("refers_to", "joe@acme.example", "m1", False),
    ]
    assert found[2]["what"] == "The mail refers to #77"


def test_a_ticket_follows_a_closed_one(desk: Any) -> None:
    old = desk.land(desk.opening()).ticket
    said = (Event("follows", {"number": old}),)
    number = desk.land(desk.opening(follows=old, history=said)).ticket
    assert [e["code"] for e in whole(desk, number)["history"]] == ["follows"]


def test_confirming_shows_what_was_held(desk: Any) -> None:
    """4.3, 4.5; a refused `Private` (3.8) is published by no mail, only by an agent at the shell."""
    number = desk.land(desk.opening()).ticket
    for text, why in (("one", "unverified"), ("two", "third_party"), ("three", "private_refused")):
        comment = NewComment("zoe@x.example", "Zoe", text, state=CommentState.HELD, why_held=why)
        desk.land(desk.commenting(number, comment=comment))
    notices = (desk.notice("amy@acme.example"), desk.notice("zoe@x.example"))
    desk.land(desk.commenting(number, comment=None, confirms=("held_comments",), notices=notices))
    states = [c["state"] for c in whole(desk, number)["comments"]]
    assert states == ["shown", "shown", "shown", "held"]
    events = [e for e in whole(desk, number)["history"] if e["code"] == "comment_confirmed"]
    assert len(events) == 2
    told = {row.address: row.context for row in desk.rows("SELECT address, context FROM outbox")}
    assert '"one"' in told["amy@acme.example"]
    assert '"three"' not in told["amy@acme.example"]
    assert '"one"' not in told["zoe@x.example"]
    desk.land(desk.commenting(number, "ana@example.com", comment=None, confirms=("held_comments",)))
    assert [c["state"] for c in whole(desk, number)["comments"]][3] == "held"
    desk.act(Decision(None, None, (), ticket=number, confirms=("held_comments",)))
    assert [c["state"] for c in whole(desk, number)["comments"]][3] == "shown"


@pytest.mark.parametrize(
    ("only", "shown"),
    [
        pytest.param(None, {"one", "two", "three"}, id="all"),
        pytest.param((2,), {"two"}, id="one"),
        pytest.param((2, 99), {"two"}, id="one of another ticket"),
        pytest.param((), {"one", "two"}, id="what he was told of"),
    ],
)
def test_confirming_shows_what_was_told_and_no_more(
    desk: Any, only: tuple[int, ...] | None, shown: set[str]
) -> None:
    """4.3, 4.5: a reply confirms the comments that the mail told of which it answers."""
    number = desk.land(desk.opening()).ticket
    for text, tells in (("one", "this"), ("two", "this"), ("three", "")):
        comment = NewComment("zoe@x.example", "Zoe", text, state=CommentState.HELD, why_held="unverified")
        notices = (desk.notice("amy@acme.example", coalesce=True, tells=tells),)
        desk.land(desk.commenting(number, comment=comment, notices=notices))
    ids = {row.text: row.id for row in desk.rows("SELECT id, text FROM comments WHERE state = 'held'")}
    named = only and tuple(list(ids.values())[id - 1] if id < 9 else id for id in only)
    (told,) = desk.rows("SELECT held FROM outbox")
    assert json.loads(told.held) == [ids["one"], ids["two"]], "three mails joined into one (6.4)"
    confirming = {"comment": None, "confirms": ("held_comments",), "confirms_only": named}
    desk.land(desk.commenting(number, "amy@acme.example", **confirming))
    states = {c["text"]: c["state"] for c in whole(desk, number)["comments"][1:]}
    assert {text for text, state in states.items() if state == "shown"} == shown


def test_what_the_assignee_was_told_is_remembered(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    assert (desk.ticket(number).waits, desk.ticket(number).asked) == ("", None)
    remembered = (Change("waits", "zoe@x.example"), Change("asked", desk.now))
    desk.land(desk.commenting(number, remembered=remembered))
    assert (desk.ticket(number).waits, desk.ticket(number).asked) == ("zoe@x.example", desk.now)
    desk.land(desk.commenting(number, remembered=(Change("waits", ""), Change("asked", None))))
    assert (desk.ticket(number).waits, desk.ticket(number).asked) == ("", None)


def test_a_confirming_comment_that_is_held_stays_held(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    comment = NewComment("joe@acme.example", "Joe", "x", state=CommentState.HELD)
    desk.land(desk.commenting(number, comment=comment, confirms=("held_comments",)))
    assert whole(desk, number)["comments"][1]["state"] == "held"


def test_escalation_is_a_step(desk: Any) -> None:
    number = desk.land(desk.opening(escalation=Escalation(1, "joe@acme.example", "now"))).ticket
    desk.act(Decision(None, None, (), ticket=number, escalation=Escalation(2, "clock", "no progress")))
    found = desk.ticket(number)
    assert (found.escalation_level, found.last_step) == (2, desk.now)
    steps = desk.rows("SELECT step, level, asked_by FROM escalation_steps ORDER BY id")
    assert [tuple(s) for s in steps] == [(1, 1, "joe@acme.example"), (2, 2, "clock")]


def test_a_step_happens_once(desk: Any) -> None:
    number = desk.land(desk.opening(escalation=Escalation(1, "clock", ""))).ticket
    with desk.store.writing() as conn:
        from sqlalchemy import text

        conn.execute(text("UPDATE tickets SET escalation_steps = 0"))  # as another worker saw it
    with pytest.raises(IntegrityError):
        desk.act(Decision(None, None, (), ticket=number, escalation=Escalation(1, "clock", "")))


def test_a_bounce_is_kept_with_its_delivery(desk: Any) -> None:
    number = desk.land(desk.opening(notices=(desk.notice(),))).ticket
    serial = desk.rows("SELECT id FROM outbox")[0].id
    report = BounceReport("joe@acme.example", "failed", "5.1.1", "no such user", True, True)
    decision = Decision(
        Outcome.BOUNCE, Kind.BOUNCE, ("token",), ticket=number, bounce_serial=serial, reports=(report,)
    )
    desk.land(decision, desk.parsed(bounces=(report,)), id="b1")
    (row,) = desk.rows("SELECT * FROM bounces")
    assert (row.outbox_id, row.ticket_id, row.status, row.message_id) == (serial, number, "5.1.1", "b1")
    assert bool(row.dead)


@pytest.mark.parametrize("outcome", [Outcome.QUARANTINED, Outcome.DUPLICATE, Outcome.AUTO_REPLY])
def test_what_has_no_effect_makes_nobody_known(desk: Any, outcome: Outcome) -> None:
    before = desk.rows("SELECT count(*) AS n FROM people")[0].n
    made = desk.land(Decision(outcome, Kind.SPAM, ("x",), sender=desk.opening().sender))
    assert (made.ticket, made.comment) == (None, None)
    assert desk.rows("SELECT count(*) AS n FROM people")[0].n == before


def test_a_savepoint_undoes_all_of_it(desk: Any) -> None:
    decision = desk.opening(
        notices=(desk.notice(),), devices=("a",), recipients=(RecipientChoice("amy@acme.example", "", A),)
    )

    def counts() -> dict[str, int]:
        tables = (
            "people",
            "tickets",
            "comments",
            "messages",
            "raw",
            "outbox",
            "history",
            "recipients",
            "devices",
        )
        return {t: desk.rows(f"SELECT count(*) AS n FROM {t}")[0].n for t in tables}

    desk.land(decision, id="one")
    before = counts()
    with pytest.raises(IntegrityError):
        desk.land(decision, id="one")
    assert counts() == before


WITHDRAWN = [
    ("EU support", {"changes": (Change("eu_support", "AMS"),)}, {"team@example.com"}),
    ("no EU support", {"changes": (Change("eu_support", ""),)}, set()),
    (
        "a recipient removed",
        {"recipients": (RecipientChoice("amy@acme.example", "", RecipientState.REMOVED),)},
        {"amy@acme.example"},
    ),
]


@pytest.mark.parametrize(("effects", "gone"), [w[1:] for w in WITHDRAWN], ids=[w[0] for w in WITHDRAWN])
def test_what_waits_and_must_not_go_any_more_is_withdrawn(desk: Any, effects: Any, gone: set[str]) -> None:
    """5.2: an EU ticket is never mailed to a team outside the EU, however long a mail waited; 6.1."""
    notices = (
        desk.notice("team@example.com", audience="team", inside=True),
        desk.notice("team-eu@example.com", audience="team", inside=True),
        desk.notice("amy@acme.example", audience="recipient"),
        desk.notice("joe@acme.example"),
    )
    number = desk.land(desk.opening(notices=notices)).ticket
    desk.act(Decision(None, None, (), ticket=number, **effects))
    rows = desk.rows("SELECT address FROM outbox WHERE state = 'withdrawn'")
    assert {row.address for row in rows} == gone
