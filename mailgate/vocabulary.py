"""The words of commands and tags (3.6, 3.7): what is built in, what ships as a further name, what an operator adds.

Laws: words are compared folded (no case, no accents); no further word takes a built-in one's place, and none hides a
line of a forwarded mail's header block.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

ASSIGN, SEVERITY, CATEGORY, DEVICE, RECIPIENT = "Assign", "Severity", "Category", "Device", "Recipient"
NOTIFY, EU_SUPPORT, STATUS, ESCALATE, PRIVATE = "Notify", "EU-Support", "Status", "Escalate", "Private"
KEYS = (ASSIGN, SEVERITY, CATEGORY, DEVICE, RECIPIENT, NOTIFY, EU_SUPPORT, STATUS, ESCALATE, PRIVATE)
HELP = "Help"  # a command of its own, without a value

SEVERITIES = ("outage", "degraded", "question")
STATUSES = ("open", "pending", "resolved", "closed")
YES, NO, NONE = "yes", "no", "none"
VALUES = (*SEVERITIES, *STATUSES, YES, NO, NONE)

# Keys of the header block that mail programs put over a forwarded or quoted mail ("Objet" is one in French).
HEADERS = frozenset({
    "from", "sent", "date", "to", "cc", "bcc", "subject", "reply-to",
    "de", "envoye", "a", "pour", "objet", "sujet", "copie", "cci",
    "von", "gesendet", "an", "betreff", "datum", "para", "asunto", "enviado", "da", "oggetto", "inviato",
    "van", "verzonden", "aan", "onderwerp",
})  # fmt: skip

# The contract's words (3.7), with plurals and without the hyphen: nobody means anything else by them.
_KEYS: dict[str, str] = {
    ASSIGN: "assign|affecter",
    SEVERITY: "severity|gravite",
    CATEGORY: "category|categorie|objet",
    DEVICE: "device|devices|unite|unites",
    RECIPIENT: "recipient|recipients|destinataire|destinataires",
    NOTIFY: "notify|notifier",
    EU_SUPPORT: "eu-support|eu support|support-ue|support ue",
    STATUS: "status|statut",
    ESCALATE: "escalate|escalader",
    PRIVATE: "private|prive",
    HELP: "help|aide",
}
_VALUES: dict[str, str] = {
    "outage": "outage|panne",
    "degraded": "degraded|degradation|degrade|degradee",
    "question": "question",
    "open": "open|ouvert|ouverte",
    "pending": "pending|en attente",
    "resolved": "resolved|resolu|resolue",
    "closed": "closed|ferme|fermee|clos|close",
    YES: "yes|y|on|true|oui|o|1",
    NO: "no|n|off|false|non|0",
    NONE: "none|aucun|aucune",
}
# Further names that ship; an operator's own words go over them. None for Private, which fails closed (3.8).
_MORE_KEYS: dict[str, str] = {
    ASSIGN: "assignee|assign to|assigned to|contact|owner|responsible|assigner|assigner a|affecter a|affecte a|responsable",
    SEVERITY: "priority|sev|urgency|criticality|priorite|urgence|criticite",
    CATEGORY: "rubrique",
    DEVICE: "unit|units|machine|machines|equipment|appareil|appareils|equipement|equipements",
    RECIPIENT: "watcher|watchers|observateur|observateurs",
    NOTIFY: "notifications",
    EU_SUPPORT: "eu-assistance|support-eu|support eu|support europeen",
    ESCALATE: "escalation|escalade",
}
_MORE_VALUES: dict[str, str] = {
    "outage": "sev1|sev 1|sev-1|p1|s1|critical|critique|urgent|urgente|emergency|urgence|blocker|blocking|bloquant|bloquante"
    "|high|highest|major|haute|tres haute|eleve|elevee|majeur|majeure|down",
    "degraded": "sev2|sev 2|sev-2|p2|s2|medium|moderate|moyen|moyenne|modere|moderee|slow|ralenti",
    "question": "sev3|sev 3|sev-3|p3|s3|sev4|sev 4|sev-4|p4|s4|low|lowest|minor|normal|normale|basse|faible|mineur"
    "|mineure|information|info",
    "open": "reopen|reopened|in progress|rouvrir|rouvert|rouverte|en cours",
    "pending": "waiting|on hold|attente|en suspens",
    "resolved": "solved|fixed|done|resolve|resoudre|regle|reglee|corrige|corrigee|termine|terminee",
    "closed": "cloture|cloturee|fermer|cloturer",
    YES: "enabled|active|activee",
    NO: "disabled|desactive|desactivee",
    NONE: "rien|nothing",
}  # fmt: skip
_TAGS = {
    "escalate": ESCALATE,
    "escalade": ESCALATE,
    "status": STATUS,
    "statut": STATUS,
    "help": HELP,
    "aide": HELP,
}
_FRENCH = frozenset({"statut", "aide"})

MAX_WORD = 40  # characters of what may be a misspelt key
NEAR = 0.75  # how alike it is, by difflib
_WORD = re.compile(r"[^\W\d_][^\W\d_’'-]*(?:[- ][^\W\d_]+)?")  # what `rules/commands` takes for a key
_EDGES = " .!,;:\"'«»“”‘’„()[]<>*_`\u00a0"


def fold(text: str) -> str:
    """For comparing words: no case, no accents, single spaces."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def bare(value: str) -> str:
    """A value folded, without the dots, quotes, brackets and bold marks that people put around a word."""
    return fold(value[:200]).strip(_EDGES)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every word that is understood, folded."""

    keys: Mapping[str, str]  # word → key
    values: Mapping[str, str]  # word → one of VALUES
    tags: Mapping[str, str]  # word of a subject's bracket → severity, Escalate, Status or Help

    def key(self, word: str) -> str:
        """The canonical key of a word; "" for none, and for Help, which is no line of a block."""
        found = self.keys.get(fold(word), "")
        return "" if found == HELP else found

    def value(self, text: str, among: Iterable[str]) -> str:
        """Which of these values a text says; "" for none of them."""
        found = self.values.get(bare(text), "")
        return found if found in among else ""

    def nearest(self, word: str) -> str:
        """The key that a misspelt word most likely means; "" where none is near."""
        near = get_close_matches(fold(word[:MAX_WORD]), self.keys, 1, NEAR)
        return self.key(near[0]) if near else ""

    def is_help(self, text: str) -> bool:
        """Whether a text is nothing but the word for help, with or without its colon."""
        return len(text) <= MAX_WORD and self.keys.get(fold(text).rstrip(" :.?"), "") == HELP


def _table(*tables: Mapping[str, str]) -> dict[str, str]:
    return {
        word: meaning for table in tables for meaning, words in table.items() for word in words.split("|")
    }


_BUILT_IN_KEYS, _BUILT_IN_VALUES = _table(_KEYS), _table(_VALUES)
_BUILT_IN_TAGS = _TAGS | {word: value for word, value in _BUILT_IN_VALUES.items() if value in SEVERITIES}
SHIPPED = Vocabulary(_table(_MORE_KEYS, _KEYS), _table(_MORE_VALUES, _VALUES), _BUILT_IN_TAGS)


def language_of(word: str) -> str:
    """The language that a tag gives away: "fr", or "" where it may be any."""
    return "fr" if fold(word).rstrip(" :.?") in _FRENCH else ""


def vocabulary(words: Mapping[str, Sequence[str]], values: Mapping[str, str]) -> Vocabulary:
    """The shipped words with an operator's over them: `words` further names of each key, `values` the meaning of
    further values ("" takes a shipped one away). Raises ValueError, which says how to mend it."""
    if not words and not values:
        return SHIPPED
    keys, meanings, tags = dict(SHIPPED.keys), dict(SHIPPED.values), dict(SHIPPED.tags)
    given: dict[str, str] = {}
    for key, names in words.items():
        if key not in (*KEYS, HELP):
            raise ValueError(f"words.{key} is no command; one of {', '.join((*KEYS, HELP))} is needed")
        for name in names:
            word = _checked_word(key, name)
            if given.setdefault(word, key) != key:
                raise ValueError(
                    f"words: {name!r} stands for {given[word]} and {key}; leave it in one of them"
                )
            keys[word] = key
            if key in (ESCALATE, STATUS, HELP):
                tags[word] = key
    for name, meaning in values.items():
        word = _checked_value(name, meaning)
        meanings[word] = meaning
        if not meaning:
            del meanings[word]
        elif meaning in SEVERITIES:
            tags[word] = meaning
    return Vocabulary(keys, meanings, tags)


def _checked_word(key: str, name: str) -> str:
    word = fold(name)
    if _WORD.fullmatch(fold(name)) is None:
        raise ValueError(
            f"words.{key}: {name!r} cannot be typed as a key; one or two words of letters are needed"
        )
    if (built_in := _BUILT_IN_KEYS.get(word, key)) != key:
        raise ValueError(f"words.{key}: {name!r} is built in and means {built_in}; choose another word")
    if word in HEADERS and word not in _BUILT_IN_KEYS:
        raise ValueError(f"words.{key}: {name!r} heads a line of forwarded mail; choose another word")
    return word


def _checked_value(name: str, meaning: str) -> str:
    word = bare(name)
    if meaning not in ("", *VALUES):
        allowed = ", ".join(VALUES)
        raise ValueError(
            f'values.{name}: found {meaning!r}; one of {allowed} is needed, or "" to take the word away'
        )
    if not word:
        raise ValueError(f"values: {name!r} holds no word; a word that people write is needed")
    if (built_in := _BUILT_IN_VALUES.get(word, meaning)) != meaning:
        raise ValueError(f"values.{name}: it is built in and means {built_in}; choose another word")
    if not meaning and word not in SHIPPED.values:
        raise ValueError(f'values.{name}: there is no such word to take away with ""; remove the line')
    return word
