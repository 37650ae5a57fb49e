"""Core statements of the hot path: compiled once for each sort of database, then handed to the driver as they are.

SQLAlchemy pays 80 to 150 µs for every execution (cache key, context, result object), several times what SQLite needs
for such a statement. Here nothing stands between a compiled statement and the driver's cursor but plain tuples.

Laws: Core stays the only way SQL is written; every value passes the processors of its column's type, in both
directions, as in Core; what the driver raises leaves as SQLAlchemy's error, without the values, which are mail.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Integer,
    Select,
    Text,
    bindparam,
    literal_column,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ClauseElement, SelectBase
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]
Values = Mapping[str, Any]
_Reader = tuple[
    Callable[..., Any], list[tuple[int, Convert]]
]  # makes a row; which columns are converted before
_NOTHING: Values = MappingProxyType({})
SIZES = (1, 4, 16, 64, 256)  # numbers of keys a lookup is compiled for: a list is filled up to the next one


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement as one driver takes it. Values are put together without a step of Python for each: of a batch they
    are many thousands."""

    sql: str
    names: tuple[str, ...]  # of the parameters, in the order of the statement
    pick: Callable[[Values], tuple[Any, ...]]  # their values
    converts: tuple[tuple[int, Convert], ...]  # which of them go through a processor
    columns: tuple[
        Callable[[Sequence[Values]], Iterable[Any]], ...
    ]  # of many sets: each parameter's, converted
    fixed: dict[str, Any]  # values that stand in the statement itself
    positional: bool

    def row(self, values: Values) -> Any:
        """One set of parameters."""
        row = self.pick({**self.fixed, **values} if self.fixed else values)
        if self.converts:
            converted = list(row)
            for place, convert in self.converts:
                converted[place] = convert(converted[place])
            row = tuple(converted)
        return row if self.positional else dict(zip(self.names, row, strict=True))

    def rows(self, many: Sequence[Values]) -> list[Any]:
        """Many sets of parameters, column by column."""
        if self.fixed:
            many = [{**self.fixed, **values} for values in many]
        rows = list(zip(*(column(many) for column in self.columns), strict=True))
        return rows if self.positional else [dict(zip(self.names, row, strict=True)) for row in rows]


def _compiled(statement: ClauseElement, dialect: Dialect, columns: Sequence[str]) -> _Compiled:
    """`columns`: those that an INSERT sets, [] for any other statement."""
    if isinstance(statement, Insert):
        done: Any = statement.inline().compile(dialect=dialect, column_keys=list(columns))
    else:
        done = statement.compile(dialect=dialect)
    binds = {name: bind for bind, name in done.bind_names.items()}
    expanding = [name for name, bind in binds.items() if bind.expanding]
    assert not expanding, f"a list cannot be prepared, only single values: {expanding}"
    names = tuple(done.positiontup if done.positional else binds)
    types = [binds[name].type for name in names]
    converts = [_convert(type, dialect) for type in types]
    return _Compiled(
        str(done),
        names,
        _picker(names),
        tuple((place, convert) for place, convert in enumerate(converts) if convert is not None),
        tuple(map(_column, names, converts, (getattr(type, "convert_all", None) for type in types))),
        {name: bind.effective_value for name, bind in binds.items() if not bind.required},
        bool(done.positional),
    )


