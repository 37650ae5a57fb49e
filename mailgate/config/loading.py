"""Reading the settings, and what is said of those that are wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mailgate.config.files import find, read_toml
from mailgate.config.settings import Config
from mailgate.errors import ConfigError


def load(option: str | Path | None = None) -> Config:
    """Read and check the settings. Raises ConfigError with every fault at once."""
    path = find(option)
    values = read_toml(path)
    values.pop("source", None)
    try:
        return Config(**values, source=path)
    except ValidationError as e:
        raise ConfigError([_fault(path, error) for error in e.errors()]) from e
    except Exception as e:
        # pydantic-settings raises its own error for an environment variable that is not JSON where JSON is needed
        if type(e).__name__ != "SettingsError":
            raise
        raise ConfigError([f"environment: {e}; the value must be JSON"]) from e


def _fault(path: Path, error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"]) or "(whole file)"
    variable = "MAILGATE_" + "__".join(str(part) for part in error["loc"]).upper()
    origin = variable if variable in os.environ else str(path)
    allowed = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return f"{origin}: {key}: no such key; remove it or mend its spelling"
    found = repr(error.get("input"))
    # a section as a whole may hold a password, and a URL may stand in a wrong place
    if (
        any(word in key for word in ("password", "url", "web.keys", "_key", "client_secret", "refresh_token"))
        or isinstance(error.get("input"), Mapping)
        or "://" in found
    ):
        found = "(not shown)"
    return f"{origin}: {key}: found {found[:80]}; {allowed[0].lower()}{allowed[1:]}"


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like ours and name no key: likely misspelt."""
    known = {"MAILGATE_CONFIG"}
    unknown = []
    for name in environment:
        if not name.startswith("MAILGATE_") or name in known:
            continue
        section, _, key = name.removeprefix("MAILGATE_").lower().partition("__")
        top = Config.model_fields.get(section)
        inner = getattr(top.annotation, "model_fields", None) if top else None
        if top is None or (key and (inner is None or key.partition("__")[0] not in inner)):
            unknown.append(name)
    return sorted(unknown)
