"""Values → the bytes of a mail: the only builder of mail in the house (6.3, threat T24).

Laws: addresses and our own ids are checked and refused with ValueError; a stranger's words (subject, names) are
cleaned, cut and encoded, and never raise; a stranger's ids (In-Reply-To, References) are taken when they are plain
and left out when not. Whatever was written is read once more before it leaves: the names of the headers and their
order must be those planned. The same Mail gives the same bytes.
"""

from __future__ import annotations

import re
from base64 import b64encode, encodebytes
from binascii import b2a_qp
from collections.abc import Iterable
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from mailgate.model import Address, Mail

SUBJECT = 200  # characters shown of a subject
NAME = 64  # characters shown of a name
REFERENCES = 10
LINE = 76  # octets we aim at; RFC 5322 §2.1.1 asks for 78 and allows 998
_ENCODED_WORD = 75  # RFC 2047 §2

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a0-\U0010ffff-]+"
_LABEL = r"[A-Za-z0-9\u00a0-\U0010ffff](?:[A-Za-z0-9\u00a0-\U0010ffff-]*[A-Za-z0-9\u00a0-\U0010ffff])?"
_ADDRESS = re.compile(  # RFC 5321 §4.1.2 Mailbox, RFC 6531 §3.3; no step back: the dots divide
    rf"""(?:{_ATOM}(?:\.{_ATOM})*|"(?:[ !#-\[\]-~\u00a0-\U0010ffff]|\\[ -~])*")"""
    rf"""@(?:{_LABEL}(?:\.{_LABEL})*|\[[A-Za-z0-9.:]+\])"""
)
_ID = re.compile(r"<[!-;=?-~]{1,250}>")  # printable ASCII without < >
_OWN_ID = re.compile(r"<[!-;=?A-~]{1,128}@[A-Za-z0-9.-]{1,253}>")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}")  # RFC 5646
_TOKEN = re.compile(r"[a-z-]{1,40}")

# C0 and C1 controls, line separators, bidi controls, lone surrogates: nothing of these belongs in a line of a header
_UNSHOWN = re.compile("[\x00-\x20\x7f-\xa0\u061c\u200e\u200f\u2028-\u202f\u2066-\u2069\ufeff\ud800-\udfff]+")
_BREAKS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # in a header block, beside CR, LF and tab
_BODY_CONTROLS = bytes(n for n in range(32) if n not in b"\t\n") + b"\x7f"
_ASCII = bytes(range(128))
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")  # RFC 2047 §5 (3)
_KNOWN_LINES, _KNOWN_LENGTH = (
    2000,
    1000,
)  # of a template's lines, most of a mail are the same ones: encoded once
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")

Headers = list[tuple[str, bytes]]


def compose(mail: Mail) -> bytes:
    """The mail as it goes over the wire: CRLF, multipart/alternative of text and HTML, ASCII but for SMTPUTF8 addresses.

    Raises ValueError for an address, an own id, a language or a date that cannot stand in a header.
    """
    content, body = _alternative(mail) if mail.html else _part("plain", mail.text)
    headers = _headers(mail) + content
    block = _block(headers)
    _check(block, [name for name, _ in headers])
    if b"\r" in (bare := body.replace(b"\r\n", b"")) or b"\n" in bare:
        raise ValueError("a bare CR or LF in the body")
    return block + b"\r\n" + body


def _block(headers: Headers) -> bytes:
    return b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in headers)


