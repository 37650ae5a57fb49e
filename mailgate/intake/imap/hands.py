"""Handing over to the listener, which alone writes the spool: by its unix socket, sending ahead."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Sequence

from mailgate.errors import Full, MailgateError, Permanent, Transient
from mailgate.handover import Handed, Handover, Unanswered
from mailgate.model import Envelope
from mailgate.stream import Stream

Mail = tuple[Envelope, bytes]
Accept = Callable[[Sequence[Mail]], Sequence[MailgateError | None]]


class Hands:
    """Call it with mails, from any thread; for each it returns None, when the spool has it on disk, or the error: Transient, Full
    (try again) or Permanent. The spool takes them in their order."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._idle: queue.SimpleQueue[Stream] = queue.SimpleQueue()

    def __call__(self, mails: Sequence[Mail]) -> Sequence[MailgateError | None]:
        answers: list[MailgateError | None] = []
        try:
            try:
                stream = self._idle.get_nowait()
            except queue.Empty:
                self._over(Stream(Handover(self._path)), mails, answers)
                return answers
            try:
                self._over(stream, mails, answers)
            except Unanswered:
                # The listener was started anew, or was tired of waiting. What it had accepted it will know again (2.7).
                self._over(Stream(Handover(self._path)), mails[len(answers) :], answers)
        except Unanswered as e:
            answers += [Transient(str(e)) for _ in mails[len(answers) :]]
        return answers

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get().close()

    def _over(self, stream: Stream, mails: Sequence[Mail], answers: list[MailgateError | None]) -> None:
        """Appends an answer for each mail. Raises Unanswered, with the answers that came before."""
        try:
            put_off = False
            for handed in stream.all(
                (envelope.mail_from, envelope.rcpt_to, raw, (f"XDOOR={envelope.door}",))
                for envelope, raw in mails
            ):
                answers.append(_verdict(handed))
                put_off = put_off or isinstance(answers[-1], Transient | Full)
            if put_off:
                stream.again()
        except BaseException:
            stream.close()
            raise
        self._idle.put(stream)


def _verdict(handed: Handed) -> MailgateError | None:
    if handed.accepted:
        return None
    answers = handed.recipients or (handed.sender,)
    answer = next((each for each in answers if not each.permanent), answers[0])
    words = f"the listener answers {answer.code} {answer.text}"
    if answer.permanent:
        return Permanent(words)
    return Full(words) if answer.code == 452 else Transient(words)
