"""The house: imports go down only, never sideways, never up (docs/design.md, "The floors")."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "mailgate"

FLOORS: dict[str, int] = {
    "errors": 0, "model": 0, "failpoint": 0, "counters": 0, "handover": 0, "mail.addrspec": 0, "hours": 0, "vocabulary": 0,
    "oauth_settings": 0,
    "certificate_fault": 0,
    "config": 1, "imap_settings": 1, "words": 1, "stream": 1, "mail.charset": 1,
    "mail": 2, "people_file": 2, "mail.parse": 3, "mail.compose": 3,
    "rules": 4, "rules.decide": 5, "rules.desk": 5,
    "spool": 6, "parsers": 6, "parser_child": 6, "render": 6, "log": 6, "locks": 6, "meter": 6,
    "authenticate": 6, "oauth": 6,
    "store.schema": 6, "store.types": 6, "store.columns": 6, "store.sqlite_driver": 6, "store.trouble": 6, "store.engine": 6,
    "store.prepared": 6,
    "store.migrations": 6, "store.raw": 6,
    "store": 7,
    "own_checks": 8, "worker": 8, "landing": 8, "courier": 8, "senders": 8, "clock": 8,
    "intake": 9, "web": 9, "relay": 9, "deliver": 9, "importing": 10, "explain": 9, "supervisor": 9, "welcome": 9,
    "app": 10, "checks": 10, "cli": 11, "__main__": 12,
}  # fmt: skip

# Within one floor a room may be split into files that know each other; across rooms of a floor nothing is imported.
ROOMS = (
    "model",
    "config",
    "mail",
    "rules",
    "spool",
    "store",
    "render",
    "parsers",
    "worker",
    "intake",
    "importing",
    "relay",
    "cli",
    "authenticate",
    "oauth",
    "web",
    "app",
    "courier",
)
PARTS = {
    "imap_settings": "config", "parser_child": "parsers", "landing": "worker", "own_checks": "worker", "senders": "courier",
}  # fmt: skip

# What only one room may touch (DESIGN: SQL lives in the store, one builder of mail, one parser front door).
OWNED: dict[str, tuple[str, ...]] = {
    "sqlalchemy": ("store", "worker", "landing"),
    "alembic": ("store",),
    "pysqlite3": ("store", "spool", "intake.imap"),
    "imapclient": ("intake.imap",),
    "jinja2": ("render",),
    "aiosmtpd": ("intake",),
    "smtplib": ("relay",),
    "dns": ("authenticate",),
    "dkim": ("authenticate",),
    "nacl": ("authenticate",),
    "spf": ("authenticate",),
    "publicsuffixlist": ("authenticate",),
    "hmac": ("mail.token", "web"),  # web: keys of others, and of its own door
    "starlette": ("web",),
    "uvicorn": ("web",),
    "python_multipart": ("web",),
    "prometheus_client": ("web",),
    "cryptography": ("web.signatures",),
    "email": ("mail.compose", "mail.bouncelib"),
    "flufl": ("mail.bouncelib",),
}


@cache
def modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(ROOT.rglob("*.py"))
        if "_data" not in path.parts and path != ROOT / "__init__.py"
    }


def floor(module: str) -> int:
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if (number := FLOORS.get(".".join(parts[:length]))) is not None:
            return number
    raise AssertionError(
        f"mailgate/{module.replace('.', '/')}.py stands on no floor: add its room to FLOORS and docs/design.md"
    )


@cache
def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; name the room in full"
            found += [f"{node.module}.{alias.name}" if node.module else alias.name for alias in node.names]
    return found


def ours(name: str, known: dict[str, Path]) -> str | None:
    """The module of ours that `name` (mailgate.x.y or mailgate.x.y.symbol) means."""
    if not name.startswith("mailgate."):
        return None
    parts = name.removeprefix("mailgate.").split(".")
    for length in range(len(parts), 0, -1):
        if (module := ".".join(parts[:length])) in known:
            return module
    return None


def same_room(a: str, b: str) -> bool:
    rooms = {PARTS.get(name.split(".")[0], name.split(".")[0]) for name in (a, b)}
    return len(rooms) == 1 and rooms <= set(ROOMS)


@pytest.mark.parametrize("module", modules())
def test_imports_go_down_only(module: str) -> None:
    known = modules()
    for name in imports(known[module]):
        target = ours(name, known)
        if target is None or target == module:
            continue
        down = floor(target) < floor(module)
        beside = floor(target) == floor(module) and same_room(module, target)
        assert down or beside, f"{module} (floor {floor(module)}) imports {target} (floor {floor(target)})"


@pytest.mark.parametrize("module", modules())
def test_each_outside_thing_has_one_owner(module: str) -> None:
    for name in imports(modules()[module]):
        owners = OWNED.get(name.split(".")[0])
        if owners is not None:
            assert any(module == owner or module.startswith(owner + ".") for owner in owners), (
                f"{module} imports {name}; only {owners} may"
            )


def test_the_pure_floors_do_no_io() -> None:
    outside = {"socket", "sqlite3", "subprocess", "threading", "asyncio", "os", "time", "random", "requests"}
    for module, path in modules().items():
        if 2 <= floor(module) <= 5:
            used = {name.split(".")[0] for name in imports(path)} & outside
            assert not used, f"{module} is pure and imports {sorted(used)}"


def test_no_room_imports_in_a_circle() -> None:
    known = modules()
    graph = {m: {t for n in imports(p) if (t := ours(n, known)) and t != m} for m, p in known.items()}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module not in done:
            for target in graph[module]:
                visit(target, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())
