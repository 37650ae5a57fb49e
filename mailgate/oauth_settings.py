"""Settings of OAuth 2.0 clients, for the mailboxes and for the relay: where tokens come from, and where secrets stand."""

from __future__ import annotations

import os
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_OUTLOOK = "https://outlook.office365.com/"
PROVIDERS = {
    "google": ("https://oauth2.googleapis.com/token", "https://mail.google.com/"),
    "microsoft": ("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token", f"{_OUTLOOK}.default"),
    "other": ("", ""),
}


def plain(value: str) -> str:
    """A word that may stand in a command of IMAP. A line break in it would be a command of its own (CVE-2025-15366)."""
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("control characters are not allowed")
    return value


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
        """For IMAP; a delegated right of Microsoft's is named in `scope`."""
        return self.scope or PROVIDERS[self.provider][1]

    @property
    def secret(self) -> Secret:
        return Secret(value=self.client_secret, file=self.client_secret_file, env=self.client_secret_env)

    @property
    def token(self) -> Secret:
        return Secret(value=self.refresh_token, file=self.refresh_token_file, env=self.refresh_token_env)


class SmtpOAuth(OAuth):
    """The same for the way out, with the scopes that it needs."""

    @property
    def scopes(self) -> str:
        if self.scope or self.provider != "microsoft" or self.grant == "client_credentials":
            return super().scopes
        return f"{_OUTLOOK}SMTP.Send offline_access"
