"""The words of commands in every language, and what an operator's table may and may not do (3.6, 3.7)."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mailgate.config import Config, load
from mailgate.errors import ConfigError
from mailgate.model import Severity, Status
from mailgate.rules import commands, values
from mailgate.rules.tags import read_tags
from mailgate.vocabulary import HEADERS, HELP, KEYS, SHIPPED, VALUES, fold, vocabulary

# The table of 3.7, word by word, with what people write for it beside.
WORDS = {
    "Assign": "Assign Affecter AFFECTER Assignee Assigned-to Contact Owner Responsable Assigner",
    "Severity": "Severity Gravité Gravite GRAVITÉ Priority Priorité Urgence Criticité",
    "Category": "Category Catégorie Categorie Objet Rubrique",
    "Device": "Device Devices Unité Unités Appareil Équipement equipements Machine",
    "Recipient": "Recipient Recipients Destinataire Destinataires Watchers Observateur",
    "Notify": "Notify Notifier Notifications",
    "EU-Support": "EU-Support Support-UE Support-EU",
    "Status": "Status Statut",
    "Escalate": "Escalate Escalader Escalation Escalade",
    "Private": "Private Privé Prive",
}
WORD_CASES = [(key, word) for key, words in WORDS.items() for word in words.split()]
SHAPES = [
    "{word}: x", "{word} : x", "{word}\u00a0: x", "{word}\u202f: x", "{word}\uff1a x", "*{word}:* x", "**{word}**: x", "- {word}: x",
    "• {word}: x", "\u200e{word}: x", "{word}:x", "_{word}_: x", "`{word}`: x",
]  # fmt: skip


@pytest.mark.parametrize(("key", "word"), WORD_CASES, ids=lambda v: v)
def test_each_word_of_each_key_however_it_is_written(key: str, word: str) -> None:
    word = word.replace("Assigned-to", "Assigned to")
    for shape in SHAPES:
        block = commands.read(shape.format(word=word) + "\n\nHello")
        assert [(line.key, line.value) for line in block.lines] == [(key, "x")], shape
        assert block.rest == "Hello"


def test_every_key_has_its_row_in_the_table() -> None:
    assert set(WORDS) == set(KEYS)


@pytest.mark.parametrize("word", sorted(HEADERS - {"objet"}))
def test_no_word_is_a_line_of_a_mails_header(word: str) -> None:
    assert SHIPPED.key(word) == ""


READ = {
    Severity.OUTAGE: "outage|Panne|HAUTE|high|urgent|critical|Critique|élevée|majeure|sev1|SEV 1|sev-1|P1|1|bloquant|'outage'|«panne»|"
    "outage.|outage !|*outage*|(outage)|\u00a0panne\u00a0",
    Severity.DEGRADED: "degraded|dégradation|Dégradé|dégradée|medium|moyenne|modérée|sev2|p2|2",
    Severity.QUESTION: "question|low|basse|faible|normal|Normale|minor|mineure|sev3|P3|3|info",
    Status.OPEN: "open|ouvert|ouverte|Ouvert.|reopen|rouvrir|en cours|in progress",
    Status.PENDING: "pending|en attente|EN  ATTENTE|waiting|on hold",
    Status.RESOLVED: "resolved|résolu|résolue|Résolu !|solved|fixed|done|réglé|terminé",
    Status.CLOSED: "closed|fermé|fermée|clos|close|clôturé",
}
READ_CASES = [(value, word) for value, words in READ.items() for word in words.split("|")]


@pytest.mark.parametrize(("value", "word"), READ_CASES, ids=lambda v: str(v).replace("\u00a0", "_"))
def test_values_are_read_kindly(value: Severity | Status, word: str) -> None:
    found = values.severity(word) if isinstance(value, Severity) else values.status(word)
    assert found is value


@pytest.mark.parametrize(
    "word", ["", " ", "banana", "outage now", "very", "new", "nouveau", "12", "on", "no", "?"]
)
def test_no_value_is_guessed(word: str) -> None:
    assert values.severity(word) is None
    assert values.status(word) is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [("yes", True), ("Oui.", True), ("ON", True), ("o", True), ("1", True), ("true", True), ("non", False), ("Off!", False),
     ("n", False), ("0", False), ("désactivé", False), ("maybe", None), ("", None)],
)  # fmt: skip
def test_yes_and_no(word: str, expected: bool | None) -> None:
    assert values.yes(word) is expected


# What an operator writes for his customers: German, as an example.
GERMAN: dict[str, Any] = {
    "words": {"Severity": ["Schweregrad", "Dringlichkeit"], "Device": ["Gerät"], "Escalate": ["Eskalieren"], "Status": ["Zustand"],
              "Help": ["Hilfe"], "Private": ["Intern"]},
    "values": {"Ausfall": "outage", "Störung": "degraded", "Frage": "question", "gelöst": "resolved", "ja": "yes", "nein": "no",
               "keiner": "none", "offen": "open"},
}  # fmt: skip


def german() -> Config:
    return Config(commands=GERMAN)


def test_an_operators_words_work_beside_ours() -> None:
    words = german().commands.vocabulary
    block = commands.read("Schweregrad: Ausfall\nGERAET: x\nGerät: web1\nDevice: web2\n\nHallo", words)
    assert [(line.key, line.value) for line in block.lines] == [
        ("Severity", "Ausfall"), ("", "x"), ("Device", "web1"), ("Device", "web2")
    ]  # fmt: skip
    assert values.severity("AUSFALL", words) is Severity.OUTAGE
    assert values.severity("Störung", words) is Severity.DEGRADED
    assert values.status("gelost", words) is Status.RESOLVED
    assert (values.yes("ja", words), values.yes("Nein.", words), values.none("keiner", words)) == (
        True,
        False,
        True,
    )
    assert words.is_help("Hilfe:")
    assert commands.read("Schweregrad: Ausfall").lines == ()


def test_an_operators_words_count_as_tags() -> None:
    tags = read_tags("[Ausfall] [Eskalieren] [Zustand offen] x", (), german())
    assert (tags.severity, tags.escalate, tags.query, tags.status) == (Severity.OUTAGE, True, True, "open")


@pytest.mark.parametrize("subject", ["[URGENT] x", "[high] x", "[P1] x", "[critical] x", "[1] x", "[help] x"])
def test_the_further_words_that_ship_count_in_no_subject(subject: str) -> None:
    tags = read_tags(subject, (), Config())
    assert (tags.severity, tags.escalate, tags.query, tags.spans) == (None, False, False, ())


def test_an_operator_may_give_a_shipped_word_another_meaning_or_none() -> None:
    words = vocabulary({"Category": ["Machine"]}, {"urgent": "degraded", "high": ""})
    assert words.key("machine") == "Category"
    assert values.severity("urgent", words) is Severity.DEGRADED
    assert values.severity("high", words) is None
    assert SHIPPED.values["urgent"] == "outage"


WRONG = [
    ("an unknown key", {"words": {"Colour": ["Farbe"]}}, "words.Colour is no command; one of Assign, Severity"),
    ("a built-in word", {"words": {"Device": ["Statut"]}}, "'Statut' is built in and means Status; choose another word"),
    ("a header's word", {"words": {"Recipient": ["Cc"]}}, "'Cc' heads a line of forwarded mail; choose another word"),
    ("another header's word", {"words": {"Category": ["Betreff"]}}, "heads a line of forwarded mail"),
    ("one word for two keys", {"words": {"Device": ["Ding"], "Status": ["ding"]}}, "stands for Device and Status; leave it in one"),
    ("a word with a colon", {"words": {"Device": ["Gerät:"]}}, "cannot be typed as a key; one or two words of letters"),
    ("three words", {"words": {"Device": ["a b c"]}}, "cannot be typed as a key"),
    ("a number", {"words": {"Device": ["42"]}}, "cannot be typed as a key"),
    ("nothing", {"words": {"Device": [""]}}, "cannot be typed as a key"),
    ("an unknown value", {"values": {"Ausfall": "outag"}}, "found 'outag'; one of outage, degraded, question"),
    ("a built-in value", {"values": {"panne": "question"}}, "values.panne: it is built in and means outage; choose another word"),
    ("a built-in value taken away", {"values": {"open": ""}}, "values.open: it is built in"),
    ("nothing to take away", {"values": {"banana": ""}}, "no such word to take away"),
    ("an empty value", {"values": {"!": "outage"}}, "holds no word"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "words"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_wrong_table_says_how_to_mend_it(table: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as caught:
        Config(commands=table)
    assert words in str(caught.value)
    lines = [
        f"[commands.{name}]\n" + "".join(f"{json.dumps(k)} = {json.dumps(v)}\n" for k, v in inner.items())
        for name, inner in table.items()
    ]
    path = tmp_path / "mailgate.toml"
    path.write_text("".join(lines), "utf-8")
    with pytest.raises(ConfigError) as told:
        load(path)
    assert words in str(told.value)
    assert str(path) in str(told.value)


def test_the_same_word_for_its_own_key_is_no_fault() -> None:
    assert vocabulary({"Status": ["Statut", "Etat"]}, {"panne": "outage"}).key("état") == "Status"


def test_the_tables_are_folded_and_mean_what_there_is() -> None:
    for word, key in SHIPPED.keys.items():
        assert fold(word) == word
        assert key in (*KEYS, HELP)
    for word, value in SHIPPED.values.items():
        assert fold(word) == word
        assert value in VALUES


def test_the_examples_of_the_shipped_settings_are_right() -> None:
    text = (Path(__file__).parents[2] / "config/mailgate.toml").read_text("utf-8")
    section = text.partition("\n[commands]\n")[2].partition("\n\n\n[")[0]
    examples = [
        line.removeprefix("# Example: ") for line in section.splitlines() if line.startswith("# Example: ")
    ]
    assert len(examples) == 2
    assert Config(commands=tomllib.loads("\n".join(examples))).commands.vocabulary is not SHIPPED


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("Severty", "Severity"),
        ("Sevirity", "Severity"),
        ("Recipiant", "Recipient"),
        ("Statuts", "Status"),
        ("Foo", ""),
        ("x" * 900, ""),
    ],
)
def test_a_misspelt_key_is_named(word: str, key: str) -> None:
    assert SHIPPED.nearest(word) == key
