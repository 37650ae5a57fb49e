"""A page of plain text being written: lines, paragraphs, quote marks, list items, table cells.

Laws: white space is collapsed as HTML asks, but for preformatted text; marks go in front of every line of their element;
linear in what is written.
"""

from __future__ import annotations

import re

from mailgate.mail.link import is_said
from mailgate.mail.quoting import is_quoted, is_rule

# Soft hyphens and what newsletters fill a preview with; a zero-width non-joiner counts inside a word only (Persian).
_INVISIBLE = re.compile("[\u00ad\u034f\u200b\u2060\ufeff]+|(?<![^\\W_])\u200c+|\u200c+(?![^\\W_])")

QUOTE_LIMIT = 20  # marks; deeper quotes get no more
MAX_INDENT = 24  # characters; lists nested deeper are indented no further
RULE = "_" * 32


class Page:
    """Call `write`, and the openers and `close` in pairs; `text` gives the result."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._parts: list[str] = []  # of the line being written
        self._quotes = 0
        self._gap = False  # a blank line is due before the next words
        self._indents: list[str] = []
        self._bullet = ""
        self._tables: list[tuple[bool, int]] = []  # data table or layout; cells begun in this row
        self._marks: list[tuple[int, int]] = []
        self._signatures: list[int] = []
        self._ends: list[tuple[int, int]] = []  # line spans of signature elements

    # ------------------------------------------------------------ words

    def write(self, text: str, pre: bool = False) -> None:
        if pre:
            for n, line in enumerate(text.replace("\r\n", "\n").split("\n")):
                if n:
                    self._flush(keep=True)
                if line:
                    self._parts.append(line.replace("\0", ""))
            return
        if not text.isascii() and not text.isprintable():
            text = _INVISIBLE.sub("", text)
        words = " ".join(text.split(None))
        if not words:
            if text and self._parts and not self._parts[-1].endswith(" "):
                self._parts.append(" ")
            return
        before = " " if text[0].isspace() and self._parts and not self._parts[-1].endswith(" ") else ""
        self._parts.append(before + words + (" " if text[-1].isspace() else ""))

    def newline(self) -> None:
        if self._flat():
            self.write(" ")
        else:
            self._flush(keep=True)

    def block(self) -> None:
        """Whatever comes next begins a line."""
        if self._flat():
            self.write(" ")
        elif self._parts:
            self._flush()

    def paragraph(self) -> None:
        """Whatever comes next begins below a blank line."""
        self.block()
        if not self._flat() and not self._bullet:
            self._gap = True

    def rule(self) -> None:
        self.block()
        if not self._flat():
            self._emit(RULE)

    # ------------------------------------------------------------ elements

    def quote(self) -> None:
        self._flush()
        self._quotes += 1

    def item(self, bullet: str) -> None:
        if not self._flat():
            self._bullet = bullet
        self._indents.append(" " * len(bullet))

    def indent(self) -> str:
        """What stands before the bullets of a list that begins here."""
        return self._indents[-1][:MAX_INDENT] if self._indents else ""

    def table(self, data: bool) -> None:
        self._tables.append((data or self._flat(), 0))

    def row(self) -> None:
        if self._tables:
            flat_above = len(self._tables) > 1 and self._tables[-2][0]
            if not flat_above and self._parts:
                self._flush()
            self._tables[-1] = (self._tables[-1][0], 0)

    def cell(self) -> None:
        if not self._tables:
            return
        data, cells = self._tables[-1]
        self._tables[-1] = (data, cells + 1)
        if data and cells:
            if self._parts:
                self._parts[-1] = self._parts[-1].rstrip(" ")
            self._parts.append(" | ")
        elif not data:
            self.block()

    def mark(self) -> None:
        """A link begins here."""
        self._marks.append((len(self._lines), len(self._parts)))

    def link(self, address: str) -> None:
        """A link ends: its address is written out unless the words say it."""
        lines, parts = self._marks.pop()
        if lines == len(self._lines):
            self._follow(self._parts, parts, address)
        elif any(self._parts):
            self._follow(self._parts, 0, address)
        elif lines < len(self._lines) and self._lines[-1].strip(" >"):  # a link around whole blocks
            self._lines[-1] += f" <{address}>"

    def _follow(self, pieces: list[str], start: int, address: str) -> None:
        words = "".join(pieces[start:]).strip()
        if not words or is_said(words, address):
            return
        trailing = pieces[-1].endswith(" ")
        pieces[-1] = pieces[-1].rstrip()
        pieces.append(f" <{address}>" + (" " if trailing else ""))

    def signature(self) -> None:
        self._signatures.append(len(self._lines))

    def close(self, what: str) -> None:
        if what == "block":
            self.block()
        elif what == "paragraph":
            self.paragraph()
        elif what == "quote":
            self._flush()
            self._quotes -= 1
        elif what == "item":
            self.block()
            self._bullet = ""
            self._indents.pop()
        elif what == "row":
            self.row()
        elif what == "table":
            if self._tables:
                data, _ = self._tables.pop()
                if data and not self._flat():
                    self._flush()
        elif what == "cell":
            if self._tables and not self._tables[-1][0]:
                self.block()
        elif what == "signature":
            self.block()
            self._ends.append((self._signatures.pop(), len(self._lines)))

    # ------------------------------------------------------------ lines

    def text(self) -> str:
        self._flush()
        lines = self._with_signature()
        out: list[str] = []
        for line in lines:
            if line.strip() or (out and out[-1].strip()) or line.strip(" >") != line.strip():
                out.append(line.rstrip() if line.strip(" ") != ">" else line)
        return "\n".join(out).strip("\n")

    def _with_signature(self) -> list[str]:
        """ "-- " above a signature element, where nothing but quotes follows it (RFC 3676 §4.3)."""
        for start, end in self._ends[-3:]:
            below = next((line for line in self._lines[end:] if line.strip()), "")
            inside = next((line.strip() for line in self._lines[start:end] if line.strip()), "")
            above = next((line.strip() for line in reversed(self._lines[:start]) if line.strip()), "")
            ended = (
                not below or is_quoted(below) or is_rule(below) or below.lower().startswith(("on ", "-----"))
            )
            if ended and inside and inside != "--" and above != "--" and not is_quoted(inside):
                return [*self._lines[:start], "-- ", *self._lines[start:]]
        return self._lines

    def _flat(self) -> bool:
        return bool(self._tables) and self._tables[-1][0]

    def _flush(self, keep: bool = False) -> None:
        """End the line; `keep` writes it even when it is empty."""
        text = "".join(self._parts).replace("\xa0", " ").rstrip()
        self._parts.clear()
        if text.strip():
            self._emit(text)
        elif keep:
            self._emit("")

    def _emit(self, text: str) -> None:
        marks = "> " * min(self._quotes, QUOTE_LIMIT)
        if self._gap:
            self._gap = False
            if self._lines and self._lines[-1].strip(" >"):
                self._lines.append(marks.rstrip())
        indent = self._bullet or ("".join(self._indents[-1:]) if text else "")
        self._bullet = "" if text else self._bullet
        self._lines.append((marks + indent + text).rstrip())
