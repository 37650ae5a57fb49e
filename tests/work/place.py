"""Real processes of the gateway in a folder of their own: settings, commands, what they said."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ports import free_port

ROOT = Path(__file__).parent.parent.parent
PEOPLE = '[[teams]]\nname = "support"\naddress = "team@example.com"\ncategories = ["general"]\n'


class Place:
    """A folder with a configuration, and what runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "people.toml").write_text(PEOPLE)
        (folder / "mailgate.toml").write_text(f"[smtp]\nport = {self.port}\n[web]\nenabled = false\n")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("MAILGATE_")}
        self.environment["PYTHONPATH"] = str(ROOT)
        self.running: list[subprocess.Popen[str]] = []

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "mailgate", "--config", "mailgate.toml", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        with open(self.folder / "out", "a") as out:
            process = subprocess.Popen(
                self.command("serve", *words),
                cwd=self.folder,
                env=self.environment,
                stdout=out,
                stderr=out,
                text=True,
            )
        self.running.append(process)
        return process

    def said(self) -> str:
        return (self.folder / "out").read_text()

    def until(self, true: Callable[[], object], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"it did not come about:\n{self.said()}"
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether the listener greets."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
                return sock.recv(3) == b"220"
        except OSError:
            return False

    def stop(self) -> None:
        """End what still runs."""
        for process in self.running:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
