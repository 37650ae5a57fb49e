"""The fixtures of the door's tests; what they start is in `listener`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import ports
import pytest
from doors.listener import Listener, certify, listeners


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Start listeners: `listen(smtp={...}, trust={...}, accept=…, spool=…)`."""
    yield from listeners()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A self-signed certificate for localhost, as settings of [smtp]."""
    return certify(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def free_port() -> int:
    return ports.free_port()
