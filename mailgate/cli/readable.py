"""A check of `mailgate check`: what other users of this machine may read or write."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from mailgate.checks import ERROR, WARNING, Finding
from mailgate.config import Config


def kept_from_others(config: Config) -> Iterator[Finding]:
    """Customers' mail and the keys of all tokens are not for everybody with a login on this machine to read, and what
    gives powers is not for everybody to write."""
    url, folder = config.database_url, config.data_dir
    database = Path(url.partition("///")[2]) if url.startswith("sqlite") else None
    holding = {
        database: "the mail of customers and the signing keys",
        folder / "spool.db": "the mail of customers",
        config.maildir: "our mail to customers",
    }
    for path, what in holding.items():
        if path is not None and _others_may(path, stat.S_IROTH):
            inside = path.absolute().is_relative_to(folder.absolute())
            mend = f"chmod 700 {folder}" if inside else f"chmod go-rwx {path}"
            yield Finding(WARNING, "data_dir", f"{path} holds {what} and others may read it", mend)
    giving = {
        "settings": config.source,
        "people file, which says who is staff": config.people_file,
        "templates": Path(config.templates.path) if config.templates.path else None,
        "data folder": folder,
    }
    for what, path in giving.items():
        if path is not None and _others_may(path, stat.S_IWOTH):
            yield Finding(ERROR, "secrets", f"others may write {path}, the {what}", f"chmod o-w {path}")


def _others_may(path: Path, bit: int) -> bool:
    """Whether a user who is neither the owner nor of the group may read or write a file or folder, by the modes on the way."""
    try:
        modes = [parent.stat().st_mode for parent in path.absolute().parents]
        return bool(path.stat().st_mode & bit) and all(mode & stat.S_IXOTH for mode in modes)
    except OSError:  # there is none, or we ourselves may not look
        return False
