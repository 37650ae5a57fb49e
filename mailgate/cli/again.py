"""A quarantined message decided anew (rule 8.5), in one transaction of its own, as a worker would have done it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from mailgate import own_checks
from mailgate.app import outbox_id
from mailgate.config import Config
from mailgate.errors import Permanent, UsageError
from mailgate.mail.token import Minter
from mailgate.model import Decision, Envelope, Outcome, ParsedMessage
from mailgate.parsers import ParserPool
from mailgate.rules import classify, decide, thread
from mailgate.store import keys, messages, tickets
from mailgate.store import raw as raw_store
from mailgate.store.engine import Store

# A note begins with this header. A mail that somebody sent with it has the lines of its way above.
_NOTE = b"X-Mailgate-Set-Aside:"


def decide_again(
    store: Store, config: Config, id: str, *, released: bool
) -> tuple[str, Decision, int | None]:
    """(id of the message, the new decision, its ticket). `released`: as mail from a person, whatever it looks like.

    Raises NotFound, UsageError when the message is not in quarantine, Permanent for a note that stands for a mail which
    mailgate does not have.
    """
    with store.reading() as conn:
        row = messages.get(conn, id)
        if row.outcome != Outcome.QUARANTINED:
            raise UsageError(f"message {row.id} is not in quarantine: its outcome is {row.outcome}")
        envelope, raw = messages.envelope(conn, row.id), raw_store.get(conn, row.id)
    pool = ParserPool(config.worker)
    try:
        parsed = pool.parse([raw])[0]
    finally:
        pool.close()
    if raw.startswith(_NOTE) and (why := classify.set_aside(envelope, parsed)):
        raise Permanent(_where_it_is(row.id, why, raw))
    return row.id, *_land(store, config, envelope, parsed, raw, released=released)


def _where_it_is(id: str, why: str, note: bytes) -> str:
    """What to do about a note of the IMAP door (8.5): the mail that it stands for is not here."""
    told = note.rpartition(b"It lies on the mail server: ")[2]
    place = told.decode("utf-8", "replace").strip()[:300] or "see failed_folder of its account"
    mend = "raise smtp.max_size and start mailgate anew" if "smtp.max_size" in why else "mend that"
    return (
        f"message {id} is a note that stands for a mail which mailgate does not have, because {why}\n"
        f"the mail lies on the mail server: {place}\n"
        f"{mend}, then move it there, with a mail program, back into the mailbox that it came in: "
        "it is taken as a new mail, and the note stays as it is"
    )


def _land(
    store: Store, config: Config, envelope: Envelope, parsed: ParsedMessage, raw: bytes, *, released: bool
) -> tuple[Decision, int | None]:
    now = datetime.now(UTC)
    if released:
        envelope, parsed, rules = as_person(envelope, parsed), without_marks(parsed), lenient(config)
    else:
        rules = config
    auth = own_checks.make(rules).auth((envelope, raw, parsed))  # asks DNS, so before the transaction
    with store.writing() as conn:
        known = keys.load(conn)
        claims = thread.claims(envelope, parsed, known, rules)
        facts = tickets.facts(conn, [thread.questions(envelope, parsed, claims, rules)], now, rules)[0]
        if facts.duplicate_of == envelope.id:
            facts = replace(facts, duplicate_of="")
        if released:
            facts = replace(facts, turns={}, alike=0)  # a person has looked: it is no turn of a loop
        decision = decide.decide(envelope, parsed, claims, auth, facts, now, rules)
        if released:
            decision = replace(
                decision, reasons=("released from quarantine by the operator", *decision.reasons)
            )
        minter = Minter(keys.minting(conn), config.gateway.address, config.gateway.message_domain)
        messages.record(conn, envelope, parsed, decision, raw, "", now, again=True)
        applied = tickets.apply(
            conn,
            decision,
            message=envelope.id,
            at=now,
            minter=minter,
            config=config,
            parsed=parsed,
            new_id=outbox_id,
        )
        messages.settle(conn, envelope.id, applied.ticket, applied.comment)
    return decision, applied.ticket


# What makes a machine's mail of a message, or spam (BEHAVIOUR section 8). Received stays: trust looks at it.
MARKS = (
    "x-spam-",
    "x-auto",
    "x-mail-auto",
    "auto-submitted",
    "precedence",
    "list-",
    "x-mailgate-",
    "x-vacation",
    "x-fc-",
    "x-post-messageclass",
)


def without_marks(parsed: ParsedMessage) -> ParsedMessage:
    """The message as if a person had written it: no report, no mark of a machine or of a spam filter."""
    headers = tuple((name, value) for name, value in parsed.headers if not name.startswith(MARKS))
    return replace(parsed, headers=headers, bounces=None, report_type="", top_type="multipart/mixed")


def as_person(envelope: Envelope, parsed: ParsedMessage) -> Envelope:
    """The envelope with a sender: the null sender is a machine's (RFC 5321 section 4.5.5)."""
    if envelope.mail_from.strip("<>") or parsed.sender is None:
        return envelope
    return replace(envelope, mail_from=parsed.sender.address)


def lenient(config: Config) -> Config:
    """The settings without those that put mail into quarantine: block list, DMARC, hops."""
    return config.model_copy(
        update={
            "trust": config.trust.model_copy(update={"block": [], "dmarc_fail": "unverified"}),
            "gateway": config.gateway.model_copy(update={"max_hops": 1_000_000}),
        }
    )
