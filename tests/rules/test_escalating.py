"""Who may ask to escalate in words, where, and what comes of it (7.2, 7.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rules.conftest import ANA, BOB, CAROL, LIST, PAT, SAM, STRANGER, SUPPORT, TEAM

from mailgate.model import Decision, Forwarded, Kind, Outcome, Severity

SAID = "Two hundred people cannot work, so please escalate this ticket."
TEXT = f"Hello,\n\nit is still down. {SAID}\n\nBob"
Codes = Callable[[Decision], list[str]]
Told = Callable[[Decision], dict[str, list[str]]]


def reason(decision: Decision) -> str:
    return next((r for r in decision.reasons if "asks to escalate" in r), "")


@pytest.mark.parametrize("sender", [BOB, CAROL])
def test_the_customer_side_asks_in_words(world: Any, sender: str, codes: Codes) -> None:
    world.ticket(1)
    decision = world.mail(sender, "Re: [#1] It is broken", TEXT)
    assert decision.outcome is Outcome.COMMENT
    assert decision.escalation is not None
    assert (decision.escalation.level, decision.escalation.asked_by, decision.escalation.reason) == (
        1,
        sender,
        SAID,
    )
    assert reason(decision) == f"the text asks to escalate: {SAID!r} (7.2)"
    assert codes(decision).count("escalated") == 1
    assert decision.comment is not None
    assert SAID in decision.comment.text


def test_a_first_mail_asks_in_words(world: Any) -> None:
    decision = world.mail(BOB, "It is down", TEXT)
    assert (decision.outcome, decision.escalation.level) == (Outcome.TICKET, 1)
    assert decision.escalation.reason == SAID


def test_a_token_is_enough(world: Any) -> None:
    """4.3: proof gives the customer side its rights."""
    world.ticket(1)
    world.person(BOB, authenticated_before=False)
    decision = world.mail(BOB, "Re: x", TEXT, to=(world.token(1),), auth=False)
    assert decision.escalation is not None


NOBODY: dict[str, tuple[str, dict[str, Any]]] = {
    "an agent, who has a command for it": (ANA, {}),
    "a supervisor": (SAM, {}),
    "a recipient from outside": (PAT, {}),
    "nobody vouches for him": (BOB, {"auth": False}),
    "in a quote": (BOB, {"text": "Still down.", "quoted": SAID}),
    "in the signature": (BOB, {"text": "Still down.", "signature": SAID}),
    "in a quote between his own words": (
        BOB,
        {"text": f"> {SAID}\nNo, that is not needed.\n> Anything else?\nNo."},
    ),
    "a command was refused": (BOB, {"text": "Escalate: please escalate\nEscalate: again\n\nHello"}),
    "an internal note that cannot be": (BOB, {"text": f"Private: yes\n\n{SAID}"}),
    "a forward": (BOB, {"text": TEXT, "is_forward": True}),
    "a list": (BOB, {"headers": (("precedence", "list"), ("list-id", "<a.b>"))}),
    "a monitor": (BOB, {"headers": (("auto-submitted", "auto-generated"),)}),
    "an absence": (BOB, {"headers": (("auto-submitted", "auto-replied"),)}),
}


@pytest.mark.parametrize("case", NOBODY)
def test_not_in_words(world: Any, case: str) -> None:
    sender, more = NOBODY[case]
    world.ticket(1, recipients=[(PAT, "active")])
    decision = world.mail(sender, "Re: [#1] It is broken", **{"text": TEXT, **more})
    assert not any("the text asks to escalate: " in r for r in decision.reasons)
    if case != "a command was refused":
        assert decision.escalation is None


@pytest.mark.parametrize("auth", [True, False])
def test_of_a_first_mail_a_machine_and_a_stranger_ask_nothing(world: Any, auth: bool) -> None:
    machine = world.mail(BOB, "Alarm", TEXT, headers=(("auto-submitted", "auto-generated"),), auth=auth)
    assert (machine.kind, machine.escalation) == (Kind.AUTO_GENERATED, None)
    stranger = world.mail(STRANGER, "Hello", TEXT, auth=False)
    assert stranger.escalation is None
    assert reason(stranger) == "the text asks to escalate, which changes nothing: the sender may not (4.3)"


@pytest.mark.parametrize(
    ("own", "theirs", "asks"), [(SAID, "Hello.", True), ("Please see below.", SAID, False)]
)
def test_of_a_forward_only_the_words_above_it_count(world: Any, own: str, theirs: str, asks: bool) -> None:
    text = (
        f"{own}\n\n---------- Forwarded message ----------\nFrom: Pat\nSubject: please escalate\n\n{theirs}\n"
    )
    forwarded = Forwarded("Pat", "", "please escalate", "", theirs)
    decision = world.mail(BOB, "Fwd: x", text, forwarded=forwarded, is_forward=True)
    assert (decision.escalation is not None) is asks


def test_once_a_mail(world: Any, codes: Codes) -> None:
    world.ticket(1)
    for subject, text in (
        ("Re: [#1] x", f"Escalate: it burns\n\n{TEXT}"),
        ("Re: [#1 escalate] x", TEXT),
        ("Re: [#1] x", f"{TEXT}\n{TEXT}"),
    ):
        decision = world.mail(BOB, subject, text)
        assert decision.escalation.level == 1
        assert codes(decision).count("escalated") == 1


def test_a_further_request_needs_the_wait(world: Any, codes: Codes) -> None:
    """7.3: too early, and the sender is told when; later, and it is the next level."""
    ago = world.now - timedelta(minutes=5)
    world.ticket(1, escalation_level=1, severity=Severity.OUTAGE, last_step=ago)
    early = world.mail(BOB, "Re: [#1] x", TEXT)
    assert early.escalation is None
    assert "escalation_too_early" in codes(early)
    told = next(n for n in early.notices if n.to == BOB)
    assert "escalation_too_early" in [p["code"] for p in told.context["problems"]]
    world.ticket(1, escalation_level=1, severity=Severity.OUTAGE, last_step=world.now - timedelta(minutes=16))
    assert world.mail(BOB, "Re: [#1] x", TEXT).escalation.level == 2


def test_another_ticket_is_not_this_one(world: Any) -> None:
    world.ticket(1)
    assert world.mail(BOB, "Re: [#1] x", "Please escalate #2.").escalation is None
    assert world.mail(BOB, "Re: [#1] x", "Please escalate #1.").escalation is not None


def test_who_is_told(world: Any) -> None:
    world.ticket(1)
    to = {
        n.to
        for n in world.mail(CAROL, "Re: [#1] x", TEXT, to=(SUPPORT,)).notices
        if n.template == "escalation"
    }
    assert to == {BOB, TEAM}
    assert LIST not in to


def test_a_supervisor_who_names_no_customer_gets_one_mail_of_it(world: Any, told: Told) -> None:
    """He is the assignee for now (5.4), and one of level 3's people (7.1)."""
    assert told(world.mail(SAM, "[escalate] it burns"))[SAM].count("escalation") == 1


def test_a_program_that_asks_is_not_answered(world: Any, told: Told) -> None:
    """8.1: also not by the escalation mail, which the assignee gets otherwise."""
    world.ticket(1)
    by_program = world.mail(
        BOB, "[#1 escalate] x", "It burns.", headers=[("auto-submitted", "auto-generated")]
    )
    assert by_program.escalation is not None
    assert told(by_program) == {TEAM: ["escalation"]}
    assert told(world.mail(BOB, "[#1 escalate] x", "It burns."))[BOB] == ["escalation"]


def test_what_is_escalated_and_resolved_by_one_mail_is_not_escalated(
    world: Any, told: Told, codes: Codes
) -> None:
    """7.6: nobody hears of a level at which the ticket is not."""
    world.ticket(1, agent_answered=True)
    decision = world.mail(SAM, "[#1] x", "Escalate: it burns\nStatus: resolved\n\nIt burnt.")
    assert codes(decision)[:3] == ["escalated", "status", "escalation_ended"]
    assert (decision.escalation, decision.after.escalation_level) == (None, 0)
    assert "escalation" not in [template for mails in told(decision).values() for template in mails]
