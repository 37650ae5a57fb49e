"""DMARC (RFC 9989): the policy of a domain, found by walking up the tree, and whether a mail meets it.

Laws: eight questions a walk at most (§4.10); a record that is twice there is not there; `pct` is no more (§C.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailgate.authenticate import tags
from mailgate.authenticate.resolver import Lookups, Outcome, plain_name
from mailgate.mail.alignment import aligned, plain

MAX_RECORD = 8_192  # characters
_LABELS = 8  # a longer name is cut to seven labels after the first question (§4.10 step 4)
_WEAKER = {"reject": "quarantine", "quarantine": "none"}
_REQUESTS = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class Record:
    """One policy record (§4.7). `policy` is "" where the record asks for no DMARC at all (§4.10.1)."""

    policy: str  # p: none | quarantine | reject
    subdomains: str = ""  # sp, "" where it is left out
    missing: str = ""  # np
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"  # y: a public suffix; n: an organisational domain; u: not said
    testing: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`result`: pass | fail | none | neutral (nothing passes, and SPF could not be asked) | temperror."""

    result: str
    policy: str = ""  # what the domain asks for, after sp, np and t; "" without a record
    by: str = ""  # "dkim" or "spf" where that passes
    domain: str = ""  # of what passes


@dataclass(frozen=True, slots=True)
class Identifier:
    """A domain that DKIM or SPF authenticated, or would have, had DNS answered (`sure` is false)."""

    method: str  # dkim | spf
    domain: str
    sure: bool = True


class _Temporary(Exception):
    """DNS is in trouble."""


def parse(texts: Sequence[str]) -> Record | None:
    """The one policy record among the TXT records of a name; None for none and for several (§4.10 step 2)."""
    found = [pairs for text in texts if len(text) <= MAX_RECORD and (pairs := _pairs(text))]
    return _record(dict(found[0])) if len(found) == 1 else None


def _pairs(text: str) -> list[tuple[str, str]]:
    """§4.8: "v=DMARC1" stands first, exactly so."""
    name, equals, value = text.partition(";")[0].partition("=")
    if name.strip(" \t").lower() != "v" or not equals or value.strip(" \t") != "DMARC1":
        return []
    return tags.lenient(text)


def _record(values: dict[str, str]) -> Record:
    requests = {name: values[name].lower() for name in ("p", "sp", "np") if name in values}
    psd = values.get("psd", "u").lower()
    record = Record(
        policy=requests.get("p", ""),
        subdomains=requests.get("sp", ""),
        missing=requests.get("np", ""),
        strict_dkim=values.get("adkim", "r").lower() == "s",
        strict_spf=values.get("aspf", "r").lower() == "s",
        psd=psd if psd in ("y", "n") else "u",
        testing=values.get("t", "n").lower() == "y",
    )
    if "p" in requests and all(value in _REQUESTS for value in requests.values()):
        return record
    # §4.10.1: reports alone are wanted, or nothing that we could make out
    wanted = any(":" in uri for uri in values.get("rua", "").split(","))
    return Record(
        "none" if wanted else "", psd=record.psd, strict_dkim=record.strict_dkim, strict_spf=record.strict_spf
    )


def evaluate(
    from_domain: str, identifiers: Sequence[Identifier], lookups: Lookups, *, spf_asked: bool
) -> Verdict:
    """Whether the mail of this From domain passes. Never raises."""
    domain = plain(from_domain)
    try:
        record, owner = _applicable(domain, lookups)
        if record is None or not record.policy:
            return Verdict("none")
        met = _met(domain, record, [each for each in identifiers if each.sure], lookups)
        if met is not None:
            return Verdict("pass", _policy(domain, record, owner, None), met.method, met.domain)
        unsure = [each for each in identifiers if not each.sure]
        if _met(domain, record, unsure, lookups) is not None:
            return Verdict("temperror")
        return Verdict("fail" if spf_asked else "neutral", _policy(domain, record, owner, lookups))
    except _Temporary:
        return Verdict("temperror")


def organisational(domain: str, lookups: Lookups) -> str:
    """The organisational domain of a name as DNS tells it (§4.10.2), the name itself where DNS tells nothing.

    Raises _Temporary when DNS is in trouble.
    """
    return _organisation(domain, _walk(domain, lookups))


def _walk(domain: str, lookups: Lookups) -> list[tuple[str, Record]]:
    """§4.10: the records on the way up, the longest name first."""
    found: list[tuple[str, Record]] = []
    labels = domain.split(".") if _is_domain(domain) else []
    first = True
    while labels:
        name = ".".join(labels)
        if (record := _record_of(name, lookups)) is not None:
            found.append((name, record))
            if record.psd != "u":
                break
        labels = labels[1 - _LABELS :] if first and len(labels) >= _LABELS else labels[1:]
        first = False
    return found


def _is_domain(name: str) -> bool:
    return "." in name and "[" not in name and plain_name(name) != ""


def _record_of(name: str, lookups: Lookups) -> Record | None:
    answer = lookups.ask(f"_dmarc.{name}", "TXT")
    if answer.outcome is Outcome.TEMPORARY:
        raise _Temporary
    return parse(answer.records)


def _organisation(domain: str, walk: Sequence[tuple[str, Record]]) -> str:
    for name, record in walk:
        if record.psd == "n":
            return name
        if record.psd == "y" and name != domain:
            return ".".join(domain.split(".")[-1 - len(name.split(".")) :])
    return walk[-1][0] if walk else domain


def _applicable(domain: str, lookups: Lookups) -> tuple[Record | None, str]:
    """§4.10.1: the author domain's record, else the organisation's, else the public suffix's; and whose it is."""
    if _is_domain(domain) and (own := _record_of(domain, lookups)) is not None:
        return own, domain
    walk = _walk(domain, lookups)
    records = dict(walk)
    organisation = _organisation(domain, walk)
    if organisation in records:
        return records[organisation], organisation
    if walk and walk[-1][1].psd == "y":
        return walk[-1][1], walk[-1][0]
    return None, ""


def _met(
    domain: str, record: Record, identifiers: Sequence[Identifier], lookups: Lookups
) -> Identifier | None:
    """The first identifier that is aligned; those that need no walk are looked at first (§4.10.2)."""
    for each in sorted(identifiers, key=lambda i: plain(i.domain) != domain):
        strict = record.strict_dkim if each.method == "dkim" else record.strict_spf
        if aligned(each.domain, domain, strict, lambda name: organisational(name, lookups)):
            return each
    return None


def _policy(domain: str, record: Record, owner: str, lookups: Lookups | None) -> str:
    """p of the domain's own record, else sp or, for a name that does not exist, np (§4.10.1); t=y takes one step down.

    Without `lookups` nobody is asked whether the name exists. Raises _Temporary when DNS is in trouble.
    """
    policy = record.policy
    if owner != domain:
        policy = record.subdomains or policy
        if record.missing and lookups is not None:
            outcome = lookups.ask(domain, "A").outcome
            if outcome is Outcome.TEMPORARY:
                raise _Temporary
            policy = record.missing if outcome is Outcome.NXDOMAIN else policy
    return _WEAKER.get(policy, policy) if record.testing else policy
