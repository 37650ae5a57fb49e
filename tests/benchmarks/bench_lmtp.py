"""Benchmark: LMTP accept, 250 after fsync, against Dovecot's own LMTP on the same disk. Load by smtp-source -L.

    .venv/bin/python tests/benchmarks/bench_lmtp.py [--mails 3000] [--rounds 3] [--size 8192]

Each round measures both, in turn; medians with their spread. Dovecot delivers into a Maildir with its own setting of fsync
(`mail_fsync = optimized`: of the file and its folder, once a mail); ours answers when the spool's commit is on the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
from ports import free_port
from servers import RECIPIENT, Running, await_greeting

SOURCE = "/usr/sbin/smtp-source"
AIM = 3.0
_DOVECOT = """
mail_fsync = optimized
postmaster_address = postmaster@example.com
service lmtp {{
  process_min_avail = 10
  process_limit = 100
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""


@contextmanager
def ours(folder: Path) -> Iterator[Running]:
    """Our listener in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(folder), str(port)])
    try:
        await_greeting(port)
        yield Running("ours", port, process.pid, folder)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def dovecot(folder: Path) -> Iterator[Running]:
    """Dovecot with a mailbox for the recipient."""
    from doors.dovecot import Dovecot

    port = free_port()
    server = Dovecot(protocols="imap lmtp", extra=_DOVECOT.format(port=port))
    shutil.rmtree(server.folder)
    server.folder = folder / "dovecot"  # on the same disk as ours
    server.folder.mkdir()
    server.folder.chmod(0o755)
    with server:
        server.user(RECIPIENT)
        await_greeting(port)
        assert server._process is not None
        yield Running("dovecot", port, server._process.pid, folder)


def send(server: Running, sessions: int, mails: int, size: int) -> tuple[float, float]:
    """Mails a second and CPU microseconds a mail of one run of smtp-source."""
    command = [SOURCE, "-L", "-d", "-m", str(mails), "-s", str(sessions), "-l", str(size)]
    command += ["-f", "sender@example.org", "-t", RECIPIENT, f"127.0.0.1:{server.port}"]
    cpu, began = server.cpu_seconds(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    took, cpu = time.perf_counter() - began, server.cpu_seconds() - cpu
    if done.returncode or re.search(r"fatal|warning", done.stderr):
        raise SystemExit(f"smtp-source failed: {done.stderr[:300]}")
    return mails / took, cpu / mails * 1e6


async def _serve(folder: Path, port: int) -> None:
    import signal
    import socket

    from mailgate.config import Config
    from mailgate.intake.accept import Acceptor
    from mailgate.intake.gate import Gate
    from mailgate.intake.lmtp_server import serve_lmtp
    from mailgate.spool import Spool

    config = Config(data_dir=folder)
    spool = Spool(folder / "spool.db", config.spool)
    sock = socket.create_server(("127.0.0.1", port))
    server = await serve_lmtp(config, Acceptor(spool), Gate(config.smtp), sock=sock)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.drain(5)
    spool.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=8192)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        import uvloop

        sys.path.insert(0, str(Path(__file__).parents[2]))
        uvloop.run(_serve(Path(options.serve[0]), int(options.serve[1])))
        return
    if not Path(SOURCE).exists():
        raise SystemExit("smtp-source is needed (Debian: postfix)")
    rates: dict[tuple[str, int], list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-") as base:
        Path(base).chmod(0o755)
        for sessions in (1, 10):
            for number in range(options.rounds):
                for start in (ours, dovecot):
                    folder = Path(base) / f"{start.__name__}-{sessions}-{number}"
                    folder.mkdir()
                    folder.chmod(0o755)
                    mails = options.mails // (3 if sessions == 1 else 1) // (1 if start is ours else 3)
                    with start(folder) as server:
                        send(server, sessions, max(mails // 10, 20), options.size)  # warm
                        rate = send(server, sessions, mails, options.size)
                    rates.setdefault((start.__name__, sessions), []).append(rate)
                    shutil.rmtree(folder, ignore_errors=True)
    report(rates)


def report(rates: dict[tuple[str, int], list[tuple[float, float]]]) -> None:
    print("LMTP, mails/s, 250 after fsync: median (min to max); CPU µs a mail")
    for sessions in (1, 10):
        mine = statistics.median(rate for rate, _ in rates["ours", sessions])
        for name in ("ours", "dovecot"):
            found = sorted(rate for rate, _ in rates[name, sessions])
            cpu = statistics.median(cpu for _, cpu in rates[name, sessions])
            middle = statistics.median(found)
            line = f"{sessions:>4} conn.  {name:<8} {middle:8.0f}  ({found[0]:.0f} to {found[-1]:.0f})  {cpu:6.0f} µs"
            print(
                line + (f"   ours is {mine / middle:.2f} times as fast (aim {AIM})" if name != "ours" else "")
            )


if __name__ == "__main__":
    os.environ.pop("MAILGATE_CONFIG", None)
    main()
