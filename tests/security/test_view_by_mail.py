"""View by mail (3.9), on the whole path: who is shown what, and that nothing leaks to those who may not see it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from security.desk import ANA, BOB, CAROL, EVE, PAT, PEOPLE, SAM, TEAM, Desk, Sent

from mailgate import people_file
from mailgate.model import Outcome
from mailgate.store import people
from mailgate.store.answering import COMMENTS, TICKETS

pytestmark = pytest.mark.slow

SECRET, HELD, EARLY = "the supplier is broke", "words of a forger", "the early words"


def asked(desk: Desk, sender: str, subject: str, body: str = "", **more: Any) -> tuple[Any, list[Sent]]:
    """The row of the ledger, and what the sender got for his mail."""
    desk.deliver()
    row = desk.write(sender, subject, body, **{"believed": True, **more})
    return row, [sent for sent in desk.deliver() if sent.to == sender]


def a_ticket(desk: Desk) -> int:
    """Bob's ticket: early words, an internal note, a held comment, then Pat joins and Ana answers."""
    number, _ = desk.opened(body=f"{EARLY}\n")
    desk.write(ANA, f"[#{number}] It is broken", f"Private: yes\n\n{SECRET}\n", believed=True)
    desk.write(BOB, f"[#{number}] It is broken", f"{HELD}\n")
    desk.now += timedelta(minutes=5)
    desk.write(BOB, f"[#{number}] It is broken", f"Recipient: {PAT}\n", believed=True)
    desk.now += timedelta(minutes=5)
    desk.write(ANA, f"[#{number}] It is broken", "We are on it.\n", believed=True)
    desk.deliver()
    return number


READERS = [
    ("the assignee", BOB, (EARLY, "We are on it."), (SECRET, HELD, "Internal note")),
    ("a colleague", CAROL, (EARLY, "We are on it."), (SECRET, HELD, "Internal note")),
    ("a recipient who joined later", PAT, ("We are on it.",), (EARLY, SECRET, HELD, "Internal note", "Ticket opened")),
    ("an agent", ANA, (EARLY, "We are on it.", SECRET, HELD, "Internal note"), ()),
    ("a supervisor", SAM, (EARLY, "We are on it.", SECRET, HELD), ()),
]  # fmt: skip


