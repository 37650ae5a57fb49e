"""Signed reply addresses and Message-IDs: one minting and one verifying function in the whole house (2.1, 2.2).

A token is base32 (RFC 4648 §6, lower case, no padding) over

    head     4 octets: purpose (3 bits), hours since 1970 (21 bits), id of the key (8 bits)
    fields   ticket, person, serial as varints, those only that the purpose has (`_FIELDS`)
    mac      16 octets: HMAC-SHA-256 over label, head and fields, truncated (RFC 2104 §5)

Laws: there is exactly one text for a claim, letter case aside (relays change it); whatever is not one of our
texts is None, never an error; no secret and no token goes into a repr or a log.
"""

from __future__ import annotations

import hmac
from base64 import b32decode
from binascii import Error as NotBase32
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from mailgate.mail.addrspec import normalise
from mailgate.model import Key, Purpose, TokenClaim

MAC = 16  # octets: 128 bits
HEAD = 4
MAX_IN_ADDRESS = 50  # characters: 64 of a local part (RFC 5321 §4.5.3.1.1) less 13 of the name and the "+"
MAX = 80  # characters of any token: the longest Message-ID has 76
MAX_ADDRESS = 512  # characters of an address worth looking at

_LABEL = b"mailgate token 1\x00"
# the place is its number inside the token
_PURPOSES = (Purpose.REPLY, Purpose.MESSAGE, Purpose.BOUNCE, Purpose.TEAM, Purpose.LEAVE)
_FIELDS: dict[Purpose, tuple[str, ...]] = {
    Purpose.REPLY: ("ticket", "person"),
    Purpose.MESSAGE: ("ticket", "person", "serial"),
    Purpose.BOUNCE: ("serial",),
    Purpose.TEAM: ("ticket", "person"),
    Purpose.LEAVE: ("ticket", "person"),
}
_OF_A_TICKET = frozenset(purpose for purpose, fields in _FIELDS.items() if "ticket" in fields)
_OF_A_DELIVERY = frozenset(purpose for purpose, fields in _FIELDS.items() if "serial" in fields)
_DIGITS = b"abcdefghijklmnopqrstuvwxyz234567".ljust(256)
_ROOM = 128  # digits that `_base32` makes at once: a power of two, more than any token has
_HOURS = 1 << 21  # until the year 2209
_BIG = 1 << 63


def mint(key: Key, claim: TokenClaim) -> str:
    """The one text of a claim; `issued` counts to the hour.

    Raises ValueError for what a token cannot hold: a field that the purpose does not have, a number outside
    0…2^63-1, a time without zone or outside 1970…2209, another key than the claim names.
    """
    if claim.key != key.id:
        raise ValueError("the claim names another key")
    return _mint(key, claim.purpose, claim.ticket, claim.person, claim.serial, claim.issued)


def _mint(key: Key, purpose: Purpose, ticket: int, person: int, serial: int, issued: datetime) -> str:
    signed = _signed(purpose, ticket, person, serial, issued, key.id)
    return _base32(signed + _mac(key.secret, signed))


def verify(keys: Iterable[Key], text: str) -> TokenClaim | None:
    """What a token says, if one of the keys signed it; None for anything else. Linear, at most 80 characters.

    Retired keys verify too; whether the claim is too old is for the caller to judge (`expired`).
    """
    octets = _octets(text)
    if octets is None or len(octets) < HEAD + MAC:
        return None
    signed, mac = octets[:-MAC], octets[-MAC:]
    for key in keys:
        if key.id == signed[HEAD - 1] and hmac.compare_digest(_mac(key.secret, signed), mac):
            return _claim(signed)
    return None


def expired(claim: TokenClaim, now: datetime, days: float) -> bool:
    """Whether the token is older than `days` (`gateway.token_days`, or `token_days_closed` for a closed ticket)."""
    return now >= claim.issued + timedelta(days=days)


