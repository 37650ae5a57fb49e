"""The file that `explain --html` writes: whole or not at all, and never over something that is not such a page."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from mailgate.errors import UsageError
from mailgate.render import explanation

_BEGINS = b"<!DOCTYPE html>\n"


class Page:
    """Opened by `with`; `add` writes one mail; left without an error it takes its name, else nothing is left behind.

    Raises UsageError where `path` cannot be written, or holds something else: a mail named by mistake stays what it is.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.count = 0
        if self.path.exists():
            self._look()

    def _look(self) -> None:
        try:
            with self.path.open("rb") as file:
                begins = file.read(len(_BEGINS)) if self.path.is_file() else b"not a file"
        except OSError as e:
            raise UsageError(f"--html {self.path}: {e.strerror}") from e
        if begins and begins != _BEGINS:
            raise UsageError(
                f"--html {self.path}: there is something else under this name; give the page another"
            )

    def __enter__(self) -> Self:
        try:
            descriptor, self._name = tempfile.mkstemp(prefix=".explain-", dir=self.path.parent)
        except OSError as e:
            raise UsageError(f"--html {self.path}: cannot be written: {e.strerror}") from e
        self._file: TextIO = os.fdopen(descriptor, "w", encoding="utf-8", newline="\n")
        self._pieces = explanation.Pages()
        self._file.write(self._pieces.head())
        return self

    def add(self, explained: Mapping[str, Any]) -> None:
        """One explanation as DESIGN §6 has it, or {file, error}."""
        self.count += 1
        self._file.write(self._pieces.mail(explained))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._file.write(self._pieces.foot())
            self._file.close()
            if error is None:
                os.replace(self._name, self.path)
        except OSError as e:
            raise UsageError(f"--html {self.path}: cannot be written: {e.strerror}") from e
        finally:
            Path(self._name).unlink(missing_ok=True)
