"""The parser pool: a mail that kills, hangs or bloats its parser costs itself and nothing else (1.2, 8.5)."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate import parser_child, parsers
from mailgate.config import Worker
from mailgate.errors import Transient
from mailgate.mail.unread import fallback
from mailgate.parsers import ParserPool

pytestmark = pytest.mark.slow

MAIL = b"Subject: hello\r\nFrom: a@b.example\r\n\r\nbody\r\n"
Open = Callable[..., ParserPool]


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    opened: list[ParserPool] = []

    def make(module: str = "hostile", **settings: object) -> ParserPool:
        values = {"parsers": 2, "parse_seconds": 0.3, **settings}
        opened.append(ParserPool(Worker.model_validate(values), module))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def test_one_answer_a_mail_in_order_whatever_their_sizes(pool: Open) -> None:
    mails = [b"x" * random.Random(7 * n).choice([0, 1, 100, 70_000, 1_500_000]) for n in range(60)]
    parsed = pool().parse(mails)
    assert [p.sha256 for p in parsed] == [hashlib.sha256(m).hexdigest() for m in mails]


def test_no_mail_no_answer(pool: Open) -> None:
    assert pool().parse([]) == []


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (b"die ", "ended with status -9"),
        (b"exit ", "ended with status 3"),
        (b"spin ", "more processor time|took too long"),
        (b"hang ", "took too long"),
        (b"eat ", "more memory"),
        (b"raise ", "ValueError: no such thing"),
        (b"deep ", "RecursionError"),
        (b"other ", "answer was no message"),
        (b"evil ", "not understood"),
    ],
    ids=lambda value: value.split()[0].decode() if isinstance(value, bytes) else "",
)
def test_a_hostile_mail_costs_itself_alone(
    pool: Open, mail: bytes, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = [b"good %d" % n for n in range(20)]
    # what ends by something else must not end by the clock before
    seconds = 0.8 if "took too long" in why else 30
    parsed = pool(parse_memory=1 << 28, parse_seconds=seconds).parse([*good[:10], mail, *good[10:]])
    # on a busy machine the clock on the wall may run out before the clock of the processor
    assert any(cause in parsed[10].defects[0] for cause in why.split("|"))
    assert parsed[10].text == mail.decode()
    assert [p.text.encode() for p in parsed[:10] + parsed[11:]] == good
    assert not (tmp_path / "taken-over").exists()


def test_a_mail_that_only_hostile_ones_surround_is_read(pool: Open) -> None:
    parsed = pool().parse([b"die 1", b"die 2", b"good", b"die 3", b"exit 4"])
    assert [bool(p.defects) for p in parsed] == [True, True, False, True, True]


def test_a_child_killed_from_outside_gets_its_mail_a_second_try(pool: Open, tmp_path: Path) -> None:
    mail = b"once " + str(tmp_path / "mark").encode()
    assert pool().parse([mail])[0].defects == ()


def test_what_a_library_prints_does_not_get_among_the_answers(pool: Open) -> None:
    assert [p.defects for p in pool().parse([b"print 1", b"print 2"])] == [(), ()]


def test_the_time_limit_is_for_a_mail_not_for_a_process(pool: Open) -> None:
    busy = pool(parsers=1, parse_seconds=0.2)
    assert not any(p.defects for p in busy.parse([b"y" * 400_000] * 400))


def test_a_pool_that_was_closed_starts_again(pool: Open) -> None:
    again = pool()
    again.parse([b"a"])
    again.close()
    assert again.parse([b"b"])[0].text == "b"


def test_processes_that_cannot_start_are_our_trouble(pool: Open) -> None:
    with pytest.raises(Transient, match="before they are ready"):
        pool("no_such_module").parse([b"a"])


def test_no_process_stays_behind(pool: Open) -> None:
    closing = pool()
    closing.parse([b"die ", b"a"])
    numbers = [child.process.pid for child in closing.children]
    closing.close()
    for number in numbers:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


def test_the_processes_import_the_mail_rooms_only() -> None:
    """Small and quick to start; nothing of the database or the settings is within a hostile mail's reach."""
    import subprocess
    import sys

    code = "import sys, mailgate.parser_child, mailgate.mail.parse; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    outside = (
        "sqlalchemy",
        "alembic",
        "pydantic",
        "structlog",
        "aiosmtpd",
        "jinja2",
        "asyncio",
        "pysqlite3",
        "socket",
    )
    assert not [name for name in loaded if name.split(".")[0] in outside]
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("mailgate.")}
    assert ours == {"mailgate.parser_child", "mailgate.model", "mailgate.mail"}


def test_a_value_comes_through_the_pipe_as_it_was_made(pool: Open) -> None:
    """Bounces, forwards, attachments and dates with offsets: every value of the model is among these."""
    from mailgate.mail.parse import parse

    folder = Path(__file__).parent.parent / "corpus"
    mails = [path.read_bytes() for path in sorted(folder.rglob("*.eml"))]
    values = pool("mailgate.mail.parse", parse_seconds=10).parse(mails)
    expected = [parse(mail) for mail in mails]
    assert values == expected
    assert any(value.bounces for value in expected)
    assert any(value.forwarded for value in expected)
    assert any(value.attachments for value in expected)


def test_both_sides_speak_of_the_same_bytes() -> None:
    assert (parsers.LENGTH, parsers.PARSED, parsers.FAILED) == (
        parser_child.LENGTH,
        parser_child.PARSED,
        parser_child.FAILED,
    )


# ---------------------------------------------------------------- the fallback value


def test_the_fallback_keeps_headers_that_show_machines_and_loops() -> None:
    raw = (
        b"Received: a\r\nReceived: b\r\nAuto-Submitted:\r\n auto-replied\r\nSubject: x\r\n y\r\n\r\n"
        + b"z" * 10_000
    )
    value = fallback(raw, "why")
    assert value.all_headers("received") == ("a", "b")
    assert value.header("auto-submitted") == "auto-replied"
    assert (value.subject, value.text, value.size) == ("x y", "z" * 4096, len(raw))
    assert (value.sender, value.defects) == (None, ("why",))


def test_the_fallback_has_the_same_content_key_for_the_same_bytes_only() -> None:
    assert (
        fallback(MAIL, "a").content_key
        == fallback(MAIL, "b").content_key
        != fallback(MAIL + b"x", "a").content_key
    )


@given(st.binary(max_size=5000))
def test_the_fallback_takes_any_bytes(raw: bytes) -> None:
    value = fallback(raw, "why")
    assert len(value.headers) <= 200
    assert all(v.isprintable() and len(v) <= 998 for _, v in value.headers)
    assert "\0" not in value.text


@pytest.mark.parametrize(
    "raw",
    [b"a:" * 20_000_000, b"\r\n" * 10_000_000, b" \n" * 10_000_000, b"x: y\n z\n" * 3_000_000],
    ids=["one line", "line ends", "folds", "many headers"],
)
def test_the_fallback_is_linear(raw: bytes, linear: Any) -> None:
    linear(lambda n: fallback(raw[:n], "why"), len(raw))
