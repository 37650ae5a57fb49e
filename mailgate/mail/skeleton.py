"""What stays of a text when all that a program changes from mail to mail is taken out: the same words, the same skeleton.

Two mails of one robot differ by a counter, a date, an id, an address; those of a person differ by their words (8.3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

MAX_TEXT = 4000  # characters that are looked at


def skeleton(text: str, files: Iterable[str] = ()) -> str:
    """32 hex digits, equal for texts that are alike but for case, numbers, ids, dates, addresses, links, punctuation and
    line breaks. `files`: the digests of what is attached, which must be the same. Linear in `text`, of which the
    beginning counts.
    """
    words = [
        word if word.isalpha() else _letters(word)  # most words are, and need no second look
        for word in text[:MAX_TEXT].casefold().split()
    ]
    whole = " ".join([*filter(None, words), *sorted(files)])
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:32]


def _letters(word: str) -> str:
    """The letters of a word; none of one that a program may have put in."""
    if "@" in word or "://" in word or any(map(str.isdigit, word)):
        return ""
    return "".join(filter(str.isalpha, word))
