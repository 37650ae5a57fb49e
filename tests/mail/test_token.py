"""Signed addresses and Message-IDs: rules 2.1, 2.2, 4.2 lean on every line here."""

from __future__ import annotations

import string
from base64 import b32encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail import token as room
from mailgate.mail.token import (
    MAX_IN_ADDRESS,
    Minter,
    claim_of_message_id,
    expired,
    is_own,
    mint,
    token_of,
    verify,
)
from mailgate.model import Key, Purpose, TokenClaim

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
KEY = Key(7, b"s" * 32, AT)
OTHER = Key(7, b"t" * 32, AT)
MINTER = Minter(KEY, "support@example.com", "example.com")
OWN = ("support@example.com", "sales@example.com", "help+desk@example.com")
BASE32 = string.ascii_lowercase + "234567"

numbers = st.integers(0, 2**63 - 1)
hours = st.datetimes(datetime(1970, 1, 1), datetime(2209, 1, 1), timezones=st.just(UTC)).map(
    lambda t: t.replace(minute=0, second=0, microsecond=0)
)


@st.composite
def any_claim(draw: st.DrawFn) -> TokenClaim:
    purpose = draw(st.sampled_from(Purpose))
    bounce = purpose is Purpose.BOUNCE
    ticket, person = (0, 0) if bounce else (draw(numbers), draw(numbers))
    serial = draw(numbers) if bounce or purpose is Purpose.MESSAGE else 0
    return TokenClaim(purpose, ticket, person, serial, draw(hours), KEY.id)


@given(any_claim())
def test_round_trip(claim: TokenClaim) -> None:
    text = mint(KEY, claim)
    assert verify([OTHER, KEY], text) == claim
    assert verify([KEY], text.upper()) == claim, "relays change the case of a local part"
    assert set(text) <= set(BASE32)


@given(any_claim(), st.data())
def test_each_changed_character_fails(claim: TokenClaim, data: st.DataObject) -> None:
    text = mint(KEY, claim)
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from(BASE32.replace(text[at], "")))
    assert verify([KEY], text[:at] + letter + text[at + 1 :]) is None


def test_every_change_of_one_real_token_fails() -> None:
    text = token_of(MINTER.reply_address(123, 45, Purpose.REPLY, AT), OWN)
    for at in range(len(text)):
        for letter in BASE32.replace(text[at], ""):
            assert verify([KEY], text[:at] + letter + text[at + 1 :]) is None
        assert verify([KEY], text[:at] + text[at + 1 :]) is None
    assert verify([KEY], text) is not None


def test_one_text_a_claim() -> None:
    """Loose tail bits, padding and bytes behind the end are other texts, so they are refused."""
    text = mint(KEY, TokenClaim(Purpose.REPLY, 1, 1, 0, AT, 7))  # 22 octets: 36 characters, 4 loose bits
    assert len(text) == 36
    last = BASE32.index(text[-1])
    loose = [text[:-1] + BASE32[last ^ bits] for bits in range(1, 16)]
    for other in [*loose, text + "=", text + "====", text + "a", text + "aaaaaaaa", " " + text, text + "\n"]:
        assert verify([KEY], other) is None, other


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "x" * 50, "a" * 10_000_000, "0189" * 9, "é" * 30, "\x00" * 32, "=" * 32, "aaaa====" * 4, "\udc80" * 9,
        "K" * 40, "-1", "' or 1=1 --",
    ],
    ids=lambda text: repr(text[:8]),
)  # fmt: skip
def test_garbage_is_none(text: str) -> None:
    assert verify([KEY], text) is None


@given(st.text(max_size=90) | st.text(BASE32, min_size=32, max_size=80))
def test_no_text_raises(text: str) -> None:
    assert verify([KEY], text) is None
    assert claim_of_message_id([KEY], f"<{text}@example.com>", "example.com") is None
    token_of(text, OWN)


def test_kelvin_sign_is_not_k() -> None:
    claim = TokenClaim(Purpose.REPLY, 0, 0, 0, AT, 7)
    text = next(t for n in range(200) if "k" in (t := mint(KEY, replace(claim, ticket=n))))
    assert verify([KEY], text.replace("k", "\u212a")) is None


def test_purpose_is_signed() -> None:
    """A token of one purpose cannot be made into one of another by changing its head."""
    texts = {
        p: mint(KEY, TokenClaim(p, 5, 6, 0, AT, 7)) for p in (Purpose.REPLY, Purpose.TEAM, Purpose.LEAVE)
    }
    assert {p: claim.purpose for p, t in texts.items() if (claim := verify([KEY], t))} == {
        p: p for p in texts
    }
    assert len({t[10:] for t in texts.values()}) == 3
    assert verify([KEY], texts[Purpose.TEAM][:7] + texts[Purpose.REPLY][7:]) is None


def test_keys() -> None:
    claim = TokenClaim(Purpose.REPLY, 1, 2, 0, AT, 7)
    text = mint(KEY, claim)
    assert verify([], text) is None
    assert verify([OTHER], text) is None
    assert verify([replace(KEY, id=8)], text) is None, "the id of the key is signed"
    assert verify([replace(KEY, retired=True)], text) == claim, "a retired key still verifies"
    assert verify(iter([KEY]), text) == claim


