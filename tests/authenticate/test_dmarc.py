"""DMARC by the sections of RFC 9989, over zones of our own."""

from __future__ import annotations

from typing import Any

import pytest
from authenticate.world import lookups
from hypothesis import given
from hypothesis import strategies as st

from mailgate.authenticate.dmarc import Identifier, Record, Verdict, evaluate, organisational, parse
from mailgate.authenticate.resolver import Answer, Kind, Lookups, Outcome
from mailgate.authenticate.zone import ZoneResolver


def zone(**policies: Any) -> dict[str, list[Any]]:
    """Records below _dmarc; a keyword's "_" is a dot."""
    return {
        f"_dmarc.{name.replace('_', '.')}": [value] if value == "TIMEOUT" else [{"TXT": value}]
        for name, value in policies.items()
    }


def dkim(domain: str, sure: bool = True) -> Identifier:
    return Identifier("dkim", domain, sure)


def spf(domain: str, sure: bool = True) -> Identifier:
    return Identifier("spf", domain, sure)


# ---------------------------------------------------------------- §4.7, §4.8: the record


@pytest.mark.parametrize(
    ("texts", "record"),
    [
        (["v=DMARC1; p=none"], Record("none")),
        (["v=DMARC1;p=reject;"], Record("reject")),
        (["v=DMARC1; P=Reject"], Record("reject")),
        ([" v = DMARC1 ; p = reject "], Record("reject")),
        (["V=DMARC1; p=reject"], Record("reject")),
        (["v=dmarc1; p=reject"], None),
        (["v=DMARC2; p=reject"], None),
        (["v=DMARC1 p=reject"], None),
        (["p=reject; v=DMARC1"], None),
        (["v=spf1 -all"], None),
        (["v=DMARC1; p=reject; sp=none; np=quarantine"], Record("reject", "none", "quarantine")),
        (["v=DMARC1; p=reject; adkim=s; aspf=s"], Record("reject", strict_dkim=True, strict_spf=True)),
        (["v=DMARC1; p=reject; adkim=x; aspf=r"], Record("reject")),
        (["v=DMARC1; p=reject; psd=y; t=y"], Record("reject", psd="y", testing=True)),
        (["v=DMARC1; p=reject; psd=N"], Record("reject", psd="n")),
        (["v=DMARC1; p=reject; psd=maybe; t=n"], Record("reject")),
        (["v=DMARC1; p=reject; pct=0; fo=1; rf=afrf; x=y"], Record("reject")),
        (["v=DMARC1; p=reject; p=none"], Record("reject")),
        (["v=DMARC1; p=reject; garbage; sp"], Record("reject")),
        # §4.10.1: what is not valid asks for reports at most
        (["v=DMARC1"], Record("")),
        (["v=DMARC1; p=all"], Record("")),
        (["v=DMARC1; p=all; rua=mailto:x@acme.example"], Record("none")),
        (["v=DMARC1; rua=mailto:x@acme.example"], Record("none")),
        (["v=DMARC1; p=reject; sp=all; rua=mailto:x@acme.example"], Record("none")),
        (["v=DMARC1; p=reject; np=all"], Record("")),
        # §4.10 step 2: several are none
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], None),
        (["v=DMARC1; p=reject", "v=spf1 -all", "v=DMARC2; p=none"], Record("reject")),
        (["v=DMARC1; p=reject; n=" + "x" * 10_000], None),
        ([], None),
    ],
)  # fmt: skip
def test_records(texts: list[str], record: Record | None) -> None:
    assert parse(texts) == record


@given(st.lists(st.text(alphabet="v=DMARC1; psnrejct\xff", max_size=50), max_size=3))
def test_no_record_raises(texts: list[str]) -> None:
    parse(texts)
    parse(["v=DMARC1;" + text for text in texts])


# ---------------------------------------------------------------- §4.10: the walk


class Recording:
    def __init__(self, records: dict[str, list[Any]]) -> None:
        self.inner = ZoneResolver(records)
        self.asked: list[str] = []

    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        self.asked.append(name)
        return self.inner.lookup(name, kind, seconds)


