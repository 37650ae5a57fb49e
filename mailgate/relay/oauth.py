"""The tokens of the way out."""

from __future__ import annotations

from mailgate import counters
from mailgate.config import Config
from mailgate.oauth.stored import path_of_relay
from mailgate.oauth.tokens import Tokens


def tokens_of(config: Config) -> Tokens | None:
    """None where the relay has no table oauth."""
    settings = config.relay.oauth
    if settings is None or not config.relay.url:
        return None
    return Tokens("relay", settings, path_of_relay(config.data_dir), right="SMTP", told=_told)


def _told(ends: float) -> None:
    counters.gauge("relay_token_expires", ends)
