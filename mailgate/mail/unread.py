"""What stands in for a mail that no parser could read. It uses nothing of the parser: that has just failed on it."""

from __future__ import annotations

import hashlib

from mailgate.model import ParsedMessage

TEXT = 4096  # bytes of the body that become its text
HEADERS = 200
BLOCK = 65536  # bytes in which header fields are looked for


def fallback(raw: bytes, why: str) -> ParsedMessage:
    """What stands in for a mail that nobody could read: its header lines as they came and its first 4 KiB as text,
    so that loops and machines are still seen by their headers, and a person can decide on the rest."""
    digest = hashlib.sha256(raw).hexdigest()
    block, _, body = raw[: BLOCK + TEXT].replace(b"\r\n", b"\n").partition(b"\n\n")
    headers = _headers(block[:BLOCK])
    text = (body if body else block)[:TEXT].decode("utf-8", "replace").replace("\0", "")
    named = dict(reversed(headers))
    return ParsedMessage(
        size=len(raw),
        sha256=digest,
        content_key=digest,  # 2.7: the same bytes
        subject=named.get("subject", ""),
        sender_defect="the message could not be read",
        from_raw=named.get("from", ""),
        headers=tuple(headers),
        full_text=text,
        text=text,
        defects=(why,),
    )


def _headers(block: bytes) -> list[tuple[str, str]]:
    """Header fields of a block, unfolded, 998 characters each (RFC 5322 §2.1.1): no decoding, nothing that can fail."""
    headers: list[tuple[str, str]] = []
    for line in block.split(b"\n"):
        text = "".join(c if c.isprintable() else " " for c in line[:998].decode("utf-8", "replace"))
        if line[:1] in (b" ", b"\t") and headers:
            name, value = headers[-1]
            if len(value) < 998:
                headers[-1] = (name, f"{value} {text.strip()}".strip()[:998])
            continue
        name, colon, value = text.partition(":")
        if colon and name and name.isascii() and " " not in name.rstrip():
            headers.append((name.rstrip().lower(), value.strip()))
        if len(headers) >= HEADERS:
            break
    return headers
