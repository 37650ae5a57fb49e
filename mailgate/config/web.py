"""The section of the HTTP door: keys of programs, providers that post mail."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from mailgate.config.types import Port, Section


class WebKey(Section):
    """A key with which a program hands mail in over HTTP; it stands here or in a file of its own."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    key: str = Field("", repr=False)
    key_file: str = ""
    addresses: list[str] = []  # From addresses that its mail counts as authenticated for

    @model_validator(mode="after")
    def _one_key(self) -> WebKey:
        if bool(self.key) == bool(self.key_file):
            raise ValueError("one of key and key_file is needed")
        if self.key and len(self.key) < 16:
            raise ValueError("the key is too short: 16 characters are needed")
        return self


class Mailgun(Section):
    signing_key: str = Field("", repr=False)  # "HTTP webhook signing key"
    signing_key_file: str = ""


class SendGrid(Section):
    public_key: str = ""  # of signed webhooks: base64 of DER, as SendGrid shows it
    user: str = ""
    password: str = Field("", repr=False)
    password_file: str = ""


class Postmark(Section):
    user: str = ""
    password: str = Field("", repr=False)
    password_file: str = ""


class Ses(Section):
    topics: list[
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+$")]
    ] = []


class Web(Section):
    """The HTTP door, with health and metrics."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 8025
    keys: list[WebKey] = []
    metrics_key: str = Field("", repr=False, pattern=r"^$|^[!-~]{16,}$")  # "" = this machine alone may ask
    max_connections: Annotated[int, Field(ge=4, le=10_000)] = 200
    max_bytes_in_flight: Annotated[int, Field(ge=1_000_000)] = 134_217_728
    max_mails_per_key: Annotated[int, Field(ge=0)] = 0  # an hour; 0 = no limit
    timeout: Annotated[float, Field(gt=0)] = 30
    mailgun: Mailgun = Mailgun()
    sendgrid: SendGrid = SendGrid()
    postmark: Postmark = Postmark()
    ses: Ses = Ses()

    @property
    def holds_secrets(self) -> bool:
        """Whether a key or password stands in the settings themselves."""
        secrets = (self.metrics_key, self.mailgun.signing_key, self.sendgrid.password, self.postmark.password)
        return any(secrets) or any(key.key for key in self.keys)

    @property
    def secret_files(self) -> tuple[tuple[str, str], ...]:
        """The files with the other ones: what for, and where."""
        files = [(f"web.keys ({key.name})", key.key_file) for key in self.keys]
        files.append(("web.mailgun", self.mailgun.signing_key_file))
        files += [
            ("web.sendgrid", self.sendgrid.password_file),
            ("web.postmark", self.postmark.password_file),
        ]
        return tuple((what, file) for what, file in files if file)
