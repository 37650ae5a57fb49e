"""Keys are made once for all of these tests; openssl makes the RSA ones."""

from __future__ import annotations

import pytest
from authenticate.world import FakeClock, Keys, make_keys


@pytest.fixture(scope="session")
def keys() -> Keys:
    return make_keys()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
