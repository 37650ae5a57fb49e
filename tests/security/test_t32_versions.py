"""T32: known holes below us. `mailgate check` names them, and what cannot be used safely is not installed."""

from __future__ import annotations

import re
import sqlite3
import tomllib
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as pysqlite

from mailgate import checks
from mailgate.config import Config

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 11, 14), False),
        ((3, 11, 15), True),
        ((3, 12, 12), False),
        ((3, 12, 13), True),
        ((3, 13, 11), False),
        ((3, 13, 12), True),
        ((3, 14, 2), False),
        ((3, 14, 3), True),
    ],
)  # fmt: skip
def test_pythons_with_holes_in_email(version: tuple[int, int, int], safe: bool) -> None:
    finding = checks.python_finding(version)
    assert finding.level == (checks.OK if safe else checks.WARNING)
    assert safe or ".".join(map(str, (*version[:2],))) in finding.mend


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
    ],
)  # fmt: skip
def test_sqlites_that_may_lose_a_commit(version: tuple[int, int, int], safe: bool) -> None:
    assert checks.sqlite_finding(version).level == (checks.OK if safe else checks.ERROR)


def test_the_sqlite_in_use_is_a_safe_one_whatever_the_system_has() -> None:
    assert checks.sqlite_finding(pysqlite.sqlite_version_info).level == checks.OK
    assert sqlite3.sqlite_version_info > (3,)


def test_check_says_it(tmp_path: Path) -> None:
    abouts = {finding.about for finding in checks.everything(Config(data_dir=tmp_path), {})}
    assert "python" in abouts


PINS = {"aiosmtpd": "1.4.6", "jinja2": "3.1.4", "pysqlite3": "0.6.1", "dkimpy": "1.1.8"}


@pytest.mark.parametrize(("name", "least"), PINS.items(), ids=PINS)
def test_what_has_holes_is_not_installed(name: str, least: str) -> None:
    """CVE-2024-27305 and CVE-2024-34083 of aiosmtpd, CVE-2024-34064 of Jinja2; each has an upper bound too."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    line = next(line for line in wanted if re.match(rf"{name}\W", line))
    assert f">={least}" in line
    assert ",<" in line
