"""Who sent it, a mail system or a person: the evidence without which nothing is a bounce (rule 8.2).

People forward bounces, paste them and ask about them; so the words alone never make one.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from mailgate.mail import bouncewords, locales
from mailgate.mail.fields import Fields

MAX = 500  # characters of a header value that are looked at
MAX_PERSONAL = 3000  # characters of a text

STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
# Fields that only a mail system's own messages bear.
MARKS = frozenset(
    {"x-failed-recipients", "x-ms-embedded-report", "x-dsncontext", "x-mx-bounce", "x-amz-sns-message-id"}
)
_DSN = "urn:content-classes:dsn"
_EMPTY = " <>\"'"
_NULL_PATHS = ("<>", "<#@[]>")
_REPLY = re.compile(
    r"\s*(?:\[[^\]]{0,60}\]\s*)?(?:re|aw|antw|sv|vs|fw|fwd|wg|tr|rv|rif|res|odp|ynt|回复|答复|转发|回覆|轉寄)(?:\[\d+\])?\s*[:：]"
)
_NOBODY = re.compile(r"no[-_.]?reply@|do[-_.]?not[-_.]?reply@")
_ORNAMENT = " \t\r\n*=-_#>|"


def hinted(
    top_type: str,
    fields: Collection[str],
    return_path: str,
    sender: str,
    subject: str,
    types: Collection[str],
    text: str,
) -> bool:
    """Whether anything hints at a bounce. Cheap, since it is asked of every mail; it may say yes too often."""
    return (
        top_type == "multipart/report"
        or not MARKS.isdisjoint(fields)
        or any(kind in types for kind in STATUS_TYPES)
        or _null(return_path)
        or _hinting_sender(sender[:MAX].casefold(), text)
        or _hinting_subject(subject[:MAX].casefold())
    )


def _hinting_sender(sender: str, text: str) -> bool:
    if not sender.strip(_EMPTY):
        return True
    if "reply@" in sender and _NOBODY.search(sender) and opens(text):
        return True
    return _names(sender, bouncewords.DAEMON_STEMS) and _names(
        sender, bouncewords.SURE_DAEMONS + bouncewords.DAEMONS
    )


def _hinting_subject(subject: str) -> bool:
    return not (subject.isascii() and not _names(subject, bouncewords.SUBJECT_STEMS)) and _names(
        _plain(subject), bouncewords.SUBJECTS
    )


def is_machine(headers: Fields, top_type: str, text: str) -> bool:
    """Whether a mail system sent it: a daemon by name, or two signs of one that people do not give together."""
    sender = headers.first("from")[:MAX].casefold()
    if _names(sender, bouncewords.SURE_DAEMONS) or headers.first("x-failed-recipients"):
        return True
    format_ = top_type == "multipart/report" or _DSN in headers.first("content-class").lower()
    if is_daemon(headers) or format_:
        null = _null(headers.first("return-path"))
        named = _names(sender, bouncewords.DAEMONS)
        told = is_failure(headers.first("subject")) and (null or format_ or not _is_personal(text))
        return told or opens(text) or [format_, null, named].count(True) >= 2
    automatic = headers.first("auto-submitted")[:40].lower().startswith(("auto-replied", "auto-generated"))
    bulk = headers.first("precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply")
    nobody = _NOBODY.search(sender) is not None
    return opens(text) and (nobody or ((automatic or bulk) and is_failure(headers.first("subject"))))


def is_daemon(headers: Fields) -> bool:
    """Whether the sender is no person by his name, his missing address, the null return path or a mail system's own field."""
    sender = headers.first("from")[:MAX].casefold()
    return (
        _names(sender, bouncewords.SURE_DAEMONS)
        or _names(sender, bouncewords.DAEMONS)
        or not sender.strip(_EMPTY)
        or _null(headers.first("return-path"))
        or any(headers.first(name) for name in MARKS)
    )


def _is_personal(text: str) -> bool:
    """Whether it greets, asks or takes its leave: postmasters are people too, who ask about their mail."""
    lines = [line.strip().casefold() for line in text[:MAX_PERSONAL].split("\n") if line.strip()]
    greets = bool(lines) and lines[0].startswith(bouncewords.GREETINGS) and not opens(text)
    return (
        greets or "?" in text[:MAX_PERSONAL] or any(line.rstrip(",.!") in locales.CLOSINGS for line in lines)
    )


def is_failure(subject: str) -> bool:
    """Whether a subject tells of a failed delivery and is nobody's reply or forward of one."""
    subject = _plain(subject)
    return _names(subject, bouncewords.SUBJECTS) and not _REPLY.match(subject)


def opens(text: str) -> bool:
    """Whether a text begins as the words of a bounce do."""
    return _plain(text[:MAX].lstrip(_ORNAMENT)).startswith(bouncewords.OPENINGS)


def _null(return_path: str) -> bool:
    """The null sender, or the name that some systems write for it."""
    path = return_path.strip().lower()
    return path in _NULL_PATHS or path.startswith(("<mailer-daemon", "mailer-daemon", "<>"))


def _plain(text: str) -> str:
    return " ".join(text[:MAX].casefold().replace("’", "'").split())


def _names(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)
