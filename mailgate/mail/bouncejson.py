"""Bounces and complaints as Amazon's SES and SNS mail them: JSON in the text, usually a JSON object inside a string of another.

Laws: linear; at most `LIMIT` characters; never raises; None where the text holds no such notification.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from mailgate.mail.failure import Failure, clean, message_id

LIMIT = 65_536  # characters
RECIPIENTS = 500

_FOLDED = re.compile(r"!\r?\n ")  # how sendmail breaks a line over 998 octets
_KINDS = {"bounce": "bounce", "complaint": "complaint"}


@dataclass(slots=True)
class Notification:
    kind: str  # bounce | complaint | "" for any other, a delivery for one
    failures: list[Failure] = field(default_factory=list)
    message_id: str = ""


def read(text: str) -> Notification | None:
    """The notification in a text, if there is one; of what kind its reader asks."""
    start = text.find("{", 0, 4000)
    if start < 0 or not ("notificationType" in text[:LIMIT] or "eventType" in text[:LIMIT]):
        return None
    found = _object(_FOLDED.sub("", text[start:LIMIT]))
    inner = found.get("Message")
    if isinstance(inner, str):
        found = _object(inner)
    elif isinstance(inner, dict):
        found = inner
    kind = _KINDS.get(_text(found.get("notificationType") or found.get("eventType")).lower(), "")
    if not kind:
        return Notification("") if found else None
    about = _dict(found.get(kind))
    failed = about.get("bouncedRecipients") or about.get("complainedRecipients")
    transient = _text(about.get("bounceType")).lower() == "transient"
    failures = [
        Failure(
            clean(_text(one.get("emailAddress"))),
            "failed",
            _text(one.get("status")) or ("4.0.0" if transient else ""),
            _text(one.get("diagnosticCode")).partition("; ")[2] or _text(one.get("diagnosticCode")),
        )
        for one in _list(failed)[:RECIPIENTS]
        if isinstance(one, dict)
    ]
    return Notification(kind, failures, _message_id(_dict(found.get("mail"))))


def _message_id(mail: dict[str, Any]) -> str:
    """The Message-ID of the mail that bounced; `messageId` beside it is Amazon's own."""
    common = message_id(_text(_dict(mail.get("commonHeaders")).get("messageId")))
    headers = [one for one in _list(mail.get("headers"))[:200] if isinstance(one, dict)]
    listed = next(
        (_text(one.get("value")) for one in headers if _text(one.get("name")).lower() == "message-id"), ""
    )
    return message_id(listed) or common


def _object(text: str) -> dict[str, Any]:
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return _dict(found)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
