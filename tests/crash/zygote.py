"""Starts `mailgate` in no time: one interpreter that has imported it all, and forks for each start.

A kill costs a restart, and most of a restart is Python reading modules. The forked process runs the same command line,
with its own environment, from the same entry point.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

# ---------------------------------------------------------------- the side of the harness


class Process:
    """One forked `mailgate`, with the methods of a Popen that the harness needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = threading.Event()

    def end(self, status: int) -> None:
        self.returncode = status
        self._ended.set()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, seconds: float | None = None) -> int:
        """The exit status as Popen gives it. Raises TimeoutExpired."""
        if not self._ended.wait(seconds):
            raise subprocess.TimeoutExpired("mailgate", seconds or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Zygote:
    """The interpreter that forks. Thread-safe."""

    def __init__(self, mutant: str, log: Path, root: Path) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {**os.environ, "PYTHONPATH": str(root), "MUTANT": mutant}
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno()), str(log)],
            env=environment,
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        self._lock = threading.Lock()
        self._started: dict[int, Process] = {}
        self._answers: list[Process] = []
        self._answered = threading.Semaphore(0)
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, arguments: list[str], environment: dict[str, str], folder: Path, ready: int) -> Process:
        with self._lock:
            order = json.dumps({"arguments": arguments, "environment": environment, "folder": str(folder)})
            socket.send_fds(self._ours, [order.encode()], [ready])
            if not self._answered.acquire(timeout=60):
                raise RuntimeError("the zygote does not answer")
            return self._answers.pop()

    def close(self) -> None:
        self._ours.shutdown(socket.SHUT_RDWR)  # a close alone would not wake the thread that reads
        self._process.wait(60)
        self._ours.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while message := self._ours.recv(1000):
                said = json.loads(message)
                if "status" in said:
                    self._started.pop(said["pid"]).end(said["status"])
                else:
                    process = self._started[said["pid"]] = Process(said["pid"])
                    self._answers.append(process)
                    self._answered.release()


# ---------------------------------------------------------------- the side that forks


def _serve(link: socket.socket, log: int) -> None:
    """Fork on request and tell of ends, until the harness hangs up."""
    children: set[int] = set()
    while True:
        if select.select([link], [], [], 0.01 if children else None)[0]:
            message, pipes, _, _ = socket.recv_fds(link, 1 << 16, 1)
            if not message:
                break
            pid = os.fork()
            if pid == 0:
                link.close()
                _child(json.loads(message), pipes[0], log)
            os.close(pipes[0])
            children.add(pid)
            link.send(json.dumps({"pid": pid}).encode())
        for pid in list(children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                children.discard(pid)
                link.send(json.dumps({"pid": pid, "status": os.waitstatus_to_exitcode(status)}).encode())
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _child(order: dict[str, Any], ready: int, log: int) -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"], _MAILGATE_READY_FD=str(ready))
    for standard in (1, 2):
        os.dup2(log, standard)
    from mailgate import failpoint
    from mailgate.cli import run

    failpoint._armed = failpoint._from_environment()
    code = 70
    try:
        code = run(order["arguments"])
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    # what `serve` imports on its way, so that no forked process has to
    import aiosmtpd.smtp
    import uvloop

    import mailgate.app
    import mailgate.cli.root
    import mailgate.clock
    import mailgate.courier
    import mailgate.intake.accept
    import mailgate.intake.smtp
    import mailgate.landing
    import mailgate.parsers
    import mailgate.relay.maildir
    import mailgate.relay.smtp
    import mailgate.render
    import mailgate.spool
    import mailgate.store.people
    import mailgate.worker

    del aiosmtpd, mailgate, uvloop
    if name := os.environ.get("MUTANT"):
        from mutants import MUTANTS

        MUTANTS[name]()
    gc.freeze()
    _serve(
        socket.socket(fileno=int(sys.argv[1])),
        os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600),
    )


if __name__ == "__main__":
    main()
