"""What was imported before, so that a second run goes on where the first one stopped."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_BYTES = 16


class Accepted:
    """A file of the digests of all mails that the listener took, one behind the other.

    It is no promise: a digest that a crash lost only means that its mail is handed over again, and is a duplicate (2.7).
    """

    def __init__(self, path: Path, *, forget: bool = False) -> None:
        """`forget`: begin anew. Raises OSError."""
        self._file = os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if forget else 0), 0o600
        )
        with os.fdopen(os.dup(self._file), "rb") as file:
            known = file.read()
        if len(known) % _BYTES:  # a write that a crash cut off
            os.ftruncate(self._file, len(known) - len(known) % _BYTES)
        whole = range(0, len(known) - _BYTES + 1, _BYTES)
        self._known = {known[at : at + _BYTES] for at in whole}

    def __contains__(self, raw: bytes) -> bool:
        return _digest(raw) in self._known

    def add(self, raw: bytes) -> None:
        """Remember a mail. Raises OSError."""
        digest = _digest(raw)
        self._known.add(digest)
        os.write(self._file, digest)

    def close(self) -> None:
        os.close(self._file)


def _digest(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=_BYTES).digest()
