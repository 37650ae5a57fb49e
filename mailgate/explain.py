"""What would happen to a mail and why (rule 1.5): everything a worker does up to the decision, and nothing after it.

Laws: nothing is written anywhere; without a database the people come from the people file; mail is taken apart in
parser processes with limits, so that a hostile one costs its own line and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailgate.config import Config
from mailgate.mail import address, token
from mailgate.model import (
    Address,
    Attachment,
    AttachmentState,
    AuthResult,
    Decision,
    Envelope,
    Facts,
    Key,
    ParsedMessage,
    Questions,
)
from mailgate.rules import decide, thread

# Headers in which the mail servers before us wrote whom a mail was for, the surest first.
RECIPIENT_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
NO_COMMENT = "nothing of this message goes on a ticket"
KEYS = (
    "file", "kind", "outcome", "reasons", "ticket", "threaded_by", "sender", "title", "text", "quoted", "signature", "full_text",
    "forwarded", "language", "recipients", "attachments", "commands", "severity", "category", "escalation", "bounce", "message",
    "defects", "would_send",
)  # fmt: skip
# What of a stored message's explanation was fixed when it was decided.
RECORDED = (
    "threaded_by",
    "sender",
    "title",
    "recipients",
    "commands",
    "severity",
    "category",
    "escalation",
    "would_send",
)

FactsOf = Callable[[Questions], Facts]


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller says of the envelope; None and () mean: read it from the headers."""

    mail_from: str | None = None
    rcpt_to: tuple[str, ...] = ()
    peer: str = ""  # an IP address makes it a mail by SMTP from there, else it came by a pipe
    dns: bool = False  # whether the host's name servers are asked about senders


def envelope_of(parsed: ParsedMessage, options: Options, now: datetime, config: Config) -> Envelope:
    """The envelope that a stored file most likely had, with the first own address that the headers name."""
    return Envelope(
        id="explain",
        received=now,
        door="smtp" if options.peer else "pipe",
        mail_from=_return_path(parsed) if options.mail_from is None else options.mail_from,
        rcpt_to=options.rcpt_to or (_own_recipient(parsed, config),),
        peer=options.peer,
    )


def _return_path(parsed: ParsedMessage) -> str:
    """From Return-Path (RFC 5321 section 4.4), which holds <> for the null sender; without one the author's address."""
    values = parsed.all_headers("return-path")
    if values:
        return values[0].strip().strip("<>").strip()
    return parsed.sender.address if parsed.sender else ""


def _own_recipient(parsed: ParsedMessage, config: Config) -> str:
    own = config.gateway.own_addresses
    for name in RECIPIENT_HEADERS:
        for value in parsed.all_headers(name):
            for mailbox in address.parse_list(value):
                if token.is_own(mailbox.address, own):
                    return mailbox.address
    return config.gateway.address


def decision_for(
    envelope: Envelope,
    parsed: ParsedMessage,
    keys: Sequence[Key],
    facts_of: FactsOf,
    now: datetime,
    config: Config,
    auth: AuthResult,
) -> Decision:
    """What the rules make of one message, with what is known of its sender (4.1)."""
    claims = thread.claims(envelope, parsed, keys, config)
    facts = facts_of(thread.questions(envelope, parsed, claims, config))
    return decide.decide(envelope, parsed, claims, auth, facts, now, config)


def as_json(name: str, parsed: ParsedMessage, decision: Decision) -> dict[str, Any]:
    """The explanation of one message, with every key whatever the message is."""
    escalation = decision.escalation
    chosen: dict[str, dict[str, Any]] = {
        c.attachment.part: {"state": c.state, "why": c.why} for c in decision.attachments
    }
    return _ordered(
        _said(name, parsed, chosen)
        | {
            "kind": decision.kind,
            "outcome": decision.outcome,
            "reasons": list(decision.reasons),
            "ticket": decision.ticket,
            "threaded_by": decision.threaded_by,
            "sender": _sender(decision),
            "title": decision.title or parsed.subject,
            "recipients": [
                {"address": r.address, "state": r.state, "why": r.why} for r in decision.recipients
            ],
            "commands": [
                {"key": c.key, "value": c.value, "state": c.state, "why": c.why} for c in decision.commands
            ],
            "severity": decision.severity.word if decision.severity else None,
            "category": decision.category,
            "escalation": {"level": escalation.level, "asked_by": escalation.asked_by}
            if escalation
            else None,
            "would_send": [
                {"to": n.to, "template": n.template, "language": n.language} for n in decision.notices
            ],
        }
    )


