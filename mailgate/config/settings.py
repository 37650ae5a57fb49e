"""All sections together."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from pydantic import model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mailgate.config.authentication import Dkim, Dns, TrustSection
from mailgate.config.delivery import Bounces, Relay, Templates
from mailgate.config.escalation import EscalationSection, People
from mailgate.config.files import resource
from mailgate.config.gateway import Attachments, CommandsSection, Gateway, Limits
from mailgate.config.process import Log, Worker
from mailgate.config.smtp import Lmtp, Smtp
from mailgate.config.storage import Database, Raw, Spool
from mailgate.config.types import normal
from mailgate.config.web import Web
from mailgate.imap_settings import ImapAccount


class Config(BaseSettings):
    """Every setting, checked. Frozen: made once at the roof and handed down."""

    model_config = SettingsConfigDict(
        env_prefix="MAILGATE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )
    toml: ClassVar[dict[str, Any]] = {}

    data_dir: Path = Path("var")
    gateway: Gateway = Gateway()
    smtp: Smtp = Smtp()
    lmtp: Lmtp = Lmtp()
    imap: list[ImapAccount] = []
    spool: Spool = Spool()
    worker: Worker = Worker()
    database: Database = Database()
    raw: Raw = Raw()
    relay: Relay = Relay()
    attachments: Attachments = Attachments()
    limits: Limits = Limits()
    trust: TrustSection = TrustSection()
    dns: Dns = Dns()
    dkim: Dkim = Dkim()
    bounces: Bounces = Bounces()
    escalation: EscalationSection = EscalationSection()
    commands: CommandsSection = CommandsSection()
    people: People = People()
    templates: Templates = Templates()
    web: Web = Web()
    log: Log = Log()
    source: Path | None = None  # the file this was read from, set by `load`

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @model_validator(mode="after")
    def _mailboxes(self) -> Config:
        names = [account.name for account in self.imap]
        for name in {name for name in names if names.count(name) > 1}:
            raise ValueError(f"imap: two accounts have the name {name}; give each its own")
        for account in self.imap:
            if account.address and normal(account.address) not in self.gateway.own_addresses:
                raise ValueError(
                    f"imap: {account.name}: address must be one of ours: gateway.address or addresses"
                )
        return self

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.data_dir / 'mailgate.db'}"

    @property
    def lmtp_socket(self) -> Path:
        """Where our own commands hand mail over (mailgate/handover finds the same place without this module)."""
        return Path(self.lmtp.socket) if self.lmtp.socket else self.data_dir / "mailgate.sock"

    @property
    def people_file(self) -> Path:
        if self.people.file:
            return Path(self.people.file)
        return (self.source or resource("config/mailgate.toml")).parent / "people.toml"

    @property
    def people_missing(self) -> bool:
        """No people file is named and none lies beside the config file: we run without teams and agents."""
        return not self.people.file and not self.people_file.exists()

    @property
    def maildir(self) -> Path:
        return Path(self.relay.maildir) if self.relay.maildir else self.data_dir / "sent"
