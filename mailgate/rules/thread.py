"""Which ticket a mail belongs to (section 2), and what the store must know before that can be said.

Laws: the first rule that applies wins; whoever has no part learns nothing, not even whether a ticket exists (2.5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailgate.config import Config
from mailgate.mail.subject import Bracket, brackets
from mailgate.mail.token import claim_of_message_id, expired, token_of, verify
from mailgate.model import (
    Envelope,
    Facts,
    Key,
    KnownMessage,
    ParsedMessage,
    Purpose,
    Questions,
    Role,
    Status,
    Ticket,
    TokenClaim,
)
from mailgate.rules import commands
from mailgate.rules.values import address as address_of
from mailgate.rules.values import items

MAX_IDS = 100  # of In-Reply-To and References, the nearest ones
MAX_ADDRESSES = 200  # of To and Cc
MAX_COMMANDS = commands.MAX_LINES * commands.MAX_LINE  # characters of a text in which they may stand
MAX_DIGITS = 9  # of a ticket number in a tag: a 32-bit integer in every database
_BEFORE = timedelta(minutes=65)  # a token knows the hour of its issue; the clocks of nodes may differ
_THREADING = frozenset({Purpose.REPLY, Purpose.TEAM, Purpose.LEAVE, Purpose.MESSAGE})
_STAFF = frozenset({Role.AGENT, Role.SUPERVISOR})
_NAMED = "ticket #{}: it answers a message of that ticket that named the sender (2.4)"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A signed token that a mail carries, and where it stood: envelope | header | in-reply-to | references."""

    where: str
    claim: TokenClaim


@dataclass(frozen=True, slots=True)
class Thread:
    """The ticket found, or none; `by` is token | message-id | tag | known-thread | none."""

    ticket: Ticket | None = None
    by: str = "none"
    claims: tuple[TokenClaim, ...] = ()  # valid ones of this ticket
    refers_to: int | None = None  # a tag that gave no access (2.5)
    follows: int | None = None  # closed too long ago (2.6)
    vouched: bool = True  # False: the sender is there by a message alone that nobody believed named (2.4)
    reasons: tuple[str, ...] = field(default=())


def claims(
    envelope: Envelope, parsed: ParsedMessage, keys: Sequence[Key], config: Config
) -> tuple[Claimed, ...]:
    """Every token with a good signature, in the order of 2.1 and 2.2; age and ticket are judged by `find`."""
    own, domain = config.gateway.own_addresses, config.gateway.message_domain
    headed = [a.address for a in (*parsed.to[:MAX_ADDRESSES], *parsed.cc[:MAX_ADDRESSES])]
    headed += [v.strip(" <>") for h in ("delivered-to", "x-original-to") for v in parsed.all_headers(h)[:5]]
    found: dict[TokenClaim, str] = {}
    for where, addresses in (("envelope", envelope.rcpt_to[:MAX_ADDRESSES]), ("header", headed)):
        for address in addresses:
            token = token_of(address, own) if "+" in address else ""
            claim = verify(keys, token) if token else None
            if claim is not None and claim.purpose is not Purpose.MESSAGE:
                found.setdefault(claim, where)
    for where, ids in (
        ("in-reply-to", parsed.in_reply_to[:MAX_IDS]),
        ("references", parsed.references[: -MAX_IDS - 1 : -1]),
    ):
        for message_id in ids:
            claim = claim_of_message_id(keys, message_id, domain)
            if claim is not None:
                found.setdefault(claim, where)
    return tuple(Claimed(where, claim) for claim, where in found.items())


