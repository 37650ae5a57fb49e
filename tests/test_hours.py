"""Working hours in the settings and in the people file: read, refused with what would be right, and kept."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from mailgate import config, people_file
from mailgate.errors import ConfigError
from mailgate.model import Severity
from mailgate.store import chores, people
from mailgate.store.directory import directory
from mailgate.store.engine import Store

TEAM = '[[teams]]\nname = "support"\naddress = "team@example.com"\ncategories = ["general"]\n'


def settings(tmp_path: Path, text: str) -> config.Config:
    file = tmp_path / "mailgate.toml"
    file.write_text(text)
    return config.load(file)


def test_the_settings_are_read(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        '[escalation]\nhours = { Mon-Fri = "09:00-17:30" }\ntimezone = "Europe/Paris"\n'
        'holidays = [2026-12-25, "05-01"]\naround_the_clock = []\n',
    ).escalation
    assert (found.hours, found.timezone) == ("Mon-Fri 09:00-17:30", "Europe/Paris")
    assert (found.holidays, found.around_the_clock) == (("05-01", "2026-12-25"), frozenset())
    assert settings(tmp_path, "").escalation.around_the_clock == {Severity.OUTAGE}


FAULTS = [
    ('hours = "Mon-Fri"', "escalation.hours", "days without hours"),
    ("hours = 9", "escalation.hours", "are needed"),
    ('hours = { Lun = "9-17" }', "escalation.hours", "is no day"),
    ('timezone = "Paris"', "escalation.timezone", "one like Europe/Paris is needed"),
    ('holidays = ["Christmas"]', "escalation.holidays", "2026-12-25 is needed"),
    ('around_the_clock = ["urgent"]', "escalation.around_the_clock", "outage, degraded and question"),
    ('around_the_clock = "outage"', "escalation.around_the_clock", "outage, degraded and question"),
]


@pytest.mark.parametrize(("line", "key", "words"), FAULTS, ids=[f[0] for f in FAULTS])
def test_a_fault_of_the_settings_is_told(tmp_path: Path, line: str, key: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, f"[escalation]\n{line}\n")
    (fault,) = caught.value.faults
    assert key in fault
    assert words in fault


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('hours = "never"', "'never' is no day"),
        ('hours = ""\ntimezone = "Nowhere"', "'Nowhere' is no time zone"),
        ('holidays = "2026-12-25"', "a list like"),
        ('holidays = ["2026-13-01"]', "is no date"),
    ],
    ids=["hours", "zone", "no list", "no date"],
)
def test_a_fault_of_the_people_file_is_told(line: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        people_file.check(tomllib.loads(TEAM + line), "people.toml")
    assert len(caught.value.faults) == 1
    assert "people.toml: teams[1]." in caught.value.faults[0]
    assert words in caught.value.faults[0]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ("", ("", "", None)),
        ('hours = "Mon 9-17"\ntimezone = "Europe/Paris"', ("Mon 9-17", "Europe/Paris", None)),
        ("holidays = []", ("", "", ())),
        ('holidays = ["12-25"]', ("", "", ("12-25",))),
    ],
    ids=["none", "hours", "no holidays", "holidays"],
)
def test_a_teams_hours_are_kept(store: Store, lines: str, kept: Any) -> None:
    for text in (TEAM + 'hours = "Sun 1-2"\ntimezone = "UTC"\nholidays = ["01-01"]', TEAM + lines):
        with store.writing() as conn:
            people.sync(conn, people_file.check(tomllib.loads(text), "people.toml"))
    with store.reading() as conn:
        (team,), (light,) = directory(conn).teams, chores.calendars(conn)
    assert (team.hours, team.timezone, team.holidays) == kept
    assert (light.name, light.hours, light.timezone, light.holidays) == ("support", *kept)


def test_a_mark_is_kept_and_replaced(store: Store) -> None:
    for value in ("a", "b"):
        with store.writing() as conn:
            chores.set_mark(conn, "clock", value)
    with store.reading() as conn:
        assert (chores.mark(conn, "clock"), chores.mark(conn, "other")) == ("b", "")
