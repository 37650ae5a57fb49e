"""`mailgate templates check`: every fault in words, none on what ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate.config import Config
from mailgate.render import TEMPLATES, check
from mailgate.render.check import samples

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("compiled_once")]


def test_what_ships_is_sound() -> None:
    assert check(Config()) == []


def test_samples_cover_every_template() -> None:
    contexts = samples()
    assert set(contexts) == set(TEMPLATES)
    assert all("full" in contexts[template] and len(contexts[template]) > 1 for template in TEMPLATES)


@pytest.mark.parametrize(
    ("file", "content", "fault"),
    [
        ("update.txt", "{{ nothing }}", "line 1: UndefinedError: 'nothing' is undefined (docs/mails.md lists the names"),
        ("update.txt", "\n{% bogus %}", "template update.txt, line 2: Encountered unknown tag 'bogus'"),
        ("update.txt", "  \n", "template update: the text is empty (language en)"),
        ("updat.txt", "hello", "template updat.txt: no template has or uses this name"),
        ("update.txt", "{{ _('Brand new') }}", "locale/fr.po: no translation of “Brand new”"),
        ("locale/pl.po", "", "locale/pl.po: no translation of “Status”"),
        ("locale/fr.po", 'msgid "Status"\nmsgstr ""\nbroken', "template locale/fr.po, line 3"),
        ("locale/nolanguage.po", "", "the name of the file is no language"),
        ("footer.html", "<p class=\"shout\">x</p>", "template footer.html, line 1: style.css has no rule “.shout { … }”"),
        ("style.css", ".a { color: red; }\n\np { color: red; }", "template style.css, line 3: a rule must look like “.name {"),
        ("style.css", ".page {\n color: red;\n", "template style.css, line 1: a rule must look like"),
        ("head.css", "a\n</style><script>", "template head.css, line 2: holds a tag"),
        ("footer.html", "{% include 'nowhere.html' %}", "there is no file nowhere.html: put it beside this one, or correct the name"),
        ("locale/fr.po", 'msgid "File"\nmsgid_plural "Files"\nmsgstr[0] "Fichier"\nmsgstr[1] ""\n',
         "no translation of “File” (with its 2 forms of the plural)"),
        ("locale/fr.po", 'msgid "Ticket #%(number)s"\nmsgstr "Ticket"\n', "same placeholders (%(number)s differs)"),
        ("locale/fr.po", 'msgid "Comment by {who}"\nmsgstr "De {qui}"\n', "same placeholders ({qui}, {who} differs)"),
    ],
)  # fmt: skip
def test_faults_in_words(tmp_path: Path, file: str, content: str, fault: str) -> None:
    (tmp_path / "locale").mkdir()
    (tmp_path / file).write_text(content, "utf-8")
    found = check(Config(templates={"path": str(tmp_path)}))
    assert any(fault in line for line in found), found


def test_missing_folder() -> None:
    (fault,) = check(Config(templates={"path": "no/such/folder"}))
    assert fault.startswith("templates.path: no/such/folder")


def test_a_part_that_a_template_includes_is_no_stray(tmp_path: Path) -> None:
    (tmp_path / "footer.txt").write_text("{% include 'ours.txt' %}")
    (tmp_path / "ours.txt").write_text("Ours")
    assert check(Config(templates={"path": str(tmp_path)})) == []
