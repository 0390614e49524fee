"""The patient cases that lie beside the knowledge: every one states its claim, and the answer must bear it out.

A case is a Turtle file of ``ontology/*/cases/``: a patient graph, and a ``gr:Case`` with what it expects. The name of
the file is the claim in short, the label the claim as a sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rdflib import RDF, RDFS, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

import reasoner

GR = Namespace("https://w3id.org/guideline-reasoner/")
ROOT = Path(__file__).parent.parent
CASE_FILES = sorted(ROOT.glob("ontology/*/cases/*.ttl"))
LEAST_CASES = 170
VERDICTS = ("eligible", "not-eligible", "undetermined")
LISTS = {f"expected{thing}" for thing in ("Missing", "Assumed", "Value", "Argument", "Caution", "ConflictWith")}
"""What may have several values; the rest has one."""


@dataclass(frozen=True)
class Case:
    """One case file: the claim, the policy that it is assessed under, and what it expects."""

    path: Path
    iri: URIRef
    claim: str
    strict: bool
    graph: Graph = field(repr=False)

    @property
    def expectations(self) -> list[Node]:
        return list(self.graph.objects(self.iri, GR.expects))


@cache
def read_case(path: Path) -> Case:
    graph = Graph().parse(path, format="turtle")
    (iri,) = graph.subjects(RDF.type, GR.Case)
    assert isinstance(iri, URIRef)
    (policy,) = graph.objects(iri, GR.underPolicy)
    assert str(policy) in ("default", "strict"), f"{policy} is no policy"
    return Case(path, iri, str(graph.value(iri, RDFS.label)), str(policy) == "strict", graph)


@cache
def loaded(strict: bool) -> reasoner.Reasoner:
    return reasoner.load(strict=strict)


@cache
def names() -> dict[str, str]:
    """The notation of each finding, value, guideline and recommendation, by IRI."""
    model, guidelines = loaded(False).knowledge.model, loaded(False).knowledge.guidelines
    found = {finding.iri: finding.notation for finding in model.findings.values()}
    found |= {value.iri: value.notation for finding in model.findings.values() for value in finding.values}
    found |= {guideline.iri: guideline.id for guideline in guidelines}
    found |= {own.iri: own.id for guideline in guidelines for own in guideline.recommendations}
    return found | cautions()


@cache
def cautions() -> dict[str, str]:
    """The text of each caution, by IRI: the answer shows the text."""
    graph = loaded(False).knowledge.graph
    return {iri: graph.text(iri, str(GR.text)) or "" for iri in graph.instances(str(GR.Caution))}


def name(node: Node) -> str:
    """What the answer calls the thing; the text of a literal as it is."""
    return names()[str(node)] if isinstance(node, URIRef) else str(node)


def sorted_names(nodes: Iterable[Node]) -> list[str]:
    return sorted(name(node) for node in nodes)


def answer_of(case: Case) -> dict[str, Any]:
    return loaded(case.strict).assess(case.path).to_dict()


def subject_of(case: Case, expectation: Node, answer: dict[str, Any]) -> dict[str, Any]:
    """The subject that an expectation is about: the one it names, else the only one."""
    named = case.graph.value(expectation, GR.onSubject)
    subjects: list[dict[str, Any]] = [s for s in answer["subjects"] if named is None or s["subject"] == str(named)]
    assert len(subjects) == 1, f"the expectation must name one of the subjects with gr:onSubject, found {len(subjects)}"
    return subjects[0]


def found_value(said: Any) -> list[str]:
    """A finding of the answer as the words that a case may expect: its possible values, unknown or contradicted."""
    if said is None:
        return ["unknown"]
    if isinstance(said, dict):
        return ["contradicted"] if "conflict" in said else sorted(said["possible"])
    return [f"{said:g}" if isinstance(said, float | int) else str(said)]


def found(case: Case, expectation: Node, subject: dict[str, Any]) -> dict[str, Any]:
    """Of the answer, just what the expectation speaks about, so that one comparison shows every difference."""
    graph = case.graph

    def one(predicate: str) -> str:
        return name(graph.value(expectation, GR[predicate]) or Literal(""))

    if (expectation, GR.onFinding, None) in graph:
        return {"expectedValue": found_value(subject["findings"][one("onFinding")])}
    if (expectation, GR.onGuideline, None) in graph:
        guideline = next(g for g in subject["guidelines"] if g["id"] == one("onGuideline"))
        said = {"expectedScope": guideline["scope"], "expectedApplicability": guideline["applicability"] or "null"}
        return {key: value for key, value in said.items() if (expectation, GR[key], None) in graph}
    row = recommendations(subject)[one("onRecommendation")]
    preferred = row["preferred"]
    said = {
        "expectedVerdict": row["verdict"],
        "expectedMissing": row["missing"],
        "expectedAssumed": row["assumed"],
        "expectedPreferred": {True: "true", False: "false", None: "null"}.get(preferred, preferred),
        "expectedOverriddenBy": row["overriddenBy"] or "null",
        "expectedArgument": sorted(argument["finding"] for argument in row["arguments"]),
        "expectedConflictWith": sorted(
            other
            for c in subject["conflicts"]
            if row["id"] in c["between"]
            for other in c["between"]
            if other != row["id"]
        ),
        # Several cautions always go together; a case names the one that it is about.
        "expectedCaution": sorted(
            {c["text"] for c in row["cautions"] if c["applies"] == "yes"}
            & {name(node) for node in graph.objects(expectation, GR.expectedCaution)}
        ),
    }
    return {key: value for key, value in said.items() if (expectation, GR[key], None) in graph}


def expected(case: Case, expectation: Node) -> dict[str, Any]:
    """What the expectation says, by property."""
    said: dict[str, Any] = {}
    for predicate in set(case.graph.predicates(expectation)):
        key = str(predicate).removeprefix(str(GR))
        if key.startswith("expected"):
            values = sorted_names(case.graph.objects(expectation, predicate))
            said[key] = values if key in LISTS else values[0]
    return said


def recommendations(subject: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for guideline in subject["guidelines"] for row in guideline["recommendations"]}


def test_all_case_files_are_collected() -> None:
    assert len(CASE_FILES) >= LEAST_CASES
    folders = {path.parent.parent.name for path in CASE_FILES}
    assert folders == {guideline.id for guideline in loaded(False).knowledge.guidelines}


def test_no_claim_is_made_twice() -> None:
    claims = [read_case(path).claim for path in CASE_FILES]
    stems = [path.stem for path in CASE_FILES]
    assert len(set(claims)) == len(claims)
    assert len(set(stems)) == len(stems)


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_case_is_well_formed(path: Path) -> None:
    """The IRI ends in the file name, the claim is a sentence, and the reasons are given."""
    case = read_case(path)
    assert case.iri == GR[f"case/{path.stem}"]
    assert case.claim[0].isupper() and case.claim.endswith(".")
    assert case.graph.value(case.iri, SKOS.definition) is not None
    assert case.expectations
    for expectation in case.expectations:
        about = [p for p in (GR.onRecommendation, GR.onGuideline, GR.onFinding) if (expectation, p, None) in case.graph]
        assert len(about) == 1, "an expectation is about one recommendation, guideline or finding"
        assert expected(case, expectation), "an expectation expects something"


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_answer_bears_the_claim_out(path: Path) -> None:
    case = read_case(path)
    answer = answer_of(case)
    for expectation in case.expectations:
        about = sorted_names(
            node
            for p in (GR.onRecommendation, GR.onGuideline, GR.onFinding)
            for node in case.graph.objects(expectation, p)
        )
        subject = subject_of(case, expectation, answer)
        assert found(case, expectation, subject) == expected(case, expectation), f"{case.claim} ({about[0]})"


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_only_an_undetermined_verdict_has_something_missing(path: Path) -> None:
    for subject in answer_of(read_case(path))["subjects"]:
        for row in recommendations(subject).values():
            assert bool(row["missing"]) == (row["verdict"] == "undetermined"), row["id"]


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_only_a_contradiction_is_a_violation(path: Path) -> None:
    """A case reads as patient data; violations are those that it expects as contradicted findings."""
    case = read_case(path)
    contradicted = {
        name(finding)
        for expectation in case.expectations
        if (expectation, GR.expectedValue, Literal("contradicted")) in case.graph
        for finding in case.graph.objects(expectation, GR.onFinding)
    }
    answer = answer_of(case)
    violations = {r["path"] for r in answer["validation"]["results"] if r["severity"] == "Violation"}
    assert violations <= contradicted
    assert bool(violations) == bool(contradicted)
    assert not answer["input"]["unmapped"] and not answer["input"]["unplaced"]


def test_every_recommendation_has_a_case_of_each_verdict() -> None:
    """At least one eligible, one not-eligible and one undetermined case for every recommendation."""
    covered: defaultdict[str, set[str]] = defaultdict(set)
    for path in CASE_FILES:
        case = read_case(path)
        for expectation in case.expectations:
            for own in case.graph.objects(expectation, GR.onRecommendation):
                covered[name(own)].add(str(case.graph.value(expectation, GR.expectedVerdict)))
    all_ids = [own.id for guideline in loaded(False).knowledge.guidelines for own in guideline.recommendations]
    lacking = {own: sorted(set(VERDICTS) - covered[own]) for own in all_ids if not set(VERDICTS) <= covered[own]}
    assert len(all_ids) >= 33
    assert not lacking
