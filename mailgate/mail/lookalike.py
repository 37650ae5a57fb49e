"""Names and addresses that look like another's: what the eye makes of them (threat T9, UTS 39 §4).

Laws: pure, linear, at most `MAX` characters are looked at; a table of our own for the scripts that mail uses against
Latin readers (Cyrillic, Greek, Armenian, full width, look-alike Latin letters and digits), on top of NFKC.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX = 254  # characters

# What each letter on the right is taken for.
_TAKEN_FOR = {
    "a": "аɑαạ", "b": "ьЬƅ", "c": "сϲⅽ", "d": "ԁⅾɗ", "e": "еєҽɛε", "f": "ƒſ", "g": "ɡցɢ", "h": "һհԦ", "i": "іɩιıӏǀ1l", "j": "јϳ",
    "k": "кκ", "m": "мⅿ", "n": "пոηռ", "o": "оοօסه٥ഠ०0σ", "p": "рρþ", "q": "ԛգ", "r": "гᴦⲅ", "s": "ѕꜱ5", "t": "тτ", "u": "υսʋ",
    "v": "ѵνⱱ", "w": "ԝωѡաɯ", "x": "хχ×", "y": "уγʏүỿ", "z": "ᴢʐ", "-": "‐‑‒–—―−", ".": "·․。．｡",
}  # fmt: skip
_TABLE = {ord(char): plain for plain, chars in _TAKEN_FOR.items() for char in chars}
# Letters without a decomposition that NFKD could take apart.
_TABLE |= {
    ord(char): plain
    for char, plain in zip("łøđðæœßʼ’", ("i", "o", "d", "d", "ae", "oe", "ss", "'", "'"), strict=True)
}
_PAIRS = (("rn", "m"), ("vv", "w"))
_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN")


def skeleton(text: str) -> str:
    """What two texts have in common that look alike: lower case, without accents and invisible characters, look-alike
    letters as one. For comparing only, never for showing."""
    return _known_skeleton(text[:MAX])


@lru_cache(maxsize=2048)
def _known_skeleton(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_TABLE)
    plain = folded
    if not (folded.isascii() and folded.isprintable()):
        plain = "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc"))
    for written, taken in _PAIRS:
        plain = plain.replace(written, taken)
    return plain


def name_skeleton(name: str) -> str:
    """The skeleton of a person's name: its words in any order, without punctuation ("Example, Ann" is Ann Example)."""
    return " ".join(sorted(_WORD.findall(skeleton(name))))


def words_of(name: str) -> int:
    """How many words a name has."""
    return len(_WORD.findall(name[:MAX]))


def mixes_scripts(text: str) -> bool:
    """Whether one word is written with letters of two alphabets that look alike: no language does that."""
    if text.isascii():
        return False
    return any(len(_alphabets(word)) > 1 for word in _WORD.findall(text[:MAX]))


def _alphabets(word: str) -> set[str]:
    if word.isascii():
        return set()
    names = (unicodedata.name(char, "").partition(" ")[0] for char in word)
    return {name for name in names if name in _SCRIPTS}
