"""`mailgate templates check`: render everything once, in every language, and say in words what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mailgate.config import Config, resource
from mailgate.render import style
from mailgate.render.catalogue import SOURCE, faults
from mailgate.render.errors import TemplateError
from mailgate.render.phrases import messages
from mailgate.render.renderer import TEMPLATES, Renderer


def samples() -> dict[str, dict[str, dict[str, Any]]]:
    """Contexts to try a template with: template → name ("full", "minimal", …) → context."""
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(
        resource("templates/samples.json").read_text("utf-8")
    )
    return found


def check(config: Config) -> list[str]:
    """Every fault of templates and translations, a line each; none when all is well. Raises nothing."""
    folder = Path(config.templates.path) if config.templates.path else None
    if folder is not None and not folder.is_dir():
        return [f"templates.path: {folder} is no folder; make it, or leave the key empty"]
    try:
        renderer = Renderer(config)
        sentences = messages() | renderer.sentences()
        found = [*_strays(renderer), *renderer.unstyled()]
    except TemplateError as e:
        return [str(e)]
    for code in renderer.languages:
        if code != SOURCE:
            found += faults(code, renderer.catalogue(code), sentences)
        found += _rendering(renderer, code)
    return list(dict.fromkeys(found))


def _rendering(renderer: Renderer, code: str) -> list[str]:
    found = []
    contexts = samples()
    for template in TEMPLATES:
        for context in contexts[template].values():
            try:
                made = renderer.render(template, code, context)
            except TemplateError as e:
                found.append(f"{e} (language {code})")
                continue
            for part in ("subject", "text", "html"):
                if not getattr(made, part).strip():
                    found.append(f"template {template}: the {part} is empty (language {code})")
    return found


def _strays(renderer: Renderer) -> list[str]:
    """Files that no template uses: a misspelt name, most often."""
    used = {f"{template}.{suffix}" for template in TEMPLATES for suffix in ("subject", "txt", "html")}
    used |= renderer.referenced() | {style.SHEET, style.HEAD}
    return [
        f"template {name}: no template has or uses this name" for name in renderer.files() if name not in used
    ]
