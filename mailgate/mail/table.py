"""Whether an HTML table holds data, whose rows read best as lines, or only lays out a page (rule 3.3).

Laws: the work is bounded for a whole document, however its tables are nested; in doubt it is layout, which loses nothing.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

MAX_ROWS = 30  # of a table that are looked at
MAX_CELLS = 30  # of a row
MAX_NODES = 60  # of a cell
MAX_WORDS = 300  # characters of a cell that is still data
MAX_LINES = 3  # of a cell
MAX_LONE_WORDS = 80  # characters of a cell where the table has one row of several cells
BUDGET = 100_000  # nodes of a document that are looked at

_LAYOUT = frozenset({"table", "blockquote", "ul", "ol", "pre", "hr", "h1", "h2", "h3", "form"})
_LINES = frozenset({"p", "div", "section", "center", "br"})


class Tables:
    """Judges the tables of one document."""

    def __init__(self) -> None:
        self.budget = BUDGET

    def is_data(self, table: LexborNode) -> bool:
        """Whether no cell holds more than a few short lines, and at least two rows have words in two cells, or one row has
        them on one short line each (a letterhead or signature beside its picture has more)."""
        wide = 0
        lone = True  # so far every cell would do for a table of one row
        for row in _rows(table):
            filled = 0
            for number, cell in enumerate(row.iter()):
                if cell.tag not in ("td", "th") or number > MAX_CELLS:
                    continue
                words, lines = self._measure(cell)
                if words > MAX_WORDS or lines > MAX_LINES:
                    return False
                filled += words > 0
                lone = lone and words <= MAX_LONE_WORDS and lines <= 1
            wide += filled > 1
        return wide > 1 or (wide == 1 and lone)

    def _measure(self, cell: LexborNode) -> tuple[int, int]:
        """(characters, lines) of a cell; more than any limit where it is no cell of data."""
        words = lines = 0
        for number, node in enumerate(cell.traverse(include_text=True)):
            self.budget -= 1
            if number > MAX_NODES or self.budget < 0 or (number and node.tag in _LAYOUT):
                return MAX_WORDS + 1, 0
            if node.tag == "-text":
                words += len((node.text(deep=False) or "").strip())
            elif node.tag in _LINES:
                lines += 1
            if words > MAX_WORDS:
                break
        return words, lines


def _rows(table: LexborNode) -> list[LexborNode]:
    found = []
    for part in table.iter():
        if part.tag == "tr":
            found.append(part)
        elif part.tag in ("tbody", "thead", "tfoot"):
            found += [row for row in part.iter() if row.tag == "tr"]
        if len(found) >= MAX_ROWS:
            break
    return found
