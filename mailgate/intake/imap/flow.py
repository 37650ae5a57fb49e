"""Batches of mails: which are fetched together, and one on its way into the spool while the next one is fetched.

Laws: of two batches the second is handed over after the first was answered, so that mails keep their order; what the spool
has answered is noted, also where the connection to the mailbox breaks meanwhile; the bytes in memory are bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from mailgate.errors import MailgateError
from mailgate.intake.imap.answers import Head
from mailgate.intake.imap.hands import Accept, Mail

BATCH_MAILS = 200
BATCH_BYTES = 4_000_000
AT_ONCE_BYTES = 8_000_000  # of a batch on its way and the next one; a mail larger than that goes alone

Answers = Sequence[MailgateError | None]


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails to be fetched by one command."""

    heads: Sequence[Head]

    @property
    def uids(self) -> list[int]:
        return [head.uid for head in self.heads]

    @property
    def size(self) -> int:
        return sum(head.size for head in self.heads)


@dataclass(slots=True)
class Load:
    """Mails that were fetched together. `mails`: those for the spool, in the order of `uids`."""

    hashes: dict[int, bytes] = field(default_factory=dict)
    known: list[int] = field(default_factory=list)  # taken before, under another UID
    uids: list[int] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    troubled: list[tuple[int, str]] = field(default_factory=list)
    last: int = 0  # the highest UID of the batch, 0 for a mail that is tried again
    size: int = 0


def batches(heads: Sequence[Head]) -> Iterator[Batch]:
    batch: list[Head] = []
    size = 0
    for head in heads:
        if batch and (len(batch) >= BATCH_MAILS or size + head.size > BATCH_BYTES):
            yield Batch(batch)
            batch, size = [], 0
        batch.append(head)
        size += head.size
    if batch:
        yield Batch(batch)


class Flow:
    """The load on its way, one at most. `settle` notes what the spool has answered; the UIDs that it is given besides are
    still in hand. It returns why the spool takes nothing more, or None."""

    def __init__(
        self, accept: Accept, settle: Callable[[Load, Answers, Sequence[int]], MailgateError | None]
    ) -> None:
        self._accept, self._settle = accept, settle
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="imap-flow")
        self._under_way: tuple[Load, Future[Answers]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.end()
        finally:
            self._pool.shutdown()

    @property
    def uids(self) -> list[int]:
        """Of the mails on their way, with those that give trouble."""
        if self._under_way is None:
            return []
        load = self._under_way[0]
        return [*load.known, *load.uids, *(uid for uid, _ in load.troubled)]

    @property
    def size(self) -> int:
        return self._under_way[0].size if self._under_way is not None else 0

    def begin(self, load: Load) -> None:
        """Nothing may be on its way."""
        assert self._under_way is None
        self._under_way = load, self._pool.submit(self._answers, load)

    def _answers(self, load: Load) -> Answers:
        answers = self._accept(load.mails) if load.mails else []
        load.mails = []  # their bytes are not needed any more
        return answers

    def end(self, in_hand: Sequence[int] = ()) -> MailgateError | None:
        """Wait until the load has its answers, and note them."""
        if self._under_way is None:
            return None
        load, future = self._under_way
        self._under_way = None
        return self._settle(load, future.result(), in_hand)
