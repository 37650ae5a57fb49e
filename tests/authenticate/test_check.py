"""The whole check of one mail: doors, verdicts, trouble of the moment, and what a hostile mail may cost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from authenticate.world import MAIL, NOW, FakeClock, Keys, SlowResolver, signature
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailgate.authenticate import Authenticator, CachingResolver, Checked, ZoneResolver, make
from mailgate.authenticate.resolver import Answer, Kind, Outcome
from mailgate.config import Config
from mailgate.errors import ConfigError
from mailgate.model import AuthResult, Envelope, MethodResult

KEY = "mail._domainkey.acme.example"
SPF = {
    "acme.example": [{"TXT": "v=spf1 ip4:192.0.2.1 -all"}],
    "mx.acme.example": [{"TXT": "v=spf1 ip4:192.0.2.1 -all"}],
}
REJECT = {"_dmarc.acme.example": [{"TXT": "v=DMARC1; p=reject"}]}
NONE = {"_dmarc.acme.example": [{"TXT": "v=DMARC1; p=none"}]}
QUARANTINE = {"_dmarc.acme.example": [{"TXT": "v=DMARC1; p=quarantine"}]}
UPSTREAM = [ip_network("203.0.113.0/24"), ip_network("127.0.0.0/8")]


def envelope(
    peer: str = "192.0.2.1",
    door: str = "smtp",
    mail_from: str = "bob@acme.example",
    helo: str = "mx.acme.example",
) -> Envelope:
    return Envelope(
        "1", datetime.fromtimestamp(NOW, UTC), door, mail_from, ("support@example.com",), peer, helo
    )


def check(
    zone: Any,
    raw: bytes = MAIL,
    from_domain: str = "acme.example",
    clock: FakeClock | None = None,
    told: Sequence[MethodResult] = (),
    **facts: str,
) -> Checked:
    """The verdict over a zone; `facts` are of the envelope."""
    return Authenticator(ZoneResolver(zone), UPSTREAM, clock=clock or FakeClock()).check(
        envelope(**facts), raw, from_domain, told
    )


def said(checked: Checked) -> list[str]:
    return [f"{each.method}={each.result}" for each in checked.auth.results]


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("zone", "facts", "results", "authenticated", "dmarc_fail"),
    [
        (SPF | REJECT, {}, ["spf=pass", "dmarc=pass"], True, False),
        (SPF | REJECT, {"peer": "192.0.2.9"}, ["spf=fail", "dmarc=fail"], False, True),
        (SPF | QUARANTINE, {"peer": "192.0.2.9"}, ["spf=fail", "dmarc=fail"], False, True),
        (SPF | NONE, {"peer": "192.0.2.9"}, ["spf=fail", "dmarc=fail"], False, False),
        (SPF, {}, ["spf=pass", "dmarc=none"], True, False),
        (SPF, {"peer": "192.0.2.9"}, ["spf=fail", "dmarc=none"], False, False),
        (SPF | REJECT, {"mail_from": "", "helo": "mx.acme.example"}, ["spf=pass", "dmarc=pass"], True, False),
        (SPF | REJECT, {"mail_from": "eve@evil.example"}, ["spf=none", "dmarc=fail"], False, True),
        ({}, {}, ["spf=none", "dmarc=none"], False, False),
    ],
)
def test_spf_and_dmarc(
    zone: Any, facts: dict[str, str], results: list[str], authenticated: bool, dmarc_fail: bool
) -> None:
    checked = check(zone, **facts)
    assert said(checked) == results
    assert (checked.auth.authenticated, checked.auth.dmarc_fail) == (authenticated, dmarc_fail)
    assert not checked.temporary


def test_helo_says_nothing_for_a_mail_with_a_sender() -> None:
    """RFC 9989 §4.4.2: who owns the name of a host has not shown that he may write as its domain."""
    zone = SPF | REJECT | {"evil.example": [{"TXT": "v=spf1 -all"}]}
    assert not check(zone, mail_from="eve@evil.example", helo="mx.acme.example").auth.authenticated


@pytest.mark.parametrize(
    ("zone", "domain", "authenticated", "how"),
    [
        (REJECT, "acme.example", True, "DMARC passes for acme.example: DKIM of acme.example"),
        (NONE, "acme.example", True, "DMARC passes for acme.example: DKIM of acme.example"),
        ({}, "acme.example", True, "DKIM passes for acme.example, aligned with acme.example"),
        ({}, "sales.acme.example", True, "DKIM passes for acme.example, aligned with sales.acme.example"),
        ({}, "other.example", False, "no check passes that is aligned with other.example"),
        (
            {"_dmarc.acme.example": [{"TXT": "v=DMARC1; p=reject; adkim=s"}]},
            "sales.acme.example",
            False,
            "DMARC fails for sales.acme.example, where the domain asks to reject",
        ),
    ],
)
def test_dkim_and_dmarc(keys: Keys, zone: Any, domain: str, authenticated: bool, how: str) -> None:
    raw = signature(MAIL, keys.rsa) + MAIL
    checked = check(zone | {KEY: [{"TXT": keys.record(keys.rsa)}]}, raw, domain, peer="198.51.100.1")
    assert (checked.auth.authenticated, checked.auth.how) == (authenticated, how)


def test_results_are_told_as_a_header_would_tell_them(keys: Keys) -> None:
    field = signature(MAIL, keys.rsa)
    broken = field.replace(b"v=1", b"v=2")
    checked = check(SPF | REJECT | {KEY: [{"TXT": keys.record(keys.rsa)}]}, broken + field + MAIL)
    assert checked == Checked(
        AuthResult(
            True,
            "DMARC passes for acme.example: DKIM of acme.example",
            (
                MethodResult("dkim", "permerror", ""),
                MethodResult("dkim", "pass", "acme.example"),
                MethodResult("spf", "pass", "acme.example"),
                MethodResult("dmarc", "pass", "acme.example", "reject"),
            ),
        )
    )


SPF_PASS = MethodResult("spf", "pass", "acme.example")
SPF_FAIL = MethodResult("spf", "fail", "acme.example")
SPF_OTHER = MethodResult("spf", "pass", "evil.example")
DKIM_PASS = MethodResult("dkim", "pass", "acme.example")
DKIM_FAIL = MethodResult("dkim", "fail", "acme.example")
TOLD = [
    ("SPF, and DMARC is ours", SPF | REJECT, [SPF_PASS], ["spf=pass", "dmarc=pass"], True, False),
    ("SPF that fails, and there is no signature", REJECT, [SPF_FAIL], ["spf=fail", "dmarc=fail"], False, True),
    ("SPF of another", SPF | REJECT, [SPF_OTHER], ["spf=pass", "dmarc=fail"], False, True),
    ("DKIM", REJECT, [DKIM_PASS], ["dkim=pass", "dmarc=pass"], True, False),
    ("DKIM that fails: SPF may have passed", REJECT, [DKIM_FAIL], ["dkim=fail", "dmarc=neutral"], False, False),
    ("both fail", REJECT, [DKIM_FAIL, SPF_FAIL], ["dkim=fail", "spf=fail", "dmarc=fail"], False, True),
    ("nothing", REJECT, [], ["dmarc=neutral"], False, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "told", "results", "authenticated", "dmarc_fail"),
    [t[1:] for t in TOLD],
    ids=[t[0] for t in TOLD],
)
def test_what_a_trusted_host_told_is_not_asked_again(
    zone: Any, told: list[MethodResult], results: list[str], authenticated: bool, dmarc_fail: bool
) -> None:
    checked = check(zone, peer="127.0.0.1", told=told)
    assert said(checked) == results
    assert (checked.auth.authenticated, checked.auth.dmarc_fail) == (authenticated, dmarc_fail)


def test_our_dkim_stands_beside_the_spf_of_a_trusted_host(keys: Keys) -> None:
    raw = signature(MAIL, keys.rsa) + MAIL
    zone = REJECT | {KEY: [{"TXT": keys.record(keys.rsa)}]}
    checked = check(zone, raw, peer="127.0.0.1", told=[SPF_FAIL])
    assert said(checked) == ["spf=fail", "dkim=pass", "dmarc=pass"]
    assert checked.auth.authenticated


def test_a_signature_that_covers_too_little_authenticates_nobody(keys: Keys) -> None:
    raw = signature(MAIL, keys.rsa, cut=5, l="5") + MAIL
    zone = REJECT | SPF | {KEY: [{"TXT": keys.record(keys.rsa)}]}
    checked = check(zone, raw, peer="192.0.2.9")
    assert said(checked) == ["dkim=policy", "spf=fail", "dmarc=fail"]
    assert checked.auth.dmarc_fail
    assert checked.auth.how == (
        "DMARC fails for acme.example, where the domain asks to reject (DKIM of acme.example: l= leaves a part of the body unsigned)"
    )


@pytest.mark.parametrize("hosting", ["github.io", "co.uk"])
def test_neighbours_without_dmarc_are_strangers(keys: Keys, hosting: str) -> None:
    raw = signature(MAIL, keys.rsa, d=f"evil.{hosting}") + MAIL
    zone = {f"mail._domainkey.evil.{hosting}": [{"TXT": keys.record(keys.rsa)}]}
    assert check(zone, raw, f"evil.{hosting}").auth.authenticated
    assert not check(zone, raw, f"bank.{hosting}").auth.authenticated


def test_nobody_without_a_single_from() -> None:
    checked = check(SPF | REJECT, from_domain="")
    assert (checked.auth.authenticated, checked.auth.dmarc_fail, checked.temporary) == (False, False, False)
    assert said(checked) == ["spf=pass"]


# ---------------------------------------------------------------- doors


@pytest.mark.parametrize(
    ("door", "peer", "asked"),
    [
        ("smtp", "192.0.2.1", True),
        ("smtp", "::ffff:192.0.2.1", True),
        ("smtp", "203.0.113.5", False),
        ("smtp", "127.0.0.1", False),
        ("smtp", "::ffff:127.0.0.1", False),
        ("smtp", "", False),
        ("smtp", "unknown", False),
        ("lmtp", "192.0.2.1", False),
        ("pipe", "", False),
        ("imap", "192.0.2.1", False),
        ("import", "192.0.2.1", False),
        ("http", "192.0.2.1", False),
    ],
)
def test_spf_is_for_the_internet_alone(door: str, peer: str, asked: bool) -> None:
    """Of a mail that one of ours handed on, the sender's address is not known: it cannot fail, nor pass, by it."""
    checked = check(SPF | REJECT, door=door, peer=peer)
    assert said(checked) == (["spf=pass", "dmarc=pass"] if asked else ["dmarc=neutral"])
    assert checked.auth.authenticated is asked
    assert not checked.auth.dmarc_fail


