"""Mails out of mbox files: where one begins, what was escaped, and files of any size."""

from __future__ import annotations

import io
import mailbox
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.importing.mbox import messages, written

LINE = b"From a@example.org Thu Jan  2 03:04:05 2020\n"
LIMIT = 100_000
LINES = [b"x", b"", LINE.rstrip(), b">From x", b">>From ", b"From "]


def read(raw: bytes, limit: int = LIMIT) -> list[bytes | None]:
    return [boxed.raw for boxed in messages(io.BytesIO(raw), limit)]


@pytest.mark.parametrize(
    ("raw", "mails"),
    [
        (b"", []),
        (LINE, [b""]),
        (LINE + b"S: x\n\nhi\n\n" + LINE + b"S: y\n\nho\n", [b"S: x\n\nhi\n", b"S: y\n\nho\n"]),
        (LINE + b"S: x\n\nhi\n" + LINE + b"end\n\n", [b"S: x\n\nhi\n" + LINE + b"end\n"]),
        (LINE + b"S: x\n\n\nFrom now on all is well\n\n", [b"S: x\n\n\nFrom now on all is well\n"]),
        (LINE + b"S: x\n\n\nFrom here at 10:30, not in 2020?\n", [b"S: x\n\n\nFrom here at 10:30, not in 2020?\n"]),
        (LINE + b"S: x\n\n>From me\n>>From you\n> From x\n>Fromage\n\n", [b"S: x\n\nFrom me\n>From you\n> From x\n>Fromage\n"]),
        (b"From - Thu, 2 Jan 2020 03:04:05 +0000\r\nS: x\r\n\r\nhi\r\n\r\n" + LINE + b"b\n", [b"S: x\r\n\r\nhi\r\n", b"b\n"]),
        (LINE + b"no end", [b"no end"]),
        (b"From me\nS: x\n\nhi\n\n" + LINE + b"b\n", [b"S: x\n\nhi\n", b"b\n"]),
        (LINE + b"\n" + LINE + b"b\n\n\n\n" + LINE + b"c", [b"\n", b"b\n\n\n", b"c"]),
        (LINE + b"x" * 70_000 + b">From me\n" + b"y\n\n", [b"x" * 70_000 + b">From me\ny\n"]),
    ],
    ids=["empty", "line alone", "two", "no empty line before", "a sentence", "a sentence with a time", "escapes", "CRLF",
         "no newline", "bare From", "empty mails", "long line"],
)  # fmt: skip
def test_mails(raw: bytes, mails: list[bytes]) -> None:
    assert read(raw) == mails


@pytest.mark.parametrize(("size", "taken"), [(LIMIT, True), (LIMIT + 1, False), (5 * LIMIT, False)])
def test_a_mail_over_the_limit_is_skipped(size: int, taken: bool) -> None:
    body = b"y" * 999 + b"\n"
    big = body * (size // 1000) + b"z" * (size % 1000)
    found = read(LINE + big + b"\n\n" + LINE + b"next\n")
    assert found[1] == b"next\n"
    assert (found[0] is not None) == taken or size == LIMIT + 1  # the empty line behind it may be counted


def test_memory_holds_one_mail() -> None:
    """A file of many mails, and one endless mail, read piece by piece."""
    import tracemalloc

    class Endless(io.RawIOBase):
        left = 40_000_000

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            size = min(len(buffer), self.left)
            buffer[:size] = (
                (LINE * (size // len(LINE) + 1))[:size] if self.left == 40_000_000 else b"x" * size
            )
            self.left -= size
            return size

        def readable(self) -> bool:
            return True

    tracemalloc.start()
    found = [boxed.raw for boxed in messages(io.BufferedReader(Endless(), 65536), 1_000_000)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[-1] is None
    assert peak < 8_000_000


def test_linear(linear: Callable[..., None]) -> None:
    def work(n: int) -> None:
        read(LINE + b"\n" + b">" * n + b"From \n" + b"From " * n + b"\n\n" + b"From x 1:1 " * n, 10**9)
        read(LINE + b"\n>From x\n" * n)
        written(b"From " + b"Jan 1 1:1 " * n)

    linear(work, 200_000)


@pytest.mark.parametrize(
    ("line", "when"),
    [
        (b"From a@b Thu Jan  2 03:04:05 2020", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (b"From a@b Thu Jan 12 03:04:05 2020 +0100", datetime(2020, 1, 12, 2, 4, 5, tzinfo=UTC)),
        (b"From a@b Thu Jan 12 03:04:05 +0200 2020", datetime(2020, 1, 12, 3, 4, 5, tzinfo=UTC)),
        (b"From 1234@xxx Thu Jan 12 03:04 2020", datetime(2020, 1, 12, 3, 4, tzinfo=UTC)),
        (b"From a@b Thu Foo 12 03:04:05 2020", None),
        (b"From a@b", None),
        (b"", None),
    ],
)
def test_the_time_in_the_line(line: bytes, when: datetime | None) -> None:
    assert written(line) == when


@given(st.lists(st.lists(st.sampled_from(LINES), min_size=1), max_size=5))
def test_what_mboxrd_writes_is_read_again(mails: list[list[bytes]]) -> None:
    """As in the rule of mboxrd: every line that is ">"s and "From " gets one ">" more."""
    import re

    raws = [b"".join(line + b"\n" for line in lines) for lines in mails]
    file = b"".join(LINE + re.sub(rb"(?m)^(>*From )", rb">\1", raw) + b"\n" for raw in raws)
    assert read(file) == raws


def test_what_python_writes_is_read(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for number in range(3):
        box.add(f"Subject: {number}\n\nFrom the beginning\n\nFrom a@b Thu Jan  2 03:04:05 2020\n".encode())
    box.flush()
    with (tmp_path / "box").open("rb") as file:
        found = [boxed.raw for boxed in messages(file, LIMIT)]
    assert found == [
        f"Subject: {number}\n\nFrom the beginning\n\nFrom a@b Thu Jan  2 03:04:05 2020\n".encode()
        for number in range(3)
    ]
