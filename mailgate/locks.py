"""Locks in the data folder: one process for a role, and on SQLite one that writes.

Law: the kernel lets go of a lock when its holder dies, however it dies; the pid inside the file only tells people
who it is, and the next holder whether the one before ended in order.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from mailgate.errors import Unavailable


class Lock:
    """`folder/name.lock`, held until `release`. Raises Unavailable, naming the holder's pid, when it is taken."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.lock"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as e:
            raise Unavailable(
                f"{self.path}: cannot be made: {e.strerror}; mend data_dir or its permissions"
            ) from e
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            holder = self._read() or "unknown"
            os.close(self._file)
            raise Unavailable(
                f"{folder.parent}: another mailgate works on this data folder (role {name}, process {holder}); "
                "stop it, or set another data_dir"
            ) from e
        self.died = bool(self._read())  # the holder before this one did not release it
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def _read(self) -> str:
        return os.pread(self._file, 20, 0).decode("ascii", "replace").strip()

    def release(self) -> None:
        """Say that the holder ended in order, and let go."""
        os.ftruncate(self._file, 0)
        self.close()

    def close(self) -> None:
        """Let go only: the next holder hears that something was left undone."""
        os.close(self._file)
