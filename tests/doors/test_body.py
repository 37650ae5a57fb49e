"""The bulk reader of DATA against RFC 5321 §4.5.2 read octet by octet."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailgate.intake import replies
from mailgate.intake.body import Body, has_bare_newline


def by_the_letter(wire: bytes) -> tuple[bytes, bytes] | None:
    """Mail and rest as the RFC tells it: lines end with CRLF and nothing else; a lone dot ends; one dot is taken off."""
    mail = []
    while True:
        end = wire.find(b"\r\n")
        if end < 0:
            return None
        line, wire = wire[: end + 2], wire[end + 2 :]
        if line == b".\r\n":
            return b"".join(mail), wire
        mail.append(line[1:] if line.startswith(b".") else line)


def read(chunks: list[bytes], limit: int = 1 << 30) -> tuple[bytes, bytes] | None:
    """As `by_the_letter`, through the reader; what comes after the end is put behind the rest."""
    body = Body(limit)
    for number, chunk in enumerate(chunks):
        rest = body.feed(chunk)
        if rest is not None:
            return body.take(), rest + b"".join(chunks[number + 1 :])
        if body.over_limit():
            body.refuse(replies.TOO_BIG)
    return None


odd = st.lists(
    st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"\0", b"a", b"\r\n.", b"\r\n.\r\n", b"..", b"QUIT\r\n"]),
    max_size=30,
)
cuts = st.lists(st.integers(0, 80), max_size=8)


def cut(wire: bytes, at: list[int]) -> list[bytes]:
    edges = sorted({0, len(wire), *(c for c in at if c < len(wire))})
    return [wire[a:b] for a, b in pairwise(edges)]


@given(odd, cuts)
@example([b".", b"\r\n"], [])
@example([b".", b"\r\n", b"QUIT\r\n"], [1])
@example([b"\r\n.", b"\r\n.", b"\r\n"], [1, 2, 3, 4])
@example([b"a", b"\r\n.\r", b"\n"], [4])
def test_as_the_rfc_says(pieces: list[bytes], at: list[int]) -> None:
    wire = b"".join(pieces)
    assert read(cut(wire, at)) == by_the_letter(wire)


@given(odd)
def test_octet_by_octet(pieces: list[bytes]) -> None:
    wire = b"".join(pieces) + b"\r\n.\r\nNOOP\r\n"
    assert read([wire[i : i + 1] for i in range(len(wire))]) == by_the_letter(wire)


@given(odd, cuts, st.integers(0, 40))
def test_the_limit_is_of_the_mail_without_its_stuffing(
    pieces: list[bytes], at: list[int], limit: int
) -> None:
    """RFC 1870 §5: a mail of exactly the limit is never refused midway; one that is kept is the whole mail."""
    wire = b"".join(pieces) + b"\r\n.\r\n"
    want = by_the_letter(wire)
    assert want is not None
    body, rest = Body(limit), None
    for chunk in cut(wire, at):
        rest = body.feed(chunk)
        if rest is not None:
            break
        if body.over_limit():
            body.refuse(replies.TOO_BIG)
    assert rest is not None
    if body.refusal:
        assert len(want[0]) > limit
    else:
        assert body.take() == want[0]


def test_a_refused_mail_is_drained_in_no_memory() -> None:
    body = Body(1000)
    for _ in range(1000):
        assert body.feed(b"x" * 10_000) is None
        if body.over_limit():
            body.refuse(replies.TOO_BIG)
        assert len(body) <= 10_004
    assert body.feed(b"\r\n.\r\nQUIT\r\n") == b"QUIT\r\n"
    assert body.refusal == replies.TOO_BIG


def test_the_first_refusal_stands() -> None:
    body = Body(1)
    body.refuse(replies.FULL)
    body.refuse(replies.TOO_BIG)
    assert body.refusal == replies.FULL


@pytest.mark.parametrize("piece", [b".\r\n", b"\r\n", b"..\r\n", b"\r", b"\n", b"a" * 70_000], ids=repr)
def test_linear(piece: bytes, linear: Any) -> None:
    """25 MB of anything, in small and in large pieces, at the limit too."""
    if piece == b".\r\n":
        piece = b"..\r\n"
    total = 25_000_000
    chunk = (piece * (65_536 // len(piece) + 1))[:65_536]

    def work(chunks: int) -> None:
        body = Body(total * 3 // 4)
        for _ in range(chunks):
            body.feed(chunk)
            body.over_limit()
        body.feed(b"\r\n.\r\n")
        body.take()

    linear(work, total // len(chunk))


@pytest.mark.parametrize(
    ("raw", "bare"),
    [
        (b"", False),
        (b"a\r\nb\r\n", False),
        (b"a\nb", True),
        (b"a\rb", True),
        (b"a\r\r\n", True),
        (b"a\n\r", True),
    ],
    ids=["empty", "crlf", "lf", "cr", "crcrlf", "lfcr"],
)
def test_bare_newlines(raw: bytes, bare: bool) -> None:
    assert has_bare_newline(raw) is bare
