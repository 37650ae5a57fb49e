"""mailgate.mail.charset: validity decides, a label is a hint (rule 3.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.charset import decode, resolve

LABELS = [
    "", "utf-8", "us-ascii", "iso-8859-1", "windows-1251", "gb2312", "big5", "shift_jis", "iso-2022-jp", "iso-2022-kr", "euc-kr", "hz",
    "utf-7", "utf-16", "utf-16le", "utf-32", "koi8-r", "x-unknown", "unicode_escape", "idna", "base64", "mbcs", "iso-8859-8-i",
]  # fmt: skip

CASES = {
    "utf8_declared": ("Grüße".encode(), "utf-8", "Grüße"),
    "utf8_undeclared": ("Grüße".encode(), "", "Grüße"),
    "utf8_labelled_latin1": ("Grüße".encode(), "iso-8859-1", "Grüße"),
    "utf8_labelled_cyrillic": ("Привет".encode(), "windows-1251", "Привет"),
    "utf8_labelled_chinese": ("中文邮件".encode(), "gb2312", "中文邮件"),
    "utf8_with_mark": (b"\xef\xbb\xbfabc", "us-ascii", "abc"),
    "utf8_damaged": ("Grüße, schöne Grüße ".encode() + b"\xc3", "utf-8", "Grüße, schöne Grüße \N{REPLACEMENT CHARACTER}"),
    "latin1_labelled_utf8": ("Grüße".encode("latin-1"), "utf-8", "Grüße"),
    "latin1_undeclared": ("Grüße".encode("latin-1"), "", "Grüße"),
    "cp1252_labelled_latin1": (b"\x84Zitat\x93 \x80", "iso-8859-1", "„Zitat“ €"),
    "cp1252_labelled_ascii": (b"it\x92s", "us-ascii", "it’s"),
    "turkish_superset": ("şğı €".encode("cp1254"), "iso-8859-9", "şğı €"),
    "chinese_superset": ("朱镕基€".encode("gb18030"), "gb2312", "朱镕基€"),
    "chinese_short_that_is_valid_utf8": ("模".encode("gb2312"), "gb2312", "模"),
    "chinese_hz": (b"~{VPND~}", "hz-gb-2312", "中文"),
    "big5": ("中文".encode("big5"), "big5", "中文"),
    "big5_hong_kong": ("㗎".encode("big5hkscs"), "big5", "㗎"),
    "korean_superset": ("똠".encode("cp949"), "ks_c_5601-1987", "똠"),
    "shift_jis_microsoft": ("①㈱".encode("cp932"), "shift_jis", "①㈱"),
    "shift_jis_alias": ("日本".encode("cp932"), "x-sjis", "日本"),
    "euc_jp": ("日本".encode("euc_jp"), "euc-jp", "日本"),
    "jis": ("日本".encode("iso2022_jp"), "iso-2022-jp", "日本"),
    "jis_undeclared": ("日本".encode("iso2022_jp"), "", "日本"),
    "jis_labelled_ascii": ("日本".encode("iso2022_jp"), "us-ascii", "日本"),
    "jis_microsoft": (b"\x1b$B-!\x1b(B ok", "iso-2022-jp", "① ok"),
    "jis_damaged": (b"\x1b$BF|\xffx", "iso-2022-jp", None),
    "korean_iso2022": (b"\x1b$)C\x0e0!\x0f", "iso-2022-kr", "가"),
    "hebrew_implicit": ("שלום".encode("iso8859-8"), "iso-8859-8-i", "שלום"),
    "koi8": ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
    "koi8_undeclared": ("Привет, как дела".encode("koi8-r"), "", "Привет, как дела"),
    "cp1251_undeclared": ("Привет, как дела".encode("cp1251"), "", "Привет, как дела"),
    "german_is_not_taken_for_russian": ("Übergröße".encode("latin-1"), "", "Übergröße"),
    "utf16_marked": ("Grüße".encode("utf-16"), "utf-16", "Grüße"),
    "utf16_unlabelled": ("Grüße".encode("utf-16"), "", "Grüße"),
    "utf16_unmarked_little": ("Grüße".encode("utf-16-le"), "utf-16", "Grüße"),
    "utf16_unmarked_big": ("Grüße".encode("utf-16-be"), "utf-16", "Grüße"),
    "utf16_in_name_only": (b"plain words", "utf-16", "plain words"),
    "utf7": (b"Gr+APwA3w-e", "utf-7", "Grüße"),
    "utf7_never_guessed": (b"1 +AGE- 2", "", "1 +AGE- 2"),
    "unknown_label": ("Grüße".encode("latin-1"), "x-klingon", "Grüße"),
    "codec_that_is_no_charset": (b"68656c6c6f", "hex", "68656c6c6f"),
    "escape_codec_refused": (rb"\u0041", "unicode_escape", r"\u0041"),
    "escape_codec_refused_where_it_is_no_utf8": (b"\\u0041 caf\xe9", "unicode-escape", "\\u0041 café"),
    "raw_escape_codec_refused": (b"\\u0041 caf\xe9", "raw_unicode_escape", "\\u0041 café"),
    "label_with_language": ("é".encode("latin-1"), "iso-8859-1*fr", "é"),
    "label_in_quotes": ("é".encode("latin-1"), '"ISO-8859-1"', "é"),
    "vendor_label": ("é".encode("cp850"), "cp-850", "é"),
    "windows_label": ("й".encode("cp1251"), "win-1251", "й"),
    "nul_removed": (b"a\0b", "us-ascii", "ab"),
    "undefined_cp1252_byte": (b"a\x81b\x80", "windows-1252", None),
}  # fmt: skip


@pytest.mark.parametrize(("data", "label", "text"), CASES.values(), ids=CASES)
def test_decode(data: bytes, label: str, text: str | None) -> None:
    found = decode(data, label)
    assert text is None or found == text


@pytest.mark.parametrize("name", ["", "x" * 500, "ÄÖ", "../../etc", "rot13", "punycode", "\0", "a b"])
def test_labels_that_name_nothing(name: str) -> None:
    assert resolve(name) == ""


@given(st.binary(max_size=200), st.sampled_from(LABELS))
def test_text_is_clean_whatever_the_bytes(data: bytes, label: str) -> None:
    text = decode(data, label)
    text.encode("utf-8")  # no surrogates
    assert "\0" not in text


@given(
    st.text(max_size=100).filter(lambda t: "\0" not in t and not t.startswith("\ufeff") and "\x1b" not in t)
)
def test_utf8_comes_out_as_it_went_in(text: str) -> None:
    assert decode(text.encode(), "utf-8") == text
