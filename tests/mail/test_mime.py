"""mailgate.mail.mime, section and transfer: structure of a message by byte offsets, under limits (T19, T25)."""

from __future__ import annotations

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail import mime, section, transfer
from mailgate.mail.mime import leaves, split

H = b"From: a@b.example\nMIME-Version: 1.0\n"


def shape(raw: bytes) -> list[tuple[str, str, bytes]]:
    """(path, type, body) of every leaf."""
    message = split(raw)
    return [(part.path, part.type, message.body(part)) for part in leaves(message.root)]


def mixed(boundary: str, body: bytes) -> bytes:
    return H + f'Content-Type: multipart/mixed; boundary="{boundary}"\n\n'.encode() + body


SHAPES = {
    "single": (H + b"\nhello\n", [("1", "text/plain", b"hello\n")]),
    "two_parts": (mixed("x", b"--x\n\na\n--x\nContent-Type: a/b\n\nc\n--x--\n"), [("1", "text/plain", b"a"), ("2", "a/b", b"c")]),
    "preamble_and_epilogue": (mixed("x", b"pre\n--x\n\na\n--x--\nepilogue\n"), [("1", "text/plain", b"a")]),
    "blanks_behind_delimiter": (mixed("x", b"--x \t\n\na\n--x-- \n"), [("1", "text/plain", b"a")]),
    "longer_line_is_no_delimiter": (mixed("x", b"--x\n\na\n--xy\nb\n--x--\n"), [("1", "text/plain", b"a\n--xy\nb")]),
    "delimiter_inside_a_line": (mixed("x", b"--x\n\na --x\nb\n--x--\n"), [("1", "text/plain", b"a --x\nb")]),
    "empty_part": (mixed("x", b"--x\n--x\n\na\n--x--"), [("1", "text/plain", b""), ("2", "text/plain", b"a")]),
    "part_without_blank_line": (mixed("x", b"--x\nContent-Type: a/b\n--x\n\na\n--x--"), [("1", "a/b", b""), ("2", "text/plain", b"a")]),
    "part_body_without_header": (mixed("x", b"--x\nwords here\n--x--"), [("1", "text/plain", b"words here")]),
    "unclosed": (mixed("x", b"--x\n\na\n"), [("1", "text/plain", b"a\n")]),
    "nested": (
        mixed("x", b'--x\nContent-Type: multipart/alternative; boundary="y"\n\n--y\n\na\n--y\n\nb\n--y--\n\n--x\n\nc\n--x--\n'),
        [("1.1", "text/plain", b"a"), ("1.2", "text/plain", b"b"), ("2", "text/plain", b"c")],
    ),
    "outer_ends_inner": (
        mixed("x", b'--x\nContent-Type: multipart/alternative; boundary="y"\n\n--y\n\na\n--x\n\nc\n--x--\n'),
        [("1.1", "text/plain", b"a"), ("2", "text/plain", b"c")],
    ),
    "boundary_that_begins_another": (
        mixed("x", b'--x\nContent-Type: multipart/alternative; boundary="xx"\n\n--xx\n\na\n--xx--\n--x--\n'),
        [("1.1", "text/plain", b"a")],
    ),
    "same_boundary_inside": (
        mixed("x", b'--x\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n\na\n--x--\n'),
        [("1", "multipart/mixed", b""), ("2", "text/plain", b"a")],
    ),
    "message_is_a_leaf": (
        mixed("x", b"--x\nContent-Type: message/rfc822\n\nSubject: i\n\nin\n--x--\n"),
        [("1", "message/rfc822", b"Subject: i\n\nin")],
    ),
    "odd_type": (H + b"Content-Type: text\n\na", [("1", "text/plain", b"a")]),
    "unreadable_type": (H + b"Content-Type: !!\n\na", [("1", "text/plain", b"a")]),
    "boundary_with_blanks": (mixed("a b", b"--a b\n\nx\n--a b--\n"), [("1", "text/plain", b"x")]),
    "only_cr": (b"From: a@b\rSubject: s\r\rline\rline\r", [("1", "text/plain", b"line\nline\n")]),
    "crcrlf": (b"From: a@b\r\r\nSubject: s\r\r\n\r\r\nline\r\r\n", [("1", "text/plain", b"line\r\r\n")]),
    "empty": (b"", [("1", "text/plain", b"")]),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), SHAPES.values(), ids=SHAPES)
def test_shapes(raw: bytes, expected: list[tuple[str, str, bytes]]) -> None:
    assert shape(raw) == expected


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in ("only_cr", "crcrlf", "empty")])
def test_crlf_gives_the_same_shape(name: str) -> None:
    raw, expected = SHAPES[name]
    found = shape(raw.replace(b"\n", b"\r\n"))
    assert [(path, kind, body.replace(b"\r\n", b"\n")) for path, kind, body in found] == expected


def fields(raw: bytes) -> tuple[list[str], bytes]:
    message = split(raw)
    return [name for name, _ in message.root.fields], message.raw[message.root.start :]


HEADERS = {
    "plain": (b"A: 1\nB: 2\n\nbody", ["a", "b"], b"body"),
    "folded": (b"A: 1\n 2\n\t3\nB: 4\n\nbody", ["a", "b"], b"body"),
    "no_body": (b"A: 1\n", ["a"], b""),
    "no_line_end": (b"A: 1", ["a"], b""),
    "no_header": (b"\nbody", [], b"body"),
    "no_blank_line": (b"A: 1\nbody text\nmore", ["a"], b"body text\nmore"),
    "junk_line": (b"A: 1\njunk\nSubject: 2\n\nbody", ["a", "subject"], b"body"),
    "blank_continuation": (b"A: 1\n \t\nB: 2\n\nbody", ["a", "b"], b"body"),
    "blanks_separate": (b"A: 1\n \t\nbody", ["a"], b"body"),
    "mbox": (b"From me Mon\nA: 1\n\nbody", ["a"], b"body"),
    "quoted_mbox": (b">From me Mon\nA: 1\n\nbody", ["a"], b"body"),
    "from_with_blank": (b"From : me\n\nbody", ["from"], b"body"),
    "blank_lines_before": (b"\r\n\r\nFrom: me\r\n\r\nbody", ["from"], b"body"),
    "bare_cr_is_no_line_end": (b"A: 1\rFrom: x\nB: 2\n\nbody", ["a", "b"], b"body"),
    "colon_first": (b"A: 1\n: x\n\nbody", ["a"], b": x\n\nbody"),
    "eight_bit_name": (b"A: 1\n\xe9: x\n\nbody", ["a"], b"\xe9: x\n\nbody"),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "names", "body"), HEADERS.values(), ids=HEADERS)
def test_header_sections(raw: bytes, names: list[str], body: bytes) -> None:
    assert fields(raw) == (names, body)


def test_limits_leave_a_word_and_lose_nothing() -> None:
    lines = split(b"To: a@b\n" * 5000 + b"\nbody")
    assert len(lines.root.fields) == section.MAX_HEADERS
    assert lines.raw[lines.root.start :] == b"body"
    assert any("more than 1000 headers" in defect for defect in lines.defects)

    long = split(b"A: " + b"x" * 100_000 + b"\nB: 1\n\nbody")
    assert [len(value) for _, value in long.root.fields] == [section.MAX_HEADER - 1, 1]
    assert any("over 32 KiB" in defect for defect in long.defects)

    block = split(b"A: x\n" * 100_000)
    assert block.root.end - block.root.start > 200_000  # what was not read stays the body
    assert any("header section over" in defect for defect in block.defects)

    parts = split(mixed("x", b"--x\n\na\n" * 3000))
    assert len(leaves(parts.root)) <= mime.MAX_PARTS + 1
    assert leaves(parts.root)[-1].end == len(parts.raw)
    assert any("more than 1000 parts" in defect for defect in parts.defects)

    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(200))
    nested = split(H + deep + b"\ntext")
    assert max(part.depth for part in leaves(nested.root)) <= mime.MAX_DEPTH
    assert any("nested" in defect for defect in nested.defects)

    boundary = split(mixed("x" * 300, b"--" + b"x" * 300 + b"\n\na"))
    assert any("boundary over" in defect for defect in boundary.defects)
    assert boundary.body(boundary.root).endswith(b"\n\na")


ENCODED = {
    "base64": (b"aGVsbG8=", "base64", b"hello"),
    "base64_lines": (b"aGVs\r\nbG8=\r\n", "BASE64", b"hello"),
    "base64_no_padding": (b"aGVsbG8", "base64", b"hello"),
    "base64_lone_letter": (b"aGVsbG8A=x", "base64", None),
    "base64_junk": (b"aGV!s bG8=", "base64", b"hello"),
    "base64_pieces": (b"aGVs\nbG8=\naGVs\nbG8=\n", "base64", b"hellohello"),
    "base64_of_pads": (b"=!=", "base64", b""),
    "base64_dots": (b"aGVsbG8=\r\n.\r\n", "base64", b"hello"),
    "base64_words_behind_padding": (b"ecO2dMOk== ignored", "base64", "yötä".encode()),
    "base64_pieces_on_a_line": (b"bG8=bG8=", "base64", b"lolo"),
    "base64_pieces_and_a_footer": (b"bG8= \r\nbG8=\r\n-- \r\nThis mail was read\r\n", "base64", b"lolo"),
    "base64_footer_behind_padding": (b"bG8=\n-- \na", "base64", b"lo"),
    "base64_empty": (b"\r\n", "base64", b""),
    "base64_odd_name": (b"bG8=", " Base64; x", b"lo"),
    "qp": (b"a=3Db=\r\nc =C3=A9", "quoted-printable", b"a=bc \xc3\xa9"),
    "qp_lower_case": (b"=c3=a9", "Quoted-Printable", b"\xc3\xa9"),
    "qp_blanks_behind_soft_break": (b"a= \t\r\nb", "quoted-printable", b"ab"),
    "qp_broken": (b"100=% =G1", "quoted-printable", b"100=% =G1"),
    "qp_bare_cr": (b"a=\rb\nc", "quoted-printable", b"ab\nc"),
    "qp_soft_break_at_end": (b"a=", "quoted-printable", b"a"),
    "uuencode": (b"x\nbegin 644 a.txt\n%:&5L;&\\ \n`\nend\n", "x-uuencode", b"hello"),
    "uuencode_without_trailing_blank": (b"begin 644 a.txt\n%:&5L;&\\\nend\n", "uuencode", b"hello"),
    "uuencode_that_is_none": (b"hello", "uuencode", b"hello"),
    "eight_bit": (b"\xe9", "8bit", b"\xe9"),
    "unknown": (b"a=3D", "x-magic", b"a=3D"),
    "none": (b"a=3D", "", b"a=3D"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "name", "plain"), ENCODED.values(), ids=ENCODED)
