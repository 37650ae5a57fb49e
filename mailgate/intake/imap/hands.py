"""Handing over to the listener, which alone writes the spool: a few connections to its unix socket, used in turn."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from mailgate.errors import Full, MailgateError, Permanent, Transient
from mailgate.handover import Answer, Handover, Unanswered
from mailgate.model import Envelope

Mail = tuple[Envelope, bytes]
Accept = Callable[[Sequence[Mail]], Sequence[MailgateError | None]]

CONNECTIONS = 8  # mails at the same time: they share a commit of the spool
LARGE = 1_000_000  # bytes from which mails go one by one, since each is held a second time while it is sent


class Hands:
    """Call it with mails; for each it returns None, when the spool has it on disk, or the error: Transient, Full (try
    again) or Permanent."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="imap-hand")
        self._idle: queue.SimpleQueue[Handover] = queue.SimpleQueue()

    def __call__(self, mails: Sequence[Mail]) -> Sequence[MailgateError | None]:
        if len(mails) == 1 or sum(len(raw) for _, raw in mails) > CONNECTIONS * LARGE:
            return [self._one(mail) for mail in mails]
        return list(self._pool.map(self._one, mails))

    def close(self) -> None:
        self._pool.shutdown()
        while not self._idle.empty():
            self._idle.get().close()

    def _one(self, mail: Mail) -> MailgateError | None:
        try:
            return self._sent(mail)
        except Unanswered as e:
            return Transient(str(e))

    def _sent(self, mail: Mail) -> MailgateError | None:
        envelope, raw = mail
        old = self._taken()
        if old is not None:
            try:
                return self._over(old, envelope, raw)
            except Unanswered:
                pass  # the listener was started anew; what it had accepted it will know again (2.7)
        return self._over(Handover(self._path), envelope, raw)

    def _taken(self) -> Handover | None:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return None

    def _over(self, hand: Handover, envelope: Envelope, raw: bytes) -> MailgateError | None:
        try:
            handed = hand.send(envelope.mail_from, envelope.rcpt_to, raw, (f"XDOOR={envelope.door}",))
        except BaseException:
            hand.close()
            raise
        self._idle.put(hand)
        return None if handed.accepted else _refused(handed.recipients or (handed.sender,))


def _refused(answers: Sequence[Answer]) -> MailgateError:
    answer = next((each for each in answers if not each.permanent), answers[0])
    words = f"the listener answers {answer.code} {answer.text}"
    if answer.permanent:
        return Permanent(words)
    return Full(words) if answer.code == 452 else Transient(words)
