"""How a run is cut into tasks: always in the same way for the same inputs, so that it can be resumed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from .recognise import LINES, TABLE, Inputs
from .tables import is_csv, rows_of

MIB = 1 << 20
_LEAST, _MOST = 16 * MIB, 64 * MIB
_CHUNKS_A_SHARE = 4
_MOST_SHARES = 2048
_FILES = 2000
_ROW = 128
"""Bytes of a row of findings, roughly."""


@dataclass(frozen=True)
class Piece:
    """Part of a source: bytes of lines, or rows of a table."""

    source: int
    start: int = 0
    end: int = 0

    @property
    def name(self) -> str:
        """Names the piece where lines of it are told; see ``Places``."""
        return f"{self.source}@{self.start}"


@dataclass(frozen=True)
class Task:
    """What one process reads at a time. A stream cannot be cut beforehand and is decided in steps of ``size``."""

    number: int
    kind: str
    pieces: tuple[Piece, ...]
    size: int
    is_stream: bool = False

    def step(self, number: int) -> str:
        """The name of a step."""
        return f"a{self.number:05d}-{number:05d}"


@dataclass(frozen=True)
class Plan:
    """All tasks of a run, and in how many shares the patients are put that lie in several files."""

    tasks: tuple[Task, ...]
    shares: int
    chunk: int
    size: int
    """Bytes to read."""


def share_name(number: int) -> str:
    """The name of the step that decides a share of the patients."""
    return f"b{number:05d}"


def plan(inputs: Inputs, chunk: int | None = None) -> Plan:
    """Cut inputs into tasks; ``chunk`` is how many bytes one reads, by default after the size of the whole."""
    total = inputs.unpacked
    chunk = chunk or min(max(total // 16, _LEAST), _MOST)
    groups: list[tuple[str, list[Piece], bool]] = []
    filled = 0
    for kind, piece, size, is_stream in _pieces(inputs, chunk):
        joins = groups and not is_stream and not groups[-1][2] and groups[-1][0] == kind
        if not joins or filled + size > chunk or len(groups[-1][1]) >= _FILES:
            groups.append((kind, [], is_stream))
            filled = 0
        groups[-1][1].append(piece)
        filled += size
    tasks = tuple(Task(i, kind, tuple(pieces), chunk, stream) for i, (kind, pieces, stream) in enumerate(groups))
    shares = min(max(math.ceil(total / (chunk * _CHUNKS_A_SHARE)), 1), _MOST_SHARES)
    return Plan(tasks, shares, chunk, sum(source.size for source in inputs.sources))


def _pieces(inputs: Inputs, chunk: int) -> Iterator[tuple[str, Piece, int, bool]]:
    """Kind, piece, size, and whether it is a stream."""
    for number, source in enumerate(inputs.sources):
        if source.kind == LINES and source.packing is None:
            for start in range(0, max(source.size, 1), chunk):
                end = min(start + chunk, source.size)
                yield LINES, Piece(number, start, end), end - start, False
        elif source.kind == TABLE and not is_csv(source.path):
            rows, step = rows_of(source.path), max(chunk // _ROW, 1)
            for start in range(0, max(rows, 1), step):
                end = min(start + step, rows)
                yield TABLE, Piece(number, start, end), chunk, False
        else:
            is_stream = source.packing is not None or source.kind == TABLE
            yield source.kind, Piece(number, 0, source.size), source.size, is_stream
