"""The parent of the roles' processes: starts them, starts them again, ends them.

Laws: a role that dies comes back after a pause that grows; a fault that no restart mends (configuration, something
that is not there) at the first start ends the whole with the role's own exit code; no child outlives its parent.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

import structlog

READY_VARIABLE = "_MAILGATE_READY_FD"
HOPELESS = frozenset({64, 66, 69, 78})  # usage, no input, unavailable, configuration: no restart mends it
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
HEALTHY_SECONDS = 60.0  # who lived this long starts again after the shortest pause
DRAIN_SECONDS = 20.0
_PR_SET_PDEATHSIG = 1

log = structlog.get_logger("mailgate.supervisor")


def tell_ready(text: str = "") -> None:
    """Called in a role's process once it does its work: the parent, if it asked for it, hears so."""
    number = os.environ.pop(READY_VARIABLE, "")
    if number.isdigit():
        with os.fdopen(int(number), "w") as pipe:
            pipe.write(text or "ready")


def _end_with_parent() -> None:
    """In the child, before exec: SIGTERM when the parent's thread ends (Linux prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


@dataclass
class _Role:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    pipe: int = -1
    said: str = ""
    ready: bool = False
    once_ready: bool = False
    started: float = 0.0
    start_at: float = 0.0
    pause: float = 0.0


@dataclass
class Supervisor:
    """`commands` by role, started in this order; `on_ready` is called once, with what each role said."""

    commands: Mapping[str, Sequence[str]]
    environment: Mapping[str, str]
    on_ready: Callable[[Mapping[str, str]], None]
    handed: Mapping[str, Sequence[int]] = field(
        default_factory=dict
    )  # descriptors that a role gets, under their numbers
    spare: frozenset[str] = (
        frozenset()
    )  # mail goes on without these, so nobody waits for them or ends with them
    _roles: list[_Role] = field(default_factory=list)
    _stopping: bool = False
    _announced: bool = False

    def run(self) -> int:
        """Until SIGTERM or SIGINT (0), or until a role cannot start at all (its exit code)."""
        self._roles = [_Role(name, command) for name, command in self.commands.items()]
        awake, wakeup = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        code = 0
        try:
            while not self._stopping and not code:
                code = self._round(awake)
        finally:
            if self._stopping:
                log.info("stopping: what is in hand is finished first")
            self._drain()
            if self._stopping:
                log.info("stopped")
        return code

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _round(self, awake: int) -> int:
        now = time.monotonic()
        for role in self._roles:
            if role.process is None and role.start_at <= now:
                self._start(role)
        waits = [role.start_at - now for role in self._roles if role.process is None]
        pipes = {role.pipe: role for role in self._roles if role.pipe >= 0}
        readable, _, _ = select.select([awake, *pipes], [], [], max(0.0, min(waits)) if waits else None)
        for number in readable:
            if number == awake:
                os.read(awake, 4096)
            else:
                self._hear(pipes[number])
        for role in self._roles:
            if role.process is not None and (status := role.process.poll()) is not None:
                self._close(role)
                if self._stopping:
                    continue
                if status in HOPELESS and not role.once_ready and role.name not in self.spare:
                    return status
                self._put_off(role, status)
        return 0

    def _start(self, role: _Role) -> None:
        role.pipe, theirs = os.pipe2(os.O_CLOEXEC)
        try:
            role.process = subprocess.Popen(  # noqa: S603 - our own program
                role.command,
                env={**self.environment, READY_VARIABLE: str(theirs)},
                pass_fds=(theirs, *self.handed.get(role.name, ())),
                stdin=subprocess.DEVNULL,
                preexec_fn=_end_with_parent,  # one thread here: safe
            )
        finally:
            os.close(theirs)
        role.started, role.said, role.ready = time.monotonic(), "", False

    def _hear(self, role: _Role) -> None:
        chunk = os.read(role.pipe, 4096)
        if chunk:
            role.said += chunk.decode("utf-8", "replace")
            return
        os.close(role.pipe)
        role.pipe = -1
        role.ready = bool(role.said)
        role.once_ready = role.once_ready or role.ready
        if not self._announced and all(each.ready or each.name in self.spare for each in self._roles):
            self._announced = True
            self.on_ready({each.name: each.said for each in self._roles})

    def _close(self, role: _Role) -> None:
        role.process = None
        if role.pipe >= 0:
            self._hear(role)
        if role.pipe >= 0:
            os.close(role.pipe)
            role.pipe = -1
        role.ready = False

    def _put_off(self, role: _Role, status: int) -> None:
        now = time.monotonic()
        role.pause = (
            FIRST_PAUSE
            if now - role.started > HEALTHY_SECONDS
            else min(LONGEST_PAUSE, role.pause * 2 or FIRST_PAUSE)
        )
        role.start_at = now + role.pause
        log.error("role ended, it starts again", role=role.name, status=status, pause=role.pause)

    def _drain(self) -> None:
        """SIGTERM to all, and SIGKILL to those who need longer than they may."""
        running = [role.process for role in self._roles if role.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + DRAIN_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("a role did not end in time", process=process.pid)
                process.kill()
                process.wait()