@pytest.mark.parametrize(("reader", "shown", "hidden"), [r[1:] for r in READERS], ids=[r[0] for r in READERS])
def test_a_ticket_is_shown_to_each_as_far_as_he_may_see_it(
    desk: Desk, reader: str, shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    number = a_ticket(desk)
    before = desk.ticket(number)
    row, got = asked(desk, reader, f"[#{number} status]")
    assert (row.outcome, row.ticket_id) == (Outcome.QUERY, number)
    assert len(got) == 1
    assert got[0].header("Subject").startswith(f"[#{number}] ")
    assert [words for words in shown if words not in got[0].part("plain")] == []
    assert [words for words in shown if words not in got[0].part("html")] == []
    assert [words for words in hidden if words in got[0].words] == []
    assert desk.ticket(number) == before, "a query changes nothing"


def test_a_stranger_gets_the_same_answer_for_every_number(desk: Desk) -> None:
    number = a_ticket(desk)
    answers = []
    for asked_for in (number, 4711):
        row, (sent,) = asked(desk, EVE, f"[#{asked_for} status]")
        assert (row.outcome, row.ticket_id) == (Outcome.QUERY, None)
        assert f"There is no ticket #{asked_for} that you can see." in sent.part("plain")
        for words in (EARLY, SECRET, HELD, BOB, "It is broken"):
            assert words not in sent.words
        said = "\n".join((*row.reasons, sent.header("Subject"), sent.part("plain"), sent.part("html")))
        answers.append(re.sub(rf"#{asked_for}\b", "#N", said))
    assert answers[0] == answers[1]


def test_who_could_not_be_verified_is_not_answered(desk: Desk) -> None:
    number = a_ticket(desk)
    for subject in (f"[#{number} status]", "[status]", "[help]"):
        row, got = asked(desk, BOB, subject, believed=False)
        assert (row.outcome, got) == (Outcome.QUERY, []), subject
        assert row.reasons[-1] == "not answered: the sender could not be verified (3.9)"


def test_staff_in_a_forged_mail_are_not_answered(desk: Desk) -> None:
    number = a_ticket(desk)
    _, got = asked(desk, ANA, f"[#{number} status]", believed=False)
    assert got == []
    assert desk.rows("outbox")[-1].template != "ticket_view"


def test_who_left_or_was_removed_sees_nothing_any_more(desk: Desk) -> None:
    number = a_ticket(desk)
    desk.write(BOB, f"[#{number}] It is broken", f"Recipient: -{PAT}\n", believed=True)
    row, got = asked(desk, PAT, f"[#{number} status]")
    assert row.ticket_id is None
    assert "We are on it." not in got[0].words


def test_a_recipient_from_outside_sees_no_address_of_others(desk: Desk) -> None:
    number = a_ticket(desk)
    desk.write(CAROL, f"[#{number}] It is broken", "A colleague's words.\n", believed=True)
    desk.write(BOB, f"[#{number}] It is broken", f"Recipient: {EVE}\n", believed=True)
    desk.write(BOB, f"[#{number}] It is broken", f"Recipient: -{EVE}\n", believed=True)
    _, got = asked(desk, PAT, f"[#{number} status]")
    assert "A colleague's words." in got[0].words
    for address in (CAROL, EVE, ANA):
        assert address not in got[0].words


ELSA = "elsa@example.com"
EU_PEOPLE: dict[str, Any] = {
    "teams": [*PEOPLE["teams"], {"name": "eu", "address": "eu@example.com", "categories": ["general"], "region": "eu"}],
    "agents": [*PEOPLE["agents"], {"address": ELSA, "name": "Elsa Berg", "teams": ["eu"]}],
    "accounts": PEOPLE["accounts"],
}  # fmt: skip


def test_a_ticket_with_eu_support_is_shown_to_no_staff_outside_the_eu(desk: Desk) -> None:
    with desk.store.writing() as conn:
        people.sync(conn, people_file.check(EU_PEOPLE, "people.toml"), desk.config.people.free_mail)
    number, _ = desk.opened(body="EU-Support: AMS01\n\neuropean words\n")
    for reader, sees in ((ANA, False), (SAM, False), (ELSA, True), (BOB, True)):
        _, (view,) = asked(desk, reader, f"[#{number} status]")
        _, (listed,) = asked(desk, reader, "[status]")
        assert ("european words" in view.words) is sees, reader
        assert ("It is broken" in listed.words) is sees, reader


def test_the_list_is_the_senders_own_in_the_order_of_work(desk: Desk) -> None:
    titles = ("third question", "[outage] first", "[degraded] second", "closed one", "fourth")
    numbers = {
        title.rpartition("] ")[2]: desk.number_of(desk.write(BOB, title, "x\n", believed=True))
        for title in titles
    }
    desk.write(CAROL, "of a colleague", "x\n", believed=True)
    desk.write(CAROL, "with a copy", "x\n", believed=True, cc=(BOB,))
    desk.write(ANA, f"[#{numbers['closed one']}] x", "Status: closed\n", believed=True)
    row, got = asked(desk, BOB, "[status]")
    assert (row.outcome, row.ticket_id, got[0].header("Subject")) == (Outcome.QUERY, None, "Your tickets")
    plain = got[0].part("plain")
    order = [plain.index(words) for words in ("first", "second", "third question", "fourth", "with a copy")]
    assert order == sorted(order)
    assert "of a colleague" not in plain
    assert "closed one" not in plain
    assert "1 closed ticket is not listed" in plain


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("[status new]", {"new one"}),
        ("[statut nouveau]", {"new one"}),
        ("[status closed]", {"closed one"}),
        ("[statut fermé]", {"closed one"}),
        ("[status all]", {"new one", "closed one", "open one"}),
        ("[statut tous]", {"new one", "closed one", "open one"}),
        ("[status]", {"new one", "open one"}),
        ("[status pending]", set()),
    ],
)
def test_the_list_of_one_status(desk: Desk, subject: str, shown: set[str]) -> None:
    numbers = {
        t: desk.number_of(desk.write(BOB, t, "x\n", believed=True))
        for t in ("new one", "open one", "closed one")
    }
    desk.write(ANA, f"[#{numbers['open one']}] x", "Status: open\n", believed=True)
    desk.write(ANA, f"[#{numbers['closed one']}] x", "Status: closed\n", believed=True)
    _, got = asked(desk, BOB, subject)
    assert {title for title in numbers if title in got[0].part("plain")} == shown
    assert ("Vos tickets" in got[0].words) is ("statut" in subject)


