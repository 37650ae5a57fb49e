"""Lists of tag=value pairs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.authenticate import tags


@pytest.mark.parametrize(
    ("text", "strict", "lenient"),
    [
        ("v=1; a=b", [("v", "1"), ("a", "b")], None),
        ("v=1;a=b;", [("v", "1"), ("a", "b")], None),
        (" v = 1 ;\r\n\ta\t= b c \r\n", [("v", "1"), ("a", "b c")], None),
        ("b=ab=cd==; x=", [("b", "ab=cd=="), ("x", "")], None),
        ("v=1;;a=b", None, [("v", "1"), ("a", "b")]),
        ("v=1; a", None, [("v", "1")]),
        ("v=1; =b", None, [("v", "1")]),
        ("v=1; 1a=b", None, [("v", "1")]),
        ("v=1; a=b; a=c", None, [("v", "1"), ("a", "b")]),
        ("V=1; v=2", [("V", "1"), ("v", "2")], [("v", "1")]),
        ("", [], []),
        (";", None, []),
    ],
)
def test_lists(
    text: str, strict: list[tuple[str, str]] | None, lenient: list[tuple[str, str]] | None
) -> None:
    assert tags.parse(text) == strict
    assert tags.lenient(text) == (strict if lenient is None else lenient)


@given(st.text(alphabet="v=; \t\r\nab1\xff", max_size=60))
def test_nothing_raises(text: str) -> None:
    strict = tags.parse(text)
    if strict is not None and all(name == name.lower() for name, _ in strict):
        assert tags.lenient(text) == strict


@pytest.mark.parametrize("piece", [" ", "=", ";", "a=b;", "a", "\t;", "a = "])
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: (tags.parse(piece * n), tags.lenient(piece * n)), 200_000)
