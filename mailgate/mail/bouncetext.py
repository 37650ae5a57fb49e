"""Bounces in words: qmail, Exim, Postfix, sendmail, Exchange, web mail services and their kin (rule 8.2).

A mail is a bounce in words only if a machine sent it, it says that a delivery failed, and it names a recipient.
Laws: line by line, linear; the returned mail below the words is never searched for recipients.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailgate.mail import bouncewords
from mailgate.mail.fields import Fields

LINES = 400  # of the words above the returned mail
DIAGNOSTIC_LINES = 8


def _any(words: tuple[str, ...], before: str = "", after: str = "") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{'|'.join(words)}){after}", re.IGNORECASE)


_DAEMON = _any(bouncewords.DAEMONS)
_SURE_DAEMON = _any(bouncewords.SURE_DAEMONS)
_SUBJECT = _any(bouncewords.SUBJECTS)
_FAILURE = _any(bouncewords.FAILURES)
_DELAY = _any(bouncewords.DELAYS)
_RETURNED = _any(
    bouncewords.RETURNED,
    r"^[\s>*=_#+-]*(?:",
    r")|^>?(?:received|return-path|x-[\w-]{2,40}|dkim-signature|message-id|mime-version): ?\S",
)
_ADDRESS = r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.)*[\w-]{1,63}"
_LABEL = r"(?:(?!from|to\b|reply|sender|by\b|cc\b|return|message|[\w ]{0,20}contact)[a-z][\w /()'-]{1,40}:\s{0,4})?"
_ALONE = re.compile(
    r"^[\s>*•\-]*"
    + _LABEL
    + r"(?!from\b|by\b|to\b|sent\b)(?:\"?[\w .'@-]{1,60}\"?\s)?<?(?:mailto:)?("
    + _ADDRESS
    + r")>?(.{0,2000})$",
    re.IGNORECASE,
)
_ALONE_REST = re.compile(
    r"^\s*(?:$|[:;,.(\[<…-]|on\s|\d\d\d\b|unknown|user|failed|mailbox|host|said|could|is |was |does |\.\.\.|=>|\|)",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"(?:rcpt to:? ?|deliver(?:y|ed|ing)? (?:your |the |this )?(?:(?:mail|message|e-mail|email) "
    r")?(?:to|for):? |(?:message|mail|address|recipients?|user|mailbox|account|to)(?:\(s\))?:? "
    rf"|[45]\d\d[- ](?:[45]\.\d{{1,3}}\.\d{{1,3}} )?(?:unknown user |user unknown:? "
    rf")?)[<(\['\"]{{0,2}}({_ADDRESS})",
    re.IGNORECASE,
)
_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.\w-])([45])\d\d(?=[\s-]|$)")
_SENDER_SIDE = re.compile(
    r"mail from|envelope[- ]from|message sent by|^from\b|sender|reply-to|contact|postmaster@", re.IGNORECASE
)


@dataclass(slots=True)
class Failure:
    recipient: str
    status: str = ""
    diagnostic: str = ""
    action: str = ""


@dataclass(slots=True)
class Found:
    failures: list[Failure] = field(default_factory=list)
    message_id: str = ""


def read(headers: Fields, text: str, top_type: str, original: str) -> Found | None:
    """What the words of a bounce say; None when the mail is none."""
    words, below = _part(text)
    listed = _addresses(headers.first("x-failed-recipients"))
    if not listed and not _from_machine(headers, top_type):
        return None
    if not listed and not _FAILURE.search(" ".join(words.split())):
        return None
    own = set(_addresses(headers.first("to"))) | set(_addresses(headers.first("from")))
    failures = _failures(words, own)
    if listed:
        failures = [
            next((f for f in failures if f.recipient == one), Failure(one, diagnostic=_codes(words)))
            for one in listed
        ]
    returned = Fields.of(original or below)
    if not failures and _SUBJECT.search(headers.first("subject")):
        failures = [
            Failure(one, diagnostic=_codes(words)) for one in _addresses(returned.first("to"))[:1] or [""]
        ]
    if not failures:
        return None
    delayed = bool(_DELAY.search(words[:4000] + headers.first("subject")))
    for failure in failures:
        failure.action = "delayed" if delayed and not failure.status.startswith("5") else "failed"
    return Found(failures, returned.first("message-id"))


def recipients(text: str) -> list[str]:
    return [failure.recipient for failure in _failures(_part(text)[0], set())]


def best_status(status: str, diagnostic: str) -> str:
    """The enhanced status code (RFC 3463): the more telling one of the field and the diagnostic; a bare 5xx is 5.0.0."""
    if status and not status.endswith(".0.0"):
        return status
    enhanced = _ENHANCED.search(diagnostic)
    if enhanced and (not status or enhanced.group(1)[0] == status[0]):
        return enhanced.group(1)
    reply = _REPLY.search(diagnostic)
    return status or (f"{reply.group(1)}.0.0" if reply else "")


def _from_machine(headers: Fields, top_type: str) -> bool:
    """A daemon's From and a subject of failure; or the null return path with either of them."""
    sender = headers.first("from")
    local = next(iter(_addresses(sender)), "")
    daemon = bool(_DAEMON.search(sender.strip('"<> ')) or _DAEMON.search(local)) or not local
    subject = bool(_SUBJECT.search(headers.first("subject")[:500]))
    null = headers.first("return-path").strip() in ("<>", "<MAILER-DAEMON>", "<#@[]>", "<MAILER-DAEMON@>")
    auto = headers.first("auto-submitted").lower().startswith("auto-replied")
    reports = top_type == "multipart/report"
    if _SURE_DAEMON.search(sender):
        return True
    return [daemon, subject, null or auto or reports].count(True) >= 2


