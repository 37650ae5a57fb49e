"""A private Postfix on a free port: in front of us, behind us, or holding all that it takes. Needs root.

    with Postfix("lmtp:inet:127.0.0.1:2424") as mta: mta.send(...); mta.fates()

Its folder lies below /tmp and may be entered by everybody, since its programs run as users of their own.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from doors.ground import await_greeting
from ports import free_port

_MASTER = """\
127.0.0.1:{port} inet n - n - 100 smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
verify unix - - n - 1 verify
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
local unix - n n - - local
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
postlog unix-dgram n - n - 1 postlogd
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
default_transport = discard:
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
recipient_delimiter = +
inet_protocols = ipv4
alias_maps =
minimal_backoff_time = 2s
maximal_backoff_time = 2s
queue_run_delay = 2s
default_process_limit = 100
service_throttle_time = 1s
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
"""


class Postfix:
    """One server. `transport`: for mail to example.com, "" where `main` says it; `master`, `main`: further lines of its
    settings, of which the later ones win."""

    def __init__(self, transport: str = "", *, master: str = "", main: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mailgate-postfix-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self._config = self.folder / "etc"
        for part in (self._config, self.folder / "queue", self.folder / "data"):
            part.mkdir()
        towards = f"relay_domains = example.com\nrelay_transport = {transport}\n" if transport else ""
        (self._config / "main.cf").write_text(_MAIN.format(folder=self.folder) + towards + main)
        (self._config / "master.cf").write_text(_MASTER.format(port=self.port) + master)
        (self._config / "dynamicmaps.cf").write_text("")
        shutil.chown(self.folder / "data", "postfix")

    def __enter__(self) -> Self:
        self._run("start")
        try:
            await_greeting(self.port)
        except TimeoutError as e:
            log = self.log()
            self.__exit__(None, None, None)
            raise AssertionError(f"Postfix does not start: {log}") from e
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._run("stop")
        except subprocess.TimeoutExpired:  # its own programs ask its log server, which may be gone
            with suppress(OSError, ValueError):
                os.killpg(self.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, word: str) -> None:
        subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self._config), word], check=False, capture_output=True, timeout=60
        )

    @property
    def pid(self) -> int:
        """Of the process that leads the others."""
        return int((self.folder / "queue/pid/master.pid").read_text())

    def log(self) -> str:
        file = self.folder / "mail.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def send(self, sender: str, recipients: Sequence[str], raw: bytes) -> dict[str, tuple[int, bytes]]:
        """What is refused at once, by recipient; all of them must not be."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=90) as client:
            return client.sendmail(sender, list(recipients), raw)

    def fates(self) -> dict[str, tuple[str, str]]:
        """The last thing that Postfix said of each recipient below example.com: status, and the words behind it."""
        said = re.findall(r"to=<([^>]*)>,(?: orig_to=<([^>]*)>,)?.* status=(\w+) \((.*)\)", self.log())
        fates = {orig or to: (status, words) for to, orig, status, words in said}
        return {name: fate for name, fate in fates.items() if name.endswith("example.com")}

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
