"""The commands. `main` turns whatever happens into one clear line on stderr and an exit code of sysexits.h.

Laws: a traceback is shown only with MAILGATE_DEBUG=1; words that a stranger wrote reach the terminal through
`mailgate.cli.show` alone; a command's module imports what it needs inside its functions, so that help is quick.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from mailgate import deliver
from mailgate.cli.exits import EX_OK, EX_SOFTWARE, EX_USAGE, INTERRUPTED
from mailgate.errors import MailgateError

REPORT = "this is a fault of mailgate: please report it to its maintainers with the lines of MAILGATE_DEBUG=1"


def main() -> NoReturn:
    """The entry point of the `mailgate` program."""
    words = deliver.called(sys.argv[1:])
    if words is not None:  # it starts for every mail: without typer and what comes with it
        sys.exit(deliver.main(words))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Carry out one command line; the exit code. Never raises but for SystemExit."""
    from typer import Exit

    from mailgate.cli.root import command

    try:
        # not `main`, which makes an exit code of its own out of a broken pipe
        whole = command()
        with whole.make_context("mailgate", _global_first(arguments) or ["--help"]) as ctx:
            whole.invoke(ctx)
    except Exit as e:
        return e.exit_code
    except MailgateError as e:
        _complain(str(e))
        return e.exit_code
    except BrokenPipeError:
        _silence()
        return EX_OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as e:  # noqa: BLE001  (the last door before the shell)
        return _unexpected(e)
    return EX_OK


def _unexpected(e: Exception) -> int:
    if hasattr(e, "format_message"):  # the words of the command line are off: typer's own exceptions
        hint = getattr(getattr(e, "ctx", None), "command_path", "mailgate")
        _complain(f"{e.format_message()} (see {hint} --help)")
        return EX_USAGE
    if type(e).__name__ == "Abort":
        return INTERRUPTED
    if os.environ.get("MAILGATE_DEBUG"):
        import traceback

        traceback.print_exc()
    _complain(f"{type(e).__name__}: {e}; {REPORT}".replace("\n", " "))
    return EX_SOFTWARE


def _complain(text: str) -> None:
    from mailgate.cli.show import plain

    for line in text.splitlines() or [""]:
        print(f"mailgate: {plain(line)}", file=sys.stderr)


def _silence() -> None:
    """Nobody reads any more (`| head`): keep the interpreter from complaining at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _global_first(arguments: list[str]) -> list[str]:
    """`--config` is a global option; people also write it after the command, so it is moved to the front."""
    words, rest = [], []
    waiting = iter(arguments)
    for word in waiting:
        if word == "--":
            rest += [word, *waiting]
        elif word == "--config":
            words += [word, *(value for value in [next(waiting, None)] if value is not None)]
        elif word.startswith("--config="):
            words.append(word)
        else:
            rest.append(word)
    return words + rest
