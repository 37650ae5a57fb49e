"""The sections about whose word counts for a sender: networks, DNS; and our own signature."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from mailgate.config.types import LOOPBACK, Address, Bytes, Network, Seconds, Section, normal


class TrustSection(Section):
    networks: list[Network] = Field(default=[*LOOPBACK], validate_default=True)
    upstreams: list[Network] = Field(default=[*LOOPBACK], validate_default=True)
    authserv_ids: list[str] = []
    # Received headers that those servers add; 0 = the topmost header of ours counts, wherever it stands
    hops: Annotated[int, Field(ge=0, le=20)] = 0
    own_checks: bool = True  # DKIM, DMARC and SPF by ourselves, where no trusted host says what it found
    acknowledge_unverified: Literal["no", "notice", "yes"] = "no"
    dmarc_fail: Literal["quarantine", "unverified"] = "quarantine"
    forms: list[str] = []
    block: list[str] = []  # addresses, or @domain

    @field_validator("forms")
    @classmethod
    def _forms(cls, value: list[str]) -> list[str]:
        return [normal(v) for v in value]


class Dns(Section):
    nameservers: list[Address] = []  # [] = those of the host
    timeout: Annotated[float, Field(gt=0)] = 2  # of one question
    deadline: Annotated[float, Field(gt=0)] = 8  # of all questions about one mail
    retry_for: Seconds = 300  # a mail whose check met trouble of DNS
    cache_bytes: Bytes = 16_777_216
    zone_file: str = ""  # instead of DNS, for trials


class Dkim(Section):
    """DKIM signatures of our own mail; without a domain none are made."""

    domain: str = ""
    selector: str = ""
    key_file: str = ""

    @model_validator(mode="after")
    def _all_or_none(self) -> Dkim:
        if len({bool(self.domain), bool(self.selector), bool(self.key_file)}) > 1:
            raise ValueError("domain, selector and key_file belong together: set all three or none")
        return self
