"""Results as frames: ``long`` has a row for each recommendation and subject, ``wide`` a row a subject.

A long frame goes through the recommendations one after another, each over all subjects: what is next to each other is
then mostly the same, so files are small and quick to write. A wide frame tells the same by columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .results import APPLICABILITIES, PREFERRED, SCOPES, VERDICTS, Bytes, Column, Header, Results, Sets

LAYOUTS = ("long", "wide")
_OF_GUIDELINES = ("scope", "applicability", "version", "sha256")
_OF_RECOMMENDATIONS = ("preferred", "missing", "assumed", "reason", "overriddenBy")
"""What a wide frame tells in a column of its own for each guideline or recommendation, ``name:id``."""
_LONG = ("guideline", "recommendation", "verdict", "rejected", "invalid", *_OF_GUIDELINES, *_OF_RECOMMENDATIONS)
_LISTED = 16
"""Sets of so many findings are looked up in a table."""


def names_of(headers: Sequence[Header], columns: Sequence[Column]) -> set[str]:
    """The columns of an answer in either layout, without those that identify the subjects."""
    of_guidelines = {f"{name}:{header.id}" for header in headers for name in _OF_GUIDELINES}
    of_recommendations = {f"{name}:{column.id}" for column in columns for name in _OF_RECOMMENDATIONS}
    return {*_LONG, *of_guidelines, *of_recommendations, *(column.id for column in columns)}


def arranged(
    layout: str, results: Results, about: pl.DataFrame, rejected: Mapping[str, NDArray[np.bool_]]
) -> pl.DataFrame:
    """The results in a layout; ``about`` holds what identifies the subjects."""
    return (long if layout == LAYOUTS[0] else wide)(results, about, rejected)


def long(results: Results, about: pl.DataFrame, rejected: Mapping[str, NDArray[np.bool_]]) -> pl.DataFrame:
    """A row for each recommendation and subject; ``about`` holds what identifies the subjects."""
    n = len(results)
    told, outside = _Told(results), _outside(results, rejected)
    headers = list(results.headers)
    names = {
        "guideline": [h.id for h in headers],
        "recommendation": [c.id for c in results.columns],
        "version": list(dict.fromkeys(h.version for h in headers)),
        "sha256": list(dict.fromkeys(h.sha256 for h in headers)),
    }
    types = {name: pl.Enum(values) for name, values in names.items()}
    guidelines = {header.id: (told.scope(i), told.applicability(i)) for i, header in enumerate(headers)}
    parts = []
    for i, column in enumerate(results.columns):
        scope, applicability = guidelines[column.guideline.id]
        parts.append(
            about.with_columns(
                _same("guideline", column.guideline.id, types["guideline"], n),
                _same("recommendation", column.id, types["recommendation"], n),
                scope,
                told.verdict(i),
                told.preferred(i),
                *told.lists(i),
                applicability,
                told.overridden(i),
                *outside,
                _same("version", column.guideline.version, types["version"], n),
                _same("sha256", column.guideline.sha256, types["sha256"], n),
            )
        )
    return pl.concat(parts, rechunk=False)


def wide(results: Results, about: pl.DataFrame, rejected: Mapping[str, NDArray[np.bool_]]) -> pl.DataFrame:
    """A row a subject: the verdict of a recommendation by its id, and all else by what it is and the id.

    What can be told of no subject at all, such as the preference of a recommendation without alternatives, has no
    column. Which knowledge decided is the same for all subjects, and said by column too.
    """
    n, told = len(results), _Told(results)
    columns: dict[str, list[pl.Series]] = {name: [] for name in (*_OF_GUIDELINES, *_OF_RECOMMENDATIONS)}

    def add(id_: str, *own: pl.Series) -> None:
        for series in own:
            columns[series.name].append(series.alias(f"{series.name}:{id_}"))

    for i, header in enumerate(results.headers):
        add(header.id, told.scope(i), *([] if results.applicability[i] is None else [told.applicability(i)]))
        for name, word in (("version", header.version), ("sha256", header.sha256)):
            add(header.id, _same(name, word, pl.Enum([word]), n))
    for i, column in enumerate(results.columns):
        add(column.id, *told.lists(i))
        add(column.id, *([] if results.preferred[i] is None else [told.preferred(i)]))
        add(column.id, *([] if results.overridden[i] is None else [told.overridden(i)]))
    verdicts = [told.verdict(i).alias(column.id) for i, column in enumerate(results.columns)]
    more = [series for name in _OF_RECOMMENDATIONS for series in columns[name]]
    first, last = columns["scope"] + columns["applicability"], columns["version"] + columns["sha256"]
    return about.with_columns(*first, *verdicts, *more, *_outside(results, rejected), *last)


class _Told:
    """The columns that both layouts are made of, named as in a long frame."""

    def __init__(self, results: Results) -> None:
        self.results, self.n = results, len(results)
        findings = {name for column in results.columns for name in column.findings}
        self._sets = pl.List(pl.Enum(sorted(findings)))
        self._overriders = pl.Enum(["undetermined", *(column.id for column in results.columns)])
        self._made: dict[tuple[str, int], pl.Series] = {}

    def scope(self, guideline: int) -> pl.Series:
        return _words(self.results.scope[guideline], SCOPES, "scope")

    def applicability(self, guideline: int) -> pl.Series:
        return _words(self.results.applicability[guideline], APPLICABILITIES, "applicability", self.n)

    def verdict(self, place: int) -> pl.Series:
        return _words(self.results.verdict[place], VERDICTS, "verdict")

    def preferred(self, place: int) -> pl.Series:
        return _words(self.results.preferred[place], PREFERRED, "preferred", self.n)

    def overridden(self, place: int) -> pl.Series:
        words = (None, "undetermined", *self.results.columns[place].overriders)
        return _words(self.results.overridden[place], words, "overriddenBy", self.n, self._overriders)

    def lists(self, place: int) -> list[pl.Series]:
        """What is missing, what was assumed and why, as far as each was asked for."""
        column, found = self.results.columns[place], []
        for name in ("missing", "assumed", "reason"):
            if (every := getattr(self.results, name)) is not None:
                # Recommendations that ask the same share their arrays, and so their lists.
                key = name, id(every[place])
                if key not in self._made:
                    make = _reasons if name == "reason" else lists_of
                    self._made[key] = make(every[place], column, name, self._sets)
                found.append(self._made[key])
        return found


def lists_of(sets: Sets, column: Column, name: str, dtype: pl.List) -> pl.Series:
    """Sets as lists of findings: each distinct set is written once, then looked up. Most sets are empty."""
    rows = np.flatnonzero(sets)
    some = sets.take(rows)
    if len(column.findings) <= _LISTED:
        seen = np.zeros(1 << len(column.findings), np.bool_)
        seen[some] = True
        distinct = np.flatnonzero(seen)
        numbers = np.zeros(len(seen), np.uint32)
        numbers[distinct] = np.arange(1, len(distinct) + 1, dtype=np.uint32)
        own = numbers.take(some)
    else:
        distinct, inverse = np.unique(some, return_inverse=True)
        own = inverse.astype(np.uint32) + np.uint32(1)
    texts = [[], *([f for i, f in enumerate(column.findings) if one >> i & 1] for one in distinct.tolist())]
    table = _lists(name, texts, dtype)
    if not len(rows):
        return table.new_from_index(0, len(sets))
    at = np.zeros(len(sets), np.uint32)
    at[rows] = own
    return table.gather(pl.Series(at))


def _reasons(codes: Sets, column: Column, name: str, dtype: pl.List) -> pl.Series:
    texts = [[], *map(list, column.reasons)]
    return _lists(name, texts, dtype).gather(pl.Series(codes.astype(np.uint32)))


def _lists(name: str, texts: Sequence[Sequence[str]], dtype: pl.List) -> pl.Series:
    # Straight from Python, each list of words of a closed list would be checked and made by itself.
    return pl.Series(name, texts, dtype=pl.List(pl.String)).cast(dtype)


def _words(
    codes: Bytes | None, words: Sequence[str | None], name: str, n: int = 0, closed: pl.Enum | None = None
) -> pl.Series:
    """Codes as words of a closed list, or of a longer one; code 0 is null where the list begins with None."""
    said = [word for word in words if word is not None]
    dtype = closed or pl.Enum(said)
    if codes is None:
        return pl.Series(name, [None], dtype=dtype).new_from_index(0, n)
    table = pl.Series(name, [word or said[0] for word in words], dtype=dtype)
    column = table.gather(pl.Series(codes.astype(np.uint32)))
    if words[0] is None and not codes.all():
        nothing = pl.Series(name, [None], dtype=dtype).new_from_index(0, len(codes))
        column = column.zip_with(pl.Series(codes != 0), nothing)
    return column


def _same(name: str, word: str, dtype: pl.Enum, n: int) -> pl.Series:
    return pl.Series(name, [word], dtype=dtype).new_from_index(0, n)


def _outside(results: Results, rejected: Mapping[str, NDArray[np.bool_]]) -> list[pl.Series]:
    """The findings whose values were not used, row by row, and whether anything is invalid."""
    n = len(results)
    names = list(rejected)
    dtype = pl.List(pl.String)
    texts: list[Any] = [[]]
    at = np.zeros(n, np.uint32)
    met: dict[tuple[bool, ...], int] = {(False,) * len(names): 0}
    if names:
        rows = np.stack([rejected[name] for name in names])
        for i in np.flatnonzero(rows.any(axis=0)).tolist():
            key = tuple(rows[:, i].tolist())
            if key not in met:
                met[key] = len(texts)
                texts.append([name for name, bad in zip(names, key, strict=True) if bad])
            at[i] = met[key]
    table = pl.Series("rejected", texts, dtype=dtype)
    lists = table.new_from_index(0, n) if len(texts) == 1 else table.gather(pl.Series(at))
    return [lists, pl.Series("invalid", results.invalid | (at > 0))]
