"""The settings of `[[imap]]`: the mailboxes that mailgate reads, and how it proves there who it is."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from mailgate.oauth_settings import OAuth, Plain, Secret, on_loopback

MAX_MAILBOXES = 20  # of one account; each has a connection of its own, and servers count those

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


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
