"""Facts: what the store says to the questions of a batch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mailgate.model import (
    Address,
    Attachment,
    CommentState,
    Decision,
    Kind,
    NewComment,
    Outcome,
    PersonUpdate,
    Questions,
    RecipientChoice,
    RecipientState,
)
from mailgate.store import tickets

ASK: dict[str, Any] = {
    "addresses": frozenset(), "message_ids": (), "tickets": frozenset(), "serials": frozenset(), "content_key": "", "sender": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("address", "account"),
    [
        ("new@acme.example", "Acme"),
        ("bob@freemail.example", "Acme"),
        ("else@freemail.example", ""),
        ("new@mail.acme.example", ""),
        ("x@notacme.example", ""),
        ("x@globex.example", "Globex France"),
        ("x@gmail.com", ""),
    ],
)
def test_an_unknown_address_has_its_domains_account(desk: Any, address: str, account: str) -> None:
    person = desk.ask(addresses=frozenset({address})).people[address]
    assert (person.id, person.account, person.agent) == (None, account, False)


def test_the_sender_is_answered_though_not_asked(desk: Any) -> None:
    assert desk.ask(sender="ana@example.com").people["ana@example.com"].supervisor


def test_staff_and_accounts_are_always_there(desk: Any) -> None:
    found = desk.ask()
    assert [(t.name, t.region, [a.name for a in t.agents]) for t in found.teams] == [
        ("support", "", ["Ana", "Ben"]),
        ("support-eu", "eu", ["Ana"]),
    ]
    assert [p.address for p in found.supervisors] == ["ana@example.com"]
    assert found.supervisors[0].teams == ("support", "support-eu")
    assert found.accounts["Globex France"].eu_support == "PAR01"
    assert all(team.person for team in found.teams)


def test_a_ticket_is_read_whole(desk: Any) -> None:
    made = desk.land(
        desk.opening(
            recipients=(
                RecipientChoice("amy@acme.example", "Amy", RecipientState.ACTIVE),
                RecipientChoice("zoe@x.example", "Zoe", RecipientState.HELD),
                RecipientChoice("sixth@x.example", "", RecipientState.LEFT_OUT, "over the cap"),
            ),
            devices=("srv-1", "srv-2", "srv-1"),
        )
    )
    found = desk.ticket(made.ticket)
    assert found.number == made.ticket
    assert (found.title, found.team, found.account, found.assignee.name) == (
        "Disk full",
        "support",
        "Acme",
        "Joe",
    )
    assert [(r.person.address, r.state) for r in found.recipients] == [
        ("amy@acme.example", RecipientState.ACTIVE),
        ("zoe@x.example", RecipientState.HELD),
    ]
    assert found.devices == ("srv-1", "srv-2")
    assert found.created == found.updated == desk.now
    assert desk.ask(addresses=frozenset({"sixth@x.example"})).people["sixth@x.example"].id is None


def test_what_does_not_exist_is_left_out(desk: Any) -> None:
    found = desk.ask(
        tickets=frozenset({77, 0, 2**70, -1}), serials=frozenset({5, 2**70}), message_ids=("<no@where>",)
    )
    assert (found.tickets, found.deliveries, found.threads) == ({}, {}, ())


def test_a_known_message_leads_to_its_ticket(desk: Any) -> None:
    parsed = desk.parsed(
        message_id="<one@acme.example>",
        to=(Address("support@example.com"),),
        cc=(Address("amy@acme.example"),),
    )
    number = desk.land(desk.opening(), parsed).ticket
    found = desk.ask(message_ids=("<none@x>", "<one@acme.example>"))
    (known,) = found.threads
    assert (known.message_id, known.ticket, known.private) == ("<one@acme.example>", number, False)
    assert known.participants == {"support@example.com", "amy@acme.example"}
    assert number in found.tickets


def test_a_private_note_is_known_as_one(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    note = NewComment("ana@example.com", "Ana", "Hm.", state=CommentState.PRIVATE)
    desk.land(desk.commenting(number, "ana@example.com", comment=note), desk.parsed(message_id="<note@x>"))
    assert desk.ask(message_ids=("<note@x>",)).threads[0].private


def test_a_very_long_message_id_is_found_again(desk: Any) -> None:
    long = "<" + "é" * 4000 + "@x>"
    desk.land(desk.opening(), desk.parsed(message_id=long))
    assert len(desk.ask(message_ids=(long,)).threads) == 1


def test_a_delivery_leads_to_its_ticket_and_tags(desk: Any) -> None:
    decision = desk.opening(notices=(desk.notice(template="acknowledgement"),))
    number = desk.land(decision, desk.parsed(subject="[outage] [#12 escalate] Disk [really] full")).ticket
    (row,) = desk.rows("SELECT id FROM outbox")
    found = desk.ask(serials=frozenset({row.id}))
    delivery = found.deliveries[row.id]
    assert (delivery.ticket, delivery.address, delivery.template) == (
        number,
        "joe@acme.example",
        "acknowledgement",
    )
    assert set(delivery.tags) == {"outage", "escalate"}
    assert delivery.severity_tag == "outage"
    assert number in found.tickets


@pytest.mark.parametrize(("tells", "told"), [("this", [3]), ("all", [2, 3]), ("", [])])
def test_a_mail_that_told_of_held_comments_is_known_as_one(desk: Any, tells: str, told: list[int]) -> None:
    """4.3, 4.5: a reply to it confirms these, and none that came later."""
    number = desk.land(desk.opening()).ticket
    notices = (desk.notice("amy@acme.example", tells=tells, context={"comments": [], "waits": "x"}),)
    for why, mails in (("private_refused", ()), ("unverified", ()), ("third_party", notices), ("staff", ())):
        comment = NewComment("zoe@x.example", "Zoe", why, state=CommentState.HELD, why_held=why)
        desk.land(desk.commenting(number, comment=comment, notices=mails))
    ids = [row.id for row in desk.rows("SELECT id FROM comments WHERE state = 'held' ORDER BY id")]
    (row,) = desk.rows("SELECT id, context FROM outbox")
    held = desk.ask(serials=frozenset({row.id})).deliveries[row.id].held
    assert [ids.index(id) + 1 for id in held] == told
    assert ("waits" in str(row.context)) is bool(told), "who has nothing to confirm is not told of anything"


@pytest.mark.parametrize(
    ("outcome", "duplicate"),
    [
        (Outcome.TICKET, True),
        (Outcome.AUTO_REPLY, True),
        (Outcome.QUARANTINED, False),
        (Outcome.DUPLICATE, False),
    ],
)
def test_the_same_content_is_a_duplicate_of_what_had_an_effect(
    desk: Any, outcome: Outcome, duplicate: bool
) -> None:
    """2.7; what ended in quarantine had no effect."""
    decision = desk.opening() if outcome is Outcome.TICKET else Decision(outcome, Kind.PERSON, ("x",))
    desk.land(decision, desk.parsed(content_key="same"), id="first")
    assert desk.ask(content_key="same").duplicate_of == ("first" if duplicate else "")
    assert desk.ask(content_key="other").duplicate_of == ""
    assert desk.ask(content_key="").duplicate_of == ""


def test_acknowledgements_of_the_last_hour_are_counted(desk: Any) -> None:
    for minutes in (25 * 60, 70, 50, 10):
        notice = desk.notice(template="acknowledgement")
        desk.land(desk.opening(notices=(notice,)), at=desk.now - timedelta(minutes=minutes))
    desk.land(desk.opening(notices=(desk.notice(),)))
    assert desk.ask(sender="joe@acme.example").acknowledged == 2
    assert desk.ask(sender="joe@acme.example").acknowledged_today == 3
    assert desk.ask(sender="amy@acme.example").acknowledged == 0


def test_a_picture_is_known_again_for_its_sender_only(desk: Any) -> None:
    logo = Attachment("2", "logo.png", "image/png", "image/png", 10, "a" * 64, "b" * 32)
    text = Attachment("3", "note.txt", "text/plain", "text/plain", 10, "c" * 64, "d" * 32)
    for _ in range(2):
        desk.land(desk.opening(), desk.parsed(attachments=(logo, text)))
    hashes = frozenset({"a" * 64, "c" * 64})
    assert desk.ask(sender="joe@acme.example", image_hashes=hashes).repeated_images == {"a" * 64}
    assert desk.ask(sender="amy@acme.example", image_hashes=hashes).repeated_images == frozenset()


def test_one_answer_for_each_question(desk: Any) -> None:
    number = desk.land(
        desk.opening(), desk.parsed(message_id="<one@x>", content_key="same"), id="first"
    ).ticket
    asked = [
        Questions(**ASK | {"tickets": frozenset({number})}),
        Questions(**ASK | {"addresses": frozenset({"a@acme.example"})}),
        Questions(**ASK | {"content_key": "same", "message_ids": ("<one@x>",)}),
    ]
    with desk.store.writing() as conn:
        first, second, third = tickets.facts(conn, asked, desk.now, desk.config)
    assert list(first.tickets) == [number]
    assert (first.people, first.threads, first.duplicate_of) == ({}, (), "")
    assert list(second.people) == ["a@acme.example"]
    assert second.tickets == {}
    assert (list(third.tickets), third.duplicate_of, third.people) == ([number], "first", {})


def test_thousands_of_keys_are_asked_in_parts(desk: Any) -> None:
    addresses = frozenset(f"u{n}@acme.example" for n in range(3000))
    found = desk.ask(addresses=addresses, message_ids=tuple(f"<{n}@x>" for n in range(3000)))
    assert len(found.people) == 3000


def test_nul_and_half_characters_are_no_trouble(desk: Any) -> None:
    desk.land(
        desk.opening(comment=NewComment("joe@acme.example", "J\0oe", "a\0b\ud800c")),
        desk.parsed(subject="x\0y", message_id="<\0\udcff@x>", content_key="k\0"),
    )
    assert desk.rows("SELECT text FROM comments")[0].text == "ab?c"
    assert len(desk.ask(message_ids=("<\0\udcff@x>",)).threads) == 1
    assert desk.ask(content_key="k\0").duplicate_of


def test_what_a_message_taught_is_known_afterwards(desk: Any) -> None:
    learnt = PersonUpdate("joe@acme.example", "Joe Doe", "fr", authenticated=True, dead=True)
    desk.land(desk.opening(people=(learnt,)))
    person = desk.ask(sender="joe@acme.example").people["joe@acme.example"]
    assert (person.name, person.language, person.authenticated_before, person.dead) == (
        "Joe Doe",
        "fr",
        True,
        True,
    )
    desk.land(desk.opening(people=(PersonUpdate("joe@acme.example"),)))
    assert desk.ask(sender="joe@acme.example").people["joe@acme.example"] == person
    desk.land(desk.opening(people=(PersonUpdate("joe@acme.example", dead=False),)))
    assert not desk.ask(sender="joe@acme.example").people["joe@acme.example"].dead


def test_an_agents_name_is_the_people_files(desk: Any) -> None:
    desk.land(desk.opening(people=(PersonUpdate("ana@example.com", "Not Ana", authenticated=True),)))
    person = desk.ask(sender="ana@example.com").people["ana@example.com"]
    assert (person.name, person.authenticated_before) == ("Ana", True)
