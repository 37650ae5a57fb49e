"""Authentication (4.1), proof (4.2) and the table of powers (4.2-4.4)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mailgate.authenticate import organisational
from mailgate.config import Config
from mailgate.model import (
    Address,
    AuthResult,
    Envelope,
    MethodResult,
    ParsedMessage,
    Person,
    Purpose,
    Recipient,
    RecipientState,
    Role,
    Severity,
    Status,
    Ticket,
    TokenClaim,
    Trust,
)
from mailgate.rules import trust
from mailgate.rules.trust import Power, allowed, authenticate, role

NOW = datetime(2026, 3, 2, tzinfo=UTC)
AR = "authentication-results"
FAIL = "mx.example.com; dmarc=fail header.from=acme.example"
PASS = "mx.example.com; dmarc=pass header.from=acme.example"
U, P, A = Trust.UNVERIFIED, Trust.PROOF, Trust.AUTHENTICATED


def check(
    headers: list[tuple[str, str]],
    peer: str = "127.0.0.1",
    door: str = "smtp",
    ids: tuple[str, ...] = ("mx.example.com",),
    **more: Any,
) -> AuthResult:
    config = Config(trust={"authserv_ids": list(ids), **more.pop("trust", {})})
    mail_from = more.pop("mail_from", "bob@acme.example")
    envelope = Envelope("i", NOW, door, mail_from, ("support@example.com",), peer=peer, **more)
    sender = Address("bob@acme.example")
    parsed = ParsedMessage(1, "0", "k", sender=sender, from_=(sender,), headers=tuple(headers))
    return authenticate(envelope, parsed, config, organisational)


R = ("received", "from x by y")
HOP = {"trust": {"hops": 1}}
TRACES = (
    "return-path", "delivered-to", "x-original-to", "dkim-signature", "arc-seal", "authentication-results", "x-received",
    "received-spf", "x-spam-status", "x-spamd-result", "x-virus-scanned", "resent-from", "x-mailgate-loop",
)  # fmt: skip
NO_TRACES = (
    "list-id",
    "x-mailer",
    "auto-submitted",
    "sender",
    "x-priority",
    "user-agent",
    "x-php-originating-script",
)
CASES = [
    ("loopback without Received", [], {}, True),
    ("loopback, but relayed", [R], {}, False),
    ("a mapped loopback", [], {"peer": "::ffff:127.0.0.1"}, True),
    ("from elsewhere", [], {"peer": "192.0.2.1"}, False),
    ("no networks", [], {"trust": {"networks": []}}, False),
    ("login, own address", [R], {"auth_user": "nas", "auth_addresses": ("Bob@ACME.example",), "peer": "192.0.2.1"}, True),
    ("login, another address", [R], {"auth_user": "nas", "auth_addresses": ("x@acme.example",), "peer": "192.0.2.1"}, False),
    ("DMARC pass by an upstream", [R, (AR, PASS)], {}, True),
    ("the id in other letters", [R, (AR, PASS.replace("mx", "MX"))], {}, True),
    ("DMARC pass from a stranger", [R, (AR, PASS)], {"peer": "192.0.2.1"}, False),
    ("by LMTP", [R, (AR, PASS)], {"door": "lmtp", "peer": ""}, True),
    ("by pipe", [R, (AR, PASS)], {"door": "pipe", "peer": ""}, True),
    ("by IMAP", [R, (AR, PASS)], {"door": "imap", "peer": ""}, True),
    ("by import", [R, (AR, PASS)], {"door": "import", "peer": ""}, True),
    ("another authserv-id", [R, (AR, PASS.replace("mx.", "evil."))], {}, False),
    ("no ids configured", [R, (AR, PASS)], {"ids": ()}, False),
    ("DMARC pass of another domain", [R, (AR, PASS.replace("acme", "evil"))], {}, False),
    ("DKIM aligned", [R, (AR, "mx.example.com; dkim=pass header.d=acme.example")], {}, True),
    ("DKIM of a sub-domain", [R, (AR, "mx.example.com; dkim=pass header.d=news.acme.example")], {}, True),
    ("DKIM of another domain", [R, (AR, "mx.example.com; dkim=pass header.d=mailer.example")], {}, False),
    ("DKIM of the top-level domain", [R, (AR, "mx.example.com; dkim=pass header.d=example")], {}, False),
    ("a domain that only ends alike", [R, (AR, "mx.example.com; dkim=pass header.d=evilacme.example")], {}, False),
    ("SPF aligned", [R, (AR, "mx.example.com; spf=pass smtp.mailfrom=bob@acme.example")], {}, True),
    ("SPF fail", [R, (AR, "mx.example.com; spf=fail smtp.mailfrom=acme.example")], {}, False),
    ("DMARC fail outweighs an aligned SPF", [R, (AR, FAIL + "; spf=pass smtp.mailfrom=acme.example")], {}, False),
    ("the topmost header of ours counts", [R, (AR, FAIL), (AR, PASS)], {}, False),
    ("headers of others above do not matter", [R, (AR, "other; dmarc=fail header.from=acme.example"), (AR, PASS)], {}, True),
    ("a lower one of ours does not count for what the topmost leaves out", [R, (AR, "mx.example.com; spf=fail"), (AR, PASS)], {}, False),
    ("nor where the topmost says none", [R, (AR, "mx.example.com; none"), (AR, PASS)], {}, False),
    ("nor where the topmost is malformed", [R, (AR, 'mx.example.com; spf=pass smtp.mailfrom="a'), (AR, PASS)], {}, False),
    ("nor where the topmost is too long", [R, (AR, "mx.example.com; x=y" + " " * 20_000), (AR, PASS)], {}, False),
    ("above Received", [(AR, PASS), R], {}, True),
    ("one hop: above Received", [(AR, PASS), R], HOP, True),
    ("one hop: two above add up", [(AR, "mx.example.com; spf=fail"), (AR, PASS), R], HOP, True),
    ("one hop: the topmost that speaks of a method", [(AR, FAIL), (AR, PASS), R], HOP, False),
    ("one hop: below Received", [R, (AR, PASS)], HOP, False),
    ("one hop: above a Received of others", [R, (AR, PASS), R], HOP, False),
    ("two hops: between them", [R, (AR, PASS), R], {"trust": {"hops": 2}}, True),
    ("two hops: below both", [R, R, (AR, PASS)], {"trust": {"hops": 2}}, False),
    ("two hops, and only one passed", [R, (AR, PASS)], {"trust": {"hops": 2}}, False),
    ("one hop, no Received, and other traces", [(AR, PASS)], HOP, False),
    ("a quoted id with a version", [R, (AR, PASS.replace("mx.example.com;", '"mx.example.com" 1;'))], {}, True),
    ("an id that begins alike", [R, (AR, PASS.replace("mx.example.com", "mx.example.com.evil.example"))], {}, False),
    ("the id in a comment", [R, (AR, "evil (mx.example.com); dmarc=pass header.from=acme.example")], {}, False),
    ("upper case", [R, (AR, PASS.upper())], {}, True),
    ("DMARC pass, From not said", [R, (AR, "mx.example.com; dmarc=pass (p=none)")], {}, True),
    ("a pass in a comment", [R, (AR, "mx.example.com; dmarc=none (dmarc=pass) header.from=acme.example")], {}, False),
    ("a pass in a reason", [R, (AR, 'mx.example.com; dkim=fail reason="x; dmarc=pass" header.d=acme.example')], {}, False),
    ("ARC", [R, (AR, "mx.example.com; arc=pass header.d=acme.example")], {}, False),
    ("a method of somebody's own", [R, (AR, "mx.example.com; x-dkim=pass header.d=acme.example")], {}, False),
    ("DKIM without a domain", [R, (AR, "mx.example.com; dkim=pass")], {}, False),
    ("DKIM by i alone", [R, (AR, "mx.example.com; dkim=pass header.i=bob@acme.example")], {}, True),
    ("DKIM where i says more than d", [R, (AR, "mx.example.com; dkim=pass header.d=evil.example header.i=@acme.example")], {}, False),
    ("DKIM of several", [R, (AR, "mx.example.com; dkim=fail header.d=x.example; dkim=pass header.d=acme.example")], {}, True),
    ("DKIM neutral", [R, (AR, "mx.example.com; dkim=neutral header.d=acme.example")], {}, False),
    ("SPF of a domain", [R, (AR, "mx.example.com; spf=pass smtp.mailfrom=acme.example")], {}, True),
    ("SPF of an address with two @", [R, (AR, "mx.example.com; spf=pass smtp.mailfrom=bob@acme.example@evil.example")], {}, False),
    ("SPF of HELO for a sender", [R, (AR, "mx.example.com; spf=pass smtp.helo=mail.acme.example")], {}, False),
    ("SPF of HELO for the null sender", [R, (AR, "mx.example.com; spf=pass smtp.helo=mail.acme.example")], {"mail_from": ""}, True),
    ("SPF softfail", [R, (AR, "mx.example.com; spf=softfail smtp.mailfrom=acme.example")], {}, False),
    *((f"a trace of a relay: {name}", [(name, "x")], {}, False) for name in TRACES),
    *((f"no trace of a relay: {name}", [(name, "x")], {}, True) for name in NO_TRACES),
    ("DMARC said twice", [R, (AR, PASS + "; dmarc=fail (p=reject) header.from=acme.example")], {}, False),
    ("malformed", [R, (AR, 'mx.example.com; dmarc="pass')], {}, False),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "more", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_authentication(headers: list[tuple[str, str]], more: dict[str, Any], expected: bool) -> None:  # 4.1
    result = check(headers, **more)
    assert result.authenticated is expected
    assert result.how


@pytest.mark.parametrize(("policy", "asked"), [("reject", True), ("quarantine", True), ("none", False)])
def test_dmarc_fail_counts_where_the_domain_asks(policy: str, asked: bool) -> None:  # 4.6
    value = f"mx.example.com; dmarc=fail (p={policy}) header.from=acme.example"
    result = check([R, (AR, value)])
    assert (result.authenticated, result.dmarc_fail) == (False, asked)
    assert trust.dmarc_failed(result)


OWN_CASES = [
    ("an upstream without results", [R], {}, True),
    ("from elsewhere", [R], {"peer": "192.0.2.1"}, True),
    ("no ids configured", [R, (AR, PASS)], {"ids": ()}, True),
    ("results of another host", [R, (AR, FAIL.replace("mx", "evil"))], {}, True),
    ("an upstream that checked SPF only", [R, (AR, "mx.example.com; spf=fail")], {}, True),
    ("an upstream that checked DKIM only", [R, (AR, "mx.example.com; dkim=fail header.d=acme.example")], {}, True),
    ("an upstream whose SPF is enough", [R, (AR, "mx.example.com; spf=pass smtp.mailfrom=acme.example")], {}, False),
    ("DMARC in trouble there", [R, (AR, "mx.example.com; dmarc=temperror header.from=acme.example")], {}, True),
    ("DMARC said none there", [R, (AR, "mx.example.com; dmarc=none header.from=acme.example")], {}, False),
    ("a header of ours that cannot be read", [R, (AR, "mx.example.com; dmarc"), (AR, PASS)], {}, True),
    ("DMARC failed there", [R, (AR, FAIL)], {}, False),
    ("a trusted network", [], {}, False),
    ("login", [R], {"auth_user": "nas", "auth_addresses": ("bob@acme.example",)}, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "more", "ours"), [c[1:] for c in OWN_CASES], ids=[c[0] for c in OWN_CASES]
)
def test_our_own_check_counts_where_nobody_told(
    headers: list[tuple[str, str]], more: dict[str, Any], ours: bool
) -> None:  # 4.1
    sender = Address("bob@acme.example")
    parsed = ParsedMessage(1, "0", "k", sender=sender, from_=(sender,))
    assert trust.undecided(check(headers, **more), parsed) is ours
    assert not trust.undecided(check(headers, **more), ParsedMessage(1, "0", "k"))


@pytest.mark.parametrize(("signer", "expected"), [("shop.acme.example", True), ("shop.example", False)])
def test_alignment_is_by_organisation(signer: str, expected: bool) -> None:  # RFC 9989 section 4.4
    value = f"mx.example.com; dkim=pass header.d={signer}"
    assert check([R, (AR, value)]).authenticated is expected


def test_nobody_with_two_from_addresses() -> None:
    envelope = Envelope("i", NOW, "smtp", "x", (), peer="127.0.0.1")
    result = authenticate(
        envelope, ParsedMessage(1, "0", "k", sender_defect="two From headers"), Config(), organisational
    )
    assert not result.authenticated
    assert "two From headers" in result.how


def claim(person: int, purpose: Purpose = Purpose.REPLY) -> TokenClaim:
    return TokenClaim(purpose, 1, person, 0, NOW, 7)


BOB = Person("bob@acme.example", 1)
NO = AuthResult(False, "")
FAILS = AuthResult(False, "", (MethodResult("dmarc", "fail"),))
PROOFS = [
    ("to him", BOB, claim(1), NO, True),
    ("own Message-ID", BOB, claim(1, Purpose.MESSAGE), NO, True),
    ("to another", BOB, claim(2), NO, False),
    ("to nobody on record", Person("new@acme.example"), claim(0), NO, False),
    ("to a team", Person("x@y.example", 20), claim(20, Purpose.TEAM), NO, False),
    ("DMARC fails", BOB, claim(1), FAILS, False),
    ("authenticated before, not now", Person("bob@acme.example", 1, authenticated_before=True), claim(1), NO, False),
    ("authenticated before and now", Person("bob@acme.example", 1, authenticated_before=True), claim(1), AuthResult(True, ""), True),
    ("an agent", Person("ana@example.com", 1, agent=True), claim(1), NO, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("person", "held", "auth", "expected"), [c[1:] for c in PROOFS], ids=[c[0] for c in PROOFS]
)
def test_proof(person: Person, held: TokenClaim, auth: AuthResult, expected: bool) -> None:  # 4.2
    assert trust.proved([held], person, auth) is expected


# Every row of 4.2-4.4, by hand: A assignee, C colleague, R recipient, G agent, S supervisor, X stranger.
LETTERS = dict(zip("ACRGSX", Role, strict=True))
#    power                  unverified proof  authenticated
POWERS = """
    OPEN                    ACRGSX     ACRGSX ACRGSX
    COMMENT                 ACR        ACR    ACRGS
    COMMENT_BY_NAME         -          ACR    ACRGSX
    CHANGE                  -          AC     ACGS
    ADD_RECIPIENT           -          AC     ACGS
    PROPOSE_RECIPIENT       AC         AC     ACGS
    CONFIRM_RECIPIENT       -          A      AGS
    NOTIFY                  -          A      AGS
    EU_SUPPORT              -          AC     ACGS
    STATUS                  -          AC     ACGS
    STATUS_ANY              -          -      GS
    ESCALATE                -          AC     ACGS
    ESCALATE_NOW            -          -      GS
    ESCALATE_TO_MANAGEMENT  -          -      S
    PRIVATE                 -          -      GS
    QUERY                   -          ACR    ACRGS
    CONFIRM                 -          A      AGS
    ACKNOWLEDGE             -          ACR    ACRGSX
