"""Debian's Chromium, headless, over its debugging pipe: pages to measure and to photograph, in light and dark.

One process for all pages; nothing beside the standard library. The protocol: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from base64 import b64decode
from types import TracebackType
from typing import Any, Self

MISSING = "the browser is missing: apt-get install chromium (make test does)"
_SECONDS = 120
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class Browser:
    """A context manager; one page, shown at a width and in a colour scheme."""

    def __enter__(self) -> Self:
        program = shutil.which("chromium")
        if program is None:
            raise RuntimeError(MISSING)
        self._profile = tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True)
        reads, self._out = os.pipe()
        self._in, writes = os.pipe()
        self._process = self._started(program, reads, writes)
        os.close(reads)
        os.close(writes)
        self._id, self._rest, self._session = 0, b"", ""
        page = next(t for t in self._ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        attached = self._ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        self._frame = self._ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        return self

    def _started(self, program: str, reads: int, writes: int) -> subprocess.Popen[bytes]:
        """The browser takes its orders from descriptor 3 and answers on 4; bash puts ours there."""
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (reads, writes)]
        order = f'exec "$@" 3<&{high[0]} 4>&{high[1]} {high[0]}<&- {high[1]}>&-'
        try:
            return subprocess.Popen(
                ["bash", "-c", order, "bash", program, *_OPTIONS, f"--user-data-dir={self._profile.name}", "about:blank"],
                pass_fds=high, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        finally:
            for fd in high:
                os.close(fd)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(_SECONDS)
        os.close(self._in)
        os.close(self._out)
        self._profile.cleanup()

    def show(self, html: str, width: int, dark: bool = False) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=600,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self._ask("Page.setDocumentContent", frameId=self._frame, html=html)

    def value(self, script: str) -> Any:
        """What an expression of JavaScript gives on the page, as JSON."""
        found = self._ask("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def picture(self, width: int, height: int = 0) -> bytes:
        """The page from its top as PNG, whole unless a height is given."""
        height = height or int(self.value("document.documentElement.scrollHeight"))
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self._ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return b64decode(shot["data"])

    def _ask(self, method: str, **params: Any) -> Any:
        self._id += 1
        message = {"id": self._id, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._send(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._id:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._out, data) :]

    def _receive(self) -> dict[str, Any]:
        pieces = [self._rest]
        while b"\0" not in pieces[-1]:
            piece = os.read(self._in, 1 << 20)
            if not piece:
                raise RuntimeError("the browser ended")
            pieces.append(piece)
        message, _, self._rest = b"".join(pieces).partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer
