"""Mail bytes → ParsedMessage: the one front door (BEHAVIOUR §3, DESIGN §3).

Laws: never raises, whatever the bytes; linear; no value holds a surrogate or a NUL.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

from mailgate.mail import address, attachments, body, bounce, charset, date, header, language, mime, reply
from mailgate.mail.attachments import Files
from mailgate.mail.body import Body
from mailgate.mail.html import to_text
from mailgate.mail.mime import Message, Part
from mailgate.model import Address, ParsedMessage

MAX_VALUE = 4096  # characters of a header value that is kept
MAX_SPLIT = 200_000  # characters of the text in which quotes and a signature are looked for
MAX_GUESS = 20_000  # characters that tell the language
FALLBACK_TEXT = 4096  # bytes
MAX_HINT = 500  # characters of a header that may hint at a bounce
MAX_BOUNCE_TEXT = 65_536  # characters a part

# Fields of words, where encoded words are decoded. In all others they could only forge structure.
_WORDS = frozenset(
    {
        "subject", "comments", "keywords", "thread-topic", "content-description", "from", "sender", "reply-to", "to", "cc", "bcc",
        "organization", "resent-from", "resent-to", "resent-cc", "resent-sender", "x-original-subject", "x-sender",
        "disposition-notification-to", "mail-followup-to",
    }
)  # fmt: skip
# Who bounces, and what it is called. Only whether the reader of bounces is asked hangs on these words: it decides itself.
_BOUNCERS = re.compile(
    r"(?i)mail(?:er)?[-_ ]?daemon|postmaster|postmast\b|mail delivery|system administrator|^\s*<>\s*$"
)
_BOUNCED = re.compile(
    r"(?i)\s*(?:\W{0,3}|re:\s*)(?:undeliver|(?:mail )?delivery (?:status|fail|notif|has|problem)|returned mail|failure notice"
    r"|mail (?:delivery|could not)|message (?:delivery|could not)|warning: could not send|unzustellbar|non remis|no se puede entregar)"
)
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


@dataclass(slots=True)
class _Headers:
    """The first or all values of the top header, raw."""

    by_name: dict[str, list[bytes]]

    def raw(self, name: str) -> bytes:
        return self.by_name.get(name, (b"",))[0]

    def text(self, name: str, encoded: bool = True) -> str:
        return header.text(self.raw(name), encoded)

    def addresses(self, name: str) -> tuple[Address, ...]:
        values = self.by_name.get(name, ())
        return tuple(
            found for value in values for found in address.parse_list(header.text(value, encoded=False))
        )

    def ids(self, name: str) -> tuple[str, ...]:
        values = self.by_name.get(name, ())
        return (
            header.message_ids(" ".join(header.text(value, encoded=False) for value in values))
            if values
            else ()
        )


def _parse(raw: bytes) -> ParsedMessage:
    message = mime.split(raw)
    root = message.root
    by_name: dict[str, list[bytes]] = {}
    for name, value in root.fields:
        by_name.setdefault(name, []).append(value)
    headers = _Headers(by_name)
    content = body.read(message)
    files = Files(message, content.cids)
    for part in content.files:
        files.add(part)
    full_text = content.text or _tnef_text(files)
    subject = headers.text("subject")
    split = _split(full_text, subject)
    digest = hashlib.sha256(raw).hexdigest()
    from_values = headers.by_name.get("from", [])
    # a bare CR or a NUL within the value is a control character there, and stays one for the strict reader
    sender, sender_defect = address.single([_visible(value) for value in from_values])
    message_id = next(iter(headers.ids("message-id")), "")
    kept = tuple((name, header.text(value, name in _WORDS)[:MAX_VALUE]) for name, value in root.fields)
    parsed = ParsedMessage(
        size=len(raw),
        sha256=digest,
        content_key=_content_key(message_id, headers, message, content, files) if message_id else digest,
        message_id=message_id,
        in_reply_to=headers.ids("in-reply-to"),
        references=headers.ids("references"),
        date=date.parse(headers.text("date")),
        subject=subject,
        from_=headers.addresses("from"),
        sender=sender,
        sender_defect=sender_defect,
        from_raw=", ".join(value for name, value in kept if name == "from")[:MAX_VALUE],
        reply_to=headers.addresses("reply-to"),
        to=headers.addresses("to"),
        cc=headers.addresses("cc"),
        headers=kept,
        full_text=full_text,
        text=split.text,
        quoted=split.quoted,
        signature=split.signature,
        forwarded=split.forwarded,
        is_forward=split.is_forward,
        language=language.guess(split.text[:MAX_GUESS]),
        attachments=tuple(files.found),
        top_type=root.type,
        report_type=root.params.get("report-type", "").lower() if root.type == "multipart/report" else "",
        defects=tuple(message.defects),
    )
    if not _may_be_bounce(parsed, headers):
        return parsed
    return replace(parsed, bounces=bounce.read(_bounce_input(parsed, message, content)))


def _split(text: str, subject: str) -> reply.Split:
    """New text, quote and signature; of a very long text only the beginning is taken apart, the rest goes where that ends."""
    if len(text) <= MAX_SPLIT:
        return reply.split(text, subject)
    cut = text.rfind("\n", 0, MAX_SPLIT) + 1 or MAX_SPLIT
    split = reply.split(text[:cut], subject)
    if split.quoted:
        return replace(split, quoted=split.quoted + "\n" + text[cut:])
    return replace(split, text=split.text + "\n" + text[cut:])


def _visible(value: bytes) -> str:
    return charset.decode(header.unfold(value).replace(b"\0", b"\x01"))


def _tnef_text(files: Files) -> str:
    return files.tnef_text or (to_text(files.tnef_html).text if files.tnef_html else "")


def _content_key(message_id: str, headers: _Headers, message: Message, content: Body, files: Files) -> str:
    """Equal for the same mail, by whatever way it came (2.7): trace headers and line ends do not count."""
    digest = hashlib.sha256(message_id.encode())
    for name in ("from", "date", "subject"):
        digest.update(b"\0" + header.unfold(headers.raw(name)))
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


def _may_be_bounce(parsed: ParsedMessage, headers: _Headers) -> bool:
    """Whether anything hints at a bounce: the reader of bounces is never asked about ordinary mail (8.2)."""
    if parsed.top_type == "multipart/report" or "x-failed-recipients" in headers.by_name:
        return True
    return_path = headers.text("return-path", encoded=False)[:MAX_HINT]
    return bool(
        return_path == "<>"
        or _BOUNCERS.search(return_path)
        or _BOUNCERS.search(parsed.from_raw[:MAX_HINT])
        or _BOUNCED.match(parsed.subject[:MAX_HINT])
    )


def _part_text(message: Message, part: Part) -> str:
    return charset.decode(message.body(part)[:MAX_BOUNCE_TEXT], part.params.get("charset", ""))