def test_transfer_encodings(data: bytes, name: str, plain: bytes | None) -> None:
    found = transfer.decode(data, transfer.encoding(name)[0])
    assert plain is None or found == plain


@pytest.mark.parametrize(
    ("data", "is_one"),
    [(b"aGVs\r\nbG8=\r\n", True), (b"", True), (b"aGVs, bG8", False), (b"Hello there!", False)],
)
def test_base64_by_its_alphabet(data: bytes, is_one: bool) -> None:
    assert transfer.is_base64(data) is is_one


@given(st.binary(max_size=200), st.text(alphabet="ABab01+/=\r\n !-", max_size=80))
def test_base64_is_read_as_the_standard_library_reads_it(data: bytes, junk: str) -> None:
    encoded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    assert transfer.decode(b"--x\r\n" + encoded + b"--x--", "base64", 5, 5 + len(encoded)) == data
    text = junk.encode().rstrip(b"= \r\n") + b"=="
    if b"=" not in text[:-2]:
        try:
            expected = binascii.a2b_base64(text)
        except binascii.Error:
            return
        assert transfer.decode(text, "base64") == expected


@given(st.binary(max_size=300))
def test_encodings_invert(data: bytes) -> None:
    assert transfer.decode(base64.encodebytes(data), "base64") == data
    assert transfer.decode(binascii.b2a_qp(data), "quoted-printable").replace(b"\r\n", b"\n") == data.replace(
        b"\r\n", b"\n"
    )


@given(st.binary(max_size=200), st.sampled_from(["base64", "quoted-printable", "uuencode", ""]))
def test_decoding_never_raises(data: bytes, name: str) -> None:
    transfer.decode(data, name)
    transfer.uudecode(data)
    transfer.uuencoded(data, 0, len(data))


ENDS = {
    "closed": (b"--x\n\na\n--x--\n", ["a"], -1, ""),
    "cut": (b"--x\n\na\n--x\n\nb", ["a", "b"], -1, "its end is missing: shown as far as it goes"),
    "closed_behind_the_last_words": (b"--x\n\na--x--\n", ["a"], -1, ""),
    "words_behind_the_end": (b"--x\n\na\n--x--\nlate\n", ["a"], 5, ""),
    "closed_twice": (b"--x\n\na\n--x--\nlate\n--x--\n", ["a"], 11, ""),
    "blanks_behind_the_end": (b"--x\n\na\n--x--\n \n", ["a"], -1, ""),
}


@pytest.mark.parametrize(("body", "bodies", "late", "damage"), ENDS.values(), ids=ENDS)
def test_where_a_multipart_ends(body: bytes, bodies: list[str], late: int, damage: str) -> None:
    """`late`: how many bytes stand behind the closing delimiter, -1 for none that say anything."""
    root = split(mixed("x", body)).root
    assert [root.source[part.start : part.end].decode() for part in root.children] == bodies
    assert (root.end - root.epilogue if root.epilogue >= 0 else -1) == late
    assert root.children[-1].damage == damage


PIECES = [b"--x", b"--x--", b"--y", b"\n", b"\r\n", b"\r", b"a: b", b"Content-Type: multipart/mixed; boundary=y",
          b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: base64", b" ", b"begin 644 a", b"end", b"words"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_every_byte_of_a_leaf_lies_in_the_message_and_in_no_other(pieces: list[bytes]) -> None:
    message = split(mixed("x", b"".join(pieces)))
    position = 0
    for part in leaves(message.root):
        assert position <= part.start <= part.end <= len(message.raw)
        position = part.end
    assert len({part.path for part in leaves(message.root)}) == len(leaves(message.root))