def _headers(mail: Mail) -> Headers:
    if not _OWN_ID.fullmatch(mail.message_id):
        raise ValueError("the Message-ID is not of the form <left@right>")
    if mail.date.tzinfo is None:
        raise ValueError("the date needs a zone")
    if not _TOKEN.fullmatch(mail.auto_submitted):
        raise ValueError("Auto-Submitted is not a keyword of RFC 3834 §5")
    headers: Headers = [
        ("From", _mailbox("From", mail.sender)),
        ("To", _mailbox("To", mail.to)),
        ("Subject", _unstructured("Subject", clean(mail.subject, SUBJECT))),
        ("Date", format_datetime(mail.date).encode()),
        ("Message-ID", mail.message_id.encode()),
    ]
    if mail.reply_to is not None:
        headers.append(("Reply-To", _mailbox("Reply-To", mail.reply_to)))
    if _ID.fullmatch(mail.in_reply_to):
        headers.append(("In-Reply-To", mail.in_reply_to.encode()))
    if references := _references(mail.references):
        headers.append(("References", "\r\n ".join(references).encode()))
    headers.append(("Auto-Submitted", mail.auto_submitted.encode()))
    headers.append(("X-Auto-Response-Suppress", b"All"))
    headers.append(("X-Mailgate-Loop", mail.message_id[1:-1].rpartition("@")[2].encode()))
    if mail.leave_address:
        mailto = quote(_address(mail.leave_address), safe="@+")  # RFC 2369 §3.2, RFC 6068 §2
        headers.append(("List-Unsubscribe", f"<mailto:{mailto}>".encode()))
    if mail.language:
        if not _LANGUAGE.fullmatch(mail.language):
            raise ValueError("the language is not a tag of RFC 5646")
        headers.append(("Content-Language", mail.language.encode()))
    headers.append(("MIME-Version", b"1.0"))
    return headers


def clean(text: str, length: int) -> str:
    """Words of anybody as one line: no control, no bidi control, single spaces, at most `length` characters."""
    text = _UNSHOWN.sub(" ", text[: length * 8]).strip()
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _references(ids: Iterable[str]) -> list[str]:
    """At most ten, the first (the root of the thread) and the latest nine; RFC 5322 §3.6.4."""
    plain = [text for text in ids if _ID.fullmatch(text)]
    return plain if len(plain) <= REFERENCES else [plain[0], *plain[1 - REFERENCES :]]


def _address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    small = len(local.encode("utf-8", "replace")) <= 64 and len(domain.encode("utf-8", "replace")) <= 255
    if not small or _UNSHOWN.search(address.replace(" ", "")) or not _ADDRESS.fullmatch(address):
        raise ValueError("an address that cannot stand in a header")  # not shown: it may hold a token
    return address


def _mailbox(header: str, mailbox: Address) -> bytes:
    address = _address(mailbox.address)
    name = _phrase(header, clean(mailbox.name, NAME)) if mailbox.name else b""
    if not name:
        return address.encode()
    last = len(name) - (name.rfind(b"\n") + 1) if b"\n" in name else len(header) + 2 + len(name)
    written = f"<{address}>".encode()
    return name + (b" " if last + 1 + len(written) <= LINE else b"\r\n ") + written


def _phrase(header: str, name: str) -> bytes:
    """A display name (RFC 5322 §3.2.5): as atoms, quoted, or as encoded words."""
    if len(name) <= LINE - len(header) - 4 and name.isascii() and "=?" not in name:
        if _PLAIN_NAME.fullmatch(name):
            return name.encode()
        quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if name and len(quoted) <= LINE - len(header) - 2:
            return quoted.encode()
    return _encoded_words(header, name)


def _unstructured(header: str, text: str) -> bytes:
    """Folded at spaces where every word is short and plain, else as encoded words."""
    words = text.split(" ")
    if not text.isascii() or "=?" in text or max(map(len, words)) > LINE - len(header) - 2:
        return _encoded_words(header, text)
    lines, line, room = [], words[0], LINE - len(header) - 2
    for word in words[1:]:
        if len(line) + 1 + len(word) > room:
            lines.append(line)
            line, room = word, LINE - 1
        else:
            line += " " + word
    return "\r\n ".join([*lines, line]).encode()


