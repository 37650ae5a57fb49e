"""The sections about what is kept where: spool, database, raw messages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mailgate.config.types import Bytes, Section


class Spool(Section):
    max_messages: Annotated[int, Field(ge=1)] = 200_000
    max_bytes: Annotated[int, Field(ge=1_000_000)] = 4_294_967_296
    min_free: Bytes = 67_108_864  # of the disk; below it 452


class Database(Section):
    url: str = Field("", repr=False)  # "" = SQLite in data_dir; else postgresql+psycopg://…


class Raw(Section):
    keep_days: Annotated[int, Field(ge=0)] = 0  # 0 = for ever
