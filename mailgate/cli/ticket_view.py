"""A ticket for a person, out of the values that `--json` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailgate.cli.show import fields, heading, indented, plain, say

COLUMNS = {
    "number": "#",
    "severity": "Severity",
    "status": "Status",
    "title": "Title",
    "assignee": "Assignee",
    "team": "Team",
    "category": "Category",
    "escalation_level": "Level",
    "next_step_at": "Next step",
    "created": "Created",
    "updated": "Updated",
}


def short_time(value: str | None) -> str:
    """An ISO 8601 time to the minute, for tables; UTC as stored."""
    return value[:16].replace("T", " ") if value else ""


def row(ticket: Mapping[str, Any]) -> dict[str, Any]:
    """A ticket as a line of the work list."""
    shown = dict(ticket)
    shown["created"], shown["updated"] = short_time(ticket["created"]), short_time(ticket["updated"])
    shown["next_step_at"] = short_time(ticket["next_step_at"])
    shown["escalation_level"] = ticket["escalation_level"] or ""
    return shown


def show(ticket: Mapping[str, Any]) -> None:
    heading(f"#{ticket['number']} {ticket['title']}")
    fields(
        [
            ("Status", ticket["status"]),
            ("Severity", ticket["severity"]),
            ("Category", ticket["category"]),
            ("Team", ticket["team"]),
            ("Assignee", _assignee(ticket)),
            ("Recipients", [_recipient(each) for each in ticket["recipients"]]),
            ("Devices", ticket["devices"]),
            ("EU support", ticket["eu_support"]),
            ("Escalation", f"level {ticket['escalation_level']}" if ticket["escalation_level"] else ""),
            ("Next step at", short_time(ticket["next_step_at"])),
            ("Created", short_time(ticket["created"])),
            ("Updated", short_time(ticket["updated"])),
        ]
    )
    for comment in ticket["comments"]:
        _comment(comment)
    print()
    heading("History")
    for event in ticket["history"]:
        private = "  (agents only)" if event["private"] else ""
        print(f"{short_time(event['at'])}  {plain(event['what'])}{private}")


def _assignee(ticket: Mapping[str, Any]) -> str:
    marks = ["no update mails"] if not ticket["notify"] else []
    marks += ["unreachable: mail to it bounced"] if ticket["assignee_dead"] else []
    return f"{ticket['assignee']} ({', '.join(marks)})" if marks else str(ticket["assignee"])


def _recipient(each: Mapping[str, Any]) -> str:
    return each["address"] if each["state"] == "active" else f"{each['address']} ({each['state']})"


def _comment(comment: Mapping[str, Any]) -> None:
    marks = [comment["state"]] if comment["state"] != "shown" else []
    marks += ["sender not verified"] if comment["unverified"] else []
    print()
    heading(
        f"{short_time(comment['created'])}  {comment['author']}"
        + (f"  ({', '.join(marks)})" if marks else "")
    )
    indented(comment["text"])
    for each in comment["attachments"]:
        say(f"  + {each['filename']} ({each['content_type']}, {each['size']} bytes)")
    for name in comment["left_out"]:
        say(f"  - {name} left out")
    if comment["quoted"]:
        lines = comment["quoted"].count("\n") + 1
        say(f"  … {lines} quoted line{'s' if lines > 1 else ''}; --json shows them")
