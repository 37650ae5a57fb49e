"""Automatic replies, quarantine, leaving (8.1-8.4, 6.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailgate.model import Decision, Outcome, Purpose, RecipientState

BOB, PAT, ANA, TEAM, SUPPORT = (
    "bob@acme.example",
    "pat@other.example",
    "ana@example.com",
    "team@example.com",
    "support@example.com",
)
Codes = Callable[[Decision], list[str]]


@pytest.mark.parametrize("by", ["token", "tag", "none"])
def test_8_1_an_automatic_reply_is_only_recorded(world: Any, codes: Codes, by: str) -> None:
    from mailgate.model import Status

    world.ticket(1, status=Status.RESOLVED)
    rcpt = [world.token()] if by == "token" else [SUPPORT]
    subject = "[#1 escalate] Out of office" if by == "tag" else "Out of office"
    decision = world.mail(BOB, subject, rcpt=rcpt, to=[SUPPORT], headers=[("auto-submitted", "auto-replied")])
    assert (decision.outcome, decision.ticket) == (Outcome.AUTO_REPLY, None if by == "none" else 1)
    assert (decision.notices, decision.changes, decision.comment, decision.escalation) == ((), (), None, None)
    assert codes(decision) == ([] if by == "none" else ["auto_reply"])


def test_8_4_spam_and_block_list(world: Any) -> None:
    world.configure(trust={"block": [BOB]})
    decision = world.mail()
    assert (decision.outcome, decision.notices) == (Outcome.QUARANTINED, ())
    assert decision.error


@pytest.mark.parametrize("text", ["", "unsubscribe", "Unsubscribe."])
def test_6_3_who_leaves_by_the_address_for_it(world: Any, codes: Codes, text: str) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = world.mail(
        PAT, "unsubscribe", text, rcpt=[world.token(1, PAT, Purpose.LEAVE)], to=[SUPPORT], auth=False
    )
    assert (decision.outcome, decision.comment) == (Outcome.COMMENT, None)
    assert [(r.address, r.state) for r in decision.recipients] == [(PAT, RecipientState.LEFT)]
    assert codes(decision) == ["recipient_left"]


def test_6_3_apple_mail_asks_in_its_own_words(world: Any, codes: Codes) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = world.mail(
        PAT,
        "unsubscribe",
        "Apple Mail sent this to unsubscribe from the message.",
        rcpt=[world.token(1, PAT, Purpose.LEAVE)],
        to=[SUPPORT],
        auth=False,
        headers=[("auto-submitted", "auto-replied"), ("x-apple-unsubscribe", "true")],
    )
    assert [(r.address, r.state) for r in decision.recipients] == [(PAT, RecipientState.LEFT)]
    assert codes(decision) == ["recipient_left"]


def test_6_3_his_words_are_not_lost(world: Any) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = world.mail(
        PAT, "Re: x", "Before I go: it still burns.", rcpt=[world.token(1, PAT, Purpose.LEAVE)], to=[SUPPORT]
    )
    assert decision.comment.text == "Before I go: it still burns."


def test_a_forged_leave_token_does_nothing(world: Any) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    token = world.token(1, PAT, Purpose.LEAVE).replace("@", "q@")
    assert world.mail("x@evil.example", "unsubscribe", "", rcpt=[token], to=[SUPPORT]).recipients == ()
