"""A private Postfix that hands mail for example.com on to us: by LMTP, or to `mailgate deliver` by pipe(8). Needs root.

    with Postfix(transport="lmtp:inet:127.0.0.1:2424") as mta: mta.send(...); mta.fates()

Its folder lies below /tmp and may be entered by everybody, since its programs run as users of their own.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from doors.dovecot import free_port

_MASTER = """\
127.0.0.1:{port} inet n - n - 100 smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
lmtp unix - - n - - lmtp
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
postlog unix-dgram n - n - 1 postlogd
{master}
"""
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.com
mydestination =
relay_domains = example.com
relay_transport = {transport}
default_transport = discard:
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
recipient_delimiter = +
inet_protocols = ipv4
alias_maps =
minimal_backoff_time = 2s
maximal_backoff_time = 2s
queue_run_delay = 2s
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
{main}
"""


def why_not() -> str:
    """Why no Postfix can be started here, "" where it can."""
    if os.geteuid() != 0:
        return "Postfix starts as root only"
    return "" if shutil.which("postfix", path="/usr/sbin:/usr/bin") else "Postfix is not installed"


def python_of_nobody() -> str:
    """A Python that `nobody` can run and that knows enough for `mailgate deliver`, "" where there is none."""
    for program in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        with contextlib.suppress(OSError):
            command = [program, "-c", "import tomllib"]
            done = subprocess.run(
                command, user=65534, group=65534, extra_groups=[], cwd="/", check=False, capture_output=True
            )
            if not done.returncode:
                return program
    return ""


class Postfix:
    """One server. `transport`: for mail to example.com; `master`, `main`: further lines of its settings."""

    def __init__(self, transport: str, *, master: str = "", main: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mailgate-postfix-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        values = {
            "folder": self.folder,
            "port": self.port,
            "transport": transport,
            "master": master,
            "main": main,
        }
        self._config = self.folder / "etc"
        for part in (self._config, self.folder / "queue", self.folder / "data"):
            part.mkdir()
        (self._config / "main.cf").write_text(_MAIN.format(**values))
        (self._config / "master.cf").write_text(_MASTER.format(**values))
        (self._config / "dynamicmaps.cf").write_text("")
        shutil.chown(self.folder / "data", "postfix")

    def __enter__(self) -> Self:
        self._run("start")
        deadline = time.monotonic() + 20
        while True:
            try:
                with smtplib.SMTP("127.0.0.1", self.port, timeout=10):
                    return self
            except OSError:
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run("stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, word: str) -> None:
        subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self._config), word], check=False, capture_output=True, timeout=60
        )

    def log(self) -> str:
        file = self.folder / "mail.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def send(self, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as client:
            client.sendmail(sender, list(recipients), raw)

    def fates(self) -> dict[str, tuple[str, str]]:
        """The last thing that Postfix said of each recipient at example.com: status, and the words behind it."""
        lines = re.findall(r"to=<([^>]*@example\.com)>.* status=(\w+) \((.*)\)", self.log())
        return {recipient: (status, words) for recipient, status, words in lines}

    def await_fates(
        self, recipients: int, status: str = "", seconds: float = 30
    ) -> dict[str, tuple[str, str]]:
        """`fates` once there are so many (with this status)."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.fates()
            if sum(1 for each in found.values() if status in ("", each[0])) >= recipients:
                return found
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)
