"""Which parts of a message are its text, and that text (rules 3.2, 3.3; RFC 2046 §5.1, RFC 2387).

A leaf is body text or an attachment, never neither; a text that is damaged, or of a kind that is not sure to be text, is
listed among the attachments, too, where it does not count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailgate.mail import charset, enriched, flowed, pgp, transfer
from mailgate.mail.html import cids_of, to_text
from mailgate.mail.htmlcap import SIZE
from mailgate.mail.mime import Message, Part, entities, leaves, walk

MAX_TEXT = 1_000_000  # characters of the whole text
MAX_BYTES = 4 * MAX_TEXT  # of one text part: no charset writes a character with more than four
MAX_SIGNATURE = 65_536  # bytes
MAX_STUB = 400  # characters: a longer plain text is never a mere pointer to the HTML
MAX_FRAGMENT = 120  # characters of a plain text that may be the beginning of the HTML's
WINDOW = 200  # characters or bytes that tell base64 from what is none

# text/* types that are files even without a name
_FILES = frozenset(
    {
        "text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/tab-separated-values", "text/xml", "text/css",
        "text/javascript", "text/rtf", "text/rfc822-headers", "text/x-moz-deleted",
    }
)  # fmt: skip
# What readers show as the text of a mail.
_PLAIN = frozenset({"text/plain", "text/markdown", "text/x-markdown"})
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_ENRICHED = frozenset({"text/enriched", "text/richtext"})
# Versions of the text for programs of one kind; they hold nothing that the others lack.
_SPECIAL = frozenset({"text/x-amp-html", "text/watch-html"})
_STUB = re.compile(
    r"(?i)html|view (?:it|this|the) .{0,40}(?:browser|online)|web ?browser|mail (?:client|reader|program)|navigateur|en ligne"
    r"|client de messagerie|messagerie|im browser|navegador|e-mail-programm"
)
_META_CHARSET = re.compile(rb"(?i)<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([a-z0-9_:.-]{1,40})")
_HTML_BEGINS = re.compile(r"\s*(?i:<!doctype html|<html)[\s>]")
_BLANKS = re.compile(r"\s+")
_WORDS = re.compile(r"\w+")
_SHOWN_IN_TEXT = re.compile(r"\[cid:([^\]\s]{1,200})\]")  # how Outlook's plain text stands for a picture
_CONTROLS = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")

CUT = f"text over {MAX_TEXT} characters was cut"
OTHER_VERSION = "another version of the text"
SHOWN = "shown as text"
SIGNATURE = "signature part"
WRAPPER = "S/MIME wrapper, opened: its signature was not checked"


@dataclass(slots=True)
class Body:
    text: str = ""
    files: list[Part] = field(default_factory=list)  # leaves that are attachments, in order
    attachments: list[Part] = field(default_factory=list)  # these, and what is listed with them, in order
    texts: list[Part] = field(default_factory=list)  # leaves that are text, chosen or not
    listed: dict[str, str] = field(default_factory=dict)  # why an attachment is only listed, by its path
    html: str = ""  # the source of all HTML texts, where a file might be shown in them, else ""
    cids: frozenset[str] = frozenset()  # Content-IDs that a shown or alternative HTML body refers to


@dataclass(slots=True)
class _Segment:
    part: Part
    html: bool


class _Texts:
    """Decodes each text part once."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self._sources: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def of(self, segment: _Segment) -> str:
        part = segment.part
        if part.path not in self._texts:
            self._texts[part.path] = self._readable(self.source(part)) if segment.html else self._plain(part)
        return self._texts[part.path]

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

    def source(self, part: Part) -> str:
        """The characters of a part, HTML as HTML."""
        if part.path not in self._sources:
            self._sources[part.path] = self._decoded(part)
        return self._sources[part.path]

    def _decoded(self, part: Part) -> str:
        data = self.message.body(part)
        if len(data) > MAX_BYTES:
            self.message.defect(CUT)
            data = data[:MAX_BYTES]
        label = part.params.get("charset", "")
        if (
            part.type in _HTML
            and not data.isascii()
            and not charset.resolve(label)
            and (meta := _META_CHARSET.search(data, 0, 4096))
        ):
            label = meta[1].decode("ascii")
        text = charset.decode(data, label)
        if part.encoding == "base64" and _CONTROLS.search(text, 0, WINDOW):
            raw = part.source[part.start : part.end]
            if not transfer.is_base64(raw[:WINDOW]):
                part.damage = "labelled base64 and is none: shown as it came"
                self.message.defect("text labelled base64 that is none: shown as it came")
                return charset.decode(raw, label)
        return text

    def _readable(self, html: str) -> str:
        if len(html) > SIZE:
            self.message.defect(CUT)
        return to_text(html)

    def _plain(self, part: Part) -> str:
        text = self.source(part)
        if len(text) > MAX_TEXT:
            self.message.defect(CUT)
            text = text[:MAX_TEXT]
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if part.type in _ENRICHED:
            return enriched.to_text(text, part.type == "text/richtext")
        if _HTML_BEGINS.match(text) and "</html>" in text[-1000:].lower():
            return self._readable(text)  # mailers that forget to say so
        if part.params.get("format", "").lower() == "flowed":
            text = flowed.unflow(text, part.params.get("delsp", "").lower() == "yes")
        if pgp.BEGIN in text:
            text = pgp.clear(text)
        elif pgp.is_encrypted(text):
            self.message.defect("encrypted (PGP): its text could not be read")
        return text


