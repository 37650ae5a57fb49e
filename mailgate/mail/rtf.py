"""Rich text as Outlook wraps it: decompression (MS-OXRTFCP) and the words in it, HTML inside RTF included (MS-OXRTFEX)."""

from __future__ import annotations

import re
import struct

from mailgate.mail import charset

MAX_RAW = 512 * 1024  # bytes of RTF that are looked at
MAX_GROUPS = 200  # open at once

_HEADER = struct.Struct("<IIII")
_COMPRESSED, _RAW = 0x75465A4C, 0x414C454D
# The dictionary that every stream begins with (MS-OXRTFCP §2.1.2.1).
_PRELOAD = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial"
    b"Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.DOTALL,
)
_SKIPPED = frozenset(
    {
        "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "headerl", "headerr", "footerl", "footerr",
        "listtable", "revtbl", "themedata", "datastore",
    }
)  # fmt: skip
_WORDS = {
    "par": "\n",
    "line": "\n",
    "sect": "\n\n",
    "page": "\n\n",
    "row": "\n",
    "cell": "\t",
    "tab": "\t",
    "emdash": "—",
    "endash": "–",
}
_WORDS |= {
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
}


def decompress(data: bytes) -> bytes:
    """The RTF of a PidTagRtfCompressed value, at most `MAX_RAW` bytes; b"" when it is none."""
    if len(data) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(data)
    limit = min(size, MAX_RAW)
    if kind == _RAW:
        return data[16 : 16 + limit]
    return _lz(data, limit) if kind == _COMPRESSED else b""


def _lz(data: bytes, limit: int) -> bytes:
    window = bytearray(4096)
    window[: len(_PRELOAD)] = _PRELOAD
    write = len(_PRELOAD)
    out = bytearray()
    position = 16
    while position < len(data) and len(out) < limit:
        flags = data[position]
        position += 1
        for bit in range(8):
            if not flags >> bit & 1:
                chunk = bytearray(data[position : position + 1])
                position += 1
            else:
                if position + 2 > len(data):
                    return bytes(out)
                reference = data[position] << 8 | data[position + 1]
                position += 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == write:
                    return bytes(out)  # the mark of the end
                chunk = bytearray()
                for step in range(length):
                    byte = window[(offset + step) & 4095]
                    chunk.append(byte)
                    window[(write + step) & 4095] = byte
            for byte in chunk:
                window[write] = byte
                write = write + 1 & 4095
            out += chunk
    return bytes(out[:limit])


def to_text(data: bytes) -> str:
    """The readable words of an RTF document; of one that wraps HTML, the words of the HTML."""
    return _Words(data[:MAX_RAW]).text()


class _Words:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.out: list[str] = []
        self.pending = bytearray()  # bytes in the document's code page
        self.codepage = "cp1252"
        self.skip = 0  # unicode fallback characters still to be dropped
        self.hidden = False
        self.stack: list[bool] = []
        self.fallback = 1

    def text(self) -> str:
        for match in _TOKEN.finditer(self.data):
            word, number, hexadecimal, symbol, brace, plain = match.groups()
            if brace:
                self._brace(brace)
            elif word:
                self._word(word.decode("ascii"), int(number) if number else None)
            elif self.hidden:
                if symbol == b"*":
                    continue
            elif hexadecimal:
                self._bytes(bytes([int(hexadecimal, 16)]))
            elif plain:
                self._bytes(plain)
            elif symbol:
                self._symbol(symbol)
        self._flush()
        joined = (
            "".join(self.out).encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
        )
        return re.sub(r"\n{3,}", "\n\n", joined).strip()

    def _brace(self, brace: bytes) -> None:
        if brace == b"{":
            if len(self.stack) < MAX_GROUPS:
                self.stack.append(self.hidden)
        elif self.stack:
            self.hidden = self.stack.pop()

    def _word(self, word: str, number: int | None) -> None:
        if word == "htmlrtf":  # what only serves to look like the HTML
            self.hidden = number != 0
        elif word in _SKIPPED:
            self.hidden = True
        elif word == "ansicpg" and number:
            self.codepage = charset.resolve(f"cp{number}") or self.codepage
        elif word == "uc" and number is not None:
            self.fallback = max(0, min(number, 8))
        elif self.hidden:
            return
        elif word == "u" and number is not None:
            self._flush()
            code = number & 0xFFFF
            self.out.append(chr(code))
            self.skip = self.fallback
        elif word in _WORDS:
            self._flush()
            self.out.append(_WORDS[word])

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self.hidden = True  # a destination that may be left out
        elif symbol in b"\\{}":
            self._bytes(symbol)
        elif symbol == b"~":
            self._bytes(b" ")

    def _bytes(self, data: bytes) -> None:
        if self.skip:
            dropped = min(self.skip, len(data))
            self.skip -= dropped
            data = data[dropped:]
        self.pending += data

    def _flush(self) -> None:
        if self.pending:
            self.out.append(charset.decode(bytes(self.pending), self.codepage))
            self.pending.clear()
