"""Checks of the patient cases: each claims what can be claimed, and is answered so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from reasoner.cases import Case, Judge, case_of
from reasoner.decide import CONFLICTING, ELIGIBLE, NOT_ELIGIBLE, UNDETERMINED
from reasoner.errors import ReasonerError
from reasoner.graph import GR, LABEL, NOTATION, TYPE, Graph
from reasoner.inputs import GraphInput
from reasoner.spelling import nearest, parted

from .bench import Bench
from .found import Found
from .problem import Problem
from .snapshot import Document

_WORDS: Mapping[str, tuple[str, ...]] = {
    "expectedVerdict": (ELIGIBLE, NOT_ELIGIBLE, UNDETERMINED, CONFLICTING),
    "expectedPreferred": ("true", "false", UNDETERMINED, "null"),
    "expectedScope": ("in-scope", "out-of-scope", UNDETERMINED),
    "expectedApplicability": ("direct", "indirect", UNDETERMINED, "null"),
    "underPolicy": ("default", "strict"),
}
"""The words that an expectation may use."""
_NEEDS = {"expectedScope": "onGuideline", "expectedApplicability": "onGuideline", "expectedValue": "onFinding"}
"""What an expectation is about; all others are about a recommendation."""
_ABOUT = ("onRecommendation", "onGuideline", "onFinding")

Verdicts = Mapping[tuple[str, str], str]
"""What is said of each recommendation for each subject: the verdict, and whether it is preferred."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with what it is answered, and where that is not as it claims."""

    name: str
    iri: str
    claim: str
    verdicts: Verdicts
    wanted: Verdicts
    """The verdicts that the case claims, where it claims any."""
    problems: tuple[Problem, ...]


def cases(bench: Bench) -> Found:
    """Every patient case gets the answer that it expects."""
    for judged in judge_all(bench):
        yield 1
        yield from judged.problems
    if not bench.cases:
        yield "there is no case: nothing tells what a patient should be answered"


def judge_all(bench: Bench) -> Iterator[Judged]:
    """Every case, answered; one that did not change under knowledge that did not is not answered again."""
    judge = bench.memo.get(("judge", bench.key), lambda: Judge(bench.knowledge))
    _subjects(bench)
    for document in bench.cases:
        if not document.mistakes:
            key = ("case", document.name, document.data, bench.key)
            yield bench.memo.get(key, lambda d=document: _judge(bench, judge, d))  # type: ignore[misc]


def _subjects(bench: Bench) -> None:
    """Compile both policies before the first case, so that their time is not taken for that of a case."""
    assert bench.reasoner and bench.strict


def _judge(bench: Bench, judge: Judge, document: Document) -> Judged:
    graph = Graph()
    document.add_to(graph, document.name)
    name = PurePosixPath(document.name).stem
    try:
        case = case_of(graph, Path(document.name))
        claims = tuple(_claims(bench, case, document))
        reasoner = bench.strict if case.strict else bench.reasoner
        subjects = reasoner.decide(GraphInput("", list(document.quads)))
    except ReasonerError as error:
        return Judged(name, "", "", {}, {}, (_unreadable(document, graph, name, error),))
    problems = list(claims)
    differences = list(judge.differences(case, {"subjects": subjects})) if not claims else []
    if differences:
        about, found, wanted = differences[0].about, differences[0].found, differences[0].expected
        more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
        fix = "mend the rule, or the case if its claim is wrong"
        clues = _clues(bench, case, about)
        problems.append(_problem(document, case, f"{about} is {found}, expected {wanted}{more}", fix, *clues))
    return Judged(name, case.iri, case.claim, _verdicts(subjects), _wanted(bench, case, subjects), tuple(problems))


def _unreadable(document: Document, graph: Graph, name: str, error: ReasonerError) -> Problem:
    lines = sorted(document.text.line(iri) or 1 for iri in graph.instances(GR + "Case"))
    labels = [graph.text(iri, LABEL) for iri in graph.instances(GR + "Case")]
    label = (labels[0] if labels else None) or "no case"
    return Problem(
        f"{document.name}:{(lines or [1])[-1]}", f"case `{name}` ({label})", error.message, error.hint or "mend it"
    )


def _problem(document: Document, case: Case, message: str, fix: str, *clues: str) -> Problem:
    """A problem of a case, at the line of the first clue after the one before it."""
    block = document.text.block(case.iri) or (1, len(document.text.lines))
    line = block[0]
    for clue in clues:
        line = document.text.find(clue, line, block[1]) or line
    term = f"case `{PurePosixPath(document.name).stem}` ({case.claim})"
    return Problem(f"{document.name}:{line}", term, message, fix, case.iri)


