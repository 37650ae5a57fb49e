"""winmail.dat: Outlook's TNEF wrapper and what is in it (MS-OXTNEF, MS-OXCDATA, MS-OXRTFCP).

Laws: linear in the data, every count checked against the bytes that are left, never raises. An own reader: the
library on PyPI copies the rest of the file for each attribute and believes any count.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailgate.mail import charset, rtf

MAX_ATTRIBUTES = 5000
MAX_PROPERTIES = 5000
MAX_FILES = 100
MAX_NAME = 1000  # characters

_SIGNATURE = 0x223E9F78
_HEAD = struct.Struct("<BHHI")
_U16, _U32 = struct.Struct("<H"), struct.Struct("<I")
_BODY, _MAPI = 0x800C, 0x9003
_TITLE, _DATA, _RENDER, _ATTACHMENT, _CODEPAGE = 0x8010, 0x800F, 0x9002, 0x9005, 0x9007
_PR_BODY, _PR_RTF, _PR_HTML, _PR_CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_PR_NAME, _PR_LONG_NAME, _PR_DISPLAY, _PR_MIME, _PR_CID, _PR_OBJECT = (
    0x3704,
    0x3707,
    0x3001,
    0x370E,
    0x3712,
    0x3701,
)
_FIXED = {
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x000A: 4,
    0x000B: 4,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
_STRING8, _UNICODE = 0x001E, 0x001F
_VARIABLE = frozenset({_STRING8, _UNICODE, 0x000D, 0x0102})
_MULTIPLE, _NAMED = 0x1000, 0x8000
_EMBEDDED = bytes.fromhex(
    "0703020000000000c000000000000046"
)  # an embedded message: another TNEF stream follows


@dataclass(slots=True)
class File:
    name: str = ""
    declared_type: str = "application/octet-stream"
    content_id: str = ""
    data: bytes = b""


@dataclass(slots=True)
class Contents:
    text: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)
    defect: str = ""


def read(data: bytes) -> Contents | None:
    """What a winmail.dat holds; None when it is none. What is damaged ends the reading, with a defect."""
    if len(data) < 6 or _U32.unpack_from(data)[0] != _SIGNATURE:
        return None
    contents = Contents()
    reader = _Reader(contents)
    try:
        for name, value in _attributes(data):
            reader.take(name, value)
    except (struct.error, ValueError, IndexError, UnicodeError):
        contents.defect = "winmail.dat is damaged: it was read as far as it goes"
    reader.finish()
    return contents


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6
    for _ in range(MAX_ATTRIBUTES):
        if position + _HEAD.size + 2 > len(data):
            return
        _, name, _, length = _HEAD.unpack_from(data, position)
        position += _HEAD.size
        if length > len(data) - position:
            raise ValueError("an attribute is longer than the file")
        yield name, data[position : position + length]
        position += length + 2  # a checksum, which mailers get wrong


class _Reader:
    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.codepage = "cp1252"
        self.html = b""
        self.rtf = b""

    def take(self, name: int, value: bytes) -> None:
        files = self.contents.files
        if name == _CODEPAGE and len(value) >= 4:
            self._codepage(_U32.unpack_from(value)[0])
        elif name == _BODY:
            self.contents.text = charset.decode(value.rstrip(b"\0"), self.codepage)
        elif name == _MAPI:
            self._message(value)
        elif name == _RENDER and len(files) < MAX_FILES:
            files.append(File())
        elif files and name == _TITLE:
            files[-1].name = files[-1].name or self._text(value)
        elif files and name == _DATA:
            files[-1].data = value
        elif files and name == _ATTACHMENT:
            self._attachment(files[-1], value)

    def finish(self) -> None:
        contents = self.contents
        contents.files = [file for file in contents.files if file.data or file.name]
        contents.html = charset.decode(self.html, self.codepage)
        if not contents.text.strip() and not contents.html and self.rtf:
            contents.text = rtf.to_text(rtf.decompress(self.rtf))

    def _codepage(self, number: int) -> None:
        self.codepage = charset.resolve(f"cp{number}") or self.codepage

    def _text(self, value: bytes) -> str:
        return charset.decode(value.rstrip(b"\0"), self.codepage)[:MAX_NAME]

    def _message(self, value: bytes) -> None:
        properties = list(_properties(value))
        for name, kind, data in properties:
            if name == _PR_CODEPAGE and kind == 0x0003:
                self._codepage(_U32.unpack_from(data)[0])
        for name, kind, data in properties:
            if name == _PR_BODY:
                self.contents.text = self._string(kind, data)
            elif name == _PR_HTML:
                self.html = data if kind != _UNICODE else self._string(kind, data).encode("utf-8", "replace")
            elif name == _PR_RTF:
                self.rtf = data

    def _attachment(self, file: File, value: bytes) -> None:
        long_name = short_name = shown = ""
        for name, kind, data in _properties(value):
            if name == _PR_LONG_NAME:
                long_name = self._string(kind, data)
            elif name == _PR_NAME:
                short_name = self._string(kind, data)
            elif name == _PR_DISPLAY:
                shown = self._string(kind, data)
            elif name == _PR_MIME:
                file.declared_type = self._string(kind, data).lower()[:100]
            elif name == _PR_CID:
                file.content_id = self._string(kind, data).strip("<> ")[:250]
            elif name == _PR_OBJECT:
                self._object(file, data)
        file.name = (long_name or file.name or short_name or shown)[:MAX_NAME]

    def _object(self, file: File, data: bytes) -> None:
        if data.startswith(_EMBEDDED):
            file.data = data[16:]
            file.declared_type = "application/ms-tnef"
        elif not file.data:
            file.data = data

    def _string(self, kind: int, data: bytes) -> str:
        codec = "utf-16-le" if kind == _UNICODE else self.codepage
        return (
            charset.decode(data, codec).rstrip("\0")
            if kind != _UNICODE
            else data.decode(codec, "replace").replace("\0", "")
        )


def _properties(value: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(name, type, bytes of the first value) of each property (MS-OXTNEF §2.1.3.4)."""
    count = _U32.unpack_from(value)[0]
    position = 4
    for _ in range(min(count, MAX_PROPERTIES)):
        if position + 4 > len(value):
            return
        kind, name = _U16.unpack_from(value, position)[0], _U16.unpack_from(value, position + 2)[0]
        position += 4
        if name & _NAMED:
            position = _skip_name(value, position)
        multiple, kind = bool(kind & _MULTIPLE), kind & ~_MULTIPLE
        values = 1
        if multiple or kind in _VARIABLE:
            values = _U32.unpack_from(value, position)[0]
            position += 4
        first, position = _values(value, position, kind, values)
        yield name, kind, first


def _skip_name(value: bytes, position: int) -> int:
    kind, length = struct.unpack_from("<II", value, position + 16)
    return position + 24 + (0 if kind == 0 else length + -length % 4)


def _values(value: bytes, position: int, kind: int, count: int) -> tuple[bytes, int]:
    first = b""
    if size := _FIXED.get(kind):
        end = position + size * count + -(size * count) % 4
        return value[position : position + size], end
    if kind not in _VARIABLE:
        raise ValueError("an unknown property type")
    for number in range(count):
        length = _U32.unpack_from(value, position)[0]
        position += 4
        if length > len(value) - position:
            raise ValueError("a property is longer than its attribute")
        if number == 0:
            first = value[position : position + length]
        position += length + -length % 4
    return first, position
