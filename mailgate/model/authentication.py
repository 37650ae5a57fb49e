"""Whether a sender is who he says (BEHAVIOUR §4), in the words of RFC 8601."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trust(StrEnum):
    AUTHENTICATED = "authenticated"
    PROOF = "proof"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One result of an Authentication-Results header (RFC 8601 §2.3) or of our own check."""

    method: str  # spf | dkim | dmarc | auth | …
    result: str  # pass | fail | none | temperror | …
    domain: str = ""  # the domain it speaks of (header.d, header.from, smtp.mailfrom)
    policy: str = ""  # for dmarc: none | quarantine | reject, where it is said
    helo: bool = False  # for spf: the domain is that of HELO, which counts for the null sender only


@dataclass(frozen=True, slots=True)
class AuthResult:
    """Whether the sender is who he says (4.1), before any proof is looked at."""

    authenticated: bool
    how: str  # in words, for the reasons: "the client 127.0.0.1 is in trust.networks"
    results: tuple[MethodResult, ...] = ()
    dmarc_fail: bool = False  # DMARC failed where the domain asks for reject or quarantine (4.6)
