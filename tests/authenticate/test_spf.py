"""SPF by the sections of RFC 7208, over zones of our own."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from authenticate.world import FakeClock, SlowResolver, lookups
from hypothesis import given
from hypothesis import strategies as st

from mailgate.authenticate import spf_check
from mailgate.authenticate.resolver import Answer, Kind, Lookups, Outcome
from mailgate.authenticate.zone import ZoneResolver

HOSTS: dict[str, list[Any]] = {
    "mx.acme.example": [{"A": "192.0.2.1"}, {"AAAA": "2001:db8::1"}],
    "mx2.acme.example": [{"A": "192.0.2.2"}],
    "web.acme.example": [{"A": "198.51.100.7"}],
    "slow.acme.example": ["TIMEOUT"],
    "ok.example": [{"TXT": "v=spf1 ip4:192.0.2.1 -all"}],
    "neutral.example": [{"TXT": "v=spf1 ?all"}],
    "broken.example": [{"TXT": "v=spf1 nonsense"}],
    "1.2.0.192.in-addr.arpa": [{"PTR": "mx.acme.example"}, {"PTR": "liar.acme.example"}],
    "2.2.0.192.in-addr.arpa": ["TIMEOUT"],
    "3.2.0.192.in-addr.arpa": [{"PTR": "slow.acme.example"}, {"PTR": "three.acme.example"}],
    "three.acme.example": [{"A": "192.0.2.3"}],
}


def spf(record: Any, ip: str = "192.0.2.1", sender: str = "bob@acme.example", helo: str = "mx.acme.example",
        **more: list[Any]) -> str:  # fmt: skip
    zone = (
        HOSTS
        | {"acme.example": [{"TXT": record}, {"MX": [10, "mx.acme.example"]}, {"A": "192.0.2.1"}]}
        | more
    )
    return spf_check.check(ip_address(ip), sender, helo, lookups(zone)).result


# ---------------------------------------------------------------- §2.4, §4.3: who is asked about


@pytest.mark.parametrize(
    ("sender", "helo", "domain", "result"),
    [
        ("bob@acme.example", "mx.acme.example", "acme.example", "pass"),
        ("bob@ACME.Example.", "mx.acme.example", "acme.example", "pass"),
        ("@acme.example", "mx.acme.example", "acme.example", "pass"),
        ("", "acme.example", "acme.example", "pass"),
        ("<>", "acme.example", "acme.example", "pass"),
        ("", "mx.acme.example", "mx.acme.example", "none"),
        ("", "[192.0.2.1]", "[192.0.2.1]", "none"),
        ("", "localhost", "localhost", "none"),
        ("", "", "", "none"),
        ("bob", "acme.example", "bob", "none"),
        ('"a@b"@acme.example', "x.example", "acme.example", "pass"),
        ("x@victim.example@acme.example", "x.example", "acme.example", "pass"),
        ("bob@acme..example", "x.example", "acme..example", "none"),
        ("bob@[192.0.2.1]", "acme.example", "[192.0.2.1]", "none"),
        ("bob@acme.example ", "acme.example", "acme.example ", "none"),
        ("bob@bücher.example", "acme.example", "bücher.example", "none"),
        ("bob@" + "x" * 300 + ".example", "acme.example", "x" * 253, "none"),
        ("b" * 600 + "@acme.example", "acme.example", "acme.example", "none"),
    ],
)
def test_identity(sender: str, helo: str, domain: str, result: str) -> None:
    zone = HOSTS | {"acme.example": [{"TXT": "v=spf1 ip4:192.0.2.1 -all"}]}
    found = spf_check.check(ip_address("192.0.2.1"), sender, helo, lookups(zone))
    assert (found.domain, found.result) == (domain, result)


# ---------------------------------------------------------------- §4.4, §4.5: the record


@pytest.mark.parametrize(
    ("entries", "result"),
    [
        ([], "none"),
        ([{"A": "192.0.2.1"}], "none"),
        (["TIMEOUT"], "temperror"),
        ([{"TXT": "v=spf1 -all"}], "fail"),
        ([{"TXT": "V=SPF1 -all"}], "fail"),
        ([{"TXT": "v=spf1"}], "neutral"),
        ([{"TXT": "v=spf10 -all"}], "none"),
        ([{"TXT": " v=spf1 -all"}], "none"),
        ([{"TXT": ["v=spf1 ip4:192.0", ".2.1 -all"]}], "pass"),
        ([{"TXT": ["v=spf1", "-all"]}], "none"),
        ([{"TXT": "v=spf1 -all"}, {"TXT": "v=spf1 +all"}], "permerror"),
        ([{"TXT": "other"}, {"TXT": "v=spf1 -all"}, {"TXT": "x" * 60_000}], "fail"),
        ([{"TXT": "v=spf1 ip4:192.0.2.1 -all"}, {"TXT": "caf\xe9"}], "pass"),
        ([{"TXT": "v=spf1 a:caf\xe9.example -all"}], "permerror"),
        ([{"TXT": "v=spf1\t-all"}], "none"),
        ([{"TXT": "v=spf1  ip4:192.0.2.1   -all "}], "pass"),
        ([{"CNAME": "ok.example"}], "pass"),
        ([{"CNAME": "acme.example"}], "none"),
    ],
)
def test_record(entries: list[Any], result: str) -> None:
    zone = HOSTS | {"acme.example": entries}
    assert (
        spf_check.check(ip_address("192.0.2.1"), "bob@acme.example", "x.example", lookups(zone)).result
        == result
    )


# ---------------------------------------------------------------- §4.6, §5: terms


@pytest.mark.parametrize(
    ("record", "ip", "result"),
    [
        # §4.6.1, §5.1: order, qualifiers, all
        ("v=spf1 +all", "192.0.2.9", "pass"),
        ("v=spf1 -all", "192.0.2.9", "fail"),
        ("v=spf1 ~ALL", "192.0.2.9", "softfail"),
        ("v=spf1 ?all", "192.0.2.9", "neutral"),
        ("v=spf1 -ip4:192.0.2.9 +all", "192.0.2.9", "fail"),
        ("v=spf1 ip4:192.0.2.1", "192.0.2.9", "neutral"),
        ("v=spf1 all:x -all", "192.0.2.9", "permerror"),
        ("v=spf1 all/8", "192.0.2.9", "permerror"),
        ("v=spf1 -all nonsense", "192.0.2.9", "permerror"),
        ("v=spf1 -all, ip4:192.0.2.9", "192.0.2.9", "permerror"),
        # §5.2 include
        ("v=spf1 include:ok.example -all", "192.0.2.1", "pass"),
        ("v=spf1 include:ok.example -all", "192.0.2.9", "fail"),
        ("v=spf1 include:neutral.example -all", "192.0.2.1", "fail"),
        ("v=spf1 include:none.example -all", "192.0.2.1", "permerror"),
        ("v=spf1 include:broken.example -all", "192.0.2.1", "permerror"),
        ("v=spf1 include:slow.acme.example -all", "192.0.2.1", "temperror"),
        ("v=spf1 include -all", "192.0.2.1", "permerror"),
        ("v=spf1 -include:ok.example +all", "192.0.2.1", "fail"),
        # §5.3 a
        ("v=spf1 a -all", "192.0.2.1", "pass"),
        ("v=spf1 a:mx2.acme.example -all", "192.0.2.2", "pass"),
        ("v=spf1 a:mx2.acme.example -all", "192.0.2.1", "fail"),
        ("v=spf1 a/24 -all", "192.0.2.77", "pass"),
        ("v=spf1 a/0 -all", "8.8.8.8", "pass"),
        ("v=spf1 a/33 -all", "192.0.2.1", "permerror"),
        ("v=spf1 a/032 -all", "192.0.2.1", "permerror"),
        ("v=spf1 a:mx.acme.example//64 -all", "2001:db8::77", "pass"),
        ("v=spf1 a:mx.acme.example/24//128 -all", "2001:db8::77", "fail"),
        ("v=spf1 a:mx.acme.example//129 -all", "2001:db8::77", "permerror"),
        ("v=spf1 a:slow.acme.example -all", "192.0.2.1", "temperror"),
        ("v=spf1 a:none.example -all", "192.0.2.1", "fail"),
        ("v=spf1 a: -all", "192.0.2.1", "permerror"),
        ("v=spf1 a:192.0.2.1 -all", "192.0.2.1", "permerror"),
        ("v=spf1 a:museum -all", "192.0.2.1", "permerror"),
        # §5.4 mx
        ("v=spf1 mx -all", "192.0.2.1", "pass"),
        ("v=spf1 mx -all", "2001:db8::1", "pass"),
        ("v=spf1 mx/24 -all", "192.0.2.200", "pass"),
        ("v=spf1 mx:none.example -all", "192.0.2.1", "fail"),
        # §5.5 ptr
        ("v=spf1 ptr -all", "192.0.2.1", "pass"),
        ("v=spf1 ptr:other.example -all", "192.0.2.1", "fail"),
        ("v=spf1 ptr -all", "192.0.2.2", "fail"),  # no PTR to be had: nothing matches
        ("v=spf1 ptr -all", "192.0.2.3", "pass"),  # a name in trouble is passed over
        ("v=spf1 ptr -all", "192.0.2.4", "fail"),
        # §5.6 ip4, ip6
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.9", "pass"),
        ("v=spf1 ip4:192.0.2.1 -all", "::ffff:192.0.2.1", "pass"),
        ("v=spf1 ip4:192.0.2 -all", "192.0.2.1", "permerror"),
        ("v=spf1 ip4:192.0.2.256 -all", "192.0.2.1", "permerror"),
        ("v=spf1 ip4:192.0.2.1/33 -all", "192.0.2.1", "permerror"),
        ("v=spf1 ip4 -all", "192.0.2.1", "permerror"),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8:1::1", "pass"),
        ("v=spf1 ip6:2001:db8::/32 -all", "192.0.2.1", "fail"),
        ("v=spf1 ip6:::ffff:192.0.2.1 -all", "192.0.2.1", "fail"),
        ("v=spf1 ip6:2001:db8:::1 -all", "2001:db8::1", "permerror"),
        ("v=spf1 ip6:2001:db8::/129 -all", "2001:db8::1", "permerror"),
        # §5.7 exists
        ("v=spf1 exists:mx.acme.example -all", "203.0.113.1", "pass"),
        ("v=spf1 exists:mx.acme.example -all", "2001:db8:ffff::1", "pass"),  # always by A
        ("v=spf1 exists:none.example -all", "203.0.113.1", "fail"),
        ("v=spf1 exists -all", "203.0.113.1", "permerror"),
        ("v=spf1 exists:mx.acme.example/24 -all", "203.0.113.1", "permerror"),
        # §6.1 redirect, §6.2 exp, §6 others
        ("v=spf1 redirect=ok.example", "192.0.2.1", "pass"),
        ("v=spf1 redirect=ok.example", "192.0.2.9", "fail"),
        ("v=spf1 redirect=none.example", "192.0.2.1", "permerror"),
        ("v=spf1 redirect=slow.acme.example", "192.0.2.1", "temperror"),
        ("v=spf1 ?all redirect=ok.example", "192.0.2.9", "neutral"),
        ("v=spf1 redirect=ok.example redirect=ok.example", "192.0.2.1", "permerror"),
        ("v=spf1 redirect=", "192.0.2.1", "permerror"),
        ("v=spf1 -all exp=slow.acme.example", "192.0.2.1", "fail"),
        ("v=spf1 -all exp=a.example exp=b.example", "192.0.2.1", "permerror"),
        ("v=spf1 REDIRECT=ok.example", "192.0.2.1", "pass"),
        ("v=spf1 Redirect=ok.example redirect=ok.example", "192.0.2.1", "permerror"),
        ("v=spf1 -all unknown=%{d}", "192.0.2.1", "fail"),
        ("v=spf1 -all unknown=a unknown=b", "192.0.2.1", "fail"),
        ("v=spf1 -all unknown=%{y}", "192.0.2.1", "permerror"),
    ],
)  # fmt: skip
def test_terms(record: str, ip: str, result: str) -> None:
    assert spf(record, ip) == result


# ---------------------------------------------------------------- §4.6.4: limits


INCLUDES = {f"i{n}.example": [{"TXT": "v=spf1 -all"}] for n in range(20)}


@pytest.mark.parametrize(
    ("record", "more", "result"),
    [
        ("v=spf1 " + " ".join(f"include:i{n}.example" for n in range(9)) + " mx -all", INCLUDES, "pass"),
        ("v=spf1 " + " ".join(f"include:i{n}.example" for n in range(11)) + " -all", INCLUDES, "permerror"),
        ("v=spf1 " + "a:mx2.acme.example " * 10 + "mx -all", {}, "permerror"),
        ("v=spf1 include:l.example -all", {"l.example": [{"TXT": "v=spf1 include:l.example -all"}]}, "permerror"),
        ("v=spf1 include:l.example -all", {"l.example": [{"TXT": "v=spf1 include:acme.example -all"}]}, "permerror"),
        ("v=spf1 redirect=acme.example", {}, "permerror"),
        ("v=spf1 a:v1.example a:v2.example -all", {}, "fail"),
        ("v=spf1 a:v1.example a:v2.example a:v3.example -all", {}, "permerror"),
        (
            "v=spf1 mx:many.example -all",
            {"many.example": [{"MX": [n, f"m{n}.example"]} for n in range(11)]},
            "permerror",
        ),
        ("v=spf1 mx:many.example -all", {"many.example": [{"MX": [n, f"m{n}.example"]} for n in range(5000)]}, "permerror"),
        (
            "v=spf1 mx:many.example -all",
            {"many.example": [{"MX": [n, "mx2.acme.example"]} for n in range(9)] + [{"MX": [9, "mx.acme.example"]}]},
            "pass",
        ),
        (
            "v=spf1 ptr -all",
            {"1.2.0.192.in-addr.arpa": [{"PTR": "web.acme.example"}] * 5000 + [{"PTR": "mx.acme.example"}]},
            "fail",
        ),
        ("v=spf1 a:loop.example -all", {"loop.example": [{"CNAME": "loop.example"}]}, "fail"),
    ],
    ids=[
        "ten terms", "eleven terms", "the eleventh is not asked", "include loop", "include ring", "redirect loop",
        "two void", "three void", "eleven mx", "thousands of mx", "ten mx", "thousands of ptr", "cname loop",
    ],
)  # fmt: skip
def test_limits(record: str, more: dict[str, list[Any]], result: str) -> None:
    assert spf(record, **more) == result


class Hostile:
    """Every name leads on to many others, in whatever way it is asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked = 0

    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        self.asked += 1
        records = {
            "TXT": (self.text,),
            "MX": tuple(f"m{n}.{name}"[-253:] for n in range(10)),
            "PTR": tuple(f"p{n}.acme.example" for n in range(1000)),
            "A": ("203.0.113.1",),
            "AAAA": ("2001:db8::1",),
        }[kind]
        return Answer(Outcome.FOUND, records, 60)


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 " + " ".join(f"mx:{n}.%{{d}}" for n in range(40)) + " -all",
        "v=spf1 " + " ".join(f"include:{n}.%{{d}}" for n in range(40)) + " -all",
        "v=spf1 " + "ptr " * 40 + "-all",
        "v=spf1 include:%{p}.x.example redirect=%{d}",
        "v=spf1 " + "exists:%{l}.%{p}.example " * 100,
    ],
)
def test_no_zone_makes_us_ask_without_end(text: str) -> None:
    hostile = Hostile(text)
    found = spf_check.check(ip_address("192.0.2.1"), "bob@acme.example", "h.example", Lookups(hostile, 60))
    assert found.result in ("permerror", "temperror", "pass")
    assert hostile.asked <= 125


