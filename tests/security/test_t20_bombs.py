"""T20: archives and files within files. None is unpacked in the house but Outlook's winmail.dat, and that within limits."""

from __future__ import annotations

import ast
import io
import tracemalloc
import zipfile
from base64 import encodebytes
from pathlib import Path

import pytest
from security.desk import BOB, Desk, written

from mailgate.mail.parse import parse

HOUSE = Path(__file__).parents[2] / "mailgate"
UNPACKERS = (
    "zipfile",
    "tarfile",
    "gzip",
    "bz2",
    "lzma",
    "shutil.unpack_archive",
    "py7zr",
    "rarfile",
    "PIL",
    "magic",
)


@pytest.mark.parametrize("path", sorted((HOUSE / "mail").glob("*.py")), ids=lambda path: path.name)
def test_who_reads_mail_unpacks_nothing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.partition(".")[0] for name in names} & {*UNPACKERS, "zlib"}


def bomb() -> bytes:
    """A small zip that holds 20 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(20_000_000))
    return out.getvalue()


def with_file(data: bytes, type_: str, name: str, sender: str = BOB) -> bytes:
    head = written(sender, headers={"MIME-Version": "1.0"}, believed=True).partition(b"\r\n\r\n")[0]
    head = head.replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b")
    part = f'Content-Type: {type_}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'.encode()
    return (
        head
        + b"\r\n\r\n--b\r\n\r\nSee the file.\r\n--b\r\n"
        + part
        + encodebytes(data).replace(b"\n", b"\r\n")
        + b"--b--\r\n"
    )


def test_an_archive_stays_what_it_is(desk: Desk) -> None:
    data = bomb()
    raw = with_file(data, "application/zip", "42.zip")
    tracemalloc.start()
    try:
        parsed = parse(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [(a.filename, a.size) for a in parsed.attachments] == [("42.zip", len(data))]
    assert peak < 8_000_000, "of the 20 MB inside"
    desk.land(raw, BOB)
    assert [row.size for row in desk.rows("attachments")] == [len(data)]
    assert sum(row.size for row in desk.rows("raw")) < 2 * len(raw)


def test_an_encoded_flood_of_one_octet_is_counted_by_what_it_holds() -> None:
    """Size is that of the decoded bytes, whatever the header says (RFC 2183 size is a stranger's word)."""
    raw = with_file(b"x" * 999, "application/octet-stream", 'a.bin"; x-size="5').replace(
        b'"5"', b'"5"; size=99999999'
    )
    assert [a.size for a in parse(raw).attachments] == [999]


@pytest.mark.parametrize("depth", [5, 50, 400])
def test_mails_within_mails(depth: int) -> None:
    """Bounded: the outermost is kept as one file, and nobody looks into the last one."""
    inner = b"Subject: x\r\n\r\nx\r\n"
    for _ in range(depth):
        inner = b"Subject: y\r\nContent-Type: message/rfc822\r\n\r\n" + inner
    raw = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    parsed = parse(raw + inner + b"\r\n--b--\r\n")
    assert len(parsed.attachments) <= 2
    assert parsed.sender is not None


TNEF = {
    "a size beyond the file": b"\x78\x9f\x3e\x22\x01\x00\x02\x0f\x80\x06\x00\xff\xff\xff\x7f",
    "a negative size": b"\x78\x9f\x3e\x22\x01\x00\x02\x0f\x80\x06\x00\xff\xff\xff\xff",
    "nothing behind the mark": b"\x78\x9f\x3e\x22",
    "no mark": b"\x00" * 64,
    "many empty attributes": b"\x78\x9f\x3e\x22\x01\x00"
    + b"\x02\x0f\x80\x06\x00\x00\x00\x00\x00\x00\x00" * 20_000,
}


@pytest.mark.parametrize("data", TNEF.values(), ids=TNEF)
def test_a_broken_winmail_is_kept_or_left_and_harms_nobody(data: bytes) -> None:
    parsed = parse(with_file(data, "application/ms-tnef", "winmail.dat"))
    assert parsed.text == "See the file."
    assert len(parsed.attachments) < 200
    assert sum(a.size for a in parsed.attachments) <= 2 * len(data)
