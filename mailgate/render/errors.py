"""The one error of this room."""

from __future__ import annotations

from mailgate.errors import MailgateError


class TemplateError(MailgateError):
    """A template is broken: which one, at which line (0: none is known), and why."""

    exit_code = 78  # EX_CONFIG

    def __init__(self, template: str, line: int, cause: str) -> None:
        super().__init__(f"template {template}{f', line {line}' if line else ''}: {cause}")
        self.template = template
        self.line = line
        self.cause = cause
