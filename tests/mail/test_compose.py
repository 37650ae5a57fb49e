"""The one builder of mail: rule 6.3 and threat T24 (nobody's words become a header)."""

from __future__ import annotations

import email
import email.policy
import re
from binascii import b2a_qp
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.mail.compose import NAME, SUBJECT, _check, _quoted, clean, compose
from mailgate.model import Address, Mail

MAIL = Mail(
    sender=Address("support@example.com", "Support"),
    to=Address("bob@acme.example", "Bob"),
    subject="[#12] Printer on fire",
    text="Hello\nworld\n",
    html="<p>Hello</p>\n",
    date=datetime(2026, 11, 23, 14, 5, 6, tzinfo=UTC),
    message_id="<e6ocebymek@example.com>",
    in_reply_to="<a1@acme.example>",
    references=("<a0@acme.example>", "<a1@acme.example>"),
    reply_to=Address("support+abc234@example.com", "Support"),
    leave_address="support+leave234@example.com",
    language="fr",
)
PLANNED = [
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References", "Auto-Submitted",
    "X-Auto-Response-Suppress", "X-Mailgate-Loop", "List-Unsubscribe", "Content-Language", "MIME-Version", "Content-Type",
]  # fmt: skip
NASTY = [
    "=?UTF-8?Q?=0A?=Bcc: x@y", "=?utf-8?q?=0D=0ABcc:_x@y?=", "a\r\nBcc: x@y", "a\nBcc: x@y", "a\rBcc: x@y", "a\x00b",
    "\x85Bcc: x@y", "\u2028Bcc: x@y", "\r\n\r\n<script>", '"', "\\", '\\"', '"<x@y>', "x@y, z@w", "<x@y>", "a;b:c", "(", "=?",
    "=?utf-8?b?QmNjOiB4QHk=?=", "\u202eevil", "\udc80\ud800", "é" * 300, "a" * 300, "漢字" * 90, "👩‍👩‍👧" * 60, " ", "",
    "=?" * 100, "\t\tx\t", "a " * 150, "\\" * 64, ",", "\ufeff", "_", "?=", "a?b=c_d",
]  # fmt: skip
words = (
    st.text(max_size=250) | st.sampled_from(NASTY) | st.lists(st.sampled_from(NASTY), max_size=4).map("".join)
)


def read(raw: bytes, policy: Any = email.policy.compat32) -> Any:
    return email.message_from_bytes(raw, policy=policy)


def decoded(value: str) -> str:
    """An RFC 2047 value, read by the stdlib."""
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", value)
    parts = decode_header(unfolded)
    return "".join(p.decode(c or "ascii") if isinstance(p, bytes) else p for p, c in parts).strip()


def bodies(raw: bytes) -> dict[str, str]:
    return {
        part.get_content_type(): part.get_payload(decode=True).decode()
        for part in read(raw).walk()
        if not part.is_multipart()
    }


def test_every_header() -> None:
    got = read(compose(MAIL))
    assert got.keys() == PLANNED
    assert {key: got[key] for key in PLANNED[:-1]} == {
        "From": "Support <support@example.com>",
        "To": "Bob <bob@acme.example>",
        "Subject": "[#12] Printer on fire",
        "Date": "Mon, 23 Nov 2026 14:05:06 +0000",
        "Message-ID": "<e6ocebymek@example.com>",
        "Reply-To": "Support <support+abc234@example.com>",
        "In-Reply-To": "<a1@acme.example>",
        "References": "<a0@acme.example>\r\n <a1@acme.example>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Mailgate-Loop": "example.com",
        "List-Unsubscribe": "<mailto:support+leave234@example.com>",
        "Content-Language": "fr",
        "MIME-Version": "1.0",
    }
    assert got.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in got.get_payload()] == ["text/plain", "text/html"], "RFC 2046 §5.1.4"
    assert bodies(compose(MAIL)) == {"text/plain": "Hello\r\nworld\r\n", "text/html": "<p>Hello</p>\r\n"}


def test_least_mail() -> None:
    least = Mail(Address("a@b.example"), Address("c@d.example"), "", "x", "", MAIL.date, "<i@b.example>")
    got = read(compose(least))
    absent = {"Reply-To", "In-Reply-To", "References", "List-Unsubscribe", "Content-Language"}
    assert got.keys()[:-1] == [name for name in PLANNED if name not in absent]
    assert got.get_content_type() == "text/plain", "an empty HTML part would hide the text"
    assert bodies(compose(least)) == {"text/plain": "x"}


def test_same_mail_same_bytes() -> None:
    assert compose(MAIL) == compose(replace(MAIL))
    assert compose(MAIL) != compose(replace(MAIL, message_id="<other@example.com>"))


