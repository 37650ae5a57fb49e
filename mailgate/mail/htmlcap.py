"""Bounds hostile HTML before any parser sees it: size, depth, length of a tag, formatting elements.

Every HTML parser is quadratic somewhere (deep nesting, attributes by the thousand, formatting elements that are opened
anew in each block). Laws: one pass, linear; text is never dropped, only tags are.
"""

from __future__ import annotations

import re

SIZE = 1_000_000  # characters
DEPTH = 160  # open elements
TAG = 4_096  # characters of one tag; beyond it its attributes go
TAGS = 60_000  # tags; the rest of the document is read as bare text
TAME = 800  # opened elements; fewer cannot nest so deep that a parser minds

_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "command",
        "keygen",
        "basefont",
        "bgsound",
        "frame",
    ]
)
# Elements whose end a parser implies: unclosed ones do not nest.
_IMPLIED = frozenset(
    [
        "p",
        "li",
        "td",
        "th",
        "tr",
        "dt",
        "dd",
        "tbody",
        "thead",
        "tfoot",
        "option",
        "optgroup",
        "rt",
        "rp",
        "html",
        "head",
        "body",
        "colgroup",
    ]
)
# Opened anew in each block by the HTML standard ("reconstruct the active formatting elements"); a text needs none of them.
_FORMATTING = frozenset(
    ["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
_FORMATTED = re.compile(rf"<(/?)(?:{'|'.join(sorted(_FORMATTING))})(?=[\s/>])", re.IGNORECASE)
_LONG_TAG = re.compile(rf"<[^>]{{{TAG}}}")
_ANY = re.compile(rf"<[^<>]{{1,{TAG}}}>")


def bound(html: str) -> str:
    """The same document within the limits above: surplus tags become blanks, formatting elements become spans."""
    html = html[:SIZE].replace("\0", "")
    if _is_tame(html):
        return _FORMATTED.sub(r"<\1span", html)
    out: list[str] = []
    open_: dict[str, int] = {}
    depth = tags = at = 0
    while True:
        start = html.find("<", at)
        if start < 0:
            out.append(html[at:])
            break
        out.append(html[at:start])
        tags += 1
        if tags > TAGS:
            out.append(_ANY.sub(" ", html[start:]).replace("<", "&lt;"))
            break
        if html.startswith("<!--", start):
            end = html.find("-->", start + 4)
            at = len(html) if end < 0 else end + 3
            continue
        name_match = _NAME.match(html, start + 1)
        if name_match is None:
            out.append("<" if html.startswith(("<!", "<?"), start) else "&lt;")
            at = start + 1
            continue
        end = html.find(">", start)
        if end < 0:
            break  # a tag that never ends is no text either
        at = end + 1
        name = name_match.group(1).lower()
        closing = html[start + 1] == "/"
        counted = name not in _VOID and name not in _IMPLIED
        written = "span" if name in _FORMATTING else name
        if closing and counted:
            if not open_.get(written):
                out.append(" ")
                continue
            open_[written] -= 1
            depth -= 1
        elif counted:
            if depth >= DEPTH:
                out.append(" ")
                continue
            open_[written] = open_.get(written, 0) + 1
            depth += 1
        if end - start > TAG:
            out.append(f"<{'/' if closing else ''}{written}>")
        else:
            out.append(f"<{'/' if closing else ''}{written}{html[name_match.end() : end]}>")
        if not closing and (name in ("script", "style")):
            at, depth = _raw(html, at, name, out, open_, depth)
    return "".join(out)


def _is_tame(html: str) -> bool:
    """Whether the limits hold whatever the tags are: nearly all mail, and no need to look at each."""
    tags = html.count("<")
    return (
        tags <= 4 * TAME
        and tags - html.count("</") <= TAME
        and (len(html) <= TAG or _LONG_TAG.search(html) is None)
    )


def _raw(html: str, at: int, name: str, out: list[str], open_: dict[str, int], depth: int) -> tuple[int, int]:
    """Past the content of a script or style: it is no text, and a '<' in it is no tag."""
    close = re.compile(rf"</{name}\b[^>]{{0,200}}>", re.IGNORECASE).search(html, at)
    open_[name] -= 1
    out.append(f"</{name}>")
    return (close.end() if close else len(html)), depth - 1
