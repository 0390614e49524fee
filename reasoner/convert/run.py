"""One run of ``guideline convert``: what the file holds, in another form; what cannot be converted is told."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

from reasoner.edges import DONE, FAILED, INVALID
from reasoner.errors import DataError, ReasonerError, UsageError
from reasoner.fhirrdf import Composer, Release, Writer, dumps, exact

from .sources import Broken, Own, Source, Told, sources

if TYPE_CHECKING:
    import pyoxigraph as ox

    from reasoner.assess import Reasoner
    from reasoner.inputs import Input

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """The arguments of a call."""

    file: str | None
    to: str
    release: Release | None = None
    answer: bool = False
    guideline: str | None = None
    base: str | None = None
    strict: bool = False
    on: Any = None


@dataclass
class Conversion:
    """Converts all that one file holds, in order, and remembers the worst that happened."""

    request: Request
    load: Callable[[], Reasoner]
    """Loads the knowledge, when it is needed at all."""
    target: BinaryIO
    tell: Callable[[ReasonerError | str, str], None]
    """Writes one line to the person who asked, marked as what the second says."""
    code: int = DONE
    done: int = 0
    """Documents written."""
    failed: int = 0
    _taken: set[str] = field(default_factory=set)

    @cached_property
    def reasoner(self) -> Reasoner:
        """The knowledge, compiled."""
        return self.load()

    @property
    def release(self) -> Release:
        """The release to write."""
        return self.request.release or "R4"

    def run(self) -> int:
        """Convert, and return the exit code."""
        if self.request.to == "turtle":
            self._turtle()
        elif self.request.to == "fhir":
            self._fhir(self._documents())
        else:
            self._fhir_turtle(self._documents())
        if self.failed:
            several = self.done or self.failed > 1 or self._is_lines()
            self.code = max(self.code, INVALID) if several else FAILED
        return self.code

    # Into FHIR

    def _documents(self) -> Iterator[tuple[str, Json]]:
        """The FHIR documents to write, each with the place that it comes from."""
        request = self.request
        if request.file is None:
            yield "the knowledge", self._knowledge()
            return
        if request.answer:
            yield from self._answers()
            return
        for source in sources(request.file, request.release if request.to == "fhir" else None):
            try:
                yield from self._converted(source)
            except DataError as error:
                self._failed(error)

    def _converted(self, source: Source) -> Iterator[tuple[str, Json]]:
        if isinstance(source, Broken):
            self._failed(source.error)
        elif isinstance(source, Told):
            yield source.where, self._answer(source.answer, None)
        elif isinstance(source, Own):
            yield from ((source.where, exact(bundle)) for bundle in self._bundles(source))
        elif self.request.to == "fhir" and not source.rdf:
            hint = "give `--to fhir-turtle` for RDF, `--to turtle` for a patient graph, or `--answer` for what follows"
            raise UsageError("is FHIR JSON already", f"`{source.where}`", hint)
        else:
            yield source.where, source.document

    def _knowledge(self) -> Json:
        from reasoner.artifacts import CANONICAL, find
        from reasoner.responses import published

        wanted = self.request.guideline
        if wanted is not None:
            plan = find(self.reasoner, self.release, "PlanDefinition", wanted)
            if plan is None:
                names = ", ".join(f"`{g.id}`" for g in self.reasoner.knowledge.guidelines)
                raise UsageError("no such guideline", f"`{wanted}`", f"choose one of {names}")
            return exact(plan)  # type: ignore[no-any-return]
        entries = [
            {"fullUrl": f"{CANONICAL}{own['resourceType']}/{own['id']}", "resource": own}
            for own in published(self.reasoner, self.release)
        ]
        return exact({"resourceType": "Bundle", "type": "collection", "entry": entries})  # type: ignore[no-any-return]

    def _answers(self) -> Iterator[tuple[str, Json]]:
        """What the guidelines answer, for each input as ``guideline assess`` takes them."""
        from reasoner.inputs import BrokenLine

        for number, item in enumerate(self._inputs(), 1):
            if isinstance(item, BrokenLine):
                self._failed(item.error)
                continue
            answer = self.reasoner.answer(item, self.request.on)
            if not answer.is_valid:
                self.code = max(self.code, INVALID)
            where = f"{self.request.file}, input {number}"
            yield where, self._answer(answer.to_dict(), None)

    def _answer(self, answer: Mapping[str, Any], document: Mapping[str, Any] | None) -> Json:
        from reasoner.responses import apply, collection

        wanted = self.request.guideline
        made = (
            collection(self.reasoner, answer, self.release, document)
            if wanted is None
            else apply(self.reasoner, answer, wanted, self.release, document=document)
        )
        return exact(made)  # type: ignore[no-any-return]

    def _bundles(self, source: Own) -> list[Json]:
        from .patients import bundles_of

        bundles, told = bundles_of(self.reasoner.knowledge, self.reasoner.read(source.graph, self.request.on))
        self._left_out(told)
        if not bundles:
            raise DataError("holds nothing that a guideline decides about", f"`{source.where}`", "check its types")
        return bundles

    def _inputs(self) -> Iterator[Input]:
        import sys
        from pathlib import Path

        from reasoner.inputs import LARGEST, read_bytes, read_file

        file = self.request.file or "-"
        return read_bytes(sys.stdin.buffer.read(LARGEST + 1), "stdin") if file == "-" else read_file(Path(file))

    # Out

    def _fhir(self, documents: Iterator[tuple[str, Json]]) -> None:
        """One document as a page, several as lines."""
        first, second = next(documents, None), next(documents, None)
        if first is None:
            return
        self.target.write(dumps(first[1], indent=second is None))
        self.done += 1
        for _, document in itertools.chain([second] if second is not None else [], documents):
            self.target.write(dumps(document, indent=False))
            self.done += 1

    def _fhir_turtle(self, documents: Iterable[tuple[str, Json]]) -> None:
        composer, writer = Composer(self.release, self.request.base), Writer(self.release)
        started = False
        for where, document in documents:
            try:
                tree = composer.root(document)
            except DataError as error:
                self._failed(_placed(error, where))
                continue
            if not started:
                self.target.write(writer.head().encode())
                started = True
            for piece in writer.block(tree):
                self.target.write(piece.encode())
            self.done += 1

    def _turtle(self) -> None:
        """Patient graphs of all inputs as one."""
        from reasoner.inputs import BrokenLine, FhirInput

        from .patients import graph_of, graph_text, left_out

        triples: list[ox.Triple] = []
        for number, item in enumerate(self._inputs(), 1):
            if isinstance(item, BrokenLine):
                self._failed(item.error)
                continue
            where = f"`{self.request.file}`, input {number}"
            reading = self.reasoner.read(item, self.request.on)
            own = graph_of(self.reasoner, reading)
            self._left_out(left_out(reading))
            if any(result.severity == "Violation" for result in reading.results):
                self.code = max(self.code, INVALID)
            if not own:
                self._failed(DataError("holds nothing that a guideline decides about", where, "see `guideline terms`"))
                continue
            nodes = {str(triple.subject) for triple in own}
            if nodes & self._taken:
                kind = "patient" if isinstance(item, FhirInput) else "node"
                self._failed(DataError(f"names a {kind} that another input names too", where, "convert it by itself"))
                continue
            self._taken |= nodes
            triples += own
            self.done += 1
        if triples:
            self.target.write(graph_text(triples, self.reasoner.knowledge))

    # Told

    def _failed(self, error: ReasonerError) -> None:
        """One could not be converted: the others go on."""
        self.tell(error, "error")
        self.failed += 1

    def _left_out(self, told: Iterable[str]) -> None:
        for sentence in told:
            self.tell(sentence, "left out")

    def _is_lines(self) -> bool:
        from reasoner.inputs import LINES

        return (self.request.file or "").rpartition(".")[2].lower() in LINES


def _placed(error: DataError, where: str) -> DataError:
    """The error with the file in front of the element."""
    return DataError(error.message, f"`{where}`: {error.where}" if error.where else f"`{where}`", error.hint)
