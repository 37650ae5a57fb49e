"""What a view by mail shows (3.9), as the store reads it, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from mailgate.model import (
    Change,
    CommentState,
    Decision,
    Event,
    Kind,
    NewComment,
    Outcome,
    RecipientChoice,
    RecipientState,
    Role,
    Severity,
    Status,
)
from mailgate.rules.story import APART
from mailgate.store.answering import COMMENTS, EVENTS, MAX_TEXT, MAX_TITLE, TICKETS, WORDS

JOE, KAY, ZOE, ANA = "joe@acme.example", "kay@acme.example", "zoe@x.example", "ana@example.com"


def shown(desk: Any, to: str, template: str = "ticket_view", **apart: Any) -> dict[str, Any]:
    """The context of the answer that somebody gets."""
    notice = desk.notice(
        to, template=template, inside=to == ANA, context={"comments": [], "events": [], APART: apart}
    )
    number = apart.get("number")
    asked = Decision(Outcome.QUERY, Kind.PERSON, ("asks",), ticket=number, notices=(notice,))
    desk.land(asked)
    row = desk.rows("SELECT context, ticket_id, private, reply_to FROM outbox ORDER BY id DESC LIMIT 1")[0]
    context: dict[str, Any] = json.loads(row.context) if isinstance(row.context, str) else row.context
    assert APART not in context
    assert row.ticket_id == number
    return context | {"private": bool(row.private)}


@pytest.fixture
def number(desk: Any) -> int:
    """Joe's ticket: a private and a held comment, then Zoe joins from outside, then more words."""
    found = desk.land(desk.opening(history=(Event("opened", {"who": JOE}),))).ticket
    for text, state in (("inside words", CommentState.PRIVATE), ("held words", CommentState.HELD)):
        note = NewComment(KAY, "Kay", text, state=state)
        event = Event("commented_private", {"who": KAY}, private=True)
        desk.land(desk.commenting(found, KAY, comment=note, history=(event,)))
    joining = desk.commenting(
        found,
        comment=None,
        recipients=(RecipientChoice(ZOE, "Zoe", RecipientState.ACTIVE),),
        history=(
            Event("recipient_added", {"address": ZOE, "who": JOE}),
            Event("recipient_left", {"address": "l@x.example"}),
        ),
    )
    desk.land(joining, at=desk.now + timedelta(hours=1))
    late = desk.commenting(
        found, KAY, "late words", history=(Event("status", {"old": "new", "new": "open", "who": KAY}),)
    )
    desk.land(late, at=desk.now + timedelta(hours=2))
    return int(found)


VIEWS = [
    ("the assignee", JOE, Role.ASSIGNEE, ["The disk is full.", "late words"], ["opened", "recipient_added", "recipient_left", "status"]),
    ("a colleague", KAY, Role.COLLEAGUE, ["The disk is full.", "late words"], ["opened", "recipient_added", "recipient_left", "status"]),
    ("a recipient", ZOE, Role.RECIPIENT, ["late words"], ["recipient_added", "status"]),
    ("an agent", ANA, Role.AGENT, ["The disk is full.", "inside words", "held words", "late words"],
     ["opened", "commented_private", "commented_private", "recipient_added", "recipient_left", "status"]),
]  # fmt: skip


@pytest.mark.parametrize(("to", "role", "words", "codes"), [v[1:] for v in VIEWS], ids=[v[0] for v in VIEWS])
def test_what_each_is_shown(
    desk: Any, number: int, to: str, role: Role, words: list[str], codes: list[str]
) -> None:
    view = shown(desk, to, number=number, role=role.value)
    assert [comment["text"] for comment in view["comments"]] == words
    assert [event["code"] for event in view["history"]] == codes
    assert view["omitted"] == 0
    assert bool(view["since"]) is (role is Role.RECIPIENT)
    assert view["private"] is (role is Role.AGENT), "a reply to a mail that shows a note stays inside (3.8)"
    assert view["ticket"]["number"] == number


def test_whose_address_is_shown(desk: Any, number: int) -> None:  # 6.1
    for to, role, sees in ((JOE, Role.ASSIGNEE, True), (ANA, Role.AGENT, True), (ZOE, Role.RECIPIENT, False)):
        view = shown(desk, to, number=number, role=role.value)
        last = view["comments"][-1]
        assert (last["author_address"], last["author_name"]) == (
            KAY if sees else "",
            "Joe" if not sees else last["author_name"],
        )
        assert view["history"][-1]["params"]["who"] == (KAY if sees else "Acme")


