"""When a delivery is tried again, and what a relay's answer means (RFC 5321 section 4.2, RFC 3463)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from mailgate.config import Relay

SPREAD = 0.25  # a delay varies by this share, so that a queue does not come back as one wave
_DOUBLINGS = 30  # 2^30 times any delay is past every max_retry

# The relay, or our login to it, is in trouble: no fault of the mail (RFC 5321 §3.8, RFC 4954 §6, RFC 7504 §3).
_DOWN = frozenset({0, 421})
_LOGIN = frozenset({432, 454, 521, 530, 534, 535, 538})
# What relays say to those for whom they do not relay; the codes differ, Postfix: 554 5.7.1, Exim: 550, Exchange: 550 5.7.54.
_NO_RELAY = re.compile(
    r"relay(?:ing)?(?: access)? (?:is )?(?:denied|not (?:permitted|allowed)|prohibited)|(?:unable|not (?:permitted|allowed)) to relay"
    r"|authentication (?:is )?required|sender .{0,80}not (?:owned|allowed)|\b5\.7\.54\b",
    re.IGNORECASE,
)
# What Postfix says of us at RCPT, where it says everything (smtpd_delay_reject); with 4xx it may be greylisting.
_REFUSES_US = re.compile(r"(?:sender address|client host|helo command) rejected", re.IGNORECASE)
_TOO_MANY = re.compile(r"too many recipients|\b[45]\.5\.3\b", re.IGNORECASE)
_OF_THIS_MAIL = re.compile(r"\b5\.(?:3\.4|2\.3|6\.\d{1,3})\b")  # its size, or its letters (RFC 3463)
_WORDS = 1000  # of an answer that are looked at


def read(code: int, text: str) -> str:
    """The answer to RCPT, DATA or the final dot as a type: "sent", "retry" (this mail, later), "failed" (this mail, for
    good), "denied" (the relay refuses what all our mails have in common), "down" (the relay itself; code 0 stands for a
    connection that failed). 552 for too many recipients means 452 (RFC 5321 4.5.3.1.10).
    """
    if code in _DOWN:
        return "down"
    if 200 <= code < 300:
        return "sent"
    if code in _LOGIN or (400 <= code < 600 and _NO_RELAY.search(text[:_WORDS])):
        return "denied"
    if 500 <= code < 600 and _REFUSES_US.search(text[:_WORDS]):
        return "denied"
    if 400 <= code < 500:
        return "retry"
    if code == 552 and _TOO_MANY.search(text[:_WORDS]):
        return "retry"
    if 500 <= code < 600:
        return "failed"
    return "down"  # no SMTP answer at all (RFC 5321 §4.2)


def read_mail_from(code: int, text: str) -> str:
    """The same for the answer to MAIL: nobody has been named yet whom the mail is for, so a refusal is of our sender or of
    us, but for its size and its letters."""
    if (
        500 <= code < 600
        and code not in _LOGIN
        and (code in (552, 555) or _OF_THIS_MAIL.search(text[:_WORDS]))
    ):
        return "failed"
    kind = read(code, text)
    return "denied" if kind in ("retry", "failed") else kind


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
