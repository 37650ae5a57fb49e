"""Mailboxes (RFC 5322 §3.4, RFC 5321 §4.1.2, RFC 6532): the only reader of addresses in the house.

Laws: linear, never raises. Structure is read before encoded words are decoded, and they are decoded in display
names only, so nothing that a decoder makes can become an address (threat T8).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from mailgate.mail import header
from mailgate.mail.addrspec import HIDDEN, normalise
from mailgate.mail.mailbox import Mailbox, Reader
from mailgate.model import Address

__all__ = ["display", "normalise", "parse_list", "single"]

MAX_NAME = 200  # characters of a display name
MAX_KNOWN = 200  # characters of a value that is remembered: people write again, and to the same

_PLAIN_COMMENT = re.compile(r"\([^()]*+\)")
_LOOSE = re.compile(r"(?<!\s)\s*+([@.])\s*+")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_UNDECODED = re.compile("[\0-\x08\x0a-\x1f\x7f\ufffd]")
_SPACE = re.compile(r"\s+")
_STRAY = re.compile(r'^(?!")[^"]*[][\\<>(),;:]')  # specials outside of quotes (RFC 5322 §3.2.3)


def display(text: str) -> str:
    """A name as it may be shown: NFC, one line, no control, no bidi and no invisible characters."""
    if not (text.isascii() and text.isprintable()):
        text = HIDDEN.sub(" " if "\n" in text or "\t" in text else "", unicodedata.normalize("NFC", text))
        text = "".join(c for c in text if not "\ud800" <= c <= "\udfff") if not _encodes(text) else text
    return _SPACE.sub(" ", text).strip()


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_list(value: str) -> tuple[Address, ...]:
    """Every usable mailbox of a header value, in order, members of groups included; at most `mailbox.MAX_ADDRESSES`.

    `value` should not have its encoded words decoded yet; a decoded one is read as well as can be.
    """
    if "<" not in value and (normal := normalise(value)):
        return (Address(normal),)
    return tuple(address for address in _read(value).addresses if address.address)


def single(values: Sequence[str]) -> tuple[Address | None, str]:
    """The one sender that a message's From headers name beyond doubt, or (None, why not): threat T8.

    Exactly one header with exactly one mailbox; `values` with their encoded words still encoded.
    """
    if len(values) != 1:
        return None, "there is no From header" if not values else f"there are {len(values)} From headers"
    value = values[0]
    if _UNDECODED.search(value):
        return None, "the From header holds control or undecodable characters"
    reading = _read(value)
    if len(reading.mailboxes) != 1:
        count = len(reading.mailboxes)
        return None, f"the From header names {count} mailboxes" if count else "the From header names nobody"
    address = reading.addresses[0]
    if defect := reading.odd or _doubt(reading.mailboxes[0], address):
        return None, f"the From header is ambiguous: {defect}"
    return (address, "") if address.address else (None, "the From header holds no usable address")


class _Reading(NamedTuple):
    """What a header value holds; `odd` is what is wrong with it as a whole."""

    mailboxes: list[Mailbox]
    addresses: list[Address]  # one a mailbox
    odd: str


def _read(value: str) -> _Reading:
    return _known_reading(value) if len(value) <= MAX_KNOWN else _new_reading(value)


def _new_reading(value: str) -> _Reading:
    reader = Reader(value)
    return _Reading(reader.mailboxes, [_address(mailbox) for mailbox in reader.mailboxes], reader.odd)


_known_reading = lru_cache(maxsize=512)(_new_reading)


def _doubt(mailbox: Mailbox, address: Address) -> str:
    """What another reader might take for another address."""
    if mailbox.angles > 1:
        return "more than one address in angle brackets"
    if mailbox.angle is None:
        if mailbox.split:
            return "a comment stands within the address"
        alone = normalise(_squeezed(mailbox.joined())) == address.address
        return "" if alone else "the address stands among other words without angle brackets"
    if _bracketed(mailbox) != address.address:
        return "the angle brackets hold no address"
    if any(_shows_another(word, address.address) for word in mailbox.words):
        return "another address is shown before the brackets"
    if any("@" in word or "=?" in word for word in mailbox.words) and any(
        _STRAY.search(word) for word in mailbox.words
    ):
        return "an address may be shown before the brackets among stray characters"
    return ""


def _shows_another(word: str, address: str) -> bool:
    if word[0] == '"':
        return False
    local, _, domain = word.partition("@")
    return bool(local and domain) and normalise(word.strip("'")) != address


def _address(mailbox: Mailbox) -> Address:
    if mailbox.angle is None:
        return _bare(mailbox)
    if normal := _bracketed(mailbox):
        return Address(normal, _name(mailbox.words) or _comment_name(mailbox))
    # <Real Name> user@host, and the empty brackets of "user@host <>"
    return _bare(mailbox) if "@" not in mailbox.angle else Address("", _name(mailbox.words))


def _bracketed(mailbox: Mailbox) -> str:
    inner = (mailbox.angle or "").removeprefix("mailto:")
    if normal := normalise(inner):
        return normal
    return normalise(_squeezed(_PLAIN_COMMENT.sub("", inner)).strip(" '"))


def _bare(mailbox: Mailbox) -> Address:
    """An address without angle brackets, a name before or behind it."""
    words = mailbox.words
    if normal := normalise(_squeezed(mailbox.joined())):
        return Address(normal, _comment_name(mailbox))
    for number, word in enumerate(words):
        if "@" in word and word[0] != '"' and (normal := normalise(word.strip("'"))):
            return Address(normal, _name(words[:number] + words[number + 1 :]) or _comment_name(mailbox))
    return Address("", _name(words))


def _squeezed(text: str) -> str:
    """White space around dots and the @ is allowed by RFC 5322 §4.4 and means nothing."""
    return _LOOSE.sub(r"\1", text) if " " in text else text


def _name(words: list[str]) -> str:
    plain = [
        _QUOTED_PAIR.sub(r"\1", word[1:-1]) if word[0] == '"' and len(word) > 1 else word for word in words
    ]
    name = "".join(plain).strip()
    if len(name) > 2 and name[0] == name[-1] == "'":
        name = name[1:-1]
    return display(header.decode_words(name))[:MAX_NAME].rstrip() if name else ""


def _comment_name(mailbox: Mailbox) -> str:
    if not mailbox.comments:
        return ""
    return display(header.decode_words(_QUOTED_PAIR.sub(r"\1", mailbox.comments[-1])))[:MAX_NAME].rstrip()
