"""`make score` needs data that is no part of the project, and says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scoring import libraries

SCORE = Path(__file__).with_name("score.py")
MAIL = (
    b"From: Ann <ann@x.example>\r\nTo: support@example.com\r\nSubject: s\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\n"
    b"New words\r\n\r\nOn Mon, Nov 2, 2026 at 10:00 AM Support <support@example.com> wrote:\r\n> Old words\r\n"
)


def test_without_the_folder_it_says_what_it_needs(tmp_path: Path) -> None:
    said = subprocess.run([sys.executable, SCORE, tmp_path], capture_output=True, text=True)
    assert said.returncode == 66
    assert "make score CORPORA=FOLDER" in said.stderr


def test_the_standard_library_is_asked_fairly() -> None:
    found = libraries.stdlib(MAIL, "rfc822")
    assert (found["from"], found["subject"], found["is_bounce"]) == ("ann@x.example", "s", False)
    assert found["date"] == "2026-11-02T10:00:00+00:00"
    assert found["text"].split() == libraries.text_of(MAIL, "rfc822").split()