def test_an_agent_sees_the_tickets_of_his_teams(desk: Desk) -> None:
    desk.write(BOB, "of the team", "x\n", believed=True)
    _, got = asked(desk, ANA, "[status new]")
    assert "of the team" in got[0].part("plain")


def test_a_question_with_words_of_its_own_is_a_comment_and_answered(desk: Desk) -> None:
    number, _ = desk.opened()
    desk.write(ANA, f"[#{number}] It is broken", "Status: pending\n\nTry again.\n", believed=True)
    row, got = asked(desk, BOB, f"[#{number} status]", "It still does not print.\n")
    assert (row.outcome, row.ticket_id) == (Outcome.COMMENT, number)
    assert [sent for sent in got if "as you asked" in sent.part("plain")] != []
    assert desk.ticket(number)["status"] == "open"
    assert desk.ticket(number)["comments"][-1]["text"].strip() == "It still does not print."


def test_a_question_with_words_and_no_ticket_opens_one(desk: Desk) -> None:
    row, got = asked(desk, BOB, "[status] Printer", "The printer on floor 3 is broken.\n")
    assert row.outcome is not None
    assert row.outcome == Outcome.TICKET
    assert sorted(sent.header("Subject") for sent in got) == ["Your tickets", f"[#{row.ticket_id}] Printer"]


@pytest.mark.parametrize(
    "body", ["", "Status please", "Bonjour, merci !", "Hi team,\n\nthanks\nBob", "\n-- \nBob\nAcme"]
)
def test_courtesies_are_no_comment(desk: Desk, body: str) -> None:
    number, _ = desk.opened()
    desk.write(ANA, f"[#{number}] It is broken", "Status: resolved\n", believed=True)
    row, got = asked(desk, BOB, f"[#{number} status]", body)
    assert (row.outcome, len(got)) == (Outcome.QUERY, 1)
    assert desk.ticket(number)["status"] == "resolved", "nothing is reopened"


def test_the_mail_that_asks_becomes_part_of_no_ticket(desk: Desk) -> None:
    """Or whoever stands in its Cc could write to the ticket (2.4)."""
    number, _ = desk.opened()
    asked(desk, BOB, f"[#{number} status]", cc=(EVE,), message_id="<ask@client.example>")
    row = desk.write(EVE, "Re: status", "x\n", believed=True, headers={"In-Reply-To": "<ask@client.example>"})
    assert row.ticket_id != number


def test_answers_count_against_the_limit(desk: Desk) -> None:
    number, _ = desk.opened()
    got = [asked(desk, BOB, f"[#{number} status]")[1] for _ in range(7)]
    assert [len(sent) for sent in got] == [1, 1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    "headers",
    [{"Auto-Submitted": "auto-generated"}, {"Precedence": "bulk"}, {"List-Id": "<l.acme.example>"}],
    ids=str,
)
def test_machines_get_no_answer(desk: Desk, headers: dict[str, str]) -> None:
    number, _ = desk.opened()
    _, got = asked(desk, BOB, f"[#{number} status]", headers=headers)
    assert got == []


