"""The servers that the benchmarks of intake run: ours, a bare aiosmtpd, a private Postfix. Each a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

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


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def await_greeting(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
                if sock.recv(64).startswith(b"220"):
                    sock.sendall(b"QUIT\r\n")
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing answers on port {port}")
        time.sleep(0.05)


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


_MASTER = """\
127.0.0.1:{port} inet n - n - 100 smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""
_SENDING = """\
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
"""
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.example.com
mydestination = example.com
local_recipient_maps =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
alias_maps =
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
smtputf8_enable = no
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
default_process_limit = 100
"""
_HOLD = "smtpd_client_restrictions = check_client_access static:HOLD\n"
_PASS_ON = """\
mydestination =
relay_domains = example.com
relay_transport = smtp:[127.0.0.1]:{port}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
"""


@contextlib.contextmanager
def postfix(folder: Path, to: int | None = None, more: str = "") -> Iterator[Running]:
    """Debian's Postfix with everything held: queued with fsync, never delivered; or passed on `to` a port. `more`: lines of
    main.cf. Needs root."""
    config = folder / "etc"
    for part in (config, folder / "queue", folder / "data"):
        part.mkdir(parents=True)
    port = free_port()
    rest = _HOLD if to is None else _PASS_ON.format(port=to)
    (config / "main.cf").write_text(_MAIN.format(folder=folder) + rest + more)
    (config / "master.cf").write_text(_MASTER.format(port=port) + (_SENDING if to else ""))
    (config / "dynamicmaps.cf").write_text("")
    shutil.chown(folder / "data", "postfix")
    for part in (folder, *folder.parents):
        with contextlib.suppress(PermissionError):
            if not part.stat().st_mode & 0o005 and part.is_relative_to("/tmp"):
                part.chmod(0o755)
    run = ["/usr/sbin/postfix", "-c", str(config)]
    subprocess.run([*run, "start"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_greeting(port)
        pid = int((folder / "queue/pid/master.pid").read_text())
        yield Running("postfix", port, pid, folder)
    finally:
        subprocess.run([*run, "stop"], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


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
