"""Every cause that the rules give for a line that was not done has its sentence in `render/reasons`, so that it is told in any language."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mailgate import rules
from mailgate.render.reasons import REASONS

FOLDER = Path(next(iter(rules.__path__)))
# function → a cause is what it returns, alone or as the last of a tuple; or what it calls `why`
GIVERS = {
    "orders.py": {
        "why", "_refusal", "_assign", "_severity", "_category", "_device", "_notify", "_eu_support", "_status", "_escalate", "_private",
    },
    "naming.py": {"why", "recipient", "_one_recipient"},
    "limits.py": {"unfit", "change_devices"},
}  # fmt: skip


def shape(node: ast.expr) -> str:
    """A text with `{}` for each value; "" for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return ""


def causes(file: str) -> set[str]:
    if not (FOLDER / file).exists():
        return set()
    found: set[str] = set()
    for function in ast.walk(ast.parse((FOLDER / file).read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            value: ast.expr | None = None
            if isinstance(node, ast.Return) and function.name in GIVERS[file]:
                value = node.value
            elif isinstance(node, ast.Assign) and "why" in GIVERS[file]:
                named = [t.id for t in node.targets if isinstance(t, ast.Name)]
                value = node.value if named == ["why"] else None
            if isinstance(value, ast.Tuple):
                value = value.elts[-1]
            for choice in [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]:
                text = shape(choice) if choice is not None else ""
                if " " in text:
                    found.add(text)
    return found


@pytest.mark.parametrize("file", GIVERS)
def test_each_cause_has_its_sentence(file: str) -> None:
    known = {re.sub(r"{\w+}", "{}", cause) for cause in REASONS}
    assert sorted(causes(file) - known) == []


def test_the_search_finds_causes() -> None:
    assert {"no such command", "given more than once", "an e-mail address is needed"} <= causes("orders.py")
    assert "a ticket has at most {} devices" in causes("limits.py")
