"""T25: mails that two readers take apart differently (draft-chen-email-mime-ambiguity-defense). The bytes are kept as the truth,
the mail is read in one way, and the desk is told that it was malformed."""

from __future__ import annotations

import pytest
from security.desk import BOB, Desk

from mailgate.mail.parse import parse

HEAD = b"From: bob@acme.example\r\nTo: support@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
PART = b"--b\r\nContent-Type: text/plain\r\n\r\nHello.\r\n"
CASES = {
    "two Content-Types": b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n<b>Hello.</b>\r\n",
    "no boundary": b"Content-Type: multipart/mixed\r\n\r\n" + PART + b"--b--\r\n",
    "no part at all": b"Content-Type: multipart/mixed; boundary=b\r\n\r\nHello.\r\n",
    "no end": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + PART,
    "parts behind the end": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + PART + b"--b--\r\n" + PART,
    "unknown encoding": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base65\r\n\r\nHello.\r\n",
    "a boundary too long": b"Content-Type: multipart/mixed; boundary=" + b"b" * 300 + b"\r\n\r\n--" + b"b" * 300 + b"\r\n\r\nHello.\r\n",
    "no blank line": b"Content-Type: text/plain\r\nHello.\r\n",
    "a line that is no header": b"Content-Type: text/plain\r\nnot a header\r\nX: y\r\n\r\nHello.\r\n",
    "base64 that is none": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nHello, this is no base64!\r\n",
}  # fmt: skip


@pytest.mark.parametrize("rest", CASES.values(), ids=CASES)
def test_it_says_so_and_keeps_the_bytes(desk: Desk, rest: bytes) -> None:
    raw = HEAD + rest
    parsed = parse(raw)
    assert parsed.defects
    row = desk.land(raw, BOB)
    assert any(reason.startswith("malformed: ") for reason in row.reasons)
    from mailgate.store import raw as kept

    with desk.store.reading() as conn:
        assert kept.get(conn, row.id) == raw


@pytest.mark.parametrize("rest", CASES.values(), ids=CASES)
def test_it_is_read_in_one_way(rest: bytes) -> None:
    """Whatever the ends of lines."""
    one, other = parse(HEAD + rest), parse((HEAD + rest).replace(b"\r\n", b"\n"))
    assert (one.text, one.defects, len(one.attachments)) == (
        other.text,
        other.defects,
        len(other.attachments),
    )


def test_a_name_in_two_spellings_is_one_name() -> None:
    head = b'--b\r\nContent-Type: application/pdf; name="x.exe"\r\nContent-Disposition: attachment; filename="a.pdf"; '
    part = head + b"filename*=utf-8''b.pdf\r\n\r\n%PDF-1.4\r\n--b--\r\n"
    found = parse(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + PART + part).attachments
    assert [a.filename for a in found] == ["b.pdf"], "RFC 6266 §4.3: the extended one"


def test_a_well_formed_mail_is_no_matter() -> None:
    assert (
        parse(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + PART + b"--b--\r\n").defects == ()
    )
