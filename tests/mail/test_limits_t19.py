"""Threat T19: hostile and huge mail is read within bounds of processor time and memory, each in a process of its own.

The bounds are those of `tests/benchmarks/bench_limits.py`, which prints the figures: four seconds of CPU kill the child
where the aim is one, so that a busy machine fails nothing; memory does not depend on the machine.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import bench_limits as bench

ROOT = Path(__file__).resolve().parent.parent.parent
# Where some of the mail is not read, the reader is told.
SAID = {
    "100,000 To lines": "header section over 256 KiB: the rest was not read",
    "20,000 Cc addresses, folded": "a header over 32 KiB was cut: Cc",
    "multipart nested 2,000": "parts nested too deep for the size of the message: the rest was kept as one part",
    "300,000 empty parts": "more than 1000 parts: the rest was kept as one part",
    "25 MB of near delimiters": "too many lines that look like delimiters: the rest was kept as one part",
    "25 MB of text": "text over 1000000 characters was cut",
    "25 MB of HTML": "text over 1000000 characters was cut",
    "25 MB of flowed text": "text over 1000000 characters was cut",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", bench.MAILS)
def test_within_bounds(name: str) -> None:
    found, code = bench.measure(name)
    print(name, found)
    assert code == 0, found
    assert found["peak_mib"] <= bench.AIM_MEGABYTES
    assert not found["fallback"]
    said = SAID.get(name)
    assert said is None or said in found["defects"]


def test_what_goes_over_the_bounds_fails() -> None:
    """The bounds bind: a child that takes more time than they allow is killed."""
    code = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
        "import benchmarks.bench_limits as b, mailgate.mail.parse as p\n"
        "b.SECONDS = 0\n"
        "def parse(raw):\n while True: pass\n"
        "p.parse = parse; b.read_one('multipart nested 300')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode < 0
