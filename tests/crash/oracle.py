"""What must be true after any crash, read from the files themselves with SQL of its own.

It does not use the store's code: a fault there must not hide itself.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from feeder import Mail
from pysqlite3 import dbapi2 as sqlite
from sink import Taken

TEAM = "team@example.com"


def _open(path: Path) -> Any:
    connection = sqlite.connect(f"file:{path}?mode=ro", uri=True, timeout=20)
    connection.row_factory = sqlite.Row
    return connection


def balance(folder: Path) -> str:
    """ "" when accepted = waiting + outcomes (1.4), else what is wrong. The worker must stand still meanwhile."""
    if not (folder / "mailgate.db").exists():
        return ""
    with closing(_open(folder / "mailgate.db")) as ledger, closing(_open(folder / "spool.db")) as spool:
        if not ledger.execute("SELECT 1 FROM sqlite_master WHERE name = 'messages'").fetchone():
            return ""
        decided = {row[0] for row in ledger.execute("SELECT id FROM messages")}
        spool.execute("BEGIN")
        accepted = spool.execute("SELECT accepted FROM spool").fetchone()[0]
        waiting = {row[0] for row in spool.execute("SELECT id FROM mail")}
    total = len(decided | waiting)
    return "" if accepted == total else f"accepted {accepted}, waiting or decided {total}"


@dataclass
class Verdict:
    """The faults found, in words (the first few of each kind), and the figures."""

    figures: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def fault(self, kind: str, what: str) -> None:
        self.faults[kind].append(what)


def judge(
    folder: Path, mails: Sequence[Mail], taken: Sequence[Taken], desk_deaths: Sequence[float]
) -> Verdict:
    """Hold the files and the sink's record against every promise that was given."""
    verdict = Verdict()
    if wrong := balance(folder):
        verdict.fault("unbalanced", wrong)
    with closing(_open(folder / "spool.db")) as spool:
        for row in spool.execute("SELECT id FROM mail"):
            verdict.fault("still_in_spool", row[0])
    with closing(_open(folder / "mailgate.db")) as db:
        ledger = {row["id"]: row for row in db.execute("SELECT * FROM messages")}
        comments = db.execute("SELECT * FROM comments").fetchall()
        owed = db.execute("SELECT * FROM outbox").fetchall()
        tickets = [row[0] for row in db.execute("SELECT id FROM tickets")]
    _promises(verdict, mails, ledger)
    _effects(verdict, mails, ledger, comments, tickets)
    _notices(verdict, mails, ledger, owed)
    _deliveries(verdict, owed, taken, desk_deaths)
    verdict.figures |= {
        "mails": len(mails),
        "promises": sum(len(mail.ids) for mail in mails),
        "outcomes": dict(Counter(row["outcome"] for row in ledger.values())),
        "kinds": dict(Counter(mail.kind for mail in mails)),
        "owed": len(owed),
    }
    return verdict


def _promises(verdict: Verdict, mails: Iterable[Mail], ledger: dict[str, Any]) -> None:
    """1.1, 1.4: every 250 has exactly one outcome, and nothing has one that was never offered."""
    for mail in mails:
        for id in mail.ids:
            if id not in ledger:
                verdict.fault("lost", f"{mail.message_id} was promised as {id}")
        if len(set(mail.ids)) != len(mail.ids):
            verdict.fault("id_twice", mail.message_id)
    offered = {mail.message_id: mail.dots for mail in mails}
    for rfc_id, count in Counter(row["rfc_id"] for row in ledger.values()).items():
        if count > offered.get(rfc_id, 0):
            verdict.fault("never_offered", f"{rfc_id}: {count} outcomes for {offered.get(rfc_id, 0)} offers")
    for row in ledger.values():
        if row["outcome"] not in ("ticket", "comment", "duplicate"):
            verdict.fault("wrong_outcome", f"{row['rfc_id']}: {row['outcome']} {row['error']}")


def _effects(
    verdict: Verdict,
    mails: Iterable[Mail],
    ledger: dict[str, Any],
    comments: Sequence[Any],
    tickets: Sequence[int],
) -> None:
    """1.2: exactly one ticket or comment for a mail, however often it was accepted or worked on."""
    by_message = Counter(row["message_id"] for row in comments)
    opened: Counter[int] = Counter()
    effective: Counter[str] = Counter()
    for id, row in ledger.items():
        wanted = 1 if row["outcome"] in ("ticket", "comment") else 0
        if by_message[id] != wanted:
            verdict.fault(
                "effect_lost" if by_message[id] < wanted else "effect_doubled", f"{row['rfc_id']}: {id}"
            )
        effective[row["rfc_id"]] += wanted
        if row["outcome"] == "ticket":
            opened[row["ticket_id"]] += 1
    texts: Counter[str] = Counter()
    for row in comments:
        texts.update({word for word in row["text"].split() if word.startswith("marker-")})
    for mail in mails:
        least = 1 if mail.ids else 0
        for count in (effective[mail.message_id], texts[mail.marker]):
            if count < least:
                verdict.fault("effect_lost", mail.message_id)
            elif count > 1:
                verdict.fault("effect_doubled", f"{mail.message_id}: {count} times")
    if opened != Counter(tickets):
        verdict.fault("tickets", f"{len(tickets)} tickets, {len(opened)} messages opened one")


def _notices(verdict: Verdict, mails: Iterable[Mail], ledger: dict[str, Any], owed: Sequence[Any]) -> None:
    """5.3, 6.1: the team hears of each mail once; a new ticket is acknowledged once."""
    team: Counter[str] = Counter()
    acknowledged: Counter[int] = Counter()
    for row in owed:
        if row["address"] == TEAM:
            words = json.dumps(json.loads(row["context"]).get("comments", []))
            team.update(
                {word.strip('"\\,') for word in words.replace("\\n", " ").split() if "marker-" in word}
            )
        if row["template"] == "acknowledgement":
            acknowledged[row["ticket_id"]] += 1
    for mail in mails:
        if team[mail.marker] > 1 or (mail.ids and not team[mail.marker]):
            verdict.fault("team_notice", f"{mail.message_id}: {team[mail.marker]} mails tell of it")
    for row in ledger.values():
        if row["outcome"] == "ticket" and not acknowledged[row["ticket_id"]]:
            verdict.fault("acknowledgement_lost", row["rfc_id"])


def _deliveries(
    verdict: Verdict, owed: Sequence[Any], taken: Sequence[Taken], desk_deaths: Sequence[float]
) -> None:
    """1.3: every owed mail goes out; twice only where the sender died after the sink's yes, and then the same one."""
    by_id: dict[str, list[Taken]] = defaultdict(list)
    for each in taken:
        by_id[each.message_id].append(each)
    known = {row["message_id"] for row in owed}
    again = 0
    for row in owed:
        sent = by_id[row["message_id"]]
        if row["state"] != "sent" or not sent:
            verdict.fault("not_sent", f"{row['id']} {row['state']} {row['attempts']} {row['last_error']}")
            continue
        digest = hashlib.sha256(row["mail"]).hexdigest()
        if any(each.digest != digest or each.to != row["address"] for each in sent):
            verdict.fault("sent_differently", row["message_id"])
        again += len(sent) - 1
        for first, second in pairwise(sent):
            if not any(first.at <= death <= second.at for death in desk_deaths):
                verdict.fault("sent_twice_without_a_crash", row["message_id"])
    for stranger in by_id.keys() - known:
        verdict.fault("sent_but_not_owed", stranger)
    verdict.figures["sent"] = len(taken)
    verdict.figures["sent_again_after_a_crash"] = again
