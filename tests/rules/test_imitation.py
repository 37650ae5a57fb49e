"""Senders who look like somebody of ours (threat T9): a warning for the desk, and no other decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mailgate.model import Address, Decision, Person

ANA, TEAM, SUPPORT, BOB = "ana@example.com", "team@example.com", "support@example.com", "bob@acme.example"
Codes = Callable[[Decision], list[str]]


@pytest.fixture
def desk(world: Any) -> Any:
    """A world whose agent Ana has a full name on record."""
    world.people[ANA] = replace(world.people[ANA], name="Ana Example")
    first = world.teams[0]
    agents = tuple(world.people.get(each.address, each) for each in first.agents)
    world.teams = (replace(first, agents=agents), *world.teams[1:])
    return world


def seen(desk: Any, address: str, name: str = "", auth: bool = False, **more: Any) -> str:
    """Whom the sender looks like, by the history of the ticket."""
    decision = desk.mail(from_=address, auth=auth, sender=Address(address, name), **more)
    events = [event for event in decision.history if event.code == "lookalike"]
    assert all(event.private and event.params["who"] == address for event in events)
    assert len(events) == sum("looks like" in reason for reason in decision.reasons) <= 1
    return str(events[0].params["known"]) if events else ""


LIKE = {
    "cyrillic_letter_in_a_staff_address": ("\u0430na@example.com", "", ANA),
    "digit_in_a_staff_address": ("ana@examp1e.com", "", ANA),
    "umlaut_domain": ("ana@xn--exmple-4nf.com", "", ANA),  # exаmple.com with a Cyrillic а
    "another_mailbox_at_a_twin_of_our_domain": ("billing-department@exarnple.com", "", "example.com"),
    "our_domain_in_front_of_another": ("it@example.com.mail.evil.example", "", "example.com"),
    "our_address_as_a_name": ("eve@evil.example", SUPPORT, SUPPORT),
    "our_address_within_a_name": ("eve@evil.example", f"Ana <{ANA}>", ANA),
    "our_address_in_twin_letters_as_a_name": ("eve@evil.example", "supp\u043ert@example.com", SUPPORT),
    "full_name_of_an_agent": ("ana.example@freemail.example", "Ana Example", "Ana Example"),
    "full_name_the_other_way_round": ("a@freemail.example", "EXAMPLE, Ana", "Ana Example"),
    "full_name_in_twin_letters": ("a@freemail.example", "Ana Ex\u0430mple", "Ana Example"),
}  # fmt: skip


@pytest.mark.parametrize(("address", "name", "known"), LIKE.values(), ids=LIKE)
def test_the_desk_is_warned(desk: Any, address: str, name: str, known: str) -> None:
    assert seen(desk, address, name) == known


NOT_LIKE = {
    "another": ("eve@evil.example", "Eve"),
    "one_word_of_the_name": ("ana@other.example", "Ana"),
    "same_local_part": ("support@other.example", "Support"),
    "a_branch_of_ours": ("ana@example.com.au", "Karl"),
    "a_domain_that_ends_alike": ("x@myexample.com", ""),
    "another_top_level_domain": ("x@example.org", ""),
    "our_own_domain": ("printer@example.com", "Printer 4"),
    "no_name": ("x@other.example", ""),
    "name_of_signs": ("x@other.example", "***"),
    "cyrillic_name": ("x@other.example", "Анна Иванова"),
}


@pytest.mark.parametrize(("address", "name"), NOT_LIKE.values(), ids=NOT_LIKE)
def test_no_false_alarm(desk: Any, address: str, name: str) -> None:
    assert seen(desk, address, name) == ""


def test_a_namesake_whom_somebody_vouches_for_is_a_namesake(desk: Any) -> None:
    assert seen(desk, "ana.example@other.example", "Ana Example", auth=True) == ""
    assert seen(desk, "ana@acme.example", "Ana Example") == ""  # the people file knows his account


def test_twin_letters_are_told_of_whoever_vouches(desk: Any) -> None:
    assert seen(desk, "ana@examp1e.com", auth=True) == ANA
    assert seen(desk, "a@freemail.example", "Ana Ex\u0430mple", auth=True) == "Ana Example"


def test_staff_look_like_themselves(desk: Any) -> None:
    assert seen(desk, ANA, "Ana Example", auth=True) == ""
    assert seen(desk, ANA, "Ana Example") == ""


def test_it_changes_nothing_else(desk: Any, codes: Codes) -> None:
    plain = desk.mail(from_="x@evil.example", auth=False, sender=Address("x@evil.example", "Eve Example"))
    like = desk.mail(from_="x@evil.example", auth=False, sender=Address("x@evil.example", "Ana Example"))
    assert (like.outcome, like.trust, like.new_ticket and like.new_ticket.title) == (
        plain.outcome,
        plain.trust,
        plain.new_ticket and plain.new_ticket.title,
    )
    assert [n.to for n in like.notices] == [n.to for n in plain.notices]
    assert set(codes(like)) - set(codes(plain)) == {"lookalike"}


def test_the_team_reads_it_in_the_mail_about_the_ticket(desk: Any) -> None:
    decision = desk.mail(from_="ana@examp1e.com", auth=False)
    context = next(n for n in decision.notices if n.to == TEAM).context
    assert f"the sender looks like {ANA}: check the address" in context["warnings"]


def test_a_comment_is_told_of_too(desk: Any) -> None:
    desk.ticket(1, assignee=BOB)
    desk.people["ana@examp1e.com"] = Person("ana@examp1e.com", 77)
    assert seen(desk, "ana@examp1e.com", subject="[#1] Printer") == ANA
    assert seen(desk, "ana@examp1e.com", to=[desk.token(1, BOB)]) == ANA