def test_the_reply_to_a_view_is_a_comment(desk: Desk) -> None:
    number, _ = desk.opened()
    _, (view,) = asked(desk, BOB, f"[#{number} status]")
    headers = {"In-Reply-To": view.header("Message-ID")}
    row = desk.write(
        BOB, "Re: " + view.header("Subject"), "Thank you!\n", to=(view.header("Reply-To"),), headers=headers
    )
    assert (row.outcome, row.ticket_id) == (Outcome.COMMENT, number)


def test_an_agents_reply_to_a_view_with_a_note_stays_inside(desk: Desk) -> None:
    number = a_ticket(desk)
    _, (view,) = asked(desk, ANA, f"[#{number} status]")
    assert "stays inside the team" in view.part("plain")
    headers = {"In-Reply-To": view.header("Message-ID")}
    desk.write(
        ANA,
        "Re: " + view.header("Subject"),
        "He lies.\n",
        to=(view.header("Reply-To"),),
        headers=headers,
        believed=True,
    )
    assert desk.ticket(number)["comments"][-1]["state"] == "private"


def test_a_proof_is_enough_for_a_customer(desk: Desk) -> None:
    number, acknowledged = desk.opened("kim@new.example")
    desk.now += timedelta(days=1)
    to = (acknowledged.header("Reply-To"),)
    row, got = asked(desk, "kim@new.example", f"[#{number} status]", to=to, believed=True)
    assert (row.outcome, len(got)) == (Outcome.QUERY, 1)


def test_a_ticket_with_thousands_of_words_makes_a_bounded_mail(desk: Desk) -> None:
    number, _ = desk.opened(body=EARLY + "\n" + "first " * 3000)
    for n in range(COMMENTS + 10):
        desk.write(CAROL, f"[#{number}] It is broken", f"comment {n} " + "word " * 1000 + "\n", believed=True)
    _, (view,) = asked(desk, BOB, f"[#{number} status]")
    plain = view.part("plain")
    assert EARLY in plain
    assert f"comment {COMMENTS + 9} " in plain
    assert "comments in between are not shown here" in plain
    assert len(view.raw) < 200_000


def test_a_list_of_many_tickets_is_bounded(desk: Desk) -> None:
    for n in range(TICKETS + 3):
        desk.write(BOB, f"title {n} " + "x" * 180, "x\n", believed=True)
    desk.now += timedelta(hours=2)
    _, (sent,) = asked(desk, BOB, "[status]")
    assert sent.part("plain").count("title ") == TICKETS
    assert f"You have {TICKETS + 3} tickets" in sent.part("plain")
    assert f"The first {TICKETS} are listed" in sent.part("plain")


HELP = [
    ("the only line", "", "Help"),
    ("with a colon", "", "Help:"),
    ("in French", "", "Aide :"),
    ("in French, with a full stop", "Aide", "aide."),
    ("the subject", "Help", ""),
    ("a tag", "[help]", ""),
    ("a French tag", "[aide]", "Merci !"),
    ("with a colon behind a subject", "My tickets", "Help:"),
]


@pytest.mark.parametrize(("subject", "body"), [h[1:] for h in HELP], ids=[h[0] for h in HELP])
def test_help_is_answered_and_is_no_ticket(desk: Desk, subject: str, body: str) -> None:
    row, got = asked(desk, BOB, subject, body)
    assert (row.outcome, row.ticket_id, len(got)) == (Outcome.QUERY, None, 1)
    french = "aide" in (subject + body).lower()
    line, title = ("Gravité : panne", "Ce que vous") if french else ("Severity: outage", "What you can")
    assert line in got[0].part("plain")
    assert line in got[0].part("html")
    assert got[0].header("Subject").startswith(title)
    assert "Private" not in got[0].words
    assert "Privé" not in got[0].words


CRIES = [
    ("a cry", "Everything is down", "Help!"),
    ("without its mark", "Everything is down", "Help"),
    ("a sentence", "", "Help me with the printer"),
    ("a tag with words", "[HELP] Everything is down", "Nothing works."),
]