@pytest.mark.parametrize("door", ["smtp", "lmtp", "pipe", "imap", "import"])
def test_dkim_is_for_every_door(keys: Keys, door: str) -> None:
    raw = signature(MAIL, keys.rsa) + MAIL
    checked = check(REJECT | {KEY: [{"TXT": keys.record(keys.rsa)}]}, raw, door=door, peer="127.0.0.1")
    assert said(checked) == ["dkim=pass", "dmarc=pass"]
    assert checked.auth.authenticated


# ---------------------------------------------------------------- trouble of the moment


@pytest.mark.parametrize(
    ("zone", "from_domain", "authenticated", "temporary"),
    [
        ({KEY: ["TIMEOUT"]} | REJECT, "acme.example", False, True),
        ({KEY: ["TIMEOUT"]}, "acme.example", False, True),
        ({KEY: ["TIMEOUT"]}, "sales.acme.example", False, True),
        ({KEY: ["TIMEOUT"]}, "other.example", False, False),
        ({KEY: ["TIMEOUT"]} | SPF, "acme.example", True, False),
        ({KEY: ["TIMEOUT"]} | SPF | REJECT, "acme.example", True, False),
        ({"acme.example": ["TIMEOUT"]}, "acme.example", False, True),
        ({"acme.example": ["TIMEOUT"]} | REJECT, "acme.example", False, True),
        ({"acme.example": ["TIMEOUT"]}, "other.example", False, False),
        ({"_dmarc.acme.example": ["TIMEOUT"]} | SPF, "acme.example", True, False),
        ({"_dmarc.acme.example": ["TIMEOUT"]}, "acme.example", False, True),
        ({"_dmarc.acme.example": ["TIMEOUT"]} | SPF, "sales.acme.example", False, True),
    ],
)
def test_trouble_is_told_apart_from_a_verdict(
    keys: Keys, zone: Any, from_domain: str, authenticated: bool, temporary: bool
) -> None:
    raw = signature(MAIL, keys.rsa) + MAIL
    checked = check(zone, raw, from_domain)
    assert (checked.auth.authenticated, checked.temporary) == (authenticated, temporary)
    assert not checked.auth.dmarc_fail


