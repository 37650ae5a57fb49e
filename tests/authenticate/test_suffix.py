"""Organisational domains by the Public Suffix List."""

from __future__ import annotations

import pytest

from mailgate.authenticate.suffix import organisational
from mailgate.mail.alignment import aligned


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("example.com", "example.com"),
        ("a.b.Example.COM.", "example.com"),
        ("example.co.uk", "example.co.uk"),
        ("mail.example.co.uk", "example.co.uk"),
        ("co.uk", ""),
        ("com", ""),
        ("one.github.io", "one.github.io"),
        ("a.one.github.io", "one.github.io"),
        ("github.io", ""),
        ("acme.example", "acme.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("", ""),
        ("..", ""),
        ("a" * 5000, ""),
    ],
)
def test_organisational_domains(domain: str, expected: str) -> None:
    assert organisational(domain) == expected


def test_neighbours_on_a_shared_host_are_strangers() -> None:
    assert not aligned("evil.github.io", "shop.github.io", False, organisational)
    assert not aligned("github.io", "shop.github.io", False, organisational)
    assert not aligned("evil.co.uk", "bank.co.uk", False, organisational)
    assert aligned("mail.shop.github.io", "news.shop.github.io", False, organisational)
