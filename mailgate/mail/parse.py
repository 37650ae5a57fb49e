"""Mail bytes → ParsedMessage: the one front door (BEHAVIOUR §3, DESIGN §3).

Laws: never raises, whatever the bytes; linear; no value holds a surrogate or a NUL.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from mailgate.mail import (
    attachments,
    body,
    bounce,
    charset,
    daemon,
    language,
    mime,
    reply,
)
from mailgate.mail.attachments import Files
from mailgate.mail.body import Body
from mailgate.mail.html import to_text
from mailgate.mail.letterhead import MAX_VALUE, Letterhead
from mailgate.mail.mime import Message, Part
from mailgate.mail.skeleton import skeleton
from mailgate.model import ParsedMessage

MAX_SPLIT = 100_000  # characters of the text in which quotes and a signature are looked for
FALLBACK_TEXT = 4096  # bytes
MAX_BOUNCE_TEXT = 65_536  # characters a part

_ORIGINALS = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
)


def parse(raw: bytes) -> ParsedMessage:
    """All that the rules may know of a message. Never raises."""
    try:
        return _parse(raw)
    except Exception as e:  # noqa: BLE001 - a mail that we cannot read still becomes a ticket (T19)
        return _fallback(
            raw, f"the message could not be read ({type(e).__name__}): its beginning is shown as it came"
        )


def read_part(raw: bytes, part: str) -> bytes:
    """The decoded bytes of an attachment by its part path. KeyError when there is none."""
    return attachments.bytes_of(mime.split(raw), part)


def _fallback(raw: bytes, defect: str) -> ParsedMessage:
    digest = hashlib.sha256(raw).hexdigest()
    text = charset.decode(raw[:FALLBACK_TEXT])
    return ParsedMessage(
        size=len(raw),
        sha256=digest,
        content_key=digest,
        sender_defect="the message could not be read",
        full_text=text,
        text=text,
        defects=(defect,),
    )


def _parse(raw: bytes) -> ParsedMessage:
    message = mime.split(raw)
    root = message.root
    headers = Letterhead(root)
    content = body.read(message)
    files = Files(message, content)
    full_text = content.text or _tnef_text(files)
    subject = headers.text("subject")
    digest = hashlib.sha256(raw).hexdigest()
    sender, sender_defect = headers.sender()
    for odd in headers.oddities():
        message.defect(odd)
    answers = "in-reply-to" in headers.by_name or "references" in headers.by_name
    split = _split(full_text, subject, sender.name if sender else "", answers)
    message_id = next(iter(headers.ids("message-id")), "")
    parsed = ParsedMessage(
        size=len(raw),
        sha256=digest,
        content_key=_content_key(message_id, headers, message, content, files) if message_id else digest,
        message_id=message_id,
        in_reply_to=headers.ids("in-reply-to"),
        references=headers.ids("references"),
        date=headers.date(),
        subject=subject,
        from_=headers.addresses("from"),
        sender=sender,
        sender_defect=sender_defect,
        from_raw=", ".join(value for name, value in headers.kept if name == "from")[:MAX_VALUE],
        reply_to=headers.addresses("reply-to"),
        to=headers.addresses("to"),
        cc=headers.addresses("cc"),
        headers=headers.kept,
        full_text=full_text,
        text=split.text,
        quoted=split.quoted,
        signature=split.signature,
        forwarded=split.forwarded,
        is_forward=split.is_forward,
        language=language.guess(split.text),
        attachments=tuple(files.found),
        top_type=root.type,
        report_type=root.params.get("report-type", "").lower() if root.type.startswith("multipart/") else "",
        defects=tuple(message.defects),
        skeleton=skeleton(split.text, (f.sha256 for f in files.found if not (f.inline or f.ignored))),
    )
    if not _may_be_bounce(parsed, headers, content):
        return parsed
    return replace(parsed, bounces=bounce.read(_bounce_input(parsed, message, content)))


def _split(text: str, subject: str, name: str, answers: bool) -> reply.Split:
    """New text, quote and signature; of a very long text only the beginning is taken apart, the rest goes where that ends."""
    if len(text) <= MAX_SPLIT:
        return reply.split(text, subject, name, answers)
    cut = text.rfind("\n", 0, MAX_SPLIT) + 1 or MAX_SPLIT
    split = reply.split(text[:cut], subject, name, answers)
    if split.quoted:
        return replace(split, quoted=split.quoted + "\n" + text[cut:])
    return replace(split, text=split.text + "\n" + text[cut:])


def _tnef_text(files: Files) -> str:
    return files.tnef_text or (to_text(files.tnef_html) if files.tnef_html else "")


def _content_key(message_id: str, headers: Letterhead, message: Message, content: Body, files: Files) -> str:
    """Equal for the same mail, by whatever way it came (2.7): trace headers and line ends do not count."""
    digest = hashlib.sha256(message_id.encode())
    for name in ("from", "date", "subject"):
        digest.update(b"\0" + headers.raw(name))
    for part in content.texts:
        digest.update(b"\0" + message.body(part).replace(b"\r\n", b"\n").rstrip())
    for file in files.hashes:
        digest.update(file.encode())
    return digest.hexdigest()


def _bounce_input(parsed: ParsedMessage, message: Message, content: Body) -> bounce.BounceInput:
    shown = [*content.texts, *content.files]
    parts = tuple(
        (part.type, _part_text(message, part))
        for part in shown[:20]
        if part.type.startswith(("text/", "message/"))
    )
    originals = (
        text.replace("\r\n", "\n").partition("\n\n")[0] for kind, text in parts if kind in _ORIGINALS
    )
    return bounce.BounceInput(
        top_type=parsed.top_type,
        report_type=parsed.report_type,
        headers=parsed.headers,
        text=parsed.full_text[:MAX_BOUNCE_TEXT],
        parts=parts,
        original_headers=next(originals, ""),
    )


def _may_be_bounce(parsed: ParsedMessage, headers: Letterhead, content: Body) -> bool:
    """Whether anything hints at a bounce: the reader of bounces is never asked about ordinary mail (8.2)."""
    return daemon.hinted(
        parsed.top_type,
        headers.by_name.keys(),
        headers.text("return-path", encoded=False),
        parsed.from_raw,
        parsed.subject,
        [part.type for part in content.files],
        parsed.full_text,
    )


def _part_text(message: Message, part: Part) -> str:
    return charset.decode(message.body(part)[:MAX_BOUNCE_TEXT], part.params.get("charset", ""))
