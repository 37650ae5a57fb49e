"""The Jinja2 environment of one language: sandboxed, strict, and quick where every mail passes.

Measured on an update mail: 3.0 ms as Jinja2 comes; most of it was calls of `_("…")` and of macros, each checked twice, and
globals copied for each template through a ChainMap.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.support import NullTranslations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from mailgate.render import style
from mailgate.render.errors import TemplateError
from mailgate.render.phrases import Phrases

SUFFIXES = (".subject", ".txt", ".html", ".css")
I18N = "jinja2.ext.i18n"
GLIMPSE = 120  # characters


class _Constants(NodeTransformer):
    """Writes the translation itself where a template says `_("a sentence")`, and its filling where it has values."""

    def __init__(self, found: NullTranslations, html: bool) -> None:
        self.found = found
        self.html = html

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        sentence = node.args[0] if len(node.args) == 1 else None
        if not (
            isinstance(node.node, nodes.Name)
            and node.node.name == "_"
            and isinstance(sentence, nodes.Const)
            and not (node.dyn_args or node.dyn_kwargs)
        ):
            return self.generic_visit(node)
        words = self.found.gettext(sentence.value)
        if not node.kwargs:
            return self._safe(words.replace("%%", "%"), node.lineno)
        pairs = [
            nodes.Pair(nodes.Const(value.key), self.visit(value.value), lineno=node.lineno)
            for value in node.kwargs
        ]
        return nodes.Mod(
            self._safe(words, node.lineno), nodes.Dict(pairs, lineno=node.lineno), lineno=node.lineno
        )

    def _safe(self, words: str, lineno: int) -> nodes.Expr:
        constant = nodes.Const(words, lineno=lineno)
        return nodes.MarkSafe(constant, lineno=lineno) if self.html else constant


class LanguageEnvironment(ImmutableSandboxedEnvironment):
    """Compiled once a template; to be shared between threads."""

    def __init__(
        self, folders: Sequence[Path], found: NullTranslations, phrases: Phrases, styles: Styles
    ) -> None:
        super().__init__(
            loader=FileSystemLoader(folders), autoescape=is_html, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, auto_reload=False, cache_size=-1, extensions=[I18N],
        )  # fmt: skip
        self._found = found
        self._styles = styles.rules
        self.install_gettext_translations(found, newstyle=True)  # type: ignore[attr-defined]
        self.globals["head_css"] = Markup(styles.head)  # noqa: S704 - a file of ours or of the operator
        self.filters |= phrases.filters() | {"lines": lines, "glimpse": glimpse}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if is_html(name):
            source = style.inlined(source, self._styles)
        tree = super()._parse(source, name, filename)
        _Constants(self._found, is_html(name)).visit(tree)
        return tree

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """A plain dict: each template of each mail copies it. Ours do not change once a template is loaded."""
        return {**self.globals, **(d or {})}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The context is made of plain dicts: their entries come first, which is quick and lets a key be called `items`."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        if type(obj) is TemplateModule and attribute in obj.__dict__ and attribute[0] != "_":
            return obj.__dict__[attribute]  # a macro
        return super().getattr(obj, attribute)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """A macro is template code, sandboxed itself: it needs no check."""
        if type(__obj) is Macro:
            kwargs.pop("_loop_vars", None)  # for functions that ask for the context, as Context.call has it
            kwargs.pop("_block_vars", None)
            return __obj(__context.eval_ctx, *args, **kwargs)
        return super().call(__context, __obj, *args, **kwargs)


def reading(folders: Sequence[Path]) -> Environment:
    """For looking at templates, not for rendering: the tree as it was written."""
    return Environment(loader=FileSystemLoader(folders), extensions=[I18N])  # noqa: S701 - renders nothing


def is_html(name: str | None) -> bool:
    return bool(name and name.endswith(".html"))


def lines(text: str) -> Markup:
    """Escaped, with the line breaks and the indentation that the writer gave."""
    escaped = str(escape(text))
    return Markup(escaped.replace("  ", "&nbsp; ").replace("\n", "<br>\n"))  # noqa: S704 - escaped the line above


def glimpse(text: str) -> str:
    """The first words of a text, for the line that an inbox shows beside the subject."""
    words = " ".join(text[: 4 * GLIMPSE].split())
    return words if len(words) <= GLIMPSE else words[:GLIMPSE].rpartition(" ")[0] + " …"


@dataclass(frozen=True, slots=True)
class Styles:
    """`style.css` as class → declarations, and `head.css` as it stands; each the first folder's that has one."""

    rules: Mapping[str, str]
    head: str

    @classmethod
    def of(cls, folders: Sequence[Path]) -> Styles:
        """Raises TemplateError."""
        try:
            rules = style.rules(_first(folders, style.SHEET))
        except style.StyleError as e:
            raise TemplateError(style.SHEET, e.line, str(e)) from e
        head = _first(folders, style.HEAD)
        if "</" in head:
            raise TemplateError(
                style.HEAD, head[: head.index("</")].count("\n") + 1, "holds a tag: only CSS may stand here"
            )
        return cls(rules, head)


def _first(folders: Sequence[Path], name: str) -> str:
    for folder in folders:
        if (folder / name).is_file():
            try:
                return (folder / name).read_text("utf-8")
            except (OSError, ValueError) as e:
                raise TemplateError(name, 0, f"{folder / name} cannot be read: {e}") from e
    return ""