def questions(
    envelope: Envelope, parsed: ParsedMessage, claims: Sequence[Claimed], config: Config
) -> Questions:
    """All that the store must look up for this mail."""
    sender = parsed.sender.address if parsed.sender else ""
    named = (*parsed.to[:MAX_ADDRESSES], *parsed.cc[:MAX_ADDRESSES])
    addresses = {a.address for a in named} | set(_named_in_commands(parsed.text, config)) | {sender}
    if sender in config.trust.forms:
        addresses |= {a.address for a in parsed.reply_to[:1]}
    domain = config.gateway.message_domain
    foreign = (i for i in nearest_first(parsed) if not i.lower().endswith(f"@{domain}>"))
    held = [c.claim for c in claims]
    return Questions(
        addresses=frozenset(addresses - {""}),
        message_ids=tuple(dict.fromkeys(foreign)),
        tickets=frozenset(c.ticket for c in held if c.ticket) | frozenset(numbers(parsed.subject, config)),
        serials=frozenset(c.serial for c in held if c.serial),
        content_key=parsed.content_key,
        sender=sender,
        skeleton=parsed.skeleton,
        image_hashes=frozenset(
            a.sha256 for a in parsed.attachments[:MAX_IDS] if a.content_type.startswith("image/")
        ),
        returned=frozenset(
            c.serial for c in held if c.purpose is Purpose.BOUNCE and parsed.bounces is not None
        ),
    )


def nearest_first(parsed: ParsedMessage) -> tuple[str, ...]:
    """The ids that a mail answers: In-Reply-To, then References from its end (RFC 5322 section 3.6.4)."""
    return (*parsed.in_reply_to[:MAX_IDS], *parsed.references[: -MAX_IDS - 1 : -1])


def _named_in_commands(text: str, config: Config) -> Iterator[str]:
    """Addresses that stand in the block of commands: whether they may be named is not decided here."""
    if "@" not in text[:MAX_COMMANDS]:
        return
    for line in commands.read(text, config.commands.vocabulary).lines:
        if "@" in line.value:
            yield from map(address_of, items(line.value))


def number_of(bracket: Bracket, config: Config) -> int | None:
    """The ticket number of a subject tag `[#123]`, `[Prefix #123]`, `[#123 escalate]`; None when it is no tag (2.3)."""
    words = list(bracket.words)
    prefix = config.gateway.subject_prefix.replace(",", " ").split()
    if prefix and [w.casefold() for w in words[: len(prefix)]] == [w.casefold() for w in prefix]:
        words = words[len(prefix) :]
    first = words[0] if words else ""
    digits = first[1:]
    if not first.startswith("#") or not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
        return None
    return int(digits) or None


def numbers(subject: str, config: Config) -> tuple[int, ...]:
    """The ticket numbers of a subject's tags, in order."""
    found = (number_of(b, config) for b in brackets(subject)) if "#" in subject else ()
    return tuple(dict.fromkeys(n for n in found if n))


def valid(claim: TokenClaim, ticket: Ticket, now: datetime, config: Config) -> bool:
    """Whether a token still serves: `token_days` from its issue, `token_days_closed` from closing on. One that is older than
    the ticket was issued for another, whose number was given anew after a backup was put back."""
    gateway = config.gateway
    if expired(claim, now, gateway.token_days):
        return False
    if ticket.created is not None and claim.issued + _BEFORE < ticket.created:
        return False
    if ticket.status is not Status.CLOSED or ticket.closed_at is None:
        return True
    return now < ticket.closed_at + timedelta(days=gateway.token_days_closed)


def find(
    parsed: ParsedMessage,
    claims: Sequence[Claimed],
    sender: str,
    authenticated: bool,
    roles: Mapping[int, Role],
    facts: Facts,
    now: datetime,
    config: Config,
) -> Thread:
    """2.1 to 2.6. `roles` holds the sender's role on every ticket of `facts`; where a part is needed, staff have
    theirs only when authenticated (2.3)."""

    def has_part(number: int) -> bool:
        role = roles.get(number, Role.STRANGER)
        return role is not Role.STRANGER and (authenticated or role not in _STAFF)

    reasons: list[str] = []
    vouched = True
    found = _by_claim(claims, facts, now, config, reasons)
    refers_to: int | None = None
    if found is None:
        found, refers_to = _by_tag(parsed.subject, has_part, facts, config, reasons)
    if found is None:
        found, vouched = _by_known_thread(parsed, sender, has_part, facts, reasons)
    if found is None:
        reasons.append("a new ticket: nothing in the mail names one that the sender may write to (2.5)")
        return Thread(refers_to=refers_to, reasons=tuple(reasons))
    ticket, by = found
    role = roles.get(ticket.number, Role.STRANGER)
    third_party = role is Role.STRANGER and by != "known-thread"
    if role not in _STAFF and not third_party and too_late(ticket, now, config):
        reasons.append(
            f"#{ticket.number} was closed more than {config.gateway.reopen_days} days ago: a new ticket follows it (2.6)"
        )
        return Thread(follows=ticket.number, reasons=tuple(reasons))
    mine = tuple(c.claim for c in claims if _threads(c.claim, facts, now, config) == ticket)
    return Thread(ticket, by, mine, vouched=vouched, reasons=tuple(reasons))


