"""The clock with many open tickets: what one tick costs, by what is due.

    python tests/benchmarks/bench_clock.py [--tickets 100000] [--runs 5]

SQLite with `synchronous=FULL`, in a file. All tickets are open, one in ten is escalated; k of them are due. A tick takes
the k steps whole: decision, history, the mails that are owed. The baseline asks without an index: it reads all open
tickets as the rules see them and looks at each, and takes no step. Last, what a change of the waits costs, which is
worked out beside all other work, 200 tickets a transaction.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import insert, select, update

from mailgate import people_file
from mailgate.clock import Clock
from mailgate.config import Config
from mailgate.rules import timing
from mailgate.store import keys, people, schema
from mailgate.store.engine import Store
from mailgate.store.loading import load_tickets

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PEOPLE = {
    "teams": [{"name": "support", "address": "team@example.com", "categories": ["general"]}],
    "agents": [{"address": "sam@example.com", "name": "Sam", "teams": ["support"], "supervisor": True}],
}
PART = 500  # tickets of one read of the baseline


def fill(store: Store, count: int) -> None:
    """Open tickets; each tenth is at level 1, and nothing is due for a day."""
    with store.writing() as conn:
        keys.ensure(conn, NOW)
        people.sync(conn, people_file.check(PEOPLE, "people.toml"))
        conn.execute(
            insert(schema.people),
            [{"id": n + 100, "address": f"p{n}@customer.example", "name": f"P {n}"} for n in range(1000)],
        )
        team = conn.scalar(select(schema.teams.c.id))
        conn.execute(insert(schema.tickets), [_ticket(n, team) for n in range(1, count + 1)])


def _ticket(n: int, team: int | None) -> dict[str, Any]:
    step = NOW + timedelta(hours=8, seconds=n % 3600) if n % 10 == 0 else None
    made = NOW - timedelta(days=n % 90)
    return {
        "id": n, "title": f"Paper jam {n}", "category": "general", "severity": 3, "status": "open", "team_id": team,
        "assignee_id": 100 + n % 1000, "agent_answered": True, "created": made, "updated": made, "status_since": made,
        "escalation_level": 1 if step else 0, "escalation_steps": 1 if step else 0, "last_step": step,
        "due_at": step + timedelta(hours=16) if step else None,
    }  # fmt: skip


def make_due(store: Store, run: int, count: int, tickets: int) -> None:
    """Some escalated tickets are due since an hour."""
    first = 10 * (1 + run * 200)
    numbers = [10 * (n + first // 10) % tickets or 10 for n in range(count)]
    step = NOW - timedelta(hours=17)
    with store.writing() as conn:
        conn.execute(
            update(schema.tickets)
            .where(schema.tickets.c.id.in_(numbers))
            .values(escalation_level=1, last_step=step, due_at=step + timedelta(hours=16))
        )


def scan(store: Store, config: Config) -> int:
    """The baseline: every open ticket is read and looked at."""
    due = beyond = 0
    columns = schema.tickets.c
    with store.reading() as conn:
        while True:
            wanted = select(columns.id).where(
                columns.id > beyond, columns.status.in_(["new", "open", "pending"])
            )
            numbers = list(conn.scalars(wanted.order_by(columns.id).limit(PART)))
            if not numbers:
                return due
            beyond = numbers[-1]
            for ticket in load_tickets(conn, numbers).values():
                when = timing.next_look(ticket, (), config)
                due += when is not None and when <= NOW


def timed(work: Any) -> float:
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--tickets", type=int, default=100_000)
    words.add_argument("--runs", type=int, default=5)
    args = words.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder:
        config = Config.model_validate({"data_dir": folder})
        store = Store(f"sqlite:///{Path(folder) / 'mailgate.db'}")
        store.upgrade()
        fill(store, args.tickets)
        serial = itertools.count(1)
        clock = Clock(config, store, lambda: next(serial), now=lambda: NOW)
        first = timed(clock.tick)
        baseline = [timed(lambda: scan(store, config)) for _ in range(2)]
        print(
            f"{args.tickets:,} open tickets on SQLite, a tenth of them escalated; ms, median of {args.runs} (all)\n"
        )
        print("| due | a tick | each step | by looking at all open tickets, no step | ratio |")
        print("| ---: | ---: | ---: | ---: | ---: |")
        for count in (0, 10, 100):
            found = []
            for run in range(args.runs):
                make_due(store, run, count, args.tickets)
                found.append(timed(clock.tick))
            middle, each = statistics.median(found), statistics.median(found) / count if count else 0.0
            all_of = ", ".join(f"{ms:.1f}" for ms in sorted(found))
            looked = statistics.median(baseline)
            print(
                f"| {count} | {middle:.1f} ({all_of}) | {each:.2f} | {looked:,.0f} | {looked / middle:,.0f} |"
            )
        print(
            f"\nafter a change of the waits, once: {first:,.0f} ms for {args.tickets // 10:,} escalated tickets"
        )
        store.close()


if __name__ == "__main__":
    main()
