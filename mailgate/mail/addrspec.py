"""One mailbox in its normal form (RFC 5321 §4.1.2, RFC 6531 §3.3): what addresses are compared and stored by."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

MAX_LOCAL = (
    128  # octets; RFC 5321 §4.5.3.1.1 says 64, and asks for no limit where that is possible: mailers use more
)
MAX_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets

ATEXT = r"a-zA-Z0-9!#$%&'*+/=?^_`{|}~\-"
_PLAIN = re.compile(rf"[{ATEXT}]++(?:\.[{ATEXT}]++)*@[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?")
_ODD_DOMAIN = re.compile(r"@[^@]*(?:\.[.-]|-\.)")
_ATOMS = re.compile(rf"[{ATEXT}\x80-\U0010ffff]+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
# Not to be seen: controls, bidi controls, zero-width space and joiners of words, BOM; ZWJ and ZWNJ are letters' business
HIDDEN = re.compile(
    "[\0-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+"
)


def normalise(address: str) -> str:
    """The normal form: lower case, domain as A-labels. "" if it is no mailbox (RFC 5321 §4.1.2, RFC 6531 §3.3).

    Where mailers are looser than the RFC and nothing is ambiguous, so are we: "_" in a domain, a root dot, dots at the ends of
    a local part (which comes out quoted), local parts up to `MAX_LOCAL` octets.
    """
    if (
        len(address) <= 64 and "=?" not in address and _PLAIN.fullmatch(address)
    ):  # nearly every address there is
        address = address.lower()
        if "xn--" not in address and not _ODD_DOMAIN.search(address):
            return address
    local, at, domain = address.strip(" ").rpartition("@")
    if not at or len(address) > 1000 or "=?" in address:
        return ""
    local, domain = _local(local), _domain(domain.removesuffix("."))
    normal = f"{local}@{domain}"
    return normal if local and domain and len(normal.encode()) <= MAX_ADDRESS else ""


def _local(local: str) -> str:
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
        quoted = True
    else:
        quoted = False
        if not all(_ATOMS.fullmatch(atom) for atom in local.split(".") if atom) or not local.strip("."):
            return ""
    if _imitates_ascii(local):
        return ""
    local = unicodedata.normalize("NFC", local)
    if (
        not local
        or not local.isprintable()
        or HIDDEN.search(local)
        or len(local.encode("utf-8", "replace")) > MAX_LOCAL
    ):
        return ""
    local = local.lower()
    if all(_ATOMS.fullmatch(atom) for atom in local.split(".")):
        return local
    if quoted and local.strip() != local:
        return ""
    escaped = local.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _imitates_ascii(text: str) -> bool:
    """Whether a letter beyond ASCII would become one of ASCII in some normal form: a Kelvin sign is no "k" (T8, T17)."""
    return not text.isascii() and any(
        char > "\x7f" and unicodedata.normalize("NFKC", char).isascii() for char in text[:1000]
    )


def _domain(domain: str) -> str:
    if domain.startswith("["):
        return _literal(domain)
    if not domain or len(domain) > 255:
        return ""
    labels = [_label(label) for label in domain.split(".")]
    return ".".join(labels) if all(labels) else ""


def _label(label: str) -> str:
    """One A-label. What compatibility mapping would change is refused, not mapped: two spellings, one look."""
    if label.isascii():
        label = label.lower()
        return label if len(label) <= 63 and _LABEL.fullmatch(label) and _decodes(label) else ""
    if _imitates_ascii(label):
        return ""
    label = unicodedata.normalize("NFC", label).lower()
    if len(label) > 63 or label.startswith("xn--") or unicodedata.normalize("NFKC", label) != label:
        return ""
    if not all(char == "-" or unicodedata.category(char)[0] in "LMN" for char in label) or label[0] == "-":
        return ""
    try:
        encoded = "xn--" + label.encode("punycode").decode("ascii")
    except UnicodeError:
        return ""
    return encoded if len(encoded) <= 63 else ""


def _decodes(label: str) -> bool:
    if not label.startswith("xn--"):
        return True
    try:
        return bool(label[4:].encode().decode("punycode"))
    except (UnicodeError, ValueError, OverflowError):
        return False


def _literal(domain: str) -> str:
    """RFC 5321 §4.1.3: [192.0.2.1], [IPv6:2001:db8::1]."""
    if not domain.endswith("]"):
        return ""
    inner = domain[1:-1]
    try:
        if inner[:5].lower() == "ipv6:":
            return f"[IPv6:{ipaddress.IPv6Address(inner[5:])}]".lower()
        return f"[{ipaddress.IPv4Address(inner)}]"
    except ValueError:
        return ""
