"""What a file is, by its bytes: the declared type and the name are only asked where bytes do not tell (3.4)."""

from __future__ import annotations

import re

import filetype

WINDOW = 4096  # bytes of the beginning that are looked at

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"{\\rtf", "application/rtf"),
    (b"#!", "text/x-script"),
    (b"\x4c\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"-----BEGIN PGP ", "application/pgp-encrypted"),
    (b"-----BEGIN ", "application/x-pem-file"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_BY_EXTENSION = {
    "doc": "application/msword", "dot": "application/msword", "xls": "application/vnd.ms-excel", "xlt": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint", "pps": "application/vnd.ms-powerpoint", "msg": "application/vnd.ms-outlook",
    "msi": "application/x-msi", "vsd": "application/vnd.visio", "mpp": "application/vnd.ms-project",
}  # fmt: skip
_ZIP = b"PK\x03\x04"
_ZIP_INSIDE: tuple[tuple[bytes, str], ...] = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"META-INF/MANIFEST.MF", "application/java-archive"),
    (b"AndroidManifest.xml", "application/vnd.android.package-archive"),
)
_ZIP_BY_EXTENSION = {
    "docx": _ZIP_INSIDE[0][1], "docm": "application/vnd.ms-word.document.macroenabled.12", "xlsx": _ZIP_INSIDE[1][1],
    "xlsm": "application/vnd.ms-excel.sheet.macroenabled.12", "pptx": _ZIP_INSIDE[2][1], "jar": "application/java-archive",
    "odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation", "apk": "application/vnd.android.package-archive",
    "epub": "application/epub+zip",
}  # fmt: skip
_TEXT_BY_EXTENSION = {
    "csv": "text/csv", "ics": "text/calendar", "vcf": "text/vcard", "xml": "application/xml", "json": "application/json",
    "js": "text/javascript", "vbs": "text/x-script", "ps1": "text/x-script", "bat": "text/x-script", "cmd": "text/x-script",
    "sh": "text/x-script", "css": "text/css", "md": "text/markdown", "eml": "message/rfc822", "svg": "image/svg+xml",
    "html": "text/html", "htm": "text/html", "rtf": "application/rtf", "yaml": "application/yaml", "yml": "application/yaml",
}  # fmt: skip
_MARKUP: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"(?i)<svg[\s>]"), "image/svg+xml"),
    (
        re.compile(rb"(?i)<(?:!doctype html|html|head|body|script|iframe|meta|title|table|div)[\s>]"),
        "text/html",
    ),
)
_MAIL = re.compile(
    rb"(?i)(?:return-path|received|from|delivered-to|message-id|x-[a-z-]{1,40}):[^\n]{0,998}\n"
)
_MAIL_SURE = re.compile(rb"(?im)^(?:from|received|message-id|mime-version):")
_TEXTUAL = bytes({7, 8, 9, 10, 12, 13, 27} | set(range(0x20, 0x100)) - {0x7F})
_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,100}")
_BELIEVED = re.compile(r"(?:audio|video|image|font)/[a-z0-9.+-]+|application/(?:pkcs7-|x-pkcs7-|pgp-)[a-z-]+")
_EXTENSIONS = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/vcard": "vcf", "text/csv": "csv", "image/jpeg": "jpg",
    "image/svg+xml": "svg", "message/rfc822": "eml", "application/msword": "doc", "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt", "application/vnd.ms-outlook": "msg", "application/x-msdownload": "exe",
    "application/ms-tnef": "dat", "application/xml": "xml", "application/json": "json", "text/x-script": "txt",
    "application/gzip": "gz", "audio/mpeg": "mp3", "video/quicktime": "mov", "image/tiff": "tif", "application/rtf": "rtf",
    "application/pkcs7-mime": "p7m", "application/pkcs7-signature": "p7s", "application/pgp-signature": "asc",
    "application/pgp-encrypted": "asc", "application/x-pem-file": "pem", "text/rfc822-headers": "txt", "message/delivery-status": "txt",
    "text/markdown": "md", "text/css": "css", "text/javascript": "js", _ZIP_INSIDE[0][1]: "docx", _ZIP_INSIDE[1][1]: "xlsx",
    _ZIP_INSIDE[2][1]: "pptx",
}  # fmt: skip


def content_type(data: bytes, declared: str, filename: str) -> str:
    """The media type that the bytes show; where they show nothing, the harmless part of what was declared."""
    head = data[:WINDOW]
    extension = filename.rpartition(".")[2].lower() if "." in filename else ""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.startswith(_OLE):
        return _OLE_BY_EXTENSION.get(extension, "application/x-ole-storage")
    if head.startswith(_ZIP):
        inside = next((name for mark, name in _ZIP_INSIDE if mark in head), "application/zip")
        return _ZIP_BY_EXTENSION.get(extension, inside)
    if not head.translate(None, _TEXTUAL):
        return _text(head, declared, extension)
    if (kind := filetype.guess(data[:8192])) is not None:
        return str(kind.mime)
    return declared if _BELIEVED.fullmatch(declared) else "application/octet-stream"


def _text(head: bytes, declared: str, extension: str) -> str:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        for pattern, name in _MARKUP:
            if pattern.search(start, 0, 1024):
                return name
        if start.startswith(b"<?xml"):
            return "application/xml"
    if start.startswith(b"BEGIN:VCALENDAR"):
        return "text/calendar"
    if start.startswith(b"BEGIN:VCARD"):
        return "text/vcard"
    if declared in ("message/rfc822", "message/global") or (
        _MAIL.match(start) and len(_MAIL_SURE.findall(start)) > 1
    ):
        return "message/rfc822"
    if not head:
        return declared if _TYPE.fullmatch(declared) else "application/octet-stream"
    if extension in _TEXT_BY_EXTENSION:
        return _TEXT_BY_EXTENSION[extension]
    if _TYPE.fullmatch(declared) and (
        declared.startswith(("text/", "message/")) or _BELIEVED.fullmatch(declared)
    ):
        return declared if declared != "text/html" else "text/plain"
    return "text/plain"


def is_dot(data: bytes) -> bool:
    """Whether a GIF or PNG is at most two pixels high or wide: a spacer or a tracking pixel, no picture."""
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        sides = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    elif data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) >= 24:
        sides = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    else:
        return False
    return min(sides) <= 2


def extension(media_type: str) -> str:
    """The usual file name extension, without its dot; "bin" where there is none."""
    if media_type in _EXTENSIONS:
        return _EXTENSIONS[media_type]
    if media_type.startswith("text/"):
        return "txt"
    kind = next((kind for kind in filetype.TYPES if kind.mime == media_type), None)
    return str(kind.extension) if kind is not None else "bin"
