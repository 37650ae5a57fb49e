"""mailgate.mail.address: mailboxes, lists, and the one strict sender (threat T8)."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.address import display, normalise, parse_list, single

NORMAL = {
    "plain": ("bob@example.com", "bob@example.com"),
    "capitals": ("Bob@EXAMPLE.com", "bob@example.com"),
    "specials": ("a!#$%&'*+/?=^_`{|}~-b@x.com", "a!#$%&'*+/?=^_`{|}~-b@x.com"),
    "host_name": ("root@localhost", "root@localhost"),
    "root_dot": ("bob@example.com.", "bob@example.com"),
    "quoted_for_nothing": ('"bob"@x.com', "bob@x.com"),
    "quoted_blank": ('"bob b"@x.com', '"bob b"@x.com'),
    "quoted_at": ('"a@b"@x.com', '"a@b"@x.com'),
    "quoted_pair": (r'"a\"b"@x.com', r'"a\"b"@x.com'),
    "dots_at_the_ends": ("a..b.@x.com", '"a..b."@x.com'),
    "umlaut_domain": ("a@bücher.example", "a@xn--bcher-kva.example"),
    "umlaut_domain_decomposed": (f"a@{unicodedata.normalize('NFD', 'bücher')}.example", "a@xn--bcher-kva.example"),
    "sharp_s_is_not_ss": ("a@straße.de", "a@xn--strae-oqa.de"),
    "a_label": ("a@XN--bcher-kva.example", "a@xn--bcher-kva.example"),
    "utf8_local_part": ("Jürgen@x.com", "jürgen@x.com"),
    "literal": ("a@[192.0.2.1]", "a@[192.0.2.1]"),
    "literal_v6": ("a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]"),
    "long_local_part": ("x" * 100 + "@x.com", "x" * 100 + "@x.com"),
    "underscore_in_domain": ("a@my_host.example", "a@my_host.example"),
    "no_at": ("bob", ""),
    "empty": ("", ""),
    "no_local_part": ("@x.com", ""),
    "no_domain": ("bob@", ""),
    "two_ats": ("a@b@c.com", ""),
    "blank": ("a b@x.com", ""),
    "control": ("a\x07@x.com", ""),
    "nul": ("a\0@x.com", ""),
    "line_end": ("a@x.com\nbcc", ""),
    "quoted_line_end": ('"a\nb"@x.com', ""),
    "encoded_word": ("=?utf-8?q?a?=@x.com", ""),
    "bidi": ("a\u202eb@x.com", ""),
    "zero_width": ("a\u200bb@x.com", ""),
    "fullwidth_domain": ("a@\uff45xample.com", ""),
    "ideographic_dot": ("a@example\u3002com", ""),
    "hyphen_first": ("a@-x.com", ""),
    "hyphen_last": ("a@x-.com", ""),
    "empty_label": ("a@x..com", ""),
    "broken_a_label": ("a@xn--\u00e9.com", ""),
    "label_too_long": (f"a@{'x' * 64}.com", ""),
    "local_part_too_long": ("x" * 129 + "@x.com", ""),
    "address_too_long": ("a@" + ".".join(["x" * 60] * 5), ""),
    "literal_that_is_none": ("a@[nonsense]", ""),
    "comma": ("a,b@x.com", ""),
    "angle": ("<a@x.com>", ""),
}  # fmt: skip


@pytest.mark.parametrize(("address", "normal"), NORMAL.values(), ids=NORMAL)
def test_normal_form(address: str, normal: str) -> None:
    assert normalise(address) == normal


@given(st.one_of(st.text(max_size=60), st.emails(), st.from_regex(r"[^@]{1,10}@[^@]{1,20}", fullmatch=True)))
def test_the_normal_form_is_stable_and_clean(address: str) -> None:
    normal = normalise(address)
    assert normalise(normal) == normal
    assert normal == "" or (normal.isprintable() and not set(normal.rpartition("@")[2]) & set('\r\n<>,; "'))


A, B = ("ann@x.com", ""), ("bob@y.com", "")
LISTS = {
    "one": ("ann@x.com", [A]),
    "two": ("ann@x.com, bob@y.com", [A, B]),
    "name": ("Ann <ann@x.com>", [("ann@x.com", "Ann")]),
    "quoted_name_with_comma": ('"Ann, B" <ann@x.com>', [("ann@x.com", "Ann, B")]),
    "unquoted_name_with_comma": ("Lee, Ann <ann@x.com>, bob@y.com", [("ann@x.com", "Lee, Ann"), B]),
    "escaped_quotes": (r'"Ann \"A\" B" <ann@x.com>', [("ann@x.com", 'Ann "A" B')]),
    "encoded_name": ("=?utf-8?q?M=C3=BCller=2C_A?= <ann@x.com>", [("ann@x.com", "Müller, A")]),
    "encoded_name_in_quotes": ('"=?utf-8?q?M=C3=BCller=2C_A?=" <ann@x.com>', [("ann@x.com", "Müller, A")]),
    "encoded_name_that_looks_like_an_address": ("=?utf-8?q?eve=40evil=2Ecom=2C?= <ann@x.com>", [("ann@x.com", "eve@evil.com,")]),
    "single_quotes": ("'Ann B' <ann@x.com>", [("ann@x.com", "Ann B")]),
    "comment_as_name": ("ann@x.com (Ann (the) B)", [("ann@x.com", "Ann (the) B")]),
    "comment_and_name": ("Ann <ann@x.com> (work)", [("ann@x.com", "Ann")]),
    "route": ("<@a.example,@b.example:ann@x.com>", [A]),
    "group": ("Team: ann@x.com, bob@y.com;", [A, B]),
    "group_and_more": ("Team:ann@x.com;, bob@y.com", [A, B]),
    "empty_group": ("undisclosed-recipients:;", []),
    "semicolons": ("ann@x.com; bob@y.com", [A, B]),
    "no_comma_between_brackets": ("<ann@x.com> <bob@y.com>", [B]),
    "no_brackets_around": ("Ann B ann@x.com", [("ann@x.com", "Ann B")]),
    "no_closing_bracket": ("Ann <ann@x.com, bob@y.com", [("ann@x.com", "Ann"), B]),
    "unclosed_quote": ('"Ann <ann@x.com>, bob@y.com', [("ann@x.com", "Ann"), B]),
    "unclosed_comment": ("(Ann <ann@x.com>, bob@y.com", [("ann@x.com", "Ann"), B]),
    "mailto": ("<mailto:ann@x.com>", [A]),
    "blanks_around_at": ("ann @ x . com", [A]),
    "empty_members": (",, ann@x.com,,", [A]),
    "quoted_local_part": ('"a,b"@x.com, bob@y.com', [('"a,b"@x.com', ""), B]),
    "brackets_in_quotes": ('"a <z@z.com>" <ann@x.com>', [("ann@x.com", "a <z@z.com>")]),
    "unusable_members_left_out": ("Nobody, <>, x@, ann@x.com", [A]),
    "empty_brackets_behind": ("ann@x.com <>", [A]),
    "bidi_in_name": ("\u202eAnn\u200b <ann@x.com>", [("ann@x.com", "Ann")]),
    "raw_utf8_name": ("Ängström <ann@x.com>", [("ann@x.com", "Ängström")]),
    "nothing": ("", []),
}  # fmt: skip


@pytest.mark.parametrize(("value", "found"), LISTS.values(), ids=LISTS)
def test_lists(value: str, found: list[tuple[str, str]]) -> None:
    assert [(address.address, address.name) for address in parse_list(value)] == found


SENDERS = {
    "one_mailbox": (["Ann <ann@x.com>"], "ann@x.com"),
    "bare": (["ann@x.com"], "ann@x.com"),
    "comment": (["ann@x.com (Ann)"], "ann@x.com"),
    "own_address_as_name": (["ann@x.com <ann@x.com>"], "ann@x.com"),
    "quoted_foreign_address_as_name": (['"ceo@corp.com" <ann@x.com>'], "ann@x.com"),
    "quoted_local_part": (['"a b"@x.com'], '"a b"@x.com'),
    "name_with_comma": (["Lee, Ann <ann@x.com>"], "ann@x.com"),
    "group_of_one": (["Ann: ann@x.com;"], "ann@x.com"),
}  # fmt: skip

NO_SENDERS = {
    "none": ([], "there is no From header"),
    "two_headers": (["ann@x.com", "ann@x.com"], "2 From headers"),
    "empty": ([""], "names nobody"),
    "two_mailboxes": (["ann@x.com, eve@evil.com"], "names 2 mailboxes"),
    "two_mailboxes_semicolon": (["ann@x.com; eve@evil.com"], "names 2 mailboxes"),
    "two_brackets": (["<ann@x.com> <eve@evil.com>"], "more than one"),
    "foreign_address_as_name": (["ann@x.com <eve@evil.com>"], "another address"),
    "words_around": (["Ann ann@x.com"], "angle brackets"),
    "two_addresses_without_comma": (["ann@x.com eve@evil.com"], "angle brackets"),
    "word_behind": (["ann@x.com, Eve"], "names 2 mailboxes"),
    "encoded_word_in_address": (["=?utf-8?q?admin=40corp.com=3e=00?=foo@evil.com"], "no usable"),
    "encoded_word_in_brackets": (["<=?utf-8?q?ann=40x.com?=>"], "no usable"),
    "control": (["ann\x01@x.com"], "control"),
    "bare_cr": (["ann@x.com\r eve"], "control"),
    "undecodable": (["ann\ufffd@x.com"], "undecodable"),
    "unclosed_quote": (['"Ann <ann@x.com>'], "unclosed quote"),
    "unclosed_bracket": (["Ann <ann@x.com"], "no closing"),
    "two_ats": (["ann@x.com@evil.com"], "no usable"),
    "empty_brackets": (["ann@x.com <>"], "hold no address"),
    "name_only": (["Ann"], "no usable"),
    "null_path": (["<>"], "no usable"),
    "bidi_address": (["<an\u202en@x.com>"], "no usable"),
}  # fmt: skip


@pytest.mark.parametrize(("values", "address"), SENDERS.values(), ids=SENDERS)
def test_one_sender_beyond_doubt(values: list[str], address: str) -> None:
    found, defect = single(values)
    assert found is not None
    assert (found.address, defect) == (address, "")


@pytest.mark.parametrize(("values", "why"), NO_SENDERS.values(), ids=NO_SENDERS)
def test_no_sender_where_there_is_doubt(values: list[str], why: str) -> None:
    found, defect = single(values)
    assert found is None
    assert why in defect


@given(st.text(alphabet='ab@.,;:<>()"\\ =?\u202e\0é', max_size=60))
def test_readers_agree(value: str) -> None:
    """The strict reader never names someone whom the tolerant one does not see alone."""
    found = parse_list(value)
    for address in found:
        assert normalise(address.address) == address.address
        assert display(address.name) == address.name
    sender, defect = single([value])
    assert (sender is None) == bool(defect)
    assert sender is None or sender in found


DISPLAYED = {
    "plain": ("Ann", "Ann"),
    "blanks": (" Ann \t B\n", "Ann B"),
    "bidi": ("a\u202eb\u2066c", "abc"),
    "zero_width": ("a\u200bb\ufeff", "ab"),
    "joiner_kept": ("می\u200cخواهم", "می\u200cخواهم"),
    "decomposed": ("e\u0301", "é"),
    "controls": ("a\x00\x1b\x9fb", "ab"),
    "surrogate": ("a\ud800b", "ab"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), DISPLAYED.values(), ids=DISPLAYED)
def test_display(text: str, shown: str) -> None:
    assert display(text) == shown


HOSTILE = {
    "names": lambda n: ", ".join(f"User {i} <u{i}@example.com>" for i in range(n)),
    "bare": lambda n: ",".join(f"u{i}@x.com" for i in range(n)),
    "words": lambda n: "a, " * n,
    "open_comments": lambda n: "(" * n,
    "comments": lambda n: "()" * n,
    "open_brackets": lambda n: "<" * n,
    "quotes": lambda n: '"' * (2 * n + 1),
    "escaped_quotes": lambda n: '\\"' * n,
    "brackets_and_quotes": lambda n: '<"' * n,
    "brackets_and_comments": lambda n: "<(" * n,
    "routes": lambda n: "<@a:" * n,
    "groups": lambda n: "a:" * n,
    "address_then_colons": lambda n: "x " * n + "a@b" + " :" * n,
    "blanks": lambda n: "a@b" + " " * n + "c",
    "ats": lambda n: "@" * n,
    "dots": lambda n: " . " * n + "@b",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_linear(name: str, linear: Any) -> None:
    """T19: no form of an address list whose cost grows with the square."""

    def work(n: int) -> None:
        value = HOSTILE[name](n)
        parse_list(value)
        single([value])

    linear(work, 10_000)
