"""Templates → words: subject, text and HTML of one mail, in the person's language (6.2).

Laws: a customer's words are data, never template source, and are bounded before they go in; the HTML is escaped; a
name that a template uses and nobody gives is an error (StrictUndefined); the subject always bears the ticket's tag.
`templates/` ships with the package; the operator's folder (`templates.path`) goes over it file by file, and a `.po`
file of his goes over ours sentence by sentence. Everything is read at start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from babel import Locale
from babel.messages.catalog import Catalog
from jinja2 import Environment, FileSystemLoader, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import SecurityError, TemplateNotFound, UndefinedError
from jinja2.ext import extract_from_ast

from mailgate.config import Config, resource
from mailgate.render import style
from mailgate.render.catalogue import SOURCE, catalogues, translations
from mailgate.render.context import NOT_IN_LINE, complete
from mailgate.render.environment import SUFFIXES, LanguageEnvironment, Styles, reading
from mailgate.render.errors import TemplateError
from mailgate.render.phrases import CUT, Message, Phrases

TEMPLATES = (
    "new_ticket",
    "acknowledgement",
    "update",
    "escalation",
    "problem",
    "ticket_view",
    "ticket_list",
    "help",
)
MAX_SIZE = 262_144  # octets of one part
_HINTS = {
    SecurityError: " (the sandbox lets a template read values and call filters, nothing else)",
    UndefinedError: " (docs/mails.md lists the names that a template can use)",
}
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


class Renderer:
    """Every template in every language, compiled once. Safe to share between threads."""

    def __init__(self, config: Config) -> None:
        """Raises TemplateError for a `.po` file that cannot be read."""
        self._gateway = config.gateway
        self._folders = [
            *([Path(config.templates.path)] if config.templates.path else []),
            resource("templates"),
        ]
        self._catalogues = catalogues(self._folders)
        self._styles = Styles.of(self._folders)
        self._speech = {code: self._language_of(code) for code in sorted({SOURCE, *self._catalogues})}

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._speech)

    def render(self, template: str, language: str, context: Mapping[str, Any]) -> Rendered:
        """One mail. `context` is that of the Notice, with `audience`, `inside` and `leave_address` of the outbox row.

        An unknown language is told in `gateway.language`. Raises TemplateError; the row is then held (DESIGN §3.9).
        """
        code = self._language(language)
        values = self._context(template, code, context)
        environment = self._speech[code][0]
        subject = self._subject(_part(environment, f"{template}.subject", values), values["ticket"]["number"])
        values["subject"] = subject
        text = _part(environment, f"{template}.txt", values)
        html = _part(environment, f"{template}.html", values)
        return Rendered(subject, _BLANK_LINES.sub("\n\n", text).strip("\n") + "\n", html.strip() + "\n")

    def catalogue(self, code: str) -> Catalog:
        return self._catalogues[code]

    def files(self) -> list[str]:
        """Every template file in use, by name."""
        return [n for n in self._speech[SOURCE][0].list_templates() if n.endswith(SUFFIXES)]

    def sentences(self) -> set[Message]:
        """Every English sentence of the templates. Raises TemplateError for one that cannot be parsed."""
        environment = reading(self._folders)
        found: set[Message] = set()
        for name in self.files():
            for _line, function, message in extract_from_ast(self._tree(environment, name)):
                parts = [m for m in (message if isinstance(message, tuple) else (message,)) if m]
                found |= {(parts[0], parts[1])} if function == "ngettext" else set(parts)
        return found

    def referenced(self) -> set[str]:
        """Every file that a template extends, imports or includes."""
        environment = reading(self._folders)
        trees = (self._tree(environment, name) for name in self.files())
        return {name for tree in trees for name in meta.find_referenced_templates(tree) if name}

    def unstyled(self) -> list[str]:
        """Classes that a template uses and `style.css` does not know: a line each."""
        environment = reading(self._folders)
        return [
            f"template {name}, line {line}: {style.SHEET} has no rule “.{unknown} {{ … }}”; Outlook and Gmail would show it bare"
            for name in self.files()
            if name.endswith(".html")
            for line, unknown in style.strangers(_source(environment, name), self._styles.rules)
        ]

    def _tree(self, environment: Environment, name: str) -> nodes.Template:
        try:
            return environment.parse(_source(environment, name), name)
        except Exception as e:
            raise _error(name, e) from e

    def _language_of(self, code: str) -> tuple[LanguageEnvironment, Phrases]:
        found = translations(self._catalogues.get(code))
        phrases = Phrases(Locale.parse(code, sep="-"), found)
        return LanguageEnvironment(self._folders, found, phrases, self._styles), phrases

    def _context(self, template: str, code: str, context: Mapping[str, Any]) -> dict[str, Any]:
        phrases = self._speech[code][1]
        values = complete(template, context, phrases.word(CUT))
        values["because"] = phrases.because(values["audience"])
        values["language"] = code
        gateway = self._gateway
        values["gateway"] = {
            "name": gateway.name,
            "address": gateway.address,
            "prefix": gateway.subject_prefix,
        }
        return values

    def _language(self, language: str) -> str:
        for code in (language, language.partition("-")[0].lower(), self._gateway.language):
            if code in self._speech:
                return code
        return SOURCE

    def _subject(self, words: str, number: int) -> str:
        words = NOT_IN_LINE.sub(" ", words).strip(" :")
        if not number:
            return words
        prefix = self._gateway.subject_prefix.strip()
        tag = f"[{prefix} #{number}]" if prefix else f"[#{number}]"
        return words if words.startswith(tag) else f"{tag} {words}".rstrip()


def _source(environment: Environment, name: str) -> str:
    return cast(FileSystemLoader, environment.loader).get_source(environment, name)[0]


def _part(environment: LanguageEnvironment, name: str, values: dict[str, Any]) -> str:
    try:
        made = environment.get_template(name).render(values)
    except Exception as e:
        raise _error(name, e) from e
    if 4 * len(made) > MAX_SIZE and len(made.encode("utf-8", "replace")) > MAX_SIZE:
        raise TemplateError(name, 0, f"gives more than {MAX_SIZE // 1024} KiB")
    return made


def _error(name: str, cause: Exception) -> TemplateError:
    """Where a template failed: Jinja2 gives its own frames the file and line of the template."""
    if isinstance(cause, TemplateSyntaxError):
        return TemplateError(cause.name or name, cause.lineno, cause.message or "syntax error")
    if isinstance(cause, TemplateNotFound):
        return TemplateError(
            name, 0, f"there is no file {cause.name}: put it beside this one, or correct the name"
        )
    line, frame = 0, cause.__traceback__
    while frame is not None:
        path = Path(frame.tb_frame.f_code.co_filename)
        if path.suffix in SUFFIXES:
            name, line = path.name, frame.tb_lineno
        frame = frame.tb_next
    hint = next((words for kind, words in _HINTS.items() if isinstance(cause, kind)), "")
    return TemplateError(name, line, f"{type(cause).__name__}: {str(cause)[:200]}{hint}")
