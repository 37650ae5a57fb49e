"""The grammar of SMTP commands (RFC 5321 §4.1), read tolerantly where real clients are lax. Pure and linear.

Tolerated: spaces after the colon, addresses without angle brackets, local parts with odd dots ("a..b@docomo.ne.jp").
Source routes are taken off (RFC 5321 §4.1.2: accepted and ignored).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from mailgate.mail.addrspec import normalise

# RFC 5321 §4.5.3.1.4 asks for 512 octets and room for extensions; SMTPUTF8 and AUTH= want more.
MAX_LINE = 2048
# §4.5.3.1.3 has 256 for a path; senders in the wild with SRS and VERP go over it.
MAX_ADDRESS = 512

_LOCAL = r"""(?:"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"|[^\s<>()\[\]\\,;:@"\x00-\x1f\x7f]+)"""
_DOMAIN = r"(?:\[[A-Za-z0-9:.\-]+\]|[^\s<>()\[\]\\,;:@\"\x00-\x2c/\x7f]+)"
_ADDRESS = rf"{_LOCAL}(?:@{_DOMAIN})?"
_ROUTE = rf"(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?"
_PATH = re.compile(
    rf"<{_ROUTE}(?P<inner>{_ADDRESS})?>(?P<rest>(?: .*)?)|(?P<bare>{_ADDRESS})(?P<tail>(?: .*)?)"
)
_QUOTED_PAIR = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Path:
    """A reverse or forward path as written, "" for <>, with its parameters in upper case (values as written)."""

    address: str
    parameters: dict[str, str]

    @property
    def ascii(self) -> bool:
        return self.address.isascii()


def read_path(argument: str) -> Path | None:
    """What follows "FROM:" or "TO:"; None when it is malformed or too long."""
    match = _PATH.fullmatch(argument.strip())
    if match is None:
        return None
    bare = match["bare"]
    address = bare if bare is not None else match["inner"] or ""
    rest = match["tail"] if bare is not None else match["rest"]
    if len(address) > MAX_ADDRESS:
        return None
    return Path(address, _parameters(rest) if rest else {})


def _parameters(text: str) -> dict[str, str]:
    found = {}
    for word in text.split():
        key, _, value = word.partition("=")
        found[key.upper()] = value
    return found


def mailbox(address: str) -> tuple[str, str]:
    """Local part and domain for comparison: lower case, unquoted, the domain as A-labels; ("", "") for no mailbox.

    What only looks like another spelling (full-width letters, a Kelvin sign, an ideographic full stop) is not mapped
    to it, as IDNA2003 would, and is no mailbox (RFC 5891 section 5, UTS 46; threat T17).
    """
    local, at, domain = address.rpartition("@")
    if not at:
        local, domain = address, ""
    if local.startswith('"'):
        local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
    if not local.isascii() and unicodedata.normalize("NFKC", local) != local:
        return "", ""
    if not domain.isascii():
        domain = normalise(f"x@{domain}").removeprefix("x@")
        if not domain:
            return "", ""
    return local.lower(), domain.lower().removesuffix(".")
