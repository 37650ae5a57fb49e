"""From the spool's thread to the loop: every answer arrives, once, in the right future."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from mailgate.errors import Full, Transient
from mailgate.intake.accept import Acceptor
from mailgate.model import Envelope

ENVELOPE = Envelope("", datetime(2026, 1, 1, tzinfo=UTC), "smtp", "", ())


class FakeSpool:
    """Answers from a thread of its own, in batches, like the real one."""

    def __init__(self, answers: list[str | Exception], batch: int) -> None:
        self._answers = answers
        self._batch = batch
        self._waiting: list[Any] = []

    def submit(self, envelope: Envelope, raw: bytes, done: Any, line: Any = None) -> None:
        self._waiting.append(done)
        if len(self._waiting) == self._batch:
            batch, self._waiting = self._waiting, []
            answers, self._answers = self._answers[: self._batch], self._answers[self._batch :]
            threading.Thread(target=lambda: [d(a) for d, a in zip(batch, answers, strict=True)]).start()


@pytest.mark.parametrize("batch", [1, 10, 500])
def test_every_answer_arrives(batch: int) -> None:
    async def run() -> None:
        accept = Acceptor(FakeSpool([str(n) for n in range(1000)], batch))  # type: ignore[arg-type]
        futures = [accept(ENVELOPE, b"") for _ in range(1000)]
        answers = await asyncio.wait_for(asyncio.gather(*futures), 10)
        assert sorted(answers, key=int) == [str(n) for n in range(1000)]
        if batch == 500:
            assert answers == [str(n) for n in range(1000)]

    asyncio.run(run())


@pytest.mark.parametrize("error", [Full("no room"), Transient("locked")], ids=["full", "transient"])
def test_errors_come_out_as_they_are(error: Exception) -> None:
    async def run() -> None:
        with pytest.raises(type(error), match=str(error)):
            await Acceptor(FakeSpool([error], 1))(ENVELOPE, b"")  # type: ignore[arg-type]

    asyncio.run(run())


def test_one_who_does_not_wait_any_more_disturbs_nobody() -> None:
    async def run() -> None:
        accept = Acceptor(FakeSpool(["a", "b"], 2))  # type: ignore[arg-type]
        first, second = accept(ENVELOPE, b""), None
        first.cancel()
        second = accept(ENVELOPE, b"")
        assert await asyncio.wait_for(second, 5) == "b"

    asyncio.run(run())


def test_a_batch_wakes_the_loop_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        calls: list[Any] = []
        real = loop.call_soon_threadsafe
        monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *a: (calls.append(a), real(*a))[1])
        waiting: list[Any] = []
        submit = lambda self, e, r, done, line=None: waiting.append(done)  # noqa: E731
        accept = Acceptor(type("Spool", (), {"submit": submit})())  # type: ignore[arg-type]
        futures = [accept(ENVELOPE, b"") for _ in range(50)]
        thread = threading.Thread(target=lambda: [done("id") for done in waiting])
        thread.start()
        thread.join()
        await asyncio.gather(*futures)
        assert len(calls) == 1

    asyncio.run(run())


def test_an_answer_for_a_loop_that_has_ended_is_no_error() -> None:
    waiting: list[Any] = []

    async def run() -> None:
        Acceptor(type("Spool", (), {"submit": lambda self, e, r, done, line=None: waiting.append(done)})())(
            ENVELOPE, b""
        )  # type: ignore[arg-type]

    asyncio.run(run())
    waiting[0]("id")
