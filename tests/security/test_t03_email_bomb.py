"""T3 (Zendesk, 2025 and 2026): forged requesters make a desk write to victims, in the forger's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from security.desk import EVE, TEAM, Desk, written

from mailgate.landing import Job
from mailgate.mail.parse import parse
from mailgate.model import Envelope

pytestmark = pytest.mark.slow

VICTIMS = [f"victim{n}@bystander.example" for n in range(5)]
WORDS = "CHEAP-PILLS"
MAILS = 60
OPERATOR = "root@example.com"


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


def test_nor_can_a_stranger_who_has_a_reply_address_of_the_ticket(desk: Desk) -> None:
    """The assignee is asked about a third party's comment (4.5), once a day."""
    _, mail = desk.opened("bob@acme.example")
    to = mail.message["Reply-To"].addresses[0].addr_spec
    before = len(desk.sent)
    for n in range(60):
        desk.land(written(EVE, "Re: it", f"{WORDS} {n}\n", to=(to,)), EVE, (to,))
    desk.deliver()
    assert Counter(sent.to for sent in desk.sent[before:])["bob@acme.example"] <= 1


@pytest.mark.parametrize("batch", [1, 10], ids=["apart", "in batches"])
def test_there_is_a_limit_for_all_addresses_together(make_desk: Callable[..., Desk], batch: int) -> None:
    """A thousand senders who are all believed: each has his ticket, and the operator hears of it once."""
    desk = make_desk(gateway={"ack_limit_total": 25, "operator": OPERATOR})
    mails = [written(f"c{n}@big.example", f"{n}", f"{WORDS}\n", believed=True) for n in range(60)]
    for start in range(0, 60, batch):
        jobs = [
            Job(_envelope(desk, start + n), raw, parse(raw))
            for n, raw in enumerate(mails[start : start + batch])
        ]
        assert desk.landing.land(jobs) == []
    desk.deliver()
    got = Counter(sent.to for sent in desk.sent)
    assert sum(got[f"c{n}@big.example"] for n in range(60)) == 25
    assert got[TEAM] == desk.count("tickets") == 60
    assert got[OPERATOR] == 1
    assert WORDS not in next(sent for sent in desk.sent if sent.to == OPERATOR).raw.decode()
    unanswered = [
        row for row in desk.rows("messages") if any("ack_limit_total" in why for why in row.reasons)
    ]
    assert len(unanswered) == 35
    desk.now += timedelta(hours=2)
    desk.write("c99@big.example", believed=True)
    assert [sent.to for sent in desk.deliver() if sent.to != TEAM] == ["c99@big.example"]


def _envelope(desk: Desk, n: int) -> Envelope:
    return Envelope(f"bomb-{n}", desk.now, "smtp", f"c{n}@big.example", ("support@example.com",), "127.0.0.1")
