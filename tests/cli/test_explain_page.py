"""`mailgate explain --html`: a page for people, seen by a real browser, and never written over a mail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
MAIL = (
    b"From: Ann <ann@x.example>\r\nTo: support@example.com\r\nSubject: Re: <script>document.title='run'</script>\r\n"
    b"Date: Mon, 2 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@x.example>\r\n\r\n"
    b"The new words <img src=x onerror=\"document.title='run'\">\r\n-- \r\nAnn\r\n\r\n"
    b"On Mon, Nov 2, 2026 at 10:00 AM Support <support@example.com> wrote:\r\n> The old words\r\n"
)


@pytest.fixture
def mail_file(tmp_path: Path) -> str:
    path = tmp_path / "one.eml"
    path.write_bytes(MAIL)
    return str(path)


def test_the_page_is_written_and_said(mailgate: Run, mail_file: str, tmp_path: Path) -> None:
    said = mailgate("explain", "--html", "page.html", mail_file, mail_file)
    assert (said.code, said.out) == (0, "")
    assert "page.html: 2 mails" in said.err
    assert (tmp_path / "page.html").read_text("utf-8").count("<article>") == 2


def test_json_beside_the_page(mailgate: Run, mail_file: str, tmp_path: Path) -> None:
    said = mailgate("explain", "--json", "--html", "page.html", mail_file)
    assert json.loads(said.out)["file"] == mail_file
    assert (tmp_path / "page.html").exists()


def test_an_earlier_page_is_replaced(mailgate: Run, mail_file: str, tmp_path: Path) -> None:
    for _ in range(2):
        assert mailgate("explain", "--html", "page.html", mail_file).code == 0
    assert sorted(os.listdir(tmp_path)) == ["one.eml", "page.html"]


def test_a_mail_is_never_written_over(mailgate: Run, mail_file: str) -> None:
    said = mailgate("explain", "--html", mail_file, mail_file)
    assert said.code == 64
    assert "give the page another" in said.err
    assert Path(mail_file).read_bytes() == MAIL


@pytest.mark.parametrize("name", ["missing/page.html", "."])
def test_a_place_that_cannot_be_written(mailgate: Run, mail_file: str, tmp_path: Path, name: str) -> None:
    said = mailgate("explain", "--html", name, mail_file)
    assert said.code == 64
    assert name in said.err
    assert os.listdir(tmp_path) == ["one.eml"]


def test_a_file_that_cannot_be_read_is_on_the_page_too(mailgate: Run, mail_file: str, tmp_path: Path) -> None:
    assert mailgate("explain", "--html", "page.html", "gone-file.eml", mail_file).code == 66
    made = (tmp_path / "page.html").read_text("utf-8")
    assert "gone-file.eml" in made
    assert made.count("<article>") == 2


# ---------------------------------------------------------------- in a real browser


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium")
    assert found, "the browser is missing: apt-get install chromium (make test does)"
    return found


def test_a_browser_shows_the_words_and_runs_none_of_them(
    mailgate: Run, mail_file: str, tmp_path: Path, chromium: str
) -> None:
    mailgate("explain", "--html", "page.html", mail_file)
    shown = subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=2000", "--dump-dom", (tmp_path / "page.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    assert "<title>mailgate explain</title>" in shown, "a word of the mail ran"
    assert "<img" not in shown
    assert "<script" not in shown
    for fate, word in (("kept", "The new words"), ("signature", "Ann"), ("quoted", "The old words")):
        passage = shown.partition(f'<div class="passage {fate}">')[2].partition("</div>")[0]
        assert word in passage, fate
