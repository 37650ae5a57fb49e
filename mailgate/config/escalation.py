"""The sections about who works on tickets, when, and who is told if nobody does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, field_validator, model_validator

from mailgate import hours as calendar
from mailgate.config.types import Seconds, Section, normal
from mailgate.model import Severity


def _by_severity(value: object) -> object:
    if isinstance(value, Mapping):
        return {
            Severity.of(k) if isinstance(k, str) and k.upper() in Severity.__members__ else k: v
            for k, v in value.items()
        }
    return value


SeveritySeconds = dict[Severity, Seconds]


class EscalationSection(Section):
    notify_list: str = ""
    notify_list_eu: str = ""
    wait: SeveritySeconds = {Severity.OUTAGE: 900, Severity.DEGRADED: 3600, Severity.QUESTION: 28800}
    automatic: bool = True
    first_response: SeveritySeconds = {}
    hours: Annotated[str, BeforeValidator(calendar.text)] = ""  # of work; "" = all hours
    timezone: str = "UTC"
    holidays: Annotated[tuple[str, ...], BeforeValidator(calendar.dates)] = ()
    around_the_clock: frozenset[Severity] = frozenset({Severity.OUTAGE})  # whose waits know no hours

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        calendar.zone(value)
        return value

    @field_validator("around_the_clock", mode="before")
    @classmethod
    def _severities(cls, value: object) -> object:
        if isinstance(value, list) and all(str(v).upper() in Severity.__members__ for v in value):
            return frozenset(Severity.of(v) for v in value)
        raise ValueError("a list of outage, degraded and question is needed")

    @field_validator("wait", "first_response", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        return _by_severity(value)

    @field_validator("notify_list", "notify_list_eu")
    @classmethod
    def _lists(cls, value: str) -> str:
        return normal(value) if value else ""

    @model_validator(mode="after")
    def _complete(self) -> EscalationSection:
        missing = [s.word for s in Severity if s not in self.wait]
        if missing:
            raise ValueError(f"wait needs a time in seconds for {', '.join(missing)} too")
        return self


class People(Section):
    file: str = ""  # "" = people.toml beside the config file in use
    free_mail: list[str] = [
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
        "aol.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net",
        "proton.me", "protonmail.com", "mail.ru", "yandex.ru", "qq.com", "163.com", "libero.it",
    ]  # fmt: skip