def _same(one: str, other: str) -> bool:
    """Whether the words are equal, white space aside. Lengths that differ by far need no look."""
    if len(one) > 2 * len(other) + 1000 or len(other) > 2 * len(one) + 1000:
        return False
    return _BLANKS.sub("", one) == _BLANKS.sub("", other)


def read(message: Message) -> Body:
    """The text of a message and what else is in it. Never raises."""
    texts = _Texts(message)
    marked = _text_paths(message.root, None)
    all_leaves = leaves(message.root)
    files = [leaf for leaf in all_leaves if leaf.path not in marked]
    if not marked and (stand_in := next((part for part in files if _may_stand_in(part)), None)):
        # a mail whose only text bears a name: the words come first
        files.remove(stand_in)
        marked = {stand_in.path}
    chosen = _choose(message.root, marked, texts)
    body = Body(texts.joined(chosen), files)
    body.texts = [leaf for leaf in all_leaves if leaf.path in marked]
    if not body.text and not files:
        body.text = _behind_the_end(message.root)
    _list(message, body, {segment.part.path for segment in chosen})
    if any(part.value("content-id") or part.value("content-location") for part in files):
        body.html = "".join(texts.source(part) for part in body.texts if part.type in _HTML)
        body.cids = cids_of(body.html) | set(_SHOWN_IN_TEXT.findall(body.text))
    if len(body.text) > MAX_TEXT:
        message.defect(CUT)
        body.text = body.text[:MAX_TEXT]
    return body


def _behind_the_end(root: Part) -> str:
    """The words behind a closing delimiter, of a mail that has no others."""
    late = (part for part in walk(root) if part.epilogue >= 0)
    return "\n\n".join(
        charset.decode(part.source[part.epilogue : part.end]).strip() for part in late
    ).replace("\r\n", "\n")


def _list(message: Message, body: Body, chosen: set[str]) -> None:
    """Finds what is listed with the files, and does not count."""
    for part in body.texts:
        known = part.type in _PLAIN or part.type in _HTML
        if part.path not in chosen:
            why = "" if known or part.damage else OTHER_VERSION
        elif part.damage:
            why = part.damage if message.body(part).strip() else ""
        else:
            why = "" if known else SHOWN
        if why:
            body.listed[part.path] = why
    for part in body.files:
        if part.type in _SPECIAL:
            body.listed[part.path] = OTHER_VERSION
    for part in walk(message.root):
        if part.children and not part.type.startswith(("multipart/", "text/")):
            body.listed[part.path] = WRAPPER
        elif part.type == "multipart/signed" and len(part.children) == 2 and _is_signature(part.children[1]):
            body.listed[part.children[1].path] = SIGNATURE
    body.attachments = body.files
    if body.listed:
        wanted = {part.path for part in body.files} | body.listed.keys()
        body.attachments = [part for part in entities(message.root) if part.path in wanted]


def _is_signature(part: Part) -> bool:
    """Whether the second part of a multipart/signed is what RFC 1847 §2.1 says, whatever protocol it is of."""
    return not part.children and not part.type.startswith("text/") and part.end - part.start < MAX_SIGNATURE


def _text_paths(part: Part, parent: Part | None) -> set[str]:
    if part.children:
        return set().union(*(_text_paths(child, part) for child in part.children))
    return {part.path} if _is_text(part, parent) else set()


def _is_text(part: Part, parent: Part | None) -> bool:
    if part.disposition == "attachment" or part.type in _FILES or part.type in _SPECIAL:
        return False
    if not (part.type.startswith("text/") or part.type in _HTML or _unread(part)):
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
        return [_Segment(part, part.type in _HTML)] if part.path in marked else []
    if part.type == "multipart/report":
        return _choose(part.children[0], marked, texts)
    options = [_choose(child, marked, texts) for child in part.children]
    if part.type != "multipart/alternative":
        return [segment for option in options for segment in option]
    return _alternative([option for option in options if option], texts)


def _alternative(options: list[list[_Segment]], texts: _Texts) -> list[_Segment]:
    """Plain text, unless it is empty or only points to an HTML part that says more (RFC 2046 §5.1.4)."""
    html = next((o for o in reversed(options) if any(segment.html for segment in o)), None)
    others = [o for o in options if not any(segment.html for segment in o)]
    # mailers that put two plain texts here mean both; of richer ones the last says most
    plain = [segment for o in others if all(s.part.type in _PLAIN for s in o) for segment in o]
    text = texts.joined(plain).strip()
    if not text:
        return html or plain or (others[-1] if others else [])
    if html is not None and len(text) <= MAX_STUB and _says_less(text, texts.joined(html).strip()):
        return html
    return plain


def _says_less(plain: str, rich: str) -> bool:
    """Whether a short plain text is none: nothing to read above a signature, words that only point to the HTML, or the
    first few of many. A program made it; the words are in the HTML."""
    said, told = set(_WORDS.findall(plain.partition("\n-- \n")[0])), set(_WORDS.findall(rich))
    if plain.startswith("-- \n"):
        said = set()
    if not said:
        return bool(told)
    if _STUB.search(plain) and (len(rich) > 2 * len(plain) or 2 * len(said & told) < len(said)):
        return bool(told)
    return len(plain) <= MAX_FRAGMENT and len(told) > 2 * len(said) + 5
