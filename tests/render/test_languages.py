"""6.2: everybody is written to in his language. Whole mails, from the customer's bytes to ours, and the words of each language."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from mail.sentences import SENTENCES
from security.desk import BOB, TEAM, Desk

from mailgate import people_file
from mailgate.config import Config, resource
from mailgate.errors import ConfigError
from mailgate.model import LANGUAGES
from mailgate.render import Renderer
from mailgate.render.phrases import Phrases
from mailgate.render.reasons import REASONS

pytestmark = pytest.mark.slow

RENDERER = Renderer(Config())
THANKS = {
    "en": "Thank you.", "fr": "Merci.", "de": "Vielen Dank.", "es": "Gracias.", "it": "Grazie.", "nl": "Dank u.", "pt": "Obrigado.",
}  # fmt: skip


def phrases(language: str) -> Phrases:
    return RENDERER._speech[language][1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_writes_in_a_language_is_answered_in_it(sqlite_file: Path, tmp_path: Path, language: str) -> None:
    desk = Desk(Path(shutil.copy(sqlite_file, tmp_path)))
    try:
        desk.write(BOB, body=SENTENCES[language][0] + "\n", believed=True)
        sent = {mail.to: mail for mail in desk.deliver()}
        assert sent[BOB].part("plain").startswith(THANKS[language])
        assert sent[BOB].header("Content-Language") == language
        assert f'<html lang="{language}"' in sent[BOB].part("html")
        assert TEAM in sent
    finally:
        desk.close()


@pytest.mark.parametrize(
    "body",
    [
        "Hallo?\n",
        "ticket 12 printer error 503\n",
        "Dzień dobry, drukarka na drugim piętrze nie działa od rana.\n",
    ],
)
def test_who_writes_too_little_or_in_another_gets_the_default(
    sqlite_file: Path, tmp_path: Path, body: str
) -> None:
    desk = Desk(Path(shutil.copy(sqlite_file, tmp_path)), gateway={"language": "nl"})
    try:
        desk.write(BOB, body=body, believed=True)
        assert next(m for m in desk.deliver() if m.to == BOB).header("Content-Language") == "nl"
    finally:
        desk.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_settings_take_every_language(language: str) -> None:
    assert Config(gateway={"language": language}).gateway.language == language
    people = {
        "teams": [{"name": "a", "address": "a@example.com", "categories": ["general"], "language": language}]
    }
    assert people_file.check(people, "people.toml").teams[0].language == language
    people["teams"][0]["language"] = "xx"
    with pytest.raises(ConfigError, match="language"):
        people_file.check(people, "people.toml")


# ---- dates, numbers, plural forms

TIMES = {
    "en": "5 Mar 2026, 14:05 UTC", "fr": "5 mars 2026, 14:05 UTC", "de": "5. März 2026, 14:05 UTC", "es": "5 mar 2026, 14:05 UTC",
    "it": "5 mar 2026, 14:05 UTC", "nl": "5 mrt 2026, 14:05 UTC", "pt": "5/03/2026, 14:05 UTC",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_times(language: str) -> None:
    speech = phrases(language)
    assert speech.when("2026-03-05T14:05:00+00:00") == TIMES[language]
    assert speech.when("2026-03-05T16:05:00+02:00") == TIMES[language]
    assert speech.when("2026-03-05T14:05:00") == TIMES[language]
    assert speech.when("yesterday") == "yesterday"


@pytest.mark.parametrize(
    ("language", "seconds", "told"),
    [
        ("en", 0, "1 minute"), ("en", 59, "1 minute"), ("en", 120, "2 minutes"), ("en", 3600, "1 hour"), ("en", 7260, "2 hours 1 minute"),
        ("en", 47 * 3600, "47 hours"), ("en", 48 * 3600, "2 days"), ("en", 73 * 3600, "3 days 1 hour"), ("en", 4e8, "4629 days 15 hours"),
        ("fr", 3660, "1 heure 1 minute"), ("de", 172_800, "2 Tage"), ("de", 3600, "1 Stunde"), ("es", 90_000, "25 horas"),
        ("it", 180_000, "2 giorni 2 ore"), ("nl", 60, "1 minuut"), ("nl", 7200, "2 uur"), ("pt", 176_400, "2 dias 1 hora"),
    ],
)  # fmt: skip
def test_durations(language: str, seconds: float, told: str) -> None:
    assert phrases(language).duration(seconds).replace("\u00a0", " ") == told


@pytest.mark.parametrize(
    ("language", "octets", "told"),
    [
        ("en", 0, "1 kB"), ("en", 1, "1 kB"), ("en", 48_211, "48 kB"), ("en", 999_499, "999 kB"), ("en", 999_500, "1 MB"),
        ("en", 2_310_000, "2.3 MB"), ("de", 2_310_000, "2,3 MB"), ("fr", 2_310_000, "2,3 Mo"), ("fr", 48_211, "48 ko"),
        ("pt", 12_345_678_900, "12 345,7 MB"), ("nl", 12_345_678_900, "12.345,7 MB"),
    ],
)  # fmt: skip
def test_sizes(language: str, octets: int, told: str) -> None:
    assert phrases(language).size(octets).replace("\u00a0", " ") == told


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("en", "at most 1 file is kept", "at most 2 files are kept"),
        ("fr", "1 fichier au plus est gardé", "2 fichiers au plus sont gardés"),
        ("de", "höchstens 1 Datei wird behalten", "höchstens 2 Dateien werden behalten"),
        ("es", "se conserva 1 archivo", "se conservan 2 archivos"),
        ("it", "si conserva al massimo 1 file", "si conservano al massimo 2 file"),
        ("nl", "wordt hoogstens 1 bestand", "worden hoogstens 2 bestanden"),
        ("pt", "guarda-se no máximo 1 ficheiro", "guardam-se no máximo 2 ficheiros"),
    ],
)
def test_plural_forms(language: str, one: str, two: str) -> None:
    for limit, words in ((1, one), (2, two)):
        event = {"code": "file_left_out", "params": {"filename": "a.txt", "limit": limit}}
        assert words in phrases(language).sentence(event).replace("\u00a0", " ")


def test_nought_is_singular_in_french_only() -> None:
    event = {"code": "file_left_out", "params": {"filename": "a.txt", "limit": 0}}
    assert "0 fichier au plus" in phrases("fr").sentence(event)
    assert "0 files" in phrases("en").sentence(event)


# ---- causes (3.8)


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
@pytest.mark.parametrize("cause", REASONS)
def test_a_cause_is_told_in_the_language(cause: str, language: str) -> None:
    filled = cause.replace("{at}", "2026-03-05T14:05+00:00").replace("{limit}", "5")
    filled = re.sub(r"{\w+}", "X-Y", filled)
    told = phrases(language).reason(filled)
    assert told != filled or cause in ("intern", "internal") or language == "en"
    assert "(7.3)" not in told
    for value in re.findall("X-Y|5 ", filled):
        assert value in told


@pytest.mark.parametrize("words", ["", "550 5.1.1 no such user", "{0.__class__}", "x" * 5000, "% (%s)"])
def test_words_of_others_are_no_cause(words: str) -> None:
    assert phrases("de").reason(words) == words


# ---- how each language is set


def forms(language: str) -> list[tuple[str, str]]:
    """Every sentence with its translation, form by form."""
    found = []
    with resource(f"templates/locale/{language}.po").open("rb") as file:
        for message in read_po(file):
            if message.id:
                first = message.id if isinstance(message.id, str) else message.id[0]
                told = message.string if isinstance(message.string, str) else " | ".join(message.string)
                found.append((first, told))
    return found


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_typography(language: str) -> None:
    """Quotation marks of the language; no break before a French colon, or between "No." and the number."""
    for sentence, told in forms(language):
        assert '"' not in told, sentence
        assert "'" not in told, sentence
        assert "  " not in told, sentence
        assert told.strip() == told or sentence == ":", sentence
        if language == "fr":
            assert not re.search(r" [:;?!»]|« |n° [%{]", told), sentence
        if language == "de":
            assert not re.search("[“”](?!.*)|”|«|»", told), sentence
            assert told.count("„") == told.count("“"), sentence
        if language in ("es", "it", "pt"):
            assert not re.search("[“”„]", told), sentence
            assert told.count("«") == told.count("»"), sentence
        assert not re.search(r"(?:Nr\.|nr\.|n\.º) [%{]", told), sentence
        if sentence.endswith("."):
            assert told.endswith("."), sentence


FAMILIAR = {
    "fr": r"\b(?:tu|ton|ta|tes|toi)\b", "de": r"\b(?:du|dein\w*|dir|dich|euch|euer)\b", "es": r"\b(?:tú|tu|tus|ti|vosotros)\b",
    "it": r"\b(?:tu|tuo|tua|tuoi|tue)\b", "nl": r"\b(?:jij|je|jouw|jullie)\b", "pt": r"\b(?:tu|teu|tua|você|vocês)\b",
}  # fmt: skip


@pytest.mark.parametrize("language", FAMILIAR)
def test_people_are_addressed_politely(language: str) -> None:
    assert [told for _, told in forms(language) if re.search(FAMILIAR[language], told, re.IGNORECASE)] == []


@pytest.mark.parametrize("language", FAMILIAR)
def test_no_sentence_stayed_english(language: str) -> None:
    english = re.compile(r"\b(?:the|this|your|that|were|which|with|reply|mail to)\b", re.IGNORECASE)
    commands = re.compile(r"[„«‘“][^”»’“]*[”»’“]|\[[^]]*\]|mailgate \w+|gateway\.\w+")
    odd = [told for _, told in forms(language) if english.search(commands.sub("", told))]
    assert odd == [], json.dumps(odd, ensure_ascii=False)
