"""Tags and the command block (3.6-3.8)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config import Config
from mailgate.mail.subject import brackets
from mailgate.model import Severity, Status
from mailgate.rules import commands, values
from mailgate.rules.tags import read_tags
from mailgate.vocabulary import SHIPPED

CONFIG = Config(gateway={"categories": ["general", "billing", "data centre"]})


BLOCKS = [
    ("one", "Severity: outage\nHello", [("Severity", "outage")], "Hello"),
    ("french", "Gravité : panne\nUnité: web1, web2\n\nBonjour", [("Severity", "panne"), ("Device", "web1, web2")], "Bonjour"),
    ("case and accents", "GRAVITE: panne\n\nx", [("Severity", "panne")], "x"),
    ("nbsp before the colon", "Statut\u00a0: résolu", [("Status", "résolu")], ""),
    ("full-width colon", "Status\uff1aopen\nx", [("Status", "open")], "x"),
    ("bold", "*Severity:* outage\n\nx", [("Severity", "outage")], "x"),
    ("leading blank lines", "\n\n  \nStatus: open\nx", [("Status", "open")], "x"),
    ("blank lines between known keys", "Severity: outage\n\nDevice: a\n\nHi", [("Severity", "outage"), ("Device", "a")], "Hi"),
    ("an unknown key in the block", "Severity: outage\nFoo: bar\nHi", [("Severity", "outage"), ("", "bar")], "Hi"),
    ("unknown behind a blank line is prose", "Severity: outage\n\nNote: x", [("Severity", "outage")], "Note: x"),
    ("EU without its hyphen", "EU support: none\nx", [("EU-Support", "none")], "x"),
    ("two words of prose", "Severity: outage\nDear all: hi", [("Severity", "outage")], "Dear all: hi"),
    ("no known key is prose", "Hello: world\nURL: x", None, None),
    ("a URL", "https://example.com\nSeverity: outage", None, None),
    ("not at the top", "Hello\nSeverity: outage", None, None),
    ("forward header, French", "De : x@y.example\nEnvoyé : lundi\nÀ : z\nObjet : facturation\n\nx", None, None),
    ("forward header, subject first", "Objet : facturation\nDate : lundi\nDe : x\n\nx", None, None),
    ("commands, then a forward header", "Severity: outage\nFrom: a\nTo: b", [("Severity", "outage")], "From: a\nTo: b"),
    ("Objet alone is the category", "Objet : billing\nbonjour", [("Category", "billing")], "bonjour"),
    ("carriage returns", "Severity: outage\r\nHi\r\n", [("Severity", "outage")], "Hi\r\n"),
    ("a very long line", "Severity: " + "x" * 2000, None, None),
    ("empty", "", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines", "rest"), [b[1:] for b in BLOCKS], ids=[b[0] for b in BLOCKS])
def test_the_block_of_commands(text: str, lines: list[tuple[str, str]] | None, rest: str | None) -> None:
    block = commands.read(text)
    assert [(line.key, line.value) for line in block.lines] == (lines or [])
    assert block.rest == (text if rest is None else rest)


def test_refused_lines_stay_visible_above_the_rest() -> None:  # 3.8
    block = commands.read("Severity: outage\nFoo: bar\n\nHello")
    assert commands.visible(block, ["Foo: bar"]) == "Foo: bar\n\nHello"
    assert commands.visible(block, []) == "Hello"


FRENCH = "Affecter Gravité Catégorie Objet Unité Destinataire Notifier Support-UE Statut Escalader Privé"


@pytest.mark.parametrize("french", FRENCH.split())
def test_every_french_key(french: str) -> None:
    assert SHIPPED.key(french) in commands.KEYS


VALUES = [
    (values.severity, "Panne", Severity.OUTAGE),
    (values.severity, "dégradation", Severity.DEGRADED),
    (values.severity, "bad", None),
    (values.status, "résolue", Status.RESOLVED),
    (values.status, "Fermée", Status.CLOSED),
    (values.status, "en attente", Status.PENDING),
    (values.status, "ouverte", Status.OPEN),
    (values.status, "new", None),
    (values.yes, "Oui", True),
    (values.yes, "off", False),
    (values.yes, "perhaps", None),
    (values.none, "aucun", True),
    (values.none, "AMS01", False),
]


@pytest.mark.parametrize(("read", "value", "expected"), VALUES)
def test_values(read: object, value: str, expected: object) -> None:
    assert callable(read)
    assert read(value) == expected


PRIVATE = [
    ("misspelt", "Privat: yes\nx", True),
    ("one letter off", "Pivate: yes\nx", True),
    ("without its colon", "Private yes\nx", True),
    ("alone", "PRIVATE\nx", True),
    ("below a greeting", "Hi,\nPrivate: yes\nx", True),
    ("internal note", "Internal note: the customer is wrong", True),
    ("french", "Bonjour\nPrivé : oui", True),
    ("an odd value", "Private: maybe", True),
    ("a direction mark before it", "Hi\n\u200ePrivate: yes\nx", True),
    ("a zero-width space in it", "Hi\nPrivate\u200b: yes\nx", True),
    ("a plural", "Privates: yes\nx", True),
    ("a semicolon", "Private; yes\nx", True),
    ("a dash", "Private - yes\nx", True),
    ("in brackets", "[private]\nx", True),
    ("a hash tag", "#private\nx", True),
    ("note interne", "Note interne: le client a tort", True),
    ("markup", "<b>Private: yes</b>\nx", True),
    ("far below", "x\n" * 40 + "Private: yes", True),
    ("networks", "Private, public and shared networks are slow", False),
    ("a compound word", "Private-network settings", False),
    ("a list far below", "x\n" * 40 + "Internal: 10.0.0.1", False),
    ("no", "Hi,\nPrivate: no\nx", False),
    ("prose", "Private networks are fine.", False),
    ("internal error", "Internal server error: 500", False),
    ("privacy", "Privacy matters", False),
    ("quoted", "> Private: yes\nI do not agree", False),
]


@pytest.mark.parametrize(("text", "expected"), [p[1:] for p in PRIVATE], ids=[p[0] for p in PRIVATE])
def test_what_means_private(text: str, expected: bool) -> None:  # 3.8: it fails closed
    assert commands.means_private(text, commands.read(text).lines) is expected


def test_an_obeyed_private_is_not_a_doubt() -> None:
    assert not commands.means_private("Private: yes\nx", commands.read("Private: yes\nx").lines)


TAGS = [
    ("severity", "[outage] down", Severity.OUTAGE, "", False, "down"),
    ("french", "[Panne] [escalade] x", Severity.OUTAGE, "", True, "x"),
    ("degradation", "[dégradation] x", Severity.DEGRADED, "", False, "x"),
    ("category", "[Billing] x", None, "billing", False, "x"),
    ("category of two words", "[data centre] x", None, "data centre", False, "x"),
    ("several in one bracket", "[outage escalate] x", Severity.OUTAGE, "", True, "x"),
    ("with the number", "Re: [#12 escalate] x", None, "", True, "Re: x"),
    ("number alone", "Re: [#12] x", None, "", False, "Re: x"),
    ("unrecognised stays", "[JIRA-1] x", None, "", False, "[JIRA-1] x"),
    ("one unknown word spoils the bracket", "[outage now] x", None, "", False, "[outage now] x"),
    ("the first one counts", "[outage] [question] x", Severity.OUTAGE, "", False, "x"),
]


@pytest.mark.parametrize(
    ("subject", "severity", "category", "escalate", "left"), [t[1:] for t in TAGS], ids=[t[0] for t in TAGS]
)
def test_tags(
    subject: str, severity: Severity | None, category: str, escalate: bool, left: str
) -> None:  # 3.6
    numbered = {b.start for b in brackets(subject) if b.words[0].startswith("#")}
    tags = read_tags(subject, numbered, CONFIG)
    assert (tags.severity, tags.category, tags.escalate) == (severity, category, escalate)
    for start, end in reversed(tags.spans):
        subject = subject[:start] + subject[end:]
    assert " ".join(subject.split()) == left


@pytest.mark.parametrize("subject", ["[status]", "[statut ouvert]", "[status open]", "[status new]"])
def test_the_status_tag(subject: str) -> None:  # 3.9
    assert read_tags(subject, (), CONFIG).query


def test_a_tag_before_the_reply_prefix_is_the_writers() -> None:  # 3.6
    assert read_tags("[escalate] Re: x", (), CONFIG).before_reply == {"escalate"}
    assert read_tags("Re: [escalate] x", (), CONFIG).before_reply == frozenset()


@given(st.text(alphabet="PrivateSvy: \n*_[]-#\u00e9\r\t", max_size=400))
def test_nothing_is_lost_and_nothing_raises(text: str) -> None:
    block = commands.read(text)
    commands.means_private(text, block.lines)
    left = commands.visible(block, [line.text for line in block.lines])
    assert sorted(left.split()) == sorted(text.split())


@pytest.mark.parametrize(
    "text", ["Severity: " * 50_000, "*_ " * 100_000 + ":", "a: b\n" * 100_000, "Private" + " " * 200_000]
)
def test_linear(text: str, linear: Any) -> None:
    linear(lambda n: commands.means_private(text[:n], commands.read(text[:n]).lines), len(text))
