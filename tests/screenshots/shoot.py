"""`make screenshots`: every mail of templates/samples.json as a picture, at 600 and 360 pixels, light and dark.

They go into the folder that is given (var/screenshots, which is not committed); `--docs` also makes those of docs/pictures anew.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from screenshots.browser import Browser
from screenshots.scenes import PICTURES

from mailgate.config import Config
from mailgate.render import Renderer
from mailgate.render.check import samples

WIDTHS = (600, 360)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "pictures"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("--lang", nargs="*", default=["en", "fr"])
    words.add_argument("--docs", action="store_true", help="also the six of docs/pictures")
    given = words.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    renderer = Renderer(Config())
    count = 0
    with Browser() as browser:
        for template, contexts in samples().items():
            for name, context in contexts.items():
                for language in given.lang:
                    html = renderer.render(template, language, context).html
                    for width in WIDTHS:
                        for scheme in ("light", "dark"):
                            browser.show(html, width, scheme == "dark")
                            path = given.folder / f"{template}-{name}-{language}-{width}-{scheme}.png"
                            path.write_bytes(browser.picture(width))
                            count += 1
        if given.docs:
            pictures(browser, renderer)
    print(f"{count} pictures in {given.folder}")


def pictures(browser: Browser, renderer: Renderer) -> None:
    DOCS.mkdir(parents=True, exist_ok=True)
    for name, (template, language, width, dark, context) in PICTURES.items():
        browser.show(renderer.render(template, language, context).html, width, dark)
        (DOCS / f"{name}.png").write_bytes(browser.picture(width))
        if shutil.which("pngquant"):
            subprocess.run(
                ["pngquant", "--force", "--ext", ".png", "--strip", "64", str(DOCS / f"{name}.png")],
                check=True,
            )
        else:
            print("no pngquant here: the pictures of docs/ are larger than they need be", file=sys.stderr)


if __name__ == "__main__":
    main()
