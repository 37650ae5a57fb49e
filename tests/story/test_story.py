"""docs/story.md, played: every mail in it comes in by SMTP, and every mail that leaves stands in it as it was sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from story import script
from story.house import House

pytestmark = pytest.mark.slow


def test_the_story(tmp_path: Path) -> None:
    page = script.STORY.read_text("utf-8")
    expected = [(s.moment, block) for s in script.sections(page)[1] for block in s.blocks("sent")]
    found = [(section.moment, mail) for section, mails in script.play(tmp_path, page) for mail in mails]
    assert found == expected, "write it anew with `python tests/story/script.py`, and read what changed"


def test_a_changed_word_is_noticed(tmp_path: Path) -> None:
    """So that the test above is known to be able to fail."""
    page = script.STORY.read_text("utf-8").partition("\n### ")
    second = page[2].index("\n### ")
    first = page[0] + page[1] + page[2][:second]
    found = [mail for _, mails in script.play(tmp_path, first) for mail in mails]
    assert found == script.sections(first)[1][0].blocks("sent") != []
    assert found != script.sections(first.replace("Ticket", "Docket"))[1][0].blocks("sent")


def test_the_house_stops(tmp_path: Path) -> None:
    House(tmp_path, script.PEOPLE, script.MONDAY, **script.SETTINGS).close()
