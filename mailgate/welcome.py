"""What `serve` prints once it takes mail: where to send one, and what to type next."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from mailgate import config as settings
from mailgate.config import Config
from mailgate.errors import ConfigError


def text(config: Config, listening: str) -> str:
    """`listening`: host:port, as the listener says it."""
    host, _, port = listening.rpartition(":")
    host = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104 - shown, not bound
    address, program = config.gateway.address, command(config)
    if config.relay.url:
        out = f"Mail goes out through {config.relay.url.rpartition('@')[2].rpartition('//')[2]}; `{program} outbox` lists it."
    else:
        out = f"Mail that goes out is put into {config.maildir}/new (no relay.url is set)."
    return f"""
mailgate takes mail for {address} on {host}:{port}.

Send one, from another terminal in this folder:
  swaks --to {address} --from you@example.net --server {host}:{port} --header "Subject: Printer on fire" --body "Please help."
or, without swaks:
  python3 - <<END
  from smtplib import SMTP
  SMTP("{host}", {port}).sendmail("you@example.net", "{address}", "From: you@example.net\\nSubject: Printer on fire\\n\\nHelp.")
  END

Then:
  {program} tickets        what there is to do
  {program} ticket 1       one ticket, its files and its history
  {program} audit          every accepted mail has its outcome
{out}
Ctrl-C stops it; nothing that was accepted is lost.
"""


def command(config: Config) -> str:
    """How to call the program that is running, from the current folder and with the same settings."""
    here = Path(sys.executable).parent / "mailgate"
    found = shutil.which("mailgate")
    if found and os.path.realpath(found) == os.path.realpath(here):
        program = "mailgate"
    elif here.exists():
        program = shlex.quote(os.path.relpath(here) if here.is_relative_to(Path.cwd()) else str(here))
    else:
        program = f"{shlex.quote(sys.executable)} -m mailgate"
    try:
        usual = settings.find(None)
    except ConfigError:
        usual = None
    if config.source is None or (usual is not None and usual.resolve() == config.source.resolve()):
        return program
    return f"{program} --config {shlex.quote(str(config.source))}"
