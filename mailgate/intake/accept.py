"""From the spool's thread back to the event loop: `accept` as a door wants it, an awaitable."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial

from mailgate.model import Envelope
from mailgate.spool import Line, Spool


class Acceptor:
    """Call it with envelope and bytes, await the id. Full and Transient come out as exceptions.

    What it returns is a plain future that nobody but the spool settles: a door that goes away cancels nothing, and a
    mail costs no task. Answers of one batch wake the loop once.
    """

    def __init__(self, spool: Spool, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """To be made inside the loop that it serves, or with it."""
        self._spool = spool
        self._loop = loop or asyncio.get_running_loop()
        self._answers: deque[tuple[asyncio.Future[str], str | Exception]] = deque()
        self._awake = False

    def __call__(self, envelope: Envelope, raw: bytes, line: Line | None = None) -> asyncio.Future[str]:
        future = self._loop.create_future()
        self._spool.submit(envelope, raw, partial(self._done, future), line)
        return future

    def _done(self, future: asyncio.Future[str], answer: str | Exception) -> None:
        # In the spool's thread. The append comes before the look at the flag, and _deliver takes the flag down before
        # it empties the queue: no answer can be left behind.
        self._answers.append((future, answer))
        if not self._awake:
            self._awake = True
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:  # the loop is closed: nobody is left to tell
                self._awake = False

    def _deliver(self) -> None:
        self._awake = False
        while self._answers:
            future, answer = self._answers.popleft()
            if future.done():
                continue
            if isinstance(answer, str):
                future.set_result(answer)
            else:
                future.set_exception(answer)
