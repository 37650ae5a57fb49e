"""Real mail servers as the way out, each private to a test: Debian's Postfix, and its Exim unpacked beside (the packages
exclude each other). They need root, as they give it up themselves."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import await_greeting, free_port

EXIM = ("exim4-daemon-light", "exim4-base")
EXIM_UID = 65_533
CACHE = Path(tempfile.gettempdir()) / "mailgate-tests"


@dataclass
class Mta:
    """One that runs."""

    port: int
    folder: Path

    def mailbox(self) -> str:
        """Everything that it delivered into its file."""
        path = self.folder / "mailbox" / "all"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def log(self) -> str:
        return "".join(
            path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("*log*")) if path.is_file()
        )


@contextlib.contextmanager
def open_folder(prefix: str) -> Iterator[Path]:
    """A folder that users other than root may enter."""
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


def exim_program() -> Path:
    """Debian's Exim, downloaded and unpacked once. Raises CalledProcessError where that cannot be."""
    program = CACHE / "exim" / "usr/sbin/exim4"
    if not program.exists():
        CACHE.mkdir(mode=0o755, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as name:
            work = Path(name)
            work.chmod(0o755)
            subprocess.run(["apt-get", "download", "-qq", *EXIM], cwd=work, check=True, capture_output=True)
            for package in work.glob("*.deb"):
                subprocess.run(["dpkg", "-x", package, work / "root"], check=True)
            with contextlib.suppress(OSError):  # another process was faster
                os.rename(work / "root", CACHE / "exim")
    return program


_EXIM = """\
primary_hostname = exim.example.com
exim_path = {program}
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
keep_environment =
log_selector = +all
smtputf8_advertise_hosts =
queue_only_load = 100
remote_max_parallel = 1
{main}
begin acl
rcpt:
{acl}
begin routers
all:
{router}
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
_TO_FILE = "  driver = accept\n  transport = file"
_TO_PORT = "  driver = manualroute\n  route_list = * 127.0.0.1\n  self = send\n  transport = out"
RELAY_FOR_LOGINS = "  accept authenticated = *\n  deny message = relay not permitted\n"
TAKE_ALL = "  accept\n"


@contextlib.contextmanager
def exim(*, main: str = "", acl: str = TAKE_ALL, to: int = 0, smtp: str = "") -> Iterator[Mta]:
    """Exim as a daemon: it keeps mail in files, or hands it on `to` a port."""
    program, port = exim_program(), free_port()
    with open_folder("mailgate-exim-") as folder:
        for part in ("spool", "mailbox"):
            (folder / part).mkdir()
            os.chown(folder / part, EXIM_UID, EXIM_UID)
        os.chown(folder, EXIM_UID, EXIM_UID)
        values = {"program": program, "folder": folder, "port": port, "acl": acl, "to": to, "smtp": smtp}
        text = _EXIM.format(
            main=f"acl_smtp_rcpt = rcpt\n{main}", router=_TO_PORT if to else _TO_FILE, **values
        )
        (folder / "exim.conf").write_text(text)
        for name, line in (
            ("passwd", "Debian-exim:x:{0}:{0}::/nonexistent:/bin/false"),
            ("group", "Debian-exim:x:{0}:"),
        ):
            (folder / name).write_text(Path("/etc", name).read_text() + line.format(EXIM_UID) + "\n")
        # its user exists for it alone: in a mount namespace of its own
        start = (
            f'mount --bind {folder}/passwd /etc/passwd && mount --bind {folder}/group /etc/group && exec "$@"'
        )
        command = [
            "unshare",
            "-m",
            "sh",
            "-c",
            start,
            "sh",
            program,
            "-C",
            folder / "exim.conf",
            "-bdf",
            "-q1s",
        ]
        with (folder / "stderr.log").open("wb") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True
            )
        mta = Mta(port, folder)
        try:
            await_greeting(port)
            yield mta
        except TimeoutError as e:
            raise AssertionError(mta.log()) from e
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # with its queue runners and deliveries
            process.wait(30)
            time.sleep(1)  # deliveries have left the group, and write their last line
