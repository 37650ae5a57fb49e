"""Threads of one process that end together."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

import structlog

from mailgate.app.roles import DRAIN_SECONDS

log = structlog.get_logger("mailgate.app")


class Crew:
    """Threads that end together: at a signal, or when one of them cannot go on."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signal)

    def _signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()

    def add(self, name: str, work: Callable[[threading.Event], None]) -> None:
        self._threads.append(
            threading.Thread(target=self._guarded, args=(name, work), name=name, daemon=True)
        )

    def _guarded(self, name: str, work: Callable[[threading.Event], None]) -> None:
        try:
            work(self.stop)
        except BaseException as e:  # the other roles must not go on as if it still worked
            log.error("role failed", role=name, exc_info=e)
            self._error = self._error or e
            self.stop.set()

    def run(self) -> bool:
        """Until all have ended; False when some did not in time. Raises what one of them raised."""
        for thread in self._threads:
            thread.start()
        self.stop.wait()
        deadline = time.monotonic() + DRAIN_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._error is not None:
            raise self._error
        return not any(thread.is_alive() for thread in self._threads)
