"""Results as frames: ``long`` has a row for each recommendation and subject, ``wide`` a row a subject.

A long frame goes through the recommendations one after another, each over all subjects: what is next to each other is
then mostly the same, so files are small and quick to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .results import APPLICABILITIES, PREFERRED, SCOPES, VERDICTS, Bytes, Column, Header, Results, Sets

LAYOUTS = ("long", "wide")
_LONG = (
    "guideline", "recommendation", "scope", "verdict", "preferred", "missing", "assumed", "reason", "applicability",
    "overriddenBy", "rejected", "invalid", "version", "sha256",
)  # fmt: skip
_LISTED = 16
"""Sets of so many findings are looked up in a table."""


def names_of(headers: Sequence[Header], columns: Sequence[Column]) -> set[str]:
    """The columns of an answer in either layout, without those that identify the subjects."""
    of_guidelines = {f"{name}:{header.id}" for header in headers for name in ("scope", "version", "sha256")}
    return {*_LONG, *of_guidelines, *(column.id for column in columns)}


def long(results: Results, about: pl.DataFrame, rejected: Mapping[str, NDArray[np.bool_]]) -> pl.DataFrame:
    """A row for each recommendation and subject; ``about`` holds what identifies the subjects."""
    n = len(results)
    findings = sorted({name for column in results.columns for name in column.findings})
    outside = _outside(results, rejected)
    headers = list(results.headers)
    names = {
        "guideline": [h.id for h in headers],
        "recommendation": [c.id for c in results.columns],
        "version": list(dict.fromkeys(h.version for h in headers)),
        "sha256": list(dict.fromkeys(h.sha256 for h in headers)),
        "overriddenBy": ["undetermined", *(c.id for c in results.columns)],
    }
    types = {name: pl.Enum(values) for name, values in names.items()}
    told = {
        header.id: (
            _words(results.scope[i], SCOPES, "scope"),
            _words(results.applicability[i], APPLICABILITIES, "applicability", n),
        )
        for i, header in enumerate(headers)
    }
    parts = []
    for i, column in enumerate(results.columns):
        scope, applicability = told[column.guideline.id]
        lists = [
            lists_of(sets[i], column, name, findings)
            for name, sets in (("missing", results.missing), ("assumed", results.assumed))
            if sets is not None
        ]
        parts.append(
            about.with_columns(
                _same("guideline", column.guideline.id, types["guideline"], n),
                _same("recommendation", column.id, types["recommendation"], n),
                scope,
                _words(results.verdict[i], VERDICTS, "verdict"),
                _words(results.preferred[i], PREFERRED, "preferred", n),
                *lists,
                *([] if results.reason is None else [_reasons(results.reason[i], column, findings)]),
                applicability,
                _overridden(results.overridden[i], column, types["overriddenBy"], n),
                *outside,
                _same("version", column.guideline.version, types["version"], n),
                _same("sha256", column.guideline.sha256, types["sha256"], n),
            )
        )
    return pl.concat(parts, rechunk=False)


def wide(results: Results, about: pl.DataFrame, rejected: Mapping[str, NDArray[np.bool_]]) -> pl.DataFrame:
    """A row a subject: what identifies it, the scope of each guideline, the verdict of each recommendation.

    Which knowledge decided is the same for all of them, and said by column.
    """
    n = len(results)
    scopes = [_words(s, SCOPES, f"scope:{h.id}") for h, s in zip(results.headers, results.scope, strict=True)]
    verdicts = [_words(v, VERDICTS, c.id) for c, v in zip(results.columns, results.verdict, strict=True)]
    by = [(f"version:{h.id}", h.version) for h in results.headers] + [
        (f"sha256:{h.id}", h.sha256) for h in results.headers
    ]
    known = [_same(name, word, pl.Enum([word]), n) for name, word in by]
    return about.with_columns(*scopes, *verdicts, *_outside(results, rejected), *known)


def lists_of(sets: Sets, column: Column, name: str, findings: Sequence[str]) -> pl.Series:
    """Sets as lists of findings: each distinct set is written once, then looked up."""
    if len(column.findings) <= _LISTED:
        seen = np.zeros(1 << len(column.findings), np.bool_)
        seen[sets] = True
        distinct = np.flatnonzero(seen)
        numbers = np.zeros(len(seen), np.uint32)
        numbers[distinct] = np.arange(len(distinct), dtype=np.uint32)
        at = numbers.take(sets)
    else:
        distinct, inverse = np.unique(sets, return_inverse=True)
        at = inverse.astype(np.uint32)
    texts = [[f for i, f in enumerate(column.findings) if one >> i & 1] for one in distinct.tolist()]
    table = pl.Series(name, texts, dtype=pl.List(pl.Enum(findings)))
    return table.new_from_index(0, len(sets)) if len(table) == 1 else table.gather(pl.Series(at))


def _reasons(codes: Sets, column: Column, findings: Sequence[str]) -> pl.Series:
    texts = [[], *map(list, column.reasons)]
    return pl.Series("reason", texts, dtype=pl.List(pl.Enum(findings))).gather(pl.Series(codes.astype(np.uint32)))


def _words(codes: Bytes | None, words: Sequence[str | None], name: str, n: int = 0) -> pl.Series:
    """Codes as words of a closed list; code 0 is null where the list begins with None."""
    said = [word for word in words if word is not None]
    dtype = pl.Enum(said)
    if codes is None:
        return pl.Series(name, [None], dtype=dtype).new_from_index(0, n)
    table = pl.Series(name, [word or said[0] for word in words], dtype=dtype)
    column = table.gather(pl.Series(codes.astype(np.uint32)))
    if words[0] is None and not codes.all():
        nothing = pl.Series(name, [None], dtype=dtype).new_from_index(0, len(codes))
        column = column.zip_with(pl.Series(codes != 0), nothing)
    return column


def _overridden(codes: Bytes | None, column: Column, dtype: pl.Enum, n: int) -> pl.Series:
    words = _words(codes, (None, "undetermined", *column.overriders), "overriddenBy", n)
    return words.cast(dtype)


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
