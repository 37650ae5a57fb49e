"""A Decision as the JSON that the ledger keeps and `explain` shows, without the texts, which stand in the comments."""

from __future__ import annotations

from typing import Any

from mailgate.model import Address, Decision, ParsedMessage


def summary(decision: Decision, parsed: ParsedMessage | None) -> dict[str, Any]:
    """The keys of `explain --json` (DESIGN §6) that a decision and its message give."""
    return {
        "kind": decision.kind,
        "outcome": decision.outcome,
        "ticket": decision.ticket,
        "threaded_by": decision.threaded_by,
        "sender": _sender(decision, parsed),
        "title": decision.title or (decision.new_ticket.title if decision.new_ticket else ""),
        "language": parsed.language if parsed else "",
        "recipients": [{"address": r.address, "state": r.state, "why": r.why} for r in decision.recipients],
        "attachments": [
            {
                "filename": c.attachment.filename,
                "content_type": c.attachment.content_type,
                "size": c.attachment.size,
                "sha256": c.attachment.sha256,
                "part": c.attachment.part,
                "state": c.state,
                "why": c.why,
            }
            for c in decision.attachments
        ],
        "commands": [
            {"key": c.key, "value": c.value, "state": c.state, "why": c.why} for c in decision.commands
        ],
        "severity": decision.severity.word if decision.severity else None,
        "category": decision.category,
        "escalation": (
            {"level": decision.escalation.level, "asked_by": decision.escalation.asked_by}
            if decision.escalation
            else None
        ),
        "duplicate_of": decision.duplicate_of,
        "message": _message(parsed) if parsed else None,
        "defects": list(parsed.defects) if parsed else [],
        "would_send": [
            {"to": n.to, "template": n.template, "language": n.language} for n in decision.notices
        ],
    }


def _sender(decision: Decision, parsed: ParsedMessage | None) -> dict[str, Any]:
    sender = decision.sender or (parsed.sender if parsed else None)
    return {
        "address": sender.address if sender else "",
        "name": sender.name if sender else "",
        "trust": decision.trust,
        "auth": decision.auth,
    }


def _message(parsed: ParsedMessage) -> dict[str, Any]:
    def addresses(values: tuple[Address, ...]) -> list[str]:
        return [value.address for value in values]

    return {
        "message_id": parsed.message_id,
        "in_reply_to": list(parsed.in_reply_to),
        "references": list(parsed.references),
        "date": parsed.date.isoformat() if parsed.date else None,
        "from": parsed.sender.address if parsed.sender else "",
        "from_raw": parsed.from_raw,
        "reply_to": addresses(parsed.reply_to),
        "to": addresses(parsed.to),
        "cc": addresses(parsed.cc),
        "subject": parsed.subject,
    }
