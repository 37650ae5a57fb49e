"""What one command works with: the settings and, when it needs it, the store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TextIO, cast

import typer

if TYPE_CHECKING:
    from mailgate.config import Config
    from mailgate.store.engine import Store


@dataclass
class Session:
    """One run of one command. Nothing is read before it is asked for."""

    option: str | None = None
    stores: list[Store] = field(default_factory=list)

    @cached_property
    def config(self) -> Config:
        """The settings. From now on the log goes to stderr as they say, since stdout is the command's own."""
        from mailgate import config, log

        found = config.load(self.option)
        log.set_up(found.log, cast(TextIO, _Stderr()))
        return found

    @contextmanager
    def store(self, *, readonly: bool = True) -> Iterator[Store]:
        """The ticket database, of the right version. Raises NotFound where none was made yet, NewerDatabase, Unavailable."""
        from mailgate.cli.database import opened

        store = opened(self.config, readonly=readonly)
        try:
            yield store
        finally:
            store.close()


class _Stderr:
    """What stderr is at the moment of writing."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()


def session(ctx: typer.Context) -> Session:
    return cast(Session, ctx.find_root().obj)
