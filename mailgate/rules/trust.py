"""Whom to believe: authentication (4.1), proof (4.2), and the one table of what trust and role give (4.2-4.4).

Laws: trust comes from headers only where a host of ours vouches for them; who has no single From address is nobody;
staff powers need authentication, a token alone never gives them (4.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from mailgate.config import Config
from mailgate.mail.address import normalise
from mailgate.mail.alignment import OrgOf, aligned, plain
from mailgate.mail.authres import parse_authres
from mailgate.model import (
    AuthResult,
    Envelope,
    MethodResult,
    ParsedMessage,
    Person,
    Purpose,
    RecipientState,
    Role,
    Ticket,
    TokenClaim,
    Trust,
)

MAX_HEADERS = 50  # Authentication-Results headers looked at
_TELLING = ("pass", "fail", "none", "neutral", "softfail", "policy", "permerror", "bestguesspass")
# Who wrote the mail himself and hands it over has put none of these there: a relay, a filter or a mailbox did.
_OF_A_RELAY = frozenset({
    "received", "x-received", "return-path", "delivered-to", "x-original-to", "envelope-to", "x-envelope-from",
    "authentication-results", "x-authentication-results", "received-spf", "dkim-signature", "domainkey-signature",
    "arc-seal", "arc-message-signature", "arc-authentication-results", "x-spam-flag", "x-spam-status", "x-spam-score",
    "x-spam-level", "x-spamd-result", "x-rspamd-server", "x-virus-scanned", "x-mailgate-loop",
    "resent-from", "resent-sender", "resent-date", "resent-message-id", "x-forwarded-to", "x-forwarded-for",
})  # fmt: skip
_VOUCHING_DOORS = frozenset({"lmtp", "pipe", "imap", "import"})
_ISSUED_TO_A_PERSON = frozenset({Purpose.REPLY, Purpose.MESSAGE, Purpose.LEAVE})

STAFF = frozenset({Role.AGENT, Role.SUPERVISOR})
CUSTOMER_SIDE = frozenset({Role.ASSIGNEE, Role.COLLEAGUE})
PART = frozenset(Role) - {Role.STRANGER}


class Power(Enum):
    """What a mail may do. The sender's role is his role on that ticket; who opens one is its assignee, or staff."""

    OPEN = auto()  # a new ticket
    COMMENT = auto()  # a plain comment, with a valid token or own Message-ID of the ticket
    COMMENT_BY_NAME = auto()  # a plain comment by subject tag or known thread alone; otherwise it is held
    CHANGE = auto()  # Assign, Severity, Category, Device, Recipient, and the tags for them
    ADD_RECIPIENT = auto()  # by CC: active at once
    PROPOSE_RECIPIENT = auto()  # by CC: held until confirmed
    CONFIRM_RECIPIENT = auto()
    NOTIFY = auto()
    EU_SUPPORT = auto()
    STATUS = auto()  # resolved, open
    STATUS_ANY = auto()
    ESCALATE = auto()
    ESCALATE_NOW = auto()  # no wait
    ESCALATE_TO_MANAGEMENT = auto()
    PRIVATE = auto()
    QUERY = auto()
    CONFIRM = auto()  # what is held
    ACKNOWLEDGE = auto()  # gets automatic answers


_NOBODY: frozenset[Role] = frozenset()
_ALL = frozenset(Role)
_OUTSIDE = PART - STAFF
_ASSIGNEE = frozenset({Role.ASSIGNEE})
_SUPERVISOR = frozenset({Role.SUPERVISOR})

