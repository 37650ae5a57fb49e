"""Delivery status notifications: RFC 3464 and 6522 first, then the forms that older programs send (rule 8.2).

Laws: linear, at most `LIMIT` characters of each text are looked at; never raises; None means "this is no bounce", and
ordinary mail that quotes or tells of a bounce is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailgate.mail import bouncetext
from mailgate.mail.fields import Fields, groups
from mailgate.model import BounceReport

LIMIT = 65_536  # characters
RECIPIENTS = 500

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_NOT_BOUNCES = ("feedback-report", "disposition-notification")
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ADDRESS = re.compile(r"[^\s<>;,\"]{1,255}@[^\s<>;,\"]{1,255}")
_NONE_DEAD = re.compile(
    r"block|spam|blacklist|denied by policy|reputation|spf|dmarc|dkim|rate|quota|full|too many|sender",
    re.IGNORECASE,
)
_DEAD_CODES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
_TRY_AGAIN = re.compile(r"try again|temporar|timed? ?out", re.IGNORECASE)
_DEAD_WORDS = re.compile(
    r"user unknown|unknown user|user not exist|unknown or illegal alias|no mailbox here|unrouteable"
    r"|no such (?:user|recipient|mailbox|address|person|host|domain)|unknown (?:recipient|host|domain|local[- ]part)"
    r"|(?:user|recipient|address|mailbox|account|domain)(?: [\w@.<>-]{1,80})? (?:does not exist|doesn't exist|not found|unknown)"
    r"|does ?n[o']t (?:exist|have an? \S{1,60} account)|host (?:or domain name )?(?:not found|unknown)|no mx record"
    r"|invalid (?:recipient|mailbox|address)|recipient name is not recognized",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class BounceInput:
    """What mail/parse knows of a message that may be a bounce. All texts decoded."""

    top_type: str  # content type of the whole message, lower case
    report_type: str  # report-type parameter of multipart/report, lower case
    headers: tuple[tuple[str, str], ...]  # (lower-case name, decoded value)
    text: str  # the readable text
    parts: tuple[
        tuple[str, str], ...
    ]  # content type and text of every leaf, message/delivery-status included
    original_headers: (
        str  # header block of the returned mail (message/rfc822, text/rfc822-headers), "" when none
    )


def read(given: BounceInput) -> tuple[BounceReport, ...] | None:
    """The reports of a bounce, one a recipient; None when the mail is no bounce (a mere success report is none)."""
    if given.report_type in _NOT_BOUNCES:
        return None
    original = Fields.of(given.original_headers[:LIMIT])
    told = _standard(given, original.first("message-id"))
    if told is not None:
        return told or None
    headers = Fields(given.headers)
    found = bouncetext.read(headers, given.text[:LIMIT], given.top_type, given.original_headers[:LIMIT])
    if found is None:
        return None
    reports = tuple(
        report(failure.recipient, failure.action, failure.status, failure.diagnostic, found.message_id)
        for failure in found.failures[:RECIPIENTS]
    )
    return reports or None


def report(recipient: str, action: str, status: str, diagnostic: str, message_id: str) -> BounceReport:
    """One report, with what follows from its codes: `permanent` is class 5 (RFC 3463 §2), `dead` as rule 8.2 has it."""
    status = bouncetext.best_status(status, diagnostic)
    if not action:
        action = "delayed" if status.startswith("4") else "failed"
    permanent = status.startswith("5") if status else action == "failed"
    return BounceReport(
        recipient=recipient,
        action=action,
        status=status,
        diagnostic=" ".join(diagnostic.split())[:1000],
        permanent=permanent,
        dead=permanent and action == "failed" and _is_dead(status, diagnostic),
        original_message_id=message_id,
    )


def _is_dead(status: str, diagnostic: str) -> bool:
    """Whether the address does not exist. 5.1.7 and 5.1.8 speak of the sender, so not all of 5.1 counts."""
    if status in _DEAD_CODES:
        return not _NONE_DEAD.search(diagnostic) or bool(_DEAD_WORDS.search(diagnostic))
    vague = status in ("", "5.0.0", "5.1.0", "5.5.0", "5.3.0", "5.4.0", "5.1.351")
    return vague and bool(_DEAD_WORDS.search(diagnostic)) and not _TRY_AGAIN.search(diagnostic)


def _standard(given: BounceInput, message_id: str) -> tuple[BounceReport, ...] | None:
    """What message/delivery-status says (RFC 3464 §2.3); () when it tells of successes only; None when there is none."""
    texts = [text for content_type, text in given.parts if content_type in _STATUS_TYPES]
    reports: list[BounceReport] = []
    successes = 0
    for text in texts:
        for group in groups(text[:LIMIT]):
            recipient = _recipient(group)
            action = _word(group.first("action"))
            if not recipient and not action:
                continue
            if action in ("delivered", "relayed", "expanded"):
                successes += 1
                continue
            code = _CODE.search(group.first("status"))
            diagnostic = group.first("diagnostic-code").partition(";")[2] or group.first("diagnostic-code")
            one = report(
                recipient,
                action if action in _ACTIONS else "",
                code.group() if code else "",
                diagnostic,
                message_id,
            )
            if one.recipient not in {other.recipient for other in reports} and len(reports) < RECIPIENTS:
                reports.append(one)
    named = [one for one in reports if one.recipient]
    if named or successes:
        return tuple(named)
    return tuple(reports) if reports and not bouncetext.recipients(given.text[:LIMIT]) else None


def _recipient(group: Fields) -> str:
    for name in ("final-recipient", "original-recipient", "x-actual-recipient"):
        value = group.first(name)
        address = _ADDRESS.search(value.partition(";")[2] or value)
        if address:
            return address.group().strip("<>.'").lower()
    return ""


def _word(value: str) -> str:
    return value.partition("(")[0].strip().lower()