@pytest.mark.parametrize(
    ("domain", "records", "asked"),
    [
        ("acme.example", {}, ["acme.example", "example"]),
        (
            "a.b.c.d.e.f.g.h.i.j.mail.example.com",
            {},
            [
                "a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com", "h.i.j.mail.example.com",
                "i.j.mail.example.com", "j.mail.example.com", "mail.example.com", "example.com", "com",
            ],
        ),
        ("1.2.3.4.5.6.7.8", {}, ["1.2.3.4.5.6.7.8", "2.3.4.5.6.7.8", "3.4.5.6.7.8", "4.5.6.7.8", "5.6.7.8", "6.7.8", "7.8", "8"]),
        (
            "a.mail.acme.example",
            zone(mail_acme_example="v=DMARC1; p=none; psd=n"),
            ["a.mail.acme.example", "mail.acme.example"],
        ),
        ("a.acme.example", zone(example="v=DMARC1; p=none; psd=y"), ["a.acme.example", "acme.example", "example"]),
        ("[192.0.2.1]", {}, []),
        ("localhost", {}, []),
        ("acme..example", {}, []),
        ("", {}, []),
    ],
)  # fmt: skip
def test_the_walk_asks_eight_times_at_most(
    domain: str, records: dict[str, list[Any]], asked: list[str]
) -> None:
    resolver = Recording(records)
    evaluate(domain, [], Lookups(resolver, 60), spf_asked=True)
    assert resolver.asked[: len(asked)] == [f"_dmarc.{name}" for name in asked]
    assert len([name for name in resolver.asked if name.startswith("_dmarc.")]) == len(asked)


@pytest.mark.parametrize(
    ("domain", "records", "organisation"),
    [
        # the three examples of §4.10.2
        (
            "a.mail.acme.example",
            zone(mail_acme_example="v=DMARC1; p=none", acme_example="v=DMARC1; p=none"),
            "acme.example",
        ),
        ("a.mail.acme.example", zone(mail_acme_example="v=DMARC1; p=none; psd=n"), "mail.acme.example"),
        ("a.mail.acme.example", zone(example="v=DMARC1; p=none; psd=y"), "acme.example"),
        # the domain's own psd=y makes it no suffix of itself
        ("acme.example", zone(acme_example="v=DMARC1; p=none; psd=y"), "acme.example"),
        ("b.acme.example", zone(acme_example="v=DMARC1; p=none; psd=y"), "b.acme.example"),
        ("a.b.acme.example", zone(b_acme_example="v=DMARC1; p=none", acme_example="v=DMARC1; p=none; psd=y"), "b.acme.example"),
        # a domain above psd=n is not looked at
        (
            "a.b.acme.example",
            zone(b_acme_example="v=DMARC1; p=none; psd=n", acme_example="v=DMARC1; p=reject"),
            "b.acme.example",
        ),
        ("a.acme.example", {}, "a.acme.example"),
        ("acme.example", zone(acme_example="v=DMARC1; p=none"), "acme.example"),
    ],
)  # fmt: skip
def test_organisational_domain(domain: str, records: dict[str, list[Any]], organisation: str) -> None:
    assert organisational(domain, lookups(records)) == organisation


# ---------------------------------------------------------------- §4.10.1: whose policy, and which


EXISTS = {"sub.acme.example": [{"A": "192.0.2.1"}], "a.b.acme.example": [{"TXT": "x"}]}