# power: (unverified, proof, authenticated). PROOF holds no staff anywhere: 4.3.
_TABLE: dict[Power, tuple[frozenset[Role], frozenset[Role], frozenset[Role]]] = {
    Power.OPEN: (_ALL, _ALL, _ALL),
    Power.COMMENT: (_OUTSIDE, _OUTSIDE, PART),
    Power.COMMENT_BY_NAME: (_NOBODY, _OUTSIDE, _ALL),
    Power.CHANGE: (_NOBODY, CUSTOMER_SIDE, CUSTOMER_SIDE | STAFF),
    Power.ADD_RECIPIENT: (_NOBODY, CUSTOMER_SIDE, CUSTOMER_SIDE | STAFF),
    Power.PROPOSE_RECIPIENT: (CUSTOMER_SIDE, CUSTOMER_SIDE, CUSTOMER_SIDE | STAFF),
    Power.CONFIRM_RECIPIENT: (_NOBODY, _ASSIGNEE, _ASSIGNEE | STAFF),
    Power.NOTIFY: (_NOBODY, _ASSIGNEE, _ASSIGNEE | STAFF),
    Power.EU_SUPPORT: (_NOBODY, CUSTOMER_SIDE, CUSTOMER_SIDE | STAFF),
    Power.STATUS: (_NOBODY, CUSTOMER_SIDE, CUSTOMER_SIDE | STAFF),
    Power.STATUS_ANY: (_NOBODY, _NOBODY, STAFF),
    Power.ESCALATE: (_NOBODY, CUSTOMER_SIDE, CUSTOMER_SIDE | STAFF),
    Power.ESCALATE_NOW: (_NOBODY, _NOBODY, STAFF),
    Power.ESCALATE_TO_MANAGEMENT: (_NOBODY, _NOBODY, _SUPERVISOR),
    Power.PRIVATE: (_NOBODY, _NOBODY, STAFF),
    Power.QUERY: (_NOBODY, _OUTSIDE, PART),
    Power.CONFIRM: (_NOBODY, _ASSIGNEE, _ASSIGNEE | STAFF),
    Power.ACKNOWLEDGE: (_NOBODY, _OUTSIDE, _ALL),
}
_COLUMN = {Trust.UNVERIFIED: 0, Trust.PROOF: 1, Trust.AUTHENTICATED: 2}


def allowed(power: Power, trust: Trust, role: Role) -> bool:
    """Whether somebody of this role, believed so far, may do it."""
    return role in _TABLE[power][_COLUMN[trust]]


def is_staff(person: Person) -> bool:
    """Whether somebody is of the support staff."""
    return person.agent or person.supervisor


def role(person: Person, ticket: Ticket) -> Role:
    """What a person is to a ticket (section 0). Belonging to no account is never belonging together."""
    if person.supervisor:
        return Role.SUPERVISOR
    if person.agent:
        return Role.AGENT
    if not person.address:
        return Role.STRANGER
    if person.address == ticket.assignee.address:
        return Role.ASSIGNEE
    if person.account and person.account == ticket.account:
        return Role.COLLEAGUE
    active = (r.person.address for r in ticket.recipients if r.state is RecipientState.ACTIVE)
    return Role.RECIPIENT if person.address in active else Role.STRANGER


def proved(claims: Iterable[TokenClaim], person: Person, auth: AuthResult) -> bool:
    """Whether one of these valid claims is a proof (4.2): issued to this very person, whose mail does not fail
    DMARC and whose address was never authenticated before without being so now."""
    if person.id is None or person.agent or person.supervisor or dmarc_failed(auth):
        return False
    if person.authenticated_before and not auth.authenticated:
        return False
    return any(c.person == person.id and c.purpose in _ISSUED_TO_A_PERSON for c in claims)


def dmarc_failed(auth: AuthResult) -> bool:
    """Whether DMARC failed, whatever the domain asks for."""
    return auth.dmarc_fail or any(r.method == "dmarc" and r.result == "fail" for r in auth.results)


def authenticate(envelope: Envelope, parsed: ParsedMessage, config: Config, org_of: OrgOf) -> AuthResult:
    """Whether the sender is who he says (4.1), from login, trusted networks and vouched-for results; where it is
    `undecided`, our own check says more. `org_of` gives the organisational domain of a name."""
    if parsed.sender is None:
        return AuthResult(False, f"no single From address ({parsed.sender_defect or 'missing'})")
    address = parsed.sender.address
    if envelope.auth_user and address in {normalise(a) for a in envelope.auth_addresses}:
        return AuthResult(True, f"{envelope.auth_user} logged in, and may write as {address}")
    peer = _peer(envelope.peer)
    if peer is not None and _within(peer, config.trust.networks) and not _relayed(parsed):
        return AuthResult(
            True, f"the client {envelope.peer} is in trust.networks and no relay wrote a Received"
        )
    if envelope.door in _VOUCHING_DOORS or (peer is not None and _within(peer, config.trust.upstreams)):
        return _vouched(envelope, parsed, address.rpartition("@")[2], config, org_of)
    return AuthResult(False, "nobody that is trusted vouches for the sender")


