"""Which parts of a message are its text, and that text (rules 3.2, 3.3; RFC 2046 §5.1, RFC 2387).

A leaf is body text or an attachment, never both and never neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailgate.mail import charset
from mailgate.mail.html import to_text
from mailgate.mail.mime import Message, Part, leaves

MAX_TEXT = 1_000_000  # characters of the whole text
MAX_STUB = 400  # characters: a longer plain text is never a mere pointer to the HTML

# text/* types that are files even without a name
_FILES = frozenset(
    {
        "text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/tab-separated-values", "text/xml", "text/css",
        "text/javascript", "text/rtf", "text/rfc822-headers", "text/x-moz-deleted",
    }
)  # fmt: skip
_ENRICHED = frozenset({"text/enriched", "text/richtext"})
_STUB = re.compile(
    r"(?i)html|view (?:it|this|the) .{0,40}(?:browser|online)|web ?browser|mail (?:client|reader|program)|navigateur|en ligne"
    r"|client de messagerie|messagerie|im browser|navegador|e-mail-programm"
)
_META_CHARSET = re.compile(rb"(?i)<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([a-z0-9_:.-]{1,40})")
_ENRICHED_TAG = re.compile(r"<(?:param>[^<]{0,200}</param|/?[a-zA-Z0-9-]{1,60})>|<(?=<)")
_BLANKS = re.compile(r"\s+")


@dataclass(slots=True)
class Body:
    text: str = ""
    files: list[Part] = field(default_factory=list)  # leaves that are attachments, in order
    texts: list[Part] = field(default_factory=list)  # leaves that are text, chosen or not
    cids: frozenset[str] = frozenset()  # Content-IDs that a shown or alternative HTML body refers to


@dataclass(slots=True)
class _Segment:
    part: Part
    html: bool


class _Texts:
    """Decodes each text part once."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.cids: set[str] = set()
        self._decoded: dict[str, str] = {}

    def of(self, segment: _Segment) -> str:
        path = segment.part.path
        if path not in self._decoded:
            self._decoded[path] = self._html(segment.part) if segment.html else self._plain(segment.part)
        return self._decoded[path]

    def joined(self, segments: list[_Segment]) -> str:
        """All segments in order; a part that only repeats the one before it is left out."""
        pieces: list[str] = []
        for segment in segments:
            text = self.of(segment)
            if pieces and _same(pieces[-1], text):
                continue
            if text.strip():
                pieces.append(text.strip("\n"))
        return "\n\n".join(pieces)

    def _plain(self, part: Part) -> str:
        text = charset.decode(self.message.body(part), part.params.get("charset", ""))
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return _ENRICHED_TAG.sub("", text[:MAX_TEXT]) if part.type in _ENRICHED else text

    def _html(self, part: Part) -> str:
        data = self.message.body(part)
        label = part.params.get("charset", "")
        if (
            not data.isascii()
            and not charset.resolve(label)
            and (meta := _META_CHARSET.search(data, 0, 4096))
        ):
            label = meta[1].decode("ascii")
        found = to_text(charset.decode(data, label))
        self.cids |= found.cids
        return found.text


def _same(one: str, other: str) -> bool:
    """Whether the words are equal, white space aside. Lengths that differ by far need no look."""
    if len(one) > 2 * len(other) + 1000 or len(other) > 2 * len(one) + 1000:
        return False
    return _BLANKS.sub("", one) == _BLANKS.sub("", other)


def read(message: Message) -> Body:
    """The text of a message and what else is in it. Never raises."""
    texts = _Texts(message)
    marked = _text_paths(message.root, None)
    files = [leaf for leaf in leaves(message.root) if leaf.path not in marked]
    if not marked and (stand_in := next((part for part in files if _may_stand_in(part)), None)):
        # a mail whose only text bears a name: the words come first
        files.remove(stand_in)
        marked = {stand_in.path}
    chosen = _choose(message.root, marked, texts)
    body = Body(texts.joined(chosen), files)
    body.texts = [leaf for leaf in leaves(message.root) if leaf.path in marked]
    if any(part.value("content-id") for part in files):
        for part in body.texts:
            if part.type == "text/html":
                texts.of(_Segment(part, True))
    body.cids = frozenset(texts.cids)
    if len(body.text) > MAX_TEXT:
        message.defect(f"text over {MAX_TEXT} characters was cut")
        body.text = body.text[:MAX_TEXT]
    return body


def _text_paths(part: Part, parent: Part | None) -> set[str]:
    if part.children:
        return set().union(*(_text_paths(child, part) for child in part.children))
    return {part.path} if _is_text(part, parent) else set()


def _is_text(part: Part, parent: Part | None) -> bool:
    if (
        not (part.type.startswith("text/") or _unread(part))
        or part.type in _FILES
        or part.disposition == "attachment"
    ):
        return False
    kind = parent.type if parent else ""
    if kind == "multipart/related" and parent and part is not parent.children[0] and part.value("content-id"):
        return False
    return not part.filename or parent is None or kind == "multipart/alternative"


def _unread(part: Part) -> bool:
    """A multipart in which no part was found: its body is shown rather than hidden."""
    return part.type.startswith("multipart/") and not part.children and part.depth < 5


def _may_stand_in(part: Part) -> bool:
    return part.type in ("text/plain", "text/html") and part.disposition != "attachment"


def _choose(part: Part, marked: set[str], texts: _Texts) -> list[_Segment]:
    """The segments to show, in order."""
    if not part.children:
        return [_Segment(part, part.type == "text/html")] if part.path in marked else []
    if part.type == "multipart/report":
        return _choose(part.children[0], marked, texts)
    options = [_choose(child, marked, texts) for child in part.children]
    if part.type != "multipart/alternative":
        return [segment for option in options for segment in option]
    return _alternative([option for option in options if option], texts)


def _alternative(options: list[list[_Segment]], texts: _Texts) -> list[_Segment]:
    """Plain text, unless it is empty or only points to an HTML part that says more (RFC 2046 §5.1.4)."""
    # mailers that put two texts here mean both
    plain = [segment for o in options if not any(segment.html for segment in o) for segment in o]
    html = next((o for o in reversed(options) if any(segment.html for segment in o)), None)
    if not plain or html is None:
        return plain or html or []
    text = texts.joined(plain).strip()
    if not text:
        return html
    if len(text) <= MAX_STUB and _STUB.search(text):
        rich = texts.joined(html).strip()
        if len(rich) > 2 * len(text):
            return html
    return plain
