"""Canonical forms, and what counts as a header section."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from dkim.canonicalization import Relaxed, Simple
from hypothesis import given
from hypothesis import strategies as st

from mailgate.authenticate.canonical import MAX_FIELDS, MAX_HEADER, Message, read, relaxed, simple


@pytest.mark.parametrize(
    ("body", "simple_form", "relaxed_form"),
    [
        (b"", b"\r\n", b""),
        (b"\r\n", b"\r\n", b""),
        (b"\r\n\r\n\r\n", b"\r\n", b""),
        (b" \r\n\t\r\n", b" \r\n\t\r\n", b""),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C \r\nD \t E\r\n", b" C\r\nD E\r\n"),  # RFC 6376 §3.4.5
        (b"no end", b"no end\r\n", b"no end\r\n"),
        (b"no end  ", b"no end  \r\n", b"no end\r\n"),
        (b"a\tb\r\n", b"a\tb\r\n", b"a b\r\n"),
        (b"  a\r\n", b"  a\r\n", b" a\r\n"),
        (b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n"),
        (b"a\r\n \r\n", b"a\r\n \r\n", b"a\r\n"),
        (b"a\x0b \r\n", b"a\x0b \r\n", b"a\x0b\r\n"),
        (b"a\rb\r\n", b"a\rb\r\n", b"a\rb\r\n"),
    ],
)
def test_bodies(body: bytes, simple_form: bytes, relaxed_form: bytes) -> None:
    message = Message((), body)
    assert message.simple_body == simple_form
    assert message.relaxed_body == relaxed_form
    assert message.body_hash(True, None) == sha256(relaxed_form).digest()
    assert message.body_hash(False, 1) == sha256(simple_form[:1]).digest()


@given(st.text(alphabet="\r\na", max_size=12))
def test_what_is_an_empty_line_at_the_end(text: str) -> None:
    body = text.encode()
    assert Message((), body).simple_body == Simple.canonicalize_body(body)


_LINES = st.lists(st.text(alphabet=" \tab", max_size=6), max_size=8)


@given(_LINES, st.sampled_from(["", "\r\n", "\r\n\r\n", "end"]))
def test_bodies_are_as_dkimpy_makes_them(lines: list[str], end: str) -> None:
    body = ("\r\n".join(lines) + end).encode()
    message = Message((), body)
    assert message.simple_body == Simple.canonicalize_body(body)
    if not body or body.endswith(b"\r\n"):  # dkimpy keeps blanks at the end of a last line without CRLF
        assert message.relaxed_body == Relaxed.canonicalize_body(body)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"A: X", b"a:X"),
        (b"B : Y\t\r\n\tZ  ", b"b:Y Z"),  # RFC 6376 §3.4.5
        (b"Subject:  a  b ", b"subject:a b"),
        (b"Subject:", b"subject:"),
        (b"Subject: \r\n x", b"subject:x"),
        (b"Subject: a:\tb", b"subject:a: b"),
        (b"X: a\r\n\t\r\n b", b"x:a b"),
    ],
)
def test_fields(field: bytes, expected: bytes) -> None:
    assert relaxed(field) == expected
    assert simple(field) == field
    name, _, value = field.partition(b":")
    assert Relaxed.canonicalize_headers([(name, value + b"\r\n")]) == [
        (expected.partition(b":")[0], expected.partition(b":")[2] + b"\r\n")
    ]


@pytest.mark.parametrize(
    ("raw", "names", "body"),
    [
        (b"From: a\r\nTo: b\r\n\r\nbody\r\n", [b"from", b"to"], b"body\r\n"),
        (b"From: a\nTo: b\n\nbody\n", [b"from", b"to"], b"body\r\n"),
        (b"From: a\nTo: b\r\n\r\nbody\nmore\r\n", [b"from", b"to"], b"body\r\nmore\r\n"),
        (b"From bob Mon Mar  2\nFrom: a\n\nbody\n", [b"from"], b"body\r\n"),
        (b">From bob Mon Mar  2\r\nFrom: a\r\n\r\nbody", [b"from"], b"body"),
        (b"FROM : a\r\n  b\r\n\r\n", [b"from"], b""),
        (b"From: a\r\nTo: b\r\n", [b"from", b"to"], b""),
        (b"From: a", [b"from"], b""),
        (b"\r\nbody", [], b"body"),
        (b"From x: a\r\n\r\nbody", [], b"body"),
        (b"From: a\r\n\r\n\r\n\r\nbody", [b"from"], b"\r\n\r\nbody"),
    ],
)
def test_messages_are_divided(raw: bytes, names: list[bytes], body: bytes) -> None:
    message = read(raw)
    assert message.fields is not None
    assert [name for name, _ in message.fields] == names
    assert message.body == body


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"From: a\r\nnot a field\r\nTo: b\r\n\r\nbody",
        b"From: a\r\n \t \r\nTo: b\r\n\r\nbody",
        b" folded first\r\nFrom: a\r\n\r\nbody",
        b"From: a\rSubject: b\r\n\r\nbody",
        b"From: a\r\r\nTo: b\r\n\r\nbody",
        b"From: a\0b\r\n\r\nbody",
        b": a\r\n\r\nbody",
        b"Fr\xc3\xb6m: a\r\n\r\nbody",
        b"X: a\r\n" * (MAX_FIELDS + 1) + b"\r\nbody",
        b"X: " + b"a" * MAX_HEADER + b"\r\n\r\nbody",
    ],
)
def test_a_header_that_can_be_read_in_two_ways_is_refused(raw: bytes) -> None:
    assert read(raw).fields is None


@given(st.binary(max_size=200))
def test_nothing_raises(raw: bytes) -> None:
    message = read(raw)
    assert message.relaxed_body is not None
    assert message.simple_body.endswith(b"\r\n")
    for _, field in message.fields or ():
        relaxed(field)


@pytest.mark.parametrize(
    "piece", [b" ", b" \r\n", b"\t", b"\r\n", b"\n", b"\r", b" \t", b"a ", b"a\r\n ", b"x:\r\n", b" \n"]
)
def test_linear(piece: bytes, linear: Any) -> None:
    def work(n: int) -> None:
        for raw in (piece * n, b"From: a\r\n\r\n" + piece * n):
            message = read(raw)
            message.relaxed_body, message.simple_body  # noqa: B018
            for _, field in message.fields or ():
                relaxed(field)

    linear(work, 2_000_000 // len(piece))
