"""T17, addresses beyond ASCII: only with SMTPUTF8, never turned into ASCII ones, never two spellings for one mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from doors.listener import HELLO, MAIL, STRANGERS, Listener, codes, listeners
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config import normal
from mailgate.intake.grammar import mailbox
from mailgate.mail.addrspec import normalise
from mailgate.mail.token import is_own

Listen = Callable[..., Listener]

# Domains that some reader of names takes for example.com (or strasse.example).
DOMAINS = {
    "full-width letters": "\uff45xample.com",
    "full-width stop": "example\uff0ecom",
    "ideographic stop": "example\u3002com",
    "half-width ideographic stop": "example\uff61com",
    "Kelvin-like letter": "example.\u212aom",
    "long s": "\u017fupport.example.com",
    "mathematical letters": "\U0001d41example.com",
    "circled letters": "\u24d4xample.com",
    "soft hyphen": "exam\u00adple.com",
    "zero-width space": "exam\u200bple.com",
    "zero-width joiner": "exam\u200dple.com",
    "right-to-left mark": "example\u200f.com",
    "script capital": "\u2130xample.com",
    "superscript": "example.co\u1d50",
    "Cyrillic e": "\u0435xample.com",
    "account of": "\u2100example.com",
    "a slash": "example.com\u2044.evil.example",
}
LOCALS = {
    "Kelvin sign": "des\u212a",
    "full-width d": "\uff44esk",
    "long s": "de\u017fk",
    "mathematical k": "des\U0001d424",
    "ligature": "of\ufb01ce",
    "Cyrillic e": "d\u0435sk",
    "combining mark": "desk\u0301",
    "zero-width space": "de\u200bsk",
    "soft hyphen": "de\u00adsk",
}
DESK = {
    "address": "support@example.com",
    "addresses": {"desk@example.com": "general", "office@example.com": "general"},
}


@pytest.fixture
def listen() -> Iterator[Listen]:
    yield from listeners()


def rcpt(door: Listener, address: str) -> str:
    """The code that a recipient is answered with."""
    line = f"RCPT TO:<{address}>\r\n".encode()
    return codes(door.talk(HELLO, b"MAIL FROM:<> SMTPUTF8\r\n", line, b"QUIT\r\n"))[2]


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_a_domain_that_only_looks_like_ours_is_not_ours(listen: Listen, domain: str) -> None:
    assert mailbox(f"support@{domain}") != ("support", "example.com")
    assert normalise(f"support@{domain}") != "support@example.com"
    assert rcpt(listen(trust=STRANGERS), f"support@{domain}") in ("501", "550")


@pytest.mark.parametrize("local", LOCALS.values(), ids=LOCALS)
def test_a_name_that_only_looks_like_ours_is_not_ours(listen: Listen, local: str) -> None:
    assert rcpt(listen(trust=STRANGERS, gateway=DESK), f"{local}@example.com") in ("501", "550")


def test_sharp_s_is_a_letter_of_its_own() -> None:
    """IDNA2003 turned it into ss: mail for one domain went to another one (UTS 46, non-transitional)."""
    assert mailbox("a@straße.example") == ("a", "xn--strae-oqa.example")
    assert mailbox("a@strasse.example") == ("a", "strasse.example")


def test_our_own_name_beyond_ascii_is_known_in_both_spellings(listen: Listen) -> None:
    door = listen(gateway={"address": "büro@bücher.example"})
    for address in (
        "büro@bücher.example",
        "büro@xn--bcher-kva.example",
        "BÜRO@BÜCHER.example",
        "büro+x@bücher.example",
    ):
        assert rcpt(door, address) == "250", address
    assert rcpt(door, "buro@bücher.example") == "550"


COMMANDS = {
    "sender": ("MAIL FROM:<jürgen@example.org>", "553"),
    "domain of the sender": ("MAIL FROM:<a@bücher.example>", "553"),
    "8BITMIME is not enough": ("MAIL FROM:<jürgen@example.org> BODY=8BITMIME", "553"),
    "with the parameter": ("MAIL FROM:<jürgen@example.org> SMTPUTF8", "250"),
    "the parameter has no value": ("MAIL FROM:<jürgen@example.org> SMTPUTF8=1", "501"),
}


@pytest.mark.parametrize(("line", "code"), COMMANDS.values(), ids=COMMANDS)
def test_beyond_ascii_only_by_agreement(listen: Listen, line: str, code: str) -> None:
    """RFC 6531 §3.4, 553 5.6.7."""
    talk = listen(trust=STRANGERS).talk(HELLO, f"{line}\r\n".encode(), b"QUIT\r\n")
    assert codes(talk)[1] == code
    assert (b"553 5.6.7" in talk) == (code == "553")


def test_a_recipient_needs_the_agreement_of_its_mail(listen: Listen) -> None:
    talk = listen().talk(
        HELLO, b"MAIL FROM:<>\r\n", "RCPT TO:<süpport@example.com>\r\n".encode(), b"QUIT\r\n"
    )
    assert codes(talk) == ["250", "250", "553", "221"]


@pytest.mark.parametrize(
    "octets",
    [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"],
    ids=["ff", "overlong", "surrogate", "far"],
)
def test_what_is_no_utf8_is_no_address(listen: Listen, octets: bytes) -> None:
    line = b"MAIL FROM:<a" + octets + b"@example.org> SMTPUTF8\r\n"
    assert codes(listen().talk(HELLO, line, b"QUIT\r\n")) == ["250", "501", "221"]


@pytest.mark.parametrize(
    ("address", "normal"),
    [("jürgen@bücher.example", "jürgen@xn--bcher-kva.example"), ("\uff41@\uff45xample.org", "")],
)
def test_a_sender_is_kept_as_it_was_written(listen: Listen, address: str, normal: str) -> None:
    """Never downgraded on the way; what is no mailbox is nobody's, and so unverified, when it is read."""
    door = listen()
    door.talk(HELLO, f"MAIL FROM:<{address}> SMTPUTF8\r\n".encode(), MAIL[27:], b"DATA\r\nx\r\n.\r\nQUIT\r\n")
    (envelope, _), *_ = door.mails
    assert (envelope.mail_from, envelope.smtputf8) == (address, True)
    assert normalise(address) == normal


