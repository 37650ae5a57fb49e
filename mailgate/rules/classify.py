"""What sort of mail it is: the table at the end of BEHAVIOUR §8, and rules 8.1 to 8.4.

Law: the first rule that applies wins; the order is loops, blocked senders, reports, bounces, spam, automatic answers,
other machines, lists, people.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from mailgate.config import Config
from mailgate.mail import phrases
from mailgate.mail.token import is_own
from mailgate.model import Envelope, Kind, ParsedMessage

LOOP_HEADER = "x-mailgate-loop"
_REPORTING_DOORS = frozenset({"smtp", "lmtp"})  # the doors that know the envelope for sure
_INNER_DOORS = frozenset({"lmtp", "pipe", "imap"})

_AWAY = "|".join(re.escape(phrase) for phrase in sorted(phrases.AWAY, key=len, reverse=True))
_AWAY_END = r"(?=\s*$|\s*[:：(\[,!.;–—-]|\s+(?:re|aw|until|till|from|through|for|bis|vom|ab|jusqu|du|hasta|fino|até|tot|til)\b)"
_AWAY_SUBJECT = re.compile(r"(?:\[[^\]]{0,60}\] ?)?(?:" + _AWAY + ")" + _AWAY_END)
_CHALLENGE_SUBJECT = re.compile(
    r"(?:please (?:confirm|verify) your (?:e-?mail|message)\b|your (?:e-?mail|message) "
    r".{0,120}(?:awaits|requires|needs) (?:confirmation|verification|your confirmation)"
    r"|confirm your (?:e-?mail|message) to |.{0,60}\[spam ?arrest\]|message from .{1,80} (?:awaiting|"
    r"needs) verification|challenge[- ]response|verify your email to )"
)
_READ_SUBJECT = re.compile(
    r"(?:read|lu|gelesen|leído|letto|lida|lido|gelezen|läst|læst|lest|luettu|прочитано|已读|開封済み)\s?[:：]"
)
_READ_TEXT = re.compile(
    r"(?:was|has been) (?:read|opened|displayed) (?:on|at)|a été lu|wurde (?:gelesen|geöffnet|am "
    r".{1,60} gelesen)|fue leído|is gelezen"
)
_NO_REPLY = re.compile(
    r"(?:no-?_?\.?reply|do-?_?not-?_?reply|donotreply|noreplies|nepasrepondre|ne-?pas-?repondre|"
    r"keine-?antwort|nobody|mailer-daemon|postmaster|cron|crontab"
    r"|nagios\d*|icinga\d*|zabbix|alertmanager|prometheus|monit|monitoring|munin|sensu|logwatch|"
    r"jenkins)(?:[+.-].*)?"
)


def classify(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[Kind, str]:
    """The kind of a message and the reason in words."""
    for rule in (_loop, _blocked, _report, _bounce, _spam, _auto_reply, _auto_generated, _list):
        found = rule(envelope, parsed, config)
        if found:
            return found
    return Kind.PERSON, "a person's mail: nothing in it says that a machine sent it"


def _loop(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[Kind, str] | None:
    """8.3"""
    hops = len(parsed.all_headers("received"))
    if hops > config.gateway.max_hops:
        return (
            Kind.LOOP,
            f"{hops} Received headers, more than gateway.max_hops ({config.gateway.max_hops}): a loop",
        )
    own = config.gateway.own_addresses
    for author in parsed.from_:
        if is_own(author.address, own):
            return Kind.LOOP, f"From is our own address {author.address}: our own mail coming back"
    marks = {value.strip().lower() for value in parsed.all_headers(LOOP_HEADER)}
    if marks & {config.gateway.message_domain, *own}:
        return Kind.LOOP, "it bears our own X-Mailgate-Loop header: our own mail coming back"
    return None


def _blocked(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[Kind, str] | None:
    """8.4: the block list holds addresses and @domains."""
    blocked = {entry.strip().lower() for entry in config.trust.block}
    for address in (*(author.address for author in parsed.from_), envelope.mail_from.strip().lower()):
        for form in (address, address[address.rfind("@") :] if "@" in address else ""):
            if form and form in blocked:
                return Kind.SPAM, f"{address} is blocked (trust.block: {form})"
    return None


def _report(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[Kind, str] | None:
    """Feedback reports (RFC 5965) and disposition notifications (RFC 8098), read receipts."""
    types = {parsed.top_type, *(part.declared_type for part in parsed.attachments)}
    multipart = parsed.top_type == "multipart/report"
    if parsed.report_type == "feedback-report" or (multipart and "message/feedback-report" in types):
        return Kind.FEEDBACK_REPORT, "a feedback report (RFC 5965)"
    if _subject(parsed).startswith("complaint about message from ") and "staff@hotmail.com" in _authors(
        parsed
    ):
        return (
            Kind.FEEDBACK_REPORT,
            "a complaint of Hotmail's junk mail reporting, in its form without RFC 5965",
        )
    receipt = multipart and "message/disposition-notification" in types
    if parsed.report_type == "disposition-notification" or receipt:
        return Kind.DISPOSITION_NOTIFICATION, "a disposition notification (RFC 8098)"
    if _READ_SUBJECT.match(_subject(parsed)) and _READ_TEXT.search(parsed.full_text[:2000].casefold()):
        return Kind.DISPOSITION_NOTIFICATION, "a read receipt, by subject and text"
    return None


def _bounce(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[Kind, str] | None:
    """8.2"""
    if parsed.bounces is not None:
        named = (
            ", ".join(report.recipient for report in parsed.bounces[:5] if report.recipient)
            or "a recipient it does not name"
        )
        return Kind.BOUNCE, f"a delivery report about {named}"
    if _null_sender(envelope) and parsed.report_type == "delivery-status":
        return Kind.BOUNCE, "a delivery report (multipart/report) from the null sender"
    return None


def _spam(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[Kind, str] | None:
    """8.4: only a filter that stands before us is believed."""
    if not _from_upstream(envelope, config):
        return None
    if any(_first_word(value) == "yes" for value in parsed.all_headers("x-spam-flag")):
        return Kind.SPAM, "X-Spam-Flag: YES, set before us"
    if any(_first_word(value) == "yes" for value in parsed.all_headers("x-spam-status")):
        return Kind.SPAM, "X-Spam-Status: Yes, set before us"
    return None


def _auto_reply(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[Kind, str] | None:
    """8.1: RFC 3834 §5 first, then what mailers really send."""
    if any(_first_word(value) == "auto-replied" for value in parsed.all_headers("auto-submitted")):
        return Kind.AUTO_REPLY, "Auto-Submitted: auto-replied"
    for name in (
        "x-autoreply",
        "x-autorespond",
        "x-autoresponder",
        "x-auto-reply",
        "x-mail-autoreply",
        "x-autoreply-from",
        "x-vacation",
    ):
        if any(_first_word(value) not in ("no", "false") for value in parsed.all_headers(name)):
            return Kind.AUTO_REPLY, f"it bears an {name.title()} header"
    if any(
        _first_word(value) in ("auto_reply", "auto-reply", "autoreply")
        for value in parsed.all_headers("precedence")
    ):
        return Kind.AUTO_REPLY, "Precedence: auto_reply"
    if (
        "autoresponder" in parsed.header("x-post-messageclass").lower()
        or _first_word(parsed.header("delivered-to")) == "autoresponder"
    ):
        return Kind.AUTO_REPLY, "a header says that an autoresponder sent it"
    subject = _subject(parsed)
    if _AWAY_SUBJECT.match(subject):
        return Kind.AUTO_REPLY, f"the subject says that it is an automatic answer: {parsed.subject[:80]!r}"
    if "tmda" in parsed.header("x-delivery-agent").lower() or _CHALLENGE_SUBJECT.match(subject):
        return Kind.AUTO_REPLY, "a challenge: the sender's system asks for confirmation"
    if parsed.report_type == "delivery-status":
        return Kind.AUTO_REPLY, "a delivery report without a failure"
    return None


def _auto_generated(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[Kind, str] | None:
    """8.1: other machine mail; never acknowledged."""
    for value in parsed.all_headers("auto-submitted"):
        if _first_word(value) not in ("no", ""):
            return Kind.AUTO_GENERATED, f"Auto-Submitted: {_first_word(value)}"
    if _null_sender(envelope):
        return Kind.AUTO_GENERATED, "the null sender: nothing may answer it (RFC 5321 §4.5.5)"
    suppress = {
        word.strip().lower()
        for value in parsed.all_headers("x-auto-response-suppress")
        for word in value.split(",")
    }
    if suppress & {"all", "autoreply", "oof"}:
        return Kind.AUTO_GENERATED, "X-Auto-Response-Suppress asks for no answer"
    if _first_word(parsed.header("x-fc-machinegenerated")) == "true":
        return Kind.AUTO_GENERATED, "X-FC-MachineGenerated: true"
    if parsed.sender and _NO_REPLY.fullmatch(parsed.sender.address.rpartition("@")[0]):
        return Kind.AUTO_GENERATED, f"nobody reads mail to {parsed.sender.address}"
    return None


def _list(envelope: Envelope, parsed: ParsedMessage, config: Config) -> tuple[Kind, str] | None:
    """8.1: RFC 2919 and Precedence."""
    if parsed.header("list-id"):
        return Kind.LIST, f"List-Id: {parsed.header('list-id')[:80]}"
    for value in parsed.all_headers("precedence"):
        if _first_word(value) in ("list", "bulk", "junk"):
            return Kind.LIST, f"Precedence: {_first_word(value)}"
    return None


def _subject(parsed: ParsedMessage) -> str:
    return " ".join(parsed.subject[:300].casefold().replace("’", "'").split())


def _authors(parsed: ParsedMessage) -> set[str]:
    return {author.address for author in parsed.from_}


def _first_word(value: str) -> str:
    return (value.lower().replace(";", " ").replace(",", " ").replace("(", " ").split() or [""])[0]


def _null_sender(envelope: Envelope) -> bool:
    return envelope.door in _REPORTING_DOORS and envelope.mail_from.strip() in ("", "<>")


def _from_upstream(envelope: Envelope, config: Config) -> bool:
    if envelope.door in _INNER_DOORS:
        return True
    try:
        peer = ip_address(envelope.peer.partition("%")[0])
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer in network for network in config.trust.upstreams)
