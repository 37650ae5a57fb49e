"""The byte-level reader of a message's structure: header sections and parts (RFC 5322 §2, RFC 2046 §5.1).

Laws: one reader for the whole house; it copies no body, only offsets; every limit is checked before the work it
bounds; nothing is dropped: past a limit the rest stays one part, and a defect says so in words; never raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailgate.mail import header, section, smime, transfer

MAX_PARTS = 1000
MAX_DEPTH = 50
MAX_BOUNDARY = 200
MAX_DEFECTS = 50
NEAR_MISSES = 20_000  # lines that begin like a delimiter and are none, a message
SCANS = 12  # times the size of the message that nested multiparts may be searched in all

_DELIMITER_END = re.compile(rb"(--)?[ \t\r]*+(?:\n|\Z)")
_GUESSED = re.compile(rb"(?:\A|\n)--([^\s-][^\r\n]{0,199}?)(?:--)?[ \t\r]*(?:\n|\Z)")
_TYPE = re.compile(r"[!-.0-~]+/[!-.0-~]+")


@dataclass(slots=True)
class Part:
    """One entity. `start` and `end` are the body's offsets in `source`; `fields` hold raw values, unfolded."""

    path: str  # as IMAP numbers sections: "1", "2.1"; "1/signed" is what the S/MIME part "1" wraps
    fields: list[section.Field]
    start: int
    end: int
    source: bytes  # `Message.raw`, or what an opaque signature wraps
    depth: int = 0
    type: str = "text/plain"
    declared: bool = False  # it bore a Content-Type that could be read
    params: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""  # canonical; "" for the bytes as they are
    disposition: str = ""
    filename: str = ""  # decoded, not yet safe
    damage: str = ""  # what is wrong with its body, in words
    epilogue: int = -1  # where the words behind the closing delimiter begin, -1 where there are none
    children: list[Part] = field(default_factory=list)
    decoded: bytes | None = None

    def value(self, name: str) -> bytes:
        """The first raw value of a field, b"" when missing."""
        return next((value for key, value in self.fields if key == name), b"")

    @property
    def is_multipart(self) -> bool:
        return bool(self.children)


@dataclass(slots=True)
class Message:
    raw: bytes  # line ends mended where all are bare CR, else as it came
    root: Part
    defects: list[str] = field(default_factory=list)
    parts: int = 1
    misses: int = 0
    scanned: int = 0

    def body(self, part: Part) -> bytes:
        """The bytes of a leaf with its transfer encoding undone; those of text are kept, since they are asked for twice."""
        if part.decoded is not None:
            return part.decoded
        data = transfer.decode(part.source, part.encoding, part.start, part.end)
        if part.type.startswith("text/"):
            part.decoded = data
        return data

    def defect(self, words: str) -> None:
        if words not in self.defects and len(self.defects) < MAX_DEFECTS:
            self.defects.append(words)


def split(raw: bytes) -> Message:
    """The structure of a message, whatever the bytes."""
    if _ends_lines_with_cr(raw):
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    root = Part("1", [], 0, len(raw), raw)
    message = Message(raw, root)
    root.fields, root.start = section.read(raw, 0, len(raw), message.defect, top=True)
    _describe(message, root, "text/plain")
    _split_body(message, root)
    return message


def walk(part: Part) -> list[Part]:
    """The part and all parts within it, in order."""
    found, waiting = [], [part]
    while waiting:
        part = waiting.pop()
        waiting += reversed(part.children)
        found.append(part)
    return found


def leaves(part: Part) -> list[Part]:
    """Every part without parts of its own, in order."""
    return [part for part in walk(part) if not part.children]


def entities(part: Part) -> list[Part]:
    """The leaves, and the S/MIME wrappers that were opened, in order: all that has bytes of its own."""
    return [part for part in walk(part) if not part.children or smime.is_wrapper(part.type, part.filename)]


def _ends_lines_with_cr(raw: bytes) -> bool:
    """Whether the header section uses bare CRs throughout. A lone CR among other line ends stays a character."""
    first = raw.find(b"\n")
    if first < 0:
        return b"\r" in raw
    blank = raw.find(b"\r\r", 0, first)
    return 0 <= blank < first - 2


def _describe(message: Message, part: Part, default: str) -> None:
    """What the Content-… fields say (RFC 2045 §5.2 where they say nothing that can be read)."""
    part.type = default
    name = ""
    for key, value in part.fields:
        if not key.startswith("content-"):
            continue
        if key == "content-type":
            if part.declared:
                message.defect("more than one Content-Type: the first holds")
                continue
            main, part.params = header.parameters(value)
            part.declared = _TYPE.fullmatch(main) is not None
            if part.declared:
                part.type = main
            elif main in ("text", "html", "multipart"):  # RFC 2045 has no such form; mailers have
                part.type = {"text": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}[main]
            elif main:
                message.defect("a Content-Type that cannot be read")
            name = part.params.get("name", "")
        elif key == "content-transfer-encoding":
            part.encoding, known = transfer.encoding(value.decode("latin-1"))
            if not known:
                message.defect("unknown Content-Transfer-Encoding: bytes kept as they are")
        elif key == "content-disposition" and not part.disposition:
            part.disposition, params = header.parameters(value)
            part.filename = params.get("filename", "") or params.get("name", "")
    part.filename = (part.filename or name).strip()


# ------------------------------------------------------------------ parts