@pytest.mark.parametrize(
    ("domain", "records", "policy"),
    [
        ("acme.example", zone(acme_example="v=DMARC1; p=reject; sp=none; np=none"), "reject"),
        ("sub.acme.example", zone(acme_example="v=DMARC1; p=reject"), "reject"),
        ("sub.acme.example", zone(acme_example="v=DMARC1; p=reject; sp=quarantine"), "quarantine"),
        ("sub.acme.example", zone(acme_example="v=DMARC1; p=none; np=reject"), "none"),
        ("gone.acme.example", zone(acme_example="v=DMARC1; p=none; np=reject"), "reject"),
        ("gone.acme.example", zone(acme_example="v=DMARC1; p=none; sp=quarantine; np=reject"), "reject"),
        ("gone.acme.example", zone(acme_example="v=DMARC1; p=none; sp=quarantine"), "quarantine"),
        ("b.acme.example", zone(acme_example="v=DMARC1; p=none; np=reject"), "none"),  # something is below it
        (
            "sub.acme.example",
            zone(sub_acme_example="v=DMARC1; p=none", acme_example="v=DMARC1; p=reject"),
            "none",
        ),
        ("sub.acme.example", zone(sub_acme_example="v=DMARC1; p=quarantine; sp=none"), "quarantine"),
        # a record between the author domain and the organisation is nobody's policy
        (
            "a.b.acme.example",
            zone(b_acme_example="v=DMARC1; p=reject", acme_example="v=DMARC1; p=none"),
            "none",
        ),
        # a public suffix's, where the organisation has none
        ("acme.example", zone(example="v=DMARC1; p=reject; psd=y; sp=quarantine"), "quarantine"),
        ("gone.example", zone(example="v=DMARC1; p=none; psd=y; np=reject"), "reject"),
        (
            "sub.acme.example",
            zone(example="v=DMARC1; p=reject; psd=y", acme_example="v=DMARC1; p=none"),
            "none",
        ),
        # §4.7 t: one step down
        ("acme.example", zone(acme_example="v=DMARC1; p=reject; t=y"), "quarantine"),
        ("acme.example", zone(acme_example="v=DMARC1; p=quarantine; t=y"), "none"),
        ("acme.example", zone(acme_example="v=DMARC1; p=none; t=y"), "none"),
        ("acme.example", zone(acme_example="v=DMARC1; p=reject; pct=0"), "reject"),
    ],
)
def test_policy(domain: str, records: dict[str, list[Any]], policy: str) -> None:
    acme = {"acme.example": [{"A": "192.0.2.1"}]}
    assert evaluate(domain, [], lookups(records | EXISTS | acme), spf_asked=True) == Verdict("fail", policy)


@pytest.mark.parametrize(
    "text", ["v=DMARC1", "v=DMARC1; p=what", "other", ["v=DMARC1; p=reject", "v=DMARC1; p=reject"]]
)
def test_no_policy_no_dmarc(text: Any) -> None:
    records = {"_dmarc.acme.example": [{"TXT": each} for each in ([text] if isinstance(text, str) else text)]}
    assert evaluate("acme.example", [dkim("acme.example")], lookups(records), spf_asked=True) == Verdict(
        "none"
    )


# ---------------------------------------------------------------- §4.4: alignment


RELAXED = zone(acme_example="v=DMARC1; p=reject")
STRICT = zone(acme_example="v=DMARC1; p=reject; adkim=s; aspf=r")
STRICT_SPF = zone(acme_example="v=DMARC1; p=reject; aspf=s")
DELEGATED = zone(acme_example="v=DMARC1; p=reject", lab_acme_example="v=DMARC1; p=none; psd=n")
SUFFIX = zone(example="v=DMARC1; p=reject; psd=y")


@pytest.mark.parametrize(
    ("records", "domain", "identifiers", "result"),
    [
        (RELAXED, "acme.example", [dkim("acme.example")], "pass"),
        (RELAXED, "ACME.example", [dkim("Acme.Example")], "pass"),
        (RELAXED, "acme.example", [dkim("mail.acme.example")], "pass"),
        (RELAXED, "news.acme.example", [dkim("mail.acme.example")], "pass"),
        (RELAXED, "news.acme.example", [spf("acme.example")], "pass"),
        (RELAXED, "acme.example", [dkim("other.example")], "fail"),
        (RELAXED, "acme.example", [dkim("notacme.example")], "fail"),
        (RELAXED, "acme.example", [dkim("acme.example.evil.example")], "fail"),
        (RELAXED, "acme.example", [dkim("example")], "fail"),
        (RELAXED, "acme.example", [dkim("acme.test")], "fail"),
        (RELAXED, "acme.example", [dkim("other.example"), spf("bounce.acme.example")], "pass"),
        (RELAXED, "acme.example", [], "fail"),
        (STRICT, "acme.example", [dkim("mail.acme.example")], "fail"),
        (STRICT, "acme.example", [dkim("acme.example")], "pass"),
        (STRICT, "acme.example", [spf("mail.acme.example")], "pass"),
        (STRICT_SPF, "acme.example", [spf("mail.acme.example")], "fail"),
        (STRICT_SPF, "acme.example", [dkim("mail.acme.example")], "pass"),
        # psd=n cuts a department off, both ways
        (DELEGATED, "lab.acme.example", [dkim("acme.example")], "fail"),
        (DELEGATED, "acme.example", [dkim("lab.acme.example")], "fail"),
        (DELEGATED, "x.lab.acme.example", [dkim("y.lab.acme.example")], "pass"),
        # below a public suffix each is his own
        (SUFFIX, "acme.example", [dkim("evil.example")], "fail"),
        (SUFFIX, "acme.example", [dkim("mail.acme.example")], "pass"),
    ],
)
def test_alignment(
    records: dict[str, list[Any]], domain: str, identifiers: list[Identifier], result: str
) -> None:
    assert evaluate(domain, identifiers, lookups(records), spf_asked=True).result == result