def recorded(name: str, parsed: ParsedMessage, row: Mapping[str, Any]) -> dict[str, Any]:
    """The explanation of a stored message: what it says, and the outcome and reasons on record.

    `row`: kind, outcome, reasons, ticket and decision (what store/summary made) of the ledger.
    """
    kept = row["decision"]
    chosen = {each["part"]: {"state": each["state"], "why": each["why"]} for each in kept["attachments"]}
    of_decision = {key: kept[key] for key in RECORDED if key in kept}
    of_row = {key: row[key] for key in ("kind", "outcome", "reasons", "ticket")}
    return _ordered(_said(name, parsed, chosen) | of_decision | of_row)


def _ordered(explanation: dict[str, Any]) -> dict[str, Any]:
    return {key: explanation.get(key) for key in KEYS}


def _said(name: str, parsed: ParsedMessage, chosen: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """What the message itself says, and which of its files were chosen (by part)."""
    return {
        "file": name,
        "title": parsed.subject,
        "text": parsed.text,
        "quoted": parsed.quoted,
        "signature": parsed.signature,
        "full_text": parsed.full_text,
        "forwarded": _forwarded(parsed),
        "language": parsed.language,
        "attachments": [
            _attachment(each) | chosen.get(each.part, _by_itself(each)) for each in parsed.attachments
        ],
        "bounce": _bounce(parsed),
        "message": _message(parsed),
        "defects": list(parsed.defects),
    }


def _sender(decision: Decision) -> dict[str, Any]:
    sender = decision.sender or Address("")
    return {"address": sender.address, "name": sender.name, "trust": decision.trust, "auth": decision.auth}


def _forwarded(parsed: ParsedMessage) -> dict[str, str] | None:
    forward = parsed.forwarded
    if forward is None:
        return None
    return {
        "from": forward.from_,
        "to": forward.to,
        "subject": forward.subject,
        "date": forward.date,
        "text": forward.text,
    }


def _by_itself(each: Attachment) -> dict[str, Any]:
    """The state of a file that no rule chose, because its message goes on no ticket."""
    if each.inline:
        return {"state": AttachmentState.INLINE, "why": "shown inside the text"}
    return {"state": AttachmentState.IGNORED, "why": each.ignored or NO_COMMENT}


def _attachment(each: Attachment) -> dict[str, Any]:
    return {
        "filename": each.filename,
        "content_type": each.content_type,
        "size": each.size,
        "sha256": each.sha256,
        "md5": each.md5,
        "content_id": each.content_id,
        "part": each.part,
    }


def _bounce(parsed: ParsedMessage) -> list[dict[str, Any]] | None:
    if parsed.bounces is None:
        return None
    return [
        {
            "recipient": report.recipient,
            "action": report.action,
            "status": report.status,
            "diagnostic": report.diagnostic,
            "permanent": report.permanent,
            "dead": report.dead,
            "original_message_id": report.original_message_id,
        }
        for report in parsed.bounces
    ]


def _message(parsed: ParsedMessage) -> dict[str, Any]:
    author = parsed.sender or (parsed.from_[0] if parsed.from_ else Address(""))
    return {
        "message_id": parsed.message_id,
        "in_reply_to": " ".join(parsed.in_reply_to),
        "references": list(parsed.references),
        "date": parsed.date.isoformat() if parsed.date else None,
        "from": author.address,
        "from_name": author.name,
        "reply_to": [mailbox.address for mailbox in parsed.reply_to],
        "to": [mailbox.address for mailbox in parsed.to],
        "cc": [mailbox.address for mailbox in parsed.cc],
        "subject": parsed.subject,
    }
