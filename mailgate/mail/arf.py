"""Complaints: feedback reports in the text of a mail, where the sender does not write RFC 5965 (its form proper is seen by its types).

Laws: linear; at most `LIMIT` characters; a person who quotes a report is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Collection

LIMIT = 8000  # characters

TYPES = ("message/feedback-report", "message/x-arf", "message/feedback-report+json")
_FIELD = re.compile(
    r"(?m)^feedback-type: ?(?:abuse|auth-failure|fraud|not-spam|opt-out|opt-out-list|virus|miscategorized|other)\b",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"(?m)^(?:user-agent|version|original-mail-from|original-rcpt-to|source-ip|reported-domain|arrival-date|received-date): ?\S",
    re.IGNORECASE,
)
_HOTMAIL = re.compile(
    r"complaint about message from (?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{3,39})\b", re.IGNORECASE
)
_AOL = re.compile(r"e-?mail feedback report for ip ", re.IGNORECASE)
_PROVIDERS = (
    "staff@hotmail.com",
    "scomp@aol.net",
    "fbl-no-reply@postmaster.aol.com",
    "feedback@arf.mail.yahoo.com",
    "complaints@email-abuse.amazonses.com",
)
_LOOPS = re.compile(
    r"(?:fbl|feedback|abuse|complaints?|arf|postmaster|mailer-daemon|no-?reply|scomp|staff|reports?|spam)\b"
)
_SPAMCOP = "@reports.spamcop.net"
_JUNK_MAIL_HEADER = re.compile(r"(?mi)^x-hmxmroriginalrecipient: ?\S")


def complaint(subject: str, senders: Collection[str], headers: Collection[str], text: str) -> str:
    """How a mail shows that it is a complaint about mail of ours; "" when it is none."""
    if "x-xarf" in headers:
        return "a complaint in the form X-ARF"
    text = text[:LIMIT]
    if any(sender in _PROVIDERS for sender in senders) and _complains(subject, text):
        return "a complaint of a mailbox provider, in its form without RFC 5965"
    if any(sender.endswith(_SPAMCOP) for sender in senders):
        return "a complaint of SpamCop"
    if (
        any(_LOOPS.match(sender) for sender in senders)
        and _FIELD.search(text)
        and len(_BESIDE.findall(text)) >= 2
    ):
        return "the fields of a feedback report (RFC 5965 §3) in its text"
    return ""


def _complains(subject: str, text: str) -> bool:
    named = _HOTMAIL.match(subject) or _AOL.match(subject)
    return bool(named or _JUNK_MAIL_HEADER.search(text) or _FIELD.search(text))
