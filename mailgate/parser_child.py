"""The inside of one parser process: mails in by a pipe, ParsedMessages out.

It imports `mailgate.mail` and the standard library only, so that a child is small and starts fast. Hostile mail is
read here and nowhere else: memory is bounded for the whole child, processor time for each mail.
"""

from __future__ import annotations

import io
import os
import pickle
import resource
import signal
import struct
import sys
from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from typing import Any, BinaryIO

from mailgate.model import Address, Attachment, BounceReport, Forwarded, ParsedMessage

LENGTH = struct.Struct("!Q")  # before every mail and every answer
PARSED, FAILED = b"P", b"F"  # first byte of an answer: a pickled ParsedMessage, or why there is none
VALUES: tuple[Any, ...] = (ParsedMessage, Address, Attachment, BounceReport, Forwarded)  # what it is made of
NICE = 5  # the parsers are a batch ahead of the desk; where there is no core for both, it goes first
_FIELDS = {kind: attrgetter(*kind.__slots__) for kind in VALUES}


def main(module: str, memory: int, seconds: float) -> None:
    """Serve until the pipe closes. `module` has the function `parse`; `memory` bytes of address space, `seconds` of
    processor time a mail."""
    parse = import_module(module).parse
    requests, answers = _pipes()
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold a customer's mail
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the pipe
    answers.write(LENGTH.pack(0))  # ready
    answers.flush()
    while head := requests.read(LENGTH.size):
        raw = requests.read(LENGTH.unpack(head)[0])
        # SIGPROF has no handler: a mail that burns its time ends the child, also from inside C code
        signal.setitimer(signal.ITIMER_PROF, seconds)
        answer = _answer(parse, raw)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


class _Pickler(pickle.Pickler):
    """Writes our values as calls of their classes: the way of a frozen dataclass with slots takes twice as long, at
    both ends."""

    def reducer_override(self, value: object) -> Any:
        fields = _FIELDS.get(type(value))
        return NotImplemented if fields is None else (type(value), fields(value))


def _answer(parse: Callable[[bytes], object], raw: bytes) -> bytes:
    try:
        answer = io.BytesIO()
        answer.write(PARSED)
        _Pickler(answer, pickle.HIGHEST_PROTOCOL).dump(parse(raw))
        return answer.getvalue()
    except MemoryError:
        return FAILED + b"it needs more memory than worker.parse_memory allows"
    except Exception as e:  # noqa: BLE001 - parse never raises; should it do so, that costs one mail
        return FAILED + f"{type(e).__name__}: {e}".encode("utf-8", "replace")[:500]


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Our two pipes under other numbers: what a library prints must not get among the answers."""
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for the life of the process
    return os.fdopen(requests, "rb", 1 << 16), os.fdopen(answers, "wb", 1 << 16)
