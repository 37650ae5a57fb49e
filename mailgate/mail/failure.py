"""What the readers of bounces hand to each other: one failed recipient, and how an address looks inside a text."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_ADDRESSES = 500

# The local part may be quoted (RFC 5321 §4.1.2). Letters of scripts that part their words only (RFC 6531): Chinese text
# touches the address. Bounded, so that a search stays linear.
_WORD = "a-zA-Z0-9_\u00c0-\u052f"
ADDRESS = (
    rf"(?:\"[^\"\s<>]{{1,64}}\"|[{_WORD}!#$%&'*+/=?^`{{|}}~.-]{{1,80}})"
    rf"@(?:\[[\d.:a-fA-F]{{3,45}}\]|[{_WORD}](?:[{_WORD}.-]{{0,250}}[{_WORD}])?)"
)
_ADDRESSES = re.compile(ADDRESS)
_MESSAGE_ID = re.compile(r"<([^<>\s]{3,250})>")


@dataclass(slots=True)
class Failure:
    """One recipient that a report names. `action` and `status` are "" where the report does not say them."""

    recipient: str
    action: str = ""  # failed | expired | delayed | ""
    status: str = ""
    diagnostic: str = ""


def clean(address: str) -> str:
    """An address as it is compared: without what a sentence puts around it, in lower case."""
    return address.strip("<>.,;:'`").lower()


def addresses(value: str) -> list[str]:
    """The addresses in a text, each once, in order; at most `MAX_ADDRESSES`."""
    found = (clean(match.group()) for match in _ADDRESSES.finditer(value[:20_000]))
    return list(dict.fromkeys(found))[:MAX_ADDRESSES]


def message_id(value: str) -> str:
    """The first message id in a value, with angle brackets; a bare one gets them; "" when there is none."""
    found = _MESSAGE_ID.search(value[:2000])
    if found:
        return f"<{found[1]}>"
    bare = value[:300].strip().strip("<>")
    return f"<{bare}>" if "@" in bare and not any(c.isspace() for c in bare) else ""


def folded(*words: str) -> tuple[str, ...]:
    """Words as they are compared with folded texts (`str.casefold`: "ß" is "ss", the last sigma is any sigma)."""
    return tuple(word.casefold() for word in words)