def _part(text: str) -> tuple[str, str]:
    """The words, and the returned mail below them."""
    lines = text.replace("\r\n", "\n").split("\n")
    for i, line in enumerate(lines[:LINES]):
        if len(line) < 1000 and _RETURNED.match(line) and any(_plain(above) for above in lines[:i]):
            kept = lines[:i]
            return "\n".join(kept), "\n".join(lines[i if ":" in line and line[:1].isalpha() else i + 1 :])
    return "\n".join(lines[:LINES]), ""


def _plain(line: str) -> bool:
    return bool(line.strip(" \t-=*_>"))


def _failures(words: str, own: set[str]) -> list[Failure]:
    """Recipients that stand at the head of their line; where there are none, those inside sentences."""
    lines = words.split("\n")
    found: dict[str, Failure] = {}
    for i, line in enumerate(lines):
        match = _ALONE.match(line[:2400])
        if match is None or not _ALONE_REST.match(match.group(2)) or _SENDER_SIDE.search(_context(lines, i)):
            continue
        address = match.group(1).lower().rstrip(".")
        if address not in own and address not in found:
            found[address] = Failure(address, diagnostic=_diagnostic(lines, i))
    if not found:
        for i, line in enumerate(lines):
            if _SENDER_SIDE.search(line[:100]) and "rcpt to" not in line.lower():
                continue
            for match in _INLINE.finditer(line[:2400]):
                address = match.group(1).lower().rstrip(".")
                if address not in own and address not in found:
                    found[address] = Failure(address, diagnostic=_diagnostic(lines, i))
    everywhere = _codes(words)
    for failure in found.values():
        if not best_status("", failure.diagnostic):
            failure.diagnostic = f"{failure.diagnostic} {everywhere}".strip()
        failure.status = best_status("", failure.diagnostic)
    return list(found.values())


def _context(lines: list[str], i: int) -> str:
    """The line above, which says what an address alone on its line is."""
    return next((line[:200] for line in reversed(lines[max(0, i - 2) : i]) if line.strip()), "")


def _diagnostic(lines: list[str], i: int) -> str:
    """The line itself and what stands below it, up to the next recipient or a second blank line."""
    kept = [lines[i].strip()[:2000]]
    for line in lines[i + 1 : i + 1 + DIAGNOSTIC_LINES]:
        if not line.strip() and len(kept) > 1:
            break
        match = _ALONE.match(line[:2400])
        if match and _ALONE_REST.match(match.group(2)):
            break
        if line.strip():
            kept.append(line.strip()[:2000])
    return " ".join(kept)


def _codes(words: str) -> str:
    """The first line that bears a code; the first line of failure where none does."""
    lines = [line.strip()[:1000] for line in words.split("\n") if line.strip()]
    for pattern in (_ENHANCED, _REPLY, _FAILURE):
        for line in lines:
            if pattern.search(line):
                return line
    return ""


def _addresses(value: str) -> list[str]:
    return list(dict.fromkeys(found.lower() for found in re.findall(_ADDRESS, value[:20_000])))
