"""CSV by records, as RFC 4180 has them: rows go on, and what is no row is told with its line and the reason.

What a whole block holds is looked at by columns of bytes. Only a block in which something is odd is read line by line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reasoner.errors import DataError
from reasoner.inputs import LARGEST

from .blocks import blocks_of

_BOM = b"\xef\xbb\xbf"
_QUOTE, _CELL, _LINE, _RETURN = b'",\n\r'
_FIELD = rb'(?:"[^"]*(?:""[^"]*)*"|[^",]*)'
_RECORD = re.compile(rb"%b(?:,%b)*" % (_FIELD, _FIELD))
_QUOTED = re.compile(rb'"[^"]*"')
_OPEN = 1 << 20
"""Bytes that a text with line ends may have: a quote that is never closed must not swallow the file."""
_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_TEXT = "save it as UTF-8 with commas between the cells"
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Rows of a table, with what stood among them that is none."""

    frame: pl.DataFrame
    places: Ints
    """Where each row is in its file, from 1: its line, or its number where a file has no lines."""
    numbers: Ints
    """Its number among the rows, from 1; what could not be read counts too."""
    broken: list[tuple[int, str]] = field(default_factory=list)
    """Places and reasons."""
    lost: int = 0
    """Rows that could not be read."""
    read: int = 0
    """Bytes of the file up to here."""


def header(path: Path) -> tuple[list[str], int]:
    """The names of the columns, and the bytes that they take. Raises DataError where there are none."""
    with path.open("rb") as file:
        return header_of(iter(lambda: file.readline(LARGEST + 1), b""), f"`{path}`")


def header_of(lines: Iterable[bytes], where: str) -> tuple[list[str], int]:
    """The names in the first line that is not blank, and the bytes up to its end."""
    at = 0
    for line in lines:
        at += len(line)
        if line.startswith(_ORDER_MARKS):
            raise DataError("is UTF-16", where, _TEXT)
        own = line.removeprefix(_BOM).rstrip(b"\r\n")
        if not own:
            continue
        if len(line) > LARGEST or b"\0" in own:
            raise DataError("holds no line of column names", where, _TEXT)
        if not _RECORD.fullmatch(own):
            raise DataError("has broken quotes in its column names", where, "mend its first line")
        try:
            names = next(csv.reader([own.decode()]))
        except UnicodeDecodeError as error:
            raise DataError("is not UTF-8", where, _TEXT) from error
        if twice := next((name for i, name in enumerate(names) if name in names[:i]), None):
            raise DataError(f"has the column `{twice}` twice", where, "name each column once")
        return names, at
    raise DataError("is empty", where, "give a line of column names, and rows")


def stream(path: Path, size: int) -> Iterator[Rows]:
    """The rows of a file, of about so many bytes at a time; always cut at the same places."""
    names, at = header(path)
    with path.open("rb") as file:
        before = file.read(at).count(b"\n")
    yield from rows_of(blocks_of(path, at, path.stat().st_size, size), names, before + 1, at)


def rows_of(blocks: Iterable[bytes], names: list[str], line: int, at: int = 0) -> Iterator[Rows]:
    """The rows of whole lines, the first of which has that number and place. Gives one block at least."""
    number, held = 1, b""
    for block, is_last in _with_last(blocks):
        data = held + block
        if is_last and data and not data.endswith(b"\n"):
            data += b"\n"
        found = _of_whole(data, len(names)) or _line_by_line(data, len(names), is_last)
        held = data[found.end :]
        at += found.end
        yield replace(found.rows(data, names, line, number), read=at)
        line += data.count(b"\n", 0, found.end)
        number += len(found.starts) + len(found.broken)


@dataclass
class _Found:
    """Records within a block: from where to where, and the line of each in the block, from 0."""

    starts: Ints
    ends: Ints
    lines: Ints
    broken: list[tuple[int, int, str]]
    """Line, how many records come before it, and the reason."""
    end: int
    """What follows belongs to the next block."""

    def rows(self, data: bytes, names: list[str], line: int, number: int) -> Rows:
        """The records as a frame of texts."""
        whole = bool(len(self.starts)) and int((self.ends - self.starts).sum()) == self.end
        text = data[: self.end] if whole else b"".join(map(data.__getitem__, map(slice, self.starts, self.ends)))
        schema = dict.fromkeys(names, pl.String)
        frame = (
            pl.read_csv(text, has_header=False, schema=schema, infer_schema=False)
            if len(self.starts)
            else pl.DataFrame(schema=schema)
        )
        # What was broken before a row counts in its number.
        before = np.array([after for _, after, _ in self.broken], np.int64)
        numbers = np.arange(len(self.starts)) + np.searchsorted(before, np.arange(len(self.starts)), side="right")
        broken = [(line + at, why) for at, _, why in self.broken]
        return Rows(frame, self.lines + line, numbers + number, broken, len(broken))


