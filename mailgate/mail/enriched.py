"""text/enriched (RFC 1896) and text/richtext (RFC 1341 §7.1.3) as plain text.

Laws: linear; every word that a reader would see comes out, whatever the commands around it.
"""

from __future__ import annotations

import re

MAX_DEPTH = 20  # quotes, one inside another

_TOKEN = re.compile(r"<<|<(/?)([a-zA-Z0-9-]{1,60})>|\n+|[^<\n]+|<")
_HIDDEN = frozenset({"param", "comment"})
_BLOCKS = frozenset(
    {"center", "flushleft", "flushright", "flushboth", "indent", "indentright", "outdent", "paraindent", "paragraph", "heading"}
)  # fmt: skip
_WRITTEN = {"nl": "\n", "np": "\n\n", "lt": "<"}  # richtext only


def to_text(source: str, rich: bool) -> str:
    """`rich` is the older text/richtext, where lines break at <nl> only and "<" is written <lt>."""
    out: list[str] = []
    hidden: list[str] = []  # hidden commands that are open
    raw = quotes = 0  # <nofill> and <excerpt> that are open
    for match in _TOKEN.finditer(source):
        piece, closing, command = match[0], match[1], (match[2] or "").lower()
        if command in _HIDDEN:
            if not closing:
                hidden.append(command)
            elif hidden and hidden[-1] == command:
                hidden.pop()
        elif hidden:
            continue
        elif command in ("excerpt", "nofill"):
            step = -1 if closing else 1
            raw = max(raw + step * (command == "nofill"), 0)
            _end_line(out)
            quotes = min(max(quotes + step * (command == "excerpt"), 0), MAX_DEPTH)
        elif command in _BLOCKS:
            _end_line(out)
        elif command in _WRITTEN and rich:
            _write(out, _WRITTEN[command], quotes)
        elif piece == "<<":
            _write(out, "<" if not rich else piece, quotes)
        elif not command:
            lines = len(piece) if piece[0] == "\n" else 0
            if lines and not raw:
                piece = " " if rich or lines == 1 else "\n" * (lines - 1)
            _write(out, piece, quotes)
    return "".join(out).strip()


def _end_line(out: list[str]) -> None:
    if out and not out[-1].endswith("\n"):
        out[-1] = out[-1].rstrip(" ")
        out.append("\n")


def _write(out: list[str], words: str, quotes: int) -> None:
    at_start = not out or out[-1].endswith("\n")
    if at_start and not words.strip(" "):
        return
    if quotes and at_start and words[0] != "\n":
        out.append("> " * quotes)
    out.append(words)
