"""Rendering: rule 6.2 (a customer's words are data; HTML is escaped; the person's language) and what each mail must say."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.config import Config, Gateway
from mailgate.model import LANGUAGES
from mailgate.render import PROBLEMS, TEMPLATES, Rendered, Renderer, TemplateError
from mailgate.render.check import samples
from mailgate.render.context import MAX_LIST, MAX_TEXT
from mailgate.render.renderer import MAX_SIZE
from mailgate.words import SENTENCES

SAMPLES = samples()
RENDERER = Renderer(Config())
CASES = [(t, name, lang) for t in TEMPLATES for name in SAMPLES[t] for lang in LANGUAGES]


def sample(template: str, name: str = "full", **more: Any) -> dict[str, Any]:
    return {**copy.deepcopy(SAMPLES[template][name]), **more}


class Readable(HTMLParser):
    """The text of an HTML part, its tags in order, and the names of its attributes."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.sheet, self.tags, self.open, self.attributes = "", "", [], [], set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"]:
            self.sheet += data
        else:
            self.text += data


@pytest.mark.parametrize(("template", "name", "language"), CASES)
def test_each_sample_reads_well(template: str, name: str, language: str) -> None:
    made = RENDERER.render(template, language, sample(template, name))
    assert "\n\n\n" not in made.text
    assert made.text.startswith(made.text.strip()[:1])
    assert "\n-- \n" in made.text, "the signature line lets other programs fold the footer (RFC 3676 §4.3)"
    assert "{" not in made.text
    assert "%(" not in made.text
    page = Readable(made.html)
    assert page.open == [], "every tag is closed"
    assert not {"img", "script", "link", "iframe", "form"} & set(page.tags), "nothing remote, nothing active"
    assert not {"src", "href", "background", "onclick"} & page.attributes
    assert "http" not in made.html
    assert not re.search(r"url\(|@import|expression|@font-face", made.html, re.IGNORECASE)
    assert "prefers-color-scheme: dark" in page.sheet


@pytest.mark.parametrize(("template", "name", "language"), CASES)
def test_text_and_html_tell_the_same(template: str, name: str, language: str) -> None:
    made = RENDERER.render(template, language, sample(template, name))
    page = " ".join(Readable(made.html).text.split())
    for line in made.text.splitlines():
        words = re.split("\u00a0?: ", line.strip(" -"))[-1]
        assert " ".join(words.split()) in page, line


NEXT = {
    "fr": "Et maintenant", "de": "Wie es weitergeht", "es": "Qué hacer ahora", "it": "Che cosa fare ora", "nl": "Wat u nu kunt doen",
    "pt": "O que fazer agora",
}  # fmt: skip
# Lines that are the same in two languages: words of others, and what is typed and shown as it is.
SAME = re.compile(
    r"  |---|-- $|Support <|Printer on|Contact|Status: open$|Team: support$|Details$|[A-Z][\w-]+: \S|\[#?\w+ ?\w+\]|- #|Details$|Mail <"
)


@pytest.mark.parametrize("language", NEXT)
@pytest.mark.parametrize("template", TEMPLATES)
def test_each_language_is_itself(template: str, language: str) -> None:
    english, other = (RENDERER.render(template, code, sample(template)) for code in ("en", language))
    assert NEXT[language] in other.text
    assert f'<html lang="{language}"' in other.html
    assert "What to do next" in english.text
    ours = set(english.text.splitlines()) & set(other.text.splitlines())
    assert [line for line in ours if line and not SAME.match(line)] == []


def test_every_language_is_shipped_and_no_other() -> None:
    assert set(RENDERER.languages) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("en", "There are 2 new comments"),
        ("fr", "Il y a 2 nouveaux"),
        ("fr-CA", "Il y a 2 nouveaux"),
        ("FR", "Il y a 2 nouveaux"),
        ("de-AT", "Zum Ticket Nr.\u00a012 gibt es 2 neue"),
        ("pt-BR", "Há 2 novos"),
        ("xx", "There are"),
        ("", "There are"),
    ],
)
def test_language(language: str, first: str) -> None:
    assert RENDERER.render("update", language, sample("update")).text.startswith(first)


def test_unknown_language_is_the_gateways() -> None:
    french = Renderer(Config(gateway=Gateway(language="fr")))
    assert french.render("update", "xx", sample("update")).text.startswith("Il y a")
    assert french.render("update", "en", sample("update")).text.startswith("There are")


# ---- the subject bears the tag, first (2.3, 6.3)


