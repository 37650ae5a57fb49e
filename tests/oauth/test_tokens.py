"""mailgate.oauth: tokens that several processes renew, and what a provider or a disk may do meanwhile (RFC 6749, RFC 9700)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doors.token_server import TokenServer
from hypothesis import given
from hypothesis import strategies as st

from mailgate.oauth import stored
from mailgate.oauth import tokens as rooms
from mailgate.oauth.provider import PATIENCE
from mailgate.oauth.stored import Stored
from mailgate.oauth.tokens import Tokens
from mailgate.oauth.trouble import TokenTrouble, said
from mailgate.oauth_settings import OAuth

pytestmark = pytest.mark.slow


@pytest.fixture
def provider() -> Iterator[TokenServer]:
    provider = TokenServer()
    provider.rotate = True
    yield provider
    provider.close()


def settings(provider: TokenServer, **more: Any) -> OAuth:
    usual = {"token_url": f"{provider.base}/token", "client_id": "desk", "refresh_token": "refresh-1"}
    return OAuth.model_validate({**usual, **more})


def relay(provider: TokenServer, data_dir: Path, **more: Any) -> Tokens:
    clock = more.pop("clock", lambda: 1000.0)
    path = stored.path_of_relay(data_dir)
    return Tokens("relay", settings(provider, **more), path, right="SMTP", clock=clock)


def mailbox(provider: TokenServer, data_dir: Path, **more: Any) -> Tokens:
    clock = more.pop("clock", lambda: 1000.0)
    path = stored.path_of(data_dir, "main")
    return Tokens("main", settings(provider, **more), path, right="IMAP", clock=clock)


_PROCESS = """
import sys
from pathlib import Path
from mailgate.oauth.tokens import Tokens
from mailgate.oauth_settings import OAuth
url, path, rounds = sys.argv[1:]
held = Tokens("x", OAuth(token_url=url, client_id="desk", refresh_token="refresh-1"), Path(path), right="SMTP")
last = ""
for _ in range(int(rounds)):
    last = held.get(refused=last).value
"""
ROUNDS = 25


def test_two_processes_with_one_refresh_token(provider: TokenServer, tmp_path: Path) -> None:
    """Relay and mailbox of one account: each answer takes the last refresh token away, and no process uses one twice."""
    paths = [
        stored.path_of_relay(tmp_path),
        stored.path_of(tmp_path, "main"),
        stored.path_of(tmp_path, "other"),
    ]
    running = [
        subprocess.Popen([sys.executable, "-c", _PROCESS, f"{provider.base}/token", str(path), str(ROUNDS)])
        for path in paths
    ]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    used = [form["refresh_token"] for form in provider.asked]
    assert used == [f"refresh-{number}" for number in range(1, len(paths) * ROUNDS + 1)]
    newest = max((stored.load(path) for path in paths), key=lambda found: found.turn)
    assert newest.refresh == provider.refresh
    assert newest.turn == len(used)


def test_two_processes_with_one_file(provider: TokenServer, tmp_path: Path) -> None:
    """`mailgate check` beside the gateway: what one fetched, the other takes, and asks nobody."""
    one, other = relay(provider, tmp_path), relay(provider, tmp_path)
    first = one.get()
    assert (first.value, first.fresh) == ("access-1", True)
    second = other.get()
    assert (second.value, second.fresh) == ("access-1", False)
    third = other.get(refused="access-1")
    assert (third.value, third.fresh) == ("access-2", True)
    assert one.stale(first) is False, "it does not know yet"
    fourth = one.get(refused="access-1")
    assert (fourth.value, fourth.fresh) == ("access-2", False)
    assert one.stale(first)
    assert len(provider.given) == 2


def test_a_process_that_dies_with_the_lock_holds_nobody_up(provider: TokenServer, tmp_path: Path) -> None:
    relay(provider, tmp_path).get()
    (lock,) = (tmp_path / "oauth").glob("*.lock")
    dying = (
        f"import fcntl,os,signal; n=os.open({str(lock)!r}, os.O_RDWR); fcntl.flock(n, fcntl.LOCK_EX); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", dying], check=False)
    assert mailbox(provider, tmp_path).get().value == "access-2"


def test_a_lock_that_is_held_too_long_is_trouble_of_the_moment(
    provider: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "LOCK_SECONDS", 0.1)
    relay(provider, tmp_path).get()
    (lock,) = (tmp_path / "oauth").glob("*.lock")
    with stored.held(lock.parent, lock.stem), pytest.raises(TokenTrouble, match="another process") as caught:
        mailbox(provider, tmp_path).get()
    assert not caught.value.for_people
    assert not stored.path_of(tmp_path, "main").exists()


def test_whoever_waits_waits_longer_than_the_provider_is_waited_for() -> None:
    assert stored.LOCK_SECONDS > PATIENCE


def test_threads_that_are_refused_together_ask_once(provider: TokenServer, tmp_path: Path) -> None:
    held, found = relay(provider, tmp_path), []
    held.get()
    threads = [threading.Thread(target=lambda: found.append(held.get(refused="access-1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {access.value for access in found} == {"access-2"}
    assert sum(access.fresh for access in found) == 1


def test_a_disk_that_is_full_costs_the_next_start_a_token(
    provider: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be written is not forgotten by who knows it, and an older file does not win over it."""
    held = relay(provider, tmp_path)
    held.get()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(stored, "save", full)
        assert held.get(refused="access-1").value == "access-2"
    assert held.get(refused="access-2").value == "access-3"
    assert [form["refresh_token"] for form in provider.asked] == ["refresh-1", "refresh-2", "refresh-3"]


