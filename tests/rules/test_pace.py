"""The breaker and the pace towards a relay: values of a clock in, how many may go out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.rules.pace import Batch, Breaker, Pace


def test_a_relay_that_stays_down_is_asked_ever_less_often() -> None:
    breaker, now, asked = Breaker(1, 60), 100.0, []
    for _ in range(9):
        assert breaker.failed(now)
        assert breaker.room(now, 0, 16) == 0
        asked.append(breaker.pause)
        now += breaker.pause
        assert breaker.room(now, 0, 16) == 1
    assert asked == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert breaker.since == 100.0


def test_faults_of_one_round_lengthen_the_pause_once() -> None:
    breaker = Breaker(1, 60)
    assert [breaker.failed(100.0 + n / 10) for n in range(8)] == [True] + [False] * 7
    assert breaker.pause == 1


def test_one_mail_asks_and_the_others_wait_for_it() -> None:
    breaker = Breaker(1, 60)
    breaker.failed(100)
    assert [breaker.room(101, flying, 16) for flying in (0, 1, 5)] == [1, 0, 0]
    assert breaker.worked()
    assert not breaker.worked()
    assert breaker.room(101, 5, 16) == 16


@given(st.lists(st.tuples(st.floats(0, 120), st.sampled_from(["down", "sent", "none"])), max_size=60))
def test_the_pause_has_bounds_whatever_happens(steps: list[tuple[float, str]]) -> None:
    breaker, now = Breaker(1, 60), 0.0
    for wait, what in steps:
        now += wait
        if what == "down":
            breaker.failed(now)
        elif what == "sent":
            breaker.worked()
        assert 0 <= breaker.pause <= 60
        assert breaker.room(now + 60, 0, 4) in (1, 4)


@pytest.mark.parametrize("per_minute", [1, 7, 60, 6000])
def test_over_a_long_time_the_pace_holds(per_minute: int) -> None:
    pace, sent, now = Pace(per_minute), 0, 0.0
    while now < 3600:
        going = pace.room(now, 16)
        pace.took(going)
        sent += going
        now += 0.25
    burst = max(1, per_minute // 6)
    assert per_minute * 60 - 2 <= sent <= per_minute * 60 + burst or sent == 16 * 4 * 3600


def test_without_a_number_all_may_go() -> None:
    pace = Pace(0)
    pace.took(10_000)
    assert pace.room(0, 500) == 500


@pytest.mark.parametrize(
    ("seconds", "more", "size"),
    [
        ([], True, 8),
        ([0.1], True, 16),
        ([0.1, 0.1, 0.1, 0.1, 0.1], True, 64),
        ([0.1, 0.1], False, 8),
        ([0.7], True, 8),
        ([0.1, 0.1, 0.7, 0.7], True, 32),
        ([0.1, 0.1, 5], True, 16),
        ([5, 5, 5], True, 8),
    ],
    ids=[
        "at first",
        "quick",
        "quick for long",
        "nothing more is due",
        "neither",
        "stays",
        "slow again",
        "slow",
    ],
)
def test_the_quicker_the_relay_the_more_mails_are_claimed_at_once(
    seconds: list[float], more: bool, size: int
) -> None:
    batch = Batch(8, 64)
    for each in seconds:
        batch.came_back(each, more=more)
    assert batch.size == size


def test_many_threads_are_given_enough_from_the_start() -> None:
    batch = Batch(128)
    batch.came_back(0.1, more=True)
    assert batch.size == 128
