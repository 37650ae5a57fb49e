"""`style.css` is written into the tags of the templates: Gmail and Outlook read little else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mailgate.config import Config, resource
from mailgate.render import Renderer
from mailgate.render.check import samples
from mailgate.render.style import StyleError, inlined, rules, strangers

SHEET = rules(resource("templates/style.css").read_text("utf-8"))
HEAD = resource("templates/head.css").read_text("utf-8")


@pytest.mark.parametrize(
    ("sheet", "found"),
    [
        ("", {}),
        ("/* nothing */\n", {}),
        (".a { color: red; }", {"a": "color:red"}),
        (".a{color:red}.b-c{margin:0  0\n 1px}", {"a": "color:red", "b-c": "margin:0 0 1px"}),
        (".a { color: red; ; }", {"a": "color:red"}),
        (".a { color: red }\n.a { margin: 0 }", {"a": "color:red;margin:0"}),
        ("/* .a { x } */ .b { font: 'A b', c; }", {"b": "font:'A b', c"}),
    ],
)
def test_rules(sheet: str, found: dict[str, str]) -> None:
    assert rules(sheet) == found


@pytest.mark.parametrize(
    ("sheet", "line"),
    [
        ("p { color: red }", 1), (".a { }\n\n.b .c { }", 3), ("/* a\n b */\n@media x { }", 3),
        (".a { color: red", 1), (".a { } }", 1), (".a, .b { }", 1),
    ],
)  # fmt: skip
def test_other_css_is_refused_with_its_line(sheet: str, line: int) -> None:
    with pytest.raises(StyleError, match="must look like") as caught:
        rules(sheet)
    assert caught.value.line == line


STYLES = {
    "a": "color:red",
    "b": "margin:0",
    "c": "background-color:#ffffff;color:#000000",
    "d": "background-color:#123456",
    "e": "",
}


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ('<p class="a">x</p>', '<p class="a" style="color:red">x</p>'),
        ('<p class="a b">', '<p class="a b" style="color:red;margin:0">'),
        ('<p dir="auto" class="b" id="x">', '<p dir="auto" class="b" style="margin:0" id="x">'),
        ('<p class="none">', '<p class="none">'),
        ('<p class="e">', '<p class="e">'),
        ("<p>class=\"a\"</p>", "<p>class=\"a\"</p>"),
        ('<td class="c">', '<td class="c" bgcolor="#ffffff" style="background-color:#ffffff;color:#000000">'),
        ('<td class="c d">', '<td class="c d" bgcolor="#123456" style="background-color:#ffffff;color:#000000;background-color:#123456">'),
        ('<span class="d">', '<span class="d" style="background-color:#123456">'),
        ('{% if x %}\n<td class="b">{% else %}<td class="a">{% endif %}',
         '{% if x %}\n<td class="b" style="margin:0">{% else %}<td class="a" style="color:red">{% endif %}'),
    ],
)  # fmt: skip
def test_inlined(source: str, made: str) -> None:
    assert inlined(source, STYLES) == made
    assert made.count("\n") == source.count("\n"), "errors keep their lines"


def test_strangers() -> None:
    assert list(strangers('<p class="a x">\n<td class="b">\n<p class="y">', STYLES)) == [(1, "x"), (3, "y")]


def test_many_tags_cost_no_more_each(linear: Callable[[Callable[[int], object], int], None]) -> None:
    linear(lambda n: inlined('<td class="a b">x</td>' * n, STYLES), 60_000)
    linear(lambda n: inlined("<a " * n, STYLES), 400_000)
    linear(lambda n: rules(".a { color: red; }\n" * n), 40_000)
    linear(lambda n: rules("/*" + "*" * n + "*/"), 400_000)


def test_each_class_that_is_dark_is_light_too() -> None:
    assert set(re.findall(r"\.([a-z-]+)", HEAD)) <= set(SHEET)


def test_each_colour_has_its_dark_counterpart() -> None:
    """A class with a colour in light has one of the same kind in dark: else a dark word stands on a dark ground."""
    dark = HEAD[HEAD.index("@media (prefers-color-scheme: dark)") :]
    for name, style in SHEET.items():
        said = "".join(
            body
            for names, body in re.findall(r"([^{}]*)\{([^{}]*)\}", dark)
            if re.search(rf"\.{name}(?![\w-])", names)
        )
        if re.search(r"(?:^|;)color:", style):
            assert re.search(r"[ {]color:", said), name
        if "background-color:" in style:
            assert "background-color:" in said, name


def test_nothing_is_fetched() -> None:
    assert not re.search(
        r"url\(|@import|@font-face|expression", HEAD + resource("templates/style.css").read_text("utf-8")
    )


def test_an_operators_colours(tmp_path: Path) -> None:
    whole = resource("templates/style.css").read_text("utf-8")
    (tmp_path / "style.css").write_text(whole.replace("#0f6a80", "#884400"), "utf-8")
    (tmp_path / "head.css").write_text(".bar { background-color: #ffcc00 !important; }", "utf-8")
    made = Renderer(Config(templates={"path": str(tmp_path)})).render(
        "update", "en", samples()["update"]["minimal"]
    )
    assert 'bgcolor="#884400"' in made.html
    assert "#0f6a80" not in made.html
    assert "#ffcc00" in made.html
