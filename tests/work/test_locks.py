"""One process for a role: the lock says who holds it, and whether the one before ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mailgate.errors import Unavailable
from mailgate.locks import Lock


def test_a_second_holder_hears_who_is_first(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "locks", "work")
    with pytest.raises(Unavailable, match=f"role work, process {os.getpid()}") as refused:
        Lock(tmp_path / "locks", "work")
    assert refused.value.exit_code == 69
    Lock(tmp_path / "locks", "send").release()
    lock.release()
    Lock(tmp_path / "locks", "work").release()


def test_a_holder_that_was_killed_frees_the_lock_and_is_known_to_have_died(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path; from mailgate.locks import Lock; import time
lock = Lock(Path({str(tmp_path)!r}), "work"); print("held", flush=True); time.sleep(60)"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(Unavailable, match=f"process {process.pid}"):
            Lock(tmp_path, "work")
        process.send_signal(signal.SIGKILL)
        process.wait()
    lock = Lock(tmp_path, "work")
    assert lock.died
    lock.release()
    after = Lock(tmp_path, "work")
    assert not after.died
    after.close()
    assert Lock(tmp_path, "work").died, "let go without saying that all was in order"


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be made"):
        Lock(tmp_path / "file" / "locks", "work")
