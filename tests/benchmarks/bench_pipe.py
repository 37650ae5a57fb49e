"""Benchmark: `mailgate deliver`, from its start to its exit code 0, beside a bare interpreter.

    .venv/bin/python tests/benchmarks/bench_pipe.py [--rounds 30]

Both run in turn; medians and their difference are printed, as wall time and as CPU time (which a busy machine changes less).
*Cold* is a run whose files were put out of the page cache (posix_fadvise) and whose Python has no bytecode yet.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
ROOT = Path(__file__).parents[2]
AIM = 60.0  # ms above the bare interpreter, warm
MAIL = b"From: a@example.org\nTo: support@example.com\nSubject: bench\n\n" + b"x" * 70 + b"\n" * 100


def once(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU milliseconds of one run."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    assert process.stdin is not None
    process.stdin.write(MAIL)
    process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command}: exit code {process.returncode}")
    return (time.perf_counter() - began) * 1e3, (used.ru_utime + used.ru_stime) * 1e3


def forget(folder: Path) -> None:
    """Put the files of a folder out of the page cache."""
    for path in folder.rglob("*.py"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    from doors.listener import Listener

    from mailgate.config import Config

    folder = Path(tempfile.mkdtemp(prefix="mailgate-bench-"))
    (folder / "mailgate.toml").write_text(f'data_dir = "{folder}"\n')
    listener = Listener(Config(data_dir=folder), door="unix")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    cold = {**environment, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(folder / "none")}
    program = [sys.executable, "-m", "mailgate", "--config", str(folder / "mailgate.toml"), "deliver"]
    runs = {
        "bare": ([sys.executable, "-c", "pass"], environment),
        "warm": (program, environment),
        "cold": (program, cold),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    try:
        once(program, environment)
        for _ in range(options.rounds):
            for name, (command, variables) in runs.items():
                if name == "cold":
                    forget(ROOT / "mailgate")
                found[name].append(once(command, variables))
    finally:
        listener.close()
        shutil.rmtree(folder, ignore_errors=True)
    report(found)


def report(found: dict[str, list[tuple[float, float]]]) -> None:
    bare = found["bare"]
    print("mailgate deliver, ms: median of wall time (best), CPU time; above a bare interpreter")
    for name, runs in found.items():
        wall, cpu = (sorted(each[index] for each in runs) for index in (0, 1))
        line = f"{name:<5} {statistics.median(wall):7.1f} ({wall[0]:.1f})  CPU {statistics.median(cpu):6.1f}"
        if name != "bare":
            above = statistics.median(a[0] - b[0] for a, b in zip(runs, bare, strict=True))
            above_cpu = statistics.median(a[1] - b[1] for a, b in zip(runs, bare, strict=True))
            line += f"   above bare: {above:.1f}, CPU {above_cpu:.1f}"
            line += f" (aim {AIM:.0f})" if name == "warm" else ""
        print(line)


if __name__ == "__main__":
    main()
