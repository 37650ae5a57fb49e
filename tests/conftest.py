"""What all tests share: a real PostgreSQL for the session, and a fresh, empty store on each database."""

from __future__ import annotations

import shutil
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from postgres_server import Postgres

from mailgate.store import sqlite_driver
from mailgate.store.engine import Store

SHIPPED = sqlite_driver.SYNCHRONOUS

# No example fails by the clock of a busy machine. `quick` is for `make quick`, where a test does not say how many
# examples it wants; `make test` tries a hundred.
settings.register_profile("usual", parent=settings(), deadline=None)
settings.register_profile("quick", parent=settings(), deadline=None, max_examples=30)
settings.load_profile("usual")


@pytest.fixture(scope="session")
def linear() -> Callable[[Callable[[int], object], int], None]:
    """`linear(work, n)` fails where the cost of `work` grows with the square of its input (T19).

    Sixteen times the input may cost eighty times as much, where quadratic work costs 256 times; one good try of four
    is enough, so that a busy machine fails nothing.
    """

    def cost(work: Callable[[int], object], n: int) -> float:
        begin = time.process_time()
        work(n)
        return time.process_time() - begin

    def check(work: Callable[[int], object], n: int) -> None:
        tries = []
        for _ in range(4):
            small, whole = cost(work, max(n // 16, 1)), cost(work, n)
            if whole < 0.05 or whole < 80 * small:
                return
            tries.append((small, whole))
        raise AssertionError(f"cost of a sixteenth and of the whole, in seconds: {tries}")

    return check


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server. Where it cannot start the tests that need it fail; they are never skipped."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A database of one's own, without tables."""
    url = postgres.empty()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session", autouse=True)
def _no_wait_for_the_disk() -> Iterator[None]:
    """The stores of this process do not wait for the disk, as PostgreSQL here does not: nobody pulls its plug. What
    mailgate starts as a process of its own does wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_driver, "SYNCHRONOUS", "OFF")
        yield


@pytest.fixture(scope="session")
def compiled_once() -> Iterator[None]:
    """A template with the same source, words and styles is compiled once, and not for each renderer anew: `check`
    compiles every one in every language, which takes most of its time."""
    from mailgate.render.environment import LanguageEnvironment

    true, kept = LanguageEnvironment.compile, {}
    marks: weakref.WeakKeyDictionary[LanguageEnvironment, str] = weakref.WeakKeyDictionary()

    def compile_(self: LanguageEnvironment, source: str, *args: object, **named: object) -> object:
        if self not in marks:
            words = sorted(getattr(self._found, "_catalog", {}).items(), key=repr)
            marks[self] = repr((words, sorted(self._styles.items())))
        key = (source, args, tuple(sorted(named.items())), marks[self])
        if key not in kept:
            kept[key] = true(self, source, *args, **named)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LanguageEnvironment, "compile", compile_)
        yield


@pytest.fixture
def as_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores wait for the disk again."""
    monkeypatch.setattr(sqlite_driver, "SYNCHRONOUS", SHIPPED)


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database at the newest revision, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "mailgate.db"
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    store.close()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database at the newest revision, empty of rows: every test runs on both sorts."""
    if request.param == "sqlite":
        file = shutil.copy(request.getfixturevalue("sqlite_file"), tmp_path)
        yield f"sqlite:///{file}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.lend()
    yield url
    server.take_back(url)


@pytest.fixture
def open_store() -> Iterator[Callable[..., Store]]:
    """Opens stores that are closed at the end of the test."""
    opened: list[Store] = []

    def make(url: str, *, readonly: bool = False) -> Store:
        opened.append(Store(url, readonly=readonly))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(store_url: str, open_store: Callable[..., Store]) -> Store:
    """An empty store, ready for use."""
    return open_store(store_url)
