"""Named points where a harness can kill, break or delay this process: the crash tests of BEHAVIOUR 1.1 and 1.2.

`MAILGATE_FAILPOINT="name:action[:count]"` arms one point; the action is `kill` (SIGKILL to ourselves), `raise`
(FailpointError) or `sleep=SECONDS`. It is carried out once a process, on the count-th hit (default: the first).
Unarmed, a point costs one look at a global.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time

VARIABLE = "MAILGATE_FAILPOINT"

_SPEC = re.compile(
    r"(?P<name>[a-z_.]+):(?P<action>kill|raise|sleep=(?P<seconds>\d+(?:\.\d+)?))(?::(?P<count>\d+))?"
)
_names: set[str] = set()


class FailpointError(Exception):
    """What an armed `raise` raises: no error of ours, so that it takes the way of an unforeseen one."""


class _Armed:
    """One armed point with its countdown; hits may come from several threads."""

    def __init__(self, spec: str) -> None:
        match = _SPEC.fullmatch(spec)
        if match is None:
            raise ValueError(
                f"{VARIABLE}={spec!r}: name:kill, name:raise or name:sleep=SECONDS is needed, with :COUNT"
            )
        self.name = match["name"]
        self.action = match["action"].partition("=")[0]
        self.seconds = float(match["seconds"] or 0)
        self.left = int(match["count"] or 1)
        self.lock = threading.Lock()

    def hit(self) -> None:
        with self.lock:
            self.left -= 1
            due = self.left == 0
        if not due:
            return
        if self.action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.action == "raise":
            raise FailpointError(self.name)
        else:
            time.sleep(self.seconds)


def _from_environment() -> _Armed | None:
    spec = os.environ.get(VARIABLE, "")
    return _Armed(spec) if spec else None


_armed = _from_environment()


def register(*names: str) -> None:
    """Make points known to `registered`; a module does it for its own when it is imported."""
    _names.update(names)


def registered() -> tuple[str, ...]:
    """The points of all modules imported so far, sorted: what a harness goes through."""
    return tuple(sorted(_names))


def failpoint(name: str) -> None:
    """Do what the environment asks for at this point, if anything. Raises FailpointError for `raise`."""
    if _armed is not None and _armed.name == name:
        _armed.hit()
