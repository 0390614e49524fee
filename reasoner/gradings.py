"""Gradings, derivations and data rules as data: how findings follow from findings, and which cannot stand together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .criteria import Among, Any, Criterion, Named, Not
from .errors import KnowledgeError, raise_all
from .graph import GR, NOTATION, Graph
from .model import Model
from .owl import ClassReader, short

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scale:
    """Bands over inputs; ``bands`` pairs the place of a value in its finding with the class that indicates it."""

    inputs: tuple[str, ...]
    bands: tuple[tuple[int, Named], ...]
    voided_by: Named | None


@dataclass(frozen=True, slots=True)
class Step:
    """Scales combined by the worse value; under ``policy`` the step is an assumption unless ``unless`` is entailed."""

    scales: tuple[Scale, ...]
    policy: str | None
    unless: Named | None


@dataclass(frozen=True, slots=True)
class Discordance:
    """Where ``when`` is entailed beside one of the ``against`` values (a mask), the grade stays unknown."""

    inputs: tuple[str, ...]
    when: Named
    against: int
    voided_by: Named | None
    text: str


@dataclass(frozen=True, slots=True)
class Grading:
    """Ordered steps that derive a graded finding: the first with a usable scale governs."""

    iri: str
    finding: str
    steps: tuple[Step, ...]
    comparison_inputs: tuple[str, ...]
    discordances: tuple[Discordance, ...]


@dataclass(frozen=True, slots=True)
class RecordedDerivation:
    """``finding`` has the value (a mask) where one of the findings is recorded, or the grading has a usable scale."""

    finding: str
    mask: int
    when_recorded: tuple[str, ...]
    usable_gradings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataRule:
    """A combination that cannot (Violation) or should not (Warning) be recorded."""

    id: str
    severity: str
    text: str
    violated_by: Named | None
    breaks_axiom_of: str | None
    when_recorded: tuple[str, ...]
    contradicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Axiom:
    """A model axiom; ``implies`` is (finding, mask, finding, mask) where one value entails another."""

    iri: str
    tree: Criterion
    implies: tuple[str, int, str, int] | None


@dataclass(frozen=True, slots=True)
class Derivations:
    """All of the above."""

    gradings: tuple[Grading, ...]
    recorded: tuple[RecordedDerivation, ...]
    rules: tuple[DataRule, ...]
    axioms: tuple[Axiom, ...]

    def trees(self) -> list[Criterion]:
        """Every class that evaluation needs compiled."""
        trees: list[Criterion | None] = [axiom.tree for axiom in self.axioms]
        trees += [rule.violated_by for rule in self.rules]
        for grading in self.gradings:
            trees += [t for d in grading.discordances for t in (d.when, d.voided_by)]
            for step in grading.steps:
                trees.append(step.unless)
                for scale in step.scales:
                    trees += [scale.voided_by, *(band for _, band in scale.bands)]
        return [tree for tree in trees if tree is not None]


class DerivationReader:
    """Reads gradings, recorded derivations, data rules and model axioms."""

    def __init__(self, graph: Graph, model: Model, classes: ClassReader) -> None:
        self.graph, self.model, self.classes = graph, model, classes
        self._notation = {finding.iri: finding.notation for finding in model.findings.values()}

    def read(self) -> Derivations:
        """All of them; raises KnowledgeError for those that cannot be used."""
        problems: list[KnowledgeError] = []
        found = Derivations(
            gradings=self._each("Grading", self._grading, problems),
            recorded=self._each("RecordedDerivation", self._recorded, problems),
            rules=self._each("DataRule", self._rule, problems),
            axioms=() if problems else tuple(Axiom(i, tree, _implication(tree)) for i, tree in self.classes.axioms()),
        )
        raise_all(problems)
        return found

    def _each(self, class_: str, read: Callable[[str], T], problems: list[KnowledgeError]) -> tuple[T, ...]:
        found = []
        for node in self.graph.instances(GR + class_):
            try:
                found.append(read(node))
            except KnowledgeError as error:
                error.term = error.term or node
                problems.append(error)
        return tuple(found)

    def _derived(self, node: str) -> str:
        findings = self._findings(node, "derives")
        if len(findings) != 1:
            what = "derives nothing" if not findings else "derives several findings"
            raise KnowledgeError(f"`{short(node)}` {what}", self.graph.file(node), "give one gr:derives")
        return findings[0]

    def _order(self, node: str) -> int:
        text = self.graph.text(node, GR + "order") or "0"
        try:
            return int(text)
        except ValueError:
            where, hint = self.graph.file(node), "give gr:order a whole number"
            raise KnowledgeError(f"a step has the order `{text}`", where, hint) from None

    def _findings(self, node: str, predicate: str) -> tuple[str, ...]:
        names = []
        for iri in self.graph.nodes(node, GR + predicate):
            if iri not in self._notation:
                raise KnowledgeError(
                    f"`{short(iri)}` is no finding", self.graph.file(node), f"mend gr:{predicate} of `{short(node)}`"
                )
            names.append(self._notation[iri])
        return tuple(sorted(names))

    def _class(self, node: str, predicate: str) -> Named | None:
        iri = self.graph.node(node, GR + predicate)
        return None if iri is None else self.classes.read(iri)

    def _need(self, node: str, predicate: str) -> str:
        found = self.graph.node(node, GR + predicate)
        if found is None:
            raise KnowledgeError(f"`{short(node)}` has no gr:{predicate}", self.graph.file(node), "add it")
        return found

    def _value(self, finding: str, iri: str, node: str) -> int:
        for i, value in enumerate(self.model.findings[finding].values):
            if value.iri == iri:
                return i
        known = ", ".join(f"`{short(value.iri)}`" for value in self.model.findings[finding].values)
        where = self.graph.file(node)
        raise KnowledgeError(f"`{short(iri)}` is no value of `{finding}`", where, f"name one of {known}")

    def _grading(self, node: str) -> Grading:
        graph = self.graph
        finding = self._derived(node)
        steps = sorted(graph.nodes(node, GR + "step"), key=lambda s: (self._order(s), s))
        return Grading(
            iri=node,
            finding=finding,
            steps=tuple(self._step(finding, step) for step in steps),
            comparison_inputs=self._findings(node, "comparisonInput"),
            discordances=tuple(self._discordance(finding, d) for d in sorted(graph.nodes(node, GR + "discordance"))),
        )

    def _step(self, finding: str, node: str) -> Step:
        graph = self.graph
        policy = graph.node(node, GR + "policy")
        return Step(
            scales=tuple(self._scale(finding, scale) for scale in sorted(graph.nodes(node, GR + "scale"))),
            policy=None if policy is None else graph.text(policy, NOTATION) or short(policy),
            unless=self._class(node, "assumptionUnless"),
        )

    def _scale(self, finding: str, node: str) -> Scale:
        bands = []
        for iri in sorted(self.graph.nodes(node, GR + "band")):
            bands.append((self._value(finding, self._need(iri, "indicates"), iri), self.classes.read(iri)))
        return Scale(
            self._findings(node, "input"), tuple(sorted(bands, key=lambda b: b[0])), self._class(node, "voidedBy")
        )

    def _discordance(self, finding: str, node: str) -> Discordance:
        against = 0
        for iri in self.graph.nodes(node, GR + "against"):
            against |= 1 << self._value(finding, iri, node)
        when = self.classes.read(self._need(node, "when"))
        text = self.graph.text(node, GR + "text") or ""
        return Discordance(self._findings(node, "input"), when, against, self._class(node, "voidedBy"), text)

    def _recorded(self, node: str) -> RecordedDerivation:
        finding = self._derived(node)
        value = self._value(finding, self._need(node, "givesValue"), node)
        gradings = tuple(sorted(self.graph.nodes(node, GR + "usableGrading")))
        return RecordedDerivation(finding, 1 << value, self._findings(node, "whenRecorded"), gradings)

    def _rule(self, node: str) -> DataRule:
        graph = self.graph
        return DataRule(
            id=short(node).rsplit("/")[-1],
            severity=(graph.text(self._need(node, "severity"), NOTATION) or "violation").capitalize(),
            text=graph.text(node, GR + "text") or short(node),
            violated_by=self._class(node, "violatedBy"),
            breaks_axiom_of=graph.node(node, GR + "breaksAxiomOf"),
            when_recorded=self._findings(node, "whenRecorded"),
            contradicts=self._findings(node, "contradicts"),
        )


def _implication(tree: Criterion) -> tuple[str, int, str, int] | None:
    """(finding, mask, finding, mask) where the axiom says that one coded value entails one other."""
    match tree:
        case Any((Not(Named(_, Among(a, x))), Named(_, Among(b, y)) | Among(b, y))) if _single(x) and _single(y):
            return a, x, b, y
    return None


def _single(mask: int) -> bool:
    return mask & (mask - 1) == 0
