"""DKIM signatures: what passes, what does not, and what a hostile one may cost."""

from __future__ import annotations

import itertools
from base64 import b64decode, b64encode
from typing import Any

import dkim
import pytest
from authenticate.world import MAIL, NOW, Keys, lookups, signature
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailgate.authenticate import canonical, dkim_verify
from mailgate.authenticate.dkim_verify import MAX_SIGNATURES, Signature, verify, without_b

SELECTOR = "mail._domainkey.acme.example"


def results(raw: bytes, zone: Any, now: float = NOW) -> list[Signature]:
    return list(verify(canonical.read(raw), lookups(zone), now))


def one(raw: bytes, zone: Any, now: float = NOW) -> tuple[str, str]:
    (found,) = results(raw, zone, now)
    return found.result, found.why


# ---------------------------------------------------------------- what passes


@pytest.mark.parametrize(
    "c", ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple", "simple", "relaxed"]
)
@pytest.mark.parametrize("sort", ["rsa", "rsa_1024", "ed25519"])
def test_every_form_passes(keys: Keys, sort: str, c: str) -> None:
    key = getattr(keys, sort)
    raw = signature(MAIL, key, c=c) + MAIL
    zone = {SELECTOR: [{"TXT": keys.record(key)}]}
    assert results(raw, zone) == [Signature("pass", "acme.example", "mail", verified=True)]
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: keys.record(key).encode())


def test_c_may_be_left_out(keys: Keys) -> None:
    field = signature(MAIL, keys.rsa, c="simple/simple").replace(b" c=simple/simple;", b"")
    raw = signature(MAIL, keys.rsa, c=None) + MAIL
    zone = {SELECTOR: [{"TXT": keys.record(keys.rsa)}]}
    assert one(raw, zone)[0] == "pass"
    assert one(field + MAIL, zone)[0] == "fail"


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"\r\n", b"\n"),
        lambda raw: b"Received: by mx.example.com; now\r\n" + raw,
        lambda raw: b"From mbox Mon Mar  2 10:00:00 2026\r\n" + raw,
        lambda raw: raw.replace(b"printer  is\r\n\tdown", b"printer is down"),
        lambda raw: raw.replace(b"down \t again", b"down again"),
        lambda raw: raw.replace(b"To:", b"TO:"),
        lambda raw: raw + b"\r\n\r\n",
        lambda raw: raw.replace(b"; s=", b";\r\n\ts ="),
        lambda raw: raw.rstrip(b"\r\n"),
    ],
)  # fmt: skip
def test_what_relays_do_to_a_mail_keeps_it(keys: Keys, change: Any) -> None:
    raw = change(signature(MAIL, keys.rsa) + MAIL)
    # the tags of the signature are signed too, but for white space where it is folded
    zone = {SELECTOR: [{"TXT": keys.record(keys.rsa)}]}
    expected = "fail" if b";\r\n\ts =" in raw else "pass"
    assert one(raw, zone)[0] == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Bob <bob@", b"Bob <rob@"),
        (b"printer", b"plotter"),
        (b"It is", b"It was"),
        (b"\r\n\r\nBob", b"\r\nBob"),
        (b"support@example.com", b"other@example.com"),
        (b"s=mail", b"s=mail; z=x"),
    ],
)
def test_what_was_changed_fails(keys: Keys, before: bytes, after: bytes) -> None:
    raw = (signature(MAIL, keys.rsa) + MAIL).replace(before, after)
    assert one(raw, {SELECTOR: [{"TXT": keys.record(keys.rsa)}]})[0] == "fail"


def test_a_name_in_h_without_a_field_forbids_one(keys: Keys) -> None:
    names = "from:subject:cc:cc"
    zone = {SELECTOR: [{"TXT": keys.record(keys.rsa)}]}
    signed = signature(MAIL, keys.rsa, names) + MAIL
    assert one(signed, zone)[0] == "pass"
    assert one(signed.replace(b"To:", b"Cc: eve@evil.example\r\nTo:"), zone)[0] == "fail"


def test_equal_fields_are_signed_from_the_bottom_up(keys: Keys) -> None:
    mail = MAIL.replace(b"To:", b"X-Loop: upper\r\nX-Loop: lower\r\nTo:")
    zone = {SELECTOR: [{"TXT": keys.record(keys.rsa)}]}
    raw = signature(mail, keys.rsa, "from:x-loop") + mail
    assert one(raw.replace(b"upper", b"other"), zone)[0] == "pass"
    assert one(raw.replace(b"lower", b"other"), zone)[0] == "fail"


