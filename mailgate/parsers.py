"""The pool of parser processes: bytes in, ParsedMessages out, whatever the bytes do to the parser.

Laws: exactly one ParsedMessage for every mail, in order; a child that dies, hangs or takes too much costs the one
mail that it was reading (which gets a fallback value with a defect that says so), and is replaced; a mail is tried
twice at most. An answer is unpickled with a closed list of classes: a child that hostile mail took over stays inside.
"""

from __future__ import annotations

import io
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import structlog

from mailgate.config import Worker
from mailgate.counters import count
from mailgate.errors import Transient
from mailgate.mail.unread import fallback
from mailgate.model import ParsedMessage
from mailgate.parser_child import FAILED, LENGTH, PARSED, VALUES

WINDOW = 8  # mails given to a child ahead of its answers, so that it never waits for us
WINDOW_BYTES = 4_194_304
GATHER_SECONDS = (
    0.004  # answers of this time are taken together: each waking up takes the interpreter from the desk
)
WALL = 3  # a child may take this many times its processor time by the clock: the machine may be busy
START_SECONDS = 60
LARGEST_ANSWER = 1 << 30
PIPE_BYTES = 65_536  # that a pipe holds: room for more is asked of the system anew at every read

log = structlog.get_logger("mailgate.parsers")
_ALLOWED = {(kind.__module__, kind.__name__): kind for kind in VALUES} | {
    ("datetime", kind.__name__): kind for kind in (datetime, timedelta, timezone)
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"an answer names {module}.{name}") from None


