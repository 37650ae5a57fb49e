"""What `mailgate check` says of the HTTP door."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from web.house import KEY, Web

from mailgate import checks
from mailgate.cli.web_door import web as look
from mailgate.config import Config


def said(config: Config) -> list[tuple[str, str]]:
    return [(each.level, each.what) for each in look(config)]


def test_it_is_off(tmp_path: Path) -> None:
    assert said(Config(data_dir=tmp_path, web={"enabled": False})) == []


def test_a_first_start(tmp_path: Path) -> None:
    found = said(Config(data_dir=tmp_path, web={"port": 0}))
    assert [level for level, _ in found] == ["ok", "ok"]
    assert "no key and no provider" in found[0][1]


def test_what_is_set_up_is_named(tmp_path: Path) -> None:
    web = {
        "port": 0,
        "keys": [{"name": "shop", "key": KEY}],
        "postmark": {"user": "desk", "password": KEY},
        "ses": {"topics": ["arn:aws:sns:eu-west-1:123456789012:in"]},
    }
    assert "takes mail of shop, postmark, ses" in said(Config(data_dir=tmp_path, web=web))[0][1]


@pytest.mark.parametrize(
    ("web", "what"),
    [
        ({"keys": [{"name": "a", "key_file": "/nowhere"}]}, "/nowhere cannot be read"),
        ({"sendgrid": {"public_key": "x"}}, "public_key"),
        ({"sendgrid": {"user": "desk"}}, "belong together"),
        ({"mailgun": {"signing_key": "short"}}, "16 characters"),
    ],
    ids=["file", "public key", "half", "short"],
)
def test_what_cannot_be_used_is_an_error(tmp_path: Path, web: dict[str, Any], what: str) -> None:
    found = said(Config(data_dir=tmp_path, web={"port": 0, **web}))
    assert found[0][0] == "error"
    assert what in found[0][1]


def test_a_door_open_to_others_is_a_warning(tmp_path: Path) -> None:
    found = said(Config(data_dir=tmp_path, web={"port": 0, "host": "0.0.0.0"}))
    assert found[-1] == ("warning", "web.host is 0.0.0.0: keys and mail travel in the clear")


def test_a_port_in_use_by_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        threading.Thread(target=lambda: taken.accept()[0].close(), daemon=True).start()
        taken.settimeout(30)
        found = said(Config(data_dir=tmp_path, web={"port": port}))
    assert found[-1] == ("error", f"127.0.0.1:{port} is in use by another program")


def test_a_port_that_we_hold(web: Callable[..., Web], tmp_path: Path) -> None:
    port = web().port
    assert said(Config(data_dir=tmp_path, web={"port": port}))[-1] == (
        "ok",
        f"the gateway is running and answers on 127.0.0.1:{port}",
    )


def test_keys_that_others_may_read(tmp_path: Path) -> None:
    (tmp_path / "shop.key").write_text(KEY)
    (tmp_path / "mailgate.toml").write_text("")
    for path in tmp_path.iterdir():
        os.chmod(path, 0o644)
    settings = [{"name": "a", "key": KEY}, {"name": "b", "key_file": str(tmp_path / "shop.key")}]
    config = Config(data_dir=tmp_path, web={"keys": settings}, source=tmp_path / "mailgate.toml")
    found = [each.what for each in checks.secrets(config)]
    assert [Path(what.split()[0]).name for what in found] == ["mailgate.toml", "shop.key"]
