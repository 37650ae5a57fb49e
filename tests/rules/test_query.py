"""View by mail and help (3.9): what counts as a question, who is answered, and what stays a mail like any other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rules.conftest import ANA, BOB, CAROL, ELSA, ERIK, LIST, PAT, SAM, STRANGER, World

from mailgate.model import Attachment, Decision, Kind, Outcome, Purpose, Role, Trust, Turn
from mailgate.rules import commands
from mailgate.rules.guide import guide
from mailgate.rules.orders import POWERS
from mailgate.rules.story import APART
from mailgate.rules.trust import allowed

LONG = "word " * 200


def owed(decision: Decision, to: str) -> list[str]:
    return [notice.template for notice in decision.notices if notice.to == to]


QUESTIONS: list[tuple[str, str, str, dict[str, Any], str, list[str]]] = [
    ("one ticket", "[#1 status]", "", {}, "query", ["ticket_view"]),
    ("in French", "[#1 statut]", "", {}, "query", ["ticket_view"]),
    ("in two brackets", "[#1] It is broken [status]", "", {}, "query", ["ticket_view"]),
    ("the own ones", "[status]", "", {}, "query", ["ticket_list"]),
    ("of a status", "[status open]", "", {}, "query", ["ticket_list"]),
    ("no status of ours", "[status banana]", "", {}, "ticket", ["acknowledgement"]),
    ("a closed bracket with words", "[server status] is red", "", {}, "ticket", ["acknowledgement"]),
    ("no bracket", "status", "", {}, "ticket", ["acknowledgement"]),
    ("a courtesy", "[#1 status]", "Hello,\nplease send me the status, thank you!\nBob", {}, "query", ["ticket_view"]),
    ("the question in words", "[#1 status]", "Hi, any news? What is the status of our ticket?", {}, "query", ["ticket_view"]),
    ("in French words", "[#1 statut]", "Bonjour, quel est l’état de ma demande ?", {}, "query", ["ticket_view"]),
    ("words that tell something", "[#1 status]", "I can see it now.", {}, "comment", ["ticket_view"]),
    ("words", "[#1 status]", "Now the printer is dead, too.", {}, "comment", ["ticket_view"]),
    ("many words", "[#1 status]", LONG, {}, "comment", ["ticket_view"]),
    ("a command", "[#1 status]", "Severity: degraded", {}, "comment", ["acknowledgement", "ticket_view"]),
    ("another tag", "[#1 outage status]", "", {}, "comment", ["acknowledgement", "ticket_view"]),
    ("words without a ticket", "[status] Printer", "The printer is dead.", {}, "ticket", ["acknowledgement", "ticket_list"]),
    ("to the address of escalations", "[status] x", "", {"to": ("escalate@example.com",)}, "ticket",
     ["acknowledgement", "escalation", "ticket_list"]),
    ("help as the only line", "", "Help", {}, "query", ["help"]),
    ("help in a reply", "Re: [#1] It is broken", "aide", {}, "query", ["help"]),
    ("help with a command", "", "Help\nSeverity: outage", {}, "ticket", ["acknowledgement"]),
    ("help among words", "", "Help\nthe printer is dead", {}, "ticket", ["acknowledgement"]),
    ("a cry", "Everything is down", "HELP!!!", {}, "ticket", ["acknowledgement"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "text", "more", "outcome", "templates"),
    [q[1:] for q in QUESTIONS],
    ids=[q[0] for q in QUESTIONS],
)
def test_what_is_a_question(
    world: World, subject: str, text: str, more: dict[str, Any], outcome: str, templates: list[str]
) -> None:
    world.ticket(1)
    decision = world.mail(BOB, subject, text, **more)
    assert decision.outcome is not None
    assert decision.outcome.value == outcome
    assert owed(decision, BOB) == templates
    if outcome == "query":
        assert (decision.changes, decision.history, decision.comment, decision.recipients) == (
            (),
            (),
            None,
            (),
        )
        assert [notice.to for notice in decision.notices] == [BOB]


def test_a_file_makes_it_a_comment(world: World, a_file: Any) -> None:
    world.ticket(1)
    files: list[Attachment] = [a_file()]
    assert world.mail(BOB, "[#1 status]", "", files=files).outcome is Outcome.COMMENT
    logo = [a_file("logo.png", "image/png", inline=True)]
    assert world.mail(BOB, "[#1 status]", "", files=logo).outcome is Outcome.QUERY


def test_a_reply_to_a_mail_that_bore_the_tag_asks_nothing(world: World) -> None:  # 3.6
    world.ticket(1)
    answered = world.sent(1, BOB, "ticket_view", tags=("status",))
    decision = world.mail(BOB, "Re: [#1 status]", "", in_reply_to=(answered,))
    assert decision.outcome is Outcome.COMMENT


READERS = [
    ("assignee", BOB, True, "assignee"), ("colleague", CAROL, True, "sender"), ("recipient", PAT, True, "recipient"),
    ("agent", ANA, True, "agent"), ("supervisor", SAM, True, "agent"), ("stranger", STRANGER, False, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "sees", "audience"), [r[1:] for r in READERS], ids=[r[0] for r in READERS]
)
def test_who_is_shown_a_ticket(world: World, reader: str, sees: bool, audience: str) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = world.mail(reader, "[#1 status]", "")
    assert (decision.outcome, decision.ticket) == (Outcome.QUERY, 1 if sees else None)
    (notice,) = decision.notices
    assert notice.template == ("ticket_view" if sees else "problem")
    assert notice.audience == (audience or "sender")
    assert notice.inside is (reader in (ANA, SAM))
    assert (notice.context[APART].get("number") == 1) is sees


@pytest.mark.parametrize("state", ["held", "left", "removed", "dead"])
def test_only_an_active_recipient_is_shown_it(world: World, state: str) -> None:
    world.ticket(1, recipients=[(PAT, state)])
    assert world.mail(PAT, "[#1 status]", "").ticket is None


@pytest.mark.parametrize(
    ("reader", "sees"), [(ANA, False), (SAM, False), (ERIK, True), (ELSA, True), (BOB, True)]
)
def test_eu_support(world: World, reader: str, sees: bool) -> None:  # 5.2
    world.ticket(1, eu_support="AMS01", team="eu")
    decision = world.mail(reader, "[#1 status]", "")
    assert owed(decision, reader) == (["ticket_view"] if sees else ["problem"])
    listed = world.mail(reader, "[status]", "").notices[0].context[APART]
    assert listed["in_eu"] is (reader in (ERIK, ELSA))


SILENT: list[tuple[str, dict[str, Any], str]] = [
    ("not verified", {"auth": False}, "the sender could not be verified"),
    ("a null sender", {"mail_from": "<>"}, "a machine gets no answer"),
    ("an alert", {"headers": [("auto-submitted", "auto-generated")]}, "a machine gets no answer"),
    ("a list", {"headers": [("list-id", "<x.example>")]}, "a machine gets no answer"),
]


@pytest.mark.parametrize(("mail", "why"), [s[1:] for s in SILENT], ids=[s[0] for s in SILENT])
@pytest.mark.parametrize("subject", ["[#1 status]", "[#99 status]", "[status]"])
def test_who_is_not_answered(world: World, subject: str, mail: dict[str, Any], why: str) -> None:
    world.ticket(1)
    decision = world.mail(BOB, subject, "", **mail)
    assert (decision.outcome, decision.notices) == (Outcome.QUERY, ())
    assert why in decision.reasons[-1]


def test_the_limit_on_answers_counts(world: World) -> None:  # 8.3
    world.ticket(1)
    world.facts_more = {"acknowledged": world.config.gateway.ack_limit}
    decision = world.mail(BOB, "[#1 status]", "")
    assert (decision.outcome, decision.notices) == (Outcome.QUERY, ())
    assert "ack_limit is used up" in decision.reasons[-1]


def test_a_proof_is_enough_for_customers_and_never_for_staff(world: World) -> None:  # 4.3
    world.person(BOB, authenticated_before=False)
    world.ticket(1)
    shown = world.mail(BOB, "[#1 status]", "", auth=False, rcpt=[world.token(1, BOB)])
    assert (shown.trust, owed(shown, BOB)) == (Trust.PROOF, ["ticket_view"])
    forged = world.mail(ANA, "[#1 status]", "", auth=False, rcpt=[world.token(1, "support", Purpose.TEAM)])
    assert owed(forged, ANA) == []


def test_the_language_is_that_of_the_tag_where_nothing_else_is_known(world: World) -> None:
    world.person(BOB, language="")
    world.ticket(1)
    languages = [
        world.mail(BOB, s, t).notices[0].language
        for s, t in (("[statut]", ""), ("[status]", ""), ("", "Aide"))
    ]
    assert languages == ["fr", "en", "fr"]
    assert world.mail("fay@fr.example", "[status]", "").notices[0].language == "fr"


def test_an_agent_outside_the_eu_learns_nothing_of_a_ticket_that_he_comments_on(world: World) -> None:
    world.ticket(1, eu_support="AMS01", team="eu", title="secret title")
    decision = world.mail(ANA, "[#1 status]", "Any news here? We wonder.")
    mine = [notice for notice in decision.notices if notice.to == ANA]
    assert [notice.template for notice in mine] == ["problem"]
    assert APART in mine[0].context, "the store adds no ticket to it"


def test_nobody_else_hears_of_a_question(world: World) -> None:
    world.ticket(1, recipients=[(PAT, "active")], escalation_level=3)
    for subject in ("[#1 status]", "[status]", "[help]"):
        assert {n.to for n in world.mail(BOB, subject, "").notices} == {BOB}
        assert LIST not in {n.to for n in world.mail(BOB, subject, "").notices}


ROLES = [r for r in Role if r is not Role.STRANGER]


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize("trust", [Trust.PROOF, Trust.AUTHENTICATED])
@pytest.mark.parametrize("role", ROLES)
def test_help_promises_what_the_powers_give(world: World, role: Role, trust: Trust, language: str) -> None:
    told = guide(role, trust, language, world.config)
    keys = []
    for row in told["commands"]:
        (line,) = commands.read(row["line"] + "\n\nx").lines
        assert line.value
        keys.append(line.key)
    assert set(keys) == {key for key in commands.KEYS if allowed(POWERS[key], trust, role)}


def test_the_lines_of_help_are_done(world: World) -> None:
    """Each example, as an agent may write it: none is refused for its form."""
    for language in ("en", "fr"):
        for row in guide(Role.SUPERVISOR, Trust.AUTHENTICATED, language, world.config)["commands"]:
            world.ticket(
                1,
                devices=("web2",),
                recipients=[("eve@example.com", "active")],
                assignee="kim@new.example",
                account="",
            )
            decision = world.mail(SAM, "[#1] x", row["line"] + "\n\nText.")
            states = {c.key: (c.state, c.why) for c in decision.commands}
            assert all(state == "done" for state, _ in states.values()), (row, states)


def test_a_refused_line_says_what_is_needed(world: World) -> None:  # 3.8
    lines = {
        "Severity: banana": "outage, degraded or question is needed",
        "Status: banana": "open, pending, resolved or closed is needed",
        "Status: closed": "the customer side may say resolved or open",
        "Notify: perhaps": "on or off is needed",
        "Assign: nobody": "an e-mail address is needed",
        "Assign: pat@other.example": "the assignee must belong to the same account",
        "Category: banana": "one of these is needed: general, billing, data centre",
        "Device: -web9": "web9 is not a device of this ticket",
        "Recipient: bob at acme": "bob at acme is no e-mail address",
        "Escalate: no": "the reason is needed; without the line nothing is escalated",
        "Private: yes": "not allowed for this sender",
        "EU-Support: " + "x" * 60: "a data centre is needed (40 characters at most), or none",
    }
    for line, why in lines.items():
        world.ticket(1)
        result = world.mail(BOB, "[#1] x", line + "\n\nText.").commands[0]
        assert (result.state, result.why, result.line) == ("refused", why, line)
    misspelt = world.mail(BOB, "[#1] x", "Device: web1\nSeverty: outage\n\nText.").commands[1]
    assert (misspelt.state, misspelt.why) == ("unknown", "no such command; perhaps Severity is meant")


def test_values_as_mail_programs_write_them(world: World) -> None:
    world.ticket(1)
    text = (
        "- *Gravité\u00a0:* « haute »\n• Affecter : carol@acme.example<mailto:carol@acme.example>\n"
        'Équipement : "web1";web2,\n  web3.\nDestinataires : <pat@other.example>.\n\nBonjour'
    )
    decision = world.mail(BOB, "[#1] x", text)
    assert [c.state for c in decision.commands] == ["done"] * 4
    assert decision.devices == ("web1", "web2", "web3")
    assert decision.after is not None
    assert (decision.after.assignee.address, decision.after.severity.word) == (CAROL, "outage")
    assert [r.address for r in decision.recipients] == [PAT]
    assert decision.comment is not None
    assert decision.comment.text == "Bonjour"


def test_the_kind_of_a_query_is_that_of_its_mail(world: World) -> None:
    assert world.mail(BOB, "[status]", "").kind is Kind.PERSON


def test_who_gives_a_ticket_to_the_eu_and_asks_for_it_is_not_shown_it(world: World) -> None:
    """5.2: the answer shows the ticket as it is after the mail."""
    world.ticket(1)
    decision = world.mail(ANA, "[#1 status] x", "EU-Support: AMS01\n\nIt is theirs.")
    assert decision.after is not None
    assert decision.after.eu_support == "AMS01"
    assert ANA not in [notice.to for notice in decision.notices]


def test_a_loop_that_was_stopped_gets_no_answer_to_its_question(world: World) -> None:
    """8.3: its mail is in quarantine, and nobody is mailed of it."""
    world.ticket(1)
    said: dict[str, Any] = {"subject": "[#1 status] x", "text": "I am away.", "skeleton": "i am away"}
    assert [n.template for n in world.mail(BOB, **said).notices if n.to == BOB] == ["ticket_view"]
    at = [world.now - timedelta(minutes=m) for m in (30, 20, 10)]
    signs = ("", "alike", "alike")
    world.facts_more = {
        "turns": {1: tuple(Turn(when, BOB, "i am away", sign) for when, sign in zip(at, signs, strict=True))},
        "mailed": {1: world.now - timedelta(minutes=5)},
    }
    stopped = world.mail(BOB, **said)
    assert (stopped.outcome, stopped.turn, stopped.notices) == (Outcome.QUARANTINED, "stopped", ())
