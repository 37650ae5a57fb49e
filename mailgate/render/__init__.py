"""Templates → subject, text and HTML of a mail, in the person's language (6.2)."""

from __future__ import annotations

from mailgate.render.check import check
from mailgate.render.errors import TemplateError
from mailgate.render.phrases import PROBLEMS
from mailgate.render.renderer import TEMPLATES, Rendered, Renderer

__all__ = ["PROBLEMS", "TEMPLATES", "Rendered", "Renderer", "TemplateError", "check"]
