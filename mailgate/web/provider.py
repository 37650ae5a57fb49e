"""What every adapter to a provider of mail is: it checks who posts, and takes the raw mail out of what was posted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from mailgate.web import answers

# Providers try again with what they signed first, so a signature is good for as long as they do; `limits.Taken` is what
# keeps a second use of it from being a second mail.
MAX_AGE = 12 * 3600.0  # Mailgun: 8 hours, SNS: one
MAX_AHEAD = 300.0

Now = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail out of its wrapping. `name`: what makes this delivery one of its kind, "" where nothing does."""

    mail_from: str
    rcpt_to: tuple[str, ...]
    raw: bytes
    name: str = ""


class Provider(Protocol):
    """One for each provider that is set up."""

    name: str
    known: bool  # whether `greet` has made sure of the client before its body is read
    give_up: int  # the status after which it does not try again

    def limit(self, mail: int) -> int:
        """The largest body in which a mail of so many bytes may come."""
        ...

    def greet(self, headers: Mapping[str, str]) -> None:
        """Look at the headers, before the body is read. Raises Refusal."""
        ...

    async def unwrap(self, headers: Mapping[str, str], body: bytes) -> Delivery | None:
        """The mail; None for a request that holds none and is well. Raises Refusal, Transient."""
        ...


def fresh(timestamp: float, now: Now = time.time, most: float = MAX_AGE) -> None:
    """Raises Refusal (403) for what was signed too long ago, or in the future."""
    age = now() - timestamp
    if not -MAX_AHEAD <= age <= most:  # NaN is neither
        raise answers.forbidden("stale", "The signature is too old")


def text(value: Any) -> str:
    """A value of a form or of JSON as text; "" for what is none."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def mapping(body: bytes | str) -> dict[str, Any]:
    """A JSON object. Raises Refusal (400)."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as e:
        raise answers.bad("bad_json", "The body is not JSON") from e
    if not isinstance(found, dict):
        raise answers.bad("bad_json", "The body is no JSON object")
    return found


def inner(value: Any) -> dict[str, Any]:
    """An object inside of JSON; an empty one where there is none."""
    return value if isinstance(value, dict) else {}