@pytest.mark.parametrize(("subject", "body"), [c[1:] for c in CRIES], ids=[c[0] for c in CRIES])
def test_a_cry_for_help_is_a_ticket(desk: Desk, subject: str, body: str) -> None:
    row, _ = asked(desk, BOB, subject, body)
    assert row.outcome == Outcome.TICKET
    assert "HELP" not in subject or "[HELP]" in desk.ticket(row.ticket_id)["title"]


def test_help_of_a_stranger_is_a_ticket_and_answers_nothing(desk: Desk) -> None:
    row, got = asked(desk, EVE, "", "Help:", believed=False)
    assert (row.outcome, got) == (Outcome.TICKET, [])


def test_help_on_a_ticket_changes_nothing_and_says_what_an_agent_may_do(desk: Desk) -> None:
    number, _ = desk.opened()
    desk.write(ANA, f"[#{number}] x", "Status: resolved\n", believed=True)
    before = desk.ticket(number)
    for reader, words in (
        (BOB, "Status: resolved"),
        (ANA, "Private: yes"),
        (SAM, "Escalate: 2 nobody can work"),
    ):
        row, (sent,) = asked(desk, reader, f"Re: [#{number}] It is broken", "Help\n")
        assert row.outcome == Outcome.QUERY
        assert words in sent.part("plain")
    assert desk.ticket(number) == before


def test_the_team_is_told_of_no_question(desk: Desk) -> None:
    number, _ = desk.opened()
    desk.deliver()
    for subject in (f"[#{number} status]", "[status]", "[help]"):
        desk.write(BOB, subject, "", believed=True)
    assert [sent.to for sent in desk.deliver() if sent.to == TEAM] == []


def test_a_change_is_told_in_words_to_everybody_else(desk: Desk) -> None:
    """3.7, 6.1: assignee, severity, status, devices, recipients."""
    number, _ = desk.opened(body=f"Recipient: {PAT}\n\nPlease help.\n")
    desk.deliver()
    words = f"Severity: degraded\nDevice: web1, web2\nRecipient: {EVE}\nStatus: resolved\nAssign: {CAROL}\n"
    desk.write(BOB, f"[#{number}] It is broken", words, believed=True)
    update = next(sent for sent in desk.deliver() if sent.to == PAT)
    assert update.header("Subject").startswith(f"[#{number}]")
    for sentence in (
        "Severity changed from question to degraded by",
        "Device web1 added by",
        "Device web2 added by",
        f"{EVE} now receives updates, named by",
        "Status changed from new to resolved by",
        f"Assignee changed from Acme to {CAROL} by",
    ):
        assert sentence in " ".join(update.part("plain").split()), sentence
    desk.write(CAROL, f"[#{number}] It is broken", "Device: -web1\n", believed=True)
    update = next(sent for sent in desk.deliver() if sent.to == PAT)
    assert "Device web1 removed by" in update.part("plain")


def test_who_reopens_a_ticket_is_told(desk: Desk) -> None:  # 2.6
    number, _ = desk.opened()
    desk.write(ANA, f"[#{number}] x", "Status: resolved\n", believed=True)
    row, (told,) = asked(desk, BOB, f"[#{number}] It is broken", "It is broken again.\n")
    assert row.ticket_id == number
    assert "Status changed from resolved to open by" in told.part("plain")


def test_who_writes_too_late_is_told_why_it_is_a_new_ticket(desk: Desk) -> None:  # 2.6
    number, _ = desk.opened()
    desk.write(ANA, f"[#{number}] x", "Status: closed\n", believed=True)
    desk.now += timedelta(days=desk.config.gateway.reopen_days + 1)
    row, (told,) = asked(desk, BOB, f"[#{number}] It is broken", "It is broken again.\n")
    assert row.ticket_id not in (None, number)
    assert f"Follows #{number}, which was closed too long ago to be reopened" in told.part("plain")
