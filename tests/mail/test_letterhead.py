"""mailgate.mail.letterhead: the fields of the top header, each read once (RFC 5322 §3.6; threats T8, T9)."""

from __future__ import annotations

import pytest

from mailgate.mail import mime
from mailgate.mail.letterhead import MAX_VALUE, Letterhead


def head(raw: bytes) -> Letterhead:
    return Letterhead(mime.split(raw).root)


def test_words_are_decoded_where_words_stand() -> None:
    found = head(b"Subject: =?utf-8?q?caf=C3=A9?=\nX-Mailer: =?utf-8?q?a?=\nReceived: =?utf-8?q?b?=\n\nx")
    assert found.text("subject") == "café"
    assert found.text("subject", encoded=False) == "=?utf-8?q?caf=C3=A9?="
    assert found.text("missing") == ""
    assert found.raw("subject") == b"=?utf-8?q?caf=C3=A9?="
    assert found.raw("missing") == b""
    assert found.kept == (
        ("subject", "café"),
        ("x-mailer", "=?utf-8?q?a?="),
        ("received", "=?utf-8?q?b?="),
    )


def test_a_kept_value_is_bounded() -> None:
    assert len(head(b"Subject: " + b"x" * 10_000 + b"\n\n").kept[0][1]) == MAX_VALUE


def test_all_fields_of_a_name() -> None:
    found = head(
        b"To: a@x.example\nTo: b@x.example, C <c@x.example>\nReferences: <1@x>\nReferences: <2@x> <1@x>\n\n"
    )
    assert [each.address for each in found.addresses("to")] == ["a@x.example", "b@x.example", "c@x.example"]
    assert found.ids("references") == ("<1@x>", "<2@x>")
    assert found.ids("in-reply-to") == ()


CHARSETS = {
    "koi8": ("Привет", "koi8-r", b"Content-Type: text/plain; charset=koi8-r\n"),
    "big5": ("印表機故障", "big5", b"Content-Type: text/plain; charset=big5\n"),
    "shift_jis": ("プリンター", "shift_jis", b"Content-Type: text/plain; charset=Shift_JIS\n"),
    "latin2": ("Łódź", "iso8859-2", b"Content-Type: text/html; charset=iso-8859-2\n"),
    "utf8_in_spite_of_the_label": ("Łódź", "utf-8", b"Content-Type: text/plain; charset=iso-8859-2\n"),
    "utf8_without_a_label": ("Łódź", "utf-8", b""),
    "ascii_says_nothing": ("café", "latin-1", b"Content-Type: text/plain; charset=us-ascii\n"),
    "utf7": ("Gr\xfc\xdfe", "utf-7", b"Content-Type: text/plain; charset=utf-7\n"),
}


@pytest.mark.parametrize(("words", "codec", "type_"), CHARSETS.values(), ids=CHARSETS)
def test_raw_words_are_in_the_charset_of_the_body(words: str, codec: str, type_: bytes) -> None:
    value = words.encode(codec)
    found = head(b"Subject: " + value + b"\nFrom: " + value + b" <ann@x.example>\n" + type_ + b"\nx")
    assert found.text("subject") == words
    sender, why = found.sender()
    assert (sender.name if sender else why) == words


def test_the_first_text_part_names_the_charset() -> None:
    raw = (
        b"Subject: " + "Привет".encode("koi8-r") + b"\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: image/png\n\n--b\nContent-Type: text/plain; charset=koi8-r\n\nx\n--b--"
    )
    assert head(raw).text("subject") == "Привет"


DATES = {
    "one": (b"Date: Mon, 2 Nov 2026 11:00:00 +0100\n", "2026-11-02T11:00:00+01:00"),
    "first_of_two": (b"Date: Mon, 2 Nov 2026 11:00:00 +0100\nDate: Tue, 3 Nov 2026 11:00:00 +0100\n", "2026-11-02T11:00:00+01:00"),
    "first_that_is_one": (b"Date: soon\nDate: Tue, 3 Nov 2026 11:00:00 +0100\n", "2026-11-03T11:00:00+01:00"),
    "none": (b"Date: soon\n", None),
    "missing": (b"", None),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "iso"), DATES.values(), ids=DATES)
def test_dates(raw: bytes, iso: str | None) -> None:
    found = head(raw + b"\nx").date()
    assert (found.isoformat() if found else None) == iso


SENDERS = {
    "plain": (b"Ann <ann@x.example>", "ann@x.example"),
    "folded": (b"Ann\r\n <ann@x.example>", "ann@x.example"),
    "tab": (b"Ann\t<ann@x.example>", "ann@x.example"),
    "nul": (b"ann\0@x.example", None),
    "bare_carriage_return": (b"ann@x.example\rX: y", None),
    "bell": (b"Ann\x07 <ann@x.example>", None),
    "escape": (b"\x1b$BAnn <ann@x.example>", None),
    "undecodable": (b"Ann \x81 <ann@x.example>", None),
}


@pytest.mark.parametrize(("value", "address"), SENDERS.values(), ids=SENDERS)
def test_the_strict_reader_sees_what_stood_there(value: bytes, address: str | None) -> None:
    sender, why = head(b"From: " + value + b"\nContent-Type: text/plain; charset=utf-8\n\nx").sender()
    assert (sender.address if sender else None) == address
    assert bool(why) == (address is None)


ODD = {
    "plain": ("Ann <ann@x.example>", 0),
    "accents": ("Änn <ann@x.example>", 0),
    "override": ("=?utf-8?q?=E2=80=AEnnA?= <ann@x.example>", 1),
    "isolate": ("\u2067Ann\u2069 <ann@x.example>", 1),
    "right_to_left_mark_of_a_hebrew_name": ("\u200fדנה <ann@x.example>", 0),
    "two_alphabets": ("=?utf-8?b?QdC9bg==?= <ann@x.example>", 1),
    "both": ("\u202eAнn <ann@x.example>", 2),
}


@pytest.mark.parametrize(("value", "count"), ODD.values(), ids=ODD)
def test_what_a_reader_is_told_of(value: str, count: int) -> None:
    assert len(head(f"From: {value}\n\nx".encode()).oddities()) == count
