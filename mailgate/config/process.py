"""The sections about the processes themselves: the worker with its parsers, the log."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mailgate.config.types import Section


class Worker(Section):
    parsers: Annotated[int, Field(ge=1, le=64)] = 2
    batch_messages: Annotated[int, Field(ge=1, le=1000)] = 50
    batch_bytes: Annotated[int, Field(ge=1)] = 4_194_304
    parse_seconds: Annotated[float, Field(gt=0)] = 10  # CPU a mail
    parse_memory: Annotated[int, Field(ge=67_108_864)] = 536_870_912
    attempts: Annotated[int, Field(ge=1)] = 3  # of one mail alone, before quarantine


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "text"] = "auto"
