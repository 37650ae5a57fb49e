"""Header-like field blocks inside texts: returned headers, delivery-status groups (RFC 3464 §2.1.1).

Laws: linear; never raises; folded lines are joined.
"""

from __future__ import annotations

from collections.abc import Iterable

FIELDS = 1000  # a block


class Fields:
    """Fields in order, by lower-case name."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)

    def __bool__(self) -> bool:
        return bool(self._pairs)

    @classmethod
    def of(cls, block: str) -> Fields:
        """The fields of one block; it ends at the first blank line below a field."""
        pairs: list[tuple[str, list[str]]] = []
        for line in block.split("\n"):
            line = line.rstrip("\r")
            if not line.strip():
                if pairs:
                    break
                continue
            if line[0] in " \t" and pairs:
                pairs[-1][1].append(line.strip())
                continue
            name, colon, value = line.partition(":")
            if colon and name and not any(c.isspace() for c in name.rstrip()) and len(pairs) < FIELDS:
                pairs.append((name.strip().lower(), [value.strip()]))
        return cls((name, " ".join(parts)) for name, parts in pairs)

    def first(self, name: str) -> str:
        return next((value for key, value in self._pairs if key == name), "")


def groups(text: str) -> list[Fields]:
    """The blocks of a text, parted by blank lines; blocks without any field are left out."""
    blocks: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [fields for block in blocks if block and (fields := Fields.of("\n".join(block)))]
