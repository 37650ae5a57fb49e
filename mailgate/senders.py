"""The threads that hold the dialogues with the relay: mails go in, answers come out.

Laws: no dialogue begins for a mail that waited here longer than its claim allows, or once the house closes: it comes back
with no answer, unsent. A relay that one thread has found down is not asked by the next ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic, sleep

from mailgate.model import OutboxRow, Reply

HAND_SECONDS = 30.0  # from the claim of a mail to the beginning of its dialogue, at most
GATHER_SECONDS = 0.005  # answers that come within this time are recorded together


@dataclass(frozen=True, slots=True)
class Answered:
    """A mail that came back. `reply` is None where it was not sent."""

    row: OutboxRow
    reply: Reply | None
    seconds: float  # between `give` and the answer


def latest() -> float:
    """Until when (`time.monotonic`) the dialogue of a mail must begin that is claimed now."""
    return monotonic() + HAND_SECONDS


class Senders:
    """`give`, `answers` and `close` are called by one thread. The threads begin with the first mails."""

    def __init__(self, send: Callable[[OutboxRow, bytes], Reply], threads: int) -> None:
        """`send` is called in several threads; what it raises costs its mail one attempt."""
        self._send, self._most = send, threads
        self._mails: SimpleQueue[tuple[OutboxRow, bytes, float, float] | None] = SimpleQueue()
        self._answers: SimpleQueue[Answered] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._closing = False
        self.in_hand = 0  # mails that were given and have not come out of `answers`
        self.down = (
            ""  # what the relay said that a thread found down; cleared by whoever lets a mail ask again
        )

    def give(self, row: OutboxRow, mail: bytes, until: float) -> None:
        """Have a mail sent. `until`: the `latest` of its claim."""
        self.in_hand += 1
        self._mails.put((row, mail, monotonic(), until))
        if len(self._threads) < min(self._most, self.in_hand):
            thread = threading.Thread(target=self._work, name=f"send-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def answers(self, patience: float = 0.0) -> list[Answered]:
        """What came back; waits up to `patience` seconds for the first of it while mails are in hand."""
        found: list[Answered] = []
        try:
            if patience > 0 and self.in_hand:
                found.append(self._answers.get(timeout=patience))
                if self.in_hand > 1:
                    sleep(GATHER_SECONDS)
            while True:
                found.append(self._answers.get_nowait())
        except Empty:
            self.in_hand -= len(found)
            return found

    def close(self, seconds: float) -> None:
        """Let the open dialogues end, for so long at most; what has none yet comes back unsent. Ends the threads."""
        self._closing = True
        end = monotonic() + seconds
        for _ in self._threads:
            self._mails.put(None)
        for thread in self._threads:
            thread.join(max(0.0, end - monotonic()))

    def _work(self) -> None:
        while (given := self._mails.get()) is not None:
            row, mail, since, until = given
            reply = None if self._closing or monotonic() > until else self._reply(row, mail)
            self._answers.put(Answered(row, reply, monotonic() - since))

    def _reply(self, row: OutboxRow, mail: bytes) -> Reply:
        if self.down:  # another mail has just found out: no need to knock again
            return Reply("down", 0, self.down)
        try:
            reply = self._send(row, mail)
        except Exception as e:  # noqa: BLE001 - our own bug costs this mail an attempt, and is seen
            return Reply("retry", 0, f"{type(e).__name__}: {e}")
        if reply.kind == "down":
            self.down = reply.text or "the relay is down"
        return reply
