"""Whether a gateway runs on this data folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailgate.config import Config


def listening(config: Config) -> bool:
    """Whether our own listener runs. It looks at the lock's pid and never takes the lock, which would keep a listener
    that starts at this moment from starting."""
    try:
        pid = int((config.data_dir / "locks" / "listen.lock").read_text("ascii"))
        os.kill(pid, 0)
    except PermissionError:  # it is another user's, and alive
        return True
    except (OSError, ValueError):  # no such lock, released, or its holder died
        return False
    return True
