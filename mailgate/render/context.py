"""What a template sees: the Notice's context, bounded, with a value for everything that may be left out.

Laws: what others wrote is cut long before a mail grows too large, and says so; nothing that reorders or hides text
(controls, bidi overrides) goes through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAX_WORDS = 26_000  # characters of others in one mail; each may become five octets of HTML
MAX_TEXT = 20_000  # of one comment
MAX_LINE = 500  # of anything that is one line
MAX_LIST = 60
MAX_ITEMS = 200  # entries of lists in one mail

STAFF = frozenset({"team", "agent", "supervisor", "notify_list"})  # audiences that may see what is inside
_TEXTS = frozenset({"text", "reason"})  # keys whose values keep their lines
_LATEST = frozenset({"history", "events"})  # of which the end counts
_NOT_IN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
NOT_IN_LINE = re.compile("[\x00-\x20\x7f-\xa0\u2028-\u202f\u2066-\u2069\ud800-\udfff]+")

_UNDERSTOOD: dict[str, Any] = {
    "assignee": None, "recipients": [], "held_recipients": [], "left_out_recipients": [], "devices": [], "files_kept": [],
    "files_left_out": [], "done": [], "refused": [],
}  # fmt: skip
_TICKET: dict[str, Any] = {
    "number": 0, "title": "", "severity": "", "status": "", "category": "", "team": "", "assignee": None, "recipients": [],
    "held": [], "devices": [], "escalation_level": 0, "eu_support": "", "created": "", "notify": True,
}  # fmt: skip
_HELP: dict[str, Any] = {"commands": [], "subjects": [], "categories": [], "devices": 5, "recipients": 5}
_SENDER = {"name": "", "address": "", "trust": "", "how": ""}
_COMMENT: dict[str, Any] = {
    "author_name": "", "author_address": "", "at": "", "text": "", "files": [], "left_out": [], "unverified": False,
    "state": "shown",
}  # fmt: skip
# A row of the outbox may be older than the program: what an older one did not write has these values.
_DEFAULTS: dict[str, Any] = {
    "author": None, "comments": [], "events": [], "limits": {"recipients": 5, "files": 2}, "is_new": True,
    "notice_only": False, "warnings": [], "level": 0, "reason": "", "asked_by": "", "age_seconds": 0, "history": [],
    "tried": [], "reminder": False,
    "problems": [], "waits": "", "audience": "", "inside": False, "leave_address": "",
    "since": "", "omitted": 0, "tickets": [], "total": 0, "closed": 0, "status": "",
}  # fmt: skip


def complete(template: str, context: Mapping[str, Any], notice: str) -> dict[str, Any]:
    """The context of one mail, bounded and complete. `notice` stands where a text was cut."""
    bounds = Bounds(notice)
    # the ticket first and the long things last, so that a long comment cannot take the others' room
    order = sorted(context, key=lambda key: (key != "ticket", key in ("tried", "comments", "history")))
    given = {key: bounds.value(context[key], key) for key in order}
    values = {**_DEFAULTS, **given}
    values["ticket"] = _TICKET | (values.get("ticket") or {})
    values["understood"] = _UNDERSTOOD | (values.get("understood") or {})
    values["help"] = _HELP | (values.get("help") or {})
    values["sender"] = _SENDER | (values.get("sender") or {})
    for said in ("comments", "tried"):
        values[said] = [_COMMENT | comment for comment in values[said]]
    values["problems"] = [{"params": {}} | problem for problem in values["problems"]]
    values["staff"] = bool(values["inside"]) or values["audience"] in STAFF or template == "new_ticket"
    values["inside"] = values["staff"]
    private = any(comment["state"] == "private" for comment in values["comments"])
    values["reply_stays_inside"] = private or template == "escalation"  # 3.8
    values["shortened"] = bounds.cut
    return values


class Bounds:
    """Cuts what others wrote to what one mail may hold, and takes out what no mail should show."""

    def __init__(self, notice: str) -> None:
        self.words, self.items, self.cut, self.notice = MAX_WORDS, MAX_ITEMS, False, notice

    def value(self, value: Any, key: str) -> Any:
        if isinstance(value, str):
            return self.text(value) if key in _TEXTS else self.line(value)
        if isinstance(value, Mapping):
            return {name: self.value(inner, name) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            room = min(MAX_LIST, self.items)
            self.cut |= len(value) > room
            kept = value[max(0, len(value) - room) :] if key in _LATEST else value[:room]
            self.items -= len(kept)
            return [self.value(inner, "") for inner in kept]
        return value

    def line(self, value: str) -> str:
        room = max(20, min(MAX_LINE, self.words))
        if len(value) > room:
            value, self.cut = value[: room - 1] + "…", True
        if not value.isprintable():
            value = NOT_IN_LINE.sub(" ", value).strip()
        self.words -= len(value)
        return value

    def text(self, value: str) -> str:
        room = max(0, min(MAX_TEXT, self.words))
        whole, value = value, value[: room * 2].replace("\r\n", "\n").replace("\r", "\n")
        value = _NOT_IN_TEXT.sub("", value).expandtabs(4)
        if len(value) > room or len(whole) > room * 2:
            value, self.cut = value[:room].rstrip() + f"\n{self.notice}", True
        self.words -= len(value)
        return value.strip("\n")