def _of_whole(data: bytes, columns: int) -> _Found | None:
    """The records of a block in which every quote is where it should be; None where some is not, or that is unsure."""
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            return None
    if not data:
        return _found([], [], [], [], 0)
    letters = np.frombuffer(data, np.uint8)
    ends, cells = letters == _LINE, letters == _CELL
    lines = np.flatnonzero(ends)
    if b'"' in data:
        quotes = letters == _QUOTE
        inside = (np.cumsum(quotes, dtype=np.uint8) & 1).view(np.bool_)
        if inside[-1] or not _are_proper(letters, quotes, inside):
            return None
        ends, cells = ends & ~inside, cells & ~inside
    stops = np.flatnonzero(ends) + 1
    starts = np.append(0, stops[:-1])
    if len(stops) and int((stops - starts).max()) > LARGEST:
        return None
    counts = np.diff(np.searchsorted(np.flatnonzero(cells), stops), prepend=0) + 1
    filled = np.ones(len(stops), np.bool_) if columns == 1 else ~_are_blank(letters, starts, stops)
    good = counts == columns
    first = np.searchsorted(lines, starts)
    if len(lines) > len(stops) and not good[filled].all():
        # A text over several lines may have begun with a quote that is one too many.
        return None
    broken = []
    for at in np.flatnonzero(filled & ~good).tolist():
        broken.append((int(first[at]), int((filled & good)[:at].sum()), _miscounted(int(counts[at]), columns)))
    keep = filled & good
    return _Found(starts[keep], stops[keep], first[keep], broken, len(data))


def _are_proper(letters: NDArray[np.uint8], quotes: NDArray[np.bool_], inside: NDArray[np.bool_]) -> bool:
    """Whether texts begin with their cell and end with it; two quotes within one stand for one."""
    opening, closing = np.flatnonzero(quotes & inside), np.flatnonzero(quotes & ~inside)
    before = np.where(opening > 0, letters[opening - 1], _LINE)
    after = letters[np.minimum(closing + 1, len(letters) - 1)]
    return bool(np.isin(before, (_CELL, _LINE, _QUOTE)).all() and np.isin(after, (_CELL, _LINE, _RETURN, _QUOTE)).all())


def _are_blank(letters: NDArray[np.uint8], starts: Ints, stops: Ints) -> NDArray[np.bool_]:
    length = stops - starts
    blank: NDArray[np.bool_] = (length == 1) | ((length == 2) & (letters[starts] == _RETURN))
    return blank


def _line_by_line(data: bytes, columns: int, is_last: bool) -> _Found:
    """The records of a block in which something is odd; a text that is open at its end belongs to the next one."""
    lines = data.split(b"\n")
    lines.pop()
    offsets = [0, *np.cumsum([len(own) + 1 for own in lines]).tolist()]
    starts: list[int] = []
    ends: list[int] = []
    firsts: list[int] = []
    broken: list[tuple[int, int, str]] = []
    at = 0
    while at < len(lines):
        stop = at + 1
        why = _fault(lines[at], columns)
        if why is not None and lines[at].count(b'"') % 2:
            stop, is_open = _span(lines, offsets, at)
            if is_open and not is_last:
                return _found(starts, ends, firsts, broken, offsets[at])
            if not is_open:
                again = _fault(b"\n".join(lines[at:stop]), columns)
                why, stop = (None, stop) if again is None else (why, at + 1)
            else:
                stop = at + 1
        if why is not None:
            broken.append((at, len(starts), why))
        elif columns == 1 or lines[at].rstrip(b"\r"):
            starts.append(offsets[at])
            ends.append(offsets[stop])
            firsts.append(at)
        at = stop
    return _found(starts, ends, firsts, broken, len(data))


def _found(
    starts: list[int], ends: list[int], lines: list[int], broken: list[tuple[int, int, str]], end: int
) -> _Found:
    return _Found(np.array(starts, np.int64), np.array(ends, np.int64), np.array(lines, np.int64), broken, end)


def _span(lines: list[bytes], offsets: list[int], at: int) -> tuple[int, bool]:
    """The line after which a text is closed that is open at the end of a line; and whether it stays open instead."""
    for stop in range(at + 2, len(lines) + 1):
        if offsets[stop] - offsets[at] > _OPEN:
            return stop, False
        if lines[stop - 1].count(b'"') % 2:
            return stop, False
    return len(lines), offsets[-1] - offsets[at] <= _OPEN


def _fault(record: bytes, columns: int) -> str | None:
    """Why some lines are no row of so many cells; None where they are one, or blank."""
    record = record.removesuffix(b"\r")
    if not record:
        return None
    if len(record) > LARGEST:
        return "is larger than 64 MiB"
    try:
        record.decode()
    except UnicodeDecodeError:
        return "is not UTF-8"
    if b'"' in record:
        if not _RECORD.fullmatch(record):
            return "its quotes are broken"
        record = _QUOTED.sub(b"", record)
    count = record.count(b",") + 1
    return None if count == columns else _miscounted(count, columns)


def _miscounted(count: int, columns: int) -> str:
    return f"has {count} {'cell' if count == 1 else 'cells'} instead of {columns}"


def _with_last(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each block, and whether it is the last one; an empty one where there is none."""
    own = iter(blocks)
    held = next(own, b"")
    for block in chain(own, [None]):
        yield held, block is None
        if block is not None:
            held = block
