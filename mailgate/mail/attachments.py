"""The files of a message as values, and their bytes by part path (rule 3.4)."""

from __future__ import annotations

import hashlib
import re

from mailgate.mail import filename, header, mime, section, sniff, tnef, transfer
from mailgate.mail.mime import Message, Part
from mailgate.model import Attachment

MAX_NESTED_HEADER = 65_536  # bytes of a forwarded mail that are read for its subject
MAX_CONTENT_ID = 250

_SIGNATURES = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/x-pgp-signature",
    }
)
_REPORTS = frozenset(
    {
        "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
        "message/global-disposition-notification", "message/feedback-report",
    }
)  # fmt: skip
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_CALENDARS = frozenset({"text/calendar", "application/ics"})
_REPLY = re.compile(rb"(?im)^METHOD:\s*REPLY\s*$")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,3}$")
_MAILS = frozenset({"message/rfc822", "message/global", "message/news"})


class Files:
    """Collects the attachments of one message under unique names."""

    def __init__(self, message: Message, cids: frozenset[str]) -> None:
        self.message = message
        self.cids = cids
        self.found: list[Attachment] = []
        self.tnef_text = ""  # of the first winmail.dat that has one
        self.tnef_html = ""
        self.hashes: list[
            str
        ] = []  # of the decoded bytes, with line ends of LF where the encoding leaves them open
        self._names: dict[str, int] = {}
        self._calendars: set[str] = set()

    def add(self, part: Part) -> None:
        data = self.message.body(part)
        if is_tnef(part) and (opened := tnef.read(data)) is not None:
            self._open(part, data, opened)
        else:
            self._keep(
                part.path, data, part.type, _name(part, self.message), _content_id(part), _ignored(part, data)
            )

    def _open(self, part: Part, data: bytes, opened: tnef.Contents) -> None:
        self._keep(part.path, data, part.type, part.filename, "", "winmail.dat wrapper")
        self.tnef_text = self.tnef_text or opened.text
        self.tnef_html = self.tnef_html or opened.html
        for number, file in enumerate(opened.files, 1):
            self._keep(
                f"{part.path}/winmail/{number}", file.data, file.declared_type, file.name, file.content_id, ""
            )
        if opened.defect:
            self.message.defect(opened.defect)

    def _keep(self, path: str, data: bytes, declared: str, name: str, content_id: str, ignored: str) -> None:
        media_type = sniff.content_type(data, declared, name)
        digest = hashlib.sha256(data).hexdigest()
        if declared in _CALENDARS and not ignored:
            if digest in self._calendars:
                ignored = "the same calendar part again"
            self._calendars.add(digest)
        self.found.append(
            Attachment(
                part=path,
                filename=self._unique(name, media_type),
                content_type=media_type,
                declared_type=declared,
                size=len(data),
                sha256=digest,
                md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
                content_id=content_id,
                inline=bool(content_id) and content_id in self.cids,
                ignored=ignored,
            )
        )
        self.hashes.append(
            hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest() if b"\r\n" in data else digest
        )

    def _unique(self, name: str, media_type: str) -> str:
        safe = (
            filename.safe(name)
            if name.strip()
            else f"attachment-{len(self.found) + 1}.{sniff.extension(media_type)}"
        )
        return filename.unique(safe, self._names)


def is_tnef(part: Part) -> bool:
    return part.type in _TNEF or part.filename.lower() == "winmail.dat"


def _content_id(part: Part) -> str:
    value = header.text(part.value("content-id"), encoded=False).strip("<> ")
    return value if len(value) <= MAX_CONTENT_ID and value.isprintable() else ""


def _ignored(part: Part, data: bytes) -> str:
    """Why a part never counts, "" when it does."""
    name = part.filename.lower()
    if part.type in _SIGNATURES or (name in ("smime.p7s", "signature.asc") and len(data) < 65_536):
        return "signature part"
    if part.type == "application/pgp-encrypted":
        return "PGP version part"
    if part.type in _REPORTS:
        return "report part"
    if part.type in ("application/applefile", "application/mac-binhex40") and not name:
        return "Macintosh resource part"
    if part.type in _CALENDARS and (
        part.params.get("method", "").upper() == "REPLY" or _REPLY.search(data, 0, 4096)
    ):
        return "calendar reply"
    return ""


def _name(part: Part, message: Message) -> str:
    """The name as given, or what a forwarded mail or a uuencoded file is called inside; "" when there is none."""
    if part.type in _MAILS:
        name = part.filename or forwarded_subject(message.body(part))
        return (
            name
            if not name or (part.filename and _EXTENSION.search(name))
            else name[:140].replace("/", "-") + ".eml"
        )
    if not part.filename and part.encoding == "uuencode":
        return header.text(transfer.uudecode(message.raw[part.start : part.end])[0])
    return part.filename


def forwarded_subject(data: bytes) -> str:
    fields = section.fields_of(data[:MAX_NESTED_HEADER])
    return next((header.text(value) for name, value in fields if name == "subject"), "")


def bytes_of(message: Message, path: str) -> bytes:
    """The decoded bytes of a part, or of a file inside winmail.dat. KeyError when there is none."""
    outer, _, number = path.partition("/winmail/")
    part = next((leaf for leaf in mime.leaves(message.root) if leaf.path == outer), None)
    if part is None:
        raise KeyError(path)
    data = message.body(part)
    if not number:
        return data
    opened = tnef.read(data)
    if opened is None or not number.isdecimal() or not 0 < int(number) <= len(opened.files):
        raise KeyError(path)
    return opened.files[int(number) - 1].data
