"""The supervisor: who dies comes back, what cannot start ends the whole, nobody outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

# A role that does what its name says: writes its pid, says that it is ready, lives.
ROLE = """
import os, signal, sys, time
from pathlib import Path
from mailgate.supervisor import tell_ready
kind, folder = sys.argv[1], Path(sys.argv[2])
with open(folder / kind, "a") as file:
    file.write(f"{os.getpid()} {time.monotonic()}\\n")
starts = len((folder / kind).read_text().splitlines())
if kind.startswith("exit"):
    sys.exit(int(kind[4:]))
if kind == "late78" and starts > 1:
    sys.exit(78)
if kind == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
tell_ready(f"{kind} here")
if kind == "late78" or kind == "dies":
    time.sleep(0.05)
    os._exit(1)
while True:
    time.sleep(60)
"""

SUPERVISOR = """
import sys
from mailgate import supervisor
supervisor.FIRST_PAUSE, supervisor.DRAIN_SECONDS = 0.1, 1.0
commands = {kind: [sys.executable, "-c", sys.argv[1], kind, sys.argv[2]] for kind in sys.argv[3:]}
import os
spare = frozenset({"exit064"})
ready = lambda said: print("READY", dict(said), flush=True)
sys.exit(supervisor.Supervisor(commands, dict(os.environ), ready, spare=spare).run())
"""

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Run]:
    started: list[subprocess.Popen[str]] = []

    def run(*kinds: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SUPERVISOR, ROLE, str(tmp_path), *kinds]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def starts(folder: Path, kind: str) -> list[tuple[int, float]]:
    path = folder / kind
    lines = path.read_text().splitlines() if path.exists() else []
    return [(int(pid), float(at)) for pid, at in (line.split() for line in lines)]


def eventually(true: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_it_says_once_that_all_are_ready_and_what_they_said(supervise: Run) -> None:
    process = supervise("one", "two")
    assert process.stdout is not None
    assert process.stdout.readline() == "READY {'one': 'one here', 'two': 'two here'}\n"
    process.terminate()
    assert process.wait(20) == 0


def test_a_role_that_dies_comes_back_after_a_growing_pause(supervise: Run, tmp_path: Path) -> None:
    supervise("dies", "one")
    eventually(lambda: len(starts(tmp_path, "dies")) >= 4)
    at = [moment for _, moment in starts(tmp_path, "dies")]
    assert at[1] - at[0] >= 0.1
    assert at[3] - at[2] >= 0.4
    assert len(starts(tmp_path, "one")) == 1, "the other one was left alone"


def test_a_role_that_was_killed_comes_back(supervise: Run, tmp_path: Path) -> None:
    process = supervise("one")
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(starts(tmp_path, "one")[0][0], signal.SIGKILL)
    eventually(lambda: len(starts(tmp_path, "one")) == 2)


@pytest.mark.parametrize("code", [64, 66, 69, 78])
def test_what_no_restart_mends_ends_the_whole_with_its_code(
    supervise: Run, tmp_path: Path, code: int
) -> None:
    process = supervise("one", f"exit{code}")
    assert process.wait(30) == code
    assert len(starts(tmp_path, f"exit{code}")) == 1
    eventually(lambda: not any(lives(pid) for pid, _ in starts(tmp_path, "one")))


def test_a_spare_role_keeps_nobody_waiting_and_ends_nobody(supervise: Run, tmp_path: Path) -> None:
    process = supervise("exit064", "one")
    assert process.stdout is not None
    said = iter(process.stdout.readline, "")  # its log among it
    assert (
        next(line for line in said if line.startswith("READY"))
        == "READY {'exit064': '', 'one': 'one here'}\n"
    )
    eventually(lambda: len(starts(tmp_path, "exit064")) >= 2)
    assert process.poll() is None


@pytest.mark.parametrize("code", [1, 70, 75])
def test_our_trouble_of_the_moment_is_tried_again(supervise: Run, tmp_path: Path, code: int) -> None:
    process = supervise(f"exit{code}")
    eventually(lambda: len(starts(tmp_path, f"exit{code}")) >= 3)
    assert process.poll() is None


def test_once_it_worked_a_role_is_started_again_whatever_its_code(supervise: Run, tmp_path: Path) -> None:
    """A people file that an operator is writing at this moment must not end the listener."""
    process = supervise("late78")
    eventually(lambda: len(starts(tmp_path, "late78")) >= 3)
    assert process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_in_order(supervise: Run, tmp_path: Path, number: int) -> None:
    process = supervise("one", "two")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    assert process.wait(20) == 0
    assert not any(lives(pid) for kind in ("one", "two") for pid, _ in starts(tmp_path, kind))


def test_a_role_that_does_not_end_is_killed(supervise: Run, tmp_path: Path) -> None:
    process = supervise("stubborn")
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    assert process.wait(20) == 0
    assert not lives(starts(tmp_path, "stubborn")[0][0])


def test_no_role_outlives_a_supervisor_that_was_killed(supervise: Run, tmp_path: Path) -> None:
    process = supervise("one", "two")
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    eventually(lambda: not any(lives(pid) for kind in ("one", "two") for pid, _ in starts(tmp_path, kind)))
