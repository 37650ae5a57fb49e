"""OpenPGP inside a text (RFC 9580 §7): what was signed in clear becomes plain text. Nothing is verified.

Laws: linear; a message that is not armored as the RFC says stays as it is; no word but the armor's is lost.
"""

from __future__ import annotations

BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----"
ENCRYPTED = "-----BEGIN PGP MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END = "-----END PGP SIGNATURE-----"
MAX_MESSAGES = 20  # in one text
MAX_HEADERS = 10  # "Hash: SHA512" lines


def clear(text: str) -> str:
    """The text without the armor of clear signatures, dashes unescaped (§7.1); what stands around them is kept."""
    out: list[str] = []
    lines = text.split("\n")
    at = taken = 0
    for _ in range(MAX_MESSAGES):
        begin = _find(lines, BEGIN, at)
        signature = _find(lines, _SIGNATURE, begin + 1) if begin >= 0 else -1
        end = _find(lines, _END, signature + 1) if signature >= 0 else -1
        body = _after_headers(lines, begin + 1) if end >= 0 else -1
        if body < 0 or body > signature:
            break
        out += lines[taken:begin]
        out += [line.removeprefix("- ") for line in lines[body:signature]]
        at = taken = end + 1
    return "\n".join(out + lines[taken:]) if out or taken else text


def _find(lines: list[str], wanted: str, start: int) -> int:
    return next((n for n in range(start, len(lines)) if lines[n].rstrip() == wanted), -1)


def _after_headers(lines: list[str], start: int) -> int:
    """Past the armor headers and the blank line behind them, -1 where none is."""
    for number in range(start, min(start + MAX_HEADERS, len(lines))):
        if not lines[number].strip():
            return number + 1
        if ":" not in lines[number]:
            return -1
    return -1


def is_encrypted(text: str) -> bool:
    """Whether the text is nothing but an encrypted message."""
    return text.lstrip().startswith(ENCRYPTED)
