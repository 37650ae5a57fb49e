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
    envelope = Envelope("i", NOW, door, "bob@acme.example", ("support@example.com",), peer=peer, **more)
    sender = Address("bob@acme.example")
    parsed = ParsedMessage(1, "0", "k", sender=sender, from_=(sender,), headers=tuple(headers))
    return authenticate(envelope, parsed, config, organisational)


R = ("received", "from x by y")
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
    ("by import", [R, (AR, PASS)], {"door": "import", "peer": ""}, False),
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
    ("two of ours add up", [R, (AR, "mx.example.com; spf=fail"), (AR, "mx.example.com; dkim=pass header.d=acme.example")], {}, True),
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
    ("an upstream's results go first", [R, (AR, "mx.example.com; spf=fail")], {}, False),
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


ASG, COL, REC, AGT, SUP, STR = (
    Role.ASSIGNEE,
    Role.COLLEAGUE,
    Role.RECIPIENT,
    Role.AGENT,
    Role.SUPERVISOR,
    Role.STRANGER,
)
# Every row of 4.2-4.4: who may, unverified | with a proof | authenticated.
POWERS: list[tuple[Power, set[Role], set[Role], set[Role]]] = [
    (Power.OPEN, set(Role), set(Role), set(Role)),
    (Power.COMMENT, set(Role) - {STR}, set(Role) - {STR}, set(Role) - {STR}),
    (Power.COMMENT_BY_NAME, set(), {ASG, COL, REC}, set(Role)),
    (Power.CHANGE, set(), {ASG, COL}, {ASG, COL, AGT, SUP}),
    (Power.ADD_RECIPIENT, set(), {ASG, COL}, {ASG, COL, AGT, SUP}),
    (Power.PROPOSE_RECIPIENT, {ASG, COL}, {ASG, COL}, {ASG, COL, AGT, SUP}),
    (Power.CONFIRM_RECIPIENT, set(), {ASG}, {ASG, AGT, SUP}),
    (Power.NOTIFY, set(), {ASG}, {ASG, AGT, SUP}),
    (Power.EU_SUPPORT, set(), {ASG, COL}, {ASG, COL, AGT, SUP}),
    (Power.STATUS, set(), {ASG, COL}, {ASG, COL, AGT, SUP}),
    (Power.STATUS_ANY, set(), set(), {AGT, SUP}),
    (Power.ESCALATE, set(), {ASG, COL}, {ASG, COL, AGT, SUP}),
    (Power.ESCALATE_NOW, set(), set(), {AGT, SUP}),
    (Power.ESCALATE_TO_MANAGEMENT, set(), set(), {SUP}),
    (Power.PRIVATE, set(), set(), {AGT, SUP}),
    (Power.QUERY, set(), {ASG, COL, REC}, {ASG, COL, REC, AGT, SUP}),
    (Power.CONFIRM, set(), {ASG}, {ASG, AGT, SUP}),
    (Power.ACKNOWLEDGE, set(), {ASG, COL, REC}, set(Role)),
]


@pytest.mark.parametrize(
    ("power", "unverified", "proof", "authenticated"), POWERS, ids=[p[0].name for p in POWERS]
)
def test_powers(power: Power, unverified: set[Role], proof: set[Role], authenticated: set[Role]) -> None:
    for believed, able in ((U, unverified), (P, proof), (A, authenticated)):
        assert {r for r in Role if allowed(power, believed, r)} == able, believed


def test_every_power_has_its_row() -> None:
    assert {row[0] for row in POWERS} == set(Power)


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
