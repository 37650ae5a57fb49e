"""Values → words of one language: events, problems, times, sizes, names. What the templates' filters are made of.

English sentences are the msgids; the translations come from `.po` files. A word that has no translation stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from babel import Locale
from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_decimal
from babel.support import NullTranslations

from mailgate.model import Event, Severity
from mailgate.render.guidance import GUIDANCE
from mailgate.render.reasons import REASONS, reason
from mailgate.words import SENTENCES, in_words

# Problems that a `problem` mail tells of; filled like SENTENCES.
PROBLEMS: dict[str, str] = {
    "command_refused": "This line was not done: “{line}” ({why})",
    "name_customer": "Who is the customer? This mail came from an agent, so the ticket needs a name.",
    "escalation_too_early": "The ticket is escalated already. The next step can be asked for from {at} on.",
    "files_left_out": "Files left out: {files}. At most {limit} are kept; support can still fetch the others from your mail.",
    "recipients_left_out": "Recipients left out: {addresses}. A ticket has at most {limit}.",
    "assignee_unreachable": "Mail to the assignee {address} could not be delivered: {error}",
    "assignee_failing": "Mail to the assignee {address} failed {count} times in {days} days, so no more is sent: {error}",
    "assignee_silent": "The assignee {address} did not get this: mail to this address bounced, so no more is sent.",
    "loop_stopped": (
        "{address} answers our mail like a program, on ticket #{number}. The loop was stopped; mailgate "
        "quarantine shows what was set aside."
    ),
    "answers_used_up": (
        "{limit} automatic answers went out within an hour, which is all that gateway.ack_limit_total allows: no "
        "sender gets an acknowledgement for now. Tickets are made all the same."
    ),
    "no_team": "Ticket #{number} asks for EU support, and no team in the EU serves its category: nobody has been told of it.",
    "no_such_ticket": "There is no ticket #{number} that you can see.",
    "third_party": "{author}, who has no part in this ticket, sent this comment. Does it belong here?",
}

# Why somebody gets a mail, by audience ("" when it is not said).
BECAUSE: dict[str, str] = {
    "assignee": "You get this mail because you are the contact for this ticket.",
    "sender": "You get this mail because you wrote to us.",
    "recipient": "You get this mail because you were named as a recipient of this ticket.",
    "team": "You get this mail because your team serves this ticket.",
    "agent": "You get this mail because you work on this ticket.",
    "supervisor": "You get this mail because you are a supervisor.",
    "notify_list": "You get this mail because this ticket was escalated to management.",
    "operator": "You get this mail because you run this mail gateway (gateway.operator).",
    "": "You get this mail because you have a part in this ticket.",
}

TRUST: dict[str, str] = {
    "authenticated": "verified",
    "proof": "known: replied to a signed mail of ours",
    "unverified": "not verified: the name may be false",
}

LEVELS: dict[int, str] = {1: "1 (requested)", 2: "2 (supervisor)", 3: "3 (management)"}

# Words that stand as values in sentences and tables: of closed lists, and the keys of commands (3.7).
VALUES = (
    "new", "open", "pending", "resolved", "closed", "outage", "degraded", "question", "general", "the clock", "somebody",
    "Assign", "Severity", "Category", "Device", "Recipient", "Notify", "EU-Support", "Status", "Escalate", "Private",
)  # fmt: skip

UNITS = ("{n} kB", "{n} MB")

# Sentences of a number, `limit`: how they read where it is one. The translations have as many forms as their language.
ONE: dict[str, str] = {
    SENTENCES["file_left_out"]: "File {filename} left out: at most {limit} file is kept",
    SENTENCES["recipient_left_out"]: "{address} left out: a ticket has at most {limit} recipient",
    PROBLEMS[
        "files_left_out"
    ]: "Files left out: {files}. At most {limit} is kept; support can still fetch the others from your mail.",
}

# Where the reader's language is written in several countries, whose dates: 23 Nov 2026 is misread by nobody.
_COUNTRY = {"en": "en_GB", "pt": "pt_PT"}

CUT = "[The text goes on. It was cut here; the ticket holds all of it.]"

_SEVERITIES = {int(severity): severity.word for severity in Severity}
_VALUE_EVENTS = frozenset({"status", "severity", "category"})  # whose `old` and `new` are words of ours
_REASON_PARAMS = frozenset({"why", "error", "reason"})


_Unit = Literal["day", "hour", "minute"]
Message = str | tuple[str, str]  # a sentence, or how it reads of one and of many


def messages() -> set[Message]:
    """Every sentence that is translated from here, beside those of the templates."""
    tables = (SENTENCES, PROBLEMS, BECAUSE, TRUST, LEVELS, GUIDANCE)
    sentences = {sentence for table in tables for sentence in table.values()}
    alone = sentences - set(ONE) | {*VALUES, *UNITS, *REASONS, CUT}
    return alone | {(one, many) for many, one in ONE.items()}


class Phrases:
    """The words of one language. `found` maps an English sentence to it, unknown ones to themselves."""

    def __init__(self, locale: Locale, found: NullTranslations) -> None:
        self._gettext: Callable[[str], str] = found.gettext
        self._ngettext: Callable[[str, str, int], str] = found.ngettext
        self._locale = Locale.parse(_COUNTRY.get(str(locale), str(locale)))
        self._day = lru_cache(400)(
            self._day_of
        )  # of Babel's 10 µs; the entries of a history share their days
        self._spans = lru_cache(400)(self._span)
        self._numbers = lru_cache(400)(self._number)  # of 50 µs; a mail says each twice, as text and as HTML

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of the templates, by name."""
        names = "word when sentence problem reason person author asker listed size duration level trust because asks indented guidance"
        return {name: getattr(self, name) for name in names.split()}

    def word(self, value: Any) -> str:
        """A word of a closed list, or a fixed reason, in the language; anything else as it is."""
        if isinstance(value, int) and not isinstance(value, bool) and value in _SEVERITIES:
            value = _SEVERITIES[value]
        text = "" if value is None else str(value)
        return self._gettext(text) if text else ""  # gettext("") is the header of the catalogue

    def when(self, value: str) -> str:
        """An ISO 8601 time as people write it, in UTC."""
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            return value
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        return f"{self._day(time.year, time.month, time.day)}, {time:%H:%M} UTC"

    def _day_of(self, year: int, month: int, day: int) -> str:
        return format_skeleton("yMMMd", datetime(year, month, day, tzinfo=UTC), locale=self._locale)

    def sentence(self, event: Mapping[str, Any]) -> str:
        """An event of the history (`{code, params}`). A code or a value that is missing costs the sentence, not the mail."""
        code = str(event["code"])
        params = self._params(event.get("params") or {}, code in _VALUE_EVENTS)
        try:
            told = in_words(Event(code, params), lambda sentence: self._translated(sentence, params))
        except (KeyError, IndexError, ValueError):
            return f"{code.replace('_', ' ')} {', '.join(map(str, params.values()))}".strip()
        return told.rstrip(" \u00a0\u202f:")  # an empty reason leaves a colon

    def problem(self, problem: Mapping[str, Any]) -> str:
        """An entry of `problems` as a sentence."""
        code = str(problem["code"])
        params = self._params(problem.get("params") or {}, False)
        try:
            return self._translated(PROBLEMS[code], params).format_map(params)
        except (KeyError, IndexError, ValueError):
            return f"{code.replace('_', ' ')} {', '.join(map(str, params.values()))}".strip()

    def _translated(self, sentence: str, params: Mapping[str, str]) -> str:
        one, limit = ONE.get(sentence), params.get("limit", "")
        if one is None:
            return self._gettext(sentence)
        return self._ngettext(one, sentence, int(limit) if limit.isdecimal() else 2)

    def reason(self, text: Any) -> str:
        """Why a line was not done, or a delivery failed."""
        return reason(str(text or ""), self._gettext, self.when)

    def _params(self, params: Mapping[str, Any], values: bool) -> dict[str, str]:
        return {key: self._param(key, value, values) for key, value in params.items()}

    def _param(self, key: str, value: Any, values: bool) -> str:
        if key == "at":
            return self.when(str(value))
        if key in _REASON_PARAMS:
            return self.reason(value)
        if values and key in ("old", "new"):
            return self.word(value)
        if key == "who":
            return self.asker(value)
        return (
            self.listed(value) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
        )

    def person(self, value: Mapping[str, Any] | None) -> str:
        """`{name, address}` as "Name <address>", or what there is of it."""
        if not value:
            return ""
        name, address = value.get("name") or "", value.get("address") or ""
        return f"{name} <{address}>" if name and address and name != address else name or address

    def author(self, comment: Mapping[str, Any]) -> str:
        """Who wrote a comment."""
        who = {"name": comment.get("author_name"), "address": comment.get("author_address")}
        return self.person(who) or self._gettext("somebody")

    def asker(self, value: Any) -> str:
        """Who asked or did something: a person, an address, or the clock."""
        if isinstance(value, Mapping):
            return self.person(value) or self._gettext("somebody")
        return (
            self._gettext("the clock") if value == "clock" else str(value or "") or self._gettext("somebody")
        )

    def listed(self, items: Sequence[Any] | None) -> str:
        """Addresses, files (`{filename, size}`) or people on one line."""
        return ", ".join(self._item(item) for item in items or ())

    def _item(self, item: Any) -> str:
        if not isinstance(item, Mapping):
            return str(item)
        if "filename" not in item:
            return self.person(item)
        size = item.get("size")
        return f"{item['filename']} ({self.size(size)})" if isinstance(size, int) else str(item["filename"])

    def size(self, octets: int) -> str:
        if octets < 999_500:
            return self._gettext("{n} kB").format(n=max(1, round(octets / 1000)))
        return self._gettext("{n} MB").format(n=self._numbers(round(octets / 1_000_000, 1)))

    def _number(self, value: float) -> str:
        return format_decimal(value, locale=self._locale)

    def duration(self, seconds: float) -> str:
        """As people say it: the two largest units, minutes at least."""
        minutes = max(int(seconds) // 60, 1)
        hours = minutes // 60
        parts: list[tuple[_Unit, int]]
        parts = (
            [("day", hours // 24), ("hour", hours % 24)]
            if hours >= 48
            else [("hour", hours), ("minute", minutes % 60)]
        )
        return " ".join(self._spans(unit, count) for unit, count in parts if count)

    def _span(self, unit: _Unit, count: int) -> str:
        span = timedelta(**{f"{unit}s": count})
        return format_timedelta(span, granularity=unit, threshold=1e9, locale=self._locale)

    def level(self, level: int) -> str:
        return self._gettext(LEVELS[level]) if level in LEVELS else str(level)

    def guidance(self, what: str, limit: int = 0) -> str:
        """What a line of the answer to `Help` does."""
        return self._gettext(GUIDANCE[what]).format(limit=limit) if what in GUIDANCE else what

    def trust(self, trust: str) -> str:
        return self._gettext(TRUST[trust]) if trust in TRUST else trust

    def because(self, audience: str) -> str:
        return self._gettext(BECAUSE.get(audience, BECAUSE[""]))

    @staticmethod
    def asks(problems: Sequence[Mapping[str, Any]], code: str) -> bool:
        """Whether one of the problems has this code."""
        return any(problem["code"] == code for problem in problems)

    @staticmethod
    def indented(text: str) -> str:
        """Words of others in a plain text mail: two spaces before each line."""
        return "\n".join("  " + line if line else "" for line in text.split("\n"))