# ---------------------------------------------------------------- §7: macros


@pytest.mark.parametrize(
    ("macro", "name"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}", "3.2.0.192.in-addr"),
        ("%{h}", "mx.example.org"),
        ("%{D}", "email.example.com"),
        ("%{S}", "strong-bad%40email.example.com"),
        ("a%%b%_c%-d", "a%b c%20d"),
        ("%{p}", "unknown"),
        (".".join(["%{d}"] * 20), ".".join(["email.example.com"] * 13) + ".example"),
    ],
)
def test_macros(macro: str, name: str) -> None:
    """RFC 7208 §7.4 and around it: the name that is asked for is the one that exists, and nothing else does."""
    name = (name + ".x.example").lower()
    while len(name) > 253:
        name = name.partition(".")[2]
    if macro.count("d") == 20:
        whole = ".".join(["email.example.com"] * 20) + ".x.example"
        while len(whole) > 253:
            whole = whole.partition(".")[2]
        name = whole
    zone = {
        "email.example.com": [{"TXT": f"v=spf1 exists:{macro}.x.example -all"}],
        name: [{"A": "127.0.0.2"}],
    }
    found = spf_check.check(
        ip_address("192.0.2.3"), "strong-bad@email.example.com", "mx.example.org", lookups(zone)
    )
    assert found.result == "pass"


