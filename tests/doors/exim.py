"""Debian's Exim, private to a test and unpacked beside Postfix (the packages exclude each other). It needs root, as it gives
it up itself.

    with exim(to=2525) as mta: mta.send(...); mta.log()
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import smtplib
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from doors.ground import await_greeting, entered_by_all, unpacked
from ports import free_port

PACKAGES = ("exim4-daemon-light", "exim4-base")
EXIM_UID, MAILGATE_UID = 65_533, 65_532
USERS = {"Debian-exim": EXIM_UID, "mailgate": MAILGATE_UID}  # each with a group of its own


@dataclass
class Mta:
    """One that runs."""

    port: int
    folder: Path

    def send(self, sender: str, recipients: Sequence[str], raw: bytes) -> dict[str, tuple[int, bytes]]:
        """What is refused at once, by recipient; all of them must not be."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as client:
            return client.sendmail(sender, list(recipients), raw)

    def await_log(self, words: str, seconds: float = 30) -> str:
        """The log once it has a line with the words (a regular expression)."""
        deadline = time.monotonic() + seconds
        while not re.search(words, self.log()):
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)
        return self.log()

    def mailbox(self) -> str:
        """Everything that it delivered into its file."""
        path = self.folder / "mailbox" / "all"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def await_mailbox(self, mails: int, seconds: float = 30) -> list[str]:
        """The mails in its file, once there are so many."""
        deadline = time.monotonic() + seconds
        while len(found := re.split("(?m)^From ", self.mailbox())[1:]) < mails:
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)
        return found

    def log(self) -> str:
        return "".join(
            path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("*log*")) if path.is_file()
        )


_EXIM = """\
primary_hostname = exim.example.com
exim_path = {program}
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
keep_environment =
log_selector = +all -queue_run -skip_delivery
smtputf8_advertise_hosts =
queue_only_load = 100
remote_max_parallel = 1
acl_smtp_rcpt = rcpt
{main}
begin acl
rcpt:
{acl}
begin routers
{routers}
begin transports
file:
  driver = appendfile
  file = {folder}/mailbox/all
  user = Debian-exim
out:
  driver = smtp
  port = {to}
  hosts_try_prdr =
  {smtp}
{transports}
begin retry
* * F,1h,1s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{bob}}}}{{eq{{$auth3}}{{secret}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{bob}}}}{{eq{{$auth2}}{{secret}}}}}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{bob}}{{secret}}fail}}
  server_set_id = $auth1
"""
_TO_FILE = "all:\n  driver = accept\n  transport = file"
_TO_PORT = "all:\n  driver = manualroute\n  route_list = * 127.0.0.1\n  self = send\n  transport = out"
RELAY_FOR_LOGINS = "  accept authenticated = *\n  deny message = relay not permitted\n"
TAKE_ALL = "  accept\n"


def _etc(folder: Path, aliases: str) -> Path:
    """What Exim finds as /etc in a mount namespace of its own: its users exist for it alone, and its settings lie where
    Debian's lie, or it would give up what it needs for changing its user."""
    etc = folder / "etc"
    (etc / "exim4").mkdir(parents=True)
    for name in ("hosts", "nsswitch.conf", "services", "resolv.conf", "ld.so.cache", "localtime"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(Path("/etc", name), etc / name)
    for name, lines in (
        (
            "passwd",
            "".join(f"{name}:x:{uid}:{uid}::/nonexistent:/bin/false\n" for name, uid in USERS.items()),
        ),
        ("group", "".join(f"{name}:x:{uid}:\n" for name, uid in USERS.items())),
    ):
        (etc / name).write_text(lines + Path("/etc", name).read_text())
    (etc / "aliases").write_text(aliases)
    return etc


@contextlib.contextmanager
def exim(
    *,
    main: str = "",
    acl: str = TAKE_ALL,
    to: int = 0,
    smtp: str = "",
    routers: str = "",
    transports: str = "",
    aliases: str = "",
) -> Iterator[Mta]:
    """Exim as a daemon: it keeps mail in files, or hands it on `to` a port, or does with it what `routers` say."""
    program, port = unpacked("exim", PACKAGES, "usr/sbin/exim4"), free_port()
    with entered_by_all("mailgate-exim-") as folder:
        for part in ("spool", "mailbox"):
            (folder / part).mkdir()
            os.chown(folder / part, EXIM_UID, EXIM_UID)
        os.chown(folder, EXIM_UID, EXIM_UID)
        values = {
            "program": program,
            "folder": folder,
            "port": port,
            "acl": acl,
            "to": to,
            "smtp": smtp,
            "main": main,
        }
        routers = routers or (_TO_PORT if to else _TO_FILE)
        etc = _etc(folder, aliases)
        (etc / "exim4/exim4.conf").write_text(_EXIM.format(routers=routers, transports=transports, **values))
        # with the shell ends all that runs in its namespace; a program that changes its user would not end with unshare
        start = 'mount --bind "$1" /etc && "$2" -bdf -q1s; exit $?'
        alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        command = [*alone, "sh", "-c", start, "sh", etc, program]
        with (folder / "stderr.log").open("wb") as errors:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        mta = Mta(port, folder)
        try:
            await_greeting(port)
            yield mta
        except TimeoutError as e:
            raise AssertionError(mta.log()) from e
        finally:
            process.kill()
            process.wait(30)