def _claims(bench: Bench, case: Case, document: Document) -> Iterator[Problem]:
    """What a case says that no answer could meet or fail."""
    graph = case.graph
    expectations = graph.nodes(case.iri, GR + "expects")
    name, own = PurePosixPath(document.name).stem, parted(case.iri)[1]
    if own != name:
        fix = f"rename the file to `{own}.ttl`, or write <{case.iri[: -len(own)]}{name}>"
        yield _problem(document, case, f"is called `{own}`, but its file `{name}.ttl`", fix)
    if not expectations:
        yield _problem(document, case, "expects nothing", "add gr:expects with what the answer must say")
    for node in (case.iri, *expectations):
        about = [name for name in _ABOUT if graph.values(node, GR + name)]
        for predicate, values in graph.predicates(node).items():
            name = predicate.removeprefix(GR)
            known = _known(bench, graph, node, name)
            for value in values if known is not None else ():
                said = value if isinstance(value, str) else value.value
                if known is not None and said not in known:
                    near = get_close_matches(said, known, 1, 0.6)
                    fix = f'did you mean `"{near[0]}"`?' if near else f"use one of {', '.join(known)}"
                    yield _problem(
                        document, case, f"expects `{said}` in gr:{name}, which no answer says", fix, f'"{said}"'
                    )
            needed = _NEEDS.get(name, "onRecommendation") if name.startswith("expected") else None
            if needed is not None and needed not in about:
                yield _problem(document, case, f"gr:{name} is about nothing", f"add gr:{needed} to it", f"gr:{name}")
        for name in about:
            yield from _wrong_kind(bench, case, document, node, name)


def _wrong_kind(bench: Bench, case: Case, document: Document, node: str, name: str) -> Iterator[Problem]:
    for iri in case.graph.nodes(node, GR + name):
        kind = GR + name.removeprefix("on")
        if iri in bench.graph and kind not in bench.graph.nodes(iri, TYPE):
            meant = nearest(iri, bench.graph.instances(kind))
            fix = f"did you mean {bench.label(meant)}?" if meant else f"name a {name.removeprefix('on').lower()}"
            message = f"gr:{name} leads to {bench.label(iri)}, which is none"
            yield _problem(document, case, message, fix, f"gr:{name}", iri)


def _known(bench: Bench, graph: Graph, node: str, name: str) -> list[str] | None:
    """What may be said under a name; None where anything may."""
    if name in _WORDS:
        return list(_WORDS[name])
    finding = next((f for f in bench.model.findings.values() if f.iri in graph.nodes(node, GR + "onFinding")), None)
    if name != "expectedValue" or finding is None or finding.range is not None:
        return None
    return [*(n for v in finding.values for n in (v.notation, v.iri)), "unknown", "contradicted"]


def _clues(bench: Bench, case: Case, about: str) -> tuple[str, ...]:
    """Where a case speaks of a recommendation, guideline or finding that is named by its notation."""
    name, _, key = about.partition(": ")
    for node in case.graph.nodes(case.iri, GR + "expects"):
        for predicate in _ABOUT:
            for iri in case.graph.nodes(node, GR + predicate):
                if iri.endswith("/" + name) or bench.graph.text(iri, NOTATION) == name:
                    return (iri, f"gr:expected{key[:1].upper()}{key[1:]}")
    return ()


def _verdicts(subjects: list[dict[str, object]]) -> Verdicts:
    found: dict[tuple[str, str], str] = {}
    for subject in subjects:
        guidelines = subject["guidelines"]
        assert isinstance(guidelines, list)
        for guideline in guidelines:
            for row in guideline["recommendations"]:
                preferred = " (preferred)" if row["preferred"] is True else ""
                found[str(subject["subject"]), row["id"]] = row["verdict"] + preferred
    return found


def _wanted(bench: Bench, case: Case, subjects: list[dict[str, object]]) -> Verdicts:
    """The verdicts that a case claims."""
    graph, found = case.graph, {}
    names = {own.iri: own.id for guideline in bench.knowledge.guidelines for own in guideline.recommendations}
    for node in graph.nodes(case.iri, GR + "expects"):
        subject = graph.node(node, GR + "onSubject") or (str(subjects[0]["subject"]) if subjects else "")
        verdict = graph.text(node, GR + "expectedVerdict")
        for iri in graph.nodes(node, GR + "onRecommendation"):
            if verdict is not None and iri in names:
                found[subject, names[iri]] = verdict
    return found
