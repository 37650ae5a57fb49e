"""DKIM signatures of a message, each with its result (RFC 6376 §6; RFC 8301, RFC 8463).

Stricter than the RFC where a replayed mail could say more than was signed: a signature that leaves a part of the body
open (`l=`) or a second Subject, Cc or the like beside the signed one is a matter of policy, not a pass (§8.2, §8.15).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailgate.authenticate import tags
from mailgate.authenticate.canonical import Message, relaxed, simple
from mailgate.authenticate.dkim_key import PublicKey, Unusable, decode, parse_key
from mailgate.authenticate.resolver import Lookups, Outcome, plain_name
from mailgate.mail.addrspec import normalise

MAX_SIGNATURES = 5  # looked at, from the top; §6.1 lets a verifier choose
MAX_KEYS = 3  # records of one selector that are tried
MAX_FIELD = 32 * 1024  # octets of one DKIM-Signature
MAX_SIGNED = 500  # names in h=
FUTURE = 86_400.0  # seconds that a signer's clock may be ahead
LATE = 300.0  # seconds that ours may be, when a signature runs out

# What a reader shows or acts on once only; more of them than were signed is the known way to add words to a replay.
_ONCE = (
    b"subject", b"date", b"to", b"cc", b"reply-to", b"sender", b"message-id",
    b"content-type", b"content-transfer-encoding",
)  # fmt: skip
_REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")
_ALGORITHMS = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
_CANONICAL = {"simple", "relaxed"}
_NUMBER = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Signature:
    """`result` as in RFC 8601 §2.7.1; `verified` is also true of one that holds but covers too little (policy)."""

    result: str  # pass | fail | policy | neutral | temperror | permerror
    domain: str = ""  # d= as A-labels, "" where it cannot be read
    selector: str = ""
    why: str = ""
    verified: bool = False


class _Verdict(Exception):
    """The result of a signature that is not a pass."""

    def __init__(self, result: str, why: str, verified: bool = False) -> None:
        super().__init__(why)
        self.result, self.verified = result, verified


@dataclass(slots=True)
class _Parsed:
    """The tags of one DKIM-Signature (§3.5)."""

    algorithm: str = ""  # of the key: rsa | ed25519
    domain: str = ""
    selector: str = ""
    identity: str = ""  # the domain of i=, "" without one
    names: tuple[bytes, ...] = ()
    relaxed_header: bool = False
    relaxed_body: bool = False
    length: int | None = None
    body_hash: bytes = b""
    signature: bytes = b""


def verify(message: Message, lookups: Lookups, now: float) -> tuple[Signature, ...]:
    """The results of the topmost signatures, in order. `now` is when the message came in, in seconds since 1970."""
    if message.fields is None:
        return (Signature("permerror", why="the header section is malformed"),)
    found = message.named(b"dkim-signature")[:MAX_SIGNATURES]
    return tuple(_verify(message, field, lookups, now) for field in found)


def _verify(message: Message, field: bytes, lookups: Lookups, now: float) -> Signature:
    parsed = _Parsed()
    try:
        _read(parsed, field, now)
        _authors(message)
        whole = _body(message, parsed)
        _key(parsed, lookups, _signed(message, parsed, field))
        if not whole:
            raise _Verdict("policy", "l= leaves a part of the body unsigned", verified=True)
        _added(message, parsed)
    except _Verdict as verdict:
        return Signature(verdict.result, parsed.domain, parsed.selector, str(verdict), verdict.verified)
    except Unusable as e:
        return Signature(e.result, parsed.domain, parsed.selector, str(e))
    return Signature("pass", parsed.domain, parsed.selector, verified=True)


def _read(parsed: _Parsed, field: bytes, now: float) -> None:
    """§6.1.1: the tags of one signature."""
    pairs = tags.parse(field.partition(b":")[2].decode("latin-1")) if len(field) <= MAX_FIELD else None
    if pairs is None:
        raise _Verdict("permerror", "the signature is malformed")
    values = dict(pairs)
    if missing := [name for name in _REQUIRED if name not in values]:
        raise _Verdict("permerror", f"the signature lacks {missing[0]}=")
    if values["v"] != "1":
        raise _Verdict("permerror", "the signature is of another version")
    parsed.domain, parsed.selector = _domain(values["d"]), plain_name(values["s"])
    if not parsed.domain or not parsed.selector:
        raise _Verdict("permerror", "d= or s= is no name")
    if values["a"].lower() == "rsa-sha1":
        raise _Verdict("fail", "rsa-sha1 proves nothing any more (RFC 8301)")
    if values["a"].lower() not in _ALGORITHMS:
        raise _Verdict("neutral", "the algorithm is unknown")
    parsed.algorithm = _ALGORITHMS[values["a"].lower()]
    if "dns/txt" not in values.get("q", "dns/txt").lower().replace(" ", "").split(":"):
        raise _Verdict("neutral", "the key is not in DNS")
    _canonicalisation(parsed, values.get("c", "simple"))
    _identity(parsed, values.get("i", ""))
    _times(values, now)
    parsed.length = _number(values, "l")
    parsed.names = tuple(name.strip(tags.WHITE).lower().encode("latin-1") for name in values["h"].split(":"))
    if len(parsed.names) > MAX_SIGNED or b"from" not in parsed.names:
        raise _Verdict("permerror", "h= lacks From")
    parsed.body_hash, parsed.signature = decode(values["bh"]), decode(values["b"])


def _domain(text: str) -> str:
    """d= as A-labels (RFC 8616 §4 allows U-labels), "" for what is no domain of two labels at least."""
    try:
        text = text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return ""
    domain = plain_name(text) if text.isascii() else normalise(f"a@{text}").rpartition("@")[2]
    return domain if "." in domain and not {"[", "@"} & set(domain) else ""


def _canonicalisation(parsed: _Parsed, value: str) -> None:
    header, _, body = value.lower().partition("/")
    if header not in _CANONICAL or (body or "simple") not in _CANONICAL:
        raise _Verdict("neutral", "the canonicalisation is unknown")
    parsed.relaxed_header, parsed.relaxed_body = header == "relaxed", body == "relaxed"


def _identity(parsed: _Parsed, value: str) -> None:
    """§3.5 i=: of the same domain as d=, or of one below it."""
    if not value:
        return
    parsed.identity = _domain(value.rpartition("@")[2])
    if parsed.identity != parsed.domain and not parsed.identity.endswith("." + parsed.domain):
        raise _Verdict("permerror", "i= is not of the domain d=")


def _times(values: dict[str, str], now: float) -> None:
    signed, expires = _number(values, "t"), _number(values, "x")
    if signed is not None and signed > now + FUTURE:
        raise _Verdict("permerror", "the signature comes from the future")
    if signed is not None and expires is not None and expires < signed:
        raise _Verdict("permerror", "the signature ran out before it was made")
    if expires is not None and expires < now - LATE:
        raise _Verdict("fail", "the signature has run out")


def _number(values: dict[str, str], name: str) -> int | None:
    if name not in values:
        return None
    if not _NUMBER.fullmatch(values[name]):
        raise _Verdict("permerror", f"{name}= is no number")
    return int(values[name])


def _authors(message: Message) -> None:
    """§8.15: one From, and that one signed."""
    if len(message.named(b"from")) != 1:
        raise _Verdict("permerror", "not exactly one From")


def _added(message: Message, parsed: _Parsed) -> None:
    for name in _ONCE:
        if len(message.named(name)) > max(1, parsed.names.count(name)) and name in parsed.names:
            raise _Verdict("policy", f"more than one {name.decode()}, and not all signed", verified=True)


def _body(message: Message, parsed: _Parsed) -> bool:
    """Checks the body hash; whether the whole body is under it. Raises _Verdict."""
    size = len(message.relaxed_body if parsed.relaxed_body else message.simple_body)
    if parsed.length is not None and parsed.length > size:
        raise _Verdict("permerror", "l= is longer than the body")
    if message.body_hash(parsed.relaxed_body, parsed.length) != parsed.body_hash:
        raise _Verdict("fail", "the body was changed")
    return parsed.length is None or parsed.length == size


def _signed(message: Message, parsed: _Parsed, field: bytes) -> bytes:
    """§3.7: the signed fields, each name from the bottom up (§5.4.2), and the signature without its b=."""
    canonical = relaxed if parsed.relaxed_header else simple
    stacks = {name: list(message.named(name)) for name in set(parsed.names)}
    chosen = [stacks[name].pop() for name in parsed.names if stacks[name]]
    return b"".join(canonical(each) + b"\r\n" for each in chosen) + canonical(without_b(field))


def without_b(field: bytes) -> bytes:
    """The field with the value of b= taken out, and nothing else changed (§3.7)."""
    head, _, value = field.partition(b":")
    pieces = value.split(b";")
    for at, piece in enumerate(pieces):
        name, equals, _ = piece.partition(b"=")
        if equals and name.strip(b" \t\r\n") == b"b":
            pieces[at] = name + equals
    return head + b":" + b";".join(pieces)


def _key(parsed: _Parsed, lookups: Lookups, signed: bytes) -> None:
    """§6.1.2 and §6.1.3: some record of the selector verifies. Raises _Verdict and Unusable."""
    answer = lookups.ask(f"{parsed.selector}._domainkey.{parsed.domain}", "TXT")
    if answer.outcome is Outcome.TEMPORARY:
        raise _Verdict("temperror", "the key could not be asked for")
    if not answer.records:
        raise _Verdict("permerror", "there is no key")
    trouble: list[Exception] = []
    for record in answer.records[:MAX_KEYS]:
        try:
            return _holds(parsed, parse_key(record), signed)
        except (_Verdict, Unusable) as e:
            trouble.append(e)
    raise next((e for e in trouble if isinstance(e, _Verdict) and e.result == "fail"), trouble[0])


def _holds(parsed: _Parsed, key: PublicKey, signed: bytes) -> None:
    if key.algorithm != parsed.algorithm:
        raise _Verdict("permerror", "the key is for another algorithm")
    if key.strict and parsed.identity and parsed.identity != parsed.domain:
        raise _Verdict("permerror", "the key allows no sub-domain in i=")
    if not key.check(signed, parsed.signature):
        raise _Verdict("fail", "the signature does not hold")
