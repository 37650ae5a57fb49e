"""The talks of tests/dialogs, line by line. The first lines of a file say how the door is set:

`set: {"smtp": {...}}` JSON over the default settings; `accept: full | trouble | bug` what the spool answers; `door: lmtp`
or `door: unix` (LMTP on a unix socket) instead of SMTP.
`C:` lines go out together, with CRLF, until the next `S:` line; `C!` lines go out as they stand, with \\r \\n \\0 \\x.. read.
`S:` lines are patterns (* and ?) of one reply line; `S: <closed>` is the end of the connection. `M:` lines are the bytes
of the next stored mail; `E:` lines are `field value` of its envelope. `#` begins a comment.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailgate.errors import Full, Transient

DIALOGS = sorted((Path(__file__).parents[1] / "dialogs").glob("*.txt"))
ANSWERS = {"full": Full("no room"), "trouble": Transient("x\r\n250 y"), "bug": RuntimeError("secret")}


def raw(text: str) -> bytes:
    return text.encode("utf-8").decode("unicode_escape").encode("latin-1")


@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: path.stem)
def test_dialog(path: Path, listen: Callable[..., object], tmp_path: Path) -> None:
    lines = [
        (n, line) for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line and line[0] != "#"
    ]
    settings: dict[str, Any] = {"data_dir": tmp_path}
    answer, door = "", "smtp"
    while lines and not lines[0][1].startswith(("C", "S")):
        key, _, value = lines.pop(0)[1].partition(": ")
        if key == "set":
            settings |= json.loads(value)
        elif key == "door":
            door = value
        else:
            answer = value
    listener = listen(door=door, **settings)
    listener.failure = ANSWERS.get(answer)
    stored = 0
    with listener.connect() as sock, sock.makefile("rb") as replies:
        pending = b""
        for number, line in lines:
            kind, _, text = line.partition(" ")
            where = f"{path.name}:{number}"
            if kind == "C:":
                pending += text.encode("utf-8") + b"\r\n"
                continue
            if kind == "C!":
                pending += raw(text)
                continue
            if pending:
                sock.sendall(pending)
                pending = b""
            if kind == "S:":
                reply = replies.readline()
                assert text != "<closed>" or reply == b"", f"{where}: still open: {reply!r}"
                if text != "<closed>":
                    assert fnmatch.fnmatchcase(reply.decode().rstrip("\r\n"), text), f"{where}: {reply!r}"
                    assert reply.endswith(b"\r\n"), where
            elif kind == "M:":
                assert listener.mails[stored][1] == raw(text), where
                stored += 1
            elif kind == "E:":
                field, _, value = text.partition(" ")
                assert str(getattr(listener.mails[stored][0], field)) == value, where
            else:
                pytest.fail(f"{where}: not a line of a dialogue: {line}")
    assert stored in (0, len(listener.mails)), "mails were stored that the dialogue does not know"


def test_there_are_dialogs() -> None:
    assert len(DIALOGS) >= 20
