"""mailgate.mail.tnef and rtf: winmail.dat under limits (MS-OXTNEF, MS-OXRTFCP)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.mail import rtf, tnef


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, 6, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def prop(kind: int, name: int, data: bytes) -> bytes:
    head = struct.pack("<HH", kind, name)
    return head + (
        struct.pack("<II", 1, len(data)) + data + b"\0" * (-len(data) % 4)
        if kind in (0x1E, 0x1F, 0x102, 0x0D)
        else data
    )


def properties(*found: bytes) -> bytes:
    return struct.pack("<I", len(found)) + b"".join(found)


def winmail(*attributes: bytes) -> bytes:
    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x9007, struct.pack("<II", 1252, 0))
        + b"".join(attributes)
    )


def wide(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


# a string property that is known by a number in a set, not by its tag
NAMED = struct.pack("<HH", 0x1E, 0x8001) + b"\0" * 16 + struct.pack("<IIII", 0, 7, 1, 2) + b"x\0\0\0"
RENDER = attribute(2, 0x9002, b"\0" * 14)


def test_a_file_with_its_long_name_type_and_content_id() -> None:
    data = winmail(
        RENDER,
        attribute(2, 0x8010, b"PLAN~1.PDF\0"),
        attribute(2, 0x800F, b"bytes\0\0"),
        attribute(
            2,
            0x9005,
            properties(
                prop(0x1F, 0x3707, wide("Plan ü.pdf")),
                prop(0x1E, 0x370E, b"Application/PDF\0"),
                prop(0x1E, 0x3712, b"<p@x>\0"),
            ),
        ),
    )
    found = tnef.read(data)
    assert found is not None
    assert found.files == [tnef.File("Plan ü.pdf", "application/pdf", "p@x", b"bytes\0\0")]
    assert not found.defect


def test_two_files_and_the_short_name_where_there_is_no_other() -> None:
    data = winmail(
        RENDER,
        attribute(2, 0x8010, b"caf\xe9.txt\0"),
        attribute(2, 0x800F, b"1"),
        RENDER,
        attribute(2, 0x800F, b"2"),
    )
    found = tnef.read(data)
    assert found is not None
    assert [(file.name, file.data) for file in found.files] == [("café.txt", b"1"), ("", b"2")]


@pytest.mark.parametrize(
    ("attributes", "text", "html"),
    [
        ([attribute(1, 0x800C, b"plain \x80\0")], "plain €", ""),
        ([attribute(1, 0x9003, properties(prop(0x1F, 0x1000, wide("wide ü"))))], "wide ü", ""),
        ([attribute(1, 0x9003, properties(prop(0x102, 0x1013, b"<p>h</p>")))], "", "<p>h</p>"),
        ([attribute(1, 0x9003, properties(prop(0x03, 0x3FDE, struct.pack("<I", 65001)), prop(0x1E, 0x1000, "ü".encode())))], "ü", ""),
        ([attribute(1, 0x9003, properties(prop(0x40, 0x0039, b"\0" * 8), prop(0x1E, 0x1000, b"after a time\0")))], "after a time", ""),
        ([attribute(1, 0x9003, properties(NAMED, prop(0x1E, 0x1000, b"after a named one\0")))], "after a named one", ""),
    ],
    ids=["attribute", "unicode", "html", "code_page", "fixed_size_property", "named_property"],
)  # fmt: skip
def test_the_body(attributes: list[bytes], text: str, html: str) -> None:
    found = tnef.read(winmail(*attributes))
    assert found is not None
    assert (found.text, found.html, found.defect) == (text, html, "")


def compressed(raw: bytes) -> bytes:
    """Literals only: a legal, if idle, use of the format (MS-OXRTFCP §3.1.1)."""
    body = b"".join(b"\0" + raw[at : at + 8] for at in range(0, len(raw), 8))
    return struct.pack("<IIII", len(body) + 12, len(raw), 0x75465A4C, 0) + body


def test_an_rtf_body_where_there_is_no_other() -> None:
    data = winmail(
        attribute(1, 0x9003, properties(prop(0x102, 0x1009, compressed(rb"{\rtf1\ansi Hello\par W\'f6rld}"))))
    )
    found = tnef.read(data)
    assert found is not None
    assert found.text == "Hello\nWörld"


def test_references_into_the_dictionary_are_followed() -> None:
    # "{\rtf1" from the preloaded dictionary: offset 0, length 6; then literals
    body = bytes([0b00000001]) + struct.pack(">H", 0 << 4 | 6 - 2) + b" a}"
    data = struct.pack("<IIII", len(body) + 12, 9, 0x75465A4C, 0) + body
    assert rtf.decompress(data) == b"{\\rtf1 a}"


RTF = {
    "paragraphs": (rb"{\rtf1 a\par b\line c\tab d}", "a\nb\nc\td"),
    "skipped_groups": (rb"{\rtf1{\fonttbl{\f0 Arial;}}{\*\generator X;}text}", "text"),
    "unicode": (rb"{\rtf1\uc1 caf\u233?!}", "café!"),
    "surrogate_pair": (rb"{\rtf1\u-10179?\u-8704?}", "😀"),
    "lone_surrogate": (rb"{\rtf1 a\u-10179?b}", "a\N{REPLACEMENT CHARACTER}b"),
    "code_page": (rb"{\rtf1\ansicpg1251 \'cf\'f0}", "Пр"),
    "escapes": (rb"{\rtf1 \{a\}\\b\~c}", "{a}\\b c"),
    "html_inside": (rb"{\rtf1\fromhtml1 {\*\htmltag84 <b>}words\htmlrtf hidden\htmlrtf0  here{\*\htmltag92 </b>}}", "words here"),
    "unbalanced": (rb"}}}{\rtf1 a", "a"),
    "empty": (b"", ""),
}  # fmt: skip


@pytest.mark.parametrize(("data", "text"), RTF.values(), ids=RTF)
def test_words_of_rtf(data: bytes, text: str) -> None:
    assert rtf.to_text(data) == text


def test_what_is_no_winmail() -> None:
    assert tnef.read(b"") is None
    assert tnef.read(b"PK\x03\x04 something") is None


WHOLE = winmail(
    RENDER,
    attribute(2, 0x8010, b"a.txt\0"),
    attribute(2, 0x800F, b"data"),
    attribute(2, 0x9005, properties(prop(0x1F, 0x3707, wide("long.txt")))),
    attribute(1, 0x9003, properties(prop(0x102, 0x1009, compressed(rb"{\rtf1 a}")))),
)


def test_cut_anywhere() -> None:
    for end in range(len(WHOLE)):
        tnef.read(WHOLE[:end])
    cut = tnef.read(WHOLE[:-4])
    assert cut is not None
    assert "damaged" in cut.defect
    assert [file.data for file in cut.files] == [b"data"]


@settings(max_examples=300)
@given(
    st.integers(0, len(WHOLE) - 1), st.integers(0, 255), st.integers(0, len(WHOLE) - 1), st.integers(0, 255)
)
def test_bytes_changed_anywhere(at: int, value: int, other: int, second: int) -> None:
    data = bytearray(WHOLE)
    data[at], data[other] = value, second
    tnef.read(bytes(data))


@given(st.binary(max_size=200))
def test_rtf_never_raises(data: bytes) -> None:
    rtf.to_text(data)
    rtf.to_text(rb"{\rtf1 " + data)
    rtf.decompress(struct.pack("<IIII", 100, 1 << 31, 0x75465A4C, 0) + data)


def test_counts_are_not_believed() -> None:
    """A property count of four thousand million, with nothing behind it, is no work."""
    found = tnef.read(winmail(attribute(1, 0x9003, struct.pack("<I", 0xFFFFFFFF))))
    assert found is not None
    many = tnef.read(winmail(*[RENDER + attribute(2, 0x800F, b"x")] * 500))
    assert many is not None
    assert len(many.files) == tnef.MAX_FILES
