"""Named points for the crash harness."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import mailgate.intake.smtp
import mailgate.spool  # noqa: F401 - both register their points
from mailgate import failpoint as points


def run(spec: str, code: str) -> subprocess.CompletedProcess[str]:
    script = f"from mailgate.failpoint import failpoint\n{code}\nprint('end')"
    environment = {**os.environ, points.VARIABLE: spec}
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=20
    )


def test_the_points_of_this_room_are_known() -> None:
    known = {
        "smtp.dot_received",
        "smtp.before_reply",
        "spool.before_insert",
        "spool.before_commit",
        "spool.after_commit",
    }
    assert known <= set(points.registered())


def test_kill_on_the_third_hit() -> None:
    done = run(
        "a.b:kill:3", "for i in range(5):\n  print(i, flush=True)\n  failpoint('a.b'); failpoint('other')"
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["0", "1", "2"]


def test_raise_once() -> None:
    done = run(
        "a:raise",
        "try:\n  failpoint('a')\nexcept Exception as e:\n  print(type(e).__name__, e)\nfailpoint('a')",
    )
    assert done.stdout.split("\n")[:2] == ["FailpointError a", "end"]


def test_sleep() -> None:
    done = run(
        "a:sleep=0.2", "import time; t = time.monotonic(); failpoint('a'); print(time.monotonic() - t)"
    )
    assert float(done.stdout.split()[0]) >= 0.2


@pytest.mark.parametrize("spec", ["a", "a:die", "a:sleep", "a:kill:x", ":kill"])
def test_a_misspelt_order_is_refused(spec: str) -> None:
    done = run(spec, "")
    assert done.returncode != 0
    assert points.VARIABLE in done.stderr
