"""Fields of a posted form, as bytes: a mail in a form has no charset.

Laws: linear, with limits on fields and names; the body is in memory already, within its limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from mailgate.web import answers

MAX_FIELDS = 200
MAX_NAME = 200
_MAX_HEADER = 4000


def fields(content_type: str, body: bytes) -> dict[str, bytes]:
    """The first value of each field. Raises Refusal: 415 for what is no form, 400 for a broken one."""
    kind, options = parse_options_header(content_type)
    if kind == b"application/x-www-form-urlencoded":
        found = list(_urlencoded(body))
    elif kind == b"multipart/form-data" and options.get(b"boundary"):
        found = _multipart(body, options[b"boundary"])
    else:
        raise answers.Refusal(415, "not_a_form", "Send a form")
    first: dict[str, bytes] = {}
    for name, value in found:
        if len(name) <= MAX_NAME:
            first.setdefault(name.decode("utf-8", "replace"), value)
        if len(first) > MAX_FIELDS:
            raise answers.bad("bad_form", "The form has too many fields")
    return first


def _urlencoded(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    pairs = body.split(b"&", MAX_FIELDS + 1)
    if len(pairs) > MAX_FIELDS:
        raise answers.bad("bad_form", "The form has too many fields")
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        yield _plain(name[: 3 * MAX_NAME]), _plain(value)


def _plain(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


class _Parts:
    """What the parser of python-multipart finds, part by part."""

    def __init__(self) -> None:
        self.found: list[tuple[bytes, bytes]] = []
        self._name = b""
        self._value: list[bytes] = []
        self._header = [b"", b""]
        self.whole = False

    def on_part_begin(self) -> None:
        if len(self.found) > MAX_FIELDS:
            raise answers.bad("bad_form", "The form has too many fields")
        self._name, self._value = b"", []

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._value.append(data[start:end])

    def on_part_end(self) -> None:
        self.found.append((self._name, b"".join(self._value)))

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._grow(0, data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._grow(1, data[start:end])

    def on_header_end(self) -> None:
        if self._header[0].lower() == b"content-disposition":
            self._name = parse_options_header(self._header[1])[1].get(b"name", b"")
        self._header = [b"", b""]

    def on_end(self) -> None:
        self.whole = True

    def _grow(self, which: int, text: bytes) -> None:
        self._header[which] += text
        if len(self._header[which]) > _MAX_HEADER:
            raise answers.bad("bad_form", "A part of the form has too long a header")


def _multipart(body: bytes, boundary: bytes) -> list[tuple[bytes, bytes]]:
    """RFC 7578."""
    parts = _Parts()
    names = (name for name in dir(parts) if name.startswith("on_"))
    parser = MultipartParser(boundary, {name: getattr(parts, name) for name in names})  # type: ignore[arg-type]
    try:
        parser.write(body)
        parser.finalize()
    except MultipartParseError as e:
        raise answers.bad("bad_form", "The form cannot be read") from e
    if not parts.whole:
        raise answers.bad("bad_form", "The form ends too early")
    return parts.found
