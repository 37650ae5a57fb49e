"""HTML to readable text, with the structure that mail/reply understands (rule 3.3).

Laws: `to_text` never raises and is linear in at most 1 MB; what a reader of the mail cannot see is left out; quoting
elements of mail programs become '>' lines, so that one set of rules (mail/reply) decides what is new.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailgate.mail.htmlcap import bound
from mailgate.mail.page import Page

URL_LIMIT = 2000  # characters of a link that is written out
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "head",
        "title",
        "meta",
        "link",
        "template",
        "object",
        "embed",
        "audio",
        "video",
        "svg",
        "math",
        "select",
        "textarea",
        "button",
        "noframes",
    ]
)
_BLOCKS = frozenset(
    [
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "aside",
        "nav",
        "form",
        "fieldset",
        "address",
        "center",
        "figure",
        "tr",
        "dl",
        "dt",
        "dd",
        "table",
    ]
)
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "hgroup", "figcaption", "legend"])
_HIDDEN = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|opacity:0(?:\.0+)?(?![.\d])|max-height:0(?:px)?(?:;|$|!)"
)
_NO_SIZE = re.compile(r"font-size:(?:0(?:\.0+)?(?:px|pt|em|rem|%)?|1(?:\.0)?px)(?:;|$|!)")
_SIZED = re.compile(r"font-size:")
_CID = re.compile(r"url\(\s*['\"]?cid:([^'\")]{1,300})", re.IGNORECASE)
_DIMENSION = re.compile(r"(?:^|;)(?:width|height):[01]px")
_INDENT = re.compile(r"border(?:-left)?:(?:none|0|0px|medium none)(?:;|$|!)")
_OUTLOOK_BORDER = re.compile(
    r"border:none;border-top:solid#?[0-9a-z]+1\.0pt|border-top:solid#(?:e1e1e1|b5c4df)1\.0pt"
)
_SIGNATURE_CLASSES = frozenset(
    {"gmail_signature", "moz-signature", "protonmail_signature_block", "zmail_signature"}
)
_QUOTE_CLASSES = frozenset({"yahoo_quoted", "moz-cite-prefix", "gmail_attr"})
_SIGNATURE_IDS = frozenset({"signature", "ms-outlook-mobile-signature", "applemailsignature"})


@dataclass(frozen=True, slots=True)
class HtmlText:
    text: str
    cids: frozenset[str]  # Content-IDs of the pictures it shows, without "cid:"


@dataclass(slots=True)
class _State:
    page: Page = field(default_factory=Page)
    cids: set[str] = field(default_factory=set)
    unseen: int = 0  # elements open whose font has no size
    lists: list[int] = field(default_factory=list)  # 0 for bullets, else the next number


def to_text(html: str) -> HtmlText:
    """The readable text of an HTML body (its first 1 MB) and the pictures it refers to by cid: (RFC 2392)."""
    body = LexborHTMLParser(bound(html)).root
    state = _State()
    stack: list[tuple[LexborNode, str] | str] = [(body, "")] if body is not None else []
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            _leave(state, item)
            continue
        node, parent = item
        tag = node.tag or ""
        if tag == "-text":
            if not state.unseen:
                state.page.write(node.text(deep=False) or "", pre=parent == "pre")
            continue
        if tag.startswith(("-", "!", "_")) or tag in _SKIPPED:
            continue
        actions = _enter(state, node, tag)
        if actions is None:
            continue
        stack.extend(reversed(actions))
        inner = "pre" if tag == "pre" or parent == "pre" else ""
        stack.extend((child, inner) for child in reversed(list(node.iter(include_text=True))))
    return HtmlText(state.page.text(), frozenset(state.cids))


def _enter(state: _State, node: LexborNode, tag: str) -> list[str] | None:
    """Open an element; the actions that close it, or None when nothing of it is read."""
    attributes = {key: value or "" for key, value in node.attributes.items()}
    style = "".join(attributes.get("style", "")[:4000].lower().split())
    if style and "cid:" in style:
        state.cids.update(unquote(found) for found in _CID.findall(attributes["style"]))
    for name in ("src", "background"):
        if attributes.get(name, "")[:4].lower() == "cid:":
            state.cids.add(unquote(attributes[name][4:300]).strip())
    if "hidden" in attributes or _HIDDEN.search(style):
        return None
    actions: list[str] = []
    if _NO_SIZE.search(style) and tag not in ("img", "html", "body"):
        state.unseen += 1
        actions.append("seen")
    elif state.unseen and _SIZED.search(style):
        actions.append(f"unseen {state.unseen}")
        state.unseen = 0
    opened = _open(state, node, tag, attributes, style)
    return None if opened is None else opened + actions


def _open(
    state: _State, node: LexborNode, tag: str, attributes: dict[str, str], style: str
) -> list[str] | None:
    page = state.page
    if tag == "br":
        page.newline()
    elif tag == "hr":
        page.rule()
    elif tag == "img":
        _image(state, attributes, style)
    elif tag == "a":
        return _link(page, attributes)
    elif tag in ("ul", "ol"):
        state.lists.append(0 if tag == "ul" else _number(attributes.get("start", "1")))
        page.block()
        return ["list"]
    elif tag == "li":
        bullet = _bullet(state)
        page.block()
        page.item(bullet)
        return ["item"]
    elif tag in ("td", "th"):
        page.cell()
        return ["cell"]
    elif tag == "blockquote":
        return _quote(page, node, attributes, style)
    elif tag == "table":
        page.block()
        page.table(_is_data(node))
        return ["table", "block"]
    elif tag == "tr":
        page.row()
        return ["row"]
    elif tag in _PARAGRAPHS or tag == "pre":
        page.paragraph()
        return ["paragraph"]
    elif tag in _BLOCKS or (tag == "span" and _classes(attributes) & _SIGNATURE_CLASSES):
        return _division(page, node, attributes, style)
    return []


def _leave(state: _State, action: str) -> None:
    page = state.page
    verb, _, argument = action.partition(" ")
    if verb == "seen":
        state.unseen -= 1
    elif verb == "unseen":
        state.unseen = int(argument)
    elif verb == "list":
        state.lists.pop()
        page.block()
    elif verb == "link":
        page.link(argument)
    else:
        page.close(verb)


def _classes(attributes: dict[str, str]) -> set[str]:
    return set(attributes.get("class", "")[:1000].lower().split())


def _division(page: Page, node: LexborNode, attributes: dict[str, str], style: str) -> list[str]:
    """A div; those of mail programs that say "here begins the earlier mail" get their mark."""
    classes = _classes(attributes)
    ident = attributes.get("id", "")[:100].lower()
    page.block()
    if classes & _SIGNATURE_CLASSES or ident in _SIGNATURE_IDS:
        page.signature()
        return ["signature", "block"]
    if ident.endswith("divrplyfwdmsg") or _OUTLOOK_BORDER.search(style):
        page.rule()
    elif classes & _QUOTE_CLASSES and not _announces_forward(node):
        page.quote()
        return ["quote", "block"]
    return ["block"]


def _announces_forward(node: LexborNode) -> bool:
    """Gmail marks the head of a forward and the attribution of a reply alike; a forward begins with dashes."""
    return (node.text(deep=True) or "")[:400].lstrip().startswith("--")


def _quote(page: Page, node: LexborNode, attributes: dict[str, str], style: str) -> list[str]:
    """A quotation; an indented paragraph (how editors write "indent more") is none."""
    classes = _classes(attributes)
    cited = attributes.get("type", "").lower() == "cite" or "gmail_quote" in classes
    if not cited and _INDENT.search(style):
        page.block()
        return ["block"]
    page.block()
    page.quote()
    return ["quote", "block"]


def _image(state: _State, attributes: dict[str, str], style: str) -> None:
    if any(
        attributes.get(side, "").strip().lower().removesuffix("px") in ("0", "1", "2")
        for side in ("width", "height")
    ):
        return
    alt = " ".join(attributes.get("alt", "")[:500].split())
    if alt and not _DIMENSION.search(style) and not state.unseen:
        state.page.write(f"[{alt}]")


def _link(page: Page, attributes: dict[str, str]) -> list[str]:
    href = attributes.get("href", "").strip()
    if (
        not href.lower().startswith(("http://", "https://", "mailto:"))
        or len(href) > URL_LIMIT
        or "\n" in href
    ):
        return []
    page.mark()
    return [f"link {href}"]


def _bullet(state: _State) -> str:
    indent = "  " * min(max(len(state.lists) - 1, 0), 8)
    number = state.lists[-1] if state.lists else 0
    if number:
        state.lists[-1] += 1
    return f"{indent}{number}. " if number else f"{indent}- "


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and 0 < len(value) < 6 and int(value) else 1


def _is_data(table: LexborNode) -> bool:
    """Whether rows read best as lines: cells side by side, and none of them holds more than one paragraph."""
    wide = False
    for part in table.iter():
        for row in part.iter() if part.tag in ("tbody", "thead", "tfoot") else (part,):
            cells = [cell for cell in row.iter() if cell.tag in ("td", "th")]
            wide = wide or len(cells) > 1
            for cell in cells:
                inner = [child.tag for child in cell.iter()]
                blocks = [
                    tag
                    for tag in inner
                    if tag in _BLOCKS or tag in _PARAGRAPHS or tag in ("ul", "ol", "blockquote", "pre")
                ]
                if (
                    len(blocks) > 1
                    or "table" in blocks
                    or "blockquote" in blocks
                    or "ul" in blocks
                    or "ol" in blocks
                ):
                    return False
    return wide
