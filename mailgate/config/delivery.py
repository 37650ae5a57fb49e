"""The sections about mail that goes out: how it looks, by which relay it goes, when an address is dead."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from mailgate.config.types import Section
from mailgate.oauth_settings import SmtpOAuth


class Relay(Section):
    url: str = Field("", repr=False)  # smtp://[user:password@]host:port, smtps://…; "" = a Maildir
    maildir: str = ""  # "" = data_dir/sent
    starttls: Literal["no", "may", "must"] = "may"
    ca_file: str = ""  # PEM; who signed the relay's certificate, beside those that the machine knows
    auth: Literal["auto", "plain", "login", "cram-md5", "xoauth2", "oauthbearer"] = "auto"
    token_file: str = ""  # holds the access token
    token_command: list[str] = []  # prints it
    oauth: Annotated[SmtpOAuth | None, BeforeValidator(lambda table: table or None)] = None  # or we fetch it
    threads: Annotated[int, Field(ge=1, le=64)] = 4
    per_minute: Annotated[int, Field(ge=0)] = 0  # mails; 0 = as many as go
    timeout: Annotated[float, Field(gt=0)] = 60
    timeout_after_data: Annotated[float, Field(gt=0)] = 600  # RFC 5321 §4.5.3.2.6
    max_per_connection: Annotated[int, Field(ge=1)] = 100
    first_retry: Annotated[float, Field(gt=0)] = 60
    max_retry: Annotated[float, Field(gt=0)] = 14_400
    give_up_days: Annotated[float, Field(gt=0)] = 5  # RFC 5321 §4.5.4.1

    @model_validator(mode="after")
    def _one_token(self) -> Relay:
        sources = [bool(self.oauth), bool(self.token_file), bool(self.token_command)]
        if sum(sources) > 1:
            raise ValueError("set one of token_file, token_command and the table [relay.oauth]")
        if self.auth in ("xoauth2", "oauthbearer") and not any(sources):
            raise ValueError(f"auth {self.auth} needs a table [relay.oauth], or token_file or token_command")
        if self.oauth and self.auth not in ("auto", "xoauth2", "oauthbearer"):
            raise ValueError(f"auth {self.auth} takes a password; with [relay.oauth] leave it out")
        if self.oauth and self.url and "@" not in self.url:
            raise ValueError(
                "[relay.oauth] needs to know who we are: url = smtp://name%40example.com@host:587"
            )
        return self

    @property
    def by_token(self) -> bool:
        """Whether we log in with an access token."""
        found = bool(self.oauth or self.token_file or self.token_command)
        return found and self.auth in ("auto", "xoauth2", "oauthbearer")


class Bounces(Section):
    failures: Annotated[int, Field(ge=1, le=1000)] = (
        3  # deliveries that fail before an address gets no more mail
    )
    days: Annotated[int, Field(ge=1, le=365)] = 5  # within which they count


class Templates(Section):
    path: str = ""  # an operator's own folder, goes over the shipped one, file by file
