"""The documents keep up with the program: every command, setting, template and sentence is in them, and nothing that is not."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mailgate.cli.root import command
from mailgate.config import Config, SmtpUser
from mailgate.model import Kind, Outcome
from mailgate.render import PROBLEMS, TEMPLATES
from mailgate.words import SENTENCES

ROOT = Path(__file__).parent.parent
OPERATION = (ROOT / "docs/operation.md").read_text("utf-8")
BEHAVIOUR = (ROOT / "docs/behaviour.md").read_text("utf-8")
DESIGN = (ROOT / "docs/design.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
SHIPPED = (ROOT / "config/mailgate.toml").read_text("utf-8")
SECURITY = (ROOT / "docs/security.md").read_text("utf-8")
PAGES = {
    "README.md": README,
    "docs/mails.md": (ROOT / "docs/mails.md").read_text("utf-8"),
    "docs/commands.md": (ROOT / "docs/commands.md").read_text("utf-8"),
    "docs/security.md": SECURITY,
    "docs/operation.md": OPERATION,
    "docs/behaviour.md": BEHAVIOUR,
    "docs/design.md": DESIGN,
}


def leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be run, with its words."""
    inner = getattr(node, "commands", {})
    if not inner or (path and node.invoke_without_command):
        yield path, node
    for name, child in inner.items():
        yield from leaves(child, (*path, name))


COMMANDS = dict(leaves(command()))


def keys() -> Iterator[tuple[str, str]]:
    for section, field in Config.model_fields.items():
        if section == "source":
            continue
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from ((section, key) for key in model.model_fields)
        else:
            yield "", section


KEYS = list(keys())


def section_of(text: str, section: str) -> str:
    """The lines of the shipped settings between [section] and the next one."""
    if not section:
        return text.partition("\n[")[0]
    return text.partition(f"\n[{section}]\n")[2].partition("\n\n\n[")[0]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_documented_and_has_help(words: tuple[str, ...]) -> None:
    assert f"`mailgate {' '.join(words)}" in OPERATION
    assert len(COMMANDS[words].help or "") > 10


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_has_help(words: tuple[str, ...]) -> None:
    options = [each for each in COMMANDS[words].params if each.param_type_name == "option"]
    assert [each.name for each in options if not each.help] == []


@pytest.mark.parametrize(("section", "key"), KEYS, ids=lambda v: v)
def test_every_setting_is_explained_where_it_is_set(section: str, key: str) -> None:
    lines = section_of(SHIPPED, section).splitlines()
    at = next((n for n, line in enumerate(lines) if re.match(rf"#?{key} = ", line)), None)
    assert at is not None, f"config/mailgate.toml: [{section}] lacks {key}"
    above = at
    while above and not lines[above - 1].startswith("# ") and lines[above - 1]:
        above -= 1  # keys that share one explanation
    prose = []
    while above and lines[above - 1].startswith("# "):
        above -= 1
        prose.append(lines[above])
    assert "efault" in " ".join(prose), f"config/mailgate.toml: {section}.{key} does not say its default"


@pytest.mark.parametrize(("section", "key"), KEYS, ids=lambda v: v)
def test_every_setting_is_in_the_overview(section: str, key: str) -> None:
    row = next(
        line
        for line in OPERATION.splitlines()
        if line.startswith(f"| `{section}` |" if section else "| (top) |")
    )
    assert f"`{key}`" in row


def test_the_overview_names_no_setting_that_is_not() -> None:
    for line in OPERATION.splitlines():
        if (found := re.match(r"\| `(\w+)` \| (`\w+`(?:, `\w+`)*) \|$", line)) and found[
            1
        ] in Config.model_fields:
            assert {(found[1], key) for key in re.findall(r"\w+", found[2])} <= set(KEYS)


