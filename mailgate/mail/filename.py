"""File names from mail, made safe to show and to offer for saving (threat T21)."""

from __future__ import annotations

import re
import unicodedata

MAX_BYTES = 150  # UTF-8, extension included
MAX_EXTENSION = 20  # bytes
FALLBACK = "attachment"

# Windows keeps these names for devices, with any extension.
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?:\s*\.|$)")
_SPACE = re.compile(r"\s+")
_DRIVES = re.compile(r"^(?:[ .]*[A-Za-z]:)+")


def safe(name: str) -> str:
    """A base name that is safe on any file system: NFC, no control, bidi or invisible character, at most
    `MAX_BYTES` bytes with the extension kept, never empty, hidden, "." or a name that Windows reserves.

    `name` is decoded already. Idempotent: safe(safe(x)) == safe(x).
    """
    # strip first, check then: an invisible character must not hide a dot (CVE-2026-28289)
    name = "".join(char for char in name if _visible(char))
    name = _SPACE.sub(" ", unicodedata.normalize("NFC", name))
    name = name.replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    name = _DRIVES.sub("", name)
    name = _shortened(_bare(name))
    if _RESERVED.match(name):
        name = _shortened("_" + name)
    return name or FALLBACK


def _visible(char: str) -> bool:
    """Everything but controls, formatting (bidi, zero width), surrogates and unassigned; blanks count as visible."""
    if char in " \t\n":
        return True
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")


def _bare(name: str) -> str:
    """No dots and blanks at the ends: neither hidden nor altered by Windows."""
    return name.strip(" .")


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = (dot + extension).encode() if stem and 0 < len(extension.encode()) <= MAX_EXTENSION else b""
    kept = (stem if tail else name).encode()[: MAX_BYTES - len(tail)].decode("utf-8", "ignore")
    return _bare(kept.rstrip(" .") + tail.decode())


def unique(name: str, taken: dict[str, int]) -> str:
    """`name`, or "name-2.ext" and so on: the first that is not in `taken`, which it then joins.

    `taken` holds names in lower case and the number to try next for each.
    """
    number = taken.get(name.lower(), 1)
    candidate = name
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    while candidate.lower() in taken:
        number += 1
        tail = f"-{number}{dot}{extension}"
        kept = stem.encode()[: MAX_BYTES - len(tail.encode())].decode("utf-8", "ignore").rstrip(" .")
        candidate = kept + tail
    taken[name.lower()] = number
    taken.setdefault(candidate.lower(), 1)
    return candidate