IMITATED = ["\u212a", "de\u212a", "de\u212a\u00e9", "\uff44esk", "de\u017fk", "de\u00bask"]


@pytest.mark.parametrize("word", IMITATED)
def test_no_letter_becomes_one_of_ascii_by_a_normal_form(word: str) -> None:
    """Neither of a sender, nor of the settings, nor where we ask whether an address is ours."""
    for address in (f"{word}@example.com", f"desk@{word}.example.com"):
        assert normalise(address) == ""
        with pytest.raises(ValueError, match="look like others"):
            normal(address)
    assert not is_own(f"desk@{word}.example.com", ("desk@desk.example.com", "desk@k.example.com"))


def test_the_settings_read_a_domain_as_mail_does() -> None:
    """IDNA2003 made "ss" of it: mail to our own address was somebody else's."""
    assert normal("Desk@Straße.example") == normalise("desk@straße.example") == "desk@xn--strae-oqa.example"
    assert is_own("desk+x@straße.example", (normal("desk@straße.example"),))
    assert not is_own("desk@strasse.example", (normal("desk@straße.example"),))


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_nothing_beyond_ascii_becomes_ascii(local: str, domain: str) -> None:
    """But a domain's A-labels, which say what they are."""
    address = f"{local}@{domain}"
    if address.isascii() or "@" in domain:
        return
    found_local, found_domain = mailbox(address)
    if not local.isascii() and not local.startswith('"'):
        assert not found_local or not found_local.isascii()
    if not domain.isascii():
        assert not found_domain or "xn--" in found_domain
