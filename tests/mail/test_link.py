"""mailgate.mail.link: what of a link is written out, and when its words say it already."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.link import LIMIT, is_said, shown

SHOWN = {
    "web": ("https://x.example/a?b=1#c", "https://x.example/a?b=1#c"),
    "capitals": ("HTTPS://X.example/A", "HTTPS://X.example/A"),
    "mail": ("mailto:a%2Bb@x.example?subject=c", "a+b@x.example"),
    "mail_with_a_line_break_in_it": ("mailto:a@x.example%0AOn%20Monday", "a@x.example On Monday"),
    "telephone": ("tel:+1%20555", "+1 555"),
    "file": ("file://server/share/a.doc", "file://server/share/a.doc"),
    "broken_over_lines": ("https://x.example/\n\ta b", "https://x.example/a%20b"),
    "script": ("javascript:alert(1)", ""),
    "data": ("data:text/html,x", ""),
    "cid": ("cid:a@x", ""),
    "relative": ("/a/b", ""),
    "anchor": ("#top", ""),
    "empty": ("", ""),
    "too_long": ("https://x.example/" + "a" * LIMIT, ""),
    "outlook": ("https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fx.example%2Fa%3Fb%3D1&data=05", "https://x.example/a?b=1"),
    "outlook_around_mail": ("https://nam02.safelinks.protection.outlook.com/?url=mailto%3Aann%40x.example&data=05", "ann@x.example"),
    "outlook_around_a_script": ("https://a.safelinks.protection.outlook.com/?url=javascript%3Ax", "https://a.safelinks.protection.outlook.com/?url=javascript%3Ax"),
    "host_that_only_ends_alike": ("https://evilsafelinks.protection.outlook.com.example/?url=https%3A%2F%2Fx.example", "https://evilsafelinks.protection.outlook.com.example/?url=https%3A%2F%2Fx.example"),
    "defence": ("https://urldefense.com/v3/__https://x.example/a*b__;Kw!!abc$", "https://x.example/a*b"),
    "search": ("https://www.google.com/url?q=https://x.example/a&sa=D", "https://x.example/a"),
    "search_itself": ("https://www.google.com/search?q=https://x.example", "https://www.google.com/search?q=https://x.example"),
    "barracuda": ("https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fx.example&c=E", "https://x.example"),
    "host_that_is_none": ("https://[x/?url=y", "https://[x/?url=y"),
}  # fmt: skip


@pytest.mark.parametrize(("href", "address"), SHOWN.values(), ids=SHOWN)
def test_what_is_written_out(href: str, address: str) -> None:
    assert shown(href) == address


SAID = [
    ("https://x.example/", "https://x.example", True),
    ("www.x.example", "http://x.example/", True),
    ("X.Example/A", "https://x.example/a", True),
    ("<bob@x.example>", "bob@x.example", True),
    ("mailto:bob@x.example", "bob@x.example", True),
    ("+1 (555) 01-00", "+15550100", True),
    ("555", "+15550100", False),
    ("here", "https://x.example", False),
    ("x.example", "https://x.example/a", False),
    ("2026", "https://x.example/2026", False),
]


@pytest.mark.parametrize(("words", "address", "said"), SAID)
def test_words_that_say_it(words: str, address: str, said: bool) -> None:
    assert is_said(words, address) is said


@given(
    st.text(max_size=60),
    st.sampled_from(["https://", "mailto:", "tel:", "", "https://a.safelinks.protection.outlook.com/?url="]),
)
def test_any_link(rest: str, scheme: str) -> None:
    address = shown(scheme + rest)
    assert len(address) <= LIMIT
    assert "\n" not in address
    is_said(rest, address)


def test_linear(linear: Any) -> None:
    linear(lambda n: shown("https://a.safelinks.protection.outlook.com/?" + "url=a&" * n), 200_000)
    linear(lambda n: is_said("+1" * n, "+1" * n), 500_000)
