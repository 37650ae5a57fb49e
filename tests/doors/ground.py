"""What the mail servers of the tests stand on: folders that all users may enter, and mailgate for users other than ours.

Their programs run as users of their own, who may neither enter pytest's folders nor, most often, this checkout.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NOBODY: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []}
PROGRAM = "/opt/mailgate/bin/mailgate"  # as the documents name them
SETTINGS = "/etc/mailgate/mailgate.toml"


def await_greeting(port: int, seconds: float = 20) -> None:
    """Raises TimeoutError."""
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
def entered_by_all(prefix: str = "mailgate-") -> Iterator[Path]:
    """A folder below /tmp that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for _ in range(50):  # what a server's last child still writes comes after it has ended
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.1)


def unpacked(name: str, packages: Sequence[str], program: str) -> Path:
    """A program of Debian packages that cannot or need not be installed, downloaded and unpacked once. Raises
    CalledProcessError where that cannot be."""
    cache = Path(tempfile.gettempdir()) / "mailgate-tests"
    found = cache / name / program
    if not found.exists():
        cache.mkdir(mode=0o755, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            work = Path(folder)
            work.chmod(0o755)
            download = ["apt-get", "download", "-qq", *packages]
            if subprocess.run(download, cwd=work, check=False, capture_output=True).returncode:
                subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True)
                subprocess.run(download, cwd=work, check=True, capture_output=True)
            for package in work.glob("*.deb"):
                subprocess.run(["dpkg", "-x", package, work / "root"], check=True)
            with contextlib.suppress(OSError):  # another process was faster
                os.rename(work / "root", cache / name)
    return found


def why_not() -> str:
    """Why no mail server of other users can be started here, "" where it can."""
    return "" if os.geteuid() == 0 else "a server that changes its user is started by root only"


def python_of_nobody() -> str:
    """A Python that `nobody` can run and that knows enough for `mailgate deliver`; ours where nobody else will be run."""
    if os.geteuid():
        return sys.executable
    for program in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        with contextlib.suppress(OSError):
            command = [program, "-c", "import tomllib"]
            if not subprocess.run(command, **NOBODY, cwd="/", check=False, capture_output=True).returncode:
                return program
    raise AssertionError("no Python from 3.11 on that another user can run: sh tests/tools.sh python3")


class Installed:
    """mailgate's programs and settings in `folder`, for every user; `shipped` puts them into what is shipped or documented."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.program, self.settings = folder / "mailgate", folder / "mailgate.toml"
        self.packages = copied = folder / "packages"
        shutil.copytree(
            ROOT / "mailgate", copied / "mailgate", ignore=shutil.ignore_patterns("__pycache__", "migrations")
        )
        subprocess.run(["chmod", "-R", "a+rX", copied], check=True)
        self.program.write_text(
            f'#!/bin/sh\nexec env PYTHONPATH={copied} {python_of_nobody()} -m mailgate "$@"\n'
        )
        self.program.chmod(0o755)
        self.settings.write_text(f'data_dir = "{folder}"\n{settings}')
        self.settings.chmod(0o644)

    def shipped(self, text: str, *changes: tuple[str, str]) -> str:
        """`text` with our paths, and with other changes: each must change something."""
        for old, new in ((PROGRAM, str(self.program)), (SETTINGS, str(self.settings)), *changes):
            assert old in text, f"{old} is not in what is shipped"
            text = text.replace(old, new)
        return text


def documented(first: str, last: str = "\n\n") -> str:
    """Lines of docs/operation.md from `first` up to `last`."""
    page = (ROOT / "docs/operation.md").read_text("utf-8")
    assert page.count(first) == 1, f"docs/operation.md has {first!r} {page.count(first)} times"
    return first + page.partition(first)[2].partition(last)[0] + "\n"
