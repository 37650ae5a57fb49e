"""An explanation for a person: what it is, why, what is kept, cut and left out, and what would be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailgate.cli.show import fields, heading, indented, plain, say


def show(explanation: Mapping[str, Any], *, first: bool) -> None:
    if not first:
        print()
    heading(explanation["file"])
    if "error" in explanation:
        say(f"  {explanation['error']}")
        return
    sender = explanation["sender"]
    fields(
        [
            ("Outcome", f"{explanation['outcome']} ({explanation['kind']})"),
            (
                "Ticket",
                f"#{explanation['ticket']} (by {explanation['threaded_by']})"
                if explanation["ticket"]
                else "",
            ),
            ("Title", explanation["title"]),
            ("Sender", f"{sender['name']} <{sender['address']}>".strip()),
            ("Trust", f"{sender['trust']}: {sender['auth']}" if sender["auth"] else sender["trust"]),
            ("Language", explanation["language"]),
            ("Severity", explanation["severity"]),
            ("Category", explanation["category"]),
            ("Escalation", _escalation(explanation["escalation"])),
        ]
    )
    _list("Why", explanation["reasons"])
    _list("Not well formed", explanation["defects"])
    _list(
        "Commands",
        [_with_why(f"{c['key']}: {c['value']} - {c['state']}", c["why"]) for c in explanation["commands"]],
    )
    _list(
        "Recipients",
        [_with_why(f"{r['address']} - {r['state']}", r["why"]) for r in explanation["recipients"]],
    )
    _list("Files", [_file(each) for each in explanation["attachments"]])
    _list("Bounce of", [_bounce(each) for each in explanation["bounce"] or ()])
    _list(
        "Would send", [f"{n['template']} to {n['to']} ({n['language']})" for n in explanation["would_send"]]
    )
    _text("Text", explanation["text"])
    _text("Quote (cut)", explanation["quoted"])
    _text("Signature (cut)", explanation["signature"])


def _escalation(escalation: Mapping[str, Any] | None) -> str:
    return f"level {escalation['level']}, asked by {escalation['asked_by']}" if escalation else ""


def _with_why(text: str, why: str) -> str:
    return f"{text} ({why})" if why else text


def _file(each: Mapping[str, Any]) -> str:
    return _with_why(
        f"{each['filename']}, {each['content_type']}, {each['size']} bytes - {each['state']}", each["why"]
    )


def _bounce(each: Mapping[str, Any]) -> str:
    words = [each["recipient"], each["action"], each["status"], each["diagnostic"]]
    return " ".join(word for word in words if word)


def _list(title: str, lines: list[str]) -> None:
    if lines:
        say(f"{title}:")
        for line in lines:
            print(f"  - {plain(line)}")


def _text(title: str, text: str) -> None:
    if text:
        say(f"{title}:")
        indented(text, "  | ")
