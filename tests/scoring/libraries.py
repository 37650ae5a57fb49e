"""Other readers of mail over the same records, one a process: a JSON line in, a prediction as a JSON line out.

Each does what its documentation shows. A reader of replies gets the text that the standard library finds, or the HTML
converted by mailgate, so that it is judged by its own work alone.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
import hashlib
import json
import sys
from collections.abc import Callable
from typing import Any

Prediction = dict[str, Any]


def text_of(raw: bytes, form: str) -> str:
    """What a reader of replies gets to see."""
    from mailgate.mail.html import to_text

    if form == "text":
        return raw.decode("utf-8", "replace")
    if form == "html":
        return to_text(raw.decode("utf-8", "replace"))
    body = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain", "html"))  # type: ignore[attr-defined]
    if body is None:
        return ""
    content = body.get_content()
    return to_text(content) if body.get_content_subtype() == "html" else str(content)


def stdlib(raw: bytes, form: str) -> Prediction:
    """`email` with policy.default, as its documentation reads mail."""
    if form != "rfc822":
        return {"reply_text": text_of(raw, form)}
    message: Any = email.message_from_bytes(raw, policy=email.policy.default)
    found: Prediction = {}
    for name, read in _FIELDS.items():
        try:
            found[name] = read(message)
        except Exception:
            continue
    found["reply_text"] = found.get("text")
    return found


def _mailboxes(value: Any) -> list[str]:
    return [address.addr_spec for address in value.addresses] if value else []


def _files(message: Any) -> list[dict[str, Any]]:
    found = []
    for part in message.iter_attachments():
        data = part.get_payload(decode=True) or part.as_bytes()
        found.append({"name": part.get_filename(), "size": len(data), "md5": hashlib.md5(data).hexdigest()})
    return found


def _recipients(message: Any) -> list[dict[str, Any]]:
    """RFC 3464 fields, straight from the blocks of a message/delivery-status part."""
    found = []
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for block in part.get_payload():
                recipient = str(block["Final-Recipient"] or "").partition(";")[2].strip()
                status = str(block["Status"] or "")
                if recipient:
                    found.append({"recipient": recipient, "status": status, "permanent": status[:1] == "5",
                                  "action": str(block["Action"] or "")})  # fmt: skip
    return found


_FIELDS: dict[str, Callable[[Any], Any]] = {
    "subject": lambda m: str(m["subject"] or ""),
    "from": lambda m: m["from"].addresses[0].addr_spec,
    "from_name": lambda m: m["from"].addresses[0].display_name,
    "to": lambda m: _mailboxes(m["to"]),
    "cc": lambda m: _mailboxes(m["cc"]),
    "reply_to": lambda m: _mailboxes(m["reply-to"]),
    "date": lambda m: m["date"].datetime.isoformat() if m["date"] else None,
    "message_id": lambda m: str(m["message-id"] or ""),
    "text": lambda m: text_of(m.as_bytes(), "rfc822"),
    "attachments": _files,
    "bounces": _recipients,
    "is_bounce": lambda m: m.get_content_type() == "multipart/report" and m.get_param("report-type") == "delivery-status",
    "is_auto_reply": lambda m: str(m["auto-submitted"] or "").startswith("auto-replied"),
    "is_feedback_report": lambda m: m.get_param("report-type") == "feedback-report",
    "is_disposition_notification": lambda m: m.get_param("report-type") == "disposition-notification",
}  # fmt: skip


def quotequail(raw: bytes, form: str) -> Prediction:
    import quotequail as library

    from mailgate.mail.html import to_text

    if form == "html":
        html = raw.decode("utf-8", "replace")
        found = library.unwrap_html(html)
        return {"reply_text": to_text(found.get("html_top", "") if found else html)}
    text = text_of(raw, form)
    found = library.unwrap(text)
    return {
        "reply_text": found.get("text_top", "") if found else text,
        "quoted_text": found.get("text") if found else "",
    }


def mail_parser_reply(raw: bytes, form: str) -> Prediction:
    from mailparser_reply import EmailReplyParser
    from mailparser_reply.constants import MAIL_LANGUAGES

    languages = [language for language in MAIL_LANGUAGES if len(language) == 2]
    replies = EmailReplyParser(languages=languages).read(text_of(raw, form)).replies
    newest = replies[0] if replies else None
    return {
        "reply_text": newest.body if newest else "",
        "signature_text": newest.signatures if newest else "",
    }


def email_reply_parser(raw: bytes, form: str) -> Prediction:
    from email_reply_parser import EmailReplyParser

    message = EmailReplyParser.read(text_of(raw, form))
    return {
        "reply_text": message.reply,
        "signature_text": "\n".join(f.content for f in message.fragments if f.signature),
    }


def flufl_bounce(raw: bytes, form: str) -> Prediction:
    from flufl.bounce import all_failures

    if form != "rfc822":
        return {}
    temporary, permanent = all_failures(email.message_from_bytes(raw))
    bounces = [_bounced(address, permanent=False) for address in temporary]
    bounces += [_bounced(address, permanent=True) for address in permanent]
    return {"is_bounce": bool(bounces), "bounces": bounces}


def _bounced(address: bytes, *, permanent: bool) -> dict[str, Any]:
    action = "failed" if permanent else "delayed"
    return {
        "recipient": address.decode("utf-8", "replace"),
        "permanent": permanent,
        "action": action,
        "status": "",
    }


READERS: dict[str, Callable[[bytes, str], Prediction]] = {
    "stdlib": stdlib, "quotequail": quotequail, "mail-parser-reply": mail_parser_reply, "email-reply-parser": email_reply_parser,
    "flufl.bounce": flufl_bounce,
}  # fmt: skip


def main() -> None:
    read = READERS[sys.argv[1]]
    for line in sys.stdin:
        record = json.loads(line)
        try:
            with open(record["path"], "rb") as file:
                found = read(file.read(), record["format"])
        except Exception as e:
            found = {"failed": f"{type(e).__name__}: {e}"[:200]}
        print(json.dumps({"id": record["id"], **found}, default=str), flush=True)


if __name__ == "__main__":
    main()