@pytest.mark.parametrize(("template", "name", "language"), CASES)
def test_subject_tag(template: str, name: str, language: str) -> None:
    context = sample(template, name)
    subject = RENDERER.render(template, language, context).subject
    number = (context.get("ticket") or {}).get("number")
    assert subject.startswith(f"[#{number}] ") if number else "#" not in subject
    assert not re.search(r"\[(outage|degraded|escalat)", subject)
    assert subject.isprintable() or "\u00a0" in subject


def test_subject_prefix() -> None:
    renderer = Renderer(Config(gateway=Gateway(subject_prefix="Acme")))
    made = renderer.render("acknowledgement", "en", sample("acknowledgement"))
    assert made.subject == "[Acme #12] Printer on floor 3 prints blank pages"
    assert "[#12]" not in made.text


@pytest.mark.parametrize(
    "title", ["", "[#99] other", "a\r\nBcc: x@y", "\x00\u202e", "x" * 5000, "[#12] twice"]
)
def test_any_title(title: str) -> None:
    context = sample("update")
    context["ticket"]["title"] = title
    subject = RENDERER.render("update", "en", context).subject
    assert subject.startswith("[#12]")
    assert subject.count("[#12]") == 1
    assert len(subject) <= 510
    assert not re.search("[\x00-\x1f\u202e]", subject)


# ---- a customer's words are data

HOSTILE = [
    "{{ 7 * 7 }}", "{% include 'footer.txt' %}", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "%(who)s", "{who}",
    "{0.__class__}", "&lt;", "</td></tr></table>", "javascript:alert(1)", "\u202etxt.exe", "a\r\n.\r\nb", "%s%n", "<!--", "]]>",
]  # fmt: skip


def filled(value: Any, words: str) -> Any:
    """The context with `words` for every string but the closed lists and times."""
    if isinstance(value, dict):
        closed = {"code", "at", "state", "status", "severity", "audience", "created"}
        return {k: v if k in closed else filled(v, words) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(v, words) for v in value]
    return words if isinstance(value, str) else value


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("template", TEMPLATES)
def test_words_of_anybody_are_data(template: str, words: str) -> None:
    plain = RENDERER.render(template, "fr", filled(sample(template), "word"))
    made = RENDERER.render(template, "fr", filled(sample(template), words))
    page = Readable(made.html)
    assert [t for t in page.tags if t != "br"] == [t for t in Readable(plain.html).tags if t != "br"]
    assert "49" not in made.text
    shown = " ".join(words.replace("\u202e", "").split())
    assert shown in " ".join(page.text.split())
    assert shown in " ".join(made.text.split())
    assert "\u202e" not in made.text + made.html + made.subject


@pytest.mark.slow
@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_no_words_break_a_mail(words: str) -> None:
    for template in TEMPLATES:
        made = RENDERER.render(template, "en", filled(sample(template), words))
        assert Readable(made.html).open == []
        made.subject.encode()
        made.text.encode()


def test_layout_of_a_comment_is_kept() -> None:
    context = sample("update")
    context["comments"][0]["text"] = "first\r\n\tindented\n\n  two"
    made = RENDERER.render("update", "en", context)
    assert "\n  first\n      indented\n\n    two\n" in made.text
    assert "first<br>\n&nbsp; &nbsp; indented<br>\n<br>\n&nbsp; two<" in made.html


# ---- size


