"""Benchmark (a): durable accept, 250 after fsync, against a bare aiosmtpd and Debian's Postfix. Load by smtp-source.

    .venv/bin/python tests/benchmarks/bench_accept.py [--mails 3000] [--rounds 3] [--size 8192]

The servers run in turn within each round, on the same disk; medians are printed with their spread. Only ratios of one
run mean anything. `new` is ten sessions with a new connection for each mail.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from servers import RECIPIENT, Running, postfix, python_server

SOURCE = "/usr/sbin/smtp-source"
LOADS = {"1": (1, True), "10": (10, True), "50": (50, True), "new": (10, False)}
AIMS = {("aiosmtpd", "10"): 5.0, ("aiosmtpd", "50"): 5.0, ("postfix", "10"): 2.5, ("postfix", "50"): 4.0}


@contextlib.contextmanager
def running(name: str, base: Path) -> Iterator[Running]:
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
    folder.chmod(0o755)
    with postfix() if name == "postfix" else python_server(name, folder) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def send(server: Running, load: str, mails: int, size: int) -> tuple[float, float]:
    """Mails a second and CPU microseconds a mail of one run of smtp-source."""
    sessions, keep = LOADS[load]
    command = [SOURCE, "-m", str(mails), "-s", str(sessions), "-l", str(size), "-f", "sender@example.org"]
    command += ["-t", RECIPIENT, *(["-d"] if keep else []), f"127.0.0.1:{server.port}"]
    cpu, began = server.cpu_seconds(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    took, cpu = time.perf_counter() - began, server.cpu_seconds() - cpu
    if done.returncode or re.search(r"fatal|warning", done.stderr):
        raise SystemExit(f"{server.name}: smtp-source failed: {done.stderr[:300]}")
    return mails / took, cpu / mails * 1e6


def fsync_rate(folder: Path) -> float:
    """fsyncs a second of 8 kB appends, to see how quiet the disk is."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < 0.3:
            os.write(file.fileno(), bytes(8192))
            os.fsync(file.fileno())
            count += 1
        return count / (time.perf_counter() - began)


def measure(
    names: list[str], rounds: int, mails: int, size: int, base: Path
) -> dict[tuple[str, str], list[tuple[float, float]]]:
    results: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for load in LOADS:
        for number in range(rounds):
            for name in names:
                with running(name, base) as server:
                    send(server, load, max(mails // 10, 50), size)  # warm
                    count = mails if name == "ours" else mails // 2
                    results[name, load].append(send(server, load, count // (3 if load == "1" else 1), size))
            print(
                f"  {load} connections, round {number + 1}: {fsync_rate(base):.0f} fsyncs/s",
                file=sys.stderr,
                flush=True,
            )
    return results


def report(names: list[str], results: dict[tuple[str, str], list[tuple[float, float]]]) -> None:
    print("mails/s, 250 after fsync: median (min to max); CPU µs a mail")
    for load in LOADS:
        ours = statistics.median(rate for rate, _ in results["ours", load])
        for name in names:
            rates = sorted(rate for rate, _ in results[name, load])
            cpu = statistics.median(cpu for _, cpu in results[name, load])
            line = f"{load:>4} conn.  {name:<9} {statistics.median(rates):8.0f}  ({rates[0]:.0f} to {rates[-1]:.0f})  {cpu:7.0f} µs"
            if name != "ours":
                aim = AIMS.get((name, load))
                line += f"   ours is {ours / statistics.median(rates):.2f} times as fast" + (
                    f" (aim {aim})" if aim else ""
                )
            print(line)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=8192)
    parser.add_argument("--only", nargs="*", help="ours, aiosmtpd, postfix")
    options = parser.parse_args()
    names = options.only or ["ours", "aiosmtpd", "postfix"]
    if not Path(SOURCE).exists():
        raise SystemExit("smtp-source is needed (Debian: postfix)")
    if "postfix" in names and os.geteuid() != 0:
        names.remove("postfix")
        print("without root there is no Postfix to compare with", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-") as base:
        Path(base).chmod(0o755)
        results = measure(names, options.rounds, options.mails, options.size, Path(base))
    report(names, results)


if __name__ == "__main__":
    main()
