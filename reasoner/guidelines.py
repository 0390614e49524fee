"""Guidelines and recommendations as data, read from the knowledge graph.

What does not depend on the patient (evidence, sources, grades) is laid out once, as it appears in the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any as Json

from .criteria import Named
from .errors import KnowledgeError
from .graph import DCTERMS, GR, LABEL, NOTATION, OWL, SKOS, Graph
from .owl import ClassReader, short
from .source_grade import source_grade

_NUMBERS = {"value": float, "lower": float, "upper": float, "studies": int, "participants": int}


@dataclass(frozen=True, slots=True)
class Argument:
    """A finding that speaks for a recommendation where ``when`` holds."""

    finding: str
    when: Named
    source: str


@dataclass(frozen=True, slots=True)
class Caution:
    """A warning; ``when`` is None where it always goes with the recommendation.

    With a ``policy`` it comes up only where an assumption under that policy was made.
    """

    text: str
    source: str
    status: str | None
    when: Named | None
    policy: str | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A declared gap; ``when`` is None where it is not tied to a class of subjects."""

    id: str
    text: str
    reason: str
    when: Named | None
    grade: Mapping[str, Json] | None = None
    """The source's own grade, in a scheme that is not GRADE."""
    sources: tuple[Mapping[str, Json], ...] = ()


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommendation; ``static`` holds the keys of its answer that do not depend on the patient."""

    id: str
    iri: str
    guideline: str
    direction: str
    decision: str
    line: int | None
    eligibility: Named
    preferred_over: frozenset[str]
    overrides: frozenset[str]
    arguments: tuple[Argument, ...]
    cautions: tuple[Caution, ...]
    interventions: tuple[tuple[str, ...], ...]
    """IRIs, alternatives by component."""
    static: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Guideline:
    """A guideline with its recommendations, sorted by id."""

    id: str
    iri: str
    label: str
    version: str
    sha256: str
    kind: str
    scope: Named
    population: Named | None
    recommendations: tuple[Recommendation, ...]
    gaps: tuple[Gap, ...]
    sources: tuple[Mapping[str, Json], ...]

    def trees(self) -> list[Named]:
        """Every class that deciding needs compiled."""
        trees = [self.scope] if self.population is None else [self.scope, self.population]
        for own in self.recommendations:
            trees += [own.eligibility, *(a.when for a in own.arguments), *(c.when for c in own.cautions if c.when)]
        return trees + [gap.when for gap in self.gaps if gap.when]


class GuidelineReader:
    """Reads gr:Guideline individuals and all that hangs on them; collects what is wrong in ``problems``."""

    def __init__(self, graph: Graph, classes: ClassReader) -> None:
        self.graph, self.classes = graph, classes
        self.broader = broader_interventions(graph)
        self.problems: list[KnowledgeError] = []
        self._evidence = self._by_target(GR + "Evidence", "supports")
        self._cautions = self._by_target(GR + "Caution", "appliesTo")
        self._claims = self._by_target(GR + "Claim", "appliesTo")
        self._gaps = self._by_target(GR + "KnownGap", "partOfGuideline")

    def _by_target(self, class_: str, predicate: str) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for node in self.graph.instances(class_):
            for target in self.graph.nodes(node, GR + predicate):
                index.setdefault(target, []).append(node)
        return index

    def notation(self, node: str | None) -> str | None:
        """A node's skos:notation, else the end of its IRI."""
        return None if node is None else self.graph.text(node, NOTATION) or short(node).rsplit("/")[-1]

    def guideline(self, iri: str, sha256: str) -> Guideline | None:
        """The guideline, or None with the reasons added to ``problems``."""
        graph = self.graph
        scope, kind = graph.node(iri, GR + "hasScope"), graph.node(iri, GR + "subjectKind")
        if scope is None or kind is None:
            self._problem(iri, "has no gr:hasScope or no gr:subjectKind", "name the class of subjects in scope")
            return None
        population = graph.node(iri, GR + "evidencePopulation")
        members = [
            node for node in graph.instances(GR + "Recommendation") if iri in graph.nodes(node, GR + "partOfGuideline")
        ]
        found = [r for node in members if (r := self._recommendation(node, iri)) is not None]
        version = next(
            (v for o in graph.instances(OWL + "Ontology") if graph.file(o) == graph.file(iri)
             and (v := graph.text(o, OWL + "versionInfo"))),
            "unversioned",
        )  # fmt: skip
        if not members:
            self._problem(iri, "has no recommendation", "give recommendations gr:partOfGuideline with its IRI")
        read = self._reading(lambda: (self.classes.read(scope), self.classes.read(population or scope)))
        if read is None:
            return None
        return Guideline(
            id=self.notation(iri) or iri,
            iri=iri,
            label=graph.text(iri, LABEL) or short(iri),
            version=version,
            sha256=sha256,
            kind=short(kind).removeprefix("gr:"),
            scope=read[0],
            population=read[1] if population is not None else None,
            recommendations=tuple(sorted(found, key=lambda r: r.id)),
            gaps=tuple(self._gap(node) for node in self._gaps.get(iri, [])),
            sources=tuple(self._sources(iri)),
        )

    def _recommendation(self, iri: str, guideline: str) -> Recommendation | None:
        graph = self.graph
        eligibility, decision = graph.node(iri, GR + "eligibility"), graph.node(iri, GR + "decision")
        direction = self.notation(graph.node(iri, GR + "direction"))
        options = self._options(iri)
        if direction not in (None, "for", "against"):
            self._problem(iri, f"has the direction `{direction}`", "use direction:for or direction:against")
            return None
        needed = {"eligibility": eligibility, "decision": decision, "direction": direction, "option": options}
        if eligibility is None or decision is None or direction is None or not options:
            lacking = " and ".join(f"gr:{name}" for name, said in needed.items() if not said)
            self._problem(iri, f"has no {lacking}", "add what is missing")
            return None
        read = self._reading(lambda: (self.classes.read(eligibility), self._arguments(iri)))
        if read is None:
            return None
        line = self._whole(iri, "line", 0)
        interventions = tuple(tuple(node for node, _ in option) for option in options)
        named = [[{"id": self.notation(node), "order": order} for node, order in option] for option in options]
        return Recommendation(
            id=self.notation(iri) or iri,
            iri=iri,
            guideline=self.notation(guideline) or guideline,
            direction=direction,
            decision=self.notation(decision) or decision,
            line=line or None,
            eligibility=read[0],
            preferred_over=frozenset(self.notation(n) or n for n in graph.nodes(iri, GR + "preferredOver")),
            overrides=frozenset(self.notation(n) or n for n in graph.nodes(iri, GR + "overrides")),
            arguments=read[1],
            cautions=self._caution_list(iri, interventions),
            interventions=interventions,
            static=self._static(iri, named, interventions),
        )

    def _static(
        self, iri: str, named: list[list[dict[str, Json]]], interventions: tuple[tuple[str, ...], ...]
    ) -> dict[str, Json]:
        graph = self.graph

        def one(predicate: str) -> str | None:
            return self.notation(graph.node(iri, GR + predicate))

        claims = self._around(self._claims, iri, interventions)
        return {
            "label": graph.text(iri, LABEL),
            "statement": graph.text(iri, GR + "statement"),
            "interventions": named,
            "strength": one("strength"),
            "certainty": one("certainty"),
            "grade": self._reading(lambda: source_grade(graph, iri)),
            "transcription": {
                "text": one("textStatus"),
                "strength": one("strengthStatus"),
                "certainty": one("certaintyStatus"),
            },
            "disagreements": [self._claim(claim) for claim in claims],
            "evidence": [self.estimate(e) for e in sorted(self._evidence.get(iri, []), key=self._sort_key)],
            "sources": self._sources(iri),
        }

    def _sort_key(self, node: str) -> str:
        return self.notation(node) or node

    def _whole(self, node: str, name: str, default: int) -> int:
        text = self.graph.text(node, GR + name)
        try:
            return default if text is None else int(text)
        except ValueError:
            self._problem(node, f"has the {name} `{text}`", "give a whole number")
            return default

    def check_members(self) -> None:
        """Every recommendation belongs to a guideline that exists, and no two bear one id."""
        graph = self.graph
        seen: dict[str, str] = {}
        known = set(graph.instances(GR + "Guideline"))
        for node in graph.instances(GR + "Recommendation"):
            if not known & set(graph.nodes(node, GR + "partOfGuideline")):
                self._problem(node, "belongs to no guideline that is declared", "mend gr:partOfGuideline")
            name = self.notation(node) or node
            if seen.setdefault(name, node) != node:
                self._problem(node, f"has the id `{name}`, as `{short(seen[name])}` has", "give it one of its own")

    def _options(self, iri: str) -> list[list[tuple[str, int]]]:
        graph = self.graph
        options = []
        for option in graph.nodes(iri, GR + "option"):
            parts = []
            for component in graph.nodes(option, GR + "component"):
                if (node := graph.node(component, GR + "intervention")) is not None:
                    parts.append((node, self._whole(component, "order", 1)))
            options.append(sorted(parts, key=lambda p: (p[1], self.notation(p[0]))))
        return sorted(options, key=lambda parts: [(self.notation(n), o) for n, o in parts])

    def _arguments(self, iri: str) -> tuple[Argument, ...]:
        graph, found = self.graph, []
        notations = {f.iri: f.notation for f in self.classes.model.findings.values()}
        for node in graph.nodes(iri, GR + "argument"):
            when, about = graph.node(node, GR + "when"), graph.node(node, GR + "aboutFinding")
            if when is None or about not in notations:
                error = KnowledgeError("an argument lacks gr:when or gr:aboutFinding", graph.file(node), "add both")
                error.term = iri
                raise error
            found.append(Argument(notations[about], self.classes.read(when), self._source_text(node)))
        return tuple(sorted(found, key=lambda a: (a.finding, a.source)))

    def _around(
        self, index: Mapping[str, list[str]], iri: str, interventions: tuple[tuple[str, ...], ...]
    ) -> list[str]:
        """What applies to the recommendation itself, or to one of its interventions or a broader one."""
        targets = {iri}
        for option in interventions:
            for node in option:
                targets |= self.broader.get(node, frozenset({node}))
        return sorted({node for target in targets for node in index.get(target, [])})

    def _caution_list(self, iri: str, interventions: tuple[tuple[str, ...], ...]) -> tuple[Caution, ...]:
        found = []
        for node in self._around(self._cautions, iri, interventions):
            when = self.graph.node(node, GR + "when")
            read = self._reading(lambda at=when: self.classes.read(at) if at else None)
            text = self.graph.text(node, GR + "text") or ""
            status = self.notation(self.graph.node(node, GR + "status"))
            policy = self.notation(self.graph.node(node, GR + "policy"))
            found.append(Caution(text, self._source_text(node), status, read, policy))
        return tuple(found)

    def _gap(self, node: str) -> Gap:
        graph, when = self.graph, self.graph.node(node, GR + "when")
        read = self._reading(lambda at=when: self.classes.read(at) if at else None)
        text, reason = graph.text(node, GR + "text") or "", graph.text(node, GR + "reason") or ""
        grade = self._reading(lambda: source_grade(graph, node))
        return Gap(self.notation(node) or node, text, reason, read, grade, tuple(self._sources(node)))

    def _claim(self, node: str) -> dict[str, Json]:
        graph = self.graph
        return {
            "claim": graph.text(node, GR + "text"),
            "contradictedBy": graph.text(node, GR + "contradiction"),
            "source": self._source_text(node),
            "against": sorted(self.notation(n) or n for n in graph.nodes(node, GR + "contradictedBy")),
        }

    def estimate(self, node: str) -> dict[str, Json]:
        """A gr:Evidence individual as a row of the answer."""
        graph = self.graph

        def text(predicate: str) -> str | None:
            return graph.text(node, GR + predicate)

        def one(predicate: str) -> str | None:
            return self.notation(graph.node(node, GR + predicate))

        estimate: dict[str, Json] = {
            "id": self.notation(node),
            "intervention": text("evaluatedIntervention"),
            "comparator": text("comparator"),
            "outcome": one("outcome"),
            "role": one("role"),
            "measure": one("measure"),
        }
        for key, kind in _NUMBERS.items():
            number = text(key)
            try:
                estimate[key] = None if number is None else kind(number)
            except ValueError:
                self._problem(node, f"has the {key} `{number}`", "give a number")
        return estimate | {
            "certainty": one("certainty"),
            "certaintyStatus": one("certaintyStatus"),
            "status": one("status"),
            "source": text("sourceText"),
            "note": text("note"),
        }

    def _source_text(self, node: str) -> str:
        if (own := self.graph.text(node, GR + "sourceText")) is not None:
            return own
        return ", ".join(self.notation(source) or source for source in self.graph.nodes(node, DCTERMS + "source"))

    def _sources(self, node: str) -> list[dict[str, Json]]:
        graph, found = self.graph, []
        for source in graph.nodes(node, DCTERMS + "source"):
            title = graph.text(source, DCTERMS + "title") or graph.text(source, LABEL)
            identifier = graph.text(source, DCTERMS + "identifier")
            status = self.notation(graph.node(source, GR + "status"))
            found.append({"id": self.notation(source), "title": title, "identifier": identifier, "status": status})
        return sorted(found, key=lambda s: str(s["id"]))

    def _reading(self, read: Json) -> Json:
        try:
            return read()
        except KnowledgeError as error:
            self.problems.append(error)
            return None

    def _problem(self, node: str, what: str, hint: str) -> None:
        error = KnowledgeError(f"`{short(node)}` {what}", self.graph.file(node), hint)
        error.term = node
        self.problems.append(error)


