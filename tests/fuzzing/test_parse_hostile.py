"""Golden mails cut, flipped and recombined: reading keeps its promises whatever is left of a mail (T19, rule 3.3)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from fuzzing import promises
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MAILS = {
    f"{path.parent.name}/{path.stem}": path.read_bytes()
    for path in sorted((Path(__file__).parent.parent / "corpus").rglob("*.eml"))
}
# cuts of one mail at most; a larger one is cut at every second byte, or third, …; `make fuzz` cuts all at every byte
CUTS = int(os.environ.get("MAILGATE_CUTS", "1000"))
KNOWN = st.sampled_from(sorted(MAILS))
QUIET = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def headers(raw: bytes) -> list[bytes]:
    """The fields of the top header, each with its folded lines."""
    return re.findall(rb"[^\r\n]+\n(?:[ \t][^\r\n]*\n)*", raw.partition(b"\n\n")[0] + b"\n")


@pytest.mark.slow
@pytest.mark.parametrize("name", MAILS)
def test_cut_at_every_byte(name: str) -> None:
    raw = MAILS[name]
    for end in range(0, len(raw), max(1, len(raw) // CUTS)):
        try:
            promises.check(raw[:end])
        except Exception as e:
            raise AssertionError(f"cut at byte {end}: {raw[max(0, end - 60) : end]!r}") from e


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("name", MAILS)
def test_whole_with_any_line_ends(name: str, end: bytes) -> None:
    promises.check(MAILS[name].replace(b"\n", end))


@pytest.mark.slow
@QUIET
@given(KNOWN, st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), min_size=1, max_size=12))
def test_flipped_bytes(name: str, flips: list[tuple[int, int]]) -> None:
    raw = bytearray(MAILS[name])
    for at, byte in flips:
        if raw:
            raw[at % len(raw)] = byte
    promises.check(bytes(raw))


@pytest.mark.slow
@QUIET
@given(
    KNOWN,
    st.lists(
        st.tuples(st.integers(0, 100_000), st.integers(0, 400), st.integers(0, 100_000)),
        min_size=1,
        max_size=6,
    ),
)
def test_moved_pieces(name: str, moves: list[tuple[int, int, int]]) -> None:
    raw = MAILS[name]
    for start, length, to in moves:
        if raw:
            start %= len(raw)
            piece = raw[start : start + length]
            to %= len(raw)
            raw = raw[:to] + piece + raw[to:]
    promises.check(raw)


@pytest.mark.slow
@QUIET
@given(KNOWN, st.lists(st.tuples(KNOWN, st.integers(0, 30)), max_size=10), st.sampled_from([b"\n", b"\r\n"]))
def test_recombined_headers(body: str, fields: list[tuple[str, int]], end: bytes) -> None:
    chosen = []
    for name, at in fields:
        found = headers(MAILS[name])
        if found:
            chosen.append(found[at % len(found)])
    raw = b"".join(chosen) + b"\n" + MAILS[body].partition(b"\n\n")[2]
    promises.check(raw.replace(b"\n", end))


@pytest.mark.slow
@QUIET
@given(KNOWN, KNOWN, KNOWN)
def test_mails_inside_mails(outer: str, inner: str, innermost: str) -> None:
    nested = (
        b"Content-Type: multipart/mixed; boundary=zz\n\n--zz\nContent-Type: message/rfc822\n\n" + MAILS[inner]
        + b"\n--zz\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + MAILS[innermost] + b"\n--zz--\n"
    )  # fmt: skip
    promises.check(b"".join(headers(MAILS[outer])) + nested)


@pytest.mark.slow
@QUIET
@given(KNOWN, KNOWN, st.integers(0, 3000), st.integers(0, 3000))
def test_two_mails_spliced(one: str, other: str, cut: int, paste: int) -> None:
    promises.check(MAILS[one][:cut] + MAILS[other][paste:])


@pytest.mark.slow
@QUIET
@given(st.binary(max_size=2000))
def test_any_bytes(raw: bytes) -> None:
    promises.check(raw)
    promises.check(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + raw)