@pytest.mark.parametrize(
    "macro", ["%", "%{", "%{}", "%{x}", "%{d", "%(d)", "%{d0}", "%{c}", "%{d%}", "%x", "%{dd}"]
)
def test_broken_macros(macro: str) -> None:
    assert spf(f"v=spf1 exists:{macro}.acme.example -all") == "permerror"


def test_an_ipv6_address_is_spelt_out() -> None:
    name = ".".join("20010db8000000000000000000000001") + ".ip6.x.example"
    zone = {"acme.example": [{"TXT": "v=spf1 exists:%{i}.%{v}.x.example -all"}], name: [{"A": "127.0.0.2"}]}
    found = spf_check.check(ip_address("2001:db8::1"), "bob@acme.example", "h", lookups(zone))
    assert found.result == "pass"


# ---------------------------------------------------------------- time and size


def test_no_time_left_is_no_verdict(clock: FakeClock) -> None:
    for text in ("v=spf1 mx include:ok.example -all", "v=spf1 ptr -all"):
        zone = ZoneResolver(HOSTS | {"acme.example": [{"TXT": text}, {"MX": [1, "mx2.acme.example"]}]})
        purse = Lookups(SlowResolver(zone, clock, 2.0), 3.0, clock)
        assert spf_check.check(ip_address("192.0.2.1"), "bob@acme.example", "h", purse).result == "temperror"


def test_a_record_of_a_megabyte_is_not_read() -> None:
    assert spf("v=spf1 " + "ip4:192.0.2.1 " * 75_000) == "permerror"
    assert spf("v=spf1 " + "ip4:192.0.2.9 " * 500 + "ip4:192.0.2.1 -all") == "pass"


@pytest.mark.parametrize(
    "piece", ["a:x.", "%{d}", "m=x ", "ip4:10.0.0.1 ", "%{l128r-}", "9", "%", "/", "a/1", "exists:%{i}.x "]
)
def test_linear_in_the_record(piece: str, linear: Any) -> None:
    linear(
        lambda n: spf(f"v=spf1 exists:x{piece * n}.x.example -all", sender="b" * 60 + "@acme.example"),
        8_000 // len(piece),
    )


@given(st.text(alphabet="v=spf1 ap:xm%{}dri4/+-~?.0123,\t\xff", max_size=60))
def test_nothing_raises(text: str) -> None:
    assert spf("v=spf1 " + text) in {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_sender_raises(sender: str, helo: str) -> None:
    assert spf("v=spf1 exists:%{l}.%{h}.%{s}.x.example -all", sender=sender, helo=helo)
