"""Patient cases beside the knowledge: a patient graph, and what the answer must say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import KnowledgeError
from .graph import GR, LABEL, Graph
from .knowledge import Knowledge

Json = dict[str, Any]

_ABOUT = ("onRecommendation", "onGuideline", "onFinding")


@dataclass(frozen=True, slots=True)
class Case:
    """One case file: its claim, the policy that it is assessed under, and its graph."""

    path: Path
    iri: str
    claim: str
    strict: bool
    graph: Graph


@dataclass(frozen=True, slots=True)
class Difference:
    """An expectation that the answer does not meet."""

    case: Case
    about: str
    expected: str
    found: str


def case_files(ontology: Path) -> list[Path]:
    """The case files of a knowledge folder."""
    return sorted(ontology.glob("**/cases/*.ttl"))


def read_case(path: Path) -> Case:
    """A case; raises KnowledgeError when the file does not parse or holds not exactly one gr:Case."""
    graph = Graph()
    graph.parse(path.read_bytes(), str(path))
    return case_of(graph, path)


def case_of(graph: Graph, path: Path) -> Case:
    """The case in a graph; raises KnowledgeError when it does not hold exactly one gr:Case."""
    cases = graph.instances(GR + "Case")
    if len(cases) != 1:
        raise KnowledgeError(f"holds {len(cases)} cases", f"`{path}`", "describe exactly one gr:Case in it")
    policy = graph.text(cases[0], GR + "underPolicy") or "default"
    return Case(path, cases[0], graph.text(cases[0], LABEL) or path.stem, policy == "strict", graph)


class Judge:
    """Compares answers with what cases expect."""

    def __init__(self, knowledge: Knowledge) -> None:
        model = knowledge.model
        self._names = {finding.iri: finding.notation for finding in model.findings.values()}
        self._names |= {value.iri: value.notation for f in model.findings.values() for value in f.values}
        for guideline in knowledge.guidelines:
            self._names[guideline.iri] = guideline.id
            self._names |= {own.iri: own.id for own in guideline.recommendations}
        graph = knowledge.graph
        self._names |= {iri: graph.text(iri, GR + "text") or iri for iri in graph.instances(GR + "Caution")}

    def differences(self, case: Case, answer: Json) -> Iterator[Difference]:
        """Every expectation of the case that the answer does not meet."""
        for expectation in sorted(case.graph.nodes(case.iri, GR + "expects")):
            about = next((n for p in _ABOUT for n in self._values(case, expectation, p)), "")
            subject = self._subject(case, expectation, answer)
            if subject is None:
                yield Difference(case, about, "one subject", "none or several")
                continue
            said = self._said(case, expectation, subject)
            for predicate in sorted(case.graph.predicates(expectation)):
                key = predicate.removeprefix(GR)
                if key.startswith("expected"):
                    expected, found = self._values(case, expectation, key), said.get(key, [])
                    if key == "expectedCaution":
                        found = sorted(set(found) & set(expected))
                    if expected != found:
                        name = key.removeprefix("expected").lower()
                        yield Difference(case, f"{about}: {name}", ", ".join(expected), ", ".join(found) or "nothing")

    def _values(self, case: Case, node: str, name: str) -> list[str]:
        values = case.graph.values(node, GR + name)
        return sorted(self._names.get(v, v) if isinstance(v, str) else v.value for v in values)

    def _subject(self, case: Case, expectation: str, answer: Json) -> Json | None:
        named = case.graph.node(expectation, GR + "onSubject")
        found: list[Json] = [s for s in answer["subjects"] if named is None or s["subject"] == named]
        return found[0] if len(found) == 1 else None

    def _said(self, case: Case, expectation: str, subject: Json) -> Mapping[str, list[str]]:
        for name in self._values(case, expectation, "onFinding"):
            return {"expectedValue": _value(subject["findings"].get(name))}
        for name in self._values(case, expectation, "onGuideline"):
            own = next((g for g in subject["guidelines"] if g["id"] == name), None)
            if own is not None:
                return {"expectedScope": [own["scope"]], "expectedApplicability": [own["applicability"] or "null"]}
        for name in self._values(case, expectation, "onRecommendation"):
            for guideline in subject["guidelines"]:
                for row in guideline["recommendations"]:
                    if row["id"] == name:
                        return _row(row, subject)
        return {}


def _row(row: Json, subject: Json) -> dict[str, list[str]]:
    preferred = row["preferred"]
    clashes = [other for c in subject["conflicts"] if row["id"] in c["between"] for other in c["between"]]
    return {
        "expectedVerdict": [row["verdict"]],
        "expectedMissing": row["missing"],
        "expectedAssumed": row["assumed"],
        "expectedPreferred": ["null" if preferred is None else str(preferred).lower()],
        "expectedOverriddenBy": [row["overriddenBy"] or "null"],
        "expectedArgument": sorted(argument["finding"] for argument in row["arguments"]),
        "expectedConflictWith": sorted(other for other in clashes if other != row["id"]),
        "expectedCaution": sorted({c["text"] for c in row["cautions"] if c["applies"] == "yes"}),
    }


def _value(said: Any) -> list[str]:
    if said is None:
        return ["unknown"]
    if isinstance(said, dict):
        return ["contradicted"] if "conflict" in said else sorted(said["possible"])
    return [f"{said:g}" if isinstance(said, float | int) else str(said)]