# ---------------------------------------------------------------- the tags of a signature


@pytest.mark.parametrize(
    ("tags", "result", "why"),
    [
        ({"v": "2"}, "permerror", "version"),
        ({"v": None}, "permerror", "v="),
        ({"a": None}, "permerror", "a="),
        ({"bh": None}, "permerror", "bh="),
        ({"d": None}, "permerror", "d="),
        ({"s": None}, "permerror", "s="),
        ({"h": None}, "permerror", "h="),
        ({"a": "rsa-sha1"}, "fail", "rsa-sha1"),
        ({"a": "dsa-sha256"}, "neutral", "algorithm"),
        ({"a": "ed25519-sha256"}, "permerror", "another algorithm"),
        ({"c": "nowsp"}, "neutral", "canonicalisation"),
        ({"q": "dns/txt"}, "pass", ""),
        ({"q": "dns/txt : http"}, "pass", ""),
        ({"q": "http"}, "neutral", "DNS"),
        ({"d": "acme..example"}, "permerror", "no name"),
        ({"d": "example"}, "permerror", "no name"),
        ({"d": "ACME.Example"}, "pass", ""),
        ({"s": "-" * 64}, "permerror", "no name"),
        ({"i": "@acme.example"}, "pass", ""),
        ({"i": "bob@sales.acme.example"}, "pass", ""),
        ({"i": "bob@other.example"}, "permerror", "i="),
        ({"i": "bob@evilacme.example"}, "permerror", "i="),
        ({"i": "bob"}, "permerror", "i="),
        ({"t": f"{NOW:.0f}"}, "pass", ""),
        ({"t": f"{NOW + 80_000:.0f}"}, "pass", ""),
        ({"t": f"{NOW + 90_000:.0f}"}, "permerror", "future"),
        ({"t": "soon"}, "permerror", "t="),
        ({"t": "-1"}, "permerror", "t="),
        ({"t": "9" * 5000}, "permerror", "t="),
        ({"x": f"{NOW + 1:.0f}"}, "pass", ""),
        ({"x": f"{NOW - 200:.0f}"}, "pass", ""),
        ({"x": f"{NOW - 400:.0f}"}, "fail", "run out"),
        ({"t": f"{NOW:.0f}", "x": f"{NOW - 1:.0f}"}, "permerror", "before it was made"),
        ({"bh": "!!"}, "permerror", "base64"),
        ({"b": "!!"}, "permerror", "base64"),
        ({"b": " "}, "fail", "does not hold"),
        ({"b": "AAAA"}, "fail", "does not hold"),
        ({"l": "x"}, "permerror", "l="),
        ({"l": "999999"}, "permerror", "longer"),
        ({"unknown": "tag"}, "pass", ""),
    ],
    ids=lambda v: "-".join(f"{k}={x}"[:24] for k, x in v.items()) if isinstance(v, dict) else None,
)  # fmt: skip
def test_tags(keys: Keys, tags: dict[str, str | None], result: str, why: str) -> None:
    raw = signature(MAIL, keys.rsa, **tags) + MAIL
    found, reason = one(raw, {SELECTOR: [{"TXT": keys.record(keys.rsa)}]})
    assert found == result, reason
    assert why in reason


@pytest.mark.parametrize(
    "field",
    [
        b"DKIM-Signature:\r\n",
        b"DKIM-Signature: v=1; v=1\r\n",
        b"DKIM-Signature: " + b"x=" + b"y" * 40_000 + b"\r\n",
    ],
    ids=["empty", "twice", "huge"],
)
def test_a_malformed_signature_is_a_permanent_error(field: bytes) -> None:
    assert one(field + MAIL, {})[0] == "permerror"


def test_from_must_be_signed(keys: Keys) -> None:
    raw = signature(MAIL, keys.rsa, "to:subject") + MAIL
    assert one(raw, {SELECTOR: [{"TXT": keys.record(keys.rsa)}]}) == ("permerror", "h= lacks From")


def test_names_in_h_may_have_blanks_and_any_case(keys: Keys) -> None:
    raw = signature(MAIL, keys.rsa, "FROM : To :  subject") + MAIL
    assert one(raw, {SELECTOR: [{"TXT": keys.record(keys.rsa)}]})[0] == "pass"