def too_late(ticket: Ticket, now: datetime, config: Config) -> bool:
    """Whether a closed ticket can no longer be reopened (2.6)."""
    if ticket.status is not Status.CLOSED or ticket.closed_at is None:
        return False
    return now > ticket.closed_at + timedelta(days=config.gateway.reopen_days)


def answered(parsed: ParsedMessage, facts: Facts) -> Iterable[KnownMessage]:
    """The known messages that In-Reply-To names: what the mail answers directly."""
    ids = frozenset(parsed.in_reply_to[:MAX_IDS])
    return (known for known in facts.threads if known.message_id in ids)


def _threads(claim: TokenClaim, facts: Facts, now: datetime, config: Config) -> Ticket | None:
    ticket = facts.tickets.get(claim.ticket)
    if ticket is None or claim.purpose not in _THREADING or not valid(claim, ticket, now, config):
        return None
    return ticket


def _by_claim(
    claims: Sequence[Claimed], facts: Facts, now: datetime, config: Config, reasons: list[str]
) -> tuple[Ticket, str] | None:
    for where, by, words in (
        (("envelope",), "token", "the signed reply address of the envelope (2.1)"),
        (("header",), "token", "a signed reply address in To or Cc (2.1)"),
        (("in-reply-to",), "message-id", "our own Message-ID in In-Reply-To (2.2)"),
        (("references",), "message-id", "our own Message-ID in References (2.2)"),
    ):
        for claimed in claims:
            if claimed.where not in where or claimed.claim.purpose not in _THREADING:
                continue
            ticket = _threads(claimed.claim, facts, now, config)
            if ticket is not None:
                reasons.append(f"ticket #{ticket.number}, by {words}")
                return ticket, by
            reasons.append(f"{words} serves no more: it has expired, or was issued for another ticket")
    return None


def _by_tag(
    subject: str, has_part: Callable[[int], bool], facts: Facts, config: Config, reasons: list[str]
) -> tuple[tuple[Ticket, str] | None, int | None]:
    refers_to: int | None = None
    for number in numbers(subject, config):
        ticket = facts.tickets.get(number)
        if ticket is not None and has_part(number):
            reasons.append(f"ticket #{number}, by the subject tag of a sender who has a part in it (2.3)")
            return (ticket, "tag"), None
        reasons.append(f"the subject names #{number}, which is not open to this sender (2.5)")
        refers_to = refers_to or number
    return None, refers_to


def _by_known_thread(
    parsed: ParsedMessage, sender: str, has_part: Callable[[int], bool], facts: Facts, reasons: list[str]
) -> tuple[tuple[Ticket, str] | None, bool]:
    """The ticket, and whether the sender is there by more than the word of somebody whom nobody believed."""
    if not facts.threads:
        return None, True
    known: dict[str, list[KnownMessage]] = {}
    for message in facts.threads:
        known.setdefault(message.message_id, []).append(message)
    named: Ticket | None = None
    for message in (each for id in nearest_first(parsed) for each in known.get(id, ())):
        ticket = facts.tickets.get(message.ticket)
        if ticket is None:
            continue
        if has_part(ticket.number):
            reasons.append(
                f"ticket #{ticket.number}: it answers a message of that ticket, and the sender has a part (2.4)"
            )
            return (ticket, "known-thread"), True
        if sender and sender in message.participants:
            if message.vouched:
                reasons.append(_NAMED.format(ticket.number))
                return (ticket, "known-thread"), True
            named = named or ticket
    if named is None:
        return None, True
    reasons.append(_NAMED.format(named.number))
    return (named, "known-thread"), False
