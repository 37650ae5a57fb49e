"""Identifier alignment: whether a domain that was authenticated speaks for the domain in From (RFC 9989 §4.4)."""

from __future__ import annotations

from collections.abc import Callable

OrgOf = Callable[[str], str]


def aligned(domain: str, from_domain: str, strict: bool, org_of: OrgOf) -> bool:
    """The same domain or, unless `strict`, one of the same organisation. A single label is aligned with nothing.

    `org_of` gives the organisational domain of a name in lower case, "" where it has none (a public suffix).
    """
    one, other = plain(domain), plain(from_domain)
    if "." not in one or "." not in other:
        return False
    if one == other:
        return True
    if strict or one.rpartition(".")[2] != other.rpartition(".")[2]:
        return False
    org = org_of(one)
    return bool(org) and org == org_of(other)


def plain(domain: str) -> str:
    """A domain, or that of an address, as it is compared: lower case, no root dot."""
    return domain.rpartition("@")[2].strip().removesuffix(".").lower()