@pytest.mark.slow
@given(words, words, words, words, words, words)
@settings(max_examples=300)
def test_words_of_anybody_stay_words(
    subject: str, name: str, other: str, text: str, html: str, ref: str
) -> None:
    mail = replace(
        MAIL, subject=subject, sender=Address("support@example.com", other), to=Address("bob@acme.example", name),
        reply_to=Address("support+abc234@example.com", name), text=text, html=html or "x",
        in_reply_to=ref, references=(ref, "<ok@x>", ref),
    )  # fmt: skip
    raw = compose(mail)
    got = read(raw)
    unanswered = [n for n in PLANNED if n != "In-Reply-To"]
    assert got.keys() in (PLANNED, unanswered)
    assert raw.isascii()
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert not got.defects
    assert "bcc" not in {key.lower() for key in read(raw, email.policy.default)}
    assert decoded(got["Subject"]) == clean(subject, SUBJECT)
    for header, shown, address in (("From", other, "support@example.com"), ("To", name, "bob@acme.example")):
        ((found_name, found),) = email.utils.getaddresses([re.sub(r"\r\n(?= )", "", got[header])])
        assert found == address
        assert decoded(found_name) == clean(shown, NAME)


@given(st.text(max_size=400) | st.text("ab é漢.=\n\r \t-", max_size=300))
def test_bodies_come_back(text: str) -> None:
    wanted = re.sub(r"\r\n|\r|\n", "\r\n", text)
    wanted = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", wanted)
    got = bodies(compose(replace(MAIL, text=text, html="<b>" + text)))
    assert got == {"text/plain": wanted, "text/html": "<b>" + wanted}


@given(
    st.lists(st.sampled_from([" ", "\t", "\n", "a" * 37, "=", "é", ".", "x", "\r\n", "b" * 1100, "From "]))
)
def test_a_body_encoded_by_its_lines_is_the_body_encoded_whole(pieces: list[str]) -> None:
    data = "".join(pieces).replace("\r\n", "\n").encode()
    for _ in range(2):  # the second time the lines are known
        assert _quoted(data.splitlines(keepends=True)) == b2a_qp(data, istext=True).replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain words", "quoted-printable"),
        ("Déjà vu, ça marche très bien à présent chez nous.", "quoted-printable"),
        ("漢字かな交じり文", "base64"),
        ("Привет, мир", "base64"),
        ("a" * 5000, "quoted-printable"),
        ("", "quoted-printable"),
    ],
)
def test_encoding_by_content(text: str, encoding: str) -> None:
    raw = compose(replace(MAIL, text=text, html=""))
    assert read(raw)["Content-Transfer-Encoding"] == encoding
    assert bodies(raw) == {"text/plain": text}
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize(
    ("subject", "wire"),
    [
        ("[#12] Printer on fire", b"Subject: [#12] Printer on fire\r\n"),
        ("[#12] Écran noir", b"Subject: =?utf-8?q?=5B=2312=5D_=C3=89cran_noir?=\r\n"),
        ("漢字", b"Subject: =?utf-8?b?5ryi5a2X?=\r\n"),
        ("=?x?q?y?=", b"Subject: =?utf-8?b?PT94P3E/eT89?=\r\n"),
        ("word " * 20, b"Subject: " + b"word " * 12 + b"word\r\n " + b"word " * 6 + b"word\r\n"),
        ("tab\there\r\n too", b"Subject: tab here too\r\n"),
    ],
)
def test_subject_on_the_wire(subject: str, wire: bytes) -> None:
    assert wire in compose(replace(MAIL, subject=subject))


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("", b"To: bob@acme.example\r\n"),
        ("Bob Client", b"To: Bob Client <bob@acme.example>\r\n"),
        ("Client, Bob", b'To: "Client, Bob" <bob@acme.example>\r\n'),
        ('Bob "the" \\', b'To: "Bob \\"the\\" \\\\" <bob@acme.example>\r\n'),
        ("Zoé", b"To: =?utf-8?b?Wm/DqQ==?= <bob@acme.example>\r\n"),
        ("\x00\u202e", b"To: bob@acme.example\r\n"),
        ("x" * 99, b"To: =?utf-8?"),
        ("Bob " + "y" * 58, b"To: Bob " + b"y" * 58 + b"\r\n <bob@acme.example>\r\n"),
    ],
)
def test_name_on_the_wire(name: str, wire: bytes) -> None:
    assert wire in compose(replace(MAIL, to=Address("bob@acme.example", name)))


BAD_ADDRESSES = [
    "", "bob", "@x", "bob@", "a b@x.example", "a@b\r\nBcc: c@d", "a@b,c@d", "<a@b>", "a@b>", "a..b@c", ".a@c", "a@-c", "a@c..d",
    "a@b c", "a\x00@b", "a\t@b", '"a\r\nb"@c', "a@b;c", "a(x)@b", "x" * 65 + "@b.example", "a@" + "b" * 256, "a\u202e@b.example",
    "a@b\u2028", "a\udc80@b", '"unclosed@b', "=?utf-8?q?a?=@b@c", "a@[::1\n]", "a@b\n", '"\t"@x.example',
]  # fmt: skip


