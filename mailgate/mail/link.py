"""What of a link in HTML is written out behind its words, and whether the words say it already (rule 3.3).

Laws: pure and linear; an address is shown, never followed; a wrapper that a mail scanner put around it is taken off.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

LIMIT = 2000  # characters of a link that is written out
MAX_WRAPPED = 4000  # characters of a scanner's wrapper
_SCHEMES = ("http://", "https://", "mailto:", "tel:", "ftp://", "ftps://", "file:")
# Hosts of scanners and the parameter that holds what they wrap.
_WRAPPERS = (
    (re.compile(r"(?:[a-z0-9-]+\.)*safelinks\.protection\.outlook\.com"), "url"),
    (re.compile(r"(?:www\.)?google\.[a-z.]{2,6}"), "q"),
    (re.compile(r"linkprotect\.cudasvc\.com"), "a"),
)
_DEFENSE = re.compile(r"https://urldefense\.(?:com|us)/v3/__(.{1,2000}?)__;")
_NOT_DIALLED = re.compile(r"[^\d+]")


def shown(href: str) -> str:
    """The address to write out; "" where a reader could do nothing with it."""
    href = "".join(href[:MAX_WRAPPED].split("\n")).replace("\t", "").replace("\r", "").strip()
    if href[:8].lower().startswith("https://"):
        href = _unwrapped(href)
    scheme = href[:8].lower()
    if not scheme.startswith(_SCHEMES) or len(href) > LIMIT:
        return ""
    if scheme.startswith("mailto:"):
        return " ".join(unquote(href[7:].partition("?")[0]).split())
    if scheme.startswith("tel:"):
        return " ".join(unquote(href[4:]).split())
    return href.replace(" ", "%20")


def is_said(words: str, shown: str) -> bool:
    """Whether the words of a link are its address already."""
    if _plain(words) == _plain(shown):
        return True
    dialled = _NOT_DIALLED.sub("", shown)
    return (
        len(dialled) > 4 and not shown.strip("+-./() 0123456789") and dialled == _NOT_DIALLED.sub("", words)
    )


def _plain(address: str) -> str:
    text = address.strip().casefold().strip("<>")
    for scheme in ("mailto:", "tel:", "http://", "https://", "www."):
        text = text.removeprefix(scheme)
    return text.rstrip("/")


def _unwrapped(href: str) -> str:
    if defended := _DEFENSE.match(href):
        return defended[1]
    try:
        parts = urlsplit(href)
        host = (parts.hostname or "").lower()
        for pattern, name in _WRAPPERS:
            if pattern.fullmatch(host) and (name != "q" or parts.path == "/url"):
                inner = parse_qs(parts.query, max_num_fields=20).get(name, [""])[0]
                return inner if inner.lower().startswith(("http://", "https://", "mailto:")) else href
    except ValueError:
        pass
    return href
