"""Kills the real processes with SIGKILL at every step while mail pours in, and counts what is lost or doubled.

    python tests/crash/harness.py --kills 200 [--seed N] [--mutant ack-before-commit|ledger-apart] [--keep FOLDER]

Prints one JSON object; exit code 0 when nothing was lost or doubled, 1 when something was, 70 when it did not run.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import oracle
from feeder import Feeder
from mutants import MUTANTS
from pysqlite3 import dbapi2 as sqlite
from sink import Sink
from zygote import Process, Zygote

ROOT = Path(__file__).resolve().parent.parent.parent
ROLES = {"listen": ("listen",), "desk": ("work", "send", "tick")}
LIFE_SECONDS = 4.0  # of a process that does not reach its point
START_SECONDS = 30.0
DRAIN_SECONDS = 90.0
BACKLOG = 100
PEOPLE = '[[teams]]\nname = "support"\naddress = "team@example.com"\ncategories = ["general"]\n'


def points() -> dict[str, list[str]]:
    """Every registered failpoint, by the process it stands in."""
    import mailgate.app
    import mailgate.courier
    import mailgate.intake.smtp
    import mailgate.landing
    import mailgate.spool
    import mailgate.worker
    from mailgate.failpoint import registered

    del mailgate
    listen = [name for name in registered() if name.startswith(("spool.", "intake.", "smtp."))]
    return {"listen": listen, "desk": [name for name in registered() if name not in listen]}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Gateway:
    """The processes under test, each started by itself so that one can die while the other lives."""

    def __init__(self, folder: Path, sink_port: int, mutant: str) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "people.toml").write_text(PEOPLE)
        (folder / "mailgate.toml").write_text("[trust]\nown_checks = false\n")  # no name server is asked
        self._zygote = Zygote(mutant, folder / "log", ROOT)
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("MAILGATE_")},
            "PYTHONPATH": str(ROOT),
            "MAILGATE_CONFIG": str(folder / "mailgate.toml"),
            "MAILGATE_DATA_DIR": str(folder / "var"),
            "MAILGATE_SMTP__PORT": str(self.port),
            "MAILGATE_PEOPLE__FILE": str(folder / "people.toml"),
            "MAILGATE_RELAY__URL": f"smtp://127.0.0.1:{sink_port}",
            "MAILGATE_RELAY__STARTTLS": "no",
            "MAILGATE_RELAY__FIRST_RETRY": "0.2",
            "MAILGATE_RELAY__MAX_RETRY": "1",
            "MAILGATE_RELAY__TIMEOUT": "5",
            "MAILGATE_RELAY__TIMEOUT_AFTER_DATA": "5",
            "MAILGATE_GATEWAY__BATCH_SECONDS": "0.3",
            "MAILGATE_GATEWAY__ACK_LIMIT": "1000000",
            "MAILGATE_WORKER__BATCH_MESSAGES": "12",
            "MAILGATE_WORKER__PARSERS": "1",
            "MAILGATE_LOG__LEVEL": "warning",
        }

    def start(self, name: str, failpoint: str = "") -> tuple[Process, int]:
        """The process, and the pipe on which it says that it is ready."""
        ours, theirs = os.pipe()
        environment = {**self._environment, "MAILGATE_FAILPOINT": failpoint}
        roles = [word for role in ROLES[name] for word in ("--role", role)]
        process = self._zygote.start(["serve", *roles], environment, self.folder, theirs)
        os.close(theirs)
        return process, ours

    def close(self) -> None:
        self._zygote.close()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mailgate", *words]
        return subprocess.run(
            command,
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @staticmethod
    def log_tail(folder: Path) -> list[str]:
        return (folder / "log").read_text("utf-8", "replace").splitlines()[-40:]


class Killer(threading.Thread):
    """Starts one of the processes again and again, each time with another point to die at; at last to live."""

    def __init__(self, name: str, gateway: Gateway, jobs: queue.Queue[str], seed: int) -> None:
        super().__init__(daemon=True)
        self.deaths: list[float] = []
        self.at: Counter[str] = Counter()
        self.faults: list[str] = []
        self.living: tuple[Process, int] | None = None
        self._role, self._gateway, self._jobs = name, gateway, jobs
        self._random = random.Random(f"{name}{seed}")

    def run(self) -> None:
        while True:
            try:
                point = self._jobs.get_nowait()
            except queue.Empty:
                self.living = self._gateway.start(
                    self._role
                )  # the other one goes on dying, and needs mail for it
                return
            self._one(point)
            if wrong := self._balance():
                self.faults.append(f"after {point}: {wrong}")

    def _one(self, point: str) -> None:
        if point == "random":
            process, pipe = self._gateway.start(self._role)
            self._wait(process, pipe, self._random.random() * 1.2)
        else:
            # a point is passed once for a mail or a commit; the listener must live long enough to keep the desk busy
            count = self._random.choice([1, 5, 20, 40] if self._role == "listen" else [1, 1, 2, 3, 8])
            process, pipe = self._gateway.start(self._role, f"{point}:kill:{count}")
            self._until_ready(process, pipe)
            self._wait(process, pipe, LIFE_SECONDS)
        itself = process.poll() is not None
        if itself and process.returncode != -signal.SIGKILL:
            self.faults.append(
                f"{self._role} ended by itself with status {process.returncode} (point {point})"
            )
        process.kill()
        process.wait()
        os.close(pipe)
        self.deaths.append(time.monotonic())
        self.at[point if itself else "random"] += 1

    def _until_ready(self, process: Process, pipe: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if select.select([pipe], [], [], 0.02)[0]:
                return

    def _wait(self, process: Process, pipe: int, seconds: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)

    def _balance(self) -> str:
        """Exact while the desk is dead; the other one moves, so a difference must stay to count."""
        wrong = ""
        for _ in range(1 if self._role == "desk" else 20):
            wrong = oracle.balance(self._gateway.folder / "var")
            if not wrong:
                return ""
            time.sleep(0.05)
        return wrong if self._role == "desk" else ""


def settle(gateway: Gateway) -> str:
    """Wait until nothing waits any more: spool empty, everything owed sent. "" or what is left."""
    var, left = gateway.folder / "var", "?"
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.1)
        try:
            waiting = _count(var / "spool.db", "mail")
            owed = _count(var / "mailgate.db", "outbox WHERE state IN ('waiting', 'sending')")
        except sqlite.Error as e:  # not made yet
            left = str(e)
            continue
        if not waiting and not owed:
            return ""
        left = f"{waiting} mails in the spool, {owed} in the outbox"
    return left


def throttle(gateway: Gateway, feeders: list[Feeder]) -> None:
    """Let mail pour in only as fast as the desk, which dies all the time, can follow."""
    try:
        waiting = _count(gateway.folder / "var" / "spool.db", "mail")
    except sqlite.Error:
        waiting = 0
    for feeder in feeders:
        feeder.hold = waiting > BACKLOG


def _count(path: Path, what: str) -> int:
    with closing(sqlite.connect(path)) as db:
        return int(db.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


def plan(kills: int, seed: int, at: list[str]) -> dict[str, queue.Queue[str]]:
    """Every point in turn (or those of `at` only), every fourth kill at any moment; both processes are kept busy."""
    choice = random.Random(seed)
    jobs: dict[str, queue.Queue[str]] = {name: queue.Queue() for name in ROLES}
    turns = {
        name: [p for p in choice.sample(found, len(found)) if not at or p in at]
        for name, found in points().items()
    }
    shares = {"desk": round(kills * 0.6), "listen": kills - round(kills * 0.6)}
    for name, share in shares.items():
        for n in range(share):
            at_any_moment = n % 4 == 3 or not turns[name]
            jobs[name].put("random" if at_any_moment else turns[name][(n - n // 4) % len(turns[name])])
    return jobs


def crash(folder: Path, kills: int, seed: int, mutant: str, at_points: list[str]) -> dict[str, Any]:
    """The whole trial; the report."""
    started = time.monotonic()
    sink = Sink(seed=seed)
    gateway = Gateway(folder, sink.port, mutant)
    stop = threading.Event()
    feeders = [Feeder(gateway.port, sink, stop, seed * 100 + n, pause=0.02) for n in range(4)]
    killers = {name: Killer(name, gateway, jobs, seed) for name, jobs in plan(kills, seed, at_points).items()}
    for thread in (*feeders, *killers.values()):
        thread.start()
    for killer in killers.values():
        while killer.is_alive():
            killer.join(0.2)
            throttle(gateway, feeders)
    killing = time.monotonic() - started

    time.sleep(2)  # mail meets whole processes, too
    stop.set()
    running = [killer.living for killer in killers.values() if killer.living]
    for feeder in feeders:
        feeder.join(60)
    left = settle(gateway)
    audit = gateway.run("audit", "--json")
    for process, _ in running:
        process.terminate()
    codes = [process.wait(30) for process, _ in running]
    sink.close()
    gateway.close()

    mails = [mail for feeder in feeders for mail in feeder.sent]
    verdict = oracle.judge(folder / "var", mails, sink.taken, killers["desk"].deaths)
    for killer in killers.values():
        for fault in killer.faults:
            verdict.fault("kill", fault)
    for feeder in feeders:
        if feeder.is_alive():
            verdict.fault("never_accepted", feeder.sent[-1].message_id)
        for error in feeder.errors:
            verdict.fault("refused_for_good", error)
    if left:
        verdict.fault("left", left)
    if audit.returncode:
        verdict.fault("audit", f"exit {audit.returncode}: {audit.stdout}{audit.stderr}"[:500])
    if any(codes):
        verdict.fault("drain", f"exit codes {codes} after SIGTERM")
    at = sum((killer.at for killer in killers.values()), Counter())
    every = {name for names in points().values() for name in names}
    return {
        "ok": not verdict.faults,
        "kills": at.total(),
        "seconds_a_kill": round(killing / max(1, at.total()), 2),
        "seconds": round(time.monotonic() - started, 1),
        "seed": seed,
        **verdict.figures,
        "faults": {kind: {"count": len(what), "first": what[:3]} for kind, what in verdict.faults.items()},
        "killed_at": dict(sorted(at.items())),
        "points_without_a_kill": sorted(every - set(at)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--mutant", choices=sorted(MUTANTS), default="")
    parser.add_argument("--at", action="append", default=[], help="kill at this point only (may be repeated)")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it there")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="mailgate-crash-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        report = crash(folder, options.kills, options.seed, options.mutant, options.at)
        print(json.dumps(report, indent=1))
        if not report["ok"]:
            print("\n".join(Gateway.log_tail(folder)), file=sys.stderr)
        return 0 if report["ok"] else 1
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
