"""Column types: what goes in and what comes back, whoever writes the JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.model import Outcome, Severity
from mailgate.store import types
from mailgate.store.types import clean

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)


def stored(value: Any) -> Any:
    return json.loads(types._encode(value))


@given(VALUES)
def test_json_comes_back_as_the_standard_library_would_bring_it(value: Any) -> None:
    assert stored(value) == json.loads(clean(json.dumps(value, ensure_ascii=False)))


@given(VALUES)
def test_json_is_text_that_both_databases_take(value: Any) -> None:
    text = types._encode(value)
    text.encode()
    assert "\0" not in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"at": datetime(2026, 11, 2, 10, tzinfo=UTC)}, {"at": "2026-11-02T10:00:00+00:00"}),
        ({"at": datetime(2026, 11, 2, 10, 0, 0, 5)}, {"at": "2026-11-02T10:00:00.000005"}),
        ({"names": {"b", "a"}, "more": frozenset({"c"})}, {"names": ["a", "b"], "more": ["c"]}),
        ((1, (2,)), [1, [2]]),
        ({"outcome": Outcome.TICKET, "severity": Severity.OUTAGE}, {"outcome": "ticket", "severity": 1}),
        ("half a pair \ud83d", "half a pair ?"),
        ({"\ud83d": 2**70}, {"?": 2**70}),
        ("a\0b", "a\0b"),
    ],
    ids=["time", "time without a zone", "sets", "tuples", "enums", "surrogate", "large number", "nul"],
)
def test_what_the_house_keeps_as_json(value: Any, expected: Any) -> None:
    assert stored(value) == expected


@pytest.mark.parametrize("value", [object(), {"a": b"bytes"}, [1j]], ids=["object", "bytes", "complex"])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        types._encode(value)


@given(
    st.datetimes(
        timezones=st.just(UTC) | st.builds(lambda m: timezone(timedelta(minutes=m)), st.integers(-900, 900))
    )
)
def test_times_as_text_sort_as_times(value: datetime) -> None:
    try:
        text = types._text(value)
    except OverflowError:  # in UTC it is before year 1 or after year 9999
        return
    assert datetime.fromisoformat(text) == value
    assert len(text) == 32
    assert text.endswith("+00:00")


@given(st.text(st.characters()))
def test_clean_text_is_clean_and_stays(value: str) -> None:
    once = clean(value)
    once.encode()
    assert "\0" not in once
    assert clean(once) == once == types._clean(value)
