"""Values → words of one language: events, problems, times, sizes, names. What the templates' filters are made of.

English sentences are the msgids; the translations come from `.po` files. A word that has no translation stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from babel import Locale

from mailgate.model import Event, Severity
from mailgate.words import SENTENCES, in_words

# Problems that a `problem` mail tells of; filled like SENTENCES.
PROBLEMS: dict[str, str] = {
    "command_refused": "This line was not done: “{line}” ({why})",
    "name_customer": "Who is the customer? This mail came from an agent, so the ticket needs a name.",
    "escalation_too_early": "The ticket is escalated already. The next step can be asked for from {at} on.",
    "files_left_out": "Files left out: {files}. At most {limit} are kept; support can still fetch the others from your mail.",
    "recipients_left_out": "Recipients left out: {addresses}. A ticket has at most {limit}.",
    "held": "Your comment waits: we could not be sure that it is from you. Support or the assignee will confirm it.",
    "assignee_unreachable": "Mail to the assignee {address} could not be delivered: {error}",
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

UNITS = ("{n} bytes", "{n} kB", "{n} MB", "{n} min", "{h} h {m} min", "{d} d {h} h")

CUT = "[The text goes on. It was cut here; the ticket holds all of it.]"

_SEVERITIES = {int(severity): severity.word for severity in Severity}
_VALUE_EVENTS = frozenset({"status", "severity", "category"})  # whose `old` and `new` are words of ours
_VALUE_PARAMS = frozenset({"why", "error"})


def messages() -> set[str]:
    """Every sentence that is translated from here, beside those of the templates."""
    tables = (SENTENCES, PROBLEMS, BECAUSE, TRUST, LEVELS)
    return {sentence for table in tables for sentence in table.values()} | {*VALUES, *UNITS, CUT}


class Phrases:
    """The words of one language. `gettext` maps an English sentence to it, unknown ones to themselves."""

    def __init__(self, locale: Locale, gettext: Callable[[str], str]) -> None:
        self._gettext = gettext
        self._months: Mapping[int, str] = locale.months["format"]["abbreviated"]
        self._point: str = locale.number_symbols.get("latn", {}).get("decimal", ".")

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of the templates, by name."""
        names = "word when sentence problem person author asker listed size duration level trust because asks indented"
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
        return f"{time.day} {self._months[time.month]} {time.year}, {time:%H:%M} UTC"

    def sentence(self, event: Mapping[str, Any]) -> str:
        """An event of the history (`{code, params}`). A code or a value that is missing costs the sentence, not the mail."""
        code = str(event["code"])
        params = self._params(event.get("params") or {}, code in _VALUE_EVENTS)
        try:
            return in_words(Event(code, params), self._gettext).rstrip(
                " \u00a0:"
            )  # an empty reason leaves a colon
        except (KeyError, IndexError, ValueError):
            return f"{code.replace('_', ' ')} {', '.join(map(str, params.values()))}".strip()

    def problem(self, problem: Mapping[str, Any]) -> str:
        """An entry of `problems` as a sentence."""
        code = str(problem["code"])
        params = self._params(problem.get("params") or {}, False)
        try:
            return self._gettext(PROBLEMS[code]).format_map(params)
        except (KeyError, IndexError, ValueError):
            return f"{code.replace('_', ' ')} {', '.join(map(str, params.values()))}".strip()

    def _params(self, params: Mapping[str, Any], values: bool) -> dict[str, str]:
        return {key: self._param(key, value, values) for key, value in params.items()}

    def _param(self, key: str, value: Any, values: bool) -> str:
        if key == "at":
            return self.when(str(value))
        if key in _VALUE_PARAMS or (values and key in ("old", "new")):
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
        if octets < 1000:
            return self._gettext("{n} bytes").format(n=octets)
        if octets < 1_000_000:
            return self._gettext("{n} kB").format(n=round(octets / 1000))
        return self._gettext("{n} MB").format(n=f"{octets / 1_000_000:.1f}".replace(".", self._point))

    def duration(self, seconds: float) -> str:
        minutes = int(seconds) // 60
        if minutes < 60:
            return self._gettext("{n} min").format(n=minutes)
        hours, minutes = divmod(minutes, 60)
        if hours < 48:
            return self._gettext("{h} h {m} min").format(h=hours, m=minutes)
        return self._gettext("{d} d {h} h").format(d=hours // 24, h=hours % 24)

    def level(self, level: int) -> str:
        return self._gettext(LEVELS[level]) if level in LEVELS else str(level)

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