def undecided(auth: AuthResult, parsed: ParsedMessage) -> bool:
    """Whether nobody told of the sender what DMARC says, so that our own check counts, with what was told (4.1)."""
    if parsed.sender is None or auth.authenticated:
        return False
    return not any(r.method == "dmarc" and r.result in _TELLING for r in auth.results)


def told(results: Iterable[MethodResult], envelope: Envelope) -> tuple[MethodResult, ...]:
    """The results of others that stand beside our own check: temporary trouble is none, and what SPF says of the name
    in HELO counts for the null sender only (RFC 7208 section 2.4)."""
    null = not envelope.mail_from.strip("<> ")
    return tuple(r for r in results if r.result in _TELLING and (null or not r.helo))


def _relayed(parsed: ParsedMessage) -> bool:
    """Whether somebody stood between the author and us: a server that removes Received leaves other traces mostly."""
    return any(name in _OF_A_RELAY for name, _ in parsed.headers)


def _vouched(
    envelope: Envelope, parsed: ParsedMessage, domain: str, config: Config, org_of: OrgOf
) -> AuthResult:
    """What Authentication-Results of our upstreams say (RFC 8601 section 5: others' headers are not read)."""
    if not config.trust.authserv_ids:
        return AuthResult(False, "trust.authserv_ids names nobody whose Authentication-Results count")
    names = frozenset(name.lower() for name in config.trust.authserv_ids)
    results = _of_ours(parsed, names, config.trust.hops)
    if not results:
        return AuthResult(False, "no Authentication-Results of a trusted host")
    spoken = [r for r in results if r.method == "dmarc"]
    # a header that says both holds what a sender wrote: our server forgot to quote it (RFC 8601 section 7.1)
    dmarc = next((r for r in spoken if r.result == "fail"), spoken[0] if spoken else None)
    if dmarc is not None and dmarc.result == "fail":
        strict = dmarc.policy in ("reject", "quarantine")
        asked = f", where the domain asks to {dmarc.policy}" if strict else ""
        return AuthResult(False, f"DMARC fails for {domain}{asked}", results, dmarc_fail=strict)
    if dmarc is not None and dmarc.result == "pass" and _aligned(dmarc.domain or domain, domain, org_of):
        return AuthResult(True, f"DMARC passes for {domain}", results)
    for result in told(results, envelope):
        passes = result.method in ("dkim", "spf") and result.result == "pass"
        if passes and _aligned(result.domain, domain, org_of):
            how = f"{result.method.upper()} passes for {plain(result.domain)}, aligned with {domain}"
            return AuthResult(True, how, results)
    return AuthResult(False, f"no check passes that is aligned with {domain}", results)


def _of_ours(parsed: ParsedMessage, names: frozenset[str], hops: int) -> tuple[MethodResult, ...]:
    """Results of the named hosts (RFC 8601 section 5: each writes above what it was handed): of the topmost header in
    such a name, even where it cannot be read; with `hops` of all that stand above so many Received headers, and a
    method counts from the topmost one that speaks of it."""
    kept: list[MethodResult] = []
    settled: set[str] = set()
    received = looked_at = 0
    for key, value in parsed.headers:
        received += key == "received"
        if hops and received == hops:
            return tuple(kept)
        if key != "authentication-results" or looked_at == MAX_HEADERS:
            continue
        looked_at += 1
        name, results = parse_authres(value)
        if name not in names:
            continue
        if not hops:
            return results
        kept += [r for r in results if r.method not in settled]
        settled |= {r.method for r in results}
    return ()


def _aligned(domain: str, sender_domain: str, org_of: OrgOf) -> bool:
    """Relaxed: without the record of the domain nobody knows whether it asks for more (RFC 9989 section 4.4)."""
    return aligned(domain, sender_domain, False, org_of)


@lru_cache(maxsize=1024)  # mail comes by few hosts
def _peer(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(peer: IPv4Address | IPv6Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(peer in network for network in networks)
