"""How well mail is read: mailgate and the libraries over the same real mail, field by field.

    make score [CORPORA=FOLDER]
    python tests/scoring/score.py FOLDER [--half A|B] [--fail FIELD]

FOLDER holds mail that other projects collected, with what each expects of it, and its two scripts `predict.py` and `score.py`.
That data bears other projects' licences, so it is no part of this one; without the folder nothing can be scored, and this says so.
A library that does not answer within ten seconds on one record has failed on it. Fields that a library does not speak of
stay empty. The table is Markdown: docs/reading.md shows one.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import select
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
SECONDS = 10  # for one record
LIBRARIES = ("stdlib", "quotequail", "mail-parser-reply", "email-reply-parser", "flufl.bounce")
# Which fields each is asked for: those it was made for.
REPLY = ("reply_text", "reply_partial", "reply_words_kept")
BOUNCE = ("is_bounce", "bounced_recipients", "bounce_permanent")
SPEAKS: dict[str, tuple[str, ...]] = {
    "quotequail": REPLY, "mail-parser-reply": (*REPLY, "signature_text"), "email-reply-parser": (*REPLY, "signature_text"),
    "flufl.bounce": BOUNCE,
}  # fmt: skip
AIMS: dict[str, float] = {
    "reply_text": 95, "reply_partial": 98, "reply_words_kept": 99, "attachments": 97, "attachment_count": 97, "subject": 99, "from": 99,
    "date": 99, "message_id": 99, "text": 97, "is_bounce": 99, "bounced_recipients": 96, "bounce_permanent": 95,
    "bounce_status_class": 97,
}  # fmt: skip
OURS = ("signature_text", "quoted_text", "forwarded", "subject_strips")
FIELDS = (
    *AIMS, "is_auto_reply", "is_feedback_report", "is_disposition_notification", "from_name", "to", "cc", "reply_to", "html", *OURS,
)  # fmt: skip
SPEAKS["stdlib"] = tuple(field for field in FIELDS if field not in OURS)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=("A", "B"), help="only the records whose id hashes into this half")
    parser.add_argument(
        "--fail", metavar="FIELD", help="each miss of mailgate in this field, with what was expected"
    )
    options = parser.parse_args()
    needed = ("predict.py", "score.py", "data")
    if missing := [name for name in needed if not (options.folder / name).exists()]:
        print(
            f"{options.folder}: there is no {missing[0]} here. Scoring needs the folder of collected mail, which is no part of this "
            "project: name it with make score CORPORA=FOLDER",
            file=sys.stderr,
        )
        return 66
    scorer = load(options.folder / "score.py")
    records = list(read_records(options.folder, options.half))
    with tempfile.TemporaryDirectory() as name:
        found = {"mailgate": mailgate(options.folder, Path(name))}
    if options.fail:
        return misses(scorer, records, found["mailgate"], options.fail)
    for library in LIBRARIES:
        print(f"{library} …", file=sys.stderr)
        found[library] = predictions(library, records)
    table(scorer, records, found)
    return 0


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("corpora_score", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def half(record: str) -> str:
    return "A" if hashlib.sha1(record.encode()).hexdigest()[-1] in "01234567" else "B"


def read_records(folder: Path, wanted: str | None) -> Iterator[dict[str, Any]]:
    for file in sorted((folder / "data").glob("*/records.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if (
                    "policy" in record["tags"]
                    or record["format"] == "spf"
                    or (wanted and half(record["id"]) != wanted)
                ):
                    continue
                yield record | {"path": str(file.parent / record["path"])}


def mailgate(folder: Path, scratch: Path) -> dict[str, dict[str, Any]]:
    """By the folder's own script: `mailgate explain --json` over every file."""
    out = scratch / "predictions.jsonl"
    command = [sys.executable, folder / "predict.py", out, "--mailgate", f"{sys.executable} -m mailgate"]
    offline = os.environ | {"MAILGATE_TRUST__OWN_CHECKS": "false"}  # reading is scored, not DNS
    subprocess.run(command, check=True, stdout=sys.stderr, env=offline)
    with out.open(encoding="utf-8") as lines:
        return {prediction["id"]: prediction for prediction in map(json.loads, lines)}


def predictions(library: str, records: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    process: subprocess.Popen[str] | None = None
    for record in records:
        if process is None:
            process = subprocess.Popen(
                [sys.executable, str(HERE / "libraries.py"), library], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, bufsize=1,
            )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({key: record[key] for key in ("id", "path", "format")}) + "\n")
        process.stdin.flush()
        if select.select([process.stdout], [], [], SECONDS)[0] and (line := process.stdout.readline()):
            found[record["id"]] = json.loads(line)
        else:
            process.kill()
            process.wait()
            process = None
            found[record["id"]] = {"failed": "no answer in time"}
    if process is not None:
        process.communicate()
    return found


def points(
    scorer: ModuleType, records: Sequence[dict[str, Any]], found: dict[str, dict[str, Any]]
) -> dict[str, list[int]]:
    """[right, asked] by field."""
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for record in records:
        for field, right in scorer.field_results(record, found.get(record["id"], {})).items():
            counted[field][0] += bool(right)
            counted[field][1] += 1
    return counted


def table(
    scorer: ModuleType, records: Sequence[dict[str, Any]], found: dict[str, dict[str, dict[str, Any]]]
) -> None:
    scores = {name: points(scorer, records, predicted) for name, predicted in found.items()}
    names = list(scores)
    print(f"| field | records | aim | {' | '.join(names)} |")
    print(f"| --- | ---: | ---: |{' ---: |' * len(names)}")
    for field in FIELDS:
        asked = scores["mailgate"][field][1]
        if asked:
            aim = f"≥ {AIMS[field]:g}" if field in AIMS else ""
            cells = (
                percent(scores[name][field]) if field in SPEAKS.get(name, FIELDS) else "" for name in names
            )
            print(f"| {field} | {asked} | {aim} | {' | '.join(cells)} |")
    failed = {name: sum("failed" in p for p in predicted.values()) for name, predicted in found.items()}
    late = {
        name: sum(p.get("failed") == "no answer in time" for p in predicted.values())
        for name, predicted in found.items()
    }
    print()
    print(
        "; ".join(
            f"{name}: {failed[name]} records ended in an exception, {late[name]} of them in no answer"
            for name in names
            if failed[name]
        )
    )


def percent(counted: Sequence[int]) -> str:
    return f"{100 * counted[0] / counted[1]:.1f}"


def misses(
    scorer: ModuleType, records: Sequence[dict[str, Any]], found: dict[str, dict[str, Any]], field: str
) -> int:
    for record in records:
        predicted = found.get(record["id"], {})
        if scorer.field_results(record, predicted).get(field) is False:
            print(
                json.dumps(
                    {"id": record["id"], "expected": record["expect"], "found": predicted.get(field)},
                    ensure_ascii=False,
                )[:2000]
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
