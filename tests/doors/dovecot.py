"""A real Dovecot for tests: IMAP with and without TLS on free ports, in a folder of its own, gone with the test.

    with Dovecot(certificate) as dovecot: dovecot.user("ana"); dovecot.port

Started as root it keeps mail as `nobody`, since Dovecot reads none as root; as anybody else it runs as that user alone.
"""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from ports import free_port

PASSWORD = "dovecot-pass"
_CONF = """
base_dir = {run}
state_dir = {run}
log_path = {folder}/log
protocols = {protocols}
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login {mechanisms}
{oauth}
mail_location = maildir:{folder}/mail/%u
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 0
last_valid_uid = 0
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
mail_fsync = never
imap_capability = {capability}
imap_idle_notify_interval = 2 mins
mailbox_idle_check_interval = 2 secs
imap_max_line_length = 1M
mail_max_userip_connections = 100
{passdb}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 200
  client_limit = 1
}}
{extra}
"""


def installed() -> bool:
    return shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin") is not None


class Dovecot:
    """One server. `capability` replaces what it says it can ("" for all), `passdb` stands before what else says who may log
    in, `extra` is more configuration. `tokeninfo`: a URL that tells whose an access token is, for XOAUTH2 and OAUTHBEARER."""

    def __init__(
        self,
        certificate: dict[str, str] | None = None,
        *,
        capability: str = "",
        protocols: str = "imap",
        tokeninfo: str = "",
        passdb: str = "",
        extra: str = "",
    ) -> None:
        # pytest's own folders are closed to other users, and its next run would close them again
        self.folder = Path(tempfile.mkdtemp(prefix="mailgate-dovecot-"))
        self.folder.chmod(0o755)
        me = pwd.getpwuid(os.geteuid())
        self.owner = pwd.getpwnam("nobody") if me.pw_uid == 0 else me
        self.port, self.tls_port = free_port(), free_port()
        self._options = (certificate, capability, protocols, tokeninfo, passdb, extra)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._own(self.folder / "mail")
        (self.folder / "run").mkdir(exist_ok=True)
        (self.folder / "conf").write_text(self._configuration())
        program = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")
        assert program, "dovecot is missing: sh tests/tools.sh dovecot"
        out = (self.folder / "out").open("wb")  # a pipe would hang: its children keep it open
        self._process = subprocess.Popen([program, "-F", "-c", self.folder / "conf"], stdout=out, stderr=out)
        try:
            self._await()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGKILL)
                self._process.wait()
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _own(self, *folders: Path) -> None:
        for path in folders:
            if not path.exists():
                path.mkdir(exist_ok=True)
                os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def _configuration(self) -> str:
        certificate, capability, protocols, tokeninfo, passdb, extra = self._options
        args = self.folder / "oauth"
        args.write_text(f"tokeninfo_url = {tokeninfo}\nusername_attribute = email\ntimeout_msecs = 5000\n")
        oauth = f"passdb {{\n driver = oauth2\n mechanisms = xoauth2 oauthbearer\n args = {args}\n}}\n"
        me = pwd.getpwuid(os.geteuid())
        root = me.pw_uid == 0
        lines = "\n".join(
            f"ssl_{key} = <{value}"
            for key, value in (
                ("cert", (certificate or {}).get("tls_cert")),
                ("key", (certificate or {}).get("tls_key")),
            )
            if value
        )
        return _CONF.format(
            folder=self.folder,
            password=PASSWORD,
            run=self.folder / "run",
            protocols=protocols,
            ssl="yes" if certificate else "no",
            certificate=lines,
            mechanisms="xoauth2 oauthbearer" if tokeninfo else "",
            oauth=oauth if tokeninfo else "",
            uid=self.owner.pw_uid,
            gid=self.owner.pw_gid,
            internal="dovecot" if root else me.pw_name,
            login="dovenull" if root else me.pw_name,
            group="dovecot" if root else grp.getgrgid(me.pw_gid).gr_name,
            capability=capability,
            port=self.port,
            tls_port=self.tls_port,
            passdb=passdb,
            extra=extra,
        )

    def _await(self) -> None:
        deadline = time.monotonic() + 15
        while True:
            assert self._process is not None
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as wire:
                    if wire.recv(10).startswith(b"* OK"):
                        return
            except OSError:
                pass
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "out").read_text("utf-8", "replace")
                log = self.folder / "log"
                raise RuntimeError(f"dovecot did not start: {said}{log.read_text() if log.exists() else ''}")
            time.sleep(0.03)

    # ------------------------------------------------ users and mail

    def user(self, name: str) -> str:
        """A user with an empty mailbox; every name is let in with PASSWORD."""
        self.maildir(name)
        return name

    def maildir(self, user: str, mailbox: str = "INBOX") -> Path:
        """The folder of a mailbox, with new, cur and tmp."""
        path = self.folder / "mail" / user
        self._own(path)
        path = path if mailbox == "INBOX" else path / f".{mailbox}"
        self._own(path, path / "new", path / "cur", path / "tmp")
        return path

    def put(self, user: str, raw: bytes, mailbox: str = "INBOX", name: str = "") -> None:
        """Deliver one mail as a delivery agent does: into tmp, then into new."""
        folder = self.maildir(user, mailbox)
        name = name or f"{time.time_ns()}.M1P{os.getpid()}.test"
        (folder / "tmp" / name).write_bytes(raw)
        os.chown(folder / "tmp" / name, self.owner.pw_uid, self.owner.pw_gid)
        (folder / "tmp" / name).rename(folder / "new" / name)

    def append(self, user: str, raw: bytes, mailbox: str = "INBOX") -> None:
        """Deliver through Dovecot itself. It does not see what another program writes within milliseconds of its own look at a
        Maildir, whatever IDLE promises."""
        with imaplib.IMAP4("127.0.0.1", self.port) as client:
            client.login(user, PASSWORD)
            client.append(mailbox, "", None, raw)  # type: ignore[arg-type]

    def mails(self, user: str, mailbox: str = "INBOX") -> list[Path]:
        """The files of its mails. Dovecot may make the folder, or move a file from new to cur, while we look."""
        folder = self.folder / "mail" / user
        folder = folder if mailbox == "INBOX" else folder / f".{mailbox}"
        found = {}
        for name in ("new", "cur"):
            if (folder / name).is_dir():
                found |= {path.name.partition(":")[0]: path for path in (folder / name).iterdir()}
        return sorted(found.values())

    def new_validity(self, user: str, mailbox: str = "INBOX") -> None:
        """Another UIDVALIDITY for the same mails, and other UIDs."""
        folder = self.maildir(user, mailbox)
        for path in folder.glob("dovecot*"):
            if path.is_file():
                path.unlink()
        listed = self.folder / "mail" / user / "dovecot-uidvalidity"
        for path in listed.parent.glob("dovecot-uidvalidity*"):
            path.unlink()
        names = self.mails(user, mailbox)
        number = 2_000_000_000 + int(time.time()) % 1_000_000
        lines = [f"3 V{number} N{len(names) + 1} G{number:032x}"]
        lines += [f"{uid} :{path.name.partition(':')[0]}" for uid, path in enumerate(names, 1)]
        (folder / "dovecot-uidlist").write_text("\n".join(lines) + "\n")
        os.chown(folder / "dovecot-uidlist", self.owner.pw_uid, self.owner.pw_gid)
