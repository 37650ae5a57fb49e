"""The score of our own checks, over a folder of our own making."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCORE = Path(__file__).with_name("score_auth.py")
ZONE = {"acme.example": [{"SPF": "v=spf1 ip4:192.0.2.1 -all"}], "slow.example": ["TIMEOUT"]}
SPF = [
    ("right", "192.0.2.1", "bob@acme.example", ["pass"]),
    ("either", "192.0.2.9", "bob@acme.example", ["softfail", "fail"]),
    ("slow", "192.0.2.1", "bob@slow.example", ["temperror"]),
    ("wrong", "192.0.2.9", "bob@acme.example", ["pass"]),
]
UNSIGNED = {"dkim_signatures": 0, "dkim_valid": 1, "dkim_results": [], "parse_ok": True}


def folder(tmp_path: Path) -> Path:
    for corpus in ("spf_rfc7208", "dkim"):
        (tmp_path / "data" / corpus).mkdir(parents=True)
    spf = [
        {
            "id": name,
            "input": {"host": ip, "mailfrom": sender, "helo": "h.example"},
            "zonedata": ZONE,
            "expect": {"result_any": any_},
        }
        for name, ip, sender, any_ in SPF
    ]
    dkim = [
        {
            "id": "unsigned",
            "path": "m.eml",
            "context": {"dns_txt": {"s.example": "TEMPERROR"}},
            "expect": UNSIGNED,
        }
    ]
    for corpus, records in (("spf_rfc7208", spf), ("dkim", dkim)):
        (tmp_path / "data" / corpus / "records.jsonl").write_text("\n".join(map(json.dumps, records)))
    (tmp_path / "data" / "dkim" / "m.eml").write_bytes(b"From: a@b.example\n\nx\n")
    return tmp_path


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCORE, *map(str, words)], capture_output=True, text=True)


def test_points_and_misses(tmp_path: Path) -> None:
    said = run(folder(tmp_path), "--fail")
    assert said.returncode == 0, said.stderr
    assert "wrong: spf_result: expected ['pass'], found fail" in said.stdout
    assert "unsigned: dkim_valid: expected 1, found 0" in said.stdout
    assert "| spf_rfc7208 | spf_result | 3 | 4 | 75.0% |" in said.stdout
    assert "| dkim | parse_ok | 1 | 1 | 100.0% |" in said.stdout


def test_the_halves_are_the_whole(tmp_path: Path) -> None:
    def asked(*words: object) -> int:
        lines = run(folder(tmp_path) if not words else tmp_path, *words).stdout.splitlines()
        return sum(int(line.split("|")[4]) for line in lines if line.startswith("| spf_rfc7208"))

    assert asked() == 4 == asked("--half", "A") + asked("--half", "B")


def test_without_the_folder_nothing_is_scored(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert (said.returncode, said.stdout) == (66, "")
    assert "nothing is scored" in said.stderr
