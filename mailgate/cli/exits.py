"""Exit codes of the commands, beside those that the errors bring (sysexits.h)."""

from __future__ import annotations

EX_OK = 0
EX_USAGE = 64  # the words of the command are off
EX_DATAERR = 65  # data is not as it must be
EX_NOINPUT = 66  # a file cannot be read
EX_SOFTWARE = 70  # a fault of ours
EX_CONFIG = 78  # settings or templates are wrong
INTERRUPTED = 130  # Ctrl-C, as shells say it