@pytest.mark.parametrize("reached", [True, False])
def test_where_no_server_ever_answered_nobody_waits_for_one(keys: Keys, reached: bool) -> None:
    class Dead:
        def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
            return Answer(Outcome.TEMPORARY)

    checked = Authenticator(Dead(), UPSTREAM, reached=lambda: reached).check(envelope(), MAIL, "acme.example")
    assert checked.temporary is reached
    assert ("no name server has answered" in checked.auth.how) is not reached
    assert not checked.auth.authenticated


@pytest.mark.parametrize("seconds", [0.5, 3.0, 7.9, 1000.0])
def test_the_deadline_is_for_the_whole_mail(keys: Keys, clock: FakeClock, seconds: float) -> None:
    raw = b"".join(signature(MAIL, keys.ed25519, s=f"s{n}") for n in range(5)) + MAIL
    zone = (
        SPF
        | REJECT
        | {f"s{n}._domainkey.acme.example": [{"TXT": keys.record(keys.ed25519)}] for n in range(5)}
    )
    slow = SlowResolver(ZoneResolver(zone), clock, seconds)
    checked = Authenticator(slow, UPSTREAM, seconds=8.0, clock=clock).check(envelope(), raw, "acme.example")
    assert clock.now <= 1008.0
    assert checked.auth.authenticated is (seconds < 8)
    assert checked.temporary is (seconds > 8)