# ---------------------------------------------------------------- replays that say more than was signed


@pytest.mark.parametrize(
    ("cut", "length", "added", "result"),
    [
        (10, "10", b"", "policy"),
        (10, "10", b"Click here: https://evil.example\r\n", "policy"),
        (0, "0", b"", "policy"),
        (None, "26", b"", "pass"),
        (None, "26", b"more\r\n", "policy"),
    ],
)
def test_a_part_of_the_body_is_not_the_body(
    keys: Keys, cut: int | None, length: str, added: bytes, result: str
) -> None:
    whole = len(canonical.read(MAIL).relaxed_body)
    assert whole == 26
    raw = signature(MAIL, keys.rsa, cut=cut, l=length) + MAIL + added
    (found,) = results(raw, {SELECTOR: [{"TXT": keys.record(keys.rsa)}]})
    assert (found.result, found.verified) == (result, True)


@pytest.mark.parametrize(
    ("extra", "names", "result"),
    [
        (b"Subject: Pay me\r\n", "from:to:subject", "policy"),
        (b"Subject: Pay me\r\n", "from:to:subject:subject", "fail"),
        (b"Cc: eve@evil.example\r\nCc: x@y.example\r\n", "from:cc", "fail"),
        (b"Reply-To: eve@evil.example\r\n", "from:subject", "pass"),
        (b"From: boss@acme.example\r\n", "from:subject", "permerror"),
        (b"from : boss@acme.example\r\n", "from:subject", "permerror"),
        (b"From: boss@acme.example\r\n", "from:from:subject", "permerror"),
        (b"To: eve@evil.example\r\n", "from:subject", "pass"),
        (b"To: eve@evil.example\r\n", "from:to", "policy"),
        (b"X-Spam: no\r\n", "from:subject", "pass"),
        (b"garbage\r\n", "from:subject", "permerror"),
    ],
)
def test_fields_that_were_added_on_top(keys: Keys, extra: bytes, names: str, result: str) -> None:
    raw = extra + signature(MAIL, keys.rsa, names) + MAIL
    assert one(raw, {SELECTOR: [{"TXT": keys.record(keys.rsa)}]})[0] == result


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("entries", "result"),
    [
        ([], "permerror"),
        (["TIMEOUT"], "temperror"),
        ([{"A": "192.0.2.1"}], "permerror"),
        ([{"CNAME": "keys.other.example"}], "pass"),
    ],
)
def test_where_the_key_is(keys: Keys, entries: list[Any], result: str) -> None:
    zone = {SELECTOR: entries, "keys.other.example": [{"TXT": keys.record(keys.rsa)}]}
    assert one(signature(MAIL, keys.rsa) + MAIL, zone)[0] == result


def test_several_records_are_tried(keys: Keys) -> None:
    others = [keys.record(keys.ed25519), "v=DKIM1; p="]
    good = keys.record(keys.rsa)
    raw = signature(MAIL, keys.rsa) + MAIL
    for order in itertools.permutations([good, *others]):
        assert one(raw, {SELECTOR: [{"TXT": text} for text in order]})[0] == "pass"
    assert one(raw, {SELECTOR: [{"TXT": text} for text in [*others, "x", good]]})[0] == "permerror"


@pytest.mark.parametrize(
    ("i", "flags", "result"),
    [
        (None, "s", "pass"),
        ("bob@acme.example", "s", "pass"),
        ("bob@sales.acme.example", "s", "permerror"),
        ("bob@sales.acme.example", "y", "pass"),
        ("bob@sales.acme.example", "y : s", "permerror"),
    ],
)
def test_a_key_may_refuse_sub_domains(keys: Keys, i: str | None, flags: str, result: str) -> None:
    raw = signature(MAIL, keys.rsa, **({} if i is None else {"i": i})) + MAIL
    assert one(raw, {SELECTOR: [{"TXT": keys.record(keys.rsa, t=flags)}]})[0] == result


def test_a_short_key_fails(keys: Keys) -> None:
    raw = signature(MAIL, keys.rsa_512) + MAIL
    result, why = one(raw, {SELECTOR: [{"TXT": keys.record(keys.rsa_512)}]})
    assert (result, why) == ("fail", "an RSA key of 512 bits is too short")


