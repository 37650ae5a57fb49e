"""The settings of `[[imap]]`: the mailboxes that mailgate reads, and how it proves there who it is."""

from __future__ import annotations

import os
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

MAX_MAILBOXES = 20  # of one account; each has a connection of its own, and servers count those
PROVIDERS = {
    "google": ("https://oauth2.googleapis.com/token", "https://mail.google.com/"),
    "microsoft": (
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        "https://outlook.office365.com/.default",
    ),
    "other": ("", ""),
}

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


def plain(value: str) -> str:
    """A word that may stand in a command of IMAP. A line break in it would be a command of its own (CVE-2025-15366)."""
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("control characters are not allowed")
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Plain = Annotated[str, BeforeValidator(lambda value: plain(value) if isinstance(value, str) else value)]


def on_loopback(host: str) -> bool:
    """Whether what is said to this host never leaves the machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Secret(BaseModel):
    """A secret from one of three places: the settings, a file, the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str = Field("", repr=False)
    file: str = ""
    env: str = ""

    def read(self) -> str:
        """The secret, without the line end of its file. Raises OSError or KeyError where it is missing."""
        if self.file:
            return Path(self.file).read_text("utf-8").rstrip("\r\n")
        return os.environ[self.env] if self.env else self.value

    @property
    def named(self) -> int:
        """How many places are named; one is right."""
        return sum(map(bool, (self.value, self.file, self.env)))


class OAuth(BaseModel):
    """Where access tokens come from (RFC 6749): §6 a refresh token, or §4.4 the client's own secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["google", "microsoft", "other"] = "other"
    grant: Literal["refresh_token", "client_credentials"] = "refresh_token"
    tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]*$")] = ""  # Microsoft's directory
    token_url: str = ""  # default: the provider's
    scope: Plain = ""  # default: the provider's
    client_id: Plain
    client_secret: str = Field("", repr=False)
    client_secret_file: str = ""
    client_secret_env: str = ""
    refresh_token: str = Field("", repr=False)
    refresh_token_file: str = ""
    refresh_token_env: str = ""
    secret_expires: date | None = None  # when client secret or refresh token end, where the provider says so

    @model_validator(mode="after")
    def _whole(self) -> OAuth:
        if self.provider == "microsoft" and not (self.tenant or self.token_url):
            raise ValueError("provider microsoft needs tenant, the directory's id or domain")
        if self.provider == "other" and not self.token_url:
            raise ValueError("token_url is needed, or provider google or microsoft")
        if not (self.endpoint.startswith("https://") or self._local):
            raise ValueError("token_url must be https://, since secrets go there")
        if self.secret.named > 1 or self.token.named > 1:
            raise ValueError("a secret has one place: name it, its _file or its _env, not several")
        if self.grant == "refresh_token" and not self.token.named:
            raise ValueError("refresh_token is needed, or refresh_token_file or refresh_token_env")
        if self.grant == "client_credentials" and not self.secret.named:
            raise ValueError("client_secret is needed, or client_secret_file or client_secret_env")
        return self

    @property
    def _local(self) -> bool:
        scheme, _, rest = self.endpoint.partition("://")
        return scheme == "http" and on_loopback(rest.partition("/")[0].rpartition(":")[0])

    @property
    def endpoint(self) -> str:
        return self.token_url or PROVIDERS[self.provider][0].format(tenant=self.tenant)

    @property
    def scopes(self) -> str:
        return self.scope or PROVIDERS[self.provider][1]

    @property
    def secret(self) -> Secret:
        return Secret(value=self.client_secret, file=self.client_secret_file, env=self.client_secret_env)

    @property
    def token(self) -> Secret:
        return Secret(value=self.refresh_token, file=self.refresh_token_file, env=self.refresh_token_env)


class ImapAccount(BaseModel):
    """One login of one server, with the mailboxes that are read there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    host: Annotated[Plain, Field(min_length=1)]
    port: Annotated[int, Field(ge=0, le=65535)] = 0  # 0: 993 with implicit TLS, else 143
    tls: Literal["implicit", "starttls", "no"] = "implicit"
    tls_ca: str = ""  # a file with the CA of the server; default: those of the system
    user: Annotated[Plain, Field(min_length=1)]
    password: Plain = Field("", repr=False)
    password_file: str = ""
    password_env: str = ""
    auth: Literal["login", "xoauth2", "oauthbearer"] = "login"
    oauth: OAuth | None = None
    mailbox: Annotated[
        list[Plain], BeforeValidator(_listed), Field(min_length=1, max_length=MAX_MAILBOXES)
    ] = ["INBOX"]
    address: str = ""  # whom the mail is for; default: gateway.address
    envelope_headers: list[Literal["Delivered-To", "X-Original-To", "Envelope-To"]] = []
    first: Literal["new", "all"] | date = "new"
    after: Literal["move", "seen", "delete"] = "move"
    done_folder: Annotated[Plain, Field(min_length=1)] = "mailgate-done"
    failed_folder: Annotated[Plain, Field(min_length=1)] = "mailgate-failed"
    idle: bool = True
    poll_seconds: Annotated[float, Field(ge=1, le=86_400)] = 300
    timeout: Annotated[float, Field(gt=0, le=600)] = 60  # of one answer

    @field_validator("mailbox")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value) or not all(value):
            raise ValueError("each mailbox is named once")
        return value

    @model_validator(mode="after")
    def _whole(self) -> ImapAccount:
        if self.tls == "no" and not on_loopback(self.host):
            raise ValueError(
                'tls = "no" is for a server on this machine only: mail and password would go in clear'
            )
        if self.auth == "login" and self.secret.named != 1:
            raise ValueError("one of password, password_file and password_env is needed")
        if self.auth != "login" and self.oauth is None:
            raise ValueError(f"auth {self.auth} needs a table [imap.oauth]")
        if {self.done_folder, self.failed_folder} & set(self.mailbox):
            raise ValueError("done_folder and failed_folder must not be among the mailboxes that are read")
        return self

    @property
    def secret(self) -> Secret:
        return Secret(value=self.password, file=self.password_file, env=self.password_env)

    @property
    def number(self) -> int:
        """The port."""
        return self.port or (993 if self.tls == "implicit" else 143)
