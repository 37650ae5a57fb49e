"""Values of commands as people and their mail programs write them (3.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.rules import commands, values

BOB = "bob@acme.example"
ADDRESSES = [
    ("bare", BOB, BOB),
    ("upper case", "Bob@ACME.example", BOB),
    ("a closing dot", "bob@acme.example.", BOB),
    ("angle brackets", "<bob@acme.example>", BOB),
    ("a name", "Bob Smith <bob@acme.example>", BOB),
    ("a quoted name", '"Smith, Bob" <bob@acme.example>', BOB),
    ("quotes", "'bob@acme.example'", BOB),
    ("typographic quotes", "“bob@acme.example”", BOB),
    ("bold", "*bob@acme.example*", BOB),
    ("Outlook's link", "bob@acme.example<mailto:bob@acme.example>", BOB),
    ("a link with a blank", "bob@acme.example <mailto:bob@acme.example>", BOB),
    ("a link in brackets", "[bob@acme.example](mailto:bob@acme.example)", BOB),
    ("a bare link", "mailto:bob@acme.example", BOB),
    ("a link behind a name", "Bob Smith <mailto:bob@acme.example>", BOB),
    ("a link with a subject", "bob@acme.example<mailto:bob@acme.example?subject=x>", BOB),
    ("a link that says another", "bob@acme.example<mailto:eve@evil.example>", ""),
    ("a minus", "-bob@acme.example", BOB),
    ("a minus and a blank", "- bob@acme.example", BOB),
    ("non-breaking spaces", "\u00a0bob@acme.example\u00a0", BOB),
    ("an underscore is a letter of the address", "_bob@acme.example", "_bob@acme.example"),
    ("two addresses", "bob@acme.example eve@evil.example", ""),
    ("a name alone", "Bob", ""),
    ("nothing", "", ""),
    ("a domain alone", "@acme.example", ""),
    ("a word behind it", "bob@acme.example please", BOB),
    ("his address as his name", "bob@acme.example <bob@acme.example>", BOB),
    ("another address as his name", "eve@evil.example <bob@acme.example>", ""),
]


@pytest.mark.parametrize(("written", "expected"), [a[1:] for a in ADDRESSES], ids=[a[0] for a in ADDRESSES])
def test_an_address(written: str, expected: str) -> None:
    assert values.address(written) == expected


ITEMS = [
    ("commas", "a, b,c", ("a", "b", "c")),
    ("semicolons", "a; b;c", ("a", "b", "c")),
    ("full-width commas", "a\uff0cb\u3001c", ("a", "b", "c")),
    ("blanks inside", "rack  4\u00a0left, b", ("rack 4 left", "b")),
    ("empty parts", ", a,, b,", ("a", "b")),
    ("none", " ; ", ()),
]


@pytest.mark.parametrize(("written", "expected"), [i[1:] for i in ITEMS], ids=[i[0] for i in ITEMS])
def test_a_list(written: str, expected: tuple[str, ...]) -> None:
    assert values.items(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [("web1", "web1"), ('"web1"', "web1"), ("web1.", "web1"), ("«web 1»", "web 1"), ("-web1.", "-web1"), ("*web1*", "web1"),
     ("PRN-3-01", "PRN-3-01"), ("a.b", "a.b"), (".", "")],
)  # fmt: skip
def test_a_name(written: str, expected: str) -> None:
    assert values.name(written) == expected


LISTS = [
    ("a line that goes on", "Device: web1,\n  web2\n\nHello", "web1, web2", "Hello"),
    ("three of them", "Recipient: a@x.example;\nb@x.example;\nc@x.example\n\nHello", "a@x.example; b@x.example; c@x.example", "Hello"),
    ("a comma before a blank line", "Device: web1,\n\nHello", "web1,", "Hello"),
    ("a comma before a command", "Device: web1,\nHello there", "web1, Hello there", ""),
    ("no list", "Severity: outage,\nHello", "outage,", "Hello"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "rest"), [x[1:] for x in LISTS], ids=[x[0] for x in LISTS])
def test_a_list_that_a_mail_program_broke(text: str, value: str, rest: str) -> None:
    block = commands.read(text)
    assert [line.value for line in block.lines] == [value]
    assert block.rest == rest


def test_a_list_may_go_on_before_another_command() -> None:
    block = commands.read("Device: web1,\nweb2\nSeverity: outage\n\nHello")
    assert [(line.key, line.value) for line in block.lines] == [
        ("Device", "web1, web2"),
        ("Severity", "outage"),
    ]


@given(st.text(max_size=300))
def test_whatever_the_text_no_value_raises(text: str) -> None:
    values.items(text)
    values.severity(text)
    values.status(text)
    values.yes(text)
    values.name(text)
    found = values.address(text)
    assert not found or values.address(found) == found


@pytest.mark.parametrize("unit", ["mailto:", "<mailto:a", "[", "a@b<mailto:a@b>", '"', "-", "(<", "'"])
def test_values_are_linear(unit: str, linear: Callable[..., Any]) -> None:
    text = unit * 40_000
    linear(lambda n: values.address(text[:n]), len(text))
    linear(lambda n: values.items(text[:n]), len(text))