def claim_of_message_id(keys: Iterable[Key], message_id: str, domain: str) -> TokenClaim | None:
    """What an own Message-ID `<token@domain>` says (2.2); None for a foreign one."""
    if len(message_id) > MAX_ADDRESS or not (message_id.startswith("<") and message_id.endswith(">")):
        return None
    text, _, right = message_id[1:-1].rpartition("@")
    if right.lower() != domain.lower():
        return None
    claim = verify(keys, text)
    return claim if claim is not None and claim.purpose is Purpose.MESSAGE else None


def token_of(address: str, own: Collection[str]) -> str:
    """The text after the "+" of an own address, "" where there is none or the address is not ours.

    `address` as written; `own` in normal form (`Gateway.own_addresses`).
    """
    return _extension(address, own) or ""


def is_own(address: str, own: Collection[str]) -> bool:
    """Whether the address is ours, with or without "+something"."""
    return _extension(address, own) is not None


@dataclass(frozen=True, slots=True)
class Minter:
    """Makes every signed address and id that leaves the house. `address` is the gateway's, `domain` of its ids."""

    key: Key = field(repr=False)
    address: str
    domain: str

    def reply_address(self, ticket: int, person: int, purpose: Purpose, at: datetime) -> str:
        """`support+<token>@…` for Reply-To; the purpose is REPLY, or TEAM for a team and the notify list (4.5).

        The local part keeps within 64 octets while ticket < 2^35 and person < 2^42; ValueError beyond, and for
        another purpose.
        """
        if purpose not in (Purpose.REPLY, Purpose.TEAM):
            raise ValueError(f"{purpose.name} is no purpose of a reply address")
        return self._address(purpose, ticket, person, 0, at)

    def message_id(self, ticket: int, person: int, serial: int, at: datetime) -> str:
        """`<token@domain>` of one notification."""
        return f"<{_mint(self.key, Purpose.MESSAGE, ticket, person, serial, at)}@{self.domain}>"

    def return_path(self, serial: int, at: datetime) -> str:
        """The envelope sender of one delivery (VERP, 6.3): a bounce to it names the delivery."""
        return self._address(Purpose.BOUNCE, 0, 0, serial, at)

    def leave_address(self, ticket: int, person: int, at: datetime) -> str:
        """Mail to this address takes the recipient off the ticket."""
        return self._address(Purpose.LEAVE, ticket, person, 0, at)

    def _address(self, purpose: Purpose, ticket: int, person: int, serial: int, at: datetime) -> str:
        token = _mint(self.key, purpose, ticket, person, serial, at)
        if len(token) > MAX_IN_ADDRESS:
            raise ValueError("the numbers of the claim are too large for a local part of 64 octets")
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{token}@{domain}"


def _mac(secret: bytes, signed: bytes) -> bytes:
    return hmac.digest(secret, _LABEL + signed, "sha256")[:MAC]


def _signed(purpose: Purpose, ticket: int, person: int, serial: int, issued: datetime, key: int) -> bytes:
    if not 0 <= key <= 255:
        raise ValueError("the key of the claim is out of range")
    of_a_ticket, of_a_delivery = purpose in _OF_A_TICKET, purpose in _OF_A_DELIVERY
    if ((ticket or person) and not of_a_ticket) or (serial and not of_a_delivery):
        raise ValueError(
            f"a token with the purpose {purpose.name} holds {' and '.join(_FIELDS[purpose])} only"
        )
    signed = (_PURPOSES.index(purpose) << 29 | _hours(issued) << 8 | key).to_bytes(HEAD)
    if of_a_ticket:
        signed += _varint(ticket) + _varint(person)
    return signed + _varint(serial) if of_a_delivery else signed