def test_a_folder_of_somebody_else_uses_no_refresh_token_up(provider: TokenServer) -> None:
    """As any user but root, who may write everything."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        (Path(name) / "oauth").mkdir(0o555)
        before = os.geteuid()
        try:
            if before == 0:
                os.seteuid(65534)
            with pytest.raises(TokenTrouble, match="cannot be written") as caught:
                relay(provider, Path(name)).get()
        finally:
            os.seteuid(before)
    assert caught.value.for_people
    assert provider.asked == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_leaves_no_file_that_mailgate_cannot_read(provider: TokenServer, tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 1234)
    relay(provider, tmp_path).get()
    found = [tmp_path / "oauth", *(tmp_path / "oauth").iterdir()]
    assert {path.stat().st_uid for path in found} == {1234}
    assert len(found) == 3


def test_a_secret_that_cannot_be_read_is_told_since_when(provider: TokenServer, tmp_path: Path) -> None:
    now = [1000.0]
    gone = {"refresh_token": "", "refresh_token_file": str(tmp_path / "gone")}
    held = relay(provider, tmp_path, clock=lambda: now[0], **gone)
    for _ in range(2):
        with pytest.raises(TokenTrouble, match=r"oauth\.refresh_token cannot be read") as caught:
            held.get()
        now[0] += 60
    found = stored.load(stored.path_of_relay(tmp_path))
    assert (found.failed, found.why, found.mend) == (1000.0, str(caught.value), caught.value.mend)


def test_a_provider_in_trouble_is_not_asked_all_the_time(provider: TokenServer, tmp_path: Path) -> None:
    """While the old token holds, a session goes on with it, and half a minute passes between two questions."""
    now = [0.0]
    held = relay(provider, tmp_path, clock=lambda: now[0])
    held.get()
    provider.failure = (503, {})
    now[0] = 3600 - rooms.EARLY_SECONDS + 1
    for _ in range(100):
        assert held.get().value == "access-1"
        now[0] += 1
    assert len(provider.asked) == 1 + 4
    assert not held.ends_soon


@pytest.mark.parametrize("lasts", [60, 300, 3600, 86_400])
def test_a_token_is_used_for_half_of_its_life_at_least(
    provider: TokenServer, tmp_path: Path, lasts: int
) -> None:
    """Some providers give five minutes in all: they are not asked for each mail."""
    now = [0.0]
    provider.lasts = lasts
    held = relay(provider, tmp_path, clock=lambda: now[0])
    held.get()
    early = min(rooms.EARLY_SECONDS, lasts / 2)
    assert held.seconds_left == lasts - early
    now[0] = lasts - early - 1
    assert held.get().value == "access-1"
    now[0] += 1
    assert held.get().value == "access-2"


def test_a_file_of_an_earlier_version_is_read(provider: TokenServer, tmp_path: Path) -> None:
    relay(provider, tmp_path).get()
    path = stored.path_of_relay(tmp_path)
    values = json.loads(path.read_text())
    path.write_text(
        json.dumps({key: values[key] for key in ("access", "ends", "refresh", "origin", "failed", "why")})
    )
    held = relay(provider, tmp_path)
    assert held.get().value == "access-1"
    assert held.get(refused="access-1").value == "access-2"
    assert provider.asked[-1]["refresh_token"] == "refresh-2"


def test_who_hears_when_the_token_ends(provider: TokenServer, tmp_path: Path) -> None:
    heard: list[float] = []
    path = stored.path_of_relay(tmp_path)
    held = Tokens("x", settings(provider), path, right="SMTP", told=heard.append, clock=lambda: 500.0)
    held.get()
    assert (heard[0], heard[-1]) == (0.0, 4100.0)


def test_no_token_is_in_a_repr() -> None:
    kept = Stored("access-secret", 0, 0, "refresh-secret")
    assert "secret" not in repr(kept) + repr(rooms.Access("secret", fresh=True))


def lists_and_tables(inner: Any) -> Any:
    return st.lists(inner) | st.dictionaries(st.text(), inner)


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lists_and_tables, max_leaves=5)
KEYS = st.sampled_from(["access", "got", "ends", "refresh", "origin", "turn", "failed", "why", "mend", "?"])


@given(st.binary() | (st.dictionaries(KEYS, JSON) | JSON).map(lambda found: json.dumps(found).encode()))
def test_whatever_the_file_holds(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "token.json"
    path.write_bytes(content)
    assert isinstance(stored.load(path), Stored)


@given(st.text(), st.text())
def test_a_servers_words_are_one_short_line(words: str, secret: str) -> None:
    shown = said(words, secret)
    assert shown.isprintable()
    assert 0 < len(shown) <= 200
