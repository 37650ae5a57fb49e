"""mailgate.mail.parse: one value out of whatever bytes, never an exception (rules 2.7, 3.2-3.4; threats T8, T19, T20)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailgate.mail import parse as module
from mailgate.mail.parse import parse, read_part
from mailgate.model import ParsedMessage

CORPUS = Path(__file__).parent.parent / "corpus"
HEAD = b"From: Ann <ann@x.example>\nTo: support@example.com\nSubject: s\nDate: Mon, 2 Nov 2026 11:00:00 +0100\nMessage-ID: <1@x.example>\n"


def clean(parsed: ParsedMessage) -> None:
    """What every ParsedMessage promises, whatever it was made of."""
    words = [
        parsed.subject, parsed.full_text, parsed.text, parsed.quoted, parsed.signature, parsed.from_raw, parsed.message_id,
        *parsed.defects, *(value for _, value in parsed.headers), *(a.filename for a in parsed.attachments),
        *(a.name for a in (*parsed.from_, *parsed.to, *parsed.cc)), *parsed.references,
    ]  # fmt: skip
    for word in words:
        word.encode("utf-8")
        assert "\0" not in word
    assert (parsed.sender is None) == bool(parsed.sender_defect)
    assert len({a.filename.lower() for a in parsed.attachments}) == len(parsed.attachments)
    assert len({a.part for a in parsed.attachments}) == len(parsed.attachments)
    assert len(parsed.headers) <= 1000
    assert all(name == name.lower() and len(value) <= module.MAX_VALUE for name, value in parsed.headers)


def test_a_whole_message() -> None:
    raw = HEAD + b"Received: from a\n by b\nX-Note: =?utf-8?q?no?=\n\nHello\n"
    parsed = parse(raw)
    clean(parsed)
    assert parsed.size == len(raw)
    assert parsed.sha256 == hashlib.sha256(raw).hexdigest()
    assert parsed.header("received") == "from a by b"
    assert parsed.header("x-note") == "=?utf-8?q?no?="  # encoded words are decoded in fields of words only
    assert parsed.full_text == "Hello"
    assert parsed.top_type == "text/plain"
    assert parsed.bounces is None


# ---------------------------------------------------------------- the same mail twice (2.7)

BODY = b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nThe disk is full.\n"


def key(raw: bytes) -> str:
    return parse(raw).content_key


SAME = {
    "trace": b"Received: from a by b\nDelivered-To: x@y\nReturn-Path: <z@x.example>\n" + HEAD + BODY,
    "crlf": (HEAD + BODY).replace(b"\n", b"\r\n"),
    "recoded_by_a_relay": HEAD
    + BODY.replace(b"\n\n", b"\nContent-Transfer-Encoding: quoted-printable\n\n").replace(b"disk", b"=64isk"),
    "other_recipient": (HEAD + BODY).replace(b"To: support@example.com", b"To: help@example.com"),
}
OTHER = {
    "body": HEAD + BODY.replace(b"disk", b"tape"),
    "subject": HEAD.replace(b"Subject: s", b"Subject: t") + BODY,
    "date": HEAD.replace(b"11:00", b"12:00") + BODY,
    "sender": HEAD.replace(b"ann@", b"eve@") + BODY,
    "message_id": HEAD.replace(b"<1@", b"<2@") + BODY,
}


@pytest.mark.parametrize("raw", SAME.values(), ids=SAME)
def test_the_same_mail_by_another_way(raw: bytes) -> None:
    assert key(raw) == key(HEAD + BODY)


@pytest.mark.parametrize("raw", OTHER.values(), ids=OTHER)
def test_another_mail(raw: bytes) -> None:
    assert key(raw) != key(HEAD + BODY)


def test_other_files_make_another_mail() -> None:
    mixed = (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: a/b; name=f\n\none\n--b--\n"
    )
    assert key(mixed) != key(mixed.replace(b"one", b"two"))
    assert key(mixed) == key(mixed.replace(b"\n", b"\r\n"))


def test_without_a_message_id_only_the_same_bytes_are_the_same() -> None:
    bare = HEAD.replace(b"Message-ID: <1@x.example>\n", b"") + BODY
    assert key(bare) == key(bare)
    assert key(bare) != key(b"Received: x\n" + bare)


# ---------------------------------------------------------------- parts by their path

MIXED = HEAD + (
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n"
    b"--b\nContent-Type: a/b; name=f.bin\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n"
    b"--b\nContent-Type: multipart/mixed; boundary=c\n\n"
    b"--c\nContent-Type: text/plain\nContent-Disposition: attachment\n\ninner\n--c--\n--b--\n"
)


def test_read_part_gives_what_was_hashed() -> None:
    parsed = parse(MIXED)
    assert [a.part for a in parsed.attachments] == ["2", "3.1"]
    for attachment in parsed.attachments:
        data = read_part(MIXED, attachment.part)
        assert hashlib.sha256(data).hexdigest() == attachment.sha256
        assert hashlib.md5(data).hexdigest() == attachment.md5
        assert len(data) == attachment.size
    assert read_part(MIXED, "2") == b"hello"


@pytest.mark.parametrize(
    "path", ["", "0", "9", "2.1", "3", "2/winmail/1", "2/winmail/x", "../1", "1/uu/1", "x" * 1000]
)
def test_read_part_of_nothing(path: str) -> None:
    with pytest.raises(KeyError):
        read_part(MIXED, path)


# ---------------------------------------------------------------- bounces are asked about on a hint only (8.2)

REPORT = b"\n550 5.1.1 <gone@x.example>: user unknown\n"
HINTS = {
    "mailer_daemon": b"From: MAILER-DAEMON@mx.example\nSubject: s\n" + REPORT,
    "postmaster": b"From: Postmaster <postmaster@mx.example>\nSubject: s\n" + REPORT,
    "unusable_sender": b"From: MAILER-DAEMON <>\nSubject: s\n" + REPORT,
    "null_return_path": b"Return-Path: <>\nFrom: a@mx.example\nSubject: s\n" + REPORT,
    "failed_recipients": b"X-Failed-Recipients: gone@x.example\nFrom: a@mx.example\nSubject: s\n" + REPORT,
    "subject": b"From: a@mx.example\nSubject: Undeliverable: hello\n" + REPORT,
    "report": b"From: a@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n"
    + REPORT,
}


@pytest.mark.parametrize("raw", HINTS.values(), ids=HINTS)
def test_a_hint_asks_the_reader_of_bounces(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(module.bounce, "read", asked.append)
    parse(raw)
    assert len(asked) == 1


def test_ordinary_mail_never_gets_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.bounce, "read", lambda given: pytest.fail("asked about an ordinary mail"))
    parse(
        b"From: ann@x.example\nSubject: Re: your delivery\n\nWe got 550 5.1.1 user unknown from mailer-daemon.\n"
    )


# ---------------------------------------------------------------- long texts


def test_a_very_long_text_keeps_its_words() -> None:
    lines = b"".join(b"line %d of a log\n" % number for number in range(30_000))
    parsed = parse(HEAD + b"\n" + lines)
    assert parsed.text.startswith("line 0 of a log")
    assert parsed.text.endswith("line 29999 of a log")


def test_an_endless_text_is_cut_and_says_so() -> None:
    parsed = parse(HEAD + b"\n" + b"word " * 400_000)
    assert len(parsed.full_text) == 1_000_000
    assert "text over 1000000 characters was cut" in parsed.defects


# ---------------------------------------------------------------- never raises


def test_a_bug_of_ours_costs_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(raw: bytes) -> ParsedMessage:
        raise RuntimeError("a bug")

    monkeypatch.setattr(module, "_parse", broken)
    parsed = parse(b"Subject: caf\xe9\0\n\n" + b"x" * 10_000)
    clean(parsed)
    assert parsed.text.startswith("Subject: café\n")
    assert len(parsed.text) <= module.FALLBACK_TEXT
    assert "RuntimeError" in parsed.defects[0]
    assert parsed.sender is None


def unharmed(raw: bytes) -> None:
    parsed = parse(raw)
    clean(parsed)
    assert not any("could not be read (" in defect for defect in parsed.defects), parsed.defects


# ---------------------------------------------------------------- the table of T19

H = b"From: a@b.com\r\nMessage-ID: <x@y>\r\nSubject: s\r\n"
TNEF = b"\x78\x9f\x3e\x22\0\0"
MULTI = H + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"


def _deep(n: int) -> bytes:
    return (
        H
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(n))
        + b"\r\ntext"
    )


HOSTILE: dict[str, tuple[Callable[[int], bytes], int]] = {
    "empty_parts": (lambda n: MULTI + b"--a\r\n\r\n" * n, 300_000),
    "nested_multiparts": (_deep, 2_000),
    "nested_messages": (lambda n: H + b"Content-Type: message/rfc822\r\n\r\n" * n, 2_000),
    "nested_around_a_big_body": (lambda n: _deep(60) + b"\n--b1x" * n, 1_000_000),
    "near_delimiters": (lambda n: MULTI + b"--a\r\n\r\nhi" + b"\n--ab" * n, 1_000_000),
    "bare_cr": (lambda n: b"\r" * n, 10_000_000),
    "bare_lf": (lambda n: b"\n" * n, 10_000_000),
    "bare_cr_in_the_body": (lambda n: H + b"\r\n" + b"\r" * n, 10_000_000),
    "blank_continuations": (lambda n: H + b" \n" * n, 2_000_000),
    "semicolons": (lambda n: H + b"Content-Type: text/plain" + b";" * n + b"\r\n\r\nhi", 40_000),
    "to_lines": (lambda n: H + b"To: user@example.com\r\n" * n + b"\r\nhi", 100_000),
    "addresses": (lambda n: H + b"To: " + b", ".join(b"User %d <u%d@example.com>" % (i, i) for i in range(n)) + b"\r\n\r\nhi", 20_000),
    "folds": (lambda n: H + b"X: a" + b"\r\n b" * n + b"\r\n\r\nhi", 200_000),
    "encoded_words": (lambda n: b"Subject: " + b"=?utf-8?q?a?= " * n + b"\r\n\r\nhi", 4_000),
    "plain_text": (lambda n: H + b"\r\n" + b"hello world this is a line of text\r\n" * n, 700_000),
    "one_line": (lambda n: H + b"\r\n" + b"hello " * n, 4_000_000),
    "base64_file": (lambda n: H + b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 19 * n, 300_000),
    "base64_of_pads": (lambda n: H + b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QQ==\r\n" * n, 2_000_000),
    "uuencode_beginnings": (lambda n: H + b"\r\nbegin 644 a\r\nM" + b"A" * 60 + b"\r\n" + b"begin 644 a\r\n" * n, 300_000),
    "quotes": (lambda n: H + b"\r\n" + b"> " * n, 3_000_000),
    "escapes": (lambda n: H + b"\r\n" + b"\x1b$B" * n, 1_000_000),
    "damaged_utf8": (lambda n: H + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + b"\xff\xfe " * n, 2_000_000),
    "files": (lambda n: MULTI + b"--a\r\nContent-Type: a/b; name=x.txt\r\n\r\nhi\r\n" * n, 1_000),
    "tags": (lambda n: H + b"Content-Type: text/html\r\n\r\n" + b"<div>" * n, 200_000),
    "no_header": (lambda n: b"a" * n, 10_000_000),
    "tnef_attributes": (lambda n: H + b"Content-Type: application/ms-tnef\r\n\r\n" + TNEF + b"\x02\x02\x90" + b"\0" * 8 * n, 500_000),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_costs_no_more_than_its_length(name: str, linear: Any) -> None:
    build, size = HOSTILE[name]
    mails = {n: build(n) for n in (size // 16, size)}

    def work(n: int) -> None:
        parsed = parse(mails[n])
        assert not any("could not be read (" in defect for defect in parsed.defects)

    linear(work, size)
