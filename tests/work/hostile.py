"""A parser that does what the mail says: stands in for `mailgate.mail.parse` inside a parser process."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time

from mailgate.model import ParsedMessage


def parse(raw: bytes) -> object:
    order, _, rest = raw.partition(b" ")
    match order:
        case b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"exit":
            os._exit(3)
        case b"spin":
            while True:
                pass
        case b"hang":
            os.kill(os.getpid(), signal.SIGSTOP)
        case b"eat":
            return [bytearray(1 << 24) for _ in range(1 << 20)]
        case b"raise":
            raise ValueError("no such thing")
        case b"deep":
            return parse(raw)
        case b"print":
            print("noise" * 1000)
            sys.__stdout__.flush() if sys.__stdout__ else None
        case b"other":
            return {"not": "a message"}
        case b"evil":
            return Evil()
        case b"once":  # dies the first time only, as when the machine was short of memory
            path = rest.decode()
            if not os.path.exists(path):
                open(path, "w").close()
                os.kill(os.getpid(), signal.SIGKILL)
        case b"slow":
            time.sleep(0.05)
        case b"modules":
            names = " ".join(sorted(sys.modules))
            return ParsedMessage(size=len(raw), sha256="", content_key="", text=names)
    digest = hashlib.sha256(raw).hexdigest()
    return ParsedMessage(size=len(raw), sha256=digest, content_key=digest, text=raw[:100].decode("latin-1"))


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch taken-over",)