def _encoded_words(header: str, text: str) -> bytes:
    """RFC 2047 §4: each word of whole characters, at most 75 octets, one a line; B where Q would be unreadable."""
    data = text.encode()
    quoted = 3 * sum(octet not in _Q_SAFE and octet != 32 for octet in data) <= len(data)
    head, room = "=?utf-8?q?" if quoted else "=?utf-8?b?", _ENCODED_WORD - 12
    words, chunk, used, left = [], b"", 0, room - len(header) - 2
    for character in text:
        octets = character.encode()
        cost = sum(1 if o in _Q_SAFE or o == 32 else 3 for o in octets) if quoted else len(octets)
        if (used + cost if quoted else -(-(used + cost) // 3) * 4) > left:
            words.append(chunk)
            chunk, used, left = b"", 0, room
        chunk += octets
        used += cost
    return b"\r\n ".join(head.encode() + _word(c, quoted) + b"?=" for c in [*words, chunk] if c)


def _word(octets: bytes, quoted: bool) -> bytes:
    if not quoted:
        return b64encode(octets)
    return b"".join(b"_" if o == 32 else bytes([o]) if o in _Q_SAFE else b"=%02X" % o for o in octets)


def _alternative(mail: Mail) -> tuple[Headers, bytes]:
    """Both parts, the plain one first (RFC 2046 §5.1.4)."""
    # "=_" stands in neither encoding (RFC 2045 §6.7), so no body can hold the boundary
    boundary = b"=_" + sha256(mail.message_id.encode()).hexdigest()[:32].encode()
    body = b""
    for subtype, text in (("plain", mail.text), ("html", mail.html)):
        headers, encoded = _part(subtype, text)
        body += b"--%s\r\n%s\r\n%s\r\n" % (boundary, _block(headers), encoded)
    return [
        ("Content-Type", b'multipart/alternative;\r\n boundary="%s"' % boundary)
    ], body + b"--%s--\r\n" % boundary


def _part(subtype: str, text: str) -> tuple[Headers, bytes]:
    """One UTF-8 body, encoded by what it holds: quoted-printable, or base64 where over a third is not ASCII."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    data = lines.encode("utf-8", "replace").translate(None, _BODY_CONTROLS)
    if 3 * len(data.translate(None, _ASCII)) > len(data):
        encoding, encoded = b"base64", encodebytes(data.replace(b"\n", b"\r\n")).rstrip(b"\n")
        encoded = encoded.replace(b"\n", b"\r\n")
    else:
        encoding, encoded = b"quoted-printable", _quoted(data.splitlines(keepends=True))
    content_type = f"text/{subtype}; charset=utf-8".encode()
    return [("Content-Type", content_type), ("Content-Transfer-Encoding", encoding)], encoded


def _quoted(lines: list[bytes]) -> bytes:
    """Quoted-printable, in which each line stands for itself (RFC 2045 §6.7)."""
    if max(map(len, lines), default=0) <= _KNOWN_LENGTH:
        return b"".join(map(_known, lines))
    return b"".join(_known(line) if len(line) <= _KNOWN_LENGTH else _encoded(line) for line in lines)


def _encoded(line: bytes) -> bytes:
    return b2a_qp(line, istext=True).replace(b"\n", b"\r\n")


_known = lru_cache(_KNOWN_LINES)(_encoded)


def _check(block: bytes, planned: list[str]) -> None:
    """Read the header block as a stranger's parser would; ValueError unless it holds the planned headers only."""
    if not block.count(b"\r") == block.count(b"\n") == block.count(b"\r\n") or _BREAKS.search(block):
        raise ValueError("a control character in a header")
    found = []
    for line in block.removesuffix(b"\r\n").split(b"\r\n"):
        if len(line) > 998 or not line.strip():
            raise ValueError("a line of a header is empty or longer than 998 octets")
        if line[0] not in b" \t":
            found.append(line.partition(b":")[0].decode("utf-8", "replace"))
    if found != planned:
        raise ValueError("the headers written are not those planned")