def test_a_ticket_of_many_words_is_bounded(desk: Any, number: int) -> None:
    for n in range(COMMENTS + 5):
        desk.land(
            desk.commenting(number, text=f"{n} " + "x" * n, history=(Event("commented", {"who": JOE}),) * 3)
        )
    desk.land(desk.commenting(number, text="y" * (MAX_TEXT + 10)))
    view = shown(desk, JOE, number=number, role=Role.ASSIGNEE.value)
    texts = [comment["text"] for comment in view["comments"]]
    assert texts[0] == "The disk is full."
    assert (len(texts[-1]), texts[-1][-1]) == (MAX_TEXT + 2, "…")
    assert len(texts) == COMMENTS + 1
    assert view["omitted"] == COMMENTS + 8 - len(texts)
    assert len(view["history"]) == EVENTS
    for _ in range(8):
        desk.land(desk.commenting(number, text="z" * MAX_TEXT))
    view = shown(desk, JOE, number=number, role=Role.ASSIGNEE.value)
    assert sum(len(comment["text"]) for comment in view["comments"]) <= WORDS + COMMENTS * 2
    assert view["comments"][0]["text"] == "The disk is full."


def a_list(
    desk: Any, to: str, status: str = "", teams: tuple[str, ...] = (), in_eu: bool = False
) -> dict[str, Any]:
    return shown(desk, to, "ticket_list", status=status, teams=list(teams), staff=bool(teams), in_eu=in_eu)


def test_the_list_is_in_the_order_of_work(desk: Any) -> None:
    numbers = []
    for n, severity in enumerate((Severity.QUESTION, Severity.OUTAGE, Severity.DEGRADED, Severity.OUTAGE)):
        opening = desk.opening(changes=(Change("severity", severity),))
        numbers.append(desk.land(opening, at=desk.now + timedelta(minutes=n)).ticket)
    desk.land(desk.opening(KAY))
    mine = desk.opening(KAY, recipients=(RecipientChoice(JOE, "", RecipientState.ACTIVE),))
    numbers.append(desk.land(mine, at=desk.now + timedelta(hours=1)).ticket)
    held = desk.opening(KAY, recipients=(RecipientChoice(JOE, "", RecipientState.HELD),))
    desk.land(held)
    listed = a_list(desk, JOE)
    assert [line["number"] for line in listed["tickets"]] == [numbers[n] for n in (1, 3, 2, 0, 4)]
    assert (listed["total"], listed["closed"]) == (5, 0)
    assert "ticket" not in listed


def test_the_list_of_one_status(desk: Any) -> None:
    numbers = {status: desk.land(desk.opening()).ticket for status in Status}
    for status, number in numbers.items():
        desk.act(desk.commenting(number, comment=None, changes=(Change("status", status),)))
    for status, number in numbers.items():
        listed = a_list(desk, JOE, status.value)
        assert ([line["number"] for line in listed["tickets"]], listed["total"]) == ([number], 1)
    assert (a_list(desk, JOE)["total"], a_list(desk, JOE)["closed"]) == (4, 1)
    assert (a_list(desk, JOE, "all")["total"], a_list(desk, JOE, "all")["closed"]) == (5, 0)


def test_staff_see_their_teams_and_eu_support_only_in_the_eu(desk: Any) -> None:  # 5.2
    plain = desk.land(desk.opening()).ticket
    european = desk.land(desk.opening()).ticket
    desk.act(
        desk.commenting(
            european, comment=None, changes=(Change("eu_support", "AMS01"), Change("team", "support-eu"))
        )
    )
    both = ("support", "support-eu")
    assert [line["number"] for line in a_list(desk, ANA, teams=both, in_eu=True)["tickets"]] == [
        plain,
        european,
    ]
    assert [line["number"] for line in a_list(desk, ANA, teams=both)["tickets"]] == [plain]
    assert [line["number"] for line in a_list(desk, ANA, teams=("support-eu",), in_eu=True)["tickets"]] == [
        european
    ]
    assert a_list(desk, ANA, teams=("gone",))["tickets"] == []


def test_a_long_list_is_bounded(desk: Any) -> None:
    opening = desk.opening(changes=(Change("title", "t" * 500),))
    desk.batch(*[opening] * (TICKETS + 2))
    listed = a_list(desk, JOE)
    assert (len(listed["tickets"]), listed["total"]) == (TICKETS, TICKETS + 2)
    assert {len(line["title"]) for line in listed["tickets"]} == {MAX_TITLE}
