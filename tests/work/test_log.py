"""Logs: one line an event, whatever a stranger's words hold."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from mailgate import log
from mailgate.config import Log

TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcd"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def lines(form: str = "json", level: str = "info", **values: object) -> list[str]:
    out = io.StringIO()
    log.set_up(Log.model_validate({"format": form, "level": level}), out)
    structlog.get_logger("test").info("event", **values)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        (3, 3),
        (1.5, 1.5),
        (None, None),
        (True, True),
        ("two\r\nlines", "two\\x0d\\x0alines"),
        ("esc\x1b[31m", "esc\\x1b[31m"),
        ("bidi \u202e", "bidi \\u202e"),
        ("lone \udcff", "lone \\udcff"),
        ("é ü 漢", "é ü 漢"),
        (ValueError("bad\nnews"), "ValueError: bad\\x0anews"),
        ("x" * 1000, "x" * 255 + "…"),
        (f"support+{TOKEN}@example.com", "support+…@example.com"),
        (f"<{TOKEN}@example.com>", "<…@example.com>"),
        (("a", "b"), "('a', 'b')"),
    ],
)
def test_values(value: object, shown: object) -> None:
    assert log.clean(value) == shown


@given(st.text())
def test_any_text_is_one_printable_line(text: str) -> None:
    shown = log.clean(text)
    assert isinstance(shown, str)
    assert shown.isprintable()
    assert len(shown) <= 2 * log.LONGEST


def test_json_is_one_object_a_line() -> None:
    (line,) = lines(subject='two\nlines "quoted"', number=3)
    value = json.loads(line)
    assert (value["event"], value["level"], value["number"]) == ("event", "info", 3)
    assert value["subject"] == 'two\\x0alines "quoted"'


def test_text_quotes_what_has_spaces() -> None:
    (line,) = lines("text", subject="two words", empty="", number=3)
    assert line.endswith('info    event subject="two words" empty="" number=3')


def test_an_error_says_what_and_where_in_one_line() -> None:
    try:
        raise KeyError("x")
    except KeyError as e:
        (line,) = lines(exc_info=e)
    value = json.loads(line)
    assert value["error"] == "KeyError: 'x'"
    assert value["where"].startswith("test_log.py:")


def test_the_level_filters() -> None:
    assert lines(level="warning") == []
