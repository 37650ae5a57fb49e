"""What holds for every mail over every state of things (Hypothesis), and what one decision may cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailgate.model import (
    Attachment,
    AttachmentState,
    CommentState,
    Decision,
    Kind,
    Outcome,
    Purpose,
    RecipientState,
    Severity,
    Status,
    Ticket,
    Trust,
)
from mailgate.rules.story import APART
from mailgate.words import SENTENCES, in_words

pytestmark = pytest.mark.slow

STAFF = ("ana@example.com", "sam@example.com", "erik@example.com", "elsa@example.com")
OUTSIDE_EU = {"ana@example.com", "sam@example.com", "team@example.com", "money@example.com"}
KNOWN = (
    "bob@acme.example",
    "carol@acme.example",
    "dan@acme.example",
    "pat@other.example",
    "uma@eu.example",
    "dead@acme.example",
)
STRANGERS = ("eve@evil.example", "new@acme.example")
PEOPLE = (*STAFF, *KNOWN, *STRANGERS)
OTHERS = (*(f"p{n}@o.example" for n in range(8)), "no-reply@o.example", "team@example.com", *KNOWN, STAFF[0])
LINES = (
    "Severity: outage", "Severity: bad", "Status: resolved", "Status: closed", "Category: billing", "Notify: off", "Escalate: 2 now",
    "EU-Support: AMS01", "Support-UE: aucun", "Device: a, b, c", "Device: d, e, f", "Device: -a", "Assign: carol@acme.example",
    "Assign: pat@other.example", "Recipient: p1@o.example, p2@o.example", "Recipient: -pat@other.example", "Private: yes", "Private: x",
    "Foo: bar", "Recipient: pat@other.example",
)  # fmt: skip
SUBJECTS = (
    "x",
    "Re: [#1] x",
    "[#1 escalate] x",
    "[outage] x",
    "[#2] x",
    "[status]",
    "[#1 status]",
    "[escalate]",
    "",
)
STATES = st.lists(
    st.tuples(st.sampled_from(OTHERS[:8]), st.sampled_from(["active", "held", "left", "removed", "dead"])),
    max_size=6,
)


@st.composite
def mails(draw: Any) -> dict[str, Any]:
    return {
        "from_": draw(st.sampled_from(PEOPLE)),
        "subject": draw(st.sampled_from(SUBJECTS)),
        "text": "\n".join(draw(st.lists(st.sampled_from(LINES), max_size=4)))
        + draw(st.sampled_from(["", "\n\nHelp me.", "\nx"])),
        "cc": draw(st.lists(st.sampled_from(OTHERS), max_size=9)),
        "auth": draw(st.booleans()),
        "by": draw(st.sampled_from(["", "reply", "team", "in_reply_to", "escalate"])),
        "issued": draw(st.sampled_from(KNOWN)),
        "files": draw(st.integers(0, 4)),
        "automatic": draw(st.sampled_from(["", "auto-generated", "auto-replied"])),
    }


@st.composite
def states(draw: Any) -> dict[str, Any]:
    rows = dict(draw(STATES))
    active = [a for a, s in rows.items() if s == "active"]
    return {
        "assignee": draw(st.sampled_from(KNOWN)),
        "recipients": [(a, s) for a, s in rows.items() if s != "active" or a in active[:5]],
        "status": draw(st.sampled_from(list(Status))),
        "severity": draw(st.sampled_from(list(Severity))),
        "agent_answered": draw(st.booleans()),
        "notify": draw(st.booleans()),
        "escalation_level": draw(st.integers(0, 3)),
        "eu": draw(st.booleans()),
        "devices": tuple(draw(st.lists(st.sampled_from("abcdefg"), max_size=5, unique=True))),
    }


def run(
    world: Any, state: dict[str, Any], mail: dict[str, Any], a_file: Callable[..., Attachment]
) -> tuple[Decision, Ticket]:
    state, mail = dict(state), dict(mail)
    eu = state.pop("eu")
    ticket = world.ticket(1, **state, **({"eu_support": "AMS01", "team": "eu"} if eu else {}))
    by, issued, automatic = mail.pop("by"), mail.pop("issued"), mail.pop("automatic")
    if by == "reply":
        mail["rcpt"] = [world.token(1, issued)]
    elif by == "team":
        mail["rcpt"] = [world.token(1, "support", Purpose.TEAM)]
    elif by == "escalate":
        mail["rcpt"] = ["escalate@example.com"]
    elif by == "in_reply_to":
        mail["in_reply_to"] = (world.sent(1, issued, "problem"),)
    if automatic:
        mail["headers"] = [("auto-submitted", automatic)]
    mail["files"] = [a_file(str(n)) for n in range(mail["files"])]
    return world.mail(**mail), ticket


def recipients_after(decision: Decision, ticket: Ticket) -> dict[str, RecipientState]:
    rows = {r.person.address: r.state for r in ticket.recipients} if decision.ticket else {}
    return rows | {r.address: r.state for r in decision.recipients if r.state is not RecipientState.LEFT_OUT}


TESTED_FIELDS = {"status": "status", "severity": "severity", "category": "category", "assignee": "assignee"}


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(state=states(), mail=mails())
def test_the_laws(
    state: dict[str, Any], mail: dict[str, Any], new_world: Any, a_file: Callable[..., Attachment]
) -> None:
    world = new_world()
    decision, ticket = run(world, state, mail, a_file)
    author, eu = mail["from_"], _eu(decision, ticket)
    rows = recipients_after(decision, ticket)
    codes = {event.code for event in decision.history}

    assert decision.outcome is not None
    assert decision.reasons
    assert sum(1 for s in rows.values() if s is RecipientState.ACTIVE) <= 5
    assert sum(1 for s in rows.values() if s is RecipientState.HELD) <= 5 + len(state["recipients"])
    assert decision.devices is None or len(decision.devices) <= max(5, len(ticket.devices))
    assert sum(1 for f in decision.attachments if f.state is AttachmentState.KEPT) <= 2
    for event in decision.history:
        assert event.code in SENTENCES
        assert in_words(event)
    for field, code in TESTED_FIELDS.items():
        if decision.ticket and any(c.field == field for c in decision.changes):
            assert code in codes
    for notice in decision.notices:
        json.dumps(notice.context)
        if notice.template == "update":
            assert notice.to != author
        assert rows.get(notice.to, RecipientState.ACTIVE) is RecipientState.ACTIVE or notice.audience in (
            "sender",
            "assignee",
        )
        assert notice.to != "dead@acme.example" or _lives(decision)
        if eu and APART not in notice.context:
            assert notice.to not in OUTSIDE_EU
        assert not (decision.trust is Trust.UNVERIFIED and notice.to == author)  # 4.4, T28
        if not notice.inside:
            assert all(
                c["state"] == CommentState.SHOWN.value
                for c in notice.context["comments"]
                if notice.to != author
            )
        if (
            decision.ticket
            and notice.to == "dan@acme.example" == ticket.assignee.address
            and _nobody_vouches(decision, ticket)
        ):
            raise AssertionError(
                "an unverified assignee gets nothing automatic before an agent answered (4.4)"
            )
    if decision.trust is Trust.UNVERIFIED:
        assert decision.escalation is None
        assert not any(r.state is RecipientState.ACTIVE for r in decision.recipients)
        assert not any(c.state == "done" for c in decision.commands)
    if decision.outcome in (Outcome.AUTO_REPLY, Outcome.QUARANTINED, Outcome.DUPLICATE):
        assert (decision.notices, decision.changes) == ((), ())


def _lives(decision: Decision) -> bool:
    """Who was switched off gets mail again from the moment on that he writes himself, as a person, and proves it (8.2)."""
    himself = decision.sender is not None and decision.sender.address == "dead@acme.example"
    return himself and decision.kind is Kind.PERSON and decision.trust is not Trust.UNVERIFIED


def _nobody_vouches(decision: Decision, ticket: Ticket) -> bool:
    """Nobody verified named the assignee, no staff wrote, none has answered, and he has no proof himself."""
    assert decision.sender is not None
    verified = decision.trust is not Trust.UNVERIFIED
    wrote = verified and (
        decision.sender.address in STAFF or decision.sender.address == ticket.assignee.address
    )
    return not (wrote or ticket.agent_answered or ticket.status is not Status.NEW)


def _eu(decision: Decision, ticket: Ticket) -> bool:
    changed = [c.value for c in decision.changes if c.field == "eu_support"]
    if decision.new_ticket:
        return bool(decision.new_ticket.eu_support)
    return bool(changed[-1] if changed else ticket.eu_support)


@settings(max_examples=100, deadline=None)
@given(state=states(), mail=mails())
def test_the_same_facts_give_the_same_decision(
    state: dict[str, Any], mail: dict[str, Any], new_world: Any, a_file: Any
) -> None:
    assert run(new_world(), state, mail, a_file)[0] == run(new_world(), state, mail, a_file)[0]
