"""What each line of the answer to `Help` does (3.9), as sentences: the msgids of their translations."""

from __future__ import annotations

GUIDANCE: dict[str, str] = {
    "assign": "makes a colleague the contact for the ticket",
    "assign_staff": "makes somebody the contact; on a new ticket it names the customer",
    "severity": "outage, degraded or question",
    "category": "what it is about; the ticket may go to another team",
    "device": "the devices that it is about, {limit} at most; a minus takes one away",
    "recipient": "who else gets the updates, {limit} at most; a minus takes one away",
    "notify": "turns update mails to the contact off or on",
    "eu_support": "asks for support from the EU and names the data centre; “none” ends it",
    "status": "resolved, or open again",
    "status_staff": "open, pending, resolved or closed",
    "escalate": "asks for the next level of escalation, with the reason",
    "escalate_staff": "takes the next level of escalation at once, with the reason",
    "escalate_level": "the same, to the level that is named",
    "private": "keeps your words inside the team",
    "view": "shows a ticket with its history",
    "list": "lists your tickets with that status",
    "list_team": "lists the tickets of your teams with that status",
    "tag_escalate": "escalates the ticket",
    "tag_severity": "gives the severity",
}