def test_a_domain_in_utf_8_is_looked_up_by_its_a_labels(keys: Keys) -> None:
    raw = signature(MAIL, keys.rsa, d="bücher.example".encode().decode("latin-1")) + MAIL
    zone = {"mail._domainkey.xn--bcher-kva.example": [{"TXT": keys.record(keys.rsa)}]}
    (found,) = results(raw, zone)
    assert (found.result, found.domain) == ("pass", "xn--bcher-kva.example")


# ---------------------------------------------------------------- how much is looked at


def test_no_more_than_five_signatures_are_looked_at(keys: Keys) -> None:
    good = signature(MAIL, keys.ed25519)
    zone = {SELECTOR: [{"TXT": keys.record(keys.ed25519)}]}
    assert [each.result for each in results(good * 8 + MAIL, zone)] == ["pass"] * MAX_SIGNATURES
    bad = b"DKIM-Signature: v=2; a=b; b=c; bh=d; d=e.f; h=g; s=i\r\n"
    found = results(bad * 4 + good * 2 + MAIL, zone)
    assert [each.result for each in found] == ["permerror"] * 4 + ["pass"]


def test_no_signature_no_result() -> None:
    assert results(MAIL, {}) == []


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"D: v=1; b=abc; d=x", b"D: v=1; b=; d=x"),
        (b"D: v=1; b = a\r\n b ; d=x", b"D: v=1; b =; d=x"),
        (b"D: b=abc", b"D: b="),
        (b"D: bh=abc; b=def==;", b"D: bh=abc; b=;"),
        (b"D: bb=abc; B=x", b"D: bb=abc; B=x"),
    ],
)
def test_the_value_of_b_is_taken_out(field: bytes, expected: bytes) -> None:
    assert without_b(field) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.data())
def test_a_flipped_octet_never_raises(keys: Keys, data: st.DataObject) -> None:
    raw = bytearray(signature(MAIL, keys.ed25519, t="1772445600", l="20", cut=20) + MAIL)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    for found in results(bytes(raw), {SELECTOR: [{"TXT": keys.record(keys.ed25519)}]}):
        assert found.result in {"pass", "fail", "policy", "neutral", "temperror", "permerror"}


@pytest.mark.parametrize("piece", [" ", "\r\n ", "\t", ":", "a:", ";", "=", "b=;", "a\r\n "])
@pytest.mark.parametrize("tag", ["b", "bh", "h", "z", "q", "c"])
def test_linear_in_the_signature(piece: str, tag: str, linear: Any, keys: Keys) -> None:
    def work(n: int) -> None:
        text = "; ".join(f"{k}={v}" for k, v in {"v": "1", "a": "rsa-sha256", "d": "a.example", "s": "s", "h": "from",
                                                 "bh": "AAAA", "b": "AAAA", tag: "x" + piece * n + "x"}.items())  # fmt: skip
        results(b"DKIM-Signature: " + text.encode() + b"\r\n" + MAIL, {})

    linear(work, dkim_verify.MAX_FIELD // len(piece) - 200)


def test_linear_in_the_body(keys: Keys, linear: Any) -> None:
    fields = signature(MAIL, keys.ed25519) * 3 + signature(MAIL, keys.ed25519, c="simple/simple") * 3
    linear(lambda n: results(fields + MAIL + b" " * n + b"x", {}), 4_000_000)


def test_linear_in_the_header(keys: Keys, linear: Any) -> None:
    field = signature(MAIL, keys.ed25519, ":".join(["from", *(f"x{n}" for n in range(450))]))
    zone = {SELECTOR: [{"TXT": keys.record(keys.ed25519)}]}
    linear(lambda n: results(field * 5 + b"".join(b"x%d: y\r\n" % i for i in range(n)) + MAIL, zone), 1_900)


def test_the_signature_of_another_message_does_not_serve(keys: Keys) -> None:
    field = signature(MAIL, keys.rsa)
    other = MAIL.replace(b"It is", b"It was")
    stolen = field.replace(
        b64encode(canonical.read(MAIL).body_hash(True, None)),
        b64encode(canonical.read(other).body_hash(True, None)),
    )
    assert stolen != field
    assert one(stolen + other, {SELECTOR: [{"TXT": keys.record(keys.rsa)}]}) == (
        "fail",
        "the signature does not hold",
    )
    assert b64decode(field.rpartition(b"b=")[2])
