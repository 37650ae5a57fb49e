"""When a delivery is tried again, and what a relay's answer means (RFC 5321 section 4.2, RFC 3463)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from mailgate.config import Relay

SPREAD = 0.25  # a delay varies by this share, so that a queue does not come back as one wave
_DOUBLINGS = 30  # 2^30 times any delay is past every max_retry

# The relay, or our login to it, is in trouble: no fault of the mail (RFC 5321 §3.8, RFC 4954 §6, RFC 7504 §3).
_RELAY = frozenset({0, 421, 432, 454, 521, 530, 534, 535, 538})
_TOO_MANY = re.compile(r"too many recipients|\b[45]\.5\.3\b", re.IGNORECASE)


def read(code: int, text: str) -> str:
    """The answer as a type: "sent", "retry" (this mail, later), "failed" (this mail, for good), "down" (the relay
    itself; code 0 stands for a connection that failed). 552 for too many recipients means 452 (RFC 5321 4.5.3.1.10).
    """
    if code in _RELAY:
        return "down"
    if 200 <= code < 300:
        return "sent"
    if 400 <= code < 500:
        return "retry"
    if code == 552 and _TOO_MANY.search(text[:1000]):
        return "retry"
    if 500 <= code < 600:
        return "failed"
    return "down"  # no SMTP answer at all (RFC 5321 §4.2)


def next_attempt(
    attempt: int, created: datetime, now: datetime, relay: Relay, jitter: float
) -> datetime | None:
    """When to try after attempt number `attempt` (1 is the first); None once `relay.give_up_days` are over.

    `jitter` in 0…1. The delay doubles from `first_retry` to `max_retry`; the last attempt falls on the deadline.
    """
    deadline = created + timedelta(days=relay.give_up_days)
    if now >= deadline:
        return None
    delay = min(relay.first_retry * 2 ** min(max(attempt, 1) - 1, _DOUBLINGS), relay.max_retry)
    at = now + timedelta(seconds=delay * (1 - SPREAD + 2 * SPREAD * min(max(jitter, 0.0), 1.0)))
    return min(at, deadline)