@lru_cache(maxsize=16)  # all tokens of a batch are of one moment
def _hours(issued: datetime) -> int:
    if issued.tzinfo is None:
        raise ValueError("the time of a claim needs a zone")
    hours = int(issued.timestamp() // 3600)
    if not 0 <= hours < _HOURS:
        raise ValueError("the time of the claim is out of range")
    return hours


def _claim(signed: bytes) -> TokenClaim | None:
    """The other way round; None unless `_signed` would write the very same octets."""
    head = int.from_bytes(signed[:HEAD])
    if head >> 29 >= len(_PURPOSES):
        return None
    purpose = _PURPOSES[head >> 29]
    numbers, at = {"ticket": 0, "person": 0, "serial": 0}, HEAD
    for name in _FIELDS[purpose]:
        number, at = _read_varint(signed, at)
        if number is None:
            return None
        numbers[name] = number
    issued = datetime.fromtimestamp((head >> 8) % _HOURS * 3600, UTC)
    claim = TokenClaim(purpose, numbers["ticket"], numbers["person"], numbers["serial"], issued, head & 255)
    again = _signed(purpose, claim.ticket, claim.person, claim.serial, issued, claim.key)
    return claim if at == len(signed) and again == signed else None


@lru_cache(maxsize=256)  # the tokens of a mail hold the same numbers
def _varint(number: int) -> bytes:
    """Seven bits an octet, the lowest first, the top bit says that more follow."""
    if not 0 <= number < _BIG:
        raise ValueError("a number of the claim is outside 0…2^63-1")
    octets = bytearray()
    while number > 127:
        octets.append(number & 127 | 128)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def _read_varint(octets: bytes, at: int) -> tuple[int | None, int]:
    number = 0
    for place, octet in enumerate(octets[at : at + 9]):  # 9 × 7 = 63 bits
        number |= (octet & 127) << 7 * place
        if octet < 128:
            return number, at + place + 1
    return None, at


def _steps() -> Iterator[tuple[int, int]]:
    """For `_base32`: how far the upper halves of all blocks move up, and where they stand. From one block of all
    digits down to blocks of two."""
    bits = 5 * _ROOM // 2  # of half a block
    while bits >= 5:
        apart = bits * 8 // 5
        halves = range(bits, 2 * apart * (5 * _ROOM // bits // 2), 2 * apart)
        yield apart - bits, sum(((1 << bits) - 1) << at for at in halves)
        bits //= 2


_STEPS = tuple(_steps())


def _base32(octets: bytes) -> str:
    """A mail that goes out bears up to four tokens, so this is not the standard library's loop over digits, which
    takes twice as long: all digits of five bits are spread over octets of their own in seven steps, as one number."""
    number = int.from_bytes(octets.ljust(_ROOM * 5 // 8, b"\0"))
    for far, where in _STEPS:
        upper = number & where
        number ^= upper ^ upper << far
    return number.to_bytes(_ROOM).translate(_DIGITS)[: (8 * len(octets) + 4) // 5].decode("ascii")


def _octets(text: str) -> bytes | None:
    if not text or len(text) > MAX or not text.isascii():  # "K" (Kelvin sign) must not become "k"
        return None
    try:
        octets = b32decode(text.upper() + "=" * (-len(text) % 8))
    except NotBase32:
        return None
    return octets if _base32(octets) == text.lower() else None  # loose tail bits, "=" inside


def _extension(address: str, own: Collection[str]) -> str | None:
    """The part after "+" of an own address ("" without one), None where the address is not ours.

    An own address may hold a "+" itself: the longest own address that fits is taken.
    """
    local, at, domain = address.strip().rpartition("@") if len(address) <= MAX_ADDRESS else ("", "", "")
    if not at:
        return None
    at_domain = f"@{_ascii_domain(domain)}"
    own_locals = [mine[: -len(at_domain)] for mine in own if mine.endswith(at_domain)]
    if not own_locals:
        return None
    local = local.lower()
    rests = [local[len(own_local) :] for own_local in own_locals if local.startswith(own_local)]
    fitting = [rest for rest in rests if not rest or rest[0] == "+"]
    return min(fitting, key=len)[1:] if fitting else None


def _ascii_domain(domain: str) -> str:
    return domain.lower() if domain.isascii() else normalise(f"x@{domain}")[2:]
