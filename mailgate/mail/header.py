"""Header values: unfolding, encoded words (RFC 2047), parameters (RFC 2231), message ids (RFC 5322 §3.6.4).

Laws: linear in the length of the value; never raises; decoded exactly once; no control character comes out.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from mailgate.mail import charset
from mailgate.mail.section import unfold

MAX_PARAMETERS = 64
MAX_KNOWN = 200  # bytes or characters of a value that is remembered: mails repeat them
MAX_ID = 250  # characters within the angle brackets
MAX_IDS = 101  # the first and the last hundred: a thread's root and its near end

# Encoded text may hold "?" in broken mail, so it ends at the first "?=" only. Matched up to the last "?=" of the
# value: an attempt then always finds its end, and the whole search stays linear.
_WORD = re.compile(rb"=\?\s*+([^?\s]{0,80})\s*+\?\s*+([bBqQ])\s*+\?([^?]*+(?:\?(?!=)[^?]*+)*)\?=")
_UNSAFE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)
# What nearly every mailer writes, and every reader reads alike.
_COMMON = re.compile(
    rb'[!-)+-:<-~]++(?:[ \t]*+;[ \t]*+[a-zA-Z-]++=(?:"[ -!#-[\]-~]*+"|[!#-\'*+.-:A-Z^-~-]++))*'
)
_COMMON_PARAMETER = re.compile(r';[ \t]*+([a-zA-Z-]++)=("[^"]*+"|[^\s;]++)')
_VALUE = re.compile(rb"[ \t\n]*+([^\s;]*+)")
_BETWEEN = re.compile(rb"[\s;]*+")
_NAME = re.compile(rb"([^\s=;\"]{1,100})\s*+=\s*+")
_QUOTED = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*)"?', re.DOTALL)
_UNQUOTED = re.compile(rb"[^;]*+")
_AFTER_TOKEN = re.compile(rb"[\s(]")
_WINDOWS_PATH = re.compile(rb"[A-Za-z]:\\|\\\\")
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_CONTINUED = re.compile(rb"([^*]+)(?:\*([0-9]{1,3}))?(\*)?")
_TOKENS = frozenset(
    {"charset", "boundary", "type", "format", "method", "protocol", "smime-type", "report-type"}
)
_BRACKETED = re.compile(r"<([^<>]{1,1000})>")
_BARE_ID = re.compile(r"[^\s<>,;\"()]{1,200}@[^\s<>,;\"()]{1,200}")
_SPACE = re.compile(r"\s+")


def plain(value: bytes, label: str = "") -> str:
    """An unstructured value, readable, its encoded words as they came; `label` is the charset of raw bytes, if any."""
    value = unfold(value)
    if value.isascii() and b"\x1b" not in value and charset.resolve(label) != "utf-7":
        return safe(value.decode("ascii"))
    return safe(charset.decode(value, label))


def text(value: bytes, encoded: bool = True) -> str:
    """An unstructured value, readable. Encoded words are decoded unless `encoded` is false."""
    if encoded and b"=?" in value:
        return safe(_words(unfold(value)))
    return plain(value)


def decode_words(value: str) -> str:
    """Encoded words within a text that is decoded otherwise."""
    if "=?" not in value:
        return value
    return _known_words(value) if len(value) <= MAX_KNOWN else _decoded_words(value)


def _decoded_words(value: str) -> str:
    return safe(_words(value.encode("utf-8", "replace")))


_known_words = lru_cache(maxsize=256)(_decoded_words)


def safe(value: str) -> str:
    return value if value.isprintable() else _UNSAFE.sub(" ", value)


def _words(value: bytes) -> str:
    out: list[str] = []
    run: list[tuple[bytes, bytes, bytes]] = []
    position = 0
    for match in _WORD.finditer(value, 0, value.rfind(b"?=") + 2):
        label, encoding, encoded = match.groups()
        between = value[position : match.start()]
        # white space between two encoded words is no text (RFC 2047 §6.2)
        if between.strip() or (between and not run):
            out += _decode_run(run), charset.decode(between)
            run = []
        elif run and run[-1][0].lower() != label.lower():
            out.append(_decode_run(run))
            run = []
        run.append((label, encoding.lower(), encoded))
        position = match.end()
    out += _decode_run(run), charset.decode(value[position:])
    return "".join(out)


def _decode_run(run: list[tuple[bytes, bytes, bytes]]) -> str:
    """Neighbours of one charset: mailers split characters, and base64 quanta, between encoded words."""
    if not run:
        return ""
    data = bytearray()
    held = b""
    for _, encoding, encoded in run:
        if encoding == b"q":
            data += _base64(held) + _q(encoded)
            held = b""
        else:
            held += encoded.translate(None, _NOT_BASE64)
            if b"=" in encoded or len(held) % 4 == 0:
                data += _base64(held)
                held = b""
    data += _base64(held)
    return charset.decode(bytes(data), run[0][0].decode("latin-1"))


def _base64(clean: bytes) -> bytes:
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"==") if clean else b""


def _q(encoded: bytes) -> bytes:
    return binascii.a2b_qp(encoded.replace(b"\n", b" "), header=True)


def parameters(value: bytes) -> tuple[str, Mapping[str, str]]:
    """(main value in lower case, parameters by lower-case name) of a Content-Type or Content-Disposition.

    At most `MAX_PARAMETERS`; the first of two with one name holds; `name*` goes over `name` (RFC 2231).
    """
    return _known_parameters(value) if len(value) <= MAX_KNOWN else _parameters(value)


def _parameters(value: bytes) -> tuple[str, dict[str, str]]:
    value = unfold(value)
    if b"=?" not in value and b"''" not in value and _COMMON.fullmatch(value):
        plain = value.decode("ascii")
        pairs = _COMMON_PARAMETER.findall(plain)
        if len(pairs) <= MAX_PARAMETERS:
            return plain.partition(";")[0].strip().lower(), {
                n.lower(): c.strip('"') for n, c in reversed(pairs)
            }
    head = _VALUE.match(value)
    main = head[1].decode("latin-1").lower() if head else ""
    found: dict[str, dict[int, tuple[bool, bytes]]] = {}
    position = head.end() if head else 0
    for _ in range(MAX_PARAMETERS):
        position = _BETWEEN.match(value, position).end()  # type: ignore[union-attr]
        if position >= len(value):
            break
        name = _NAME.match(value, position)
        if name is None:
            position = _UNQUOTED.match(value, position).end()  # type: ignore[union-attr]
            continue
        content, position = _parameter(value, name.end(), name[1].lower())
        _keep(found, name[1].lower(), content)
    return main, {name: _join(name, pieces) for name, pieces in found.items()}


_known_parameters = lru_cache(maxsize=512)(_parameters)


def _parameter(value: bytes, start: int, name: bytes) -> tuple[bytes, int]:
    """The value that starts here and where it ends. Quotes inside quotes and missing ones are forgiven."""
    quoted = _QUOTED.match(value, start)
    if quoted is None:
        end = _UNQUOTED.match(value, start).end()  # type: ignore[union-attr]
        content = value[start:end].strip()
        if name.decode("latin-1").partition("*")[0] in _TOKENS and (cut := _AFTER_TOKEN.search(content)):
            # behind a token stands a comment, or a parameter without its semicolon
            return content[: cut.start()], end if cut[0] == b"(" else start + cut.start()
        return content, end
    content, end = quoted[1], quoted.end()
    rest = _UNQUOTED.match(value, end)
    if rest and b'"' in rest[0]:  # filename="a "b" c.pdf"
        content = value[start + 1 : end + rest[0].rfind(b'"')]
        end = rest.end()
    if b"\\" in content and not _WINDOWS_PATH.match(content):  # a Windows path was never escaped
        content = _QUOTED_PAIR.sub(rb"\1", content)
    return content, end


def _keep(found: dict[str, dict[int, tuple[bool, bytes]]], name: bytes, content: bytes) -> None:
    match = _CONTINUED.fullmatch(name)
    if match is None:
        return
    base, index, star = match.groups()
    pieces = found.setdefault(base.decode("latin-1"), {})
    # -2: plain name, -1: name*, 0…: continuations
    key = int(index) if index else -1 if star else -2
    pieces.setdefault(key, (bool(star), content))


def _join(name: str, pieces: dict[int, tuple[bool, bytes]]) -> str:
    if -1 in pieces:
        return _extended([pieces[-1]])
    numbered = sorted(key for key in pieces if key >= 0)
    if numbered:
        return _extended([pieces[key] for key in numbered])
    content = pieces[-2][1]
    if name in _TOKENS:
        return charset.decode(content).strip()
    if re.match(rb"[\w-]{3,30}''[^\s]*%", content):  # the extended form under the plain name
        return _extended([(True, content)])
    return text(content)


def _extended(pieces: list[tuple[bool, bytes]]) -> str:
    """RFC 2231 §4: charset'language'percent-encoded; only pieces marked with * are percent-encoded."""
    label = b""
    data = bytearray()
    for number, (extended, content) in enumerate(pieces):
        if extended:
            if number == 0 and content.count(b"'") >= 2:
                label, _, content = content.split(b"'", 2)
            content = unquote_to_bytes(content)
        data += content
    if not label and b"=?" in data:
        return text(bytes(data))
    return safe(charset.decode(bytes(data), label.decode("latin-1")))


def message_ids(value: str) -> tuple[str, ...]:
    """The `<…>` of a Message-ID, In-Reply-To or References value, brackets included, in order, once each.

    At most `MAX_IDS`, ids over `MAX_ID` characters left out. White space within an id came from folding.
    """
    found = [_SPACE.sub("", match) for match in _BRACKETED.findall(value)]
    if not found:
        found = _BARE_ID.findall(value)[:MAX_IDS]
    usable = [f"<{id_}>" for id_ in dict.fromkeys(found) if 0 < len(id_) <= MAX_ID and id_.isprintable()]
    return tuple(usable if len(usable) <= MAX_IDS else [usable[0], *usable[1 - MAX_IDS :]])
