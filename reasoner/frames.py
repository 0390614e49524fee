"""Query results as typed data frames of polars or pandas, neither of which is part of the core install."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import pyoxigraph as ox

from .errors import UsageError
from .graph import XSD

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
_WHOLE = {
    XSD + name
    for name in (
        "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger",
        "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte",
    )
}  # fmt: skip
_BROKEN = {XSD + name for name in ("decimal", "double", "float")}


def frame(columns: Sequence[str], rows: Sequence[Sequence[Term | None]]) -> Any:
    """The rows as a frame: whole numbers, numbers, truth values, dates and texts; null where nothing is bound."""
    kinds = [_kind([row[i] for row in rows]) for i in range(len(columns))]
    data = {
        name: [None if row[i] is None else _VALUES[kinds[i]](row[i]) for row in rows] for i, name in enumerate(columns)
    }
    for module, build in (("polars", _polars), ("pandas", _pandas)):
        try:
            library = import_module(module)
        except ImportError:
            continue
        return build(library, data, dict(zip(columns, kinds, strict=True)))
    raise UsageError("a data frame needs polars or pandas", None, "run `pip install '.[cohort]'` in a clone")


def _kind(terms: Sequence[Term | None]) -> str:
    """What all bound terms of a column are; text where they differ."""
    kinds = {_kind_of(term) for term in terms if term is not None}
    if kinds == {"whole", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "text"


def _kind_of(term: Term) -> str:
    if not isinstance(term, ox.Literal):
        return "text"
    type_ = term.datatype.value
    named = "whole" if type_ in _WHOLE else "number" if type_ in _BROKEN else _NAMED.get(type_, "text")
    try:
        _VALUES[named](term)
    except ValueError:
        return "text"
    return named


def _text(term: Any) -> str:
    return str(term) if isinstance(term, ox.Triple) else str(term.value)


def _instant(term: Any) -> datetime.datetime:
    value = datetime.datetime.fromisoformat(term.value)
    return value.replace(tzinfo=datetime.UTC) if value.tzinfo is None else value.astimezone(datetime.UTC)


_NAMED = {XSD + "boolean": "truth", XSD + "date": "date", XSD + "dateTime": "instant"}
_VALUES: dict[str, Callable[[Any], Any]] = {
    "whole": lambda term: int(term.value),
    "number": lambda term: float(term.value),
    "truth": lambda term: term.value in ("true", "1"),
    "date": lambda term: datetime.date.fromisoformat(term.value),
    "instant": _instant,
    "text": _text,
}


def _polars(library: Any, data: dict[str, list[Any]], kinds: dict[str, str]) -> Any:
    types = {
        "whole": library.Int64, "number": library.Float64, "truth": library.Boolean, "date": library.Date,
        "instant": library.Datetime("us", "UTC"), "text": library.String,
    }  # fmt: skip
    return library.DataFrame(data, schema={name: types[kind] for name, kind in kinds.items()})


def _pandas(library: Any, data: dict[str, list[Any]], kinds: dict[str, str]) -> Any:
    types = {
        "whole": "Int64", "number": "Float64", "truth": "boolean", "date": "datetime64[s]",
        "instant": "datetime64[us, UTC]", "text": "string",
    }  # fmt: skip
    series = {name: library.Series(values, dtype=types[kinds[name]]) for name, values in data.items()}
    return library.DataFrame(series, columns=list(data))
