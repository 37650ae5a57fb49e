"""`explain --html`: explained mails as one page to look at (rule 1.5): what was kept, cut and left out, and why.

Laws: every word of a mail is escaped; characters that hide, or turn the direction of text, are shown by their number; the page
loads nothing and runs nothing (its policy says so to the browser).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mailgate.render import marks

MAX_TEXT = 200_000  # characters of a mail's text on the page; the rest is counted, not shown
FATES = {
    marks.KEPT: ("kept", "the new text: what goes on the ticket and is sent on"),
    marks.COMMAND: ("command", "lines that give an order (3.7)"),
    marks.QUOTED: ("quote", "cut: an earlier mail, kept folded with the comment"),
    marks.SIGNATURE: ("signature", "cut: kept with the comment"),
    marks.PLAIN: ("not shown", "neither on the ticket nor in the quote"),
}
# Controls, soft hyphen, zero-width and direction characters, tags: what makes a text look other than it is.
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Pages:
    """The page piece by piece, each an HTML text: head, a piece a mail, foot."""

    def __init__(self) -> None:
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        environment.filters["shown"] = shown
        self._macros: Any = environment.get_template("explanation.html").module

    def head(self) -> str:
        return str(self._macros.head(FATES)).lstrip()

    def mail(self, explanation: Mapping[str, Any]) -> str:
        """`explanation`: one of DESIGN §6, or {file, error}."""
        return str(self._macros.mail(_values(explanation)))

    def foot(self) -> str:
        return str(self._macros.foot())


def shown(value: object) -> Markup:
    """Escaped, with odd characters made visible by their code point."""
    return Markup(_ODD.sub(_number, str(escape(value))))  # noqa: S704 - escaped here; a number is no markup


def _number(found: re.Match[str]) -> str:
    return f'<b class="odd">U+{ord(found[0]):04X}</b>'


def _values(explanation: Mapping[str, Any]) -> dict[str, Any]:
    if "error" in explanation:
        return dict(explanation)
    text = explanation["full_text"]
    cut = len(text) - MAX_TEXT
    if cut > 0:
        explanation = {**explanation, "full_text": text[:MAX_TEXT]}
    return {**explanation, "error": "", "passages": marks.passages(explanation), "not_shown": max(cut, 0)}
