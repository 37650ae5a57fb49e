"""A relay of ours, a smarthost that wants tokens, and the provider of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doors.token_server import TokenServer
from work.smarthost import USER, Settings, Smarthost

from mailgate import config
from mailgate.config import Config
from mailgate.relay.oauth import tokens_of
from mailgate.relay.smtp import SmtpRelay


@pytest.fixture
def provider() -> Iterator[TokenServer]:
    provider = TokenServer(USER)
    yield provider
    provider.close()


@pytest.fixture
def smarthost(provider: TokenServer) -> Iterator[Smarthost]:
    host = Smarthost(provider)
    yield host
    host.close()


@pytest.fixture
def settings(provider: TokenServer, smarthost: Smarthost, tmp_path: Path) -> Settings:
    def make(oauth: dict[str, Any] | None = None, **relay: Any) -> Config:
        usual = {
            "token_url": f"{provider.base}/token",
            "client_id": "desk",
            "refresh_token": "refresh-1",
            **(oauth or {}),
        }
        url = f"smtp://desk%3D1%2Ca%40example.com@127.0.0.1:{smarthost.port}"
        values = {"url": url, "timeout": 5, "timeout_after_data": 5, "oauth": usual, **relay}
        return Config(data_dir=tmp_path, relay=config.Relay.model_validate(values))

    return make


@pytest.fixture
def relay(settings: Settings) -> Iterator[Callable[..., SmtpRelay]]:
    made: list[SmtpRelay] = []

    def make(oauth: dict[str, Any] | None = None, **values: Any) -> SmtpRelay:
        one = settings(oauth, **values)
        made.append(SmtpRelay(one.relay, "gate.example", tokens_of(one)))
        return made[-1]

    yield make
    for one in made:
        one.close()
