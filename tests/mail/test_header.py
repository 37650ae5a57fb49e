"""mailgate.mail.header and mail.date: RFC 2047, 2231, 5322."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailgate
from mailgate.mail import date, header

TEXTS = {
    "plain": (b" hello ", "hello"),
    "folded": (b" a\r\n b\r\n\tc", "a b c"),
    "folded_by_broken_relay": (b" a\r\r\n b", "a b"),
    "two_words": (b"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
    "word_and_text": (b"x =?utf-8?q?a?= y", "x a y"),
    "folded_words": (b"=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab"),
    "split_character": (b"=?utf-8?b?w6k=?= =?utf-8?q?=C3?= =?utf-8?q?=A9?=", "éé"),
    "split_character_between_charsets_of_other_case": (b"=?UTF-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
    "split_quantum": (b"=?utf-8?b?w6?= =?utf-8?b?k?=", "é"),
    "no_padding": (b"=?utf-8?b?w6l0w6k?=", "été"),
    "one_letter_too_many": (b"=?utf-8?b?w6kx?=", "é1"),
    "base64_with_blanks": (b"=?utf-8?b?w6 l0 w6k=?=", "été"),
    "q_with_blanks": (b"=?latin1?q?a =E9 b?=", "a é b"),
    "q_with_question_mark": (b"=?utf-8?q?why?_not?=", "why? not"),
    "empty_word": (b"a =?utf-8?q??= x", "a  x"),
    "unclosed_word": (b"=?utf-8?q?abc", "=?utf-8?q?abc"),
    "unknown_encoding": (b"=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
    "unknown_charset": (b"=?nope?q?=E9?=", "é"),
    "raw_utf8": ("é".encode(), "é"),
    "raw_latin1": (b"caf\xe9", "café"),
    "raw_beside_words": (b"caf\xe9 =?utf-8?q?=C3=A9?=", "café é"),
    "control_characters": (b"=?utf-8?q?a=0D=0Ab=00=07c?=", "a b c"),
    "line_separators": ("a\u2028b\x85c".encode(), "a b c"),
    "decoded_once": (b"=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=", "=?utf-8?q?x?="),
    "japanese": (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "text"), TEXTS.values(), ids=TEXTS)
def test_unstructured_text(value: bytes, text: str) -> None:
    assert header.text(value) == text


def test_structured_fields_are_not_decoded() -> None:
    value = b"mx.example; spf=none smtp.mailfrom==?utf-8?q?a;_dmarc=3Dpass?="
    assert header.text(value, encoded=False) == value.decode()


@given(st.binary(max_size=300))
def test_text_never_raises_and_is_one_line(value: bytes) -> None:
    text = header.text(value)
    text.encode("utf-8")
    assert not set(text) & {"\0", "\r", "\n", "\x85", "\u2028"}


PARAMETERS = {
    "none": (b" Text/Plain ", ("text/plain", {})),
    "plain": (b'text/html; charset="utf-8"; format=flowed', ("text/html", {"charset": "utf-8", "format": "flowed"})),
    "name_in_capitals": (b"text/html;CHARSET=UTF-8", ("text/html", {"charset": "UTF-8"})),
    "folded": (b"a/b;\r\n\tname=x", ("a/b", {"name": "x"})),
    "semicolon_in_quotes": (b'a/b; boundary="x;y=z"; n=1', ("a/b", {"boundary": "x;y=z", "n": "1"})),
    "escaped_quote": (rb'a/b; name="x\"y"', ("a/b", {"name": 'x"y'})),
    "quotes_unescaped": (b'a/b; name="a "b" c.pdf"; size=3', ("a/b", {"name": 'a "b" c.pdf', "size": "3"})),
    "quote_unclosed": (b'a/b; name="abc', ("a/b", {"name": "abc"})),
    "windows_path": (b'a/b; filename="C:\\new\\x.pdf"', ("a/b", {"filename": "C:\\new\\x.pdf"})),
    "blanks_in_unquoted_name": (b"a/b; filename=my file.pdf; x=1", ("a/b", {"filename": "my file.pdf", "x": "1"})),
    "comment": (b"a/b; charset=us-ascii (Plain text)", ("a/b", {"charset": "us-ascii"})),
    "semicolon_missing": (b"a/b; charset=utf-8 format=flowed", ("a/b", {"charset": "utf-8", "format": "flowed"})),
    "semicolon_missing_after_type": (b"a/b charset=utf-8", ("a/b", {"charset": "utf-8"})),
    "semicolons_galore": (b"a/b;;; ;charset=utf-8;", ("a/b", {"charset": "utf-8"})),
    "blanks_around_equals": (b"a/b; charset = utf-8", ("a/b", {"charset": "utf-8"})),
    "first_of_two_holds": (b"a/b; name=x; name=y", ("a/b", {"name": "x"})),
    "first_of_two_holds_when_odd": (b"a/b; name=x (c); name=y (c)", ("a/b", {"name": "x (c)"})),
    "extended": (b"a/b; filename*=UTF-8''%e2%82%ac.txt", ("a/b", {"filename": "€.txt"})),
    "extended_goes_over_plain": (b"a/b; filename=E.txt; filename*=utf-8''%C3%A9.txt", ("a/b", {"filename": "é.txt"})),
    "extended_latin1": (b"a/b; filename*=iso-8859-1'de'%FC.txt", ("a/b", {"filename": "ü.txt"})),
    "extended_without_charset": (b"a/b; filename*=%C3%A9.txt", ("a/b", {"filename": "é.txt"})),
    "continued": (b'a/b; name*0="one "; name*1=two', ("a/b", {"name": "one two"})),
    "continued_out_of_order": (b"a/b; name*1=two; name*0=one", ("a/b", {"name": "onetwo"})),
    "continued_and_extended": (b"a/b; name*0*=utf-8''%C3; name*1*=%A9; name*2=.txt", ("a/b", {"name": "é.txt"})),
    "continued_encoded_word": (b'a/b; name*0="=?utf-8?q?=C3"; name*1="=A9?="', ("a/b", {"name": "é"})),
    "encoded_word": (b'a/b; name="=?utf-8?q?=C3=A9.pdf?="', ("a/b", {"name": "é.pdf"})),
    "encoded_words_folded": (b'a/b; name="=?utf-8?q?a?=\r\n =?utf-8?q?b?="', ("a/b", {"name": "ab"})),
    "extended_form_under_plain_name": (b"a/b; name=\"utf-8''%C3%A9.pdf\"", ("a/b", {"name": "é.pdf"})),
    "raw_bytes": (b'a/b; name="caf\xe9.txt"', ("a/b", {"name": "café.txt"})),
    "empty": (b"", ("", {})),
    "only_junk": (b";;=;=;\"", ("", {})),
}  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), PARAMETERS.values(), ids=PARAMETERS)
def test_parameters(value: bytes, expected: tuple[str, dict[str, str]]) -> None:
    assert header.parameters(value) == expected


def test_parameters_are_limited() -> None:
    many = b"a/b" + b"".join(b"; p%d=%d" % (n, n) for n in range(200))
    assert len(header.parameters(many)[1]) <= header.MAX_PARAMETERS


@given(st.binary(max_size=200))
def test_parameters_never_raise(value: bytes) -> None:
    header.parameters(value)


IDS = {
    "one": ("<a@b>", ("<a@b>",)),
    "words_around": ("Your mail of Monday <a@b> (x)", ("<a@b>",)),
    "folded_inside": ("<a@\t b>", ("<a@b>",)),
    "each_once": ("<a@b> <c@d> <a@b>", ("<a@b>", "<c@d>")),
    "no_brackets": ("a@b", ("<a@b>",)),
    "no_at": ("<abc>", ("<abc>",)),
    "too_long": (f"<{'x' * 251}@b> <c@d>", ("<c@d>",)),
    "control": ("<a\x07@b>", ()),
    "empty": ("", ()),
    "brackets_galore": ("<<<a@b>>>", ("<a@b>",)),
}  # fmt: skip


@pytest.mark.parametrize(("value", "ids"), IDS.values(), ids=IDS)
def test_message_ids(value: str, ids: tuple[str, ...]) -> None:
    assert header.message_ids(value) == ids


def test_of_many_message_ids_the_first_and_the_last_hundred_are_kept() -> None:
    ids = header.message_ids(" ".join(f"<{n}@x>" for n in range(1000)))
    assert len(ids) == 101
    assert ids[0] == "<0@x>"
    assert ids[1] == "<900@x>"
    assert ids[-1] == "<999@x>"


DATES = {
    "rfc_5322": ("Mon, 2 Nov 2026 11:00:01 +0100", "2026-11-02T11:00:01+01:00"),
    "no_day_of_week": ("2 Nov 2026 11:00:01 -0530", "2026-11-02T11:00:01-05:30"),
    "no_seconds": ("Mon, 2 Nov 2026 11:00 +0100", "2026-11-02T11:00:00+01:00"),
    "no_zone": ("Mon, 2 Nov 2026 11:00:01", "2026-11-02T11:00:01+00:00"),
    "comment": ("Mon, 2 Nov 2026 11:00:01 +0100 (CET)", "2026-11-02T11:00:01+01:00"),
    "comments_inside": ("Mon (a), 2 (b) Nov 2026 11:00:01 (c) GMT", "2026-11-02T11:00:01+00:00"),
    "obsolete_zone": ("Mon, 2 Nov 2026 11:00:01 EST", "2026-11-02T11:00:01-05:00"),
    "military_zone": ("Mon, 2 Nov 2026 11:00:01 K", "2026-11-02T11:00:01+00:00"),
    "gmt_offset": ("Mon, 2 Nov 2026 11:00:01 GMT+0200", "2026-11-02T11:00:01+02:00"),
    "colon_in_offset": ("Mon, 2 Nov 2026 11:00:01 +01:00", "2026-11-02T11:00:01+01:00"),
    "two_digit_year": ("2 Nov 26 11:00 GMT", "2026-11-02T11:00:00+00:00"),
    "two_digit_year_of_the_last_century": ("2 Nov 97 11:00 GMT", "1997-11-02T11:00:00+00:00"),
    "three_digit_year": ("2 Nov 103 11:00 GMT", "2003-11-02T11:00:00+00:00"),
    "leap_second": ("31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59+00:00"),
    "asctime": ("Mon Nov  2 11:00:01 2026", "2026-11-02T11:00:01+00:00"),
    "american": ("Nov 2, 2026 1:05 PM", "2026-11-02T13:05:00+00:00"),
    "iso": ("2026-11-02T11:00:01Z", "2026-11-02T11:00:01+00:00"),
    "iso_with_fraction": ("2026-11-02 11:00:01.123456+02:00", "2026-11-02T11:00:01+02:00"),
    "full_month": ("2 November 2026 11:00:01 +0000", "2026-11-02T11:00:01+00:00"),
    "dashes": ("02-Nov-2026 11:00:01 +0000", "2026-11-02T11:00:01+00:00"),
    "one_digit_hour": ("Mon, 2 Nov 2026 1:00:01 +0000", "2026-11-02T01:00:01+00:00"),
    "day_out_of_range": ("Mon, 32 Nov 2026 11:00:01 +0100", None),
    "hour_out_of_range": ("Mon, 2 Nov 2026 25:00:01 +0100", None),
    "offset_out_of_range": ("Mon, 2 Nov 2026 11:00:01 +9900", None),
    "year_out_of_range": ("Mon, 2 Nov 9999 11:00:01 +0100", None),
    "year_before_mail": ("Mon, 2 Nov 1899 11:00:01 +0100", None),
    "no_month": ("Mon, 2 Foo 2026 11:00:01 +0100", None),
    "words": ("yesterday", None),
    "empty": ("", None),
    "blanks_around_colons": ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00"),
    "hour_of_offset_only": ("Mon, 2 Nov 2026 11:00:01 UTC+1", "2026-11-02T11:00:01+01:00"),
    "no_second_but_a_letter": ("Mon, 2 Nov 2026 11:00:x", None),
    "german": ("Di, 03 Mär 2026 11:00:01 +0100", "2026-03-03T11:00:01+01:00"),
    "french": ("mar., 4 août 2026 11:00:01 +0200", "2026-08-04T11:00:01+02:00"),
    "french_june": ("mar. 2 juin 2026 11:00:01 +0200", "2026-06-02T11:00:01+02:00"),
    "french_july": ("mer. 1 juil. 2026 11:00:01 +0200", "2026-07-01T11:00:01+02:00"),
    "spanish": ("lun, 05 ene 2026 11:00:01 +0100", "2026-01-05T11:00:01+01:00"),
    "italian": ("gio, 8 ott 2026 11:00:01 +0200", "2026-10-08T11:00:01+02:00"),
    "digits_and_dots": ("02.11.2026 11:00:01", "2026-11-02T11:00:01+00:00"),
    "digits_and_slashes": ("2026/11/02 11:00:01 +0100", "2026-11-02T11:00:01+01:00"),
    "basic_iso": ("20261102T110001Z", "2026-11-02T11:00:01+00:00"),
    "before_the_epoch": ("Thu, 13 Feb 1969 23:32:54 -0330", "1969-02-13T23:32:54-03:30"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "iso"), DATES.values(), ids=DATES)
def test_dates(value: str, iso: str | None) -> None:
    found = date.parse(value)
    assert (found.isoformat() if found else None) == iso


@given(st.text(alphabet="0123456789 :+-.,()abcdefghijklmnopqrstuvwxyzJanNovMT", max_size=60))
def test_dates_never_raise_and_are_aware(value: str) -> None:
    found = date.parse(value)
    assert found is None or found.tzinfo is not None


HOSTILE: dict[str, Callable[[int], object]] = {
    "unclosed_words": lambda n: header.text(b"=?a?q?" * n),
    "words_that_close_at_the_end": lambda n: header.text(b"=?a?q?" * n + b"?="),
    "blanks": lambda n: header.text(b"=?" + b" " * n),
    "carriage_returns": lambda n: header.text(b"\r" * n),
    "folds": lambda n: header.text(b"\n " * n),
    "semicolons": lambda n: header.parameters(b"a/b" + b";" * n),
    "quotes": lambda n: header.parameters(b"a/b; x=" + b'"' * n),
    "escaped_quotes": lambda n: header.parameters(b"a/b; x=" + b'"\\' * n),
    "brackets": lambda n: header.message_ids("<" * n),
    "long_words": lambda n: header.message_ids("a" * n),
    "digits": lambda n: date.parse("1" * n),
}  # fmt: skip


@pytest.mark.parametrize("work", HOSTILE.values(), ids=HOSTILE)
def test_linear(work: Callable[[int], object], linear: Any) -> None:
    linear(work, 16_000)


def test_no_pattern_relies_on_a_possessive_group() -> None:
    """Python 3.11.0 to 3.11.4 match them wrongly (CPython gh-106052): Debian 12's 3.11.2 lost every encoded word."""
    package = Path(mailgate.__file__).parent
    found = [
        f"{path.relative_to(package)}:{number}"
        for path in package.rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"\)(?:[*+?]|\{[\d,]+\})\+|\(\?>", line)
    ]
    assert found == []
