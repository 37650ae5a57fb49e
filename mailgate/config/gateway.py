"""Sections about who we are, and about what a ticket takes from a mail."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from mailgate.config.types import Seconds, Section, normal
from mailgate.model import Language
from mailgate.vocabulary import Vocabulary, vocabulary


class Gateway(Section):
    address: str = "support@example.com"
    name: str = "Support"
    addresses: dict[str, str] = {}  # further addresses -> category
    escalate_address: str = ""  # mail to it asks for escalation (7.2)
    domain: str = ""  # of our Message-IDs; default: the domain of `address`
    language: Language = "en"
    categories: list[str] = ["general"]
    default_category: str = "general"
    subject_prefix: Annotated[str, Field(max_length=30, pattern=r"^[^\[\]#\r\n]*$")] = ""
    batch_seconds: Seconds = 30
    reopen_days: Annotated[int, Field(ge=0)] = 14
    close_days: Annotated[int, Field(ge=0)] = 7
    remind_days: Annotated[int, Field(ge=0)] = 0  # of being pending; 0 = no reminder
    resolve_pending_days: Annotated[int, Field(ge=0)] = 0  # 0 = never by itself
    token_days: Annotated[int, Field(ge=1)] = 180
    token_days_closed: Annotated[int, Field(ge=0)] = 14
    ack_limit: Annotated[int, Field(ge=0)] = 5  # an address and hour (8.3)
    ack_limit_total: Annotated[int, Field(ge=0)] = 5000  # an hour, to all addresses together (8.3)
    operator: str = ""  # is told by mail of what needs him: loops, limits, tickets that no team may see
    max_hops: Annotated[int, Field(ge=1)] = 50  # Received headers; more is a loop (8.3)

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        value = normal(value)
        if len(value.partition("@")[0]) > 13:
            raise ValueError(
                "the part before @ may have 13 characters at most: signed reply addresses need the rest of the 64 that RFC 5321 allows"
            )
        return value

    @field_validator("escalate_address", "operator")
    @classmethod
    def _escalate(cls, value: str) -> str:
        return normal(value) if value else ""

    @field_validator("addresses")
    @classmethod
    def _addresses(cls, value: dict[str, str]) -> dict[str, str]:
        return {normal(key): category for key, category in value.items()}

    @model_validator(mode="after")
    def _known_categories(self) -> Gateway:
        for category in (self.default_category, *self.addresses.values()):
            if category not in self.categories:
                raise ValueError(
                    f"category {category!r} is not in gateway.categories ({', '.join(self.categories)})"
                )
        return self

    @model_validator(mode="after")
    def _remind_first(self) -> Gateway:
        if 0 < self.resolve_pending_days <= self.remind_days:
            raise ValueError(
                "resolve_pending_days must be more than remind_days, so that the reminder comes first"
            )
        return self

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """Every address that takes mail for us, without tokens."""
        extra = (self.escalate_address,) if self.escalate_address else ()
        return (self.address, *self.addresses, *extra)

    @property
    def message_domain(self) -> str:
        return self.domain or self.address.rpartition("@")[2]


class Attachments(Section):
    cap: Annotated[int, Field(ge=0)] = 2
    per: Literal["message", "ticket"] = "message"


class Limits(Section):
    recipients: Annotated[int, Field(ge=0)] = 5
    devices: Annotated[int, Field(ge=0)] = 5


class CommandsSection(Section):
    """Further words for commands and their values (3.7), in whatever languages people write."""

    words: dict[str, list[str]] = {}  # command -> further names of it
    values: dict[str, str] = {}  # word -> what it means; "" takes a shipped word away

    @model_validator(mode="after")
    def _understood(self) -> CommandsSection:
        _ = self.vocabulary  # raises ValueError for a word that cannot be
        return self

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Every word that is understood."""
        return vocabulary(self.words, self.values)
