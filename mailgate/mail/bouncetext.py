"""Bounces in words: qmail, Exim, Postfix, sendmail, Exchange, web mail services and their kin (rule 8.2).

A mail is a bounce in words only if a mail system sent it (mail/daemon), it says that a delivery failed, and it names a
recipient. Laws: line by line, linear; the returned mail below the words is never searched for failures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailgate.mail import bouncenames, bouncestatus, bouncewords, daemon
from mailgate.mail.bouncenames import CODE, LINE, Named
from mailgate.mail.failure import Failure, addresses, message_id
from mailgate.mail.fields import Fields

LINES = 300  # of the words above the returned mail
RECIPIENTS = 500
DIAGNOSTIC_LINES = 8
MENTIONS = 4  # other lines about a recipient that are looked at
MAX_WORDS = 2000  # characters of all the words, where nothing else tells the cause

_DELAY = re.compile("|".join(bouncewords.DELAYS), re.IGNORECASE | re.MULTILINE)
_RETURNED = re.compile(
    r"[\s>*=_#+|.-]{0,40}(?:" + "|".join(bouncewords.RETURNED) + r")"
    r"|>?(?:received|return-path|x-[\w-]{2,40}|dkim-signature|message-id|mime-version): ?\S"
    r"|from \S{1,250}@\S{1,250} {1,3}\w{3} \w{3} ",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Found:
    failures: list[Failure] = field(default_factory=list)
    message_id: str = ""


def read(headers: Fields, text: str, original: str) -> Found | None:
    """What the words of a mail system say; None when they tell of no failure. The caller knows that one sent it."""
    words, below = part(text)
    lines = [line[:LINE] for line in words.split("\n")]
    listed = addresses(headers.first("x-failed-recipients"))
    if not listed and not _tells_of_failure(headers, words):
        return None
    returned = Fields.of(original or below)
    receivers = bouncenames.receivers(returned, original or below)
    found = _merged(bouncenames.named(lines, headers, returned, receivers), listed, lines)
    if not found and daemon.is_failure(headers.first("subject")) and daemon.is_daemon(headers):
        found = [(one, None) for one in _of_domain(receivers, words)[:1] or [""]]
    if not found:
        return None
    delayed = is_delay(headers.first("subject"), words)
    reader = _Diagnostics(lines, {at for _, at in found if at is not None}, len(found) == 1)
    failures = [reader.failure(one, at, delayed) for one, at in found[:RECIPIENTS]]
    return Found(failures, message_id(returned.first("message-id")))


def part(text: str) -> tuple[str, str]:
    """The words, and the returned mail below them."""
    lines = text.replace("\r\n", "\n").split("\n")
    said = False
    for i, line in enumerate(lines[:LINES]):
        if said and len(line) < LINE and _RETURNED.match(line):
            below = i if ":" in line and line[:1].isalpha() else i + 1
            return "\n".join(lines[:i]), "\n".join(lines[below:])
        said = said or bool(line.strip(" \t-=*_>"))
    return "\n".join(lines[:LINES]), ""


def is_delay(subject: str, words: str) -> bool:
    """Whether it failed for the time being only."""
    return bool(_DELAY.search(f"{subject[:500]}\n{words[:4000]}"))


def diagnostic_of(address: str, text: str) -> str:
    """What the words above the returned mail say of one recipient; "" when they do not name it."""
    lines = [line[:LINE] for line in part(text)[0].split("\n")]
    at = next((i for i, line in enumerate(lines) if address in line.lower()), None)
    return "" if at is None else " ".join(_Diagnostics(lines, set(), True).block(at))


def _tells_of_failure(headers: Fields, words: str) -> bool:
    subject = headers.first("subject")
    if daemon.is_failure(subject) or CODE.search(words) or is_delay(subject, words):
        return True
    text = " ".join(words.casefold().replace("’", "'").split())
    return any(word in text for word in bouncewords.FAILURES)


def _of_domain(receivers: list[str], words: str) -> list[str]:
    """The receivers whose domain the words name come first."""
    lowered = words.lower()
    return sorted(receivers, key=lambda one: one.rpartition("@")[2] not in lowered)


def _merged(found: Named, listed: list[str], lines: list[str]) -> Named:
    """X-Failed-Recipients names them for sure; the words win only where they name others together with a code."""
    if not listed:
        return found
    at = dict(found)
    if not set(listed) & set(at):
        reader = _Diagnostics(lines, set(), False)
        coded: Named = [
            (one, i) for one, i in found if i is not None and bouncestatus.best("", " ".join(reader.block(i)))
        ]
        if coded:
            return coded
    return [(one, at.get(one)) for one in listed]


@dataclass(slots=True)
class _Diagnostics:
    """What the words say of each recipient."""

    lines: list[str]
    heads: set[int]  # numbers of the lines where recipients stand
    alone: bool  # there is one recipient: what is said anywhere is said of it

    def failure(self, address: str, at: int | None, delayed: bool) -> Failure:
        """The failure of one recipient: the first words that tell a status count, from the nearest to the farthest."""
        block = " ".join(self.block(at)) if at is not None else ""
        told = next(
            (words for words in self._near(address, at, block) if bouncestatus.best("", words, not delayed)),
            "",
        )
        status = bouncestatus.best("", told, not delayed)
        if told and told != block and len(told) < MAX_WORDS:
            block = f"{block} {told}".strip()
        action = "delayed" if delayed and not status.startswith("5") else "failed"
        return Failure(address, action, status, block)

    def block(self, at: int) -> list[str]:
        """The line itself and what stands below it, up to the next recipient or a second blank line."""
        kept = [self.lines[at].strip()]
        for i, line in enumerate(self.lines[at + 1 : at + 1 + DIAGNOSTIC_LINES], at + 1):
            if (not line.strip() and len(kept) > 1) or i in self.heads:
                break
            if line.strip():
                kept.append(line.strip())
        return kept

    def _near(self, address: str, at: int | None, block: str) -> list[str]:
        """The block, other lines about it with the server's reply, the line above, the first code, all the words."""
        mentions = [i for i, line in enumerate(self.lines) if address and address in line.lower() and i != at]
        anywhere = next((line.strip() for line in self.lines if CODE.search(line)), "")
        return [
            block,
            " ".join(self._with_reply(i) for i in mentions[:MENTIONS]),
            bouncenames.above(self.lines, at) if at is not None else "",
            anywhere if self.alone or not block else "",
            " ".join(" ".join(self.lines).split())[:MAX_WORDS] if self.alone else "",
        ]

    def _with_reply(self, i: int) -> str:
        near = [
            line.strip() for line in self.lines[max(0, i - 1) : i + 2 : 2] if line.lstrip().startswith("<<<")
        ]
        return " ".join([self.lines[i].strip(), *near])