def _split_body(message: Message, part: Part) -> None:
    if not part.type.startswith("multipart/"):
        if part.type == "text/plain" and not part.encoding and part.disposition != "attachment":
            _split_uuencoded(part)
        elif smime.is_wrapper(part.type, part.filename):
            _open_signed(message, part)
        return
    if part.depth >= MAX_DEPTH:
        message.defect(f"parts nested deeper than {MAX_DEPTH}: the rest was kept as one part")
        return
    boundary = _boundary(message, part)
    if not boundary or message.parts > MAX_PARTS:
        return
    message.scanned += part.end - part.start
    if message.scanned > SCANS * len(message.raw) + (1 << 20):
        message.defect("parts nested too deep for the size of the message: the rest was kept as one part")
        return
    pieces, cut = _between_delimiters(message, part, boundary)
    for number, (start, end) in enumerate(pieces, 1):
        path = f"{part.path}.{number}" if part.depth else str(number)
        child = Part(path, [], start, end, part.source, part.depth + 1)
        part.children.append(child)
        child.fields, child.start = section.read(part.source, start, end, message.defect)
        _describe(message, child, "message/rfc822" if part.type == "multipart/digest" else "text/plain")
        _split_body(message, child)
    if not part.children:
        part.damage = "a multipart without a part: shown as text"
        message.defect("multipart without a part: its body was kept as text")
    elif cut:
        part.children[-1].damage = "its end is missing: shown as far as it goes"


def _open_signed(message: Message, part: Part) -> None:
    """What an opaque S/MIME signature wraps becomes the one child of its part (RFC 8551 §3.5.2); nothing is verified."""
    if part.depth >= MAX_DEPTH:
        return
    message.scanned += part.end - part.start
    if message.scanned > SCANS * len(message.raw) + (1 << 20):
        return
    part.decoded = message.body(part)
    inner = smime.content(part.decoded)
    if not inner:
        return
    child = Part(f"{part.path}/signed", [], 0, len(inner), inner, part.depth + 1)
    part.children.append(child)
    child.fields, child.start = section.read(inner, 0, len(inner), message.defect)
    _describe(message, child, "text/plain")
    _split_body(message, child)


def _split_uuencoded(part: Part) -> None:
    """Files that stand uuencoded in a text become parts beside it; the text between them stays text."""
    position = part.start
    for start, end, name in transfer.uuencoded(part.source, part.start, part.end):
        _add_piece(part, position, start)
        _add_piece(part, start, end)
        file = part.children[-1]
        file.type, file.encoding, file.filename = "application/octet-stream", "uuencode", header.text(name)
        position = end
    if part.children:
        _add_piece(part, position, part.end)


def _add_piece(part: Part, start: int, end: int) -> None:
    path = f"{part.path}.{len(part.children) + 1}"
    part.children.append(Part(path, [], start, end, part.source, part.depth + 1, params=part.params))


def _boundary(message: Message, part: Part) -> bytes:
    boundary = part.params.get("boundary", "").encode("utf-8", "replace")
    if len(boundary) > MAX_BOUNDARY:
        message.defect(f"boundary over {MAX_BOUNDARY} characters")
        return b""
    if not boundary:
        guess = _GUESSED.search(part.source, part.start, min(part.end, part.start + 65_536))
        message.defect("multipart without a boundary")
        return guess[1] if guess else b""
    return boundary


def _between_delimiters(message: Message, part: Part, boundary: bytes) -> tuple[list[tuple[int, int]], bool]:
    """The (start, end) of each part, and whether the message ends within the last one; the line end before a delimiter
    belongs to it (RFC 2046 §5.1.1)."""
    raw, end = part.source, part.end
    needle = b"--" + boundary
    found: list[tuple[int, int]] = []
    opened = -1
    closed = False
    late = end
    at = part.start if raw.startswith(needle, part.start) else _next(raw, needle, part.start, end)
    while at >= 0:
        line = _DELIMITER_END.match(raw, at + len(needle), end)
        if line is None:
            message.misses += 1
            if message.misses > NEAR_MISSES:
                message.defect("too many lines that look like delimiters: the rest was kept as one part")
                break
            at = _next(raw, needle, at + 1, end)
            continue
        if opened >= 0:
            found.append((opened, _before_line_end(raw, opened, at)))
        elif closed and not line[1]:
            message.defect("parts after the closing delimiter")
        if line[1] and (opened >= 0 or not closed):
            late = line.end()
        closed, opened = (True, -1) if line[1] else (closed, line.end())
        if opened >= 0:
            message.parts += 1
            if message.parts > MAX_PARTS:
                message.defect(f"more than {MAX_PARTS} parts: the rest was kept as one part")
                break
        at = _next(raw, needle, line.end() - 1, end)
    if opened >= 0:
        if raw[max(opened, end - 2 * MAX_BOUNDARY) : end].rstrip().endswith(needle + b"--"):
            # mailers that forget the line end before it
            end, closed = raw.rindex(needle, opened, end), True
        found.append((opened, end))
    elif closed and raw[late:end].strip():
        part.epilogue = late
    if found and not closed:
        message.defect("multipart without its closing delimiter")
    return found, opened >= 0 and not closed and end == len(raw)


def _next(raw: bytes, needle: bytes, position: int, end: int) -> int:
    """Where the next line that begins with `needle` begins, -1 when there is none."""
    return raw.find(b"\n" + needle, max(position, 0), end) + 1 or -1


def _before_line_end(raw: bytes, start: int, at: int) -> int:
    """The end of a part whose delimiter begins at `at`: one line end less, two CRs of broken relays included."""
    for byte in (10, 13, 13):
        if at > start and raw[at - 1] == byte:
            at -= 1
    return at
