"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from mailgate.errors import UsageError

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


def one_of(option: str, value: str | None, allowed: Iterable[str]) -> None:
    """Raises UsageError unless the value is among the allowed ones, or not given."""
    words = [str(word) for word in allowed]
    if value is not None and value not in words:
        raise UsageError(f"{option} {value}: one of {', '.join(words)} is needed")


EVERY = 2**31 - 1
Limit = Annotated[int, typer.Option("--limit", min=1, show_default="all", help="At most so many.")]