def _convert(type: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """A type's processor of values, if it has one. Every driver takes True and False as they are."""
    return None if isinstance(type, Boolean) else type.dialect_impl(dialect).bind_processor(dialect)


def _picker(names: Sequence[str]) -> Callable[[Values], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)


def _column(
    name: str, convert: Convert | None, convert_all: Callable[[list[Any]], Iterable[Any]] | None
) -> Callable[[Sequence[Values]], Iterable[Any]]:
    value = itemgetter(name)
    if convert_all is not None:
        return lambda many: convert_all([*map(value, many)])
    if convert is not None:
        return lambda many: map(convert, map(value, many))
    return lambda many: map(value, many)


class Prepared:
    """One statement, or one for each dialect by its name; its values are named by bindparams, an INSERT's by columns."""

    def __init__(
        self, statement: ClauseElement | Mapping[str, ClauseElement], make: Callable[..., Any] | None = None
    ) -> None:
        """`make`: what a row of a SELECT becomes, from its columns in order; without it a named tuple."""
        self._statement = statement
        self._compiled: dict[tuple[str, tuple[str, ...]], _Compiled] = {}
        self._readers: dict[str, _Reader] = {}
        self._make = make

    def rows(self, conn: Connection, values: Values = _NOTHING) -> list[Any]:
        """What a SELECT finds."""
        found = self._find(conn, ())
        with _cursor(conn, found.sql) as cursor:
            cursor.execute(found.sql, found.row(values))
            rows = cursor.fetchall()
        if not rows:
            return []
        make, converts = self._readers.get(conn.dialect.name) or self._reader(conn.dialect)
        if not converts:
            return [make(*row) for row in rows]
        columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
        for place, convert in converts:
            columns[place] = map(convert, columns[place])
        return list(map(make, *columns))

    def run(self, conn: Connection, values: Values) -> int:
        """Carry out any other statement; how many rows it concerned."""
        found = self._find(conn, tuple(values))
        with _cursor(conn, found.sql) as cursor:
            cursor.execute(found.sql, found.row(values))
            return int(cursor.rowcount)

    def many(self, conn: Connection, rows: Sequence[Values]) -> int:
        """Carry it out for each; all have the keys of the first one. How many rows they concerned together."""
        found = self._find(conn, tuple(rows[0]))
        with _cursor(conn, found.sql) as cursor:
            cursor.executemany(found.sql, found.rows(rows))
            return int(cursor.rowcount)

    def _find(self, conn: Connection, columns: tuple[str, ...]) -> _Compiled:
        statement = self._of(conn.dialect)
        key = (conn.dialect.name, columns if isinstance(statement, Insert) else ())
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = _compiled(statement, conn.dialect, key[1])
        return found

    def _of(self, dialect: Dialect) -> ClauseElement:
        return self._statement[dialect.name] if isinstance(self._statement, Mapping) else self._statement

    def _reader(self, dialect: Dialect) -> _Reader:
        statement = self._of(dialect)
        assert isinstance(statement, SelectBase)
        columns = [(column.key, column.type) for column in statement.selected_columns]
        make: Callable[..., Any] = self._make or namedtuple("Row", [str(name) for name, _ in columns])
        converts = [type.dialect_impl(dialect).result_processor(dialect, None) for _, type in columns]
        found: _Reader = make, [(place, do) for place, do in enumerate(converts) if do is not None]
        self._readers[dialect.name] = found
        return found


class Lookup:
    """A SELECT of the rows where a column is one of many keys."""

    def __init__(
        self,
        column: ColumnElement[Any],
        statement: Callable[[ColumnElement[bool]], Select[Any]],
        make: Callable[..., Any] | None = None,
    ) -> None:
        """`statement` makes the SELECT from its condition."""
        self._column, self._statement, self._make = column, statement, make
        self._names = tuple(f"key_{n}" for n in range(SIZES[-1]))
        self._by_size: dict[int, Prepared] = {}
        # the keys are cleaned all at once, and need no processor each
        self._clean = getattr(column.type, "convert_all", None)
        self._type = column.type if self._clean is None else Text()

    def rows(self, conn: Connection, keys: Collection[Any], values: Values = _NOTHING) -> Iterator[Any]:
        """What is found for any number of keys, in the statement's order within each 256 of them."""
        wanted = sorted(keys if self._clean is None else self._clean(list(keys)))
        for start in range(0, len(wanted), SIZES[-1]):
            some = wanted[start : start + SIZES[-1]]
            size = next(size for size in SIZES if size >= len(some))
            some += some[-1:] * (size - len(some))
            named = dict(zip(self._names, some, strict=False))
            yield from self._of(size).rows(conn, {**named, **values})

    def _of(self, size: int) -> Prepared:
        found = self._by_size.get(size)
        if found is None:
            keys = [bindparam(name, type_=self._type) for name in self._names[:size]]
            found = self._by_size[size] = Prepared(self._statement(self._column.in_(keys)), self._make)
        return found


def fixed(number: int) -> ColumnElement[int]:
    """A number that stands in the SQL itself: SQLite plans a statement anew whenever its LIMIT is bound."""
    return literal_column(str(int(number)), Integer)


@contextmanager
def _cursor(conn: Connection, sql: str) -> Iterator[Any]:
    cursor = conn.connection.cursor()
    dbapi = conn.dialect.loaded_dbapi
    try:
        yield cursor
    except dbapi.Error as e:
        lost = conn.dialect.is_disconnect(e, conn.connection.dbapi_connection, cursor)
        if lost:
            conn.invalidate(e)
        raise DBAPIError.instance(
            sql, None, e, dbapi.Error, connection_invalidated=lost, dialect=conn.dialect
        ) from e
    finally:
        cursor.close()
