"""T3 (Zendesk, 2025 and 2026): forged requesters make a desk write to victims, in the forger's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from security.desk import EVE, TEAM, Desk

VICTIMS = [f"victim{n}@bystander.example" for n in range(5)]
WORDS = "CHEAP-PILLS"
MAILS = 60


def bomb(desk: Desk) -> Counter[str]:
    """Forged mails, each with words in subject, text and name, and the next victim in Cc; who got how many."""
    for n in range(MAILS):
        victim, other = VICTIMS[n % 5], VICTIMS[(n + 1) % 5]
        sender = f"{WORDS} <{victim}>"
        desk.write(sender, f"{WORDS} {n}", f"{WORDS} https://evil.example/{n}\n", cc=(f"{WORDS} <{other}>",))
    desk.deliver()
    return Counter(sent.to for sent in desk.sent)


@pytest.mark.parametrize(
    ("mode", "most"), [(None, 0), ("no", 0), ("notice", 1)], ids=["as shipped", "no", "notice"]
)
def test_victims_get_next_to_nothing_and_no_word(
    make_desk: Callable[..., Desk], mode: str | None, most: int
) -> None:
    trust: dict[str, Any] = {"acknowledge_unverified": mode} if mode else {}
    desk = make_desk(trust={"authserv_ids": ["mx.example.com"], **trust})
    got = bomb(desk)
    assert {victim: got[victim] for victim in VICTIMS} == dict.fromkeys(VICTIMS, most)
    assert [sent.to for sent in desk.sent if sent.to != TEAM and WORDS in sent.raw.decode()] == []
    assert [sent.to for sent in desk.sent if sent.to != TEAM and WORDS in sent.words] == []


def test_even_when_strangers_are_answered_there_is_a_limit(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(
        trust={"authserv_ids": ["mx.example.com"], "acknowledge_unverified": "yes"}, gateway={"ack_limit": 3}
    )
    got = bomb(desk)
    assert {victim: got[victim] for victim in VICTIMS} == dict.fromkeys(VICTIMS, 3)


def test_the_limit_is_of_an_address_and_holds_for_known_customers_too(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(gateway={"ack_limit": 3})
    for n in range(20):
        desk.write(EVE, f"Number {n}", believed=True)
    desk.deliver()
    assert Counter(sent.to for sent in desk.sent)[EVE] == 3


def test_somebody_who_forges_a_customer_after_an_answer_cannot_bomb_him(desk: Desk) -> None:
    """The customer is asked whether a held comment is his (4.3): within the same limit."""
    number, _ = desk.opened("bob@acme.example")
    desk.write("ana@example.com", f"[#{number}]", "We look into it.\n", believed=True)
    desk.deliver()
    before = len(desk.sent)
    for n in range(60):
        desk.write("bob@acme.example", f"Re: [#{number}]", f"{WORDS} {n}\n")
    desk.deliver()
    to_bob = [sent for sent in desk.sent[before:] if sent.to == "bob@acme.example"]
    assert len(to_bob) <= desk.config.gateway.ack_limit
    assert not any(WORDS in sent.words for sent in to_bob)
