"""`style.css` → the style of each tag: Gmail and Outlook read little else.

The rules are written into the tags once, when a template is compiled; a mail costs nothing more. What a mail program may leave out
(dark colours, narrow screens) stands in `head.css` and goes into the head as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

SHEET, HEAD = "style.css", "head.css"
_COMMENT = re.compile(r"/\*[^*]*(?:\*(?!/)[^*]*)*\*/")
_RULE = re.compile(r"\s*\.([\w-]+)\s*\{([^{}]*)\}\s*")
_TAG = re.compile(r'<(\w+)\b([^<>]*?) class="([\w -]+)"')
_BACKGROUND = re.compile(r"(?:^|;)background-color:(#[0-9a-f]{6})")
_COLOURED = frozenset({"body", "table", "td"})  # tags whose bgcolor Outlook reads where it forgets the style


class StyleError(ValueError):
    """A style sheet that holds more than rules of single classes: at which line, and what stands there."""

    def __init__(self, line: int, found: str) -> None:
        super().__init__(f"a rule must look like “.name {{ property: value; }}”, here stands “{found}”")
        self.line = line


def rules(sheet: str) -> dict[str, str]:
    """Class → declarations on one line. Raises StyleError."""
    sheet = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), sheet).rstrip()
    found: dict[str, str] = {}
    at = 0
    while at < len(sheet):
        rule = _RULE.match(sheet, at)
        if rule is None:
            start = len(sheet) - len(sheet[at:].lstrip())
            raise StyleError(sheet.count("\n", 0, start) + 1, sheet[start:].partition("\n")[0][:40])
        name, body = rule[1], rule[2]
        said = (part.partition(":") for part in body.split(";") if part.strip())
        style = ";".join(f"{key.strip()}:{' '.join(value.split())}" for key, _, value in said)
        found[name] = f"{found[name]};{style}" if name in found else style
        at = rule.end()
    return found


def inlined(source: str, styles: Mapping[str, str]) -> str:
    """The template with a `style` (and `bgcolor`) beside each `class`; its lines stay where they are."""

    def styled(tag: re.Match[str]) -> str:
        style = ";".join(styles[name] for name in tag[3].split() if styles.get(name))
        colour = _BACKGROUND.findall(style) if tag[1] in _COLOURED else []
        bgcolor = f' bgcolor="{colour[-1]}"' if colour else ""
        return f"{tag[0]}{bgcolor}" + (f' style="{style}"' if style else "")

    return _TAG.sub(styled, source)


def strangers(source: str, styles: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Classes of a template that have no rule: line and name."""
    for tag in _TAG.finditer(source):
        for name in tag[3].split():
            if name not in styles:
                yield source.count("\n", 0, tag.start()) + 1, name
