"""T23: a mail's words are values, never source (Jinja2's from_string on a subject ran programs)."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from security.desk import BOB, Desk
from security.test_t22_markup import CONTEXTS, put

from mailgate.config import Config
from mailgate.render import Renderer, TemplateError
from mailgate.render.check import samples
from mailgate.render.renderer import MAX_SIZE

HOUSE = Path(__file__).parents[2] / "mailgate"
SOURCES = (
    "{{7*7}}",
    "{{ config }}",
    "{% for x in range(999999) %}x{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "{# gone #}kept",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "%(number)s %s {number} {0.__class__}",
    "{% raw %}x{% endraw %}",
    "{{ gateway.address }}",
    "{% include 'layout.txt' %}",
)  # fmt: skip


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Config())


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("template", "name"), CONTEXTS)
def test_every_field_stands_there_as_it_was_written(
    renderer: Renderer, template: str, name: str, source: str
) -> None:
    context = put(samples()[template][name], source)
    for language in ("en", "fr"):
        made = renderer.render(template, language, context)
        plain = renderer.render(template, language, put(samples()[template][name], "zqz")).text
        assert made.text.count(source) == plain.count("zqz")
        assert "49" not in made.text.replace("7*7", "")
        assert "x" * 50 not in made.text
        assert "NoneType" not in made.text


@pytest.mark.parametrize("source", SOURCES)
def test_also_in_a_true_mail(desk: Desk, source: str) -> None:
    desk.write(f'"{source.replace(chr(34), "")}" <{BOB}>', source, f"{source}\n", believed=True)
    out = desk.deliver()
    assert len(out) == 2
    for sent in out:
        assert source in sent.part("plain")
        assert source in sent.header("Subject")


def test_templates_come_from_disk_only() -> None:
    """Nothing in the house makes a template of a text."""
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = (
                node.attr
                if isinstance(node, ast.Attribute)
                else node.id
                if isinstance(node, ast.Name)
                else ""
            )
            assert name not in ("from_string", "eval", "exec"), f"{path}: {name}"


def test_the_operators_templates_are_boxed_in(renderer: Renderer) -> None:
    """What somebody may edit cannot reach Python, nor write without end."""
    environment = renderer._speech["en"][0]
    assert isinstance(environment, ImmutableSandboxedEnvironment)
    for source in ("{{ ''.__class__.__mro__ }}", "{{ gateway.__init__.__globals__ }}", "{{ [].append(1) }}"):
        with pytest.raises(SecurityError):
            environment.from_string(source).render(gateway=object())


def test_a_template_that_writes_without_end_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "update.txt").write_text("{% for x in range(99999) %}" + "x" * 100 + "{% endfor %}")
    boxed = Renderer(Config.model_validate({"templates": {"path": str(tmp_path)}}))
    context: dict[str, Any] = samples()["update"]["full"]
    with pytest.raises(TemplateError, match=f"more than {MAX_SIZE // 1024} KiB"):
        boxed.render("update", "en", context)
