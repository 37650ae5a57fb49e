"""HTML to readable text, with the structure that mail/reply understands (rule 3.3).

Laws: `to_text` never raises and is linear in at most 1 MB; what a reader of the mail cannot see is left out; quoting
elements of mail programs become '>' lines, so that one set of rules (mail/reply) decides what is new.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailgate.mail import link
from mailgate.mail.htmlcap import SIZE, bound
from mailgate.mail.look import PLAIN, Look, look_of
from mailgate.mail.page import Page
from mailgate.mail.table import Tables

_SKIPPED = frozenset(
    {
        "script", "style", "head", "title", "meta", "link", "template", "object", "embed", "audio", "video", "svg", "math", "select",
        "textarea", "button", "noframes", "iframe", "xml",
    }
)  # fmt: skip
_BLOCKS = frozenset(
    {
        "div", "section", "article", "header", "footer", "main", "aside", "nav", "form", "fieldset", "address", "center", "figure",
        "tr", "dl", "dt", "dd", "table", "caption", "details", "summary",
    }
)  # fmt: skip
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "hgroup", "figcaption", "legend"])
_CID = re.compile(r"(?<=[\"'(=\s])cid:([^\"'\s)>]{1,300})", re.IGNORECASE)
_DIMENSION = re.compile(r"(?:^|;)(?:width|height):[01]px")
_INDENT = re.compile(r"border(?:-left)?:(?:none|0|0px|medium none)(?:;|$|!)")
_OUTLOOK_BORDER = re.compile(
    r"border:none;border-top:solid#?[0-9a-z]+1\.0pt|border-top:solid#(?:e1e1e1|b5c4df)1\.0pt"
)
_SIGNATURE_CLASSES = frozenset(
    {"gmail_signature", "moz-signature", "protonmail_signature_block", "zmail_signature"}
)
_QUOTE_CLASSES = frozenset({"yahoo_quoted", "moz-cite-prefix", "gmail_attr"})
_WORD_CHARACTER = re.compile(r"\w", re.ASCII)
_NUMBERED = re.compile(r"\(?\w{1,6}[.)]")
_SIGNATURE_IDS = frozenset({"signature", "ms-outlook-mobile-signature", "applemailsignature"})


Attributes = Mapping[str, str | None]


@dataclass(slots=True)
class _State:
    page: Page = field(default_factory=Page)
    tables: Tables = field(default_factory=Tables)
    unseen: int = 0  # elements open whose font has no size
    lists: list[int] = field(default_factory=list)  # 0 for bullets, else the next number


def cids_of(html: str) -> frozenset[str]:
    """The Content-IDs that an HTML source refers to as cid: (RFC 2392), wherever in its tags, hidden ones included."""
    if "cid:" not in html and "CID:" not in html:
        return frozenset()
    return frozenset(unquote(entities.unescape(found)) for found in _CID.findall(html[:SIZE]))


def to_text(html: str) -> str:
    """The readable text of an HTML body, of its first 1 MB."""
    state = _State()
    node = LexborHTMLParser(bound(html)).root
    opened: list[
        tuple[LexborNode, list[str], str]
    ] = []  # elements above, what closes each, and `space` around it
    space = ""  # "pre" where white space counts, "pre-style" where only a style says so
    while node is not None:
        tag = node.tag or ""
        if tag == "-text":
            if not state.unseen:
                words = node.text(deep=False) or ""
                state.page.write(words, pre=space == "pre" or (space != "" and not words.isspace()))
        elif tag not in _SKIPPED and tag[:1] not in ("-", "!", "_"):
            attributes = node.attributes
            look = look_of(attributes.get("style") or "") if attributes else PLAIN
            actions = _enter(state, node, tag, attributes, look)
            if actions is not None and node.child is not None:
                opened.append((node, actions, space))
                space = "pre" if tag == "pre" else space if look.white_space is None else look.white_space
                node = node.child
                continue
            _leave(state, actions or [])
        node, space = _next(state, node, opened, space)
    return state.page.text()


def _next(
    state: _State, node: LexborNode, opened: list[tuple[LexborNode, list[str], str]], space: str
) -> tuple[LexborNode | None, str]:
    """The node behind this one, once the elements that end before it are closed."""
    while node.next is None:
        if not opened:
            return None, space
        node, actions, space = opened.pop()
        _leave(state, actions)
    return node.next, space


def _enter(state: _State, node: LexborNode, tag: str, attributes: Attributes, look: Look) -> list[str] | None:
    """Open an element; the actions that close it, or None when nothing of it is read."""
    if look.hidden or "hidden" in attributes:
        return None
    if "mso-list:ignore" in look.style:
        _outlook_bullet(state, node)
        return None
    opened = _open(state, node, tag, attributes, look.style)
    if opened is None:
        return None
    if look.unseen and tag not in ("img", "html", "body"):
        state.unseen += 1
        opened.append("seen")
    elif state.unseen and look.sized:
        opened.append(f"unseen {state.unseen}")
        state.unseen = 0
    return opened


def _outlook_bullet(state: _State, node: LexborNode) -> None:
    """Word writes the mark of a list item as text: a number, or a letter that its symbol font shows as a dot."""
    mark = "".join((node.text(deep=True) or "")[:40].split())
    if mark and not state.unseen:
        state.page.write((mark if _NUMBERED.fullmatch(mark) else "-") + " ")


def _open(state: _State, node: LexborNode, tag: str, attributes: Attributes, style: str) -> list[str] | None:
    page = state.page
    if tag == "br":
        page.newline()
    elif tag == "hr":
        page.rule()
    elif tag == "img":
        _image(state, attributes, style)
    elif tag == "a":
        return _link(page, attributes)
    elif tag == "input":
        if (attributes.get("type") or "").lower() == "checkbox":
            page.write("[x] " if "checked" in attributes else "[ ] ")
    elif tag in ("ul", "ol"):
        state.lists.append(0 if tag == "ul" else _number(attributes.get("start") or "1"))
        page.block()
        return ["list"]
    elif tag == "li":
        bullet = _bullet(state, (attributes.get("value") or ""))
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
        page.table(state.tables.is_data(node))
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


def _leave(state: _State, actions: list[str]) -> None:
    page = state.page
    for action in actions:
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


def _classes(attributes: Attributes) -> set[str]:
    return set((attributes.get("class") or "")[:1000].lower().split())


def _division(page: Page, node: LexborNode, attributes: Attributes, style: str) -> list[str]:
    """A div; those of mail programs that say "here begins the earlier mail" get their mark."""
    classes = _classes(attributes)
    ident = (attributes.get("id") or "")[:100].lower()
    page.block()
    if classes & _SIGNATURE_CLASSES or ident in _SIGNATURE_IDS:
        page.signature()
        return ["signature", "block"]
    if ident.endswith("divrplyfwdmsg") or _OUTLOOK_BORDER.search(style):
        page.rule()
    elif (classes & _QUOTE_CLASSES or "yahoo_quoted" in ident) and not _announces_forward(node):
        page.quote()
        return ["quote", "block"]
    return ["block"]


def _announces_forward(node: LexborNode) -> bool:
    """Gmail marks the head of a forward and the attribution of a reply alike; a forward begins with dashes."""
    return (node.text(deep=True) or "")[:400].lstrip().startswith("--")


def _quote(page: Page, node: LexborNode, attributes: Attributes, style: str) -> list[str]:
    """A quotation; an indented paragraph (how editors, Gmail's among them, write "indent more") is none."""
    cited = (attributes.get("type") or "").lower() == "cite"
    if not cited and _INDENT.search(style):
        page.block()
        return ["block"]
    page.block()
    page.quote()
    return ["quote", "block"]


def _image(state: _State, attributes: Attributes, style: str) -> None:
    if any(
        (attributes.get(side) or "").strip().lower().removesuffix("px") in ("0", "1", "2")
        for side in ("width", "height")
    ):
        return
    alt = " ".join((attributes.get("alt") or "")[:500].split())
    if (
        not alt
        or state.unseen
        or _DIMENSION.search(style)
        or alt.lower().startswith(("cid:", "http:", "https:", "data:"))
    ):
        return
    is_emoji = len(alt) <= 8 and not _WORD_CHARACTER.search(alt)
    state.page.write(alt if is_emoji else f"[{alt}]")


def _link(page: Page, attributes: Attributes) -> list[str]:
    address = link.shown(attributes.get("href") or "")
    if not address:
        return []
    page.mark()
    return [f"link {address}"]


def _bullet(state: _State, value: str) -> str:
    number = state.lists[-1] if state.lists else 0
    if number:
        number = _number(value) if value else number
        state.lists[-1] = number + 1
    return f"{state.page.indent()}{number}. " if number else f"{state.page.indent()}- "


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and 0 < len(value) < 6 and int(value) else 1
