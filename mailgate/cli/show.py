"""What commands print. Words that a stranger wrote lose their control and bidi characters here, and are never markup."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

# C0 and C1 controls, zero-width and bidi controls, line and paragraph separators, tags, lone surrogates: an escape
# sequence in a subject must not reach a terminal, and no text may look other than it is.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_PIPE_WIDTH = 200  # columns of a table that goes into a pipe or file


def plain(text: object) -> str:
    """One line that is safe to show: unsafe characters become spaces or vanish."""
    return _UNSAFE.sub(lambda found: " " if found[0] in "\t\n\r" else "", str(text))


def block(text: str) -> str:
    """Several lines, each safe to show; line breaks stay."""
    return "\n".join(plain(line) for line in text.replace("\r\n", "\n").split("\n"))


def dumps(value: Any, indent: int | None = None) -> str:
    """JSON that is readable and safe on a terminal: what `plain` removes is written as \\uXXXX."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    if indent is None:
        return _UNSAFE.sub(_escaped, text)
    return "\n".join(_UNSAFE.sub(_escaped, line) for line in text.split("\n"))


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1] if ord(found[0]) > 0x7F else f"\\u{ord(found[0]):04x}"


def emit(value: Any) -> None:
    """One JSON value, over several lines."""
    print(dumps(value, indent=2))


def emit_line(value: Any) -> None:
    """One JSON value on one line, at once visible to whoever reads the pipe."""
    print(dumps(value), flush=True)


def say(text: str) -> None:
    print(block(text))


def console() -> Console:
    from rich.console import Console

    return Console(
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=False,
        width=None if sys.stdout.isatty() else _PIPE_WIDTH,
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, none: str) -> None:
    """A table of safe text; `none` is the sentence when there are no rows."""
    from rich.table import Table
    from rich.text import Text

    lines = [[Text(plain("" if cell is None else cell)) for cell in row] for row in rows]
    if not lines:
        say(none)
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold")
    for line in lines:
        grid.add_row(*line)
    console().print(grid)


def listing(
    items: Sequence[Mapping[str, Any]], as_json: bool, columns: Mapping[str, str], *, none: str
) -> None:
    """A list as every command shows it: a JSON array, or a table of `columns` (key -> heading)."""
    if as_json:
        emit(list(items))
    else:
        table(
            list(columns.values()), ([_cell(item.get(key)) for key in columns] for item in items), none=none
        )


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(v) for v in value)
    return value


def fields(pairs: Iterable[tuple[str, object]]) -> None:
    """Named values below each other; empty ones are left out."""
    shown = [(name, _cell(value)) for name, value in pairs if value not in (None, "", [], ())]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        print(f"{name:<{width}}  {plain(value)}")


def heading(text: str) -> None:
    from rich.text import Text

    console().print(Text(plain(text), style="bold"))


def indented(text: str, by: str = "  ") -> None:
    for line in block(text).split("\n"):
        print((by + line).rstrip())
