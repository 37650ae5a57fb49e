"""How often ordinary mail is taken for a request to escalate: every sentence that counts as one, for somebody to look at.

    python tests/scoring/score_asking.py FOLDER

FOLDER is that of score.py. Asked are the new text and the whole text of every mail in it, and every reply text that another project
expects. None of that mail is about escalation, so each line printed is to be judged; the last one counts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from mailgate.mail.parse import parse
from mailgate.rules.asking import asks


def texts(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Id, which text it is, and the text."""
    for file in sorted((folder / "data").glob("*/records.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            for name, value in record.get("expect", {}).items():
                if isinstance(value, str):
                    yield record["id"], name, value
            path = file.parent / str(record.get("path", ""))
            if path.is_file():
                raw = path.read_bytes()
                parsed = parse(raw if record["format"] == "rfc822" else b"From: a@b.example\n\n" + raw)
                yield record["id"], "text", parsed.text
                yield record["id"], "full_text", parsed.full_text


def main() -> int:
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("folder", type=Path)
    folder = reader.parse_args().folder
    if not (folder / "ordinary.ids").is_file():
        print(f"{folder} holds no such data: nothing is scored", file=sys.stderr)
        return 66
    ordinary = set((folder / "ordinary.ids").read_text("utf-8").split())
    seen: set[str] = set()
    asked, hits = 0, 0
    for record, name, text in texts(folder):
        seen.add(record)
        asked += 1
        if (found := asks(text)) is not None:
            hits += 1
            print(f"{record}: {name}: {found.language}: {found.sentence}")
    print(f"{asked} texts of {len(seen)} records, {len(ordinary & seen)} of them ordinary: {hits} hits")
    return 0


if __name__ == "__main__":
    sys.exit(main())
