"""`accept` as the HTTP door wants it: an awaitable id, by way of the listener, which alone writes the spool."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mailgate.errors import Full, Permanent, Transient
from mailgate.handover import Handed, Handover, Unanswered, canonical
from mailgate.model import Envelope

THREADS = 16
_ID = re.compile(r"queued as ([0-9a-f-]{36})\b")


class Hand:
    """Call it with envelope and bytes, await the id. Raises Full, Transient, and Permanent for what is refused."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hand")

    async def __call__(self, envelope: Envelope, raw: bytes) -> str:
        # whoever posts may go away: what was begun is ended all the same
        return await asyncio.shield(
            asyncio.get_running_loop().run_in_executor(self._threads, self._send, envelope, raw)
        )

    def close(self) -> None:
        """End the threads that wait; those that have a mail in hand end with it."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _send(self, envelope: Envelope, raw: bytes) -> str:
        claims = [f"XDOOR={envelope.door}"]
        if envelope.auth_user:
            claims.append(f"XKEY={envelope.auth_user}")
        try:
            listener = Handover(self._socket)
            try:
                handed = listener.send(envelope.mail_from, envelope.rcpt_to, canonical(raw), claims)
            finally:
                listener.close()
        except Unanswered as e:
            raise Transient(str(e)) from e
        return _id(handed)


def _id(handed: Handed) -> str:
    """What the listener called the mail. It has one id, however many recipients were let in."""
    for answer in handed.recipients:
        if answer.accepted and (found := _ID.search(answer.text)):
            return found[1]
    answers = handed.recipients or (handed.sender,)
    told = "; ".join(f"{answer.code} {answer.text}" for answer in answers)
    if any(answer.code == 452 for answer in answers):
        raise Full(told)
    if all(answer.permanent for answer in answers):
        raise Permanent(told)
    raise Transient(told)
