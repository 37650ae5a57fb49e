"""The servers that the benchmarks of intake run: ours, a bare aiosmtpd, a private Postfix. Each a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from doors.ground import await_greeting
from doors.postfix import Postfix
from ports import free_port

RECIPIENT = "support@example.com"


@dataclass
class Running:
    """A server that takes mail on `port`. `pid` leads its processes."""

    name: str
    port: int
    pid: int
    folder: Path

    def processes(self) -> list[psutil.Process]:
        leader = psutil.Process(self.pid)
        return [leader, *leader.children(recursive=True)]

    def cpu_seconds(self) -> float:
        times = [p.cpu_times() for p in self.processes()]
        return sum(t.user + t.system + t.children_user + t.children_system for t in times)


@contextlib.contextmanager
def python_server(kind: str, folder: Path, environment: dict[str, str] | None = None) -> Iterator[Running]:
    """`ours`, or `aiosmtpd`, from this very file in a fresh process."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, __file__, kind, str(folder), str(port)]
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})})
    try:
        await_greeting(port)
        yield Running(kind, port, process.pid, folder)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


_HOLD = """\
mydestination = example.com
local_recipient_maps =
smtputf8_enable = no
smtpd_client_restrictions = check_client_access static:HOLD
"""


@contextlib.contextmanager
def postfix() -> Iterator[Running]:
    """Debian's Postfix with everything held: queued with fsync, never delivered. Needs root."""
    with Postfix(main=_HOLD) as server:
        yield Running("postfix", server.port, server.pid, server.folder)


async def _ours(folder: Path, port: int) -> None:
    from mailgate.config import Config, Smtp
    from mailgate.intake.accept import Acceptor
    from mailgate.intake.smtp import serve_smtp
    from mailgate.spool import Spool

    config = Config(data_dir=folder, smtp=Smtp(port=port))
    spool = Spool(folder / "spool.db", config.spool)
    server = await serve_smtp(config, Acceptor(spool))
    await _until_terminated()
    await server.drain(5)
    spool.close()


async def _aiosmtpd(folder: Path, port: int) -> None:
    from aiosmtpd.smtp import SMTP

    class Handler:
        def __init__(self) -> None:
            self.number = 0

        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
            self.number += 1
            with open(folder / f"{self.number}.eml", "wb") as file:
                file.write(envelope.content)  # type: ignore[attr-defined]
                file.flush()
                os.fsync(file.fileno())
            return "250 Ok"

    handler = Handler()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="bench.example.com", loop=loop), "127.0.0.1", port, backlog=1024
    )
    await _until_terminated()
    server.close()


async def _until_terminated() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


def _main() -> None:
    kind, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if kind == "ours":
        import uvloop

        sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
        uvloop.run(_profiled(_ours(folder, port)))
    else:
        asyncio.run(_aiosmtpd(folder, port))


async def _profiled(work: object) -> None:
    """With BENCH_PROFILE=file, under cProfile: where the time of the loop's thread goes."""
    target = os.environ.get("BENCH_PROFILE")
    if not target:
        await work  # type: ignore[misc]
        return
    import cProfile

    profile = cProfile.Profile()
    profile.enable()
    try:
        await work  # type: ignore[misc]
    finally:
        profile.disable()
        profile.dump_stats(target)


if __name__ == "__main__":
    _main()
