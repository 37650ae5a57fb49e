"""The header of a whole message: what its fields say, each read once (RFC 5322 §3.6, RFC 2047).

Laws: encoded words are decoded in fields of words only, and never before structure is read; raw bytes are read in the
charset of the body where they name none; never raises; linear.
"""

from __future__ import annotations

import re
from datetime import datetime

from mailgate.mail import address, charset, date, header, lookalike
from mailgate.mail.mime import Part, leaves
from mailgate.model import Address

MAX_VALUE = 4096  # characters of a header value that is kept
MAX_DATES = 5  # Date fields that are tried

# Fields of words, where encoded words are decoded. In all others they could only forge structure.
_WORDS = frozenset(
    {
        "subject", "comments", "keywords", "thread-topic", "content-description", "from", "sender", "reply-to", "to", "cc", "bcc",
        "organization", "resent-from", "resent-to", "resent-cc", "resent-sender", "x-original-subject", "x-sender",
        "disposition-notification-to", "mail-followup-to",
    }
)  # fmt: skip

# A name in Hebrew or Arabic needs no embedding and no override; what shows letters in another order does.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


class Letterhead:
    """The fields of the top header. `by_name` holds raw values, `kept` all of them readable and in order."""

    def __init__(self, root: Part) -> None:
        self.by_name: dict[str, list[bytes]] = {}
        self._plain: dict[str, list[str]] = {}  # readable, encoded words as they came
        self._label = label = _Label(root)
        kept = []
        for name, value in root.fields:
            plain = value.decode("ascii") if value.isascii() and not label.seven_bit else ""
            if not plain.isprintable() or (value and not plain):
                plain = header.plain(value, label.found())
            self.by_name.setdefault(name, []).append(value)
            self._plain.setdefault(name, []).append(plain)
            shown = header.decode_words(plain) if name in _WORDS else plain
            kept.append((name, shown[:MAX_VALUE]))
        self.kept: tuple[tuple[str, str], ...] = tuple(kept)

    def raw(self, name: str) -> bytes:
        """The first value of a field as it came, unfolded; b"" when missing."""
        return self.by_name.get(name, (b"",))[0]

    def text(self, name: str, encoded: bool = True) -> str:
        """The first value of a field, readable; its encoded words decoded unless `encoded` is false."""
        plain = self._plain.get(name, ("",))[0]
        return header.decode_words(plain) if encoded else plain

    def addresses(self, name: str) -> tuple[Address, ...]:
        """The mailboxes of all fields of a name."""
        return tuple(found for value in self._plain.get(name, ()) for found in address.parse_list(value))

    def ids(self, name: str) -> tuple[str, ...]:
        """The message ids of all fields of a name."""
        values = self._plain.get(name)
        return header.message_ids(" ".join(values)) if values else ()

    def date(self) -> datetime | None:
        """Of the first Date field that holds one."""
        values = self._plain.get("date", ())[:MAX_DATES]
        return next((found for value in values if (found := date.parse(value))), None)

    def sender(self) -> tuple[Address | None, str]:
        """The one sender, or why there is none (T8). A bare CR or a NUL is a control character to the strict reader."""
        values = self.by_name.get("from", [])
        if all(value.isascii() and value.decode("ascii").isprintable() for value in values):
            return address.single(self._plain.get("from", ()))
        label = self._label.found()
        return address.single([charset.decode(value.replace(b"\0", b"\x01"), label) for value in values])

    def oddities(self) -> list[str]:
        """What of the From field a reader should be told of, in words (T9)."""
        found = []
        shown = " ".join(value for name, value in self.kept if name == "from")
        if not shown.isascii():
            if _DIRECTION.search(shown):
                found.append("the sender's name holds marks that turn the direction of writing")
            if lookalike.mixes_scripts(shown):
                found.append("the sender's name mixes letters of two alphabets that look alike")
        return found


class _Label:
    """The charset of the body, for fields with raw bytes. Looked for only where one has them."""

    def __init__(self, root: Part) -> None:
        self.root = root
        self.label: str | None = None
        own = root.params.get("charset", "")
        self.seven_bit = bool(own) and charset.resolve(own) == "utf-7"

    def found(self) -> str:
        """Its name, "" where the body names none that says more than ASCII."""
        if self.label is None:
            labels = (
                part.params.get("charset", "") for part in leaves(self.root) if part.type.startswith("text/")
            )
            self.label = next(
                (label for label in labels if label and label.lower() not in ("us-ascii", "ascii")), ""
            )
        return self.label