class _Child:
    """One parser process, and the mails it was given."""

    def __init__(self, settings: Worker, module: str) -> None:
        root = str(Path(__file__).resolve().parent.parent)
        code = (
            f"import sys; sys.path.append({root!r}); from mailgate.parser_child import main; "
            f"main({module!r}, {settings.parse_memory}, {settings.parse_seconds})"
        )
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-W", "ignore", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.requests, self.answers = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self.requests, False)
        os.set_blocking(self.answers, False)
        self.ready = False
        self.jobs: deque[int] = deque()
        self.given = 0  # bytes of mail not yet answered
        self.out: deque[memoryview] = deque()
        self.buffer = bytearray()
        self.since = time.monotonic()

    def give(self, job: int, raw: bytes) -> None:
        if not self.jobs:
            self.since = time.monotonic()
        self.jobs.append(job)
        self.given += len(raw)
        self.out.append(memoryview(LENGTH.pack(len(raw))))
        self.out.append(memoryview(raw))

    def write(self) -> None:
        while self.out:
            try:
                done = os.writev(self.requests, list(self.out)[:16])
            except BlockingIOError:
                return
            while self.out and done >= len(self.out[0]):
                done -= len(self.out.popleft())
            if done:
                self.out[0] = self.out[0][done:]

    def read(self) -> list[bytes] | None:
        """The answers that are complete; None when the child has gone."""
        try:
            chunk = os.read(self.answers, PIPE_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not chunk:
            return None
        self.buffer += chunk
        answers = []
        while len(self.buffer) >= LENGTH.size:
            (size,) = LENGTH.unpack_from(self.buffer)
            if size > LARGEST_ANSWER:
                return None
            if len(self.buffer) < LENGTH.size + size:
                break
            answers.append(bytes(self.buffer[LENGTH.size : LENGTH.size + size]))
            del self.buffer[: LENGTH.size + size]
            self.since = time.monotonic()
        return answers

    def end(self) -> int:
        """Kill it if it still runs; its exit status as Popen gives it."""
        if self.process.poll() is None:
            self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return self.process.wait()


class ParserPool:
    """Parser processes, `settings.parsers` of them. One caller at a time."""

    def __init__(self, settings: Worker, module: str = "mailgate.mail.parse") -> None:
        """`module` holds `parse(bytes) -> ParsedMessage`; it is imported in the processes only."""
        self._settings = settings
        self._module = module
        self._children: list[_Child] = []
        self._broken_starts = 0

    def start(self) -> None:
        """Start the processes now instead of with the first mail."""
        while len(self._children) < self._settings.parsers:
            self._children.append(_Child(self._settings, self._module))

    def parse(self, raws: Sequence[bytes]) -> list[ParsedMessage]:
        """One ParsedMessage for each mail, in order. Raises Transient when no parser process can be started."""
        self.start()
        return _Run(self, raws).all()

    def close(self) -> None:
        for child in self._children:
            child.end()
        self._children.clear()

    def replace(self, child: _Child, *, hung: bool = False) -> str:
        """Put a fresh process in the place of a dead or hung one; why it ended, in words."""
        status = child.end()
        if not child.ready:
            self._broken_starts += 1
            if self._broken_starts >= 5:
                self._broken_starts = 0
                self.close()
                raise Transient("parser processes end before they are ready; is the memory limit too small?")
        self._children[self._children.index(child)] = _Child(self._settings, self._module)
        return _ending(status, hung=hung)

    @property
    def children(self) -> Sequence[_Child]:
        return self._children

    @property
    def deadline(self) -> float:
        return self._settings.parse_seconds * WALL

    def works(self) -> None:
        self._broken_starts = 0


def _ending(status: int, *, hung: bool) -> str:
    if hung:
        return "reading it took too long"
    if status == -signal.SIGPROF:
        return "reading it took more processor time than worker.parse_seconds allows"
    return f"the parser process ended with status {status} while reading it"


class _Run:
    """One call of `parse`: who reads what, and what came of it."""

    def __init__(self, pool: ParserPool, raws: Sequence[bytes]) -> None:
        self.pool, self.raws = pool, raws
        self.waiting = deque(range(len(raws)))
        self.results: list[ParsedMessage | None] = [None] * len(raws)
        self.retried: set[int] = set()
        for child in pool.children:  # what an earlier call that was interrupted left behind
            if child.jobs:
                pool.replace(child)

    def all(self) -> list[ParsedMessage]:
        while self.waiting or any(child.jobs for child in self.pool.children):
            self._hand_out()
            self._wait()
        return [
            fallback(raw, "the message could not be read") if result is None else result
            for raw, result in zip(self.raws, self.results, strict=True)
        ]

    def _hand_out(self) -> None:
        """The next mails to whoever has the least to do; a child reads while its next mail is on the way."""
        while self.waiting:
            child = min(self.pool.children, key=lambda c: (len(c.jobs), c.given))
            if len(child.jobs) >= WINDOW or (child.jobs and child.given >= WINDOW_BYTES):
                return
            job = self.waiting.popleft()
            child.give(job, self.raws[job])

    def _wait(self) -> None:
        poll = select.poll()
        by_number: dict[int, _Child] = {}
        busy = [child for child in self.pool.children if child.jobs]
        for child in busy:
            by_number[child.answers] = child
            poll.register(child.answers, select.POLLIN)
            if child.out:
                by_number[child.requests] = child
                poll.register(child.requests, select.POLLOUT)
        if sum(len(child.jobs) for child in busy) > len(busy):
            time.sleep(GATHER_SECONDS)
        now = time.monotonic()
        left = min(self._limit(child) - now for child in busy)
        events = poll.poll(max(0, int(left * 1000) + 1))
        gone = {
            id(c): c for number, event in events if (c := by_number[number]) and not self._serve(number, c)
        }
        for child in gone.values():
            self._lost(child, hung=False)
        for child in busy:
            if id(child) not in gone and child.jobs and time.monotonic() >= self._limit(child):
                self._lost(child, hung=True)

    def _limit(self, child: _Child) -> float:
        return child.since + (self.pool.deadline if child.ready else START_SECONDS)

    def _serve(self, number: int, child: _Child) -> bool:
        """False: the child has gone."""
        if number == child.requests:
            try:
                child.write()
            except OSError:
                return True  # its answers, then the end of the pipe, tell the rest
            return True
        answers = child.read()
        if answers is None:
            return False
        for answer in answers:
            if not child.ready:
                child.ready = True
                self.pool.works()
            elif child.jobs:
                job = child.jobs.popleft()
                child.given -= len(self.raws[job])
                self.results[job] = self._value(answer, self.raws[job])
        return True

    def _value(self, answer: bytes, raw: bytes) -> ParsedMessage:
        if answer[:1] == FAILED:
            return fallback(raw, answer[1:].decode("utf-8", "replace"))
        try:
            value = _Unpickler(io.BytesIO(answer[1:])).load() if answer[:1] == PARSED else None
        except Exception as e:  # noqa: BLE001 - whatever a child that was taken over sends
            return fallback(raw, f"the parser's answer was not understood: {e}")
        return (
            value if isinstance(value, ParsedMessage) else fallback(raw, "the parser's answer was no message")
        )

    def _lost(self, child: _Child, *, hung: bool) -> None:
        """The first mail it had is the one it was reading; the others go to somebody else."""
        was_ready, jobs = child.ready, list(child.jobs)
        why = self.pool.replace(child, hung=hung)
        if was_ready and jobs:
            first = jobs.pop(0)
            # killed from outside (memory of the machine, an operator) is worth a second try; a limit is not
            if hung or "processor time" in why or first in self.retried:
                self.results[first] = fallback(self.raws[first], why)
            else:
                self.retried.add(first)
                jobs.insert(0, first)
            count("parsers_replaced")
            log.warning("parser replaced", why=why, bytes=len(self.raws[first]), again=first in jobs)
        self.waiting.extendleft(reversed(jobs))
