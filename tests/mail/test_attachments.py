"""mailgate.mail.attachments and body: what a person would call a file of a mail, and what is only listed (rule 3.4)."""

from __future__ import annotations

import base64
import struct

import pytest

from mailgate.mail import sniff
from mailgate.mail.parse import parse, read_part
from mailgate.model import Attachment

HEAD = b"From: ann@x.example\nMessage-ID: <1@x.example>\nMIME-Version: 1.0\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 40, 30) + b"\x08\0\0\0\0" + b"\0" * 40


def files(*parts: bytes, kind: bytes = b"mixed") -> tuple[Attachment, ...]:
    body = b"".join(b"--b\n" + part + b"\n" for part in parts) + b"--b--\n"
    return parse(HEAD + b"Content-Type: multipart/" + kind + b"; boundary=b\n\n" + body).attachments


def part(type_: str, data: bytes, *fields: str) -> bytes:
    head = "".join(
        f"{field}\n" for field in (f"Content-Type: {type_}", "Content-Transfer-Encoding: base64", *fields)
    )
    return head.encode() + b"\n" + base64.encodebytes(data)


def html(source: str) -> bytes:
    return b"Content-Type: text/html\n\n" + source.encode()


DOTS = {
    "gif": (b"GIF89a" + struct.pack("<HH", 1, 1) + b"\0" * 20, True),
    "old_gif": (b"GIF87a" + struct.pack("<HH", 600, 2), True),
    "gif_that_is_seen": (b"GIF89a" + struct.pack("<HH", 16, 16), False),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1, 1), True),
    "png_that_is_seen": (PNG, False),
    "cut": (b"GIF89a\1", False),
    "png_without_a_header": (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, False),
    "jpeg": (b"\xff\xd8\xff\xe0" + b"\0" * 40, False),
    "nothing": (b"", False),
}


@pytest.mark.parametrize(("data", "dot"), DOTS.values(), ids=DOTS)
def test_dots(data: bytes, dot: bool) -> None:
    assert sniff.is_dot(data) is dot


SHOWN = {
    "by_cid": ('<img src="cid:a@x">', ["Content-ID: <a@x>"], True),
    "escaped": ('<img src="cid:a%40x">', ["Content-ID: <a@x>"], True),
    "by_location": ('<img src="pic/a.png">', ["Content-Location: pic/a.png"], True),
    "hidden": ('<div style="display:none"><img src="cid:a@x"></div>', ["Content-ID: <a@x>"], True),
    "in_a_comment_for_outlook": (
        '<!--[if vml]><v:fill src="cid:a@x"/><![endif]-->',
        ["Content-ID: <a@x>"],
        True,
    ),
    "another_cid": ('<img src="cid:b@x">', ["Content-ID: <a@x>"], False),
    "only_words": ("<p>cid:a@x</p>", ["Content-ID: <a@x>"], False),
    "location_nowhere": ("<p>words</p>", ["Content-Location: pic/a.png"], False),
    "no_id": ('<img src="cid:a@x">', [], False),
    "id_too_long": ('<img src="cid:a@x">', ["Content-ID: <" + "a" * 300 + "@x>"], False),
}


@pytest.mark.parametrize(("source", "fields", "inline"), SHOWN.values(), ids=SHOWN)
def test_pictures_shown_inside(source: str, fields: list[str], inline: bool) -> None:
    (found,) = files(html(source), part("image/png; name=a.png", PNG, *fields))
    assert found.inline is inline


def test_the_plain_text_may_win_and_the_picture_is_still_shown_inside() -> None:
    raw = (
        b"Content-Type: multipart/alternative; boundary=c\n\n--c\n\nplain words\n--c\n"
        + html('<img src="cid:a@x">')
        + b"\n--c--"
    )
    (found,) = files(raw, part("image/png; name=a.png", PNG, "Content-ID: <a@x>"))
    assert found.inline


