"""What sort of mail it is: the table at the end of BEHAVIOUR §8, and rules 8.1 to 8.4.

Law: the first rule that applies wins; the order is loops, blocked senders, reports, bounces, spam, automatic answers,
other machines, lists, people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address

from mailgate.config import Config
from mailgate.mail import arf, bouncejson
from mailgate.mail.token import is_own
from mailgate.model import Envelope, Kind, ParsedMessage
from mailgate.rules import automatic

LOOP_HEADER = "x-mailgate-loop"
SET_ASIDE_HEADER = "x-mailgate-set-aside"  # of a note about a mail that a mailbox would not give us
_REPORTING_DOORS = frozenset({"smtp", "lmtp"})  # the doors that know the envelope for sure
_INNER_DOORS = frozenset({"lmtp", "pipe", "imap", "import"})
_RECEIPT = "message/disposition-notification"

_NO_REPLY = re.compile(
    r"(?:no-?_?\.?reply|do-?_?not-?_?reply|donotreply|noreplies|nepasrepondre|ne-?pas-?repondre|"
    r"keine-?antwort|nobody|mailer-daemon|postmaster|cron|crontab"
    r"|nagios\d*|icinga\d*|zabbix|alertmanager|prometheus|monit|monitoring|munin|sensu|logwatch|"
    r"jenkins)(?:[+.-].*)?"
)


@dataclass(slots=True)
class _Mail:
    """What the rules look at, made once."""

    envelope: Envelope
    parsed: ParsedMessage
    config: Config
    headers: dict[str, list[str]] = field(default_factory=dict)
    subject: str = ""  # folded
    authors: tuple[str, ...] = ()
    null_sender: bool = False


def classify(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[Kind, str]:
    """The kind of a message and the reason in words."""
    mail = _mail(envelope, parsed, config)
    for rule in (_loop, _blocked, _report, _bounce, _spam, _auto_reply, _auto_generated, _list):
        found = rule(mail)
        if found:
            return found
    return Kind.PERSON, "a person's mail: nothing in it says that a machine sent it"


def set_aside(envelope: Envelope, parsed: ParsedMessage) -> str:
    """Why this is a note that stands for a mail which could not be taken, "" when it is not (8.5). Who forges one by mail
    puts his own mail into quarantine."""
    if envelope.door != "imap":
        return ""
    return next((value for name, value in parsed.headers if name == SET_ASIDE_HEADER), "")[:300]


def _mail(envelope: Envelope, parsed: ParsedMessage, config: Config) -> _Mail:
    headers: dict[str, list[str]] = {}
    for name, value in parsed.headers:
        headers.setdefault(name, []).append(value)
    return _Mail(
        envelope,
        parsed,
        config,
        headers,
        " ".join(parsed.subject[:300].casefold().replace("’", "'").split()),
        tuple(author.address for author in parsed.from_),
        envelope.door in _REPORTING_DOORS and envelope.mail_from.strip() in ("", "<>"),
    )


def _loop(mail: _Mail) -> tuple[Kind, str] | None:
    """8.3"""
    gateway = mail.config.gateway
    hops = len(mail.headers.get("received", ()))
    if hops > gateway.max_hops:
        return (
            Kind.LOOP,
            f"{hops} Received headers, more than gateway.max_hops ({gateway.max_hops}): a loop",
        )
    own = gateway.own_addresses
    for author in mail.authors:
        if is_own(author, own):
            return Kind.LOOP, f"From is our own address {author}: our own mail coming back"
    marks = {value.strip().lower() for value in mail.headers.get(LOOP_HEADER, ())}
    if marks & {gateway.message_domain, *own}:
        return Kind.LOOP, "it bears our own X-Mailgate-Loop header: our own mail coming back"
    return None


def _blocked(mail: _Mail) -> tuple[Kind, str] | None:
    """8.4: the block list holds addresses and @domains."""
    blocked = {entry.strip().lower() for entry in mail.config.trust.block}
    if not blocked:
        return None
    for address in (*mail.authors, mail.envelope.mail_from.strip().lower()):
        for form in (address, address[address.rfind("@") :] if "@" in address else ""):
            if form and form in blocked:
                return Kind.SPAM, f"{address} is blocked (trust.block: {form})"
    return None


def _report(mail: _Mail) -> tuple[Kind, str] | None:
    """Feedback reports (RFC 5965) and disposition notifications (RFC 8098). A refusal in the form of the latter is a bounce."""
    parsed = mail.parsed
    multipart = parsed.top_type == "multipart/report"
    types = {part.declared_type for part in parsed.attachments} if multipart else ()
    if parsed.report_type == "feedback-report" or any(kind in types for kind in arf.TYPES):
        return Kind.FEEDBACK_REPORT, "a feedback report (RFC 5965)"
    complaint = arf.complaint(mail.subject, mail.authors, mail.headers, parsed.full_text)
    if complaint or _complains_in_json(mail):
        return Kind.FEEDBACK_REPORT, complaint or "a complaint that Amazon's mail service passes on"
    if parsed.bounces is not None:
        return None
    if parsed.report_type == "disposition-notification" or _RECEIPT in types:
        return Kind.DISPOSITION_NOTIFICATION, "a disposition notification (RFC 8098)"
    if automatic.receipt(mail.subject, parsed.full_text):
        return Kind.DISPOSITION_NOTIFICATION, "a read receipt, by subject and text"
    return None


def _complains_in_json(mail: _Mail) -> bool:
    if "x-amz-sns-message-id" not in mail.headers:
        return False
    found = bouncejson.read(mail.parsed.full_text)
    return found is not None and found.kind == "complaint"


def _bounce(mail: _Mail) -> tuple[Kind, str] | None:
    """8.2"""
    if mail.parsed.bounces is not None:
        named = (
            ", ".join(report.recipient for report in mail.parsed.bounces[:5] if report.recipient)
            or "a recipient it does not name"
        )
        return Kind.BOUNCE, f"a delivery report about {named}"
    if mail.null_sender and mail.parsed.report_type == "delivery-status":
        return Kind.BOUNCE, "a delivery report (multipart/report) from the null sender"
    return None


def _spam(mail: _Mail) -> tuple[Kind, str] | None:
    """8.4: only a filter that stands before us is believed."""
    if not ("x-spam-flag" in mail.headers or "x-spam-status" in mail.headers) or not _from_upstream(mail):
        return None
    if any(automatic.first_word(value) == "yes" for value in mail.headers.get("x-spam-flag", ())):
        return Kind.SPAM, "X-Spam-Flag: YES, set before us"
    if any(automatic.first_word(value) == "yes" for value in mail.headers.get("x-spam-status", ())):
        return Kind.SPAM, "X-Spam-Status: Yes, set before us"
    return None


def _auto_reply(mail: _Mail) -> tuple[Kind, str] | None:
    """8.1"""
    answer = automatic.answer(mail.headers, mail.subject, mail.null_sender)
    if answer:
        return Kind.AUTO_REPLY, answer
    if automatic.challenge(mail.headers, mail.subject, mail.authors):
        return Kind.AUTO_REPLY, "a challenge: the sender's system asks for confirmation"
    if mail.parsed.report_type == "delivery-status":
        return Kind.AUTO_REPLY, "a delivery report without a failure"
    return None


def _auto_generated(mail: _Mail) -> tuple[Kind, str] | None:
    """8.1: other machine mail; never acknowledged."""
    said = automatic.generated(mail.headers)
    if said:
        return Kind.AUTO_GENERATED, said
    if mail.null_sender:
        return Kind.AUTO_GENERATED, "the null sender: nothing may answer it (RFC 5321 §4.5.5)"
    sender = mail.parsed.sender
    if sender and _NO_REPLY.fullmatch(sender.address.rpartition("@")[0]):
        return Kind.AUTO_GENERATED, f"nobody reads mail to {sender.address}"
    return None


def _list(mail: _Mail) -> tuple[Kind, str] | None:
    """8.1: RFC 2919 and Precedence."""
    listed = mail.headers.get("list-id", [""])[0]
    if listed:
        return Kind.LIST, f"List-Id: {listed[:80]}"
    for value in mail.headers.get("precedence", ()):
        if automatic.first_word(value) in ("list", "bulk", "junk"):
            return Kind.LIST, f"Precedence: {automatic.first_word(value)}"
    return None


def _from_upstream(mail: _Mail) -> bool:
    if mail.envelope.door in _INNER_DOORS:
        return True
    try:
        peer = ip_address(mail.envelope.peer.partition("%")[0])
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer in network for network in mail.config.trust.upstreams)
