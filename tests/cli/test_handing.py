"""What `mailgate check` says of the LMTP door."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doors.listener import Listener, listeners

from mailgate.checks import ERROR, OK, WARNING
from mailgate.cli import handing
from mailgate.config import Config


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    yield from listeners()


def said(folder: Path, **lmtp: Any) -> list[tuple[str, str]]:
    config = Config.model_validate({"data_dir": folder, "lmtp": lmtp})
    return [(finding.level, finding.what) for finding in handing.lmtp(config)]


def running(folder: Path) -> None:
    (folder / "locks").mkdir()
    (folder / "locks/listen.lock").write_text(str(os.getpid()))


def test_nothing_to_say(tmp_path: Path) -> None:
    assert said(tmp_path) == []


def test_a_port_that_is_free_and_one_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert said(tmp_path, enabled=True, port=port) == [
            (ERROR, f"127.0.0.1:{port} is in use by another program")
        ]
    assert said(tmp_path, enabled=True, port=port)[0][0] == OK


def test_the_path_of_the_socket(tmp_path: Path) -> None:
    assert said(tmp_path, socket=str(tmp_path / "none/s")) == [(ERROR, f"{tmp_path}/none is no folder")]
    (tmp_path / "mailgate.sock").write_text("")
    assert said(tmp_path) == [(ERROR, f"{tmp_path}/mailgate.sock is no socket")]


def test_everybody_may_use_it(tmp_path: Path) -> None:
    assert [level for level, _ in said(tmp_path, socket_mode="0666")] == [WARNING]


def test_a_gateway_that_runs_and_one_that_does_not_answer(
    listen: Callable[..., Listener], tmp_path: Path
) -> None:
    running(tmp_path)
    [(level, text)] = said(tmp_path)
    assert (level, "nobody listens" in text) == (ERROR, True)
    listen(door="unix", data_dir=tmp_path)
    assert said(tmp_path) == [(OK, f"the gateway takes mail on {tmp_path}/mailgate.sock")]
