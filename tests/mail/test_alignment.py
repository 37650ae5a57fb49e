"""Whether an authenticated domain speaks for the domain in From."""

from __future__ import annotations

import pytest

from mailgate.mail.alignment import aligned

ORGS = {"mail.acme.example": "acme.example", "acme.example": "acme.example", "a.acme.example": "acme.example",
        "one.pages.example": "one.pages.example", "two.pages.example": "two.pages.example", "pages.example": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("domain", "from_domain", "relaxed", "strict"),
    [
        ("acme.example", "acme.example", True, True),
        ("ACME.Example.", "bob@acme.example", True, True),
        ("mail.acme.example", "acme.example", True, False),
        ("acme.example", "mail.acme.example", True, False),
        ("a.acme.example", "mail.acme.example", True, False),
        ("one.pages.example", "two.pages.example", False, False),
        ("pages.example", "one.pages.example", False, False),
        ("pages.example", "pages.example", True, True),
        ("unknown.example", "other.example", False, False),
        ("acme.example", "acme.test", False, False),
        ("example", "acme.example", False, False),
        ("example", "example", False, False),
        ("", "", False, False),
        ("", "acme.example", False, False),
    ],
)
def test_alignment(domain: str, from_domain: str, relaxed: bool, strict: bool) -> None:
    def org_of(name: str) -> str:
        return ORGS.get(name, "")

    assert aligned(domain, from_domain, False, org_of) is relaxed
    assert aligned(domain, from_domain, True, org_of) is strict
    assert aligned(from_domain, domain, False, org_of) is relaxed


def test_nobody_is_asked_where_the_names_decide() -> None:
    def refuse(name: str) -> str:
        raise AssertionError(name)

    assert aligned("acme.example", "acme.example", False, refuse)
    assert not aligned("acme.example", "acme.test", False, refuse)
    assert not aligned("mail.acme.example", "acme.example", True, refuse)
