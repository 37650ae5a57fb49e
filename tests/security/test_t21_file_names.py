"""T21: names of files (FreeScout CVE-2026-28289: cleaned after they were checked; CVE-2026-40496). A name is only ever shown:
bytes are kept in the database, and are written where the operator says."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from security.desk import BOB, Desk, Sent, written

from mailgate.mail.parse import parse

NAMES = {
    "path": "../../etc/cron.d/x",
    "absolute": "/etc/passwd",
    "windows": "..\\..\\windows\\win.ini",
    "hidden": ".htaccess",
    "hidden behind zero width": "\u200b.htaccess",
    "hidden behind a soft hyphen": "\u00ad.htaccess",
    "hidden behind a direction mark": "\u200e\u202a.htaccess",
    "dots behind zero width": ".\u200b./.\u200b./x",
    "full-width slash": "..\uff0f..\uff0fx",
    "NUL": "x.php\0.png",
    "turned around": "photo\u202egnp.exe",
    "line break": "a\r\nContent-Type: text/html",
    "only dots": "...",
    "four hundred": "x" * 400 + ".pdf",
    "a device": "CON.txt",
    "markup": '<img src=x onerror=alert(1)>".png',
    "template": "{{7*7}}.txt",
}


def with_names(*parameters: str) -> bytes:
    head = written(BOB, headers={"MIME-Version": "1.0"}, believed=True).partition(b"\r\n\r\n")[0]
    head = head.replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b")
    parts = b"".join(
        f"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; {p}\r\n\r\n%PDF-1.4 x\r\n".encode()
        for p in parameters
    )
    return head + b"\r\n\r\n--b\r\n\r\nSee the file.\r\n" + parts + b"--b--\r\n"


def encoded(name: str) -> str:
    """RFC 2231, in which every name can be written."""
    return f"filename*=utf-8''{quote(name.encode('utf-8', 'surrogatepass'), safe='')}"


def is_harmless(name: str, tmp_path: Path) -> bool:
    shown = all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in name)
    inside = (tmp_path / name).resolve().parent == tmp_path.resolve()
    return bool(name) and shown and inside and not name.startswith(".") and len(name.encode()) <= 150


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_is_a_name(name: str, tmp_path: Path) -> None:
    found = parse(with_names(encoded(name))).attachments
    assert [is_harmless(a.filename, tmp_path) for a in found] == [True]


@given(st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_whatever_is_written(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """Once cleaned it is clean, and no two files of a mail have one name, letter case aside."""
    folder = tmp_path_factory.getbasetemp()
    found = [a.filename for a in parse(with_names(*map(encoded, names))).attachments]
    assert all(is_harmless(name, folder) for name in found)
    assert len({name.casefold() for name in found}) == len(found)
    again = [a.filename for a in parse(with_names(*map(encoded, found))).attachments]
    assert again == found


WAYS = {
    "two names": 'filename="a.pdf"; filename="../../b.exe"',
    "plain and encoded": "filename=\"safe.pdf\"; filename*=utf-8''..%2F..%2Fevil.exe",
    "in pieces": "filename*0*=utf-8''..%2F..; filename*1*=%2Fetc%2Fpasswd",
    "encoded word": 'filename="=?utf-8?q?..=2F..=2Fevil?="',
    "unclosed": 'filename="../../evil',
}


@pytest.mark.parametrize("parameter", WAYS.values(), ids=WAYS)
def test_however_it_is_written(parameter: str, tmp_path: Path) -> None:
    found = parse(with_names(parameter)).attachments
    assert [is_harmless(a.filename, tmp_path) for a in found] == [True]


def test_nothing_is_written_by_that_name(desk: Desk) -> None:
    """Landed and sent: no new file in the data folder but the databases', and no header broken."""
    folder = desk.config.data_dir
    before = {path.name for path in folder.rglob("*")}
    desk.land(with_names(*map(encoded, NAMES.values())), BOB)
    out: list[Sent] = desk.deliver()
    after = {path.name for path in folder.rglob("*")} - before
    assert all(name.startswith("mailgate.db") for name in after)
    assert all(sent.message.get_all("Content-Type") is not None for sent in out)
    assert {row.state for row in desk.rows("attachments")} == {"kept", "left_out"}