@pytest.mark.parametrize(
    "claim",
    [
        pytest.param(TokenClaim(Purpose.REPLY, 1, 2, 3, AT, 7), id="serial in a reply token"),
        pytest.param(TokenClaim(Purpose.BOUNCE, 1, 0, 3, AT, 7), id="ticket in a bounce token"),
        pytest.param(TokenClaim(Purpose.REPLY, -1, 0, 0, AT, 7), id="negative"),
        pytest.param(TokenClaim(Purpose.MESSAGE, 1, 0, 2**63, AT, 7), id="too big"),
        pytest.param(TokenClaim(Purpose.REPLY, 1, 0, 0, AT.replace(tzinfo=None), 7), id="no zone"),
        pytest.param(TokenClaim(Purpose.REPLY, 1, 0, 0, datetime(2300, 1, 1, tzinfo=UTC), 7), id="too late"),
        pytest.param(TokenClaim(Purpose.REPLY, 1, 0, 0, AT, 8), id="another key"),
    ],
)
def test_what_a_token_cannot_hold(claim: TokenClaim) -> None:
    with pytest.raises(ValueError):
        mint(KEY, claim)


def test_time_counts_to_the_hour() -> None:
    late = AT + timedelta(minutes=59, seconds=59)
    claim = TokenClaim(Purpose.REPLY, 1, 2, 0, late, 7)
    got = verify([KEY], mint(KEY, claim))
    assert got is not None
    assert got.issued == AT
    assert mint(KEY, claim) == mint(KEY, replace(claim, issued=AT))


@pytest.mark.parametrize(
    ("after", "days", "gone"),
    [
        (timedelta(0), 180, False), (timedelta(days=179, hours=23), 180, False), (timedelta(days=180), 180, True),
        (timedelta(days=-1), 180, False), (timedelta(0), 0, True), (timedelta(days=14), 14.5, False),
    ],
)  # fmt: skip
def test_expired(after: timedelta, days: float, gone: bool) -> None:
    assert expired(TokenClaim(Purpose.REPLY, 1, 1, 0, AT, 7), AT + after, days) is gone


# ---- addresses and ids


def test_local_part_keeps_within_64_octets() -> None:
    """RFC 5321 §4.5.3.1.1, in the worst case that the docstrings promise."""
    minter = Minter(KEY, "thirteenchars@example.com", "example.com")
    last = datetime(2208, 12, 31, tzinfo=UTC)
    worst = [
        minter.reply_address(2**35 - 1, 2**42 - 1, Purpose.TEAM, last),
        minter.leave_address(2**35 - 1, 2**42 - 1, last),
        minter.return_path(2**63 - 1, last),
    ]
    assert max(len(a.rpartition("@")[0].encode()) for a in worst) <= 64
    assert len(token_of(worst[0], ["thirteenchars@example.com"])) == MAX_IN_ADDRESS
    with pytest.raises(ValueError, match="64 octets"):
        minter.reply_address(2**35, 2**42, Purpose.REPLY, AT)
    everyday = Minter(KEY, "support@example.com", "").reply_address(12_345, 6_789, Purpose.REPLY, AT)
    assert len(everyday.partition("@")[0]) <= 48


def test_reply_address() -> None:
    address = MINTER.reply_address(12, 34, Purpose.REPLY, AT)
    claim = verify([KEY], token_of(address, OWN))
    assert claim == TokenClaim(Purpose.REPLY, 12, 34, 0, AT, 7)
    with pytest.raises(ValueError, match="BOUNCE"):
        MINTER.reply_address(12, 34, Purpose.BOUNCE, AT)


def test_message_id() -> None:
    message_id = MINTER.message_id(12, 34, 2**62 + 5, AT)
    assert len(message_id) <= 98
    claim = TokenClaim(Purpose.MESSAGE, 12, 34, 2**62 + 5, AT, 7)
    for text in (message_id, message_id.upper()):
        assert claim_of_message_id([KEY], text, "Example.com") == claim
    for foreign in (
        message_id[1:],
        message_id[:-1],
        message_id.replace("example", "evil"),
        "",
        "<>",
        "<" * 9999,
    ):
        assert claim_of_message_id([KEY], foreign, "example.com") is None


def test_reply_token_is_no_message_id() -> None:
    token = token_of(MINTER.reply_address(12, 34, Purpose.REPLY, AT), OWN)
    assert claim_of_message_id([KEY], f"<{token}@example.com>", "example.com") is None


@pytest.mark.parametrize(
    ("address", "token", "own"),
    [
        ("support@example.com", "", True),
        ("Support@EXAMPLE.com", "", True),
        ("support+abc@example.com", "abc", True),
        ("SUPPORT+ABC@Example.Com", "abc", True),
        ("support+a+b@example.com", "a+b", True),
        ("support+@example.com", "", True),
        ("help+desk@example.com", "", True),
        ("help+desk+abc@example.com", "abc", True),
        ("help+other@example.com", "", False),
        ("supporter@example.com", "", False),
        ("support@example.org", "", False),
        ("support", "", False),
        ("", "", False),
        ("@", "", False),
        ("support+" + "a" * 100_000 + "@example.com", "", False),
        ("x@support+abc@example.com", "", False),
    ],
    ids=lambda v: str(v)[:30],
)
def test_own_addresses(address: str, token: str, own: bool) -> None:
    assert token_of(address, OWN) == token
    assert is_own(address, OWN) is own


def test_own_domain_with_letters_beyond_ascii() -> None:
    own = ["support@xn--bcher-kva.example"]
    assert token_of("support+abc@Bücher.example", own) == "abc"
    assert not is_own("support@" + "ü" * 300 + ".example", own)


def test_nothing_secret_in_repr() -> None:
    assert "sss" not in repr(MINTER)


@given(st.binary(max_size=50))
def test_the_text_of_a_token_is_base32(octets: bytes) -> None:
    """RFC 4648 §6, lower case, no padding; our own way to it is only shorter."""
    assert room._base32(octets) == b32encode(octets).decode().rstrip("=").lower()
