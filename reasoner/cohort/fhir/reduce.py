"""From lines of FHIR JSON to rows: decode what the reader looks at, look the statement up by its bytes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import orjson

from reasoner.assess import Reasoner
from reasoner.errors import DataError
from reasoner.fhir.bundle import resources_of
from reasoner.inputs import LARGEST

from .fields import BUNDLE, CODE, Shapes
from .kind import Kind, Taken, numbering
from .part import PIECE, Part, ends_of, lines_of
from .reduced import Reduced, input_name
from .references import labels, person, unit_of
from .statements import StatementReader

_BOM = b"\xef\xbb\xbf"
_TYPE = attrgetter("resourceType")


class Reducer:
    """Reduces blocks of lines. One may serve many blocks; each process has its own."""

    def __init__(self, reasoner: Reasoner, on: datetime.date | None = None) -> None:
        mapping = reasoner.knowledge.mapping
        self.shapes = Shapes(mapping)
        self.reader = StatementReader(mapping, reasoner.knowledge.model, on)
        self.kinds = {kind: Kind(fields, self.reader) for kind, fields in self.shapes.fields.items()}
        self._statements = self.reader.all

    def reduce(self, block: bytes, kind: str | None = None, source: str = "", first: int = 1) -> Reduced:
        """Reduce whole lines. ``kind`` is the resource type that most have, without it that of the first line.

        ``first`` is the number of the first line in its source.

        A line that cannot be read is in ``broken``, with its source, number and the reason; the others go on.
        """
        self._begin()
        part = Part(source, first, block)
        try:
            if kind is None:
                kind = _first_kind(block)
            if kind in self.kinds:
                self._lines(part, kind, block)
                return part.done(self.reader.all)
            items = [item for piece in _pieces(block) for item in self._decoded(piece, kind, ends_of(piece))]
            if set(map(_TYPE, items)) <= {kind}:
                if kind == BUNDLE:
                    self._bundles(part, enumerate(items))
                else:
                    self._unread(part, kind, items, range(len(items)))
                return part.done(self.reader.all)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, orjson.JSONDecodeError):
            # Some line is not as the others: part of the block may be reduced already, so begin again.
            part = Part(source, first, block)
        self._singly(part)
        return part.done(self.reader.all)

    def document(self, data: bytes, source: str) -> Reduced:
        """Reduce a file that is one Bundle, or one resource, written over any number of lines."""
        self._begin()
        # JSON has line ends between its parts only, so they may as well be spaces.
        part = Part(source, 1, data.replace(b"\n", b" "))
        self._singly(part)
        return part.done(self.reader.all)

    def _begin(self) -> None:
        if self.reader.is_full:
            self.reader.forget()
        if self._statements is not self.reader.all:
            self._statements = self.reader.all
            for one in self.kinds.values():
                one.forget()

    def _singly(self, part: Part) -> None:
        """Line by line, as some line is broken or of another type than the others."""
        bare: dict[str, tuple[list[Any], list[int]]] = {}
        bundles: list[tuple[int, Any]] = []
        for place, line in enumerate(part.lines):
            try:
                kind, document = _document(line)
                item = self.shapes.decoder(kind).decode(line.removeprefix(_BOM))
            except DataError as error:
                part.break_(place, error.message)
            except (msgspec.DecodeError, RecursionError):
                self._whole(part, kind, document, place)
            else:
                if kind == BUNDLE:
                    bundles.append((place, item))
                else:
                    items, places = bare.setdefault(kind, ([], []))
                    items.append(item)
                    places.append(place)
        self._bundles(part, bundles)
        for kind, (items, places) in bare.items():
            self._bare(part, kind, items, places)

    def _lines(self, part: Part, kind: str, block: bytes) -> None:
        """Resources of one type, a line each."""
        taken, subjects = Taken(), numbering()
        start = 0
        for piece in _pieces(block):
            ends = ends_of(piece)
            part.begin(len(taken.tops), start, ends)
            start += len(piece)
            self.kinds[kind].take(self._decoded(piece, kind, ends), taken, subjects)
        self._add(part, kind, taken, subjects, range(len(taken.tops)))

    def _decoded(self, lines: bytes, kind: str, ends: int) -> list[Any]:
        """The resources of so many lines. Raises an error unless each line is one."""
        # The decoder does not look into what it skips, so whether it is text is asked of all.
        if not lines.isascii():
            lines.decode()
        items = self.shapes.decoder(kind).decode_lines(lines)
        # Nor does it ask for more than space between resources, or for less within one.
        if len(items) != ends and len(items) != len(lines_of(lines)):
            raise msgspec.DecodeError("a line is not one resource")
        return items

    def _bare(self, part: Part, kind: str, items: list[Any], places: list[int]) -> None:
        if kind not in self.kinds:
            self._unread(part, kind, items, places)
            return
        taken, subjects = Taken(), numbering()
        self.kinds[kind].take(items, taken, subjects)
        self._add(part, kind, taken, subjects, places)

    def _add(self, part: Part, kind: str, taken: Taken, subjects: dict[str, int], places: Sequence[int]) -> None:
        def odd(i: int) -> None:
            self._whole(part, kind, orjson.loads(part.line(places[i]).removeprefix(_BOM)), places[i])

        self.kinds[kind].add(part, taken, part.patients(subjects, taken.subjects), odd)

    def _unread(self, part: Part, kind: str, items: list[Any], places: Sequence[int]) -> None:
        """Count resources of a type that nothing reads; one that names what may be assumed bears on its patient."""
        heard = [place for item, place in zip(items, places, strict=True) if self.reader.hears(item.code)]
        part.other(kind, len(items) - len(heard))
        for place in heard:
            self._whole(part, kind, orjson.loads(part.line(place).removeprefix(_BOM)), place)

    def _whole(self, part: Part, kind: str, document: dict[str, Any], place: int) -> None:
        """Hand a line that is not as FHIR says to the row path as it is."""
        if kind == BUNDLE:
            part.whole(input_name(part.source, part.number(place)), part.line(place))
        elif kind not in self.kinds and not self.reader.hears(orjson.dumps(document.get(CODE))):
            part.other(kind, 1)
        else:
            own, subject = document.get("id"), document.get("subject", document.get("patient"))
            reference = subject.get("reference") if isinstance(subject, dict) else None
            part.whole(unit_of(kind, own, reference), part.line(place))

    # Bundles ------------------------------------------------------------------------------------------------------

    def _bundles(self, part: Part, numbered: Iterable[tuple[int, Any]]) -> None:
        """The resources of Bundles; a Bundle that is unusual in any way goes to the row path as it is."""
        by_kind: dict[str, tuple[list[Any], list[int]]] = {}
        place_of: dict[int, int] = {}
        known: dict[int, dict[str, str]] = {}
        for place, bundle in numbered:
            name = input_name(part.source, part.number(place))
            local = labels(bundle.entry)
            patient = None if local is None else person(bundle.entry, local, self.kinds)
            if local is None or patient is None:
                part.whole(name, part.line(place))
                continue
            unit = part.unit(name)
            part.persons[unit] = patient
            place_of[unit], known[unit] = place, local
            for entry in bundle.entry:
                items, units = by_kind.setdefault(entry.resource.resourceType, ([], []))
                items.append(entry.resource)
                units.append(unit)
        odd: set[int] = set()
        for kind, (items, units) in by_kind.items():
            if (own := self.kinds.get(kind)) is not None:
                taken = Taken()
                own.take(items, taken)
                own.add(part, taken, np.array(units), lambda i, units=units: odd.add(units[i]), known)  # type: ignore[misc]
            else:
                odd.update(unit for item, unit in zip(items, units, strict=True) if self.reader.hears(item.code))
        part.without(odd)
        for unit in odd:
            part.whole(part.name(unit), part.line(place_of[unit]))
        for kind, (_, units) in by_kind.items():
            if kind not in self.kinds:
                part.other(kind, sum(unit not in odd for unit in units))


def _pieces(block: bytes) -> Iterator[bytes]:
    """Whole lines, few enough at a time that what is decoded of them fits the caches."""
    at = 0
    while at < len(block):
        end = block.find(b"\n", at + PIECE) + 1 or len(block)
        yield block[at:end]
        at = end


def _first_kind(block: bytes) -> str:
    line = block.lstrip().partition(b"\n")[0].removeprefix(_BOM)
    document = orjson.loads(line)
    kind = document.get("resourceType") if isinstance(document, dict) else None
    return kind if isinstance(kind, str) else ""


def _document(line: bytes) -> tuple[str, dict[str, Any]]:
    """The resource type and the resource of a line. Raises DataError, in the words of the row path."""
    if len(line) > LARGEST:
        raise DataError("is larger than 64 MiB")
    try:
        document = orjson.loads(line.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        raise DataError(f"is not JSON: {error.msg} at line {error.lineno} column {error.colno}") from error
    if not isinstance(document, dict):
        raise DataError("is not a FHIR resource")
    resources_of(document)
    return document["resourceType"], document
