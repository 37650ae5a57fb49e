"""Benchmark: mails fetched from a real Dovecot, against the standard library's imaplib, one mail after another.

    .venv/bin/python tests/benchmarks/bench_imap.py [--mails 3000] [--rounds 3] [--size 8192]

`door` is all of it: fetched, accepted by the listener's spool (fsync), noted, marked as seen and moved. `fetch` is the same
with an `accept` that does nothing. `imaplib` only fetches; `imaplib+move` marks and moves each mail besides. They run in turn.
"""

from __future__ import annotations

import argparse
import contextlib
import imaplib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from doors.dovecot import PASSWORD, Dovecot
from doors.mailboxes import account, mail

from mailgate.config import Config, Log
from mailgate.intake.imap.door import ImapDoor
from mailgate.intake.imap.hands import Accept, Hands, Mail
from mailgate.log import set_up

ROOT = Path(__file__).resolve().parents[2]
AIM = 500.0  # mails a second, by `door`


def fill(dovecot: Dovecot, user: str, mails: int, size: int) -> None:
    for number in range(mails):
        dovecot.put(user, mail(number, size), name=f"17{number:08}.M1P1.bench")


def timed(work: Callable[[], None], mails: int) -> float:
    began = time.perf_counter()
    work()
    return mails / (time.perf_counter() - began)


def door(dovecot: Dovecot, user: str, mails: int, accept: Accept, folder: Path) -> None:
    config = Config(data_dir=folder, imap=[account(dovecot.port, user)])  # type: ignore[list-item]
    reading = ImapDoor(config, accept)
    reading.start()
    done = dovecot.maildir(user, "mailgate-done") / "cur"
    while len(os.listdir(done)) < mails:
        time.sleep(0.01)
    reading.close(10)


def one_by_one(dovecot: Dovecot, user: str, *, move: bool) -> None:
    with imaplib.IMAP4("127.0.0.1", dovecot.port) as client:
        client.login(user, PASSWORD)
        client.create("done")
        client.select()
        for uid in client.uid("search", None, "ALL")[1][0].split():  # type: ignore[arg-type]
            client.uid("fetch", uid, "(BODY.PEEK[])")
            if move:
                client.uid("store", uid, "+FLAGS.SILENT", "(\\Seen)")
                client.uid("move", uid, "done")


def nothing(mails: Sequence[Mail]) -> list[None]:
    return [None] * len(mails)


@contextlib.contextmanager
def listener(folder: Path):  # type: ignore[no-untyped-def]
    (folder / "mailgate.toml").write_text("[trust]\nown_checks = false\n")
    environment = {
        **os.environ,
        "MAILGATE_CONFIG": str(folder / "mailgate.toml"),
        "MAILGATE_DATA_DIR": str(folder),
    }
    environment["MAILGATE_SMTP__PORT"] = "0"
    command = [sys.executable, "-m", "mailgate", "serve", "--role", "listen"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    while not (folder / "mailgate.sock").exists():
        assert process.poll() is None, (folder / "log").read_text()
        time.sleep(0.02)
    try:
        yield folder / "mailgate.sock"
    finally:
        process.terminate()
        process.wait(30)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=8192)
    words = parser.parse_args()
    set_up(Log(level="error"))
    results: dict[str, list[float]] = {"door": [], "fetch": [], "imaplib": [], "imaplib+move": []}
    with tempfile.TemporaryDirectory() as base, Dovecot() as dovecot:
        (spool := Path(base) / "spool").mkdir()
        with listener(spool) as path:
            for round_ in range(words.rounds):
                for name, measured in results.items():
                    user = dovecot.user(f"{name.replace('+', '')}{round_}")
                    fill(dovecot, user, words.mails, words.size)
                    (folder := Path(base) / user).mkdir()
                    if name.startswith("imaplib"):
                        work = lambda user=user, name=name: one_by_one(dovecot, user, move="+" in name)  # noqa: E731
                    else:
                        accept = Hands(path) if name == "door" else nothing
                        work = lambda user=user, a=accept, f=folder: door(dovecot, user, words.mails, a, f)  # noqa: E731
                    measured.append(timed(work, words.mails))
                    print(
                        f"round {round_ + 1}: {name} {measured[-1]:.0f} mails/s", file=sys.stderr, flush=True
                    )
    print(
        f"{words.mails} mails of {words.size} bytes, {words.rounds} rounds; mails/s, median (least to most)"
    )
    for name, measured in results.items():
        print(f"{name:14} {statistics.median(measured):8.0f}  ({min(measured):.0f} to {max(measured):.0f})")
    reached = statistics.median(results["door"])
    ratio = reached / statistics.median(results["imaplib+move"])
    print(
        f"door against imaplib+move: {ratio:.1f}; aim {AIM:.0f} mails/s: {'reached' if reached >= AIM else 'missed'}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
