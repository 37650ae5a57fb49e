"""Where the config file and the files that ship with the package lie."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from mailgate.errors import ConfigError


def resource(name: str) -> Path:
    """A file or folder that ships with the package (`templates`, `config/mailgate.toml`), in a wheel or a checkout."""
    package = Path(__file__).resolve().parent.parent
    packed = package / "_data" / name
    return packed if packed.exists() else package.parent / name


def find(option: str | Path | None = None) -> Path:
    """The config file in use. Raises ConfigError when a named file is missing."""
    for origin, named in (("--config", option), ("MAILGATE_CONFIG", os.environ.get("MAILGATE_CONFIG"))):
        if named:
            path = Path(named)
            if not is_file(path):
                raise ConfigError(
                    [f"{path}: no such file, named by {origin}; name an existing file or leave it out"]
                )
            return path
    local = Path("config/mailgate.toml")
    return local if is_file(local) else resource("config/mailgate.toml")


def is_file(path: Path) -> bool:
    """Whether a file is there. Raises ConfigError where this user may not even look."""
    try:
        return path.is_file()
    except OSError as e:
        raise ConfigError(
            [
                f"{path}: this user (id {os.geteuid()}) may not look there: {e.strerror}; let the user that mailgate runs as "
                "into each folder above it (chmod o+x, or chgrp and chmod g+x), or run as that user"
            ]
        ) from e


def read_toml(path: Path, hint: str = "") -> dict[str, Any]:
    """The values of a TOML file. Raises ConfigError; `hint` goes behind the fault of a file that cannot be opened."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigError([f"{path}: not valid TOML: {e}"]) from e
    except OSError as e:
        raise ConfigError([f"{path}: cannot be read: {e.strerror}{hint}"]) from e
