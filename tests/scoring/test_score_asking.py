"""The count of requests in ordinary mail, over a folder of our own making."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCORE = Path(__file__).with_name("score_asking.py")
MAIL = b"From: a@b.example\r\nSubject: x\r\n\r\nHello.\r\n\r\n> Please escalate this ticket.\r\n"


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCORE, folder], capture_output=True, text=True)


def test_each_hit_is_shown(tmp_path: Path) -> None:
    corpus = tmp_path / "data" / "some"
    corpus.mkdir(parents=True)
    (tmp_path / "ordinary.ids").write_text("some/quoted\n")
    (corpus / "m.eml").write_bytes(MAIL)
    (corpus / "t.txt").write_text("Bitte eskalieren Sie das Ticket.")
    records = [
        {
            "id": "some/quoted",
            "path": "m.eml",
            "format": "rfc822",
            "expect": {"reply_text": "Hello.", "n": 1},
        },
        {"id": "some/text", "path": "t.txt", "format": "text"},
    ]
    (corpus / "records.jsonl").write_text("\n".join(map(json.dumps, records)))
    said = run(tmp_path)
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines() == [
        "some/text: text: de: Bitte eskalieren Sie das Ticket.",
        "some/text: full_text: de: Bitte eskalieren Sie das Ticket.",
        "5 texts of 2 records, 1 of them ordinary: 2 hits",
    ]


def test_without_the_folder_nothing_is_counted(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert (said.returncode, said.stdout) == (66, "")
    assert "nothing is scored" in said.stderr
