"""mailgate.mail.filename and mail.sniff: names and types of files that nobody needs to trust (T21, 3.4)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailgate.mail import sniff
from mailgate.mail.filename import MAX_BYTES, safe, unique

NAMES = {
    "plain": ("report.pdf", "report.pdf"),
    "blanks": ("  my  report .pdf ", "my report .pdf"),
    "path": ("../../etc/passwd", "passwd"),
    "windows_path": ("C:\\temp\\x.txt", "x.txt"),
    "drive": ("C:x.txt", "x.txt"),
    "drive_behind_an_invisible_letter": ("A\u200b:x.txt", "x.txt"),
    "drive_behind_drives": ("A: .B:x.txt", "x.txt"),
    "drive_in_a_path": ("x/A:y.txt", "y.txt"),
    "drive_alone": ("A\U0002ebe1:", "attachment"),
    "trailing_slash": ("folder/", "folder"),
    "hidden": (".htaccess", "htaccess"),
    "hidden_behind_zero_width": ("\u200b.htaccess", "htaccess"),
    "dots": ("..", "attachment"),
    "empty": ("", "attachment"),
    "only_controls": ("\0\x01\u202e", "attachment"),
    "nul": ("a\0b.txt", "ab.txt"),
    "bidi": ("invoice\u202efdp.exe", "invoicefdp.exe"),
    "line_end": ("a\r\nb.txt", "a b.txt"),
    "trailing_dots": ("a.txt...", "a.txt"),
    "reserved": ("CON", "_CON"),
    "reserved_with_extension": ("nul.txt", "_nul.txt"),
    "reserved_look_alike": ("console.txt", "console.txt"),
    "decomposed": ("re\u0301sume\u0301.pdf", "résumé.pdf"),
    "quotes": ('a "b".txt', 'a "b".txt'),
    "long": ("x" * 400 + ".pdf", "x" * 146 + ".pdf"),
    "long_umlauts": ("ü" * 400 + ".pdf", "ü" * 73 + ".pdf"),
    "long_extension": ("a." + "x" * 400, "a." + "x" * 148),
    "surrogate": ("a\ud800.txt", "a.txt"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NAMES.values(), ids=NAMES)
def test_safe(name: str, expected: str) -> None:
    assert safe(name) == expected


@given(st.text(max_size=300))
@example("A\u200b: b:")
@example("CON" + " " * 3 + ".txt")
@example("a" * 148 + ".\u00e9")
@example("_" * 149 + " con")
def test_safe_names_are_safe_and_stay_as_they_are(name: str) -> None:
    found = safe(name)
    assert safe(found) == found
    assert 0 < len(found.encode("utf-8")) <= MAX_BYTES
    assert not set(found) & set("/\\\0\r\n\t")
    assert not found.startswith((".", " "))
    assert not found.endswith((".", " "))
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs") for char in found)
    assert unicodedata.is_normalized("NFC", found)


@given(
    st.lists(st.sampled_from(["a.txt", "A.TXT", "a-2.txt", "b", "x" * 150, "x" * 146 + ".pdf"]), max_size=20)
)
def test_unique_names_are_unique_without_regard_to_case(names: list[str]) -> None:
    taken: dict[str, int] = {}
    found = [unique(safe(name), taken) for name in names]
    assert len({name.lower() for name in found}) == len(names)
    assert all(len(name.encode()) <= MAX_BYTES for name in found)


TYPES = {
    "pdf": (b"%PDF-1.7\n", "application/octet-stream", "x", "application/pdf"),
    "pdf_called_text": (b"%PDF-1.7\n", "text/plain", "x.txt", "application/pdf"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0", "", "x", "image/png"),
    "program_called_picture": (b"MZ\x90\0", "image/png", "cat.png", "application/x-msdownload"),
    "script": (b"#!/bin/sh\nrm", "text/plain", "x.txt", "text/x-script"),
    "javascript": (b"alert(1)", "text/plain", "x.js", "text/javascript"),
    "html": (b"<!DOCTYPE html><html>", "text/plain", "x.txt", "text/html"),
    "html_fragment": (b"  <script>alert(1)</script>", "text/plain", "x.txt", "text/html"),
    "svg": (b"<?xml version='1.0'?><svg xmlns='x'>", "image/png", "x.png", "image/svg+xml"),
    "xml": (b"<?xml version='1.0'?><a/>", "text/plain", "x", "application/xml"),
    "word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "", "x.doc", "application/msword"),
    "ole": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "", "x", "application/x-ole-storage"),
    "docx": (b"PK\x03\x04....word/document.xml", "", "x", sniff._ZIP_INSIDE[0][1]),
    "zip": (b"PK\x03\x04....", "", "x.zip", "application/zip"),
    "calendar": (b"BEGIN:VCALENDAR\r\n", "text/plain", "x", "text/calendar"),
    "card": (b"BEGIN:VCARD\r\n", "text/plain", "x", "text/vcard"),
    "mail": (b"From: a@b\nSubject: x\nMessage-ID: <a@b>\n\nhi", "application/octet-stream", "x", "message/rfc822"),
    "mail_declared": (b"Subject: x\n\nhi", "message/rfc822", "x", "message/rfc822"),
    "log": (b"from: here\nto: there\n", "text/plain", "x.log", "text/plain"),
    "text": (b"hello", "application/octet-stream", "x", "text/plain"),
    "csv": (b"a;b\n1;2\n", "application/vnd.ms-excel", "x.csv", "text/csv"),
    "declared_html_that_is_none": (b"hello", "text/html", "x", "text/plain"),
    "tnef": (b"\x78\x9f\x3e\x22\0\0", "", "winmail.dat", "application/ms-tnef"),
    "rtf": (b"{\\rtf1", "", "x.doc", "application/rtf"),
    "shortcut": (b"\x4c\0\0\0\x01\x14\x02\0\0", "", "x", "application/x-ms-shortcut"),
    "gzip_by_library": (b"\x1f\x8b\x08\0\0\0\0\0", "", "x", "application/gzip"),
    "unknown_binary": (b"\x01\x02\x03\xff", "application/x-foo", "x", "application/octet-stream"),
    "unknown_audio": (b"\x01\x02\x03\xff", "audio/x-own", "x", "audio/x-own"),
    "empty": (b"", "image/png", "x.png", "image/png"),
    "empty_undeclared": (b"", "nonsense", "x", "application/octet-stream"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "declared", "name", "expected"), TYPES.values(), ids=TYPES)
def test_types(data: bytes, declared: str, name: str, expected: str) -> None:
    assert sniff.content_type(data, declared, name) == expected


@pytest.mark.parametrize(
    ("media_type", "extension"),
    [
        ("application/pdf", "pdf"),
        ("image/jpeg", "jpg"),
        ("text/plain", "txt"),
        ("message/rfc822", "eml"),
        ("x/unknown", "bin"),
    ],
)
def test_extensions(media_type: str, extension: str) -> None:
    assert sniff.extension(media_type) == extension


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_types_never_raise(data: bytes, declared: str, name: str) -> None:
    assert "/" in sniff.content_type(data, declared, name)
