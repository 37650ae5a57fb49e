"""How well our own checks agree with what other projects assert: SPF and DKIM, records with their zone data.

    python tests/scoring/score_auth.py FOLDER [--half A|B] [--fail]

FOLDER is that of score.py; its corpora `spf_rfc7208` and `dkim` are read. DNS is what each record brings with it, the clock
stands where the mails were signed. The table is Markdown; `--fail` lists each miss with what was expected.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from mailgate.authenticate import canonical, dkim_verify, spf_check
from mailgate.authenticate.resolver import Lookups
from mailgate.authenticate.zone import ZoneResolver

NOW = 1_750_000_000.0  # 2025: after the last mail was signed
SECONDS = 3600.0  # nothing is late here
Record = dict[str, Any]


def records(folder: Path, corpus: str, half: str) -> Iterator[Record]:
    for line in (folder / "data" / corpus / "records.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        first = hashlib.sha1(record["id"].encode()).hexdigest()[0] in "01234567"
        if half in ("", "A" if first else "B"):
            yield record


def spf(record: Record) -> dict[str, Any]:
    """The points of one record of the SPF suite: field -> (right, expected, found)."""
    question = record["input"]
    lookups = Lookups(ZoneResolver(record["zonedata"]), SECONDS)
    found = spf_check.check(
        ip_address(question["host"]), question["mailfrom"], question["helo"], lookups
    ).result
    expected = record["expect"]["result_any"]
    return {"spf_result": (found in expected, expected, found)}


def dkim(record: Record, folder: Path) -> dict[str, Any]:
    """The points of one signed mail: how many signatures there are, and how many hold."""
    zone: dict[str, list[Any]] = {}
    for name, value in record["context"]["dns_txt"].items():
        texts = value if isinstance(value, list) else [value]
        zone[name] = ["TIMEOUT" if t == "TEMPERROR" else {"TXT": t} for t in texts if t != "PERMERROR"]
    message = canonical.read((folder / "data" / "dkim" / record["path"]).read_bytes())
    signatures = dkim_verify.verify(message, Lookups(ZoneResolver(zone), SECONDS), NOW)
    # Who signs a part of the body only has signed it; whether that is enough is policy, and not asked here.
    valid = [each for each in signatures if each.verified]
    states = {"pass": "success", "policy": "success", "temperror": "tempfail"}
    found = {
        "dkim_signatures": len(signatures),
        "dkim_valid": len(valid),
        "dkim_domains_valid": sorted({each.domain for each in valid}),
        "dkim_results": [states.get(each.result, "permfail") for each in signatures],
        "parse_ok": message.fields is not None,
    }
    expect = dict(record["expect"])
    if "dkim_results" in expect:
        expect["dkim_results"] = [each["state"] for each in expect["dkim_results"]]
    return {k: (found[k] == v, v, found[k]) for k, v in expect.items()}


def main() -> int:
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("folder", type=Path)
    reader.add_argument("--half", choices=("A", "B"), default="")
    reader.add_argument("--fail", action="store_true")
    words = reader.parse_args()
    if not (words.folder / "data" / "dkim").is_dir():
        print(f"{words.folder} holds no such data: nothing is scored", file=sys.stderr)
        return 66
    points: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for corpus in ("spf_rfc7208", "dkim"):
        for record in records(words.folder, corpus, words.half):
            fields = spf(record) if corpus == "spf_rfc7208" else dkim(record, words.folder)
            for name, (right, expected, found) in fields.items():
                points[corpus, name][0] += right
                points[corpus, name][1] += 1
                if words.fail and not right:
                    print(f"{record['id']}: {name}: expected {expected}, found {found}")
    print("| corpus | field | right | asked | |\n| --- | --- | ---: | ---: | ---: |")
    for (corpus, name), (right, asked) in points.items():
        print(f"| {corpus} | {name} | {right} | {asked} | {right / asked:.1%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
