"""Signed tokens: what they are for, what they say, and the keys that sign them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Purpose(StrEnum):
    """What a signed token is for; the value is its letter inside the token."""

    REPLY = "r"  # Reply-To address of one person on one ticket
    MESSAGE = "m"  # Message-ID of one notification
    BOUNCE = "b"  # return path of one delivery
    TEAM = "t"  # reply address issued to a team or to the notify list: serves agents (4.5)
    LEAVE = "l"  # unsubscribe address of one recipient


@dataclass(frozen=True, slots=True)
class Key:
    """One signing key. The newest that is not retired mints, all verify until they expire."""

    id: int  # 0..255
    secret: bytes = field(repr=False)
    created: datetime
    retired: bool = False


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """What a token with a good signature says. Expiry is the caller's to judge, from `issued`."""

    purpose: Purpose
    ticket: int  # 0 where the purpose has none
    person: int  # id of the person or team it was issued to, 0 for none
    serial: int  # outbox id for MESSAGE and BOUNCE, else 0
    issued: datetime  # to the hour
    key: int
