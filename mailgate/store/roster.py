"""Everybody on record, as `mailgate people` shows them. Reads only."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from mailgate.store import unreachable
from mailgate.store.schema import accounts, dead_addresses, team_members, teams
from mailgate.store.schema import people as people_table

LIMIT = 1000
EVER = datetime(1970, 1, 1, tzinfo=UTC)


def people(
    conn: Connection, *, limit: int = LIMIT, since: datetime = EVER, address: str | None = None
) -> list[dict[str, Any]]:
    """Staff first, then by address; of one `address` only, where it is given. `failures` are the mails to somebody
    that failed after `since`."""
    mine: dict[int, list[str]] = defaultdict(list)
    of_teams = select(team_members.c.person_id, teams.c.name).join(teams).where(teams.c.active)
    for row in conn.execute(of_teams.order_by(teams.c.position)):
        mine[row.person_id].append(row.name)
    failed = unreachable.failures(conn, since)
    statement = (
        select(people_table, accounts.c.name.label("account"), dead_addresses.c.since, dead_addresses.c.why)
        .outerjoin(accounts)
        .outerjoin(dead_addresses, dead_addresses.c.person_id == people_table.c.id)
        .order_by(people_table.c.agent.desc(), people_table.c.address)
        .limit(limit)
    )
    if address is not None:
        statement = statement.where(people_table.c.address == address)
    return [
        {
            "address": row.address,
            "name": row.name,
            "language": row.language,
            "account": row.account or "",
            "agent": row.agent,
            "supervisor": row.supervisor,
            "teams": mine[row.id] if row.agent else [],
            "authenticated_before": row.authenticated_before,
            "dead": row.dead,
            "dead_since": row.since.isoformat() if row.dead and row.since else None,
            "dead_why": row.why if row.dead and row.why else "",
            "failures": failed.get(row.id, 0),
        }
        for row in conn.execute(statement)
    ]
