from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from web.house import Web, webs

from mailgate import counters


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Callable[..., Web]]:
    """Start the HTTP door; see `house.webs`."""
    yield from webs(tmp_path)


@pytest.fixture(autouse=True)
def _fresh_counters() -> Iterator[None]:
    counters.clear()
    yield
    counters.clear()
