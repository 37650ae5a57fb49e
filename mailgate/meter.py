"""Keeps the counters of each process in a small file, so that the web process can show them all.

Laws: a file a process, replaced whole; a counter goes on from its file after a restart; a disk that is full costs the
numbers and nothing else (which is why this is no shared memory file: a page of one that cannot be written kills).
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mailgate import counters
from mailgate.counters import FAMILIES, Numbers

FLUSH_SECONDS = 2.0
FRESH_SECONDS = 30.0  # an older file's gauges are those of a process that is gone
_LONGEST_FILE = 1_000_000


@contextmanager
def keeping(data_dir: Path, process: str) -> Iterator[None]:
    """While it lasts, `data_dir/metrics/PROCESS.json` follows the counters of this process."""
    path = data_dir / "metrics" / f"{process}.json"
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    counters.resume(_read(path)[0].counts)
    stop = threading.Event()

    def follow() -> None:
        while not stop.wait(FLUSH_SECONDS):
            flush(path)

    thread = threading.Thread(target=follow, name="meter", daemon=True)
    flush(path)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(FLUSH_SECONDS)
        flush(path)


def flush(path: Path) -> None:
    """Write the numbers of this process. What hinders it is no reason to stop."""
    now = counters.numbers()
    text = json.dumps(
        {
            "at": time.time(),
            "counts": [[name, labels, value] for (name, labels), value in now.counts.items()],
            "gauges": [[name, labels, value] for (name, labels), value in now.gauges.items()],
            "beats": dict(now.beats),
        },
        separators=(",", ":"),
    )
    beside = path.with_suffix(".new")
    with suppress(OSError):
        beside.write_text(text, "utf-8")
        os.replace(beside, path)


def together(data_dir: Path) -> Numbers:
    """The sum over all processes; of gauges those of processes that live, of beats the latest."""
    counts: dict[Any, float] = {}
    gauges: dict[Any, float] = {}
    beats: dict[str, float] = {}
    for path in sorted((data_dir / "metrics").glob("*.json")):
        found, at = _read(path)
        for key, value in found.counts.items():
            counts[key] = counts.get(key, 0) + value
        if abs(time.time() - at) < FRESH_SECONDS:
            gauges.update(found.gauges)
        for role, when in found.beats.items():
            beats[role] = max(when, beats.get(role, 0.0))
    return Numbers(counts, gauges, beats)


def _read(path: Path) -> tuple[Numbers, float]:
    """What a file holds that is still ours to show; nothing where it cannot be read."""
    try:
        if path.stat().st_size > _LONGEST_FILE:
            return Numbers({}, {}, {}), 0.0
        found = json.loads(path.read_text("utf-8"))
        counts = {(n, tuple(labels)): float(v) for n, labels, v in found["counts"] if _known(n, labels)}
        gauges = {(n, tuple(labels)): float(v) for n, labels, v in found["gauges"] if _known(n, labels)}
        beats = {str(role): float(when) for role, when in found["beats"].items()}
        return Numbers(counts, gauges, beats), float(found["at"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Numbers({}, {}, {}), 0.0


def _known(name: str, labels: list[str]) -> bool:
    return name in FAMILIES and len(labels) == len(FAMILIES[name].labels)