def conflicting(
    graph: Graph, broader: Mapping[str, frozenset[str]], a: Recommendation, b: Recommendation
) -> str | None:
    """Why two recommendations cannot both be followed, or None.

    Two *for* recommendations clash where an alternative of one is declared incompatible with an alternative of the
    other; a *for* and an *against* clash on the same intervention, or a narrower one.
    """
    pairs = [(x, y) for i in a.interventions for x in i for j in b.interventions for y in j]
    if a.direction != b.direction:
        against = [(x, y) if b.direction == "against" else (y, x) for x, y in pairs]
        hit = next(((x, y) for x, y in against if y in broader.get(x, {x})), None)
        return f"one is for and one against {graph.text(hit[1], LABEL)}" if hit else None
    for x, y in pairs if a.direction == "for" else ():
        for p in sorted(broader.get(x, {x})):
            for q in sorted(broader.get(y, {y})):
                if q in graph.nodes(p, GR + "incompatibleWith") or p in graph.nodes(q, GR + "incompatibleWith"):
                    return f"{graph.text(x, LABEL)} and {graph.text(y, LABEL)} cannot go together"
    return None


def broader_interventions(graph: Graph) -> dict[str, frozenset[str]]:
    """Every intervention with itself and all broader ones."""
    closed: dict[str, frozenset[str]] = {}
    for node in graph.instances(GR + "Intervention"):
        seen, todo = {node}, [node]
        while todo:
            for parent in graph.nodes(todo.pop(), SKOS + "broader"):
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
        closed[node] = frozenset(seen)
    return closed
