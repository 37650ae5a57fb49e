"""RFC 8601 §2.2: Authentication-Results."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.authres import parse_authres
from mailgate.model import MethodResult as R


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("MX.example.com; none", ("mx.example.com", ()), id="none"),
        pytest.param("mx.example.com 1; none", ("mx.example.com", ()), id="version"),
        pytest.param("mx; spf=pass smtp.mailfrom=a@B.com", ("mx", (R("spf", "pass", "b.com"),)), id="spf"),
        pytest.param(
            "mx; spf=pass smtp.helo=h.b.com", ("mx", (R("spf", "pass", "h.b.com", helo=True),)), id="spf-helo"
        ),
        pytest.param(
            'mx; spf=pass smtp.mailfrom="" smtp.helo=h.b.com',
            ("mx", (R("spf", "pass", "h.b.com", helo=True),)),
            id="spf-null-sender",
        ),
        pytest.param(
            "mx; spf=pass smtp.helo=h.b.com smtp.mailfrom=a@c.com",
            ("mx", (R("spf", "pass", "c.com"),)),
            id="spf-both",
        ),
        pytest.param(
            '"MX.example.com" (front) 1; dkim=pass header.d=b.com',
            ("mx.example.com", (R("dkim", "pass", "b.com"),)),
            id="quoted-id",
        ),
        pytest.param(
            "mx; DKIM=Pass header.D=B.com; x-spf=pass smtp.mailfrom=b.com; arc=pass header.d=b.com",
            ("mx", (R("dkim", "pass", "b.com"), R("x-spf", "pass"), R("arc", "pass", "b.com"))),
            id="upper case, other methods",
        ),
        pytest.param(
            "mx; dkim=pass header.i=@evil.com header.d=b.com",
            ("mx", (R("dkim", "pass", "b.com"),)),
            id="d goes before i",
        ),
        pytest.param(
            'mx;\r\n dkim=pass (2048-bit; key) header.d=b.com header.s=s header.b="ab=="; dkim=fail header.i=@c.com',
            ("mx", (R("dkim", "pass", "b.com"), R("dkim", "fail", "c.com"))),
            id="dkim-twice-folded-comment-with-semicolon",
        ),
        pytest.param(
            "mx; dmarc=fail (p=REJECT sp=NONE dis=NONE) header.from=b.com",
            ("mx", (R("dmarc", "fail", "b.com", "reject"),)),
            id="dmarc-policy-in-comment",
        ),
        pytest.param(
            "mx; dmarc=fail policy.published-domain-policy=quarantine header.from=b.com",
            ("mx", (R("dmarc", "fail", "b.com", "quarantine"),)),
            id="dmarc-policy-property",
        ),
        pytest.param(
            'mx; dkim=pass reason="a; spf=pass" header.d=b.com',
            ("mx", (R("dkim", "pass", "b.com"),)),
            id="quoted-reason",
        ),
        pytest.param(
            "mx; spf=pass (a (nested\\) one)) smtp.mailfrom=b.com",
            ("mx", (R("spf", "pass", "b.com"),)),
            id="nested",
        ),
        pytest.param(
            "mx; dkim/1=pass header.d=b.com header.b=A/b=", ("mx", (R("dkim", "pass", "b.com"),)), id="base64"
        ),
        pytest.param(
            'mx; spf=pass smtp.mailfrom="a b"@b.com', ("mx", (R("spf", "pass", "b.com"),)), id="quoted-local"
        ),
        pytest.param(
            "mx; auth=pass (login) smtp.auth=u@b.com;",
            ("mx", (R("auth", "pass", "b.com"),)),
            id="last-semicolon",
        ),
    ],
)
def test_well_formed(value: str, expected: tuple[str, tuple[R, ...]]) -> None:
    assert parse_authres(value) == expected


@pytest.mark.parametrize(
    "value",
    ["", ";", "mx=1; spf=pass", "spf=pass", "(open", "(a) = 1", '"open; dkim=pass', "; spf=pass"],
)
def test_without_a_name_it_is_nobodys(value: str) -> None:
    assert parse_authres(value) == ("", ())


@pytest.mark.parametrize(
    "value",
    [
        "mx; spf", "mx 2; spf=pass", "mx extra words; spf=pass", "mx; spf=pass (open", 'mx; spf=pass "open',
        "mx; =pass", "mx; spf=", "mx; s p f=pass", "mx; spf/2=pass", "mx; spf=pass; dkim", "mx" + "; spf=pass" * 3000,
    ],
)  # fmt: skip
def test_malformed_says_nothing_but_whose_it_is(value: str) -> None:
    """What our server wrote of a strange sender must not make room for a header below it."""
    assert parse_authres(value) == ("mx", ())


@given(st.text(alphabet='ab=;."()\\ @\r\n1', max_size=200))
def test_never_raises(value: str) -> None:
    server, results = parse_authres(value)
    assert server == server.lower()
    assert all(result.method and result.result for result in results)


@pytest.mark.parametrize("piece", ["(", '"', "a;", "=", "x; a=b ", "\\("])
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: parse_authres("mx; " + piece * n), 16_000 // len(piece))
