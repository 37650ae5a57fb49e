"""A mail that opens a ticket (sections 3 to 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailgate.model import (
    Attachment,
    AttachmentState,
    AuthResult,
    CommentState,
    Decision,
    Kind,
    Outcome,
    RecipientState,
    Severity,
    Trust,
)

BOB, CAROL, PAT, NEW = "bob@acme.example", "carol@acme.example", "pat@other.example", "new@acme.example"
FAY, UMA = "fay@fr.example", "uma@eu.example"
ANA, SAM, TEAM, EU_TEAM, SUPPORT = (
    "ana@example.com",
    "sam@example.com",
    "team@example.com",
    "eu@example.com",
    "support@example.com",
)
Codes = Callable[[Decision], list[str]]
Told = Callable[[Decision], dict[str, list[str]]]

TITLES = [
    ("Re: [#9] Printer", "text", "Printer"),
    ("[outage] Printer", "text", "Printer"),
    ("[JIRA-3] Printer", "text", "[JIRA-3] Printer"),
    ("RE: Fwd: Printer", "text", "Printer"),
    ("", "\n  The first   line\nsecond", "The first line"),
    ("Re: [escalate]", "It burns", "It burns"),
    ("", "Severity: outage\n\nIt burns", "It burns"),
]


@pytest.mark.parametrize(("subject", "text", "title"), TITLES)
def test_3_1_titles(world: Any, subject: str, text: str, title: str) -> None:
    assert world.mail(subject=subject, text=text).title == title


def test_5_3_the_team_and_the_sender_are_told(world: Any, told: Told) -> None:
    decision = world.mail()
    assert decision.outcome is Outcome.TICKET
    assert told(decision) == {BOB: ["acknowledgement"], TEAM: ["new_ticket"]}
    team = next(n for n in decision.notices if n.to == TEAM)
    assert team.inside
    assert team.context["sender"]["trust"] == "authenticated"


def test_5_3_the_acknowledgement_says_what_was_understood(
    world: Any, a_file: Callable[..., Attachment]
) -> None:
    text = "Severity: outage\nDevice: web1\nFoo: bar\n\nDown."
    decision = world.mail(text=text, files=[a_file("1"), a_file("2"), a_file("3")], cc=[PAT, SUPPORT])
    notice = next(n for n in decision.notices if n.template == "acknowledgement")
    understood = notice.context["understood"]
    assert understood["files_kept"] == ["1", "2"]
    assert understood["files_left_out"] == ["3"]
    assert understood["recipients"] == [PAT]
    assert understood["devices"] == ["web1"]
    assert understood["done"] == [{"key": "Severity", "value": "outage"}, {"key": "Device", "value": "web1"}]
    assert understood["refused"] == [{"line": "Foo: bar", "why": "no such command"}]
    assert notice.context["is_new"] is True
    assert notice.answers == "<m@client.example>"
    assert decision.comment.text == "Foo: bar\n\nDown."


ROUTING = [
    ("default", {}, "general", Severity.QUESTION),
    ("the address", {"rcpt": ["billing@example.com"]}, "billing", Severity.QUESTION),
    (
        "a tag over the address",
        {"rcpt": ["billing@example.com"], "subject": "[data centre] x"},
        "data centre",
        Severity.QUESTION,
    ),
    (
        "a command over the tag",
        {"subject": "[billing] x", "text": "Category: general\nx"},
        "general",
        Severity.QUESTION,
    ),
    ("severity by tag", {"subject": "[panne] x"}, "general", Severity.OUTAGE),
    (
        "severity by command",
        {"subject": "[panne] x", "text": "Severity: degraded\nx"},
        "general",
        Severity.DEGRADED,
    ),
]


@pytest.mark.parametrize(
    ("mail", "category", "severity"), [r[1:] for r in ROUTING], ids=[r[0] for r in ROUTING]
)
def test_5_1_category_and_severity(
    world: Any, mail: dict[str, Any], category: str, severity: Severity
) -> None:
    decision = world.mail(**mail)
    assert (decision.new_ticket.category, decision.new_ticket.severity) == (category, severity)


def test_5_2_eu_support_of_the_account(world: Any, told: Told) -> None:
    decision = world.mail(UMA)
    assert (decision.new_ticket.team, decision.new_ticket.eu_support) == ("eu", "AMS01")
    assert told(decision) == {UMA: ["acknowledgement"], EU_TEAM: ["new_ticket"]}


def test_5_2_no_team_in_the_eu_no_team_is_told(world: Any, told: Told, codes: Codes) -> None:
    world.teams = world.teams[:1]
    decision = world.mail(UMA)
    assert told(decision) == {UMA: ["acknowledgement"]}
    assert "no_team" in codes(decision)


def test_5_2_eu_support_by_command(world: Any) -> None:
    assert world.mail(text="EU-Support: AMS01\nx").new_ticket.team == "eu"
    assert world.mail(UMA, text="Support-UE: aucun\nx").new_ticket.team == "support"


def test_6_2_a_french_account_gets_french_mails(world: Any) -> None:
    decision = world.mail(FAY)
    assert decision.new_ticket.language == "fr"
    assert {n.template: n.language for n in decision.notices} == {"acknowledgement": "fr", "new_ticket": "fr"}


LANGUAGES = [
    ("own", "en", "fr", FAY, "en"),
    ("the mail", "", "en", FAY, "en"),
    ("unsure", "", "", FAY, "fr"),
    ("one of ours", "", "de", FAY, "de"),
    ("not ours", "", "pl", BOB, "en"),
]


@pytest.mark.parametrize(
    ("own", "mail", "sender", "expected"), [x[1:] for x in LANGUAGES], ids=[x[0] for x in LANGUAGES]
)
def test_6_2_the_order_of_languages(world: Any, own: str, mail: str, sender: str, expected: str) -> None:
    world.person(sender, language=own)
    decision = world.mail(sender, language=mail)
    assert next(n.language for n in decision.notices if n.template == "acknowledgement") == expected


def test_6_2_the_teams_own_language(world: Any) -> None:
    from dataclasses import replace

    world.teams = (replace(world.teams[0], language="en"), *world.teams[1:])
    assert next(n.language for n in world.mail(FAY).notices if n.to == TEAM) == "en"


def test_3_5_cc_become_recipients(world: Any, codes: Codes, told: Told) -> None:
    others = [f"p{n}@o.example" for n in range(6)]
    decision = world.mail(to=[SUPPORT, others[0]], cc=others[1:])
    assert [r.state for r in decision.recipients] == [RecipientState.ACTIVE] * 5 + [RecipientState.LEFT_OUT]
    assert codes(decision).count("recipient_added") == 5
    assert codes(decision).count("recipient_left_out") == 1
    assert set(told(decision)) == {BOB, TEAM}  # what stands in their own mailbox is not sent again


def test_3_5_an_unverified_sender_names_held_ones(world: Any) -> None:
    decision = world.mail(auth=False, cc=[PAT])
    assert [(r.address, r.state) for r in decision.recipients] == [(PAT, RecipientState.HELD)]


@pytest.mark.parametrize(("mode", "notice_only"), [("no", None), ("notice", True), ("yes", False)])
def test_4_4_strangers(world: Any, told: Told, mode: str, notice_only: bool | None) -> None:
    world.configure(trust={"acknowledge_unverified": mode})
    decision = world.mail(NEW, auth=False, text="Unwanted words")
    assert decision.trust is Trust.UNVERIFIED
    assert set(told(decision)) == ({TEAM} if notice_only is None else {NEW, TEAM})
    for notice in decision.notices:
        if notice.to == NEW:
            assert notice.context["notice_only"] is notice_only
            assert ("Unwanted" not in repr(notice.context)) is notice_only


@pytest.mark.parametrize(("today", "expected"), [(0, {NEW, TEAM}), (1, {TEAM})])
def test_4_4_one_notice_a_day(world: Any, told: Told, today: int, expected: set[str]) -> None:
    world.configure(trust={"acknowledge_unverified": "notice"})
    world.facts_more = {"acknowledged_today": today}
    assert set(told(world.mail(NEW, auth=False))) == expected


def test_4_3_unverified_commands_change_nothing_and_stay(world: Any) -> None:
    decision = world.mail(auth=False, text="Status: closed\nEscalate: now\n\nHelp")
    assert [c.state for c in decision.commands] == ["refused", "refused"]
    assert decision.escalation is None
    assert decision.comment.text == "Status: closed\nEscalate: now\n\nHelp"


ASSIGN = [
    ("a colleague", BOB, CAROL, CAROL, "done"),
    ("another account", BOB, PAT, BOB, "refused"),
    ("an agent's address", BOB, ANA, BOB, "refused"),
    ("no address", BOB, "Carol", BOB, "refused"),
    ("nobody's account is not shared", PAT, "new@other.example", PAT, "refused"),
    ("with a name", BOB, f"Carol <{CAROL}>", CAROL, "done"),
]


@pytest.mark.parametrize(
    ("sender", "value", "assignee", "state"), [a[1:] for a in ASSIGN], ids=[a[0] for a in ASSIGN]
)
def test_3_7_assign(world: Any, told: Told, sender: str, value: str, assignee: str, state: str) -> None:
    decision = world.mail(sender, text=f"Assign: {value}\n\nx")
    assert decision.new_ticket.assignee == assignee
    assert decision.commands[0].state == state
    if assignee != sender:
        assert told(decision)[assignee] == ["update"]  # told at once
        assert next(n.urgent for n in decision.notices if n.to == assignee)


def test_5_4_an_agent_opens_for_a_customer(world: Any, told: Told) -> None:
    decision = world.mail(ANA, text=f"Assign: {FAY}\n\nShe called.")
    assert (decision.new_ticket.assignee, decision.new_ticket.account) == (FAY, "Bleu")
    assert decision.new_ticket.language == "fr"
    assert told(decision)[FAY] == ["update"]
    assert told(decision)[ANA] == ["acknowledgement"]


def test_5_4_without_a_name_the_agent_is_asked(world: Any) -> None:
    decision = world.mail(ANA)
    problems = [p["code"] for n in decision.notices if n.to == ANA for p in n.context.get("problems", ())]
    assert problems == ["name_customer"]
    assert decision.new_ticket.assignee == ANA


ESCALATION = [
    ("tag", {"subject": "[escalate] x"}, 1),
    ("French tag", {"subject": "[escalade] x"}, 1),
    ("command", {"text": "Escalate: it burns\nx"}, 1),
    ("address", {"rcpt": ["escalate@example.com"]}, 1),
    (
        "all of them are one request",
        {"rcpt": ["escalate@example.com"], "subject": "[escalate] x", "text": "Escalate: it burns\nx"},
        1,
    ),
    ("a supervisor", {"from_": SAM, "text": "Escalate: it burns\nx"}, 3),
    ("a supervisor names the level", {"from_": SAM, "text": "Escalate: 2 it burns\nx"}, 2),
    ("unverified", {"auth": False, "subject": "[escalate] x"}, None),
]


@pytest.mark.parametrize(("mail", "level"), [e[1:] for e in ESCALATION], ids=[e[0] for e in ESCALATION])
def test_7_2_requests_at_the_opening(
    world: Any, codes: Codes, mail: dict[str, Any], level: int | None
) -> None:
    decision = world.mail(**mail)
    assert (decision.escalation.level if decision.escalation else None) == level
    assert codes(decision).count("escalated") == (level is not None)


def test_7_1_who_gets_the_escalation_mail(world: Any) -> None:
    decision = world.mail(subject="[escalate] x")
    assert {n.to for n in decision.notices if n.template == "escalation"} == {BOB, TEAM}
    notice = next(n for n in decision.notices if n.template == "escalation" and n.to == BOB)
    assert notice.urgent
    assert not notice.inside
    assert set(notice.context) >= {"level", "reason", "asked_by", "age_seconds"}


@pytest.mark.parametrize("kind", ["list", "auto_generated"])
def test_8_1_machines_open_tickets_and_are_never_acknowledged(world: Any, told: Told, kind: str) -> None:
    header = ("list-id", "<x.example>") if kind == "list" else ("auto-submitted", "auto-generated")
    decision = world.mail(headers=[header])
    assert decision.kind is Kind(kind)
    assert told(decision) == {TEAM: ["new_ticket"]}


@pytest.mark.parametrize(
    "more", [{"mail_from": "<>"}, {"from_": "noreply@acme.example"}], ids=["null sender", "no-reply"]
)
def test_8_1_nobody_reads_it_so_nothing_is_sent(world: Any, told: Told, more: dict[str, Any]) -> None:
    assert set(told(world.mail(**more))) <= {TEAM}


def test_8_3_the_limit_of_acknowledgements(world: Any, told: Told) -> None:
    world.facts_more = {"acknowledged": 5}
    assert told(world.mail()) == {TEAM: ["new_ticket"]}


def test_4_6_dmarc(world: Any) -> None:
    fails = AuthResult(False, "DMARC fails", dmarc_fail=True)
    decision = world.mail(result=fails)
    assert (decision.outcome, decision.notices) == (Outcome.QUARANTINED, ())
    assert decision.error
    world.configure(trust={"dmarc_fail": "unverified"})
    decision = world.mail(result=fails)
    assert (decision.outcome, decision.trust) == (Outcome.TICKET, Trust.UNVERIFIED)


def test_4_7_forms(world: Any) -> None:
    from mailgate.model import Address

    world.configure(trust={"forms": ["form@www.example"]})
    decision = world.mail("form@www.example", reply_to=(Address(NEW, "New"),))
    assert (decision.sender.address, decision.new_ticket.assignee, decision.trust) == (
        NEW,
        NEW,
        Trust.UNVERIFIED,
    )
    decision = world.mail(BOB, reply_to=(Address(NEW),))
    assert decision.sender.address == BOB


def test_a_sender_nobody_can_read_still_opens_a_ticket(world: Any, told: Told) -> None:
    decision = world.mail("", sender_defect="two From headers", auth=False)
    assert (decision.outcome, decision.new_ticket.assignee, decision.comment.author) == (
        Outcome.TICKET,
        "",
        "",
    )
    assert set(told(decision)) == {TEAM}


def test_3_4_files_are_named_in_the_history(world: Any, a_file: Callable[..., Attachment]) -> None:
    decision = world.mail(files=[a_file("1"), a_file("2"), a_file("3")])
    assert [f.state for f in decision.attachments] == [
        AttachmentState.KEPT,
        AttachmentState.KEPT,
        AttachmentState.LEFT_OUT,
    ]
    assert {"filename": "3", "limit": 2} in [
        dict(e.params) for e in decision.history if e.code == "file_left_out"
    ]


def test_3_8_private_by_a_customer_holds_the_comment(world: Any) -> None:
    assert world.mail(text="Private: yes\n\nx").comment.state is CommentState.HELD
    assert world.mail(text="Private: no\n\nx").comment.state is CommentState.SHOWN
    assert world.mail(ANA, text=f"Assign: {BOB}\nPrivate: yes\n\nx").comment.state is CommentState.PRIVATE


def test_3_8_a_private_mail_gives_no_title_away(world: Any) -> None:
    assert world.mail(ANA, "", f"Assign: {BOB}\nPrivate: yes\n\nhe lies").title == "-"
    assert world.mail(ANA, "Phone", f"Assign: {BOB}\nPrivate: yes\n\nhe lies").title == "Phone"


def test_5_2_only_the_last_line_says_whether_a_team_may_be_told(world: Any, codes: Codes) -> None:
    world.teams = tuple(team for team in world.teams if not team.region)
    none = world.mail(UMA, text="Category: billing\nEU-Support: AMS02\n\nx")
    assert (none.new_ticket.team, codes(none).count("no_team"), len(none.alarms)) == ("", 1, 1)
    found = world.mail(UMA, text="EU-Support: none\n\nx")
    assert (found.new_ticket.team, codes(found).count("no_team"), found.alarms) == ("support", 0, ())