@pytest.mark.parametrize("address", BAD_ADDRESSES, ids=lambda a: repr(a)[:30])
@pytest.mark.parametrize("where", ["sender", "to", "reply_to", "leave_address"])
def test_bad_address_is_refused(where: str, address: str) -> None:
    if where == "leave_address" and not address:
        return
    value: Any = address if where == "leave_address" else Address(address)
    with pytest.raises(ValueError, match="address"):
        compose(replace(MAIL, **{where: value}))


@given(st.text(max_size=40).map(lambda t: t + "@x.example") | st.text(max_size=60))
@settings(max_examples=300)
def test_an_address_is_taken_whole_or_refused(address: str) -> None:
    try:
        raw = compose(replace(MAIL, to=Address(address)))
    except ValueError:
        return
    assert f"\r\nTo: {address}\r\n".encode() in raw
    assert read(raw).keys() == PLANNED


@pytest.mark.parametrize(
    "address",
    ["zoé@bücher.example", "用户@例子.example", '"john doe"@x.example', "a@[192.0.2.1]", "a'b+c=d@x"],
)
def test_unusual_addresses(address: str) -> None:
    """SMTPUTF8 (RFC 6532) and quoted local parts go out as they are."""
    assert f"To: <{address}>".replace("<", "Bob <").encode() in compose(
        replace(MAIL, to=Address(address, "Bob"))
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message_id", ""), ("message_id", "x@y"), ("message_id", "<x>"), ("message_id", "<x@y>\r\nBcc: z@w"),
        ("message_id", "<a b@y>"), ("message_id", "<" + "x" * 300 + "@y>"), ("message_id", "<x@y\n>"), ("message_id", "<é@y>"),
        ("language", "fr\r\nBcc: x@y"), ("language", "français"), ("auto_submitted", "no\n"), ("auto_submitted", ""),
        ("date", datetime(2026, 1, 1)),
    ],
)  # fmt: skip
def test_own_values_are_checked(field: str, value: object) -> None:
    with pytest.raises(ValueError):
        compose(replace(MAIL, **{field: value}))


@pytest.mark.parametrize(
    "bad",
    ["x", "<a b>", "<a\r\nb>", "<a>\n", "<" + "a" * 251 + ">", "<>", "<<a>>", "<é@x>", "<a\x00>", "<a\x7fb>"],
)
def test_strange_ids_are_left_out(bad: str) -> None:
    got = read(compose(replace(MAIL, in_reply_to=bad, references=(bad, "<ok@x>", bad))))
    assert "In-Reply-To" not in got
    assert got["References"] == "<ok@x>"


def test_references_keep_the_root_and_the_latest() -> None:
    got = read(compose(replace(MAIL, references=tuple(f"<{n}@x>" for n in range(50)))))
    assert got["References"].split() == ["<0@x>", *(f"<{n}@x>" for n in range(41, 50))]


def test_date_keeps_its_zone() -> None:
    paris = timezone(timedelta(hours=1))
    assert b"Date: Mon, 23 Nov 2026 15:05:06 +0100" in compose(
        replace(MAIL, date=MAIL.date.astimezone(paris))
    )


def test_the_error_shows_no_token() -> None:
    with pytest.raises(ValueError) as caught:
        compose(replace(MAIL, reply_to=Address("support+secrettoken @example.com")))
    assert "secrettoken" not in str(caught.value)


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param(replace(MAIL, subject="é" * 2_000_000), id="subject"),
        pytest.param(replace(MAIL, to=Address("bob@acme.example", "\x00" * 2_000_000)), id="name"),
        pytest.param(replace(MAIL, references=("<" * 2_000_000,)), id="references"),
        pytest.param(replace(MAIL, text="é\r" * 300_000), id="text"),
    ],
)
def test_large_input_is_quick(mail: Mail) -> None:
    compose(mail)


@pytest.mark.parametrize(
    "address", ["a" * 2_000_000, "a." * 1_000_000 + "@x", '"' + "\\ " * 1_000_000, "x@" + "a-" * 1_000_000]
)
def test_large_address_is_quickly_refused(address: str) -> None:
    with pytest.raises(ValueError):
        compose(replace(MAIL, to=Address(address)))


@pytest.mark.parametrize(
    "block",
    [
        b"A: 1\r\nBcc: x@y\r\nB: 2\r\n", b"A: 1\r\n", b"A: 1\nB: 2\r\n", b"A: 1\rB: 2\r\n", b"A: \x001\r\nB: 2\r\n",
        b"A: 1\r\n\r\nB: 2\r\n", b"A: 1\r\n \r\nB: 2\r\n", b"A: " + b"x" * 999 + b"\r\nB: 2\r\n", b"B: 2\r\nA: 1\r\n",
    ],
)  # fmt: skip
def test_the_last_look_catches_what_was_not_planned(block: bytes) -> None:
    """T24: even if an encoder failed, nothing but the planned headers leaves."""
    _check(b"A: 1\r\nB: 2\r\n", ["A", "B"])
    with pytest.raises(ValueError):
        _check(block, ["A", "B"])
