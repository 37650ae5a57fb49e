"""What the threats are tried on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from security.desk import Desk


@pytest.fixture
def make_desk(tmp_path: Path, sqlite_file: Path) -> Iterator[Callable[..., Desk]]:
    """Makes desks, each with a database of its own; sections of the settings as keywords."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
    made: list[Desk] = []

    def make(**sections: Any) -> Desk:
        folder = tmp_path / f"desk-{len(made)}"
        folder.mkdir()
        made.append(Desk(Path(shutil.copy(sqlite_file, folder)), **sections))
        return made[-1]

    yield make
    for desk in made:
        desk.close()
    structlog.reset_defaults()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()
