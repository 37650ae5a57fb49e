"""Attachments (3.4), recipients (3.5), devices (section 0)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config import Config
from mailgate.model import Address, Attachment, AttachmentState, Person, Recipient, RecipientState, Team
from mailgate.rules import limits

CONFIG = Config(gateway={"address": "support@example.com"}, escalation={"notify_list": "boss@example.com"})
TEAM = Team("support", "team@example.com", ("general",))
K, L, IN, IG = AttachmentState.KEPT, AttachmentState.LEFT_OUT, AttachmentState.INLINE, AttachmentState.IGNORED
ACTIVE, HELD, OUT = RecipientState.ACTIVE, RecipientState.HELD, RecipientState.LEFT_OUT

FILES: list[tuple[str, list[dict[str, Any]], int, dict[str, Any], list[AttachmentState]]] = [
    ("the first two", [{}, {}, {}], 0, {}, [K, K, L]),
    ("inline pictures do not count", [{"inline": True}, {}, {"inline": True}, {}], 0, {}, [IN, K, IN, K]),
    ("signature parts do not count", [{"ignored": "signature part"}, {}, {}], 0, {}, [IG, K, K]),
    ("a repeated logo", [{"type_": "image/png", "sha256": "logo"}, {}, {}], 0, {}, [IG, K, K]),
    ("a repeated document is a document", [{"sha256": "logo"}, {}], 0, {}, [K, K]),
    ("per ticket: one more", [{}, {}], 1, {"per": "ticket"}, [K, L]),
    ("per ticket: full", [{}], 2, {"per": "ticket"}, [L]),
    ("per message: what the ticket holds does not count", [{}, {}], 9, {}, [K, K]),
    ("cap nought", [{}], 0, {"cap": 0}, [L]),
]


@pytest.mark.parametrize(
    ("files", "already", "settings", "states"), [f[1:] for f in FILES], ids=[f[0] for f in FILES]
)
def test_attachments(
    files: list[dict[str, Any]],
    already: int,
    settings: dict[str, Any],
    states: list[AttachmentState],
    a_file: Callable[..., Attachment],
) -> None:
    config = Config(attachments=settings)
    made = [a_file(f"{n}.pdf", **more) for n, more in enumerate(files)]
    chosen = limits.choose_attachments(made, {"logo"}, already, config)
    assert [c.state for c in chosen] == states
    assert all(c.why for c in chosen if c.state is not K)


PEOPLE = {
    p.address: p
    for p in (
        Person("ana@example.com", agent=True),
        Person("dead@o.example", dead=True),
        Person("sam@example.com", supervisor=True),
    )
}


def choose(
    *named: str, present: tuple[tuple[str, RecipientState], ...] = (), state: RecipientState = ACTIVE
) -> list[tuple[str, RecipientState]]:
    rows = [Recipient(Person(a), s) for a, s in present]
    chosen = limits.choose_recipients(
        [Address(a) for a in named], rows, "bob@acme.example", state, PEOPLE, [TEAM], CONFIG
    )
    return [(c.address, c.state) for c in chosen]


NOBODY = [
    "support@example.com",
    "support+abc@example.com",
    "bob@acme.example",
    "ana@example.com",
    "sam@example.com",
    "team@example.com",
    "boss@example.com",
    "no-reply@x.example",
    "noreply@x.example",
    "do-not-reply@x.example",
    "ne-pas-repondre@x.example",
    "alerts-noreply@x.example",
    "mailer-daemon@x.example",
    "dead@o.example",
    "",
]


@pytest.mark.parametrize("address", NOBODY)
def test_who_never_becomes_a_recipient(address: str) -> None:
    assert choose(address, "p@o.example") == [("p@o.example", ACTIVE)]


@pytest.mark.parametrize(
    "address", ["reply@x.example", "norma@x.example", "bounty@x.example", "noreplacement@x.example"]
)
def test_who_only_looks_like_no_reply(address: str) -> None:
    assert choose(address) == [(address, ACTIVE)]


def test_five_and_the_others_are_named() -> None:
    found = choose(*(f"p{n}@o.example" for n in range(7)))
    assert [s for _, s in found] == [ACTIVE] * 5 + [OUT] * 2


def test_once_each() -> None:
    assert choose("p@o.example", "p@o.example") == [("p@o.example", ACTIVE)]


@pytest.mark.parametrize(
    "state", [ACTIVE, HELD, RecipientState.LEFT, RecipientState.REMOVED, RecipientState.DEAD]
)
def test_who_has_a_row_is_not_touched_by_cc(state: RecipientState) -> None:
    assert choose("p@o.example", present=(("p@o.example", state),)) == []


def test_active_and_held_are_counted_apart() -> None:
    present = tuple((f"a{n}@o.example", ACTIVE) for n in range(5))
    assert choose("p@o.example", present=present, state=HELD) == [("p@o.example", HELD)]
    assert choose("p@o.example", present=present) == [("p@o.example", OUT)]
    assert choose("p@o.example", present=(("x@o.example", RecipientState.LEFT), *present[:4])) == [
        ("p@o.example", ACTIVE)
    ]


@given(
    st.lists(st.integers(0, 12), max_size=30), st.lists(st.sampled_from(list(RecipientState)[:5]), max_size=5)
)
def test_never_more_than_five(named: list[int], states: list[RecipientState]) -> None:
    present = tuple((f"q{n}@o.example", s) for n, s in enumerate(states))
    found = choose(*(f"p{n}@o.example" for n in named), present=present)
    active = [s for _, s in (*found, *present)].count(ACTIVE)
    assert active <= 5
    assert {a for a, _ in found} == {f"p{n}@o.example" for n in named}


DEVICES = [
    ("add", ("a",), ("b",), ("a", "b"), ""),
    ("remove", ("a", "b"), ("-A",), ("b",), ""),
    ("the same in other letters", ("Web1",), ("web1",), ("Web1",), ""),
    ("too many", ("a", "b", "c", "d", "e"), ("f",), ("a", "b", "c", "d", "e"), "at most 5"),
    ("one for another", ("a", "b", "c", "d", "e"), ("-a", "f"), ("b", "c", "d", "e", "f"), ""),
    ("unknown", ("a",), ("-z",), ("a",), "z is not a device"),
    ("all or nothing", ("a",), ("b", "-z"), ("a",), "z is not a device"),
    ("no name", ("a",), ("-",), ("a",), "needs a name"),
    ("controls", (), ("we\x00b\u202e1",), ("we b 1",), ""),
]


@pytest.mark.parametrize(
    ("present", "items", "expected", "why"), [d[1:] for d in DEVICES], ids=[d[0] for d in DEVICES]
)
def test_devices(
    present: tuple[str, ...], items: tuple[str, ...], expected: tuple[str, ...], why: str
) -> None:
    devices, added, removed, refused = limits.change_devices(present, items, CONFIG)
    assert devices == expected
    assert why in refused
    assert bool(refused) is bool(why)
    assert set(devices) == (set(present) | set(added)) - set(removed)