class Broken:
    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        raise OSError("no network")


def test_a_broken_resolver_is_trouble_of_the_moment(keys: Keys) -> None:
    raw = signature(MAIL, keys.rsa) + MAIL
    checked = Authenticator(Broken()).check(envelope(), raw, "acme.example")
    assert said(checked) == ["dkim=temperror", "spf=temperror", "dmarc=temperror"]
    assert checked.temporary


# ---------------------------------------------------------------- hostile mail


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    raw=st.binary(max_size=200)
    | st.binary(max_size=50).map(lambda b: b"DKIM-Signature: " + b + b"\r\n" + MAIL),
    mail_from=st.text(max_size=20),
    helo=st.text(max_size=20),
    from_domain=st.text(max_size=20),
    peer=st.sampled_from(["192.0.2.1", "2001:db8::1", "x", ""]),
)
def test_nothing_raises(raw: bytes, mail_from: str, helo: str, from_domain: str, peer: str) -> None:
    check(SPF | REJECT, raw, from_domain, mail_from=mail_from, helo=helo, peer=peer)
    check(SPF | REJECT, raw, from_domain, mail_from=mail_from + "@acme.example", helo=helo)


def test_many_threads_share_one(keys: Keys) -> None:
    raw = signature(MAIL, keys.ed25519) + MAIL
    zone = SPF | REJECT | {KEY: [{"TXT": keys.record(keys.ed25519)}]}
    authenticator = Authenticator(CachingResolver(ZoneResolver(zone)), UPSTREAM)
    forged = raw.replace(b"It is", b"It was")
    wrong: list[Checked] = []

    def work(good: bool) -> None:
        for _ in range(30):
            checked = authenticator.check(
                envelope(peer="192.0.2.1" if good else "192.0.2.9"), raw if good else forged, "acme.example"
            )
            if checked.auth.authenticated is not good:
                wrong.append(checked)

    threads = [threading.Thread(target=work, args=(n % 2 == 0,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---------------------------------------------------------------- from the settings


def config(**sections: Any) -> Config:
    return Config(_env_file=None, **sections)  # type: ignore[call-arg]


def test_off_means_off() -> None:
    assert make(config(trust={"own_checks": False})) is None


def test_a_zone_file_stands_for_dns(tmp_path: Path) -> None:
    path = tmp_path / "zone.toml"
    path.write_text('"acme.example" = [{ TXT = "v=spf1 ip4:192.0.2.1 -all" }]\n')
    authenticator = make(config(dns={"zone_file": str(path)}))
    assert authenticator is not None
    assert authenticator.check(envelope(), MAIL, "acme.example").auth.authenticated
    assert not authenticator.check(envelope(peer="127.0.0.1"), MAIL, "acme.example").auth.authenticated
    path.write_text("nonsense")
    with pytest.raises(ConfigError, match=str(path)):
        make(config(dns={"zone_file": str(path)}))


def test_name_servers_are_those_of_the_settings() -> None:
    assert make(config(dns={"nameservers": ["192.0.2.53", "2001:db8::53"]})) is not None
    with pytest.raises(ValueError, match=r"192\.0\.2\.53"):
        config(dns={"nameservers": ["ns.example"]})