@pytest.mark.parametrize("letter", ['"', "é", "漢", "😀", "a", "\n", "  ", "<"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_no_mail_grows_too_large(template: str, letter: str) -> None:
    context = filled(sample(template), letter * 400_000)
    for comment in context.get("comments", []):
        comment["files"] = comment["files"] * 100
    for key in ("comments", "events", "history", "warnings", "problems"):
        context[key] = context.get(key, []) * 100
    understood = context.get("understood", {})
    context["understood"] = {k: v * 200 if isinstance(v, list) else v for k, v in understood.items()}
    made = RENDERER.render(template, "en", context)
    assert max(len(made.text.encode()), len(made.html.encode())) <= MAX_SIZE
    assert "This mail was shortened" in made.text
    assert len(made.subject) <= 540


def test_a_long_comment_is_cut_with_a_notice() -> None:
    context = sample("update")
    context["comments"][0]["text"] = "line\n" * 10_000
    made = RENDERER.render("update", "fr", context)
    assert "[Le texte continue." in made.text
    assert "[Le texte continue." in made.html
    assert "Hello?" in made.text, "the next comment still has room"
    assert made.text.count("  line\n") <= MAX_TEXT / 5 + 1
    assert "abrégé" in made.text


def test_a_long_history_keeps_its_end() -> None:
    history = [
        {"code": "device_added", "params": {"device": f"D{n}.", "who": "x"}, "at": "", "by": ""}
        for n in range(500)
    ]
    made = RENDERER.render("escalation", "en", sample("escalation", history=history))
    assert "D499." in made.text
    assert "D0." not in made.text
    assert made.text.count("- ") <= MAX_LIST + 20


# ---- what each mail must say


def lines(made: Rendered) -> list[str]:
    return [line.strip() for line in made.text.splitlines()]


def test_acknowledgement_says_what_was_understood() -> None:
    """5.3, 3.4, 3.5, 3.8: files, recipients, held and left-out ones, commands not done, by name."""
    got = lines(RENDERER.render("acknowledgement", "en", sample("acknowledgement")))
    assert "Thank you. Your mail has reached us and is ticket #12. A person will answer you." in got
    assert {
        "Assignee: Bob Client <bob@acme.example>",
        "Recipients: eve@acme.example, zoe@partner.example",
        "Recipients waiting for confirmation: unknown@elsewhere.example",
        "Recipients left out (5 at most): sixth@acme.example",
        "Devices: PRN-3-01",
        "Files kept: test page.pdf, photo.jpg",
        "Files left out (2 at most): log.txt",
        "Done: Severity: degraded",
        "Not done: “Assign: somebody@other.example” (the assignee must belong to the same account)",
    } <= set(got)


def test_notice_holds_none_of_the_senders_words() -> None:
    """4.4: a notice to a stranger must be of no use for sending him somebody's text."""
    context = filled(sample("acknowledgement", "notice"), "SPAM")
    context["comments"] = filled(sample("update")["comments"], "SPAM")
    context["events"] = filled(sample("update")["events"], "SPAM")
    for language in ("en", "fr"):
        made = RENDERER.render("acknowledgement", language, context)
        assert "SPAM" not in made.subject + made.text + made.html
        assert made.subject.startswith("[#12] ")


@pytest.mark.parametrize(
    ("audience", "inside", "held", "hint", "leave"),
    [
        ("assignee", False, False, False, False),
        ("recipient", False, False, False, True),
        ("team", True, True, True, False),
        ("agent", True, True, True, False),
        ("notify_list", True, True, True, False),
        ("", False, False, False, False),
    ],
)
def test_who_sees_what(audience: str, inside: bool, held: bool, hint: bool, leave: bool) -> None:
    """Held recipients, the team and the hints for agents are for staff; only a recipient is told how to leave."""
    more = {"leave_address": "support+leave@example.com" if leave else ""}
    made = RENDERER.render("update", "en", sample("update", audience=audience, inside=inside, **more))
    assert ("unknown@elsewhere.example" in made.text) is held
    assert ("unknown@elsewhere.example" in made.html) is held
    assert ("Private: yes" in made.text) is hint
    assert ("send an empty mail to support+leave@example.com" in made.text) is leave


@pytest.mark.parametrize(
    ("template", "name", "stays"),
    [("update", "team", True), ("escalation", "full", True), ("new_ticket", "full", False)],
)
def test_where_a_reply_of_staff_goes(template: str, name: str, stays: bool) -> None:
    """3.8: a reply to a private note or an escalation stays inside unless it says otherwise."""
    made = RENDERER.render(template, "en", sample(template, name))
    assert ("Private: no" in made.text) is stays
    assert ("Private: yes" in made.text) is not stays


def test_new_ticket_says_whom_to_believe() -> None:
    made = RENDERER.render("new_ticket", "en", sample("new_ticket"))
    assert "Sender: not verified: the name may be false (no DKIM signature and no SPF record)" in made.text
    assert "Warning: the sender looks like bob@acrne.example: check the address" in made.text


def test_escalation_says_why_and_since_when() -> None:
    got = lines(RENDERER.render("escalation", "fr", sample("escalation")))
    assert "Le ticket n°\u00a012 est escaladé au niveau 2 (superviseur)." in got
    assert "Âge du ticket\u00a0: 3\u00a0heures 25 minutes" in got
    assert "Nobody can print and the deadline is today." in got
    assert "- 23 nov. 2026, 10:00 UTC\u00a0: Ticket ouvert par bob@acme.example" in got


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_problem_is_told(code: str) -> None:
    problem = next(p for told in SAMPLES["problem"].values() for p in told["problems"] if p["code"] == code)
    for language in ("en", "fr"):
        made = RENDERER.render("problem", language, sample("problem", problems=[problem]))
        for value in (v for k, v in problem["params"].items() if k != "why"):
            for item in value if isinstance(value, list) else [value]:
                expected = "23 " if "T" in str(item)[10:11] else str(item).splitlines()[0]
                assert expected in made.text


@pytest.mark.parametrize("code", SENTENCES)
def test_each_event_is_told_in_french(code: str) -> None:
    names = re.findall(r"{(\w+)}", SENTENCES[code])
    event = {"code": code, "params": {name: f"<{name}>" for name in names}, "at": "", "by": ""}
    english, french = (
        RENDERER.render("update", c, sample("update", "minimal", events=[event])) for c in ("en", "fr")
    )
    for name in names:
        assert f"<{name}>" in french.text
        assert f"&lt;{name}&gt;" in french.html
    told = {
        c: next(line for line in lines(made) if line.startswith("- "))
        for c, made in (("en", english), ("fr", french))
    }
    assert told["en"] != told["fr"]


@pytest.mark.parametrize(
    "event",
    [{"code": "no_such_code", "params": {"a": "b"}}, {"code": "status", "params": {}}, {"code": "opened"}],
    ids=["unknown code", "no params", "params missing"],
)
def test_a_faulty_event_costs_its_sentence_only(event: dict[str, Any]) -> None:
    made = RENDERER.render("update", "en", sample("update", "minimal", events=[event]))
    assert f"- {event['code'].replace('_', ' ')}" in made.text


def test_numbers_and_values_are_told_in_words() -> None:
    context = sample("update", "minimal")
    context["ticket"]["severity"] = 1
    context["events"] = [{"code": "severity", "params": {"old": 3, "new": 1, "who": "clock"}}]
    made = RENDERER.render("update", "fr", context)
    assert "Gravité\u00a0: panne" in made.text
    assert "Gravité changée de question à panne par l’horloge" in made.text


# ---- what a row of an older program lacks


@pytest.mark.parametrize("template", TEMPLATES)
def test_least_context(template: str) -> None:
    made = RENDERER.render(template, "en", {"ticket": {"number": 5, "title": "T"}})
    assert made.subject.startswith("[#5]")
    RENDERER.render(template, "en", {})


# ---- errors


def test_unknown_template() -> None:
    with pytest.raises(TemplateError, match="nothing"):
        RENDERER.render("nothing", "en", {})


@pytest.fixture
def own(tmp_path: Any, compiled_once: None) -> Callable[[], Renderer]:
    return lambda: Renderer(Config(templates={"path": str(tmp_path)}))


@pytest.mark.parametrize(
    ("name", "source", "line", "cause"),
    [
        ("update.txt", "a\n\n{{ no_such_name }}\n", 3, "no_such_name"),
        ("update.txt", "a\n{% if %}\n", 2, "Expected an expression"),
        (
            "update.txt",
            '{% extends "layout.txt" %}\n{% block body %}\n{{ ticket.nmber }}{% endblock %}',
            3,
            "nmber",
        ),
        ("update.html", "{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("update.html", "{{ comments.append(1) }}", 1, "unsafe"),
        ("update.html", "{{ 1 / 0 }}", 1, "ZeroDivisionError"),
        ("update.subject", "\n{% include 'nowhere.txt' %}", 0, "nowhere.txt"),
        ("update.txt", "{{ 'x' * 300000 }}", 0, "256 KiB"),
        ("footer.txt", "\n\n{{ gateway.adress }}", 3, "adress"),
    ],
)
def test_a_broken_override_is_named(
    own: Any, tmp_path: Any, name: str, source: str, line: int, cause: str
) -> None:
    (tmp_path / name).write_text(source)
    with pytest.raises(TemplateError, match=re.escape(cause)) as caught:
        own().render("update", "en", sample("update"))
    assert caught.value.template == name
    assert caught.value.line == line


def test_an_override_goes_over_ours_file_by_file(own: Any, tmp_path: Any) -> None:
    (tmp_path / "footer.txt").write_text("Best regards, {{ gateway.name }}\n")
    made = own().render("update", "en", sample("update"))
    assert made.text.endswith("\n-- \nBest regards, Support\n")
    assert made.html == RENDERER.render("update", "en", sample("update")).html


def test_own_sentences_go_over_ours_one_by_one(own: Any, tmp_path: Any) -> None:
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale" / "fr.po").write_text('msgid "What to do next"\nmsgstr "La suite"\n', "utf-8")
    (tmp_path / "locale" / "de.po").write_text('msgid "What to do next"\nmsgstr "Wie weiter"\n', "utf-8")
    (tmp_path / "locale" / "pl.po").write_text('msgid "What to do next"\nmsgstr "Co dalej"\n', "utf-8")
    renderer = own()
    french = renderer.render("update", "fr", sample("update")).text
    assert "La suite" in french
    assert "Il y a 2 nouveaux commentaires" in french
    german = renderer.render("update", "de", sample("update")).text
    assert "Wie weiter" in german
    polish = renderer.render("update", "pl", sample("update")).text
    assert "Co dalej" in polish
    assert "There are 2 new comments" in polish, "what is not translated stays English"