def test_only_pictures_are_shown_inside() -> None:
    (found,) = files(
        html('<img src="cid:a@x">'), part("application/pdf; name=a.pdf", b"%PDF-1.4", "Content-ID: <a@x>")
    )
    assert not found.inline


LISTED = {
    "enriched_shown": (b"mixed", [b"Content-Type: text/enriched\n\n<bold>a</bold>"], ["shown as text"]),
    "markdown_shown": (b"mixed", [b"Content-Type: text/markdown\n\n# a"], []),
    "html_alternative": (b"alternative", [b"\na", html("<p>a</p>")], []),
    "enriched_alternative": (b"alternative", [b"\na", b"Content-Type: text/enriched\n\na"], ["another version of the text"]),
    "watch_alternative": (b"alternative", [b"Content-Type: text/watch-html\n\n<p>a", b"\na"], ["another version of the text"]),
    "signature": (b"signed", [b"\na", part("application/x-own", b"x")], ["signature part"]),
    "text_as_a_signature_is_text": (b"signed", [b"\na", b"\nb"], []),
    "large_second_part_is_a_file": (b"signed", [b"\na", part("application/x-own", b"x" * 60_000)], [""]),
    "file": (b"mixed", [b"\na", part("application/x-own", b"x")], [""]),
    "external": (b"mixed", [b"Content-Type: message/external-body; site=ftp.x; name=a.txt\n\n"], ["a pointer to a file elsewhere: a.txt"]),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "parts", "why"), LISTED.values(), ids=LISTED)
def test_what_is_only_listed(kind: bytes, parts: list[bytes], why: list[str]) -> None:
    assert [found.ignored for found in files(*parts, kind=kind)] == why


def test_listed_texts_do_not_make_another_mail() -> None:
    """Rule 2.7 counts a text once, whether it is listed too or not."""
    cut = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nwords\n"
    assert parse(cut).attachments[0].ignored
    assert parse(cut).content_key == parse(cut + b"--b--\n").content_key


def test_parts_of_a_signed_wrapper_can_be_read() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=i\n\n--i\n\nwords\n--i\nContent-Type: a/b; name=f\n\nbytes\n--i--\n"
    octets = b"\x04\x82" + struct.pack(">H", len(inner)) + inner
    oid = bytes.fromhex("06092a864886f70d0107")
    cms = (
        b"\x30\x80"
        + oid
        + b"\2"
        + b"\xa0\x80\x30\x80\2\1\1\x31\0\x30\x80"
        + oid
        + b"\1"
        + b"\xa0\x80"
        + octets
    )
    raw = HEAD + part("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", cms)
    found = parse(raw)
    assert found.full_text == "words"
    assert [(each.part, each.filename) for each in found.attachments] == [
        ("1", "smime.p7m"),
        ("1/signed.2", "f"),
    ]
    assert read_part(raw, "1/signed.2") == b"bytes"
    assert read_part(raw, "1") == cms


def test_a_picture_that_the_plain_text_stands_for_is_inline() -> None:
    """Outlook's plain text says where a picture was; the HTML may be gone on the way (3.4)."""
    raw = (
        b"From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee [cid:image001.png@01D]\n"
        b"--b\nContent-Type: image/png; name=image001.png\nContent-ID: <image001.png@01D>\n\n\x89PNG\r\n\x1a\n0000\n"
        b"--b\nContent-Type: image/png; name=shot.png\nContent-ID: <shot>\n\n\x89PNG\r\n\x1a\n1111\n--b--\n"
    )
    assert [(each.filename, each.inline) for each in parse(raw).attachments] == [
        ("image001.png", True),
        ("shot.png", False),
    ]


@pytest.mark.parametrize(("name", "ignored"), [("OpenPGP_0xAB12.asc", True), ("our-key.asc", False)])
def test_the_senders_own_key_is_no_file(name: str, ignored: bool) -> None:
    raw = (
        f"From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: application/pgp-keys; name={name}\n"
        "Content-Disposition: attachment\n\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n--b--\n"
    ).encode()
    assert [bool(each.ignored) for each in parse(raw).attachments] == [ignored]
