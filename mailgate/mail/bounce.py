"""Bounces: RFC 3464 and 6522 first, then the words of older programs, then flufl.bounce (rule 8.2).

Laws: linear, at most `LIMIT` characters of each text are looked at; never raises; None means "this is no bounce", and
ordinary mail that quotes or tells of a bounce is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mailgate.mail import bouncejson, bouncelib, bouncestatus, bouncetext, daemon, dsn
from mailgate.mail.failure import Failure, addresses, message_id
from mailgate.mail.fields import Fields
from mailgate.model import BounceReport

LIMIT = dsn.LIMIT
MAX_DIAGNOSTIC = 1000  # characters

_REFUSED = re.compile(
    r"(?i)reject|refus|quota|rifiutat|abgelehnt|zurückgewiesen|rechazad|отклонен|odrzucon|afgewezen|avvist|afvist|avvisad"
)
_ID_IN_WORDS = re.compile(
    r"(?im)^[>\s]{0,9}(?:message-id|message id|id du message|nachrichten-id)\s{0,3}:\s{0,3}(<[^<>\s]{3,250}>)"
)


@dataclass(frozen=True, slots=True)
class BounceInput:
    """What mail/parse knows of a message that may be a bounce. All texts decoded."""

    top_type: str  # content type of the whole message, lower case
    report_type: str  # report-type parameter of the multipart, lower case
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
    headers = Fields(given.headers)
    text = given.text[:LIMIT]
    if given.report_type == "disposition-notification":
        return _refusal(given, headers, text)
    if given.report_type not in ("", "delivery-status"):
        return None
    if headers.first("x-amz-sns-message-id"):
        notified = bouncejson.read(text)
        if notified is None or notified.kind != "bounce":
            return None
        return _reports(notified.failures, given, headers, notified.message_id)
    machine = daemon.is_machine(headers, given.top_type, text)
    if not machine and given.top_type != "multipart/report":
        return None
    told = dsn.read(body for kind, body in given.parts if kind in daemon.STATUS_TYPES)
    if not told and machine:
        told = dsn.read([text, *(body for kind, body in given.parts if kind not in daemon.STATUS_TYPES)])
    if told:
        return _reports(_completed(told.failures, given, headers, text), given, headers, told.message_id)
    if not machine:
        return None
    found = bouncetext.read(headers, text, given.original_headers[:LIMIT])
    if found is not None:
        return _reports(found.failures, given, headers, found.message_id)
    return _reports(bouncelib.read(given.headers, given.top_type, given.parts), given, headers, "")


def _reports(
    failures: list[Failure], given: BounceInput, headers: Fields, told_id: str
) -> tuple[BounceReport, ...] | None:
    original = _original_id(given, headers, told_id) if failures else ""
    return (
        tuple(report(one.recipient, one.action, one.status, one.diagnostic, original) for one in failures)
        or None
    )


def report(recipient: str, action: str, status: str, diagnostic: str, original: str) -> BounceReport:
    """One report, with what follows from its codes: `permanent` is class 5 (RFC 3463 §2), `dead` as rule 8.2 has it."""
    failed = action != "delayed"
    status = bouncestatus.best(status, diagnostic, failed)
    if not action:
        failed = not status.startswith("4")
    expired = action == "expired" or bouncestatus.is_expired(status, diagnostic)
    permanent = status.startswith("5") if status else failed
    return BounceReport(
        recipient=recipient,
        action="delayed" if not failed else "expired" if expired else "failed",
        status=status,
        diagnostic=" ".join(diagnostic.split())[:MAX_DIAGNOSTIC],
        permanent=permanent,
        dead=failed and bouncestatus.is_dead(status, diagnostic),
        original_message_id=original,
    )


def _completed(failures: list[Failure], given: BounceInput, headers: Fields, text: str) -> list[Failure]:
    """The failures of the fields, with what only the words say: a recipient where none is named, a cause, a delay."""
    named = [one for one in failures if one.recipient]
    if failures and not named:
        found = bouncetext.read(headers, text, given.original_headers[:LIMIT])
        return found.failures if found is not None else failures
    delayed = any(not one.action for one in named) and bouncetext.is_delay(
        headers.first("subject"), bouncetext.part(text)[0]
    )
    for one in named:
        if not one.action and delayed:
            one.action = "delayed"
        if not one.diagnostic:
            one.diagnostic = bouncetext.diagnostic_of(one.recipient, text)
    return named


def _refusal(given: BounceInput, headers: Fields, text: str) -> tuple[BounceReport, ...] | None:
    """A refusal in the form of a disposition notification, as sieve's `reject` and full mailboxes give it (RFC 5429 §2.1).

    It says "deleted", as receipts of mail deleted unread do; what tells it from those is that it speaks of a refusal.
    """
    bodies = [body for kind, body in given.parts if kind == "message/disposition-notification"]
    fields = Fields.of(bodies[0][:LIMIT]) if bodies else Fields(())
    mode = fields.first("disposition").lower().replace(" ", "")
    automatic = headers.first("auto-submitted").lower()
    refused = "rejected" in automatic or bool(_REFUSED.search(headers.first("subject")[:200]))
    if not (refused and "automatic-action" in mode and "deleted" in mode and _REFUSED.search(text[:2000])):
        return None
    recipient = next(
        iter(addresses(fields.first("final-recipient") or fields.first("original-recipient"))), ""
    )
    words = " ".join(bouncetext.part(text)[0].split())[:MAX_DIAGNOSTIC]
    status = bouncestatus.best("", words) or "5.7.1"
    found = report(recipient, "failed", status, words, message_id(fields.first("original-message-id")))
    return (replace(found, dead=False),)


def _original_id(given: BounceInput, headers: Fields, told: str) -> str:
    """The id of the mail that bounced: its returned header, a field of the report, the words, what the bounce answers."""
    returned = Fields.of(given.original_headers[:LIMIT])
    words = _ID_IN_WORDS.search(given.text[:LIMIT])
    own = headers.first("message-id")
    candidates = (
        message_id(returned.first("message-id")),
        told,
        message_id(headers.first("x-original-message-id")),
        words[1] if words else "",
        message_id(headers.first("in-reply-to")),
    )
    return next((one for one in candidates if one and one != own), "")
