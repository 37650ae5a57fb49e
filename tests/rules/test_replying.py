"""A mail to an existing ticket: comments, changes, and who hears of it (3.6-3.8, 4, 6, 7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mailgate.model import (
    Attachment,
    CommentState,
    Decision,
    KnownMessage,
    Outcome,
    Purpose,
    RecipientState,
    Severity,
    Status,
    Trust,
)

BOB, CAROL, PAT, STRANGER, DAN = (
    "bob@acme.example",
    "carol@acme.example",
    "pat@other.example",
    "eve@evil.example",
    "dan@acme.example",
)
ANA, SAM, TEAM, LIST, SUPPORT = (
    "ana@example.com",
    "sam@example.com",
    "team@example.com",
    "management@example.com",
    "support@example.com",
)
SHOWN, HELD, PRIVATE = CommentState.SHOWN, CommentState.HELD, CommentState.PRIVATE
Codes = Callable[[Decision], list[str]]
Told = Callable[[Decision], dict[str, list[str]]]

UPDATES = [
    ("the assignee writes", BOB, {PAT, TEAM}),
    ("a colleague writes", CAROL, {BOB, PAT, TEAM}),
    ("a recipient writes", PAT, {BOB, TEAM}),
    ("an agent writes", ANA, {BOB, PAT}),
]


@pytest.mark.parametrize(("sender", "expected"), [u[1:] for u in UPDATES], ids=[u[0] for u in UPDATES])
def test_6_1_who_gets_an_update(world: Any, told: Told, sender: str, expected: set[str]) -> None:
    world.ticket(1, recipients=[(PAT, "active"), ("h@o.example", "held"), ("l@o.example", "left")])
    decision = world.mail(sender, "Re: [#1] x")
    assert told(decision) == {address: ["update"] for address in expected}
    assert all(n.coalesce and not n.urgent for n in decision.notices)


def test_6_1_notify_off_and_the_dead_and_level_three(world: Any, told: Told) -> None:
    world.person(PAT, dead=True)
    world.ticket(1, notify=False, recipients=[(PAT, "active")], escalation_level=3)
    assert told(world.mail(ANA, "Re: [#1] x")) == {LIST: ["update"]}


def test_6_4_an_outage_waits_for_nothing(world: Any) -> None:
    world.ticket(1, severity=Severity.OUTAGE)
    assert all(n.urgent for n in world.mail(ANA, "Re: [#1] x").notices)


def test_6_0_an_agent_answers(world: Any, codes: Codes) -> None:
    world.ticket(1, status=Status.NEW, agent_answered=False)
    decision = world.mail(ANA, rcpt=[world.token(1, "support", Purpose.TEAM)])
    changes = {c.field: c.value for c in decision.changes}
    assert changes == {"status": Status.OPEN, "agent_answered": True, "last_progress": world.now}
    assert "status" in codes(decision)


def test_6_0_a_private_note_stays_inside(world: Any, told: Told) -> None:
    world.ticket(1, status=Status.NEW, agent_answered=False, recipients=[(PAT, "active")], escalation_level=3)
    decision = world.mail(ANA, "Re: [#1] x", "Private: yes\n\nHe is wrong.")
    assert (decision.comment.state, decision.comment.text) == (PRIVATE, "He is wrong.")
    assert decision.changes == ()
    assert told(decision) == {TEAM: ["update"]}
    assert all(n.inside for n in decision.notices)


REPLIES_INSIDE = [
    ("an escalation mail", {"template": "escalation", "escalation": True}, "x", PRIVATE),
    ("a private note", {"private": True}, "x", PRIVATE),
    ("but it says no", {"escalation": True}, "Private: no\n\nx", SHOWN),
    ("an update", {}, "x", SHOWN),
]


@pytest.mark.parametrize(
    ("delivery", "text", "state"), [r[1:] for r in REPLIES_INSIDE], ids=[r[0] for r in REPLIES_INSIDE]
)
def test_3_8_replies_to_inside_mail_are_private(
    world: Any, delivery: dict[str, Any], text: str, state: CommentState
) -> None:
    world.ticket(1)
    decision = world.mail(ANA, text=text, in_reply_to=(world.sent(1, ANA, **delivery),))
    assert decision.comment.state is state


def test_3_8_also_by_a_known_private_message(world: Any) -> None:
    world.ticket(1)
    world.threads = (KnownMessage("<note@example.com.example>", 1, frozenset(), True),)
    assert world.mail(ANA, in_reply_to=("<note@example.com.example>",)).comment.state is PRIVATE


REFUSED_PRIVACY = [
    ("an odd value", ANA, True, "Private: perhaps\n\nx"),
    ("a long odd value", ANA, True, "Private: " + "please " * 20 + "\n\nx"),
    ("misspelt", ANA, True, "Privat: yes\n\nx"),
    ("below a greeting", ANA, True, "Hi,\nPrivate: yes\nx"),
    ("a customer", BOB, True, "Private: yes\n\nx"),
    ("a customer, French", BOB, True, "Privé : oui\n\nx"),
    ("an unverified agent", ANA, False, "Private: yes\n\nx"),
]


@pytest.mark.parametrize(
    ("sender", "auth", "text"), [r[1:] for r in REFUSED_PRIVACY], ids=[r[0] for r in REFUSED_PRIVACY]
)
def test_3_8_private_fails_closed(world: Any, told: Told, sender: str, auth: bool, text: str) -> None:
    world.ticket(1, recipients=[(PAT, "active")], assignee=CAROL)
    decision = world.mail(
        sender, text=text, auth=auth, rcpt=[world.token(1, "support", Purpose.TEAM)], to=[SUPPORT]
    )
    assert (decision.comment.state, decision.comment.why_held) == (HELD, "private_refused")
    assert not {CAROL, PAT} & set(told(decision))
    assert "status" not in {c.field for c in decision.changes}


UNVERIFIED = [
    ("by his own token, never authenticated", DAN, DAN, {}, SHOWN, Trust.PROOF),
    ("by his own token, authenticated before", BOB, BOB, {}, SHOWN, Trust.UNVERIFIED),
    ("by another's token", DAN, BOB, {}, SHOWN, Trust.UNVERIFIED),
    ("by tag", DAN, "", {"subject": "Re: [#1] x"}, HELD, Trust.UNVERIFIED),
    ("by known thread", DAN, "", {"in_reply_to": ("<k@acme.example>",)}, HELD, Trust.UNVERIFIED),
]


@pytest.mark.parametrize(
    ("sender", "issued", "more", "state", "trust"),
    [u[1:] for u in UNVERIFIED],
    ids=[u[0] for u in UNVERIFIED],
)
def test_4_3_unverified_replies(
    world: Any, told: Told, sender: str, issued: str, more: dict[str, Any], state: CommentState, trust: Trust
) -> None:
    world.ticket(1, status=Status.PENDING)
    world.threads = (KnownMessage("<k@acme.example>", 1, frozenset()),)
    rcpt = [world.token(1, issued)] if issued else [SUPPORT]
    decision = world.mail(sender, auth=False, rcpt=rcpt, to=[SUPPORT], text="Severity: outage\n\nx", **more)
    assert (decision.comment.state, decision.trust) == (state, trust)
    assert decision.comment.unverified is (trust is Trust.UNVERIFIED)
    changed = {c.field for c in decision.changes}
    assert ("severity" in changed) is (trust is Trust.PROOF)
    if state is HELD:
        assert changed == set()
        assert told(decision) == {TEAM: ["update"]}


def test_4_3_nobody_but_the_team_is_told_of_what_came_in_somebodys_name(world: Any, told: Told) -> None:
    world.ticket(1)
    for sender in (BOB, CAROL):
        decision = world.mail(sender, "Re: [#1] x", "Forged words", auth=False)
        assert told(decision) == {TEAM: ["update"]}
        assert decision.after.waits == sender


REGULAR = [
    ("an agent's answer", ANA, {}, "update"),
    ("a colleague's comment", CAROL, {}, "update"),
    ("an acknowledgement", BOB, {"text": "Severity: outage\n\nx"}, "acknowledgement"),
    ("an escalation", ANA, {"text": "Escalate: now\n\nx"}, "escalation"),
]


@pytest.mark.parametrize(
    ("sender", "more", "template"), [r[1:] for r in REGULAR], ids=[r[0] for r in REGULAR]
)
def test_4_3_the_next_mail_to_the_assignee_says_that_a_comment_waits(
    world: Any, sender: str, more: dict[str, Any], template: str
) -> None:
    world.ticket(1, recipients=[(PAT, "active")], waits=CAROL)
    decision = world.mail(sender, "[#1] x", **more)
    telling = [n for n in decision.notices if "waits" in n.context]
    assert [(n.to, n.template, n.tells, n.context["waits"]) for n in telling] == [
        (BOB, template, "all", CAROL)
    ]
    assert decision.after.waits == ""
    assert decision.changes == () or template == "acknowledgement" or sender == ANA


def test_4_3_he_is_not_told_in_the_mail_that_confirms(world: Any) -> None:
    world.ticket(1, waits=CAROL)
    decision = world.mail(
        BOB, "Re: [#1]", "Device: A\n\nx", in_reply_to=(world.sent(1, BOB, "problem", held=(7,)),)
    )
    assert decision.confirms_only == (7,)
    assert all("waits" not in n.context for n in decision.notices)
    assert decision.after.waits == CAROL


def test_4_4_nothing_automatic_before_an_agent_answered(world: Any, told: Told) -> None:
    world.ticket(1, assignee=DAN, status=Status.NEW, agent_answered=False)
    assert told(world.mail(CAROL, "Re: [#1] x")) == {TEAM: ["update"]}
    assert told(world.mail(ANA, "Re: [#1] x")) == {DAN: ["update"]}
    world.ticket(1, assignee=DAN)
    assert set(told(world.mail(CAROL, "Re: [#1] x"))) == {DAN, TEAM}


def test_4_5_third_parties(world: Any, told: Told, codes: Codes) -> None:
    world.ticket(1, recipients=[(PAT, "active")], status=Status.PENDING)
    decision = world.mail(
        STRANGER,
        text="Assign: eve@evil.example\n\nHi",
        rcpt=[world.token(1, BOB)],
        to=[SUPPORT],
        cc=["x@o.example"],
    )
    assert (decision.comment.state, decision.comment.why_held) == (HELD, "third_party")
    assert decision.changes == ()
    assert decision.recipients == ()
    assert "comment_held_third_party" in codes(decision)
    assert told(decision) == {BOB: ["problem"], TEAM: ["update"]}
    assert (decision.after.asked, decision.after.waits) == (world.now, "")


ASKED = [
    ("never", None, True),
    ("an hour ago", 1, False),
    ("23 hours ago", 23, False),
    ("a day ago", 24, True),
]


@pytest.mark.parametrize(("hours", "asks"), [a[1:] for a in ASKED], ids=[a[0] for a in ASKED])
@pytest.mark.parametrize("auth", [True, False])
def test_4_5_the_assignee_is_asked_once_a_day(
    world: Any, told: Told, hours: int | None, asks: bool, auth: bool
) -> None:
    asked = world.now - timedelta(hours=hours) if hours is not None else None
    world.ticket(1, asked=asked)
    decision = world.mail(STRANGER, text="Hi", rcpt=[world.token(1, BOB)], to=[SUPPORT], auth=auth)
    assert told(decision) == ({BOB: ["problem"]} if asks else {}) | {TEAM: ["update"]}
    assert (decision.after.asked, decision.after.waits) == ((world.now, "") if asks else (asked, STRANGER))


def test_4_5_an_answer_lets_the_next_one_be_asked(world: Any) -> None:
    world.ticket(1, asked=world.now - timedelta(hours=1))
    decision = world.mail(BOB, "Re: [#1] x", in_reply_to=(world.sent(1, BOB, "problem", held=(7,)),))
    assert (decision.confirms, decision.confirms_only) == (("held_comments",), (7,))
    assert decision.after.asked is None


CONFIRMING = [
    ("the assignee, to the question", BOB, "problem", {"held": (7,)}, True),
    ("the assignee, to an update that told of it", BOB, "update", {"held": (7, 9)}, True),
    ("the assignee, to another problem", BOB, "problem", {}, False),
    ("the assignee, to an update", BOB, "update", {}, False),
    ("an agent, to the mail that told of it", ANA, "update", {"held": (7,)}, True),
    ("an agent, to another mail", ANA, "update", {}, False),
    ("a recipient", PAT, "problem", {"held": (7,)}, False),
]


@pytest.mark.parametrize(
    ("sender", "template", "more", "confirms"), [c[1:] for c in CONFIRMING], ids=[c[0] for c in CONFIRMING]
)
def test_4_5_one_reply_confirms(
    world: Any, sender: str, template: str, more: dict[str, Any], confirms: bool
) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = world.mail(sender, in_reply_to=(world.sent(1, sender, template, **more),))
    assert bool(decision.confirms) is confirms
    assert decision.confirms_only == (more["held"] if confirms else None)


def test_4_3_the_team_s_mail_in_the_assignees_hands_confirms_nothing(world: Any) -> None:
    world.ticket(1)
    assert not world.mail(BOB, in_reply_to=(world.sent(1, TEAM, "update", held=(7,)),)).confirms


def test_4_5_the_reply_address_alone_confirms_where_a_program_drops_in_reply_to(world: Any) -> None:
    world.ticket(1)
    reply = "Re: [#1] Printer"
    assert world.mail(rcpt=[world.token()], to=[SUPPORT], subject=reply).confirms
    assert not world.mail(rcpt=[world.token()], to=[SUPPORT], subject="It works again").confirms
    assert not world.mail(
        rcpt=[world.token()], to=[SUPPORT], subject=reply, auth=False
    ).confirms  # he was authenticated before (4.2)
    assert not world.mail(
        ANA, subject=reply, rcpt=[world.token(1, "support", Purpose.TEAM)], to=[SUPPORT]
    ).confirms


def test_4_3_staff_powers_need_authentication(world: Any) -> None:
    world.ticket(1, status=Status.NEW, agent_answered=False)
    decision = world.mail(
        ANA,
        auth=False,
        text="Status: closed\n\nx",
        rcpt=[world.token(1, "support", Purpose.TEAM)],
        to=[SUPPORT],
    )
    assert (decision.trust, decision.comment.unverified, decision.changes) == (Trust.UNVERIFIED, True, ())


STAFF_HELD = [
    ("the team's token", TEAM, {}, "staff"),
    ("a customer's token", BOB, {}, "staff"),
    ("asking to be private", TEAM, {"text": "Private: yes\n\nHe lies."}, "private_refused"),
]


@pytest.mark.parametrize("sender", [ANA, SAM])
@pytest.mark.parametrize(
    ("issued", "more", "why"), [s[1:] for s in STAFF_HELD], ids=[s[0] for s in STAFF_HELD]
)
def test_4_3_nobody_answers_as_support_unverified(
    world: Any, told: Told, codes: Codes, sender: str, issued: str, more: dict[str, Any], why: str
) -> None:
    world.ticket(1, recipients=[(PAT, "active")], status=Status.NEW, agent_answered=False)
    rcpt = [world.token(1, "support", Purpose.TEAM) if issued == TEAM else world.token(1, issued)]
    decision = world.mail(sender, auth=False, rcpt=rcpt, to=[SUPPORT], cc=["x@o.example"], **more)
    assert (decision.comment.state, decision.comment.why_held) == (HELD, why)
    assert told(decision) == {TEAM: ["update"]}
    assert (decision.changes, decision.recipients, decision.after.waits) == ((), (), "")
    assert ("comment_held_staff" in codes(decision)) is (why == "staff")
    assert any("example.com" in reason and "SPF or DKIM" in reason for reason in decision.reasons)


COMMANDS = [
    ("severity", BOB, "Severity: outage", "severity", Severity.OUTAGE, "severity"),
    ("category", BOB, "Category: Billing", "category", "billing", "category"),
    ("French", BOB, "Gravité : dégradation", "severity", Severity.DEGRADED, "severity"),
    ("notify", BOB, "Notify: off", "notify", False, "notify_off"),
    ("notify by a colleague", CAROL, "Notify: off", None, None, None),
    ("EU support", BOB, "EU-Support: AMS01", "eu_support", "AMS01", "eu_support"),
    ("resolved", BOB, "Status: résolu", "status", Status.RESOLVED, "status"),
    ("closed by the customer", BOB, "Status: closed", None, None, None),
    ("closed by an agent", ANA, "Status: closed", "status", Status.CLOSED, "status"),
    ("assign", BOB, f"Assign: {CAROL}", "assignee", CAROL, "assignee"),
    ("assign to a stranger", BOB, f"Assign: {PAT}", None, None, None),
    ("a recipient's command", PAT, "Severity: outage", None, None, None),
    ("an unknown value", BOB, "Severity: terrible", None, None, None),
]


@pytest.mark.parametrize(
    ("sender", "line", "field", "value", "code"), [c[1:] for c in COMMANDS], ids=[c[0] for c in COMMANDS]
)
def test_3_7_commands(
    world: Any, codes: Codes, sender: str, line: str, field: str | None, value: Any, code: str | None
) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = world.mail(sender, "Re: [#1] x", f"{line}\n\nWords")
    changes = {c.field: c.value for c in decision.changes}
    if field is None:
        assert set(changes) <= {"last_progress", "agent_answered"}
        assert decision.comment.text == f"{line}\n\nWords"
        assert codes(decision)[0] == "command_refused"
        assert [n.template for n in decision.notices if n.to == sender] == ["acknowledgement"]
    else:
        assert changes[field] == value
        assert decision.comment.text == "Words"
        assert code in codes(decision)


def test_3_7_a_category_routes_the_ticket_anew(world: Any, told: Told, codes: Codes) -> None:
    world.ticket(1)
    decision = world.mail(ANA, "Re: [#1] x", "Category: billing\n\nx")
    assert ("team", "money") in {(c.field, c.value) for c in decision.changes}
    assert "team" in codes(decision)
    assert told(decision)["money@example.com"] == ["update"]


def test_5_2_eu_support_leaves_the_other_teams_out(world: Any, told: Told) -> None:
    world.ticket(1, escalation_level=0)
    decision = world.mail(BOB, "Re: [#1] x", "EU-Support: AMS01\nEscalate: now\n\nx")
    assert "team" in {c.field for c in decision.changes}
    assert not {TEAM, ANA, SAM} & set(told(decision))
    assert "eu@example.com" in told(decision)


RECIPIENTS = [
    ("add", BOB, "new@o.example", [], [("new@o.example", "active")]),
    ("add two", BOB, "a@o.example, b@o.example", [], [("a@o.example", "active"), ("b@o.example", "active")]),
    ("remove", BOB, f"-{PAT}", [(PAT, "active")], [(PAT, "removed")]),
    ("confirm a held one", BOB, PAT, [(PAT, "held")], [(PAT, "active")]),
    ("a colleague does not confirm", CAROL, PAT, [(PAT, "held")], None),
    ("an agent confirms", ANA, PAT, [(PAT, "held")], [(PAT, "active")]),
    ("who left is named again", BOB, PAT, [(PAT, "left")], [(PAT, "active")]),
    ("all or nothing", BOB, "a@o.example, nonsense", [], None),
    ("over the limit", BOB, "a@o.example", [(f"p{n}@o.example", "active") for n in range(5)], None),
    ("one for another", BOB, "-p0@o.example, a@o.example", [(f"p{n}@o.example", "active") for n in range(5)],
     [("p0@o.example", "removed"), ("a@o.example", "active")]),
    ("an agent's address", BOB, ANA, [], None),
    ("the assignee", CAROL, BOB, [], None),
    ("not on it", BOB, f"-{PAT}", [], None),
    ("there already", BOB, PAT, [(PAT, "active")], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sender", "value", "present", "expected"), [r[1:] for r in RECIPIENTS], ids=[r[0] for r in RECIPIENTS]
)
def test_3_7_recipients(
    world: Any,
    sender: str,
    value: str,
    present: list[tuple[str, str]],
    expected: list[tuple[str, str]] | None,
) -> None:
    world.ticket(1, recipients=present)
    decision = world.mail(sender, "Re: [#1] x", f"Recipient: {value}\n\nx")
    assert decision.commands[0].state == ("refused" if expected is None else "done")
    assert [(r.address, r.state.value) for r in decision.recipients] == (expected or [])


@pytest.mark.parametrize("state", ["left", "removed"])
def test_3_5_cc_never_brings_back_who_left(world: Any, state: str) -> None:
    world.ticket(1, recipients=[(PAT, state)])
    assert world.mail(BOB, "Re: [#1] x", cc=[PAT]).recipients == ()


CONFIRMING = [
    ("the assignee", BOB, True, "active"),
    ("an agent", ANA, True, "active"),
    ("a colleague", CAROL, True, None),
    ("the assignee, unverified", BOB, False, None),
    ("the recipient himself", PAT, True, None),
]


@pytest.mark.parametrize(
    ("sender", "auth", "state"), [c[1:] for c in CONFIRMING], ids=[c[0] for c in CONFIRMING]
)
def test_3_5_a_held_recipient_named_in_cc_by_who_may_confirm(
    world: Any, codes: Codes, sender: str, auth: bool, state: str | None
) -> None:
    world.ticket(1, recipients=[(PAT, "held")])
    decision = world.mail(sender, "Re: [#1] x", cc=[PAT], auth=auth)
    assert [(r.address, r.state.value) for r in decision.recipients] == ([(PAT, state)] if state else [])
    assert ("recipient_confirmed" in codes(decision)) == bool(state)


def test_3_5_confirming_in_cc_heeds_the_limit(world: Any) -> None:
    five = [(f"r{n}@o.example", "active") for n in range(5)]
    world.ticket(1, recipients=[*five, (PAT, "held")])
    decision = world.mail(BOB, "Re: [#1] x", cc=[PAT])
    assert [(r.address, r.state.value) for r in decision.recipients] == [(PAT, "left_out")]
    assert {r.person.address: r.state.value for r in decision.after.recipients}[PAT] == "held"


def test_3_5_a_recipient_from_outside_adds_nobody(world: Any) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    assert world.mail(PAT, "Re: [#1] x", cc=["x@o.example"]).recipients == ()


def test_a_mail_of_commands_only_is_no_comment(world: Any, told: Told) -> None:
    world.ticket(1)
    decision = world.mail(BOB, "Re: [#1] x", "Status: resolved")
    assert (decision.outcome, decision.comment) == (Outcome.COMMENT, None)
    assert told(decision) == {BOB: ["acknowledgement"], TEAM: ["update"]}


BORNE = [
    ("a fresh tag", {}, None, True),
    ("our mail bore it", {"tags": ("escalate",)}, None, False),
    ("added to our mail's subject", {"tags": ()}, None, True),
    ("put before the prefix", {"tags": ("escalate",)}, "[escalate] Re: [#1] x", True),
]


@pytest.mark.parametrize(("delivery", "subject", "counts"), [b[1:] for b in BORNE], ids=[b[0] for b in BORNE])
def test_3_6_an_action_tag_counts_once(
    world: Any, delivery: dict[str, Any], subject: str | None, counts: bool
) -> None:
    world.ticket(1)
    decision = world.mail(BOB, subject or "Re: [#1 escalate] x", in_reply_to=(world.sent(1, **delivery),))
    assert (decision.escalation is not None) is counts


def test_3_6_a_reply_all_to_a_tagged_mail_asks_nothing(world: Any) -> None:
    world.ticket(1)
    world.threads = (KnownMessage("<k@acme.example>", 1, frozenset()),)
    assert world.mail(CAROL, "Re: [escalate] [outage] x", in_reply_to=("<k@acme.example>",)).changes == ()
    assert world.mail(CAROL, "[escalate] x", in_reply_to=("<k@acme.example>",)).escalation is not None


def test_3_6_severity_by_tag(world: Any) -> None:
    world.ticket(1)
    assert ("severity", Severity.OUTAGE) in {
        (c.field, c.value) for c in world.mail(BOB, "Re: [#1 outage] x").changes
    }
    assert world.mail(BOB, "Re: [#1 outage] x", auth=False).changes == ()


def minutes(world: Any, count: int) -> Any:
    return world.now - timedelta(minutes=count)


def test_7_3_too_early_is_said_with_the_time(world: Any, codes: Codes, told: Told) -> None:
    world.ticket(1, escalation_level=1, severity=Severity.OUTAGE, last_step=minutes(world, 5))
    decision = world.mail(BOB, "Re: [#1] x", "Escalate: again\n\nx")
    assert decision.escalation is None
    assert "escalation_too_early" in codes(decision)
    problem = next(n for n in decision.notices if n.to == BOB)
    assert "escalation_too_early" in [p["code"] for p in problem.context["problems"]]


LEVELS = [
    (BOB, 1, 2, {BOB, SAM}),
    (BOB, 2, 3, {BOB, SAM, LIST}),
    (ANA, 0, 1, {BOB, TEAM}),
    (SAM, 0, 3, {BOB, LIST, SAM}),
]


@pytest.mark.parametrize(("sender", "before", "after", "expected"), LEVELS)
def test_7_1_the_people_of_each_level(
    world: Any, sender: str, before: int, after: int, expected: set[str]
) -> None:
    world.ticket(1, escalation_level=before, last_step=minutes(world, 9999))
    decision = world.mail(sender, "Re: [#1] x", "Escalate: it burns\n\nx")
    assert decision.escalation.level == after
    assert {n.to for n in decision.notices if n.template == "escalation"} == expected
    assert not {n.to for n in decision.notices if n.template == "update"} & expected


def test_7_6_resolved_ends_the_escalation(world: Any, codes: Codes) -> None:
    world.ticket(1, escalation_level=2)
    decision = world.mail(ANA, "Re: [#1] x", "Status: resolved\n\nDone.")
    assert {c.field: c.value for c in decision.changes}["escalation_level"] == 0
    assert "escalation_ended" in codes(decision)


def test_3_9_a_status_tag_reopens_nothing(world: Any) -> None:
    world.ticket(1, status=Status.RESOLVED)
    assert world.mail(BOB, "[#1 status]", "").changes == ()


def test_what_was_left_out_is_told_to_the_sender_alone(
    world: Any, told: Told, a_file: Callable[..., Attachment]
) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = world.mail(BOB, "Re: [#1] x", files=[a_file("1"), a_file("2"), a_file("3")])
    assert told(decision)[BOB] == ["acknowledgement"]
    mine = next(n for n in decision.notices if n.to == PAT)
    assert mine.context["events"] == []


def test_nobody_sees_the_address_of_who_is_not_on_the_ticket(world: Any) -> None:  # 6.1
    world.ticket(1, recipients=[(PAT, "active")])
    decision = world.mail(CAROL, "Re: [#1] x", cc=["x@o.example"])
    mine = next(n for n in decision.notices if n.to == PAT)
    assert mine.context["author"]["address"] == ""
    assert ANA not in repr(world.mail(ANA, "Re: [#1] x").notices[0].context)


def test_recipients_get_what_they_do_not_hold_already(world: Any, told: Told) -> None:  # 3.5
    world.ticket(1)
    decision = world.mail(BOB, "Re: [#1] x", f"Recipient: {PAT}\n\nx", cc=["x@o.example"])
    assert told(decision)[PAT] == ["update"]
    assert "x@o.example" not in told(decision)
    assert {r.address for r in decision.recipients if r.state is RecipientState.ACTIVE} == {
        PAT,
        "x@o.example",
    }


SECRETS = [
    ("by command", {"text": "Private: yes\nEscalate: he lies to us\n\nNot a word outside"}),
    ("by address", {"text": "Private: yes\n\nhe lies to us", "to": ["escalate@example.com"]}),
    ("held, since it cannot be obeyed", {"text": "Private: perhaps\nEscalate: he lies to us\n\nx"}),
]


@pytest.mark.parametrize("mail", [s[1] for s in SECRETS], ids=[s[0] for s in SECRETS])
def test_7_1_the_assignees_copy_has_no_private_words(world: Any, mail: dict[str, Any]) -> None:
    world.ticket(1)
    decision = world.mail(ANA, "Re: [#1] x", **mail)
    assert decision.escalation is not None
    assert {BOB, TEAM} <= {n.to for n in decision.notices if n.template == "escalation"}
    assert "he lies" in repr([n.context for n in decision.notices if n.to == TEAM])
    assert "he lies" not in repr([n.context for n in decision.notices if not n.inside])
    assert "he lies" not in repr([e for e in decision.history if not e.private])


def test_4_3_no_word_of_a_held_mail_stands_in_the_open_history(
    world: Any, a_file: Callable[..., Attachment]
) -> None:
    world.ticket(1)
    files = [a_file("1"), a_file("2"), a_file("secret.pdf")]
    decision = world.mail(
        STRANGER, text="Assign: secret\n\nx", rcpt=[world.token()], to=[SUPPORT], files=files
    )
    assert decision.comment.state is HELD
    assert "secret" not in repr([e for e in decision.history if not e.private])


def test_4_4_a_stranger_is_not_even_asked_before_an_agent_answered(world: Any, told: Told) -> None:
    world.ticket(1, assignee=DAN, status=Status.NEW, agent_answered=False)
    assert told(world.mail(DAN, "Re: [#1] x", auth=False)) == {TEAM: ["update"]}


def test_5_2_a_team_outside_the_eu_is_not_told_even_where_it_stands_on_the_ticket(
    world: Any, told: Told
) -> None:
    world.ticket(1, eu_support="AMS01", team="support")
    assert told(world.mail(CAROL, "Re: [#1] x")) == {BOB: ["update"]}


def test_6_1_nobody_learns_an_address_from_the_events(world: Any) -> None:
    """A colleague without a name adds a device: an outside recipient hears of his account, not his address; the
    assignee, of the same account, hears who it was."""
    world.ticket(1, recipients=[(PAT, "active")])
    decision = world.mail(CAROL, subject="[#1] x", text="Device: d9\n\nhello")
    seen = {notice.to: repr(notice.context) for notice in decision.notices if notice.template == "update"}
    assert "d9" in seen[PAT]
    assert CAROL not in seen[PAT]
    assert CAROL in seen[BOB]
    assert CAROL in seen[TEAM]


def test_3_7_a_customer_resolves_no_closed_ticket(world: Any, codes: Codes) -> None:
    """Section 0: what is closed is over; for staff it is a step like any other."""
    world.ticket(1, status=Status.CLOSED)
    assert codes(world.mail(BOB, "[#1] x", "Status: resolved\n\nthanks")) == ["commented"]
    assert "status" in codes(world.mail(ANA, "[#1] x", "Status: resolved"))


def test_5_2_staff_outside_the_eu_who_gave_their_ticket_away_hear_no_more_of_it(
    world: Any, told: Told
) -> None:
    """An agent opened it without naming the customer; the one who names him gives it EU support by his account."""
    world.ticket(1, assignee=ANA)
    decision = world.mail("elsa@example.com", "[#1] x", "Assign: uma@eu.example\n\nIt is hers.")
    assert decision.after.eu_support == "AMS01"
    assert ANA not in told(decision)
    assert ANA in told(world.mail("elsa@example.com", "[#1] x", f"Assign: {BOB}\n\nIt is his."))
