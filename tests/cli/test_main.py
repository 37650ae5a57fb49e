"""The program as a whole: help, exit codes, one clear line for whatever goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailgate import cli
from mailgate.errors import Full, NewerDatabase, Unavailable

Mailgate = Callable[..., Any]
PROGRAM = [sys.executable, "-m", "mailgate"]


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, mailgate.cli; mailgate.cli.run(['--help']); print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert not {"sqlalchemy", "pydantic", "jinja2", "rich", "babel", "mailgate.config"} & set(out.split())


def test_no_words_show_the_help(mailgate: Mailgate) -> None:
    said = mailgate()
    assert said.code == 0
    assert "Usage: mailgate" in said.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["tickst"], 64, "Did you mean", id="no such command"),
        pytest.param(["ticket", "one"], 64, "ticket --help", id="not a number"),
        pytest.param(["ticket"], 64, "Missing argument", id="a word is missing"),
        pytest.param(["tickets", "--colour"], 64, "No such option", id="no such option"),
        pytest.param(
            ["--config", "none.toml", "tickets"], 78, "none.toml: no such file", id="no such settings"
        ),
        pytest.param(
            ["tickets", "--config", "none.toml"],
            78,
            "none.toml: no such file",
            id="--config behind the command",
        ),
        pytest.param(["tickets"], 69, "no database yet", id="no database"),
        pytest.param(["explain", "none.eml"], 66, "", id="no such file"),
        pytest.param(["explain", "x.eml", "--peer", "nowhere"], 64, "IP address", id="not an address"),
        pytest.param(["serve", "--role", "dance"], 64, "no such role", id="no such role"),
    ],
)
def test_what_goes_wrong_is_one_line_and_an_exit_code(
    words: list[str], code: int, said: str, mailgate: Mailgate
) -> None:
    found = mailgate(*words)
    assert found.code == code
    assert said in found.err
    assert len(found.err.splitlines()) <= 1
    assert "Traceback" not in found.err


def test_every_fault_of_the_settings_is_told_at_once(mailgate: Mailgate, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[smtp]\nport = 99999\nprot = 1\n[gateway]\nlanguage = "xx"\n', "utf-8")
    found = mailgate("--config", str(path), "tickets")
    assert found.code == 78
    assert [key for key in ("smtp.port", "smtp.prot", "gateway.language") if key not in found.err] == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Full("the disk is full"), 75),
        (Unavailable("gone"), 69),
        (NewerDatabase("newer"), 69),
        (ValueError("a\nb"), 70),
    ],
)
def test_errors_become_exit_codes(
    error: Exception, code: int, mailgate: Mailgate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr("mailgate.cli.audit.balance", broken)
    found = mailgate("audit")
    assert found.code == code
    assert len(found.err.splitlines()) == 1
    assert ("report" in found.err) == (code == 70)


def test_a_traceback_only_for_those_who_ask(mailgate: Mailgate, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("oops")

    monkeypatch.setattr("mailgate.cli.audit.balance", broken)
    assert "Traceback" not in mailgate("audit").err
    monkeypatch.setenv("MAILGATE_DEBUG", "1")
    assert "Traceback" in mailgate("audit").err


def test_an_error_shows_no_control_characters(mailgate: Mailgate) -> None:
    assert "\x1b" not in mailgate("messages", "show", "\x1b[31m").err


def test_nobody_reads_any_more(tmp_path: Path) -> None:
    """`mailgate … | head`: no complaint, whatever is still to be written."""
    for number in range(3):
        (tmp_path / f"{number}.eml").write_bytes(b"Subject: x\r\n\r\n" + b"word " * 20_000)
    run = subprocess.Popen(
        [*PROGRAM, "explain", "--json", *(str(tmp_path / f"{n}.eml") for n in range(3))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.close()
    err = run.stderr.read()
    assert run.wait(60) == 0
    assert err == b""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tickets", "--config", "x"], ["--config", "x", "tickets"]),
        (["tickets", "--config=x", "--json"], ["--config=x", "tickets", "--json"]),
        (["comment", "1", "--", "--config"], ["comment", "1", "--", "--config"]),
        (["tickets", "--config"], ["--config", "tickets"]),
    ],
)
def test_the_global_option_goes_first(words: list[str], expected: list[str]) -> None:
    assert cli._global_first(words) == expected


def test_the_version(mailgate: Mailgate) -> None:
    assert mailgate("--version").out.startswith("mailgate 0.")


def test_check_finds_the_shipped_settings_fine(mailgate: Mailgate) -> None:
    found = mailgate("check", "--json")
    levels = {(each["level"], each["about"]) for each in found.json}
    assert {level for level, about in levels if about not in ("python", "smtp")} == {"ok"}
    assert found.code == 0 or ("error", "smtp") in levels, (
        "another gateway may hold the port on a shared machine"
    )


def test_check_lists_every_fault_of_the_settings(mailgate: Mailgate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGATE_SMTP__PORT", "99999")
    monkeypatch.setenv("MAILGATE_GATEWAY__ADDRESS", "nobody")
    monkeypatch.setenv("MAILGATE_SMPT__PORT", "25")
    found = mailgate("check", "--json")
    assert found.code == 78
    assert len([each for each in found.json if each["level"] == "error"]) == 2
    assert [each["level"] for each in found.json if "SMPT" in each["what"]] == ["warning"]
    assert "mend: " in mailgate("check").out
    assert os.listdir() == [], "a check makes nothing"
