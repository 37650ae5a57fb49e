"""What a style attribute comes to for a reader of text: whether its element is seen, and whether white space counts in it.

Laws: pure, linear; CSS is not parsed, only looked at for what mailers write to hide text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

MAX_STYLE = 4000  # characters of a style attribute that are read
MAX_KNOWN = 300  # characters of one that is remembered: a mail repeats few styles many times

_HIDDEN = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|opacity:0(?:\.0+)?(?![.\d])|max-height:0(?:px)?(?:;|$|!)"
)
_NO_HEIGHT = re.compile(r"(?:^|;)height:0(?:px)?(?:;|$|!)")
_PREFORMATTED = re.compile(r"(?:^|;)white-space:(pre|normal|nowrap)")
_WHITE = r"(?:white|#fff(?:fff)?|rgb\(255,255,255\))(?:;|$|!)"
_WHITE_WORDS = re.compile(rf"(?:^|;)color:{_WHITE}")
_WHITE_GROUND = re.compile(rf"(?:^|;)background(?:-color)?:{_WHITE}")
_NO_SIZE = re.compile(r"font-size:(?:0(?:\.0+)?(?:px|pt|em|rem|%)?|1(?:\.0)?px)(?:;|$|!)")


class Look(NamedTuple):
    """What a style attribute comes to."""

    style: str = ""  # lower case, no blanks
    hidden: bool = False  # not shown, without height, or white on its own white
    unseen: bool = False  # letters without size
    sized: bool = False
    white_space: str | None = None  # "pre-style" where it counts, "" where it does not, None for nothing said


PLAIN = Look()


def look_of(style: str) -> Look:
    """What the value of a style attribute comes to."""
    if not style:
        return PLAIN
    return _known_look(style) if len(style) <= MAX_KNOWN else _read_look(style)


def _read_look(style: str) -> Look:
    style = "".join(style[:MAX_STYLE].lower().split())
    sized = "font-size:" in style
    space = _PREFORMATTED.search(style) if "white-space" in style else None
    return Look(
        style,
        hidden=bool(
            _HIDDEN.search(style)
            or ("overflow:hidden" in style and _NO_HEIGHT.search(style))
            or ("background" in style and _WHITE_WORDS.search(style) and _WHITE_GROUND.search(style))
        ),
        unseen=sized and _NO_SIZE.search(style) is not None,
        sized=sized,
        white_space=None if space is None else "pre-style" if space[1] == "pre" else "",
    )


_known_look = lru_cache(maxsize=512)(_read_look)
