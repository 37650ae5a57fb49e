"""Which line of a mail was kept, and which was cut: the three values of rule 3.2 laid back over the whole text.

Laws: every line of the text comes out once, in order; linear in the lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KEPT, QUOTED, SIGNATURE, COMMAND, PLAIN = "kept", "quoted", "signature", "command", "plain"


@dataclass(frozen=True, slots=True)
class Passage:
    """Neighbouring lines with one fate; `plain` where no value of the three holds them (a blank mail, a changed line)."""

    fate: str
    lines: tuple[str, ...]


def passages(explanation: Mapping[str, Any]) -> list[Passage]:
    """The whole text of an explained mail (DESIGN §6), passage by passage."""
    lines = _lines(explanation["full_text"])
    fates = _fates(lines, explanation)
    _commands(lines, fates, explanation["commands"])
    found: list[Passage] = []
    start = 0
    for end in range(1, len(lines) + 1):
        if end == len(lines) or fates[end] != fates[start]:
            found.append(Passage(fates[start], tuple(lines[start:end])))
            start = end
    return found


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if text else []


def _fates(lines: Sequence[str], explanation: Mapping[str, Any]) -> list[str]:
    """Each of the three values is a run of lines out of the text: they are taken up again in their order.

    A line that could belong to several goes where the line above went; a blank one always does.
    """
    waiting = {
        fate: [line.strip() for line in _lines(explanation[key] or "") if line.strip()]
        for fate, key in ((KEPT, "text"), (SIGNATURE, "signature"), (QUOTED, "quoted"))
    }
    at = dict.fromkeys(waiting, 0)
    fates: list[str] = []
    last = ""
    for line in lines:
        word = line.strip()
        if word:
            fitting = [
                fate for fate, rest in waiting.items() if at[fate] < len(rest) and rest[at[fate]] == word
            ]
            last = last if last in fitting or not fitting else fitting[0]
            if not fitting:
                last = PLAIN
            else:
                at[last] += 1
        fates.append(last)
    return _with_leading_blanks(fates)


def _with_leading_blanks(fates: list[str]) -> list[str]:
    first = next((fate for fate in fates if fate), PLAIN)
    return [fate or first for fate in fates]


def _commands(lines: Sequence[str], fates: list[str], commands: Sequence[Mapping[str, Any]]) -> None:
    """Marks the block at the very top that was read as commands: a line each (3.7), whatever language its key is in."""
    left = len(commands)
    for i, line in enumerate(lines):
        if not left or fates[i] != KEPT:
            return
        if line.strip():
            fates[i] = COMMAND
            left -= 1
