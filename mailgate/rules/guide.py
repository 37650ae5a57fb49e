"""What a sender may write in a mail, for the answer to `Help`: each line by an example in his language.

Laws: it follows the table of powers, so that it never promises what would be refused; `what` is a key of the sentences
in `render/phrases`.
"""

from __future__ import annotations

from typing import Any

from mailgate.config import Config
from mailgate.model import Role, Trust
from mailgate.rules.orders import POWERS
from mailgate.rules.trust import STAFF, Power, allowed
from mailgate.vocabulary import (
    ASSIGN,
    CATEGORY,
    DEVICE,
    ESCALATE,
    EU_SUPPORT,
    KEYS,
    NOTIFY,
    PRIVATE,
    RECIPIENT,
    SEVERITY,
    STATUS,
)

MAX_CATEGORIES = 20  # that are named
# Commands are typed in English or in French, whatever else the reader speaks.
_ENGLISH = {
    ASSIGN: "Assign: carol@example.com",
    SEVERITY: "Severity: outage",
    CATEGORY: "Category: {category}",
    DEVICE: "Device: web1, -web2",
    RECIPIENT: "Recipient: dan@example.com, -eve@example.com",
    NOTIFY: "Notify: off",
    EU_SUPPORT: "EU-Support: AMS01",
    STATUS: "Status: resolved",
    ESCALATE: "Escalate: nobody can work",
    PRIVATE: "Private: yes",
    "level": "Escalate: 2 nobody can work",
    "view": "[#123 status]",
    "list": "[status open]",
    "escalate": "[#123 escalate]",
    "severity": "[outage]",
}
_FRENCH = {
    ASSIGN: "Affecter : carol@example.com",
    SEVERITY: "Gravité : panne",
    CATEGORY: "Catégorie : {category}",
    DEVICE: "Unité : web1, -web2",
    RECIPIENT: "Destinataire : dan@example.com, -eve@example.com",
    NOTIFY: "Notifier : non",
    EU_SUPPORT: "Support-UE : AMS01",
    STATUS: "Statut : résolu",
    ESCALATE: "Escalader : personne ne peut travailler",
    PRIVATE: "Privé : oui",
    "level": "Escalader : 2 personne ne peut travailler",
    "view": "[#123 statut]",
    "list": "[statut ouvert]",
    "escalate": "[#123 escalade]",
    "severity": "[panne]",
}


def guide(role: Role, trust: Trust, language: str, config: Config) -> dict[str, Any]:
    """`commands` and `subjects`, each a list of `{line, what}`, and the limits and categories that they speak of."""
    examples = _FRENCH if language == "fr" else _ENGLISH
    staff = role in STAFF
    category = config.gateway.categories[0] if config.gateway.categories else config.gateway.default_category

    def row(example: str, what: str) -> dict[str, str]:
        return {"line": examples[example].replace("{category}", category), "what": what}

    able = [key for key in KEYS if allowed(POWERS[key], trust, role)]
    commands = [row(key, _what(key, staff)) for key in able]
    if allowed(Power.ESCALATE_TO_MANAGEMENT, trust, role):
        commands.insert(len(commands) - 1, row("level", "escalate_level"))
    subjects = [row("view", "view"), row("list", "list_team" if staff else "list")]
    if ESCALATE in able:
        subjects.append(row("escalate", "tag_escalate"))
    if SEVERITY in able:
        subjects.append(row("severity", "tag_severity"))
    return {
        "commands": commands,
        "subjects": subjects,
        "categories": config.gateway.categories[:MAX_CATEGORIES],
        "devices": config.limits.devices,
        "recipients": config.limits.recipients,
    }


def _what(key: str, staff: bool) -> str:
    word = key.lower().replace("-", "_")
    return f"{word}_staff" if staff and key in (STATUS, ESCALATE, ASSIGN) else word
