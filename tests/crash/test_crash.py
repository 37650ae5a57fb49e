"""The crash harness as a test: nothing is lost or doubled, and the harness would see it if something were."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.crash
HARNESS = Path(__file__).with_name("harness.py")


def trial(*words: str) -> tuple[int, dict[str, Any], str]:
    result = subprocess.run(
        [sys.executable, str(HARNESS), *words], capture_output=True, text=True, timeout=540, check=False
    )
    assert result.stdout, result.stderr
    return result.returncode, json.loads(result.stdout), result.stderr


def test_forty_kills_lose_and_double_nothing() -> None:
    code, report, log = trial("--kills", "40")
    assert code == 0, f"{json.dumps(report, indent=1)}\n{log}"
    assert report["kills"] == 40
    assert report["promises"] > 0
    assert report["outcomes"]["comment"] > 0
    assert len(report["points_without_a_kill"]) <= 5, "a kill at (almost) every step"


@pytest.mark.parametrize(
    ("mutant", "fault"),
    [("ack-before-commit", "lost"), ("ledger-apart", "effect_lost")],
    ids=lambda value: value,
)
def test_a_broken_promise_is_caught(mutant: str, fault: str) -> None:
    code, report, _ = trial("--kills", "40", "--mutant", mutant)
    assert code == 1
    assert fault in report["faults"], json.dumps(report, indent=1)
