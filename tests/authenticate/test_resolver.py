"""The purse of questions and seconds that one mail has, and the memory for answers."""

from __future__ import annotations

import threading

import pytest
from authenticate.world import FakeClock, SlowResolver

from mailgate.authenticate.cache import CachingResolver
from mailgate.authenticate.resolver import LATER, NOWHERE, Answer, Kind, Lookups, Outcome, plain_name
from mailgate.authenticate.zone import ZoneResolver

ZONE = {"acme.example": [{"TXT": "one"}, {"A": "192.0.2.1"}]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Mail.Acme.EXAMPLE", "mail.acme.example"),
        ("acme.example.", "acme.example"),
        ("_dmarc.acme.example", "_dmarc.acme.example"),
        ("a b.example", "a b.example"),
        ("a\\.b.example", "a\\.b.example"),
        ("", ""),
        (".", ""),
        ("acme..example", ""),
        (".acme.example", ""),
        ("acme.example..", ""),
        ("x" * 63 + ".example", "x" * 63 + ".example"),
        ("x" * 64 + ".example", ""),
        (".".join(["x" * 49] * 5), ".".join(["x" * 49] * 5)),
        (".".join(["x" * 50] * 5) + ".x", ""),
        ("bücher.example", ""),
        ("a\nb.example", ""),
        ("acme.example\n", ""),
        ("a\0b.example", ""),
    ],
)
def test_what_is_a_name(name: str, expected: str) -> None:
    assert plain_name(name) == expected


class Counting:
    def __init__(self, answer: Answer | Exception = NOWHERE) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Kind]] = []

    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        self.asked.append((name, kind))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_question_is_asked_once_a_mail() -> None:
    resolver = Counting(Answer(Outcome.FOUND, ("x",), 0))
    lookups = Lookups(resolver, 60)
    assert [lookups.ask(name, "TXT").records for name in ("acme.example", "ACME.example.")] == [("x",)] * 2
    lookups.ask("acme.example", "A")
    assert resolver.asked == [("acme.example", "TXT"), ("acme.example", "A")]


def test_what_is_no_name_is_not_asked_for() -> None:
    resolver = Counting()
    assert Lookups(resolver, 60).ask("a..b", "TXT") is NOWHERE
    assert resolver.asked == []


def test_nobody_is_asked_after_the_deadline(clock: FakeClock) -> None:
    resolver = SlowResolver(ZoneResolver(ZONE), clock, 2.0)
    lookups = Lookups(resolver, 5.0, clock)
    answers = [lookups.ask(f"n{n}.example", "A").outcome for n in range(6)]
    assert answers == [Outcome.NXDOMAIN] * 2 + [Outcome.TEMPORARY] * 4
    assert clock.now == 1005.0
    assert len(resolver.asked) == 3
    assert lookups.spent


def test_no_mail_asks_more_than_its_share() -> None:
    resolver = Counting()
    lookups = Lookups(resolver, 60, most=10)
    assert [lookups.ask(f"n{n}.example", "A") for n in range(20)] == [NOWHERE] * 10 + [LATER] * 10
    assert len(resolver.asked) == 10
    assert lookups.spent


def test_a_resolver_that_breaks_is_trouble_of_the_moment() -> None:
    assert Lookups(Counting(RuntimeError("boom")), 60).ask("acme.example", "A") is LATER


# ---------------------------------------------------------------- the memory


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (Answer(Outcome.FOUND, ("x",), 30.0), 30.0),
        (Answer(Outcome.FOUND, ("x",), 9e9), 86_400.0),
        (Answer(Outcome.FOUND, ("x",), 0.0), 0.0),
        (Answer(Outcome.NXDOMAIN, (), 600.0), 600.0),
        (Answer(Outcome.NODATA, (), 9e9), 3_600.0),
        (Answer(Outcome.NXDOMAIN, (), 0.0), 0.0),
        (LATER, 15.0),
    ],
)
def test_answers_are_remembered_as_long_as_they_allow(answer: Answer, kept: float, clock: FakeClock) -> None:
    inner = Counting(answer)
    cache = CachingResolver(inner, clock=clock)
    cache.lookup("acme.example", "TXT", 1)
    clock.now += kept - 0.001 if kept else 0
    assert cache.lookup("acme.example", "TXT", 1) == answer
    assert len(inner.asked) == (1 if kept else 2)
    clock.now += 0.002
    cache.lookup("acme.example", "TXT", 1)
    assert len(inner.asked) == (2 if kept else 3)


def test_who_was_in_a_hurry_has_learnt_nothing(clock: FakeClock) -> None:
    inner = Counting(LATER)
    cache = CachingResolver(inner, clock=clock)
    for seconds in (0.9, 0.9, 1.0, 2.0):
        cache.lookup("acme.example", "TXT", seconds)
    assert len(inner.asked) == 3


def test_kinds_are_remembered_apart(clock: FakeClock) -> None:
    cache = CachingResolver(ZoneResolver(ZONE), clock=clock)
    assert cache.lookup("acme.example", "TXT", 1).records == ("one",)
    assert cache.lookup("acme.example", "A", 1).records == ("192.0.2.1",)
    assert cache.lookup("acme.example", "MX", 1).outcome is Outcome.NODATA


def test_the_memory_is_bounded_and_forgets_what_nobody_asks_for(clock: FakeClock) -> None:
    inner = Counting(Answer(Outcome.FOUND, ("x" * 1000,), 60))
    cache = CachingResolver(inner, size=20_000, clock=clock)
    cache.lookup("often.example", "TXT", 1)
    for n in range(500):
        cache.lookup(f"n{n}.example", "TXT", 1)
        cache.lookup("often.example", "TXT", 1)
    assert cache.used <= 20_000
    assert 10 <= len(cache) <= 20
    assert inner.asked.count(("often.example", "TXT")) == 1
    assert ("n0.example", "TXT") in inner.asked
    cache.lookup("n0.example", "TXT", 1)
    assert inner.asked.count(("n0.example", "TXT")) == 2


def test_an_answer_larger_than_the_memory_is_passed_on_and_forgotten(clock: FakeClock) -> None:
    cache = CachingResolver(Counting(Answer(Outcome.FOUND, ("x" * 1_000_000,), 60)), 20_000, clock)
    assert len(cache.lookup("big.example", "TXT", 1).records[0]) == 1_000_000
    assert (len(cache), cache.used) == (0, 0)


def test_the_count_is_right_when_answers_are_replaced(clock: FakeClock) -> None:
    inner = Counting(Answer(Outcome.FOUND, ("x" * 100,), 10))
    cache = CachingResolver(inner, clock=clock)
    for _ in range(5):
        cache.lookup("acme.example", "TXT", 1)
        clock.now += 11
    assert len(cache) == 1
    assert cache.used < 1000


def test_many_threads_share_the_memory() -> None:
    zone = ZoneResolver({f"n{n}.example": [{"TXT": f"text {n}"}] for n in range(50)})
    cache = CachingResolver(zone, size=10_000)
    wrong: list[object] = []

    def ask(seed: int) -> None:
        for turn in range(400):
            n = (turn * 7 + seed) % 50
            answer = cache.lookup(f"n{n}.example", "TXT", 1)
            if answer.records != (f"text {n}",):
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert 0 < cache.used <= 10_000
