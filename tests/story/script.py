"""docs/story.md as a script: its headings move the clock, its mails are sent, and what leaves must stand in it word for word.

    python tests/story/script.py     writes the answers anew, after a change that was meant

A heading `### Monday 10:00 – …` is a moment of that week. A block ```mail is a mail in; `To: (reply)` stands for the reply
address of the last mail that its author got, and `Unverified: yes` for a mail that no server vouches for. The blocks ```sent
below it are the mails out until the next heading: reader, subject, and the text part; signed addresses are masked.
"""

from __future__ import annotations

import html
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

STORY = Path(__file__).resolve().parents[2] / "docs" / "story.md"
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOMENT = re.compile(
    r"### (\w+)(?: \((\d+)\))? (\d\d):(\d\d)\b"
)  # the number: of the week, from the second on
FOLDED = re.compile(
    r"(?:^<details>.*?\n\n)?^```sent\n.*?^```$\n*(?:</details>\n*)?", re.MULTILINE | re.DOTALL
)
TOKEN = re.compile(r"\+[a-z2-7]{20,}@")
WAIT = timedelta(minutes=1)  # longer than gateway.batch_seconds
PEOPLE: dict[str, Any] = {
    "teams": [
        {"name": "support", "address": "team@example.com", "categories": ["general"]},
        {"name": "printing", "address": "printing@example.com", "categories": ["printing"]},
    ],
    "agents": [
        {"address": "ana@example.com", "name": "Ana Silva", "teams": ["support", "printing"]},
        {"address": "sam@example.com", "name": "Sam Roy", "teams": ["printing"], "supervisor": True},
    ],
    "accounts": [{"name": "Acme", "domains": ["acme.example"]}],
}
SETTINGS: dict[str, Any] = {
    "gateway": {"name": "Example Support", "categories": ["general", "printing"]},
    "trust": {"networks": [], "authserv_ids": ["mx.example.com"], "own_checks": False},
    "escalation": {"notify_list": "management@example.com"},
}


@dataclass
class Section:
    """What happens at one moment: the lines of the page, and the mails in it."""

    moment: datetime
    lines: list[str] = field(default_factory=list)

    def blocks(self, kind: str) -> list[str]:
        return re.findall(rf"^```{kind}\n(.*?)^```$", "".join(self.lines), re.MULTILINE | re.DOTALL)


def sections(page: str) -> tuple[str, list[Section]]:
    """What stands before the first moment, and the moments."""
    before: list[str] = []
    found: list[Section] = []
    for line in page.splitlines(keepends=True):
        if match := MOMENT.match(line):
            day, week, hour, minute = match.groups()
            days = DAYS.index(day) + 7 * (int(week or 1) - 1)
            found.append(Section(MONDAY + timedelta(days=days, hours=int(hour), minutes=int(minute))))
        (found[-1].lines if found else before).append(line)
    return "".join(before), found


def play(folder: Path, page: str) -> Iterator[tuple[Section, list[str]]]:
    """Each moment of the page with what left at it and until the next."""
    from story.house import House

    _, moments = sections(page)
    house = House(folder, PEOPLE, moments[0].moment, **SETTINGS)
    try:
        for at, section in enumerate(moments):
            if at:
                house.pass_time(section.moment)
            left = [shown(to, mail) for to, mail in house.sent()]
            if left:
                yield moments[at - 1], left
            for number, block in enumerate(section.blocks("mail")):
                _send(house, block, f"{at}.{number}")
            house.pass_time(section.moment + WAIT)
            yield section, [shown(to, mail) for to, mail in house.sent()]
    finally:
        house.close()


def _send(house: Any, block: str, number: str) -> None:
    head, _, body = block.partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines())
    author = headers["From"].rpartition("<")[2].rstrip(">")
    unverified = headers.pop("Unverified", "")
    lines = ["Received: from client.example by mx.example.com; " + f"{house.now:%a, %d %b %Y %H:%M:%S} +0000"]
    if not unverified:
        lines.insert(
            0, f"Authentication-Results: mx.example.com; dmarc=pass header.from={author.rpartition('@')[2]}"
        )
    rcpt = headers["To"]
    if rcpt == "(reply)":
        reader = author if any(to == author for to, _ in house.inbox.mails) else "team@example.com"
        last = house.last_to("printing@example.com" if reader == "team@example.com" else reader)
        headers["To"] = rcpt = last["Reply-To"].addresses[0].addr_spec
        headers["In-Reply-To"] = str(last["Message-ID"])
        headers.setdefault("Subject", f"Re: {last['Subject']}")
    headers |= {
        "Date": f"{house.now:%a, %d %b %Y %H:%M:%S} +0000",
        "Message-ID": f"<{number}@client.example>",
    }
    headers |= {"Content-Type": "text/plain; charset=utf-8"}
    lines += [f"{name}: {value}" for name, value in headers.items()]
    raw = "\n".join(lines) + "\n\n" + body
    house.write(raw.replace("\n", "\r\n").encode(), author, [rcpt])


def shown(to: str, mail: EmailMessage) -> str:
    """A mail out as the page shows it."""
    body = mail.get_body(("plain",))
    assert body is not None
    text = str(body.get_content()).replace("\r\n", "\n").strip("\n")
    return TOKEN.sub("+…@", f"To: {to}\nSubject: {mail['Subject']}\n\n{text}\n")


def rewritten(page: str, folder: Path) -> str:
    """The page with the mails that really leave."""
    before, moments = sections(page)
    left: dict[datetime, list[str]] = {}
    for section, mails in play(folder, page):
        left.setdefault(section.moment, []).extend(mails)
    out = before
    for section in moments:
        text = FOLDED.sub("", "".join(section.lines))
        out += text.rstrip("\n") + "\n\n" + "".join(map(_folded, left.get(section.moment, [])))
    return out.rstrip("\n") + "\n"


def _folded(mail: str) -> str:
    to, subject = (line.partition(": ")[2] for line in mail.splitlines()[:2])
    return f"<details><summary>To {to}: <b>{html.escape(subject)}</b></summary>\n\n```sent\n{mail}```\n\n</details>\n\n"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        STORY.write_text(rewritten(STORY.read_text("utf-8"), Path(folder)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    sys.exit(main())
