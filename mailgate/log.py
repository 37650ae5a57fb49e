"""Logs: one line an event on stderr, as JSON or as text. Set up once at the roof; everybody else asks structlog.

Laws: a value never breaks a line, moves the cursor or grows without end (256 characters, control and
direction characters escaped); a signed token never reaches a log, whoever reads it could act with it.
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from mailgate.config import Log

LONGEST = 256
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# support+<token>@… and <token@domain>: long runs of lower-case letters and digits behind "+" or "<"
_TOKEN = re.compile(r"(?<=[+<])[a-z0-9]{24,}")


def clean(value: object) -> object:
    """A value fit for one line of a log: numbers stay, all else becomes text of at most 256 printable characters."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, BaseException):
        value = f"{type(value).__name__}: {value}"
    text = value if isinstance(value, str) else str(value)
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _escaped(c) for c in text)[: LONGEST * 2]
    return _TOKEN.sub("…", text)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _cleaned(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: clean(value) for key, value in event.items()}


def _error(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """`exc_info` becomes `error` and `where` (innermost frame first): a traceback would be many lines."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        event["error"] = error
        event["where"] = " < ".join(
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames)
        )
    return event


def _text(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    head = f"{event.pop('timestamp')} {event.pop('level'):7} {event.pop('event')}"
    words = (f"{key}={json.dumps(v, ensure_ascii=False) if _quoted(v) else v}" for key, v in event.items())
    return " ".join((head, *words))


def _quoted(value: object) -> bool:
    return isinstance(value, str) and (not value or " " in value or '"' in value)


def _json(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False)


def set_up(settings: Log, stream: TextIO | None = None) -> None:
    """Configure structlog for this process. `auto` is text for a terminal, JSON for anything else."""
    out = stream or sys.stderr
    text = settings.format == "text" or (settings.format == "auto" and out.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _error,
            _cleaned,
            _text if text else _json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        logger_factory=structlog.PrintLoggerFactory(file=out),
        cache_logger_on_first_use=stream is None,
    )
