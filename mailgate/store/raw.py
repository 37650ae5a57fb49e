"""The raw messages, compressed, in a table of their own. The raw message is the truth (1.5): attachments are parts of it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from mailgate.errors import NotFound
from mailgate.store.schema import messages, raw

try:
    from isal.isal_zlib import compress  # zlib's format in a quarter of zlib's time
except ImportError:  # not on every machine
    from zlib import compress

LEVEL = 1  # of zlib: mail that is base64 gains nothing from more, and the worker pays
_GET = select(raw.c.data).where(raw.c.message_id == bindparam("id"))


def pack(data: bytes) -> bytes:
    """A message as it is kept. Other threads run meanwhile, so it may well be done ahead of time."""
    return compress(data, LEVEL)


def row(id: str, data: bytes, packed: bytes = b"") -> dict[str, Any]:
    """The values of one message's row; `packed` where it was packed before."""
    return {"message_id": id, "codec": "zlib", "size": len(data), "data": packed or pack(data)}


def get(conn: Connection, id: str) -> bytes:
    """Byte for byte as received. Raises NotFound when unknown or past its retention."""
    found = conn.scalar(_GET, {"id": id})
    if found is None:
        raise NotFound(
            f"no stored bytes for message {id}: raw.keep_days is over, or they were removed with their sender's data"
        )
    return zlib.decompress(found)


def expire(conn: Connection, before: datetime, limit: int = 1000) -> int:
    """Forget up to `limit` raw messages received before an instant (raw.keep_days); the ledger's rows stay."""
    old: Sequence[str] = conn.scalars(
        select(raw.c.message_id).join(messages).where(messages.c.received < before).limit(limit)
    ).all()
    if old:
        conn.execute(delete(raw).where(raw.c.message_id.in_(old)))
    return len(old)
