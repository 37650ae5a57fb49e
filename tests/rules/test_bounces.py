"""Mail of ours that came back: whom it switches off, and who lives after all (8.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from mailgate.model import (
    BounceReport,
    Decision,
    Delivery,
    Outcome,
    Person,
    Purpose,
    RecipientState,
    Returned,
    Trust,
)

BOB, CAROL, PAT, ANA, SAM = (
    "bob@acme.example",
    "carol@acme.example",
    "pat@other.example",
    "ana@example.com",
    "sam@example.com",
)
DEAD_BOB = "dead@acme.example"  # of the world's people, switched off
TEAM, LIST, SUPPORT = "team@example.com", "management@example.com", "support@example.com"
Codes = Callable[[Decision], list[str]]
D, A = RecipientState.DEAD, RecipientState.ACTIVE


def report(address: str, *, dead: bool = False, action: str = "failed", status: str = "") -> BounceReport:
    status = status or ("5.1.1" if dead else "4.2.2")
    return BounceReport(address, action, status, "550 no  such\nuser", dead, dead)


def bounce(
    world: Any, address: str, *reports: BounceReport, dead: bool = True, action: str = "failed", serial: int = 900,
    known: Mapping[int, bool] | None = None, age: timedelta = timedelta(0), revived: timedelta | None = None,
    off: bool = False,
) -> Decision:  # fmt: skip
    """A bounce of mail 900 to `address`, on ticket 1. `known`: what is on record of the reader's mails; `age` of the
    mail; `revived`: how long ago its address was switched on again; `off`: whether it is switched off."""
    world.deliveries[900] = Delivery(900, 1, address, "update")
    sent = world.now - age
    person = world.people.get(address) or Person(address, 77, dead=off)
    known = Returned(person, sent, None if revived is None else world.now - revived, known or {})
    world.facts_more["returned"] = {900: known}
    reports = reports or (report(address, dead=dead, action=action),)
    return world.mail(
        "mailer-daemon@other.example", "Undelivered", rcpt=[world.minter.return_path(serial, sent)], to=["x@y.example"],
        mail_from="", bounces=reports, top_type="multipart/report", report_type="delivery-status",
    )  # fmt: skip


def off(decision: Decision) -> list[str]:
    return [update.address for update in decision.people if update.dead]


# -- dead addresses


def test_a_dead_recipient_is_inactive_at_once(world: Any, codes: Codes) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = bounce(world, PAT)
    assert (decision.outcome, decision.ticket, decision.bounce_serial) == (Outcome.BOUNCE, 1, 900)
    assert [(r.address, r.state) for r in decision.recipients] == [(PAT, D)]
    assert codes(decision) == ["bounced", "recipient_dead"]
    assert (off(decision), decision.people[0].why) == ([PAT], "the address does not exist (5.1.1)")


def test_a_held_recipient_too(world: Any) -> None:
    world.ticket(1, recipients=[(PAT, "held")])
    assert [r.state for r in bounce(world, PAT).recipients] == [D]


@pytest.mark.parametrize("state", ["left", "removed"])
def test_who_has_gone_stays_so(world: Any, codes: Codes, state: str) -> None:
    world.ticket(1, recipients=[(PAT, state)])
    decision = bounce(world, PAT)
    assert (decision.recipients, codes(decision)) == ((), ["bounced", "address_dead"])


def test_the_team_is_told_of_a_dead_assignee(world: Any, codes: Codes) -> None:
    world.ticket(1)
    decision = bounce(world, BOB)
    assert [(n.to, n.template) for n in decision.notices] == [(TEAM, "problem")]
    (problem,) = decision.notices[0].context["problems"]
    assert (problem["code"], problem["params"]["error"]) == ("assignee_unreachable", "550 no such user")
    assert codes(decision) == ["bounced", "address_dead"]


def test_somebody_whose_ticket_is_not_known(world: Any, codes: Codes) -> None:
    decision = bounce(world, PAT)
    assert (off(decision), codes(decision), decision.notices) == ([PAT], ["bounced", "address_dead"], ())


# -- failures that may pass


@pytest.mark.parametrize(
    ("known", "switched"),
    [
        ({}, False),
        ({1: True}, False),
        ({1: True, 2: True}, True),
        ({1: True, 2: False}, False),
        ({1: True, 900: True}, False),
        ({1: True, 900: False}, False),
        ({1: True, 2: True, 900: False}, True),
        ({1: True, 2: True, 3: True}, True),
    ],
    ids=[
        "the first",
        "the second",
        "the third",
        "a delay counts as none",
        "the same mail again",
        "the same mail, after a delay",
        "the third, after a delay",
        "the fourth",
    ],
)
def test_other_failures_count_by_mails(world: Any, known: Mapping[int, bool], switched: bool) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = bounce(world, PAT, dead=False, known=known)
    assert bool(off(decision)) == switched
    assert [r.state for r in decision.recipients] == ([D] if switched else [])


@pytest.mark.parametrize(("failures", "known"), [(1, 0), (2, 1), (10, 9)])
def test_how_many_is_a_setting(world: Any, failures: int, known: int) -> None:
    world.configure(bounces={"failures": failures, "days": 2})
    world.ticket(1, recipients=[(PAT, "active")])
    assert off(bounce(world, PAT, dead=False, known=dict.fromkeys(range(known - 1), True))) == (
        [PAT] if failures == 1 else []
    )
    decision = bounce(world, PAT, dead=False, known=dict.fromkeys(range(known), True))
    assert (off(decision), decision.people[0].why) == ([PAT], f"{failures} failures in 2 days")


def test_the_history_tells_failures_from_dead_addresses(world: Any) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = bounce(world, PAT, dead=False, known={1: True, 2: True})
    assert [(e.code, dict(e.params)) for e in decision.history] == [
        ("bounced", {"address": PAT, "status": "4.2.2"}),
        ("address_failing", {"address": PAT, "count": 3, "days": 5}),
    ]


def test_the_team_is_told_of_a_failing_assignee_once(world: Any) -> None:
    world.ticket(1)
    decision = bounce(world, BOB, dead=False, known={1: True, 2: True})
    assert [p["code"] for n in decision.notices for p in n.context["problems"]] == ["assignee_failing"]
    world.person(BOB, dead=True)
    again = bounce(world, BOB, dead=False, known={1: True, 2: True, 3: True})
    assert (again.notices, again.people) == ((), ())


@pytest.mark.parametrize("dead", [True, False])
def test_what_comes_back_from_a_dead_address_is_only_written_down(
    world: Any, codes: Codes, dead: bool
) -> None:
    world.ticket(1)
    world.person(BOB, dead=True)
    decision = bounce(world, BOB, dead=dead, known={1: True, 2: True})
    assert (codes(decision), decision.people, decision.notices) == (["bounced"], (), ())


@pytest.mark.parametrize(("dead", "effect"), [(False, []), (True, ["bounced", "recipient_dead"])])
def test_a_mail_fails_once(world: Any, codes: Codes, dead: bool, effect: list[str]) -> None:
    """Unless its second report says more than the first."""
    world.ticket(1, recipients=[(PAT, "active")])
    decision = bounce(world, PAT, dead=dead, known={900: True})
    assert (decision.outcome, codes(decision), bool(decision.reports)) == (
        Outcome.BOUNCE,
        effect,
        bool(effect),
    )


@pytest.mark.parametrize(
    ("action", "known", "history", "kept"),
    [
        ("failed", {}, ["bounced"], 1),
        ("expired", {}, ["bounced"], 1),
        ("delayed", {}, [], 1),
        ("delayed", {900: False}, [], 0),
        ("delayed", {900: True}, [], 0),
        ("delivered", {}, [], 1),
    ],
)
def test_what_is_written_down(
    world: Any, codes: Codes, action: str, known: Mapping[int, bool], history: list[str], kept: int
) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = bounce(world, PAT, dead=False, action=action, known=known)
    assert (codes(decision), len(decision.reports)) == (history, kept)
    assert (decision.people, decision.recipients) == ((), ())


# -- whom it speaks for


@pytest.mark.parametrize("address", [ANA, SAM, TEAM, LIST])
@pytest.mark.parametrize("dead", [True, False])
def test_staff_are_only_reported(world: Any, address: str, dead: bool) -> None:
    world.ticket(1)
    decision = bounce(world, address, dead=dead, known={1: True, 2: True})
    assert (decision.people, decision.recipients, decision.notices) == ((), (), ())
    assert [(e.code, e.private) for e in decision.history] == [("bounced", True)]
    again = bounce(world, address, dead=dead, known={1: True, 2: True, 900: True})
    assert (again.history, again.reports) == ((), ())


def test_an_agent_without_a_team_is_staff(world: Any) -> None:
    world.person("lone@example.com", agent=True)
    world.ticket(1)
    assert off(bounce(world, "lone@example.com")) == []


@pytest.mark.parametrize(
    ("named", "counts"),
    [
        (PAT, True),
        ("Pat@OTHER.example", True),
        ("", True),
        ("pat", True),
        (BOB, False),
        ("pat@gmail.example", False),
        ("bob", False),
        ("pat@other.example.evil.example", False),
    ],
)
def test_it_speaks_for_its_own_address_only(world: Any, codes: Codes, named: str, counts: bool) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    decision = bounce(world, PAT, report(named, dead=True))
    assert off(decision) == ([PAT] if counts else [])
    assert codes(decision)[-1] == ("recipient_dead" if counts else "bounced_elsewhere")
    assert [r.action for r in decision.reports] == ["failed" if counts else "elsewhere"]


def test_a_report_of_several_addresses(world: Any) -> None:
    world.ticket(1, recipients=[(PAT, "active")])
    others = [report(f"m{n}@other.example", dead=True) for n in range(5)]
    assert off(bounce(world, PAT, *others)) == []
    assert off(bounce(world, PAT, *others, report(PAT))) == [], "dead are the others"
    assert off(bounce(world, PAT, *others, report(PAT, dead=True))) == [PAT]


def test_a_report_of_others_is_written_down_once(world: Any, codes: Codes) -> None:
    world.ticket(1)
    assert codes(bounce(world, BOB, report(PAT, dead=True), known={900: False})) == []


# -- which reports serve


@pytest.mark.parametrize(
    ("days", "outcome"), [(0, "bounce"), (29, "bounce"), (31, "quarantined"), (200, "quarantined")]
)
def test_a_return_path_serves_for_thirty_days(world: Any, days: int, outcome: str) -> None:
    world.ticket(1)
    decision = bounce(world, BOB, age=timedelta(days=days))
    assert (decision.outcome, bool(off(decision))) == (outcome, outcome == "bounce")


def test_a_bounce_of_nothing_of_ours_is_quarantined(world: Any) -> None:
    world.ticket(1)
    decision = bounce(world, PAT, serial=901)
    assert (decision.outcome, decision.history, decision.ticket) == (Outcome.QUARANTINED, (), None)


@pytest.mark.parametrize(
    ("age", "revived", "counts"),
    [(2, 1, False), (1, 1, False), (1, 2, True), (1, None, True)],
    ids=["before", "at that moment", "after", "never"],
)
def test_mail_from_before_the_address_was_switched_on_again(
    world: Any, age: int, revived: int | None, counts: bool
) -> None:
    world.ticket(1)
    ago = None if revived is None else timedelta(days=revived)
    decision = bounce(world, BOB, age=timedelta(days=age), revived=ago)
    assert (bool(off(decision)), bool(decision.reports), bool(decision.history)) == (counts,) * 3


@pytest.mark.parametrize("purpose", [Purpose.REPLY, Purpose.TEAM, Purpose.LEAVE])
def test_an_address_for_something_else_is_no_return_path(world: Any, purpose: Purpose) -> None:
    world.ticket(1)
    person = "support" if purpose is Purpose.TEAM else BOB
    decision = world.mail(
        "mailer-daemon@other.example", "Undelivered", rcpt=[world.token(1, person, purpose)], mail_from="",
        bounces=(report(BOB, dead=True),), top_type="multipart/report", report_type="delivery-status",
    )  # fmt: skip
    assert (decision.outcome, decision.people, decision.history) == (Outcome.QUARANTINED, (), ())


# -- who lives after all


@pytest.fixture
def dead_assignee(world: Any) -> Any:
    world.ticket(1, assignee=DEAD_BOB)
    return world


@pytest.mark.parametrize("how", ["authenticated", "proof"])
def test_who_writes_gets_mail_again(dead_assignee: Any, told: Any, how: str) -> None:
    world = dead_assignee
    to = [world.token(1, DEAD_BOB)] if how == "proof" else [SUPPORT]
    decision = world.mail(
        DEAD_BOB, "Re: [#1]", "Severity: outage\n\nI am here.", to=to, auth=how == "authenticated"
    )
    assert (decision.outcome, decision.trust) == (Outcome.COMMENT, Trust(how))
    assert [u.dead for u in decision.people] == [False]
    assert told(decision)[DEAD_BOB] == ["acknowledgement"], "and this very mail is answered"


def test_a_new_ticket_too(world: Any, told: Any) -> None:
    decision = world.mail(DEAD_BOB)
    assert [u.dead for u in decision.people] == [False]
    assert told(decision)[DEAD_BOB] == ["acknowledgement"]


NOT_A_SIGN: dict[str, dict[str, Any]] = {
    "nobody vouches for it": {"auth": False},
    "an absence": {"headers": [("auto-submitted", "auto-replied")], "subject": "Out of office"},
    "a program": {"headers": [("auto-submitted", "auto-generated")]},
    "a list": {"headers": [("list-id", "<x.acme.example>")]},
    "the null sender": {"mail_from": ""},
}


@pytest.mark.parametrize("mail", NOT_A_SIGN.values(), ids=NOT_A_SIGN)
def test_what_is_no_sign_of_life(dead_assignee: Any, mail: dict[str, Any]) -> None:
    decision = dead_assignee.mail(**{"from_": DEAD_BOB, "subject": "[#1] x", **mail})
    assert [u.dead for u in decision.people if u.dead is not None] == []
    assert DEAD_BOB not in [notice.to for notice in decision.notices]
    assert not any("mail goes there again" in reason for reason in decision.reasons)


def test_nor_is_mail_from_an_address_that_nobody_reads(world: Any) -> None:
    world.person("x-bounces@acme.example", dead=True)
    assert [u.dead for u in world.mail("x-bounces@acme.example").people] == [None]


def test_a_dead_recipient_has_his_part_again(world: Any, codes: Codes) -> None:
    world.person(PAT, dead=True)
    world.ticket(1, recipients=[(PAT, "dead")])
    decision = world.mail(PAT, "[#1] Hello", "Me again.")
    assert (decision.outcome, decision.ticket, decision.comment.state) == (Outcome.COMMENT, 1, "shown")
    assert [(r.person.address, r.state, r.person.dead) for r in decision.after.recipients] == [
        (PAT, A, False)
    ]


def test_not_on_a_full_ticket(world: Any) -> None:
    world.person(PAT, dead=True)
    world.ticket(1, recipients=[(PAT, "dead"), *((f"r{n}@x.example", "active") for n in range(5))])
    decision = world.mail(PAT, "Hello", "Me again.", to=[world.token(1, PAT)])
    assert [r.state for r in decision.after.recipients if r.person.address == PAT] == [D]
    assert decision.comment.state == "held", "he has no part there"


def test_who_was_not_switched_off_is_not_switched_on(world: Any) -> None:
    world.ticket(1)
    assert [u.dead for u in world.mail(BOB, "[#1] x").people] == [None]


def test_a_recipient_who_lives_again_may_be_named(world: Any, codes: Codes) -> None:
    """His row stayed off where there was no room; now there is."""
    world.ticket(1, recipients=[(PAT, "dead")])
    decision = world.mail(BOB, "[#1] x", f"Recipient: {PAT}")
    assert [(r.address, r.state) for r in decision.recipients] == [(PAT, A)]
    world.person(PAT, dead=True)
    world.ticket(2, recipients=[(PAT, "dead")])
    assert world.mail(BOB, "[#2] x", f"Recipient: {PAT}").recipients == ()


# -- nobody answers into the void


@pytest.mark.parametrize(
    ("text", "problems"),
    [("It is mended.", ["assignee_silent"]), ("Private: yes\n\nHm.", [])],
    ids=["answer", "note"],
)
def test_the_agent_hears_that_his_answer_went_nowhere(
    dead_assignee: Any, text: str, problems: list[str]
) -> None:
    decision = dead_assignee.mail(ANA, "[#1] x", text)
    found = [p["code"] for n in decision.notices if n.to == ANA for p in n.context.get("problems", ())]
    assert found == problems
    assert DEAD_BOB not in [n.to for n in decision.notices]


def test_other_tickets_stop_mailing_too(world: Any) -> None:
    world.person(PAT, dead=True)
    world.ticket(2, assignee=BOB, recipients=[(PAT, "active"), (CAROL, "active")])
    decision = world.mail(ANA, "[#2] x", "News.")
    assert {n.to for n in decision.notices if n.audience in ("assignee", "recipient")} == {BOB, CAROL}
