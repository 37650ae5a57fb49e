"""The organisational domain by the Public Suffix List (publicsuffix.org), where DNS has nothing to say about it.

DMARC itself finds it in DNS (RFC 9989 §4.10); the list serves domains that publish no DMARC record, and results that
another host wrote into Authentication-Results.
"""

from __future__ import annotations

from functools import lru_cache

from publicsuffixlist import PublicSuffixList


@lru_cache(maxsize=1)
def _list() -> PublicSuffixList:
    # 35 ms and 3 MB, so not before somebody asks; a suffix that the list does not know is its last label
    return PublicSuffixList(accept_unknown=True)


@lru_cache(maxsize=4096)
def organisational(domain: str) -> str:
    """The domain one label below the public suffix, "" for a public suffix itself and for what is no name."""
    return _list().privatesuffix(domain.lower().removesuffix(".")) or ""
