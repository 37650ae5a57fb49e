"""The six mails that README and docs show: a day of one ticket, as its people get it."""

from __future__ import annotations

from typing import Any

CLAIRE = {"name": "Claire Martin", "address": "claire@globex.example"}
PAUL, LEA = "paul@globex.example", "lea@globex.example"
DAY = "2026-11-23T"


def ticket(**more: Any) -> dict[str, Any]:
    return {
        "number": 4711, "title": "Portal answers with error 503", "severity": "degraded", "status": "open", "category": "portal",
        "team": "support", "assignee": CLAIRE, "recipients": [PAUL, LEA], "devices": ["web-1", "web-2"], "created": f"{DAY}07:41:00Z",
    } | more  # fmt: skip


def comment(text: str, name: str, address: str, at: str, **more: Any) -> dict[str, Any]:
    return {"author_name": name, "author_address": address, "at": f"{DAY}{at}:00Z", "text": text} | more


def event(code: str, at: str, **params: Any) -> dict[str, Any]:
    return {"code": code, "params": params, "at": f"{DAY}{at}:00Z", "by": ""}


REPORT = "Hello,\n\nsince 8:30 our customers see error 503 on the portal, about every second page.\nThe log is attached.\n\nClaire"
ANSWER = "Good morning Claire,\n\nwe found a full disk on web-2 and are clearing it now. You should see fewer errors within ten minutes."
PRIVATE = "The disk was full of core dumps. Bruno looks after web-1; please tell nobody yet."
FRENCH = {
    "title": "Le portail répond par l’erreur 503", "status": "new", "severity": "outage", "devices": ["web-1", "web-2"],
}  # fmt: skip

OPENED = event("opened", "07:41", who="claire@globex.example")
COMMENTED = event("commented", "08:02", who="ana@example.com")
REQUESTED = event("escalated", "08:10", level=1, who="claire@globex.example", reason="orders are lost")
CLIMBED = event("escalated_clock", "08:40", level=2)
ADDED = event("device_added", "08:02", device="web-2", who="ana@example.com")
ANSWERED = event("status", "08:02", old="new", new="open", who="ana@example.com")

# name of the picture → template, language, width, dark, context
PICTURES: dict[str, tuple[str, str, int, bool, dict[str, Any]]] = {
    "update": ("update", "en", 600, False, {
        "ticket": ticket(), "comments": [comment(ANSWER, "Ana Support", "ana@example.com", "08:02")], "events": [ANSWERED, ADDED],
        "audience": "assignee",
    }),
    "escalation": ("escalation", "en", 360, True, {
        "ticket": ticket(severity="outage", escalation_level=2), "level": 2, "asked_by": "clock", "age_seconds": 3540,
        "reason": "no progress in time", "history": [OPENED, COMMENTED, REQUESTED, CLIMBED], "audience": "supervisor", "inside": True,
    }),
    "acknowledgement": ("acknowledgement", "fr", 600, False, {
        "ticket": ticket(**FRENCH), "is_new": True, "audience": "sender",
        "understood": {
            "assignee": CLAIRE, "recipients": [PAUL, LEA], "devices": ["web-1", "web-2"], "files_kept": ["error.log", "ecran.png"],
            "files_left_out": ["trace.zip"], "done": [{"key": "Severity", "value": "outage"}],
            "refused": [{"line": "Affecter: dan@initech.example", "why": "the assignee must belong to the same account"}],
        },
    }),
    "new_ticket": ("new_ticket", "en", 600, True, {
        "ticket": ticket(status="new", severity="outage"), "sender": {**CLAIRE, "trust": "authenticated", "how": ""},
        "comments": [comment(REPORT, "Claire Martin", "claire@globex.example", "07:41", files=[{"filename": "error.log", "size": 48211}])],
        "audience": "team", "inside": True,
    }),
    "note": ("update", "de", 360, False, {
        "ticket": ticket(held=["someone@elsewhere.example"]), "audience": "team", "inside": True,
        "comments": [comment(PRIVATE, "Ana Support", "ana@example.com", "08:15", state="private")],
    }),
    "tickets": ("ticket_list", "en", 360, True, {
        "tickets": [
            {"number": 4711, "title": "Portal answers with error 503", "status": "open", "severity": "outage"},
            {"number": 4689, "title": "Reports take ten minutes", "status": "pending", "severity": "degraded"},
            {"number": 4702, "title": "How do I change the invoice address?", "status": "open", "severity": "question"},
        ],
        "total": 3, "closed": 12, "audience": "sender",
    }),
}  # fmt: skip
