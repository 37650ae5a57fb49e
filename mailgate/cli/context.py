"""What one command works with: the settings and, when it needs it, the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

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
        from mailgate import config

        return config.load(self.option)

    @contextmanager
    def store(self, *, readonly: bool = True) -> Iterator[Store]:
        """The ticket database, of the right version. Raises NotFound where none was made yet, NewerDatabase, Unavailable."""
        from mailgate.cli.database import opened

        store = opened(self.config, readonly=readonly)
        try:
            yield store
        finally:
            store.close()


def session(ctx: typer.Context) -> Session:
    return cast(Session, ctx.find_root().obj)
