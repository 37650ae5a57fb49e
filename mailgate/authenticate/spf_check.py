"""SPF (RFC 7208) over a given resolver: pyspf reads the records, what it asks and how much is ours to say.

What differs from pyspf: DNS and its errors (§4.6.4, §5.5), the domain of a sender with two "@", the spelling of modifiers
and macros (§6, §7.1), names longer than DNS allows (§7.3), explanations (§6.2: never asked for, nobody reads a
stranger's text), and records of hostile size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import spf

from mailgate.authenticate.resolver import MAX_NAME, Lookups, Outcome, plain_name

MAX_RECORD = 8_192  # characters; §3.4 asks for 450, the longest in use are below 4,096
MAX_SENDER = 512  # octets, RFC 5321 §4.5.3.1.3 and what SMTPUTF8 may add
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+\.?")
_VERSION = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)
_MODIFIER = re.compile(r"(?<= )(?:redirect|exp)=", re.IGNORECASE)
_MACRO = re.compile(r"%(?:[%_-]|\{[a-zA-Z](?!0)[0-9]{0,3}[rR]?[.+,/_=-]*\})")
_RESULTS = frozenset({"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"})


@dataclass(frozen=True, slots=True)
class Result:
    """`result` as in §2.6; `domain` is what it speaks of, in lower case."""

    result: str
    domain: str


def check(ip: IPv4Address | IPv6Address, mail_from: str, helo: str, lookups: Lookups) -> Result:
    """The MAIL FROM identity; with the null sender that of the HELO name (§2.4). Never raises."""
    local, _, domain = mail_from.rpartition("@")
    if not mail_from.strip("<>"):
        local, domain = "postmaster", helo
    domain = domain.removesuffix(".").lower()
    if len(mail_from) > MAX_SENDER or not plain_name(domain) or not _HOST.fullmatch(domain):
        return Result("none", domain[:MAX_NAME])  # §4.3: no domain to ask about
    try:
        query = _Query(lookups, str(ip), local or "postmaster", domain, helo[:MAX_NAME])
        result = query.check()[0]
    except Exception:  # noqa: BLE001  (pyspf meets records that it was not written for; they are malformed)
        result = "permerror"
    return Result(result if result in _RESULTS else "permerror", domain)


class _Query(spf.query):  # type: ignore[misc]
    """One question of pyspf, which knows the client, sender and HELO by one-letter names (§7.2)."""

    def __init__(self, lookups: Lookups, ip: str, local: str, domain: str, helo: str) -> None:
        super().__init__(i=ip, s=f"{local}@{domain}", h=helo, strict=True)
        self.l, self.o, self.d = local, domain, domain
        self.lookups_of_mail = lookups

    def dns(
        self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False
    ) -> list[str] | list[tuple[bytes]] | list[tuple[int, str]]:
        """What pyspf wants of DNS. Two questions without an answer are allowed (§4.6.4)."""
        if not plain_name(name):
            return []
        answer = self.lookups_of_mail.ask(name, qtype)  # type: ignore[arg-type]
        if answer.outcome is Outcome.TEMPORARY:
            raise spf.TempError("DNS does not answer", name)
        if not answer.records and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("more than two questions without an answer", name)
        if qtype == "TXT":
            return [(_record(text),) for text in answer.records if _VERSION.match(text)]
        if qtype == "MX":
            return list(enumerate(answer.records))
        return list(answer.records)

    def validated_ptrs(self) -> list[str]:
        """§5.5: at most ten names; where DNS is in trouble nothing matches, and a name is passed over."""
        names: list[str] = []
        try:
            candidates = self.dns_ptr(self.i)[: spf.MAX_PTR]
        except spf.TempError:
            return self._unless_spent(names)
        for name in candidates:
            try:
                if self.cidrmatch(self.dns_a(name, self.A), self.cidrmax):
                    names.append(name)
            except spf.TempError:
                self._unless_spent(names)
        return names

    def _unless_spent(self, names: list[str]) -> list[str]:
        if self.lookups_of_mail.spent:
            raise spf.TempError("no time is left")
        return names

    def get_explanation(self, spec: str) -> None:
        return None

    def note_error(self, *why: str) -> object:
        """§6: only redirect and exp may not stand twice; what we do not know is ignored, however often."""
        if why[0].endswith("MUST appear at most once") and not why[0].startswith("exp="):
            return None
        return super().note_error(*why)

    def expand(self, s: str, stripdot: bool = True) -> str:
        """§7.1: each "%" belongs to a macro. §7.3: labels go from the left until the name is short enough."""
        if "%" in _MACRO.sub("", s):
            raise spf.PermError("a macro is malformed", s)
        name: str = super().expand(s, stripdot)
        if len(name) > MAX_NAME and "." in name[-MAX_NAME - 1 :]:
            name = name[-MAX_NAME - 1 :].partition(".")[2]
        return name


def _record(text: str) -> bytes:
    if len(text) > MAX_RECORD:
        raise spf.PermError("the record is too long")
    return _MODIFIER.sub(lambda name: name[0].lower(), text).encode("latin-1")