"""
GRID = [
    (Power[power], believed, LETTERS[letter], letter in able)
    for power, *columns in map(str.split, POWERS.strip().splitlines())
    for believed, able in zip((U, P, A), columns, strict=True)
    for letter in LETTERS
]


def test_the_letters_are_these_roles() -> None:
    named = {Role.ASSIGNEE, Role.COLLEAGUE, Role.RECIPIENT, Role.AGENT, Role.SUPERVISOR, Role.STRANGER}
    assert [LETTERS[x].value[0] for x in "ACRXS"] == ["a", "c", "r", "s", "s"]
    assert (LETTERS["S"], LETTERS["G"], set(LETTERS.values())) == (Role.SUPERVISOR, Role.AGENT, named)


@pytest.mark.parametrize(
    ("power", "believed", "who", "able"), GRID, ids=[f"{g[0].name}-{g[1].value}-{g[2].value}" for g in GRID]
)
def test_powers(power: Power, believed: Trust, who: Role, able: bool) -> None:
    assert allowed(power, believed, who) is able


def test_every_power_has_its_row() -> None:
    assert [line.split()[0] for line in POWERS.strip().splitlines()] == [power.name for power in Power]
    assert len(GRID) == len(Power) * len(Trust) * len(Role)


def ticket(account: str = "Acme") -> Ticket:
    rows = (
        Recipient(Person("pat@o.example"), RecipientState.ACTIVE),
        Recipient(Person("hel@o.example"), RecipientState.HELD),
    )
    return Ticket(1, "t", "general", Severity.QUESTION, Status.OPEN, BOB, account=account, recipients=rows)


ROLES = [
    (Person("bob@acme.example"), "Acme", Role.ASSIGNEE),
    (Person("c@acme.example", account="Acme"), "Acme", Role.COLLEAGUE),
    (Person("c@acme.example", account=""), "", Role.STRANGER),  # no account is never a shared account
    (Person("c@b.example", account="Bleu"), "Acme", Role.STRANGER),
    (Person("pat@o.example"), "Acme", Role.RECIPIENT),
    (Person("hel@o.example"), "Acme", Role.STRANGER),  # held
    (Person("a@example.com", agent=True), "Acme", Role.AGENT),
    (Person("s@example.com", agent=True, supervisor=True), "Acme", Role.SUPERVISOR),
    (Person(""), "", Role.STRANGER),
]


@pytest.mark.parametrize(("person", "account", "expected"), ROLES)
def test_roles(person: Person, account: str, expected: Role) -> None:  # section 0
    assert role(person, ticket(account)) is expected
