"""The main job: a patient in, an answer out."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .answer import NOTICE, Answer, Json, Scribe, counted, headers, validation
from .checked import PatientCheck
from .decide import Decider
from .derive import Deriver, State
from .errors import UsageError
from .fhir.read import read_resources
from .graph import OWL, TYPE
from .inputs import BrokenLine, FhirInput, GraphInput, Input, from_document, from_graph, read_bytes, read_file
from .knowledge import Knowledge, load_knowledge
from .model import Fact, Finding, Reading, SubjectFacts
from .program import Program
from .rdf import read_graph
from .superseded import without_replaced
from .validate import Found

if TYPE_CHECKING:
    from .cohort.kernel import Kernel
    from .explain.explanation import Explanation
    from .results import QueryResult

Extra = Mapping[str, Mapping[str, Any]]
ANSWERED = "answered"
"""The source of a finding that somebody told in a dialogue."""

Source = str | Path | bytes | Mapping[str, Any] | object


def load(knowledge: str | Path | None = None, strict: bool = False) -> Reasoner:
    """Load and compile guidelines: those shipped, or those of a folder.

    ``strict`` turns every assumption into a question. Raises UsageError, KnowledgeError or FragmentError.
    """
    return Reasoner(load_knowledge(None if knowledge is None else Path(knowledge)), strict)


class Reasoner:
    """Compiled guidelines, frozen: the same reasoner gives the same answers for as long as it lives."""

    def __init__(self, knowledge: Knowledge, strict: bool = False) -> None:
        self.knowledge, self.strict = knowledge, strict
        model, derivations = knowledge.model, knowledge.derivations
        trees = [tree for guideline in knowledge.guidelines for tree in guideline.trees()]
        program = Program(model, [axiom.tree for axiom in derivations.axioms], [*trees, *derivations.trees()])
        self.program = program
        self._kinds = frozenset(g.kind for g in knowledge.guidelines)
        self._deriver = Deriver(model, program, derivations, strict)
        self.deciders = [Decider(guideline, program) for guideline in knowledge.guidelines]
        self._scribe = Scribe(model, program, knowledge.clashes)
        self.check = PatientCheck(knowledge.shapes, model, program.space)
        self._headers = headers(knowledge.guidelines)
        self._kernels: dict[str | None, Kernel] = {}
        graph = knowledge.graph
        self._declared = frozenset(
            iri for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
            for iri in graph.subjects(TYPE, OWL + kind)
        )  # fmt: skip
        self._classes = frozenset(graph.subjects(TYPE, OWL + "Class"))

    def assess(self, source: Source, on: datetime.date | str | None = None) -> Answer:
        """The answer to one input: a path, bytes, a FHIR document, or an rdflib or pyoxigraph graph.

        ``on`` is the day of decision: resources that begin after it are unused, ages are counted at it. Raises
        DataError when the input cannot be read, UsageError when it holds several inputs.
        """
        return self.answer(self._only(source, "use assess_all for several"), on)

    def _only(self, source: Source, hint: str) -> FhirInput | GraphInput:
        inputs = list(self.inputs(source))
        if len(inputs) != 1:
            raise UsageError(f"the source holds {len(inputs)} inputs", None, hint)
        if isinstance(inputs[0], BrokenLine):
            raise inputs[0].error
        return inputs[0]

    def assess_all(self, source: Source, on: datetime.date | str | None = None) -> Iterator[Answer | BrokenLine]:
        """The answers to all inputs of a source, in order; a broken NDJSON line stands in its place."""
        for item in self.inputs(source):
            yield item if isinstance(item, BrokenLine) else self.answer(item, on)

    def assess_findings(
        self, findings: Mapping[str, Any], kind: str | None = None, subject: str = "urn:subject"
    ) -> Json:
        """Decide one subject from its findings alone: one element of the contract's ``subjects``.

        A finding maps to a value, a number, a list of values still possible, or None where nothing is known. Raises
        UsageError for a finding or a value that the model does not have.
        """
        facts = self.subject_of(findings, kind, subject)
        return self._subject(facts, self.state(facts))

    def subject_of(
        self, findings: Mapping[str, Any], kind: str | None = None, subject: str = "urn:subject"
    ) -> SubjectFacts:
        """The findings as facts of a subject; see ``assess_findings``."""
        facts = tuple(self._fact(name, said) for name, said in findings.items() if said is not None)
        return SubjectFacts(subject, None, kind or min(self._kinds), None, facts)

    def state(self, subject: SubjectFacts) -> State:
        """What is known of a subject once rules, gradings and missing-data policies are applied."""
        return self._deriver.state(subject.facts, subject.kind, subject.reference or subject.iri, subject.unsettled)

    def assess_frame(
        self, frame: Any, layout: str = "long", kind: str | None = None, missing: bool = True, keep: Sequence[str] = ()
    ) -> Any:
        """Decide every row of a polars, pandas or Arrow frame; the answer is a frame of the same sort.

        Columns are named by the findings (values as text, known in part ``a|b``, or numbers), ``patient`` and
        ``subject`` name the row, and those of ``keep`` go along unread. ``layout`` is long (a row a subject and
        recommendation) or wide (a row a subject); without ``missing`` it leaves out missing, assumed and reason, which
        take longer than the verdicts. Raises UsageError for any other column.
        """
        try:
            from .cohort.notebook import assess_frame
        except ImportError as error:
            raise UsageError("frames need polars", None, "run `pip install '.[cohort]'` in a clone") from error
        return assess_frame(self.kernel(kind), frame, layout, missing, keep)

    def kernel(self, kind: str | None = None) -> Kernel:
        """The guidelines of one kind of subject over columns, compiled once; needs the extra ``cohort``."""
        if kind not in self._kernels:
            from .cohort.kernel import Kernel

            self._kernels[kind] = Kernel(self, kind)
        return self._kernels[kind]

    def explain(
        self,
        source: Source,
        recommendation: str | Sequence[str] | None = None,
        on: datetime.date | str | None = None,
    ) -> Explanation:
        """Why the verdicts on one input are as they are, what would change them, and what to ask next.

        ``recommendation`` names one or more; default: all. Raises DataError when the input cannot be read, UsageError
        for several inputs or an unknown recommendation.
        """
        from .explain.explainer import explained

        return explained(self, self._only(source, "explain each by itself"), recommendation, _day(on))

    def query(self, query: str, data: Sequence[Source] = ()) -> QueryResult:
        """The result of a SPARQL query over the knowledge and the assessed ``data``.

        ``query`` is the name of a shipped query, or the text of one. For several queries keep a ``QueryStore``. Raises
        QueryError.
        """
        from .query import QueryStore

        return QueryStore(self, data).query(query)

    def _fact(self, name: str, said: Any) -> Fact:
        finding = self.knowledge.model.findings.get(name)
        if finding is None:
            raise UsageError(f"`{name}` is no finding", None, "see `guideline terms`")
        if finding.range is not None:
            if isinstance(said, bool) or not isinstance(said, int | float) or not _within(finding, said):
                raise UsageError(f"`{said}` is no value of `{name}`", None, "give a number within its range")
            return Fact(name, number=said)
        mask = 0
        for value in [said] if isinstance(said, str) else said:
            if not (bit := finding.mask(value)):
                known = ", ".join(finding.notations(finding.full))
                raise UsageError(f"`{value}` is no value of `{name}`", None, f"use one of {known}")
            mask |= bit
        return Fact(name, mask)

    def inputs(self, source: Source) -> Iterator[Input]:
        """The inputs that a source holds, each of which gets one answer."""
        if isinstance(source, str | Path):
            return read_file(Path(source))
        if isinstance(source, bytes):
            return read_bytes(source, "the input")
        if isinstance(source, dict):
            return iter([from_document(source)])
        return iter([from_graph(source)])

    def read(self, item: FhirInput | GraphInput, on: datetime.date | None) -> Reading:
        """The facts of one input, before any reasoning."""
        knowledge = self.knowledge
        if isinstance(item, GraphInput):
            return read_graph(item.triples, knowledge.model, self._kinds, self._declared, self._classes)
        return read_resources(item.resources, knowledge.mapping, knowledge.model, self._kinds, item.full_urls, on)

    def answer(
        self, item: FhirInput | GraphInput, on: datetime.date | str | None = None, extra: Extra | None = None
    ) -> Answer:
        """The answer to one input already taken apart.

        ``extra`` maps the IRI of a subject to findings that somebody told since: each replaces what the input says of
        it, and the answer lists it under ``answered``. Raises UsageError for a finding or value that does not exist.
        """
        return self.answered(item, on, extra)[0]

    def answered(
        self, item: FhirInput | GraphInput, on: datetime.date | str | None = None, extra: Extra | None = None
    ) -> tuple[Answer, list[tuple[SubjectFacts, State]]]:
        """As ``answer``, with what each subject of it was decided on."""
        day = _day(on)
        reading = self.read(item, day)
        decided = self.decided(reading, extra)
        subjects = [self._subject(subject, state) for subject, state in decided]
        reading = without_replaced(reading, decided)
        content = {
            "guidelines": self._headers,
            "engine": {"name": "guideline-reasoner", "version": __version__},
            "input": counted(reading, item.sha256),
            "validation": validation([own.result for own in self.check.found(item, reading, decided, bool(extra))]),
            "subjects": subjects,
            "provenance": {
                "evaluatedAt": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                "on": None if day is None else day.isoformat(),
                "policy": "strict" if self.strict else "default",
                "notice": NOTICE,
            },
        }
        if extra:
            content["answered"] = [
                {"subject": iri, "finding": name, "value": value}
                for iri, told in sorted(extra.items())
                for name, value in sorted(told.items())
            ]
        if not subjects:
            content["note"] = _nothing_to_decide(self._kinds, [d.guideline.id for d in self.deciders])
        return Answer(content, self.knowledge), decided

    def decide(self, item: FhirInput | GraphInput, on: datetime.date | None = None) -> list[Json]:
        """What is decided of each subject of one input, without validating it: the ``subjects`` of its answer."""
        return [self._subject(subject, state) for subject, state in self.decided(self.read(item, on))]

    def validation(self, item: FhirInput | GraphInput, on: datetime.date | None = None) -> list[Found]:
        """What is wrong with one input, without deciding anything: the ``validation`` of its answer."""
        reading = self.read(item, on)
        return self.check.found(item, reading, self.decided(reading))

    def _told(self, subject: SubjectFacts, told: Mapping[str, Any]) -> SubjectFacts:
        if not told:
            return subject
        kept = [fact for fact in subject.facts if fact.finding not in told]
        said = [replace(self._fact(name, value), source=ANSWERED) for name, value in told.items()]
        return replace(subject, facts=(*kept, *said))

    def decided(self, reading: Reading, extra: Extra | None = None) -> list[tuple[SubjectFacts, State]]:
        """The subjects of a reading, each with its state; ``extra`` is as for ``answer``."""
        told = [self._told(subject, (extra or {}).get(subject.iri, {})) for subject in reading.subjects]
        return [(subject, self.state(subject)) for subject in told]

    def _subject(self, subject: SubjectFacts, state: State) -> Json:
        decided = [decider.decide(state) for decider in self.deciders if decider.guideline.kind == subject.kind]
        return self._scribe.subject(subject, state, decided)


def _day(on: object) -> datetime.date | None:
    if on is None or isinstance(on, datetime.date):
        return on.date() if isinstance(on, datetime.datetime) else on
    try:
        return datetime.date.fromisoformat(str(on))
    except ValueError as error:
        raise UsageError("`on` is not a date", None, "write it as 2026-03-31") from error


def _within(finding: Finding, number: float) -> bool:
    range_ = finding.range
    assert range_ is not None
    if range_.minimum is not None and number < range_.minimum:
        return False
    return range_.maximum is None or number <= range_.maximum


def _nothing_to_decide(kinds: frozenset[str], guidelines: Sequence[str]) -> str:
    names = " or ".join(sorted(kind.lower() for kind in kinds))
    return (
        f"The input holds no {names} that a guideline decides about. "
        f"Loaded: {', '.join(guidelines)}; for another guideline give its folder with --knowledge DIR."
    )
