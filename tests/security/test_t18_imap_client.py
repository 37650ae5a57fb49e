"""T18, the client side of IMAP: there is no such door yet. Whoever builds it finds here what it has to prove."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "mailgate"
CLIENTS = ("imaplib", "imapclient", "aioimaplib", "imap_tools", "aioimap")
OWED = """A door for IMAP was built. Before it opens, tests with a scripted server have to stand in this file: control characters in
the names of folders and in search keys are refused (CVE-2025-15366), an announced literal over smtp.max_size is not read, IDLE is
renewed within 9 minutes and ends when the server falls silent, a changed UIDVALIDITY means a new scan with each mail having one
effect, a mail is stored before it is flagged, and no login goes out before TLS is verified."""


@pytest.mark.parametrize("path", sorted(HOUSE.rglob("*.py")), ids=lambda path: str(path.relative_to(HOUSE)))
def test_nothing_of_ours_talks_imap_yet(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.partition(".")[0] for name in names} & set(CLIENTS), OWED
