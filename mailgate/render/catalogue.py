"""Translations: `templates/locale/<language>.po`, read and compiled in memory at start.

A `.po` file of the operator goes over ours sentence by sentence, so that he need give only those that he changes.
English needs no file: its sentences are the msgids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import NullTranslations, Translations

from mailgate.render.errors import TemplateError

SOURCE = "en"
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def catalogues(folders: Iterable[Path]) -> dict[str, Catalog]:
    """Every language that a folder has a file for, the first folder winning. Raises TemplateError for a broken file."""
    merged: dict[str, Catalog] = {}
    for folder in reversed(list(folders)):
        for path in sorted((folder / "locale").glob("*.po")):
            code = path.stem.replace("_", "-")
            base = merged.setdefault(code, Catalog(locale=_locale(path)))
            for message in _read(path):
                if message.id and message.string and not message.fuzzy:
                    base.delete(message.id)  # assigning to a known one would keep its old words
                    base[message.id] = message
    return merged


def translations(catalogue: Catalog | None) -> NullTranslations:
    """The gettext functions of one catalogue; English where there is none."""
    if catalogue is None:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def faults(code: str, catalogue: Catalog, wanted: Iterable[str | tuple[str, str]]) -> list[str]:
    """What is missing or would not fill: a line each."""
    found = []
    for sentence in sorted(wanted, key=str):
        known = catalogue.get(sentence)
        told = (known.string if known else None) or ()
        forms = (told,) if isinstance(told, str) else tuple(told)
        one, many = (sentence, sentence) if isinstance(sentence, str) else sentence
        if not forms or not all(forms):
            kind = "" if one == many else f" (with its {catalogue.num_plurals} forms of the plural)"
            found.append(f"locale/{code}.po: no translation of “{one}”{kind}")
            continue
        always, ever = _placeholders(one) & _placeholders(many), _placeholders(one) | _placeholders(many)
        for form in forms:
            here = _placeholders(form)
            if odd := (always - here) | (here - ever):
                found.append(
                    f"locale/{code}.po: the translation of “{one}” must hold the same placeholders "
                    f"({', '.join(sorted(odd))} differs)"
                )
                break
    return found


def _placeholders(sentence: str) -> set[str]:
    return set(_PLACEHOLDER.findall(sentence))


def _locale(path: Path) -> Locale:
    try:
        return Locale.parse(path.stem.replace("-", "_"))
    except (ValueError, UnknownLocaleError) as e:
        raise TemplateError(
            f"locale/{path.name}", 0, "the name of the file is no language (like fr.po)"
        ) from e


def _read(path: Path) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except PoFileError as e:
        raise TemplateError(f"locale/{path.name}", e.lineno + 1, str(e)) from e
    except (OSError, ValueError, LookupError) as e:
        raise TemplateError(f"locale/{path.name}", 0, f"{path} cannot be read: {e}") from e