def test_the_commented_values_are_the_defaults() -> None:
    """Uncommenting every `#key = value` changes nothing."""
    values = tomllib.loads(re.sub(r"^#(?=[a-z_]+ = )", "", SHIPPED, flags=re.M))
    assert {(s, k) for s, v in values.items() if isinstance(v, dict) for k in v} | {
        ("", "data_dir"),
        ("", "imap"),
    } == set(KEYS)
    assert Config(**values) == Config()


def test_the_example_of_a_login_is_right() -> None:
    example = SHIPPED.partition("# [smtp.users.printer]\n")[2].split("\n\n")[0]
    SmtpUser(**tomllib.loads(example.replace("# ", "")))


@pytest.mark.parametrize("code", SENTENCES)
def test_every_sentence_of_the_history_is_documented(code: str) -> None:
    row = next((line for line in BEHAVIOUR.splitlines() if line.startswith(f"| `{code}` |")), None)
    assert row is not None
    assert re.sub(r"\{\w+\}", "…", SENTENCES[code]) in row


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_is_documented(code: str) -> None:
    assert f"`{code}`" in BEHAVIOUR


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_documented(name: str) -> None:
    assert f"`{name}`" in OPERATION


@pytest.mark.parametrize("word", [*Kind, *Outcome])
def test_every_kind_and_outcome_is_documented(word: str) -> None:
    assert re.search(rf"\b{word}\b", BEHAVIOUR)


def blocks(text: str) -> Iterator[str]:
    yield from re.findall(r"```sh\n(.*?)```", text, flags=re.S)
    yield from re.findall(r"`((?:mailgate|make) [^`]+)`", text)


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_the_pages_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.M))
    for block in blocks(PAGES[page]):
        for target in re.findall(r"(?:^|&& )make ([a-z]+)", block, flags=re.M):
            assert target in targets, f"{page}: make {target}"
        for words in re.findall(r"(?:^|&& |; )mailgate((?: [a-z]+)+)", block, flags=re.M):
            named = tuple(words.split())
            fits = [
                known for known in COMMANDS if named[: len(known)] == known or known[: len(named)] == named
            ]
            assert fits, f"{page}: mailgate{words}"


@pytest.mark.parametrize("page", PAGES)
def test_links_between_the_pages_lead_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGES[page]):
        file, _, anchor = target.partition("#")
        path = (folder / file).resolve() if file else ROOT / page
        assert path.exists(), f"{page} links to {target}"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), flags=re.M)
            assert anchor in {
                re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles
            }


def proofs() -> Iterator[tuple[str, str]]:
    """Each row of the table of threats, and each `path::test` or `path` of its last column; "::test" repeats the path."""
    for line in SECURITY.splitlines():
        if row := re.match(r"\| (T\d+) .*\| (.*) \|$", line):
            path = ""
            for named in re.findall(r"`([^`]*)`", row[2]):
                path = named.partition("::")[0] or path
                yield row[1], f"{path}::{named.partition('::')[2]}" if "::" in named else path


@pytest.mark.parametrize(("threat", "named"), [*proofs()], ids=lambda v: v)
def test_every_proof_of_a_threat_exists(threat: str, named: str) -> None:
    """A path without a folder stands in tests/security, and bears the number of its threat."""
    file, _, test = named.partition("::")
    folder = ROOT if "/" in file else ROOT / "tests/security"
    found = sorted(folder.glob(file))
    assert found, f"{threat}: there is no {file}"
    if "/" not in file and file.startswith("test_"):
        assert file.startswith(f"test_{threat.lower()[0]}{int(threat[1:]):02}_")
    if test:
        assert re.search(rf"^(?:async )?def {re.escape(test)}\(", found[0].read_text("utf-8"), flags=re.M), (
            f"{threat}: {named}"
        )


def test_every_threat_has_a_row_with_a_proof() -> None:
    assert {threat for threat, _ in proofs()} == {f"T{n}" for n in range(1, 33)}


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 130


def test_the_changelog_says_what_is_unreleased() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
