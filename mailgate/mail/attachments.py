"""The files of a message as values, and their bytes by part path (rule 3.4)."""

from __future__ import annotations

import hashlib
import re

from mailgate.mail import filename, header, mime, section, smime, sniff, tnef, transfer
from mailgate.mail.body import Body
from mailgate.mail.html import cids_of
from mailgate.mail.mime import Message, Part
from mailgate.model import Attachment

MAX_NESTED_HEADER = 65_536  # bytes of a forwarded mail that are read for its subject
MAX_CONTENT_ID = 250
MIN_LOCATION = 4  # characters of a Content-Location that is looked for in the HTML

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

    def __init__(self, message: Message, body: Body) -> None:
        self.message = message
        self.body = body
        self.cids = body.cids
        self.found: list[Attachment] = []
        self.tnef_text = ""  # of the first winmail.dat that has one
        self.tnef_html = ""
        self.hashes: list[
            str
        ] = []  # of the decoded bytes, with line ends of LF where the encoding leaves them open
        self._names: dict[str, int] = {}
        self._calendars: set[str] = set()
        for part in body.attachments:
            self._add(part)

    def _add(self, part: Part) -> None:
        data = self.message.body(part)
        if is_tnef(part) and (opened := tnef.read(data)) is not None:
            self._open(part, data, opened)
            return
        if locked := _encrypted(part, data):
            self.message.defect(f"encrypted ({locked}): its text could not be read")
        if part.type == "message/partial":
            self.message.defect("one piece of a message that was sent in pieces: they were not put together")
        ignored = self.body.listed.get(part.path, "") or _ignored(part, data)
        name, content_id = _name(part, self.message), self._content_id(part)
        exact = part.encoding == "base64" and not part.type.startswith(("text/", "message/"))
        self._keep(part.path, data, part.type, name, content_id, ignored, exact=exact)

    def _content_id(self, part: Part) -> str:
        """The Content-ID, or the Content-Location that stands for it where the HTML refers to the picture by that (RFC 2557)."""
        if content_id := header.text(part.value("content-id"), encoded=False).strip("<> "):
            return content_id if len(content_id) <= MAX_CONTENT_ID and content_id.isprintable() else ""
        place = header.text(part.value("content-location"), encoded=False)
        if MIN_LOCATION <= len(place) <= MAX_CONTENT_ID and place in self.body.html:
            self.cids |= {place}
            return place
        return ""

    def _open(self, part: Part, data: bytes, opened: tnef.Contents) -> None:
        self._keep(part.path, data, part.type, part.filename, "", "winmail.dat wrapper")
        self.cids |= cids_of(opened.html)
        self.tnef_text = self.tnef_text or opened.text
        self.tnef_html = self.tnef_html or opened.html
        for number, file in enumerate(opened.files, 1):
            self._keep(
                f"{part.path}/winmail/{number}", file.data, file.declared_type, file.name, file.content_id, ""
            )
        if opened.defect:
            self.message.defect(opened.defect)

    def _keep(
        self,
        path: str,
        data: bytes,
        declared: str,
        name: str,
        content_id: str,
        ignored: str,
        *,
        exact: bool = True,
    ) -> None:
        """`exact`: no relay can have changed its line ends."""
        media_type = sniff.content_type(data, declared, name)
        digest = hashlib.sha256(data).hexdigest()
        is_picture = media_type.startswith("image/") or declared.startswith("image/")
        if not ignored and is_picture and sniff.is_dot(data):
            ignored = "a picture of one pixel"
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
                inline=bool(content_id) and content_id in self.cids and is_picture,
                ignored=ignored,
            )
        )
        if path not in self.body.listed:
            unix = data.replace(b"\r\n", b"\n") if not exact and b"\r\n" in data else data
            self.hashes.append(digest if unix is data else hashlib.sha256(unix).hexdigest())

    def _unique(self, name: str, media_type: str) -> str:
        safe = (
            filename.safe(name)
            if name.strip()
            else f"attachment-{len(self.found) + 1}.{sniff.extension(media_type)}"
        )
        return filename.unique(safe, self._names)


def is_tnef(part: Part) -> bool:
    return part.type in _TNEF or part.filename.lower() == "winmail.dat"


def _encrypted(part: Part, data: bytes) -> str:
    """ "S/MIME" or "PGP" for a part that only its reader can open."""
    if part.type == "application/pgp-encrypted" and part.path.endswith("1"):
        return "PGP"
    return "S/MIME" if smime.is_wrapper(part.type, part.filename) and smime.kind(data) == "encrypted" else ""


def _ignored(part: Part, data: bytes) -> str:
    """Why a part never counts, "" when it does."""
    name = part.filename.lower()
    if part.type in _SIGNATURES or (name in ("smime.p7s", "signature.asc") and len(data) < 65_536):
        return "signature part"
    if part.type == "application/pgp-encrypted":
        return "PGP version part"
    if part.type == "application/pgp-keys" and name.startswith("openpgp_0x"):
        return "the sender's public key"
    if part.type == "message/external-body":
        place = part.params.get("url") or part.params.get("name") or part.params.get("site") or "?"
        return f"a pointer to a file elsewhere: {place[:200]}"
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
        return header.text(transfer.uudecode(part.source[part.start : part.end])[0])
    return part.filename


def forwarded_subject(data: bytes) -> str:
    fields = section.fields_of(data[:MAX_NESTED_HEADER])
    return next((header.text(value) for name, value in fields if name == "subject"), "")


def bytes_of(message: Message, path: str) -> bytes:
    """The decoded bytes of a part, or of a file inside winmail.dat. KeyError when there is none."""
    outer, _, number = path.partition("/winmail/")
    part = next((each for each in mime.entities(message.root) if each.path == outer), None)
    if part is None:
        raise KeyError(path)
    data = message.body(part)
    if not number:
        return data
    opened = tnef.read(data)
    if opened is None or not number.isdecimal() or not 0 < int(number) <= len(opened.files):
        raise KeyError(path)
    return opened.files[int(number) - 1].data