def test_the_same_domain_needs_no_walk() -> None:
    resolver = Recording(RELAXED)
    assert (
        evaluate("acme.example", [dkim("acme.example")], Lookups(resolver, 60), spf_asked=True).result
        == "pass"
    )
    assert resolver.asked == ["_dmarc.acme.example"]


def test_who_passed_is_named() -> None:
    found = evaluate(
        "acme.example", [spf("a.acme.example"), dkim("acme.example")], lookups(RELAXED), spf_asked=True
    )
    assert found == Verdict("pass", "reject", "dkim", "acme.example")


# ---------------------------------------------------------------- trouble of the moment


@pytest.mark.parametrize(
    ("records", "identifiers", "spf_asked", "result"),
    [
        (zone(acme_example="TIMEOUT"), [dkim("acme.example")], True, "temperror"),
        (zone(example="TIMEOUT", acme_example="v=DMARC1; p=reject"), [], True, "fail"),
        (zone(example="TIMEOUT", acme_example="v=DMARC1; p=reject"), [dkim("acme.example")], True, "pass"),
        (
            zone(example="TIMEOUT", acme_example="v=DMARC1; p=reject"),
            [dkim("a.acme.example")],
            True,
            "temperror",
        ),
        (zone(example="TIMEOUT"), [dkim("acme.example")], True, "temperror"),
        (zone(example="TIMEOUT", acme_example="v=DMARC1; p=reject; psd=n"), [], True, "fail"),
        (RELAXED, [dkim("acme.example", sure=False)], True, "temperror"),
        (RELAXED, [dkim("other.example", sure=False)], True, "fail"),
        (RELAXED, [spf("mail.acme.example", sure=False), dkim("acme.example")], True, "pass"),
        (RELAXED | zone(mail_acme_example="TIMEOUT"), [dkim("mail.acme.example")], True, "temperror"),
        (
            RELAXED | zone(mail_acme_example="TIMEOUT"),
            [dkim("mail.acme.example"), spf("acme.example")],
            True,
            "pass",
        ),
        (RELAXED, [], False, "neutral"),
        (RELAXED, [dkim("other.example")], False, "neutral"),
        (RELAXED, [dkim("acme.example")], False, "pass"),
    ],
)
def test_what_could_not_be_asked_is_no_failure(
    records: dict[str, list[Any]], identifiers: list[Identifier], spf_asked: bool, result: str
) -> None:
    assert evaluate("acme.example", identifiers, lookups(records), spf_asked=spf_asked).result == result


def test_whether_a_name_exists_may_be_unknown() -> None:
    records = zone(acme_example="v=DMARC1; p=none; np=reject") | {"gone.acme.example": ["TIMEOUT"]}
    assert evaluate("gone.acme.example", [], lookups(records), spf_asked=True).result == "temperror"


class Everywhere:
    """A zone with a record at each name, of the greatest size there is."""

    def __init__(self) -> None:
        self.asked = 0

    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        self.asked += 1
        return Answer(Outcome.FOUND, ("v=DMARC1; p=none; " + "x=y; " * 1600,) * 8, 60)


def test_a_hostile_tree_is_walked_a_bounded_number_of_times() -> None:
    resolver = Everywhere()
    labels = ".".join("abcdefghijklmnopqrst")
    evaluate(
        f"{labels}.example",
        [dkim(f"d{n}.{labels}.example") for n in range(6)],
        Lookups(resolver, 60),
        spf_asked=True,
    )
    assert resolver.asked <= 8 + 6 * 2
