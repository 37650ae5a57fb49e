"""The wish to end, which every thread sees at once, also while it waits for a server."""

from __future__ import annotations

import os
import select


class Stop:
    """A descriptor that can be read from the moment on that `set` was called; safe in a signal handler."""

    def __init__(self) -> None:
        self._number = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._set = False

    def fileno(self) -> int:
        return self._number

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        os.eventfd_write(self._number, 1)

    def wait(self, seconds: float) -> bool:
        """Until `set` was called, or the time is over; True when it was called."""
        poll = select.poll()
        poll.register(self._number, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def close(self) -> None:
        os.close(self._number)
