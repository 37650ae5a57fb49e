"""`mailgate people forget` as an operator meets it."""

from __future__ import annotations

import os
import pty
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailgate.model import Envelope
from mailgate.spool import Spool

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
CLAIRE = "claire@globex.example"


def test_what_was_removed_kept_and_is_left_to_do(desk: Any, mailgate: Run) -> None:
    told = mailgate("people", "forget", "Claire@Globex.example", "--yes", "--json").json
    assert told["address"] == CLAIRE
    assert told["placeholder"].startswith("forgotten-")
    removed = {key for key, count in told["removed"].items() if count}
    assert removed >= {"people", "messages", "raw", "comments", "titles", "attachments", "history"}
    assert {line["what"].split()[0] for line in told["kept"]} >= {"rows", "tickets,", "backups,"}
    assert all(line["why"] for line in told["kept"])
    assert "#1 have nobody to answer" in told["to_do"][0]
    assert CLAIRE not in mailgate("people", "--json").out
    assert mailgate("people", "show", CLAIRE).code == 66
    assert CLAIRE not in mailgate("ticket", "1", "--json").out


def test_in_words(desk: Any, mailgate: Run) -> None:
    said = mailgate("people", "forget", CLAIRE, "--yes").out
    for words in ("from now on", "Removed:", "Kept:", "backups", "Left to do:"):
        assert words in said
    placeholder = said.split()[2]
    assert mailgate("people", "revive", placeholder).code == 66
    again = mailgate("people", "forget", CLAIRE, "--yes")
    assert (again.code, again.out.strip()) == (0, f"Nothing about {CLAIRE} is on record.")


def test_without_yes_and_a_terminal_nothing_happens(desk: Any, mailgate: Run) -> None:
    found = mailgate("people", "forget", CLAIRE)
    assert (found.code, "--yes" in found.err) == (64, True)
    assert mailgate("people", "show", CLAIRE).code == 0


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("", 1), ("y", 0)])
def test_on_a_terminal_it_asks(
    desk: Any, mailgate: Run, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    with os.fdopen(theirs, "r") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        found = mailgate("people", "forget", CLAIRE)
    os.close(ours)
    assert found.code == code
    assert ("1 mails" in found.out, "Nothing was changed." in found.out) == (True, code == 1)
    assert mailgate("people", "show", CLAIRE).code == (0 if code else 66)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ana@example.com", "people file"),
        ("team@example.com", "people file"),
        ("support@example.com", "of this desk"),
        ("not an address", "is needed"),
    ],
)
def test_whom_it_refuses(desk: Any, mailgate: Run, address: str, why: str) -> None:
    found = mailgate("people", "forget", address, "--yes")
    assert (found.code, why in found.err) == (64, True)


def test_staff_that_is_gone_from_the_file_but_not_from_the_database(desk: Any, mailgate: Run) -> None:
    file = Path("config/people.toml")
    file.write_text(file.read_text().replace("ben@example.com", "new@example.com"))
    assert "sync" in mailgate("people", "forget", "ben@example.com", "--yes").err
    assert mailgate("people", "sync").code == 0
    assert mailgate("people", "forget", "ben@example.com", "--yes").code == 0
    assert "ben@" not in mailgate("people", "--json").out


def test_its_files_are_not_to_be_had_any_more(desk: Any, mailgate: Run) -> None:
    (first, *_) = mailgate("attachment", "list", "1", "--json").json
    mailgate("people", "forget", CLAIRE, "--yes")
    listed = mailgate("attachment", "list", "1", "--json").json
    assert {each["why"] for each in listed} == {"removed with the data of the person who sent it"}
    for words in (
        ("attachment", "take", first["message"], first["part"]),
        ("messages", "show", first["message"], "--raw"),
    ):
        found = mailgate(*words)
        assert (found.code, "removed with their sender's data" in found.err) == (66, True)
    assert mailgate("messages", "show", first["message"]).code == 0
    assert mailgate("explain", first["message"]).code == 66


def test_it_says_what_the_spool_and_the_settings_still_hold(desk: Any, mailgate: Run, mail: Run) -> None:
    spool = Spool(desk.config.data_dir / "spool.db", desk.config.spool)
    envelope = Envelope("", datetime.now(UTC), "smtp", CLAIRE, ("support@example.com",), "127.0.0.1")
    answers: list[object] = []
    spool.submit(envelope, mail(), answers.append)
    spool.close()
    assert isinstance(answers[0], str)
    with Path("config/mailgate.toml").open("a") as file:
        file.write(f'[trust]\nblock = ["{CLAIRE}"]\n')
    to_do = mailgate("people", "forget", CLAIRE, "--yes", "--json").json["to_do"]
    assert [
        words for words in ("in the spool", "trust.block") if not any(words in line for line in to_do)
    ] == []


def test_the_file_written_anew(desk: Any, mailgate: Run) -> None:
    mailgate("people", "forget", CLAIRE, "--yes")
    assert "written anew" in mailgate("db", "vacuum").out
    assert mailgate("db", "check").code == 0
    assert b"claire@" not in (desk.config.data_dir / "mailgate.db").read_bytes().lower()
