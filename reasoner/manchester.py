"""OWL axioms in the words of the Manchester syntax, with labels in place of IRIs."""

from __future__ import annotations

from .criteria import All, Among, Any, Criterion, Named, Not, Within
from .graph import LABEL, OWL, RDF, XSD, Graph, Term
from .model import Model
from .owl import short

_FACETS = {"minInclusive": ">=", "minExclusive": ">", "maxInclusive": "<=", "maxExclusive": "<"}
_JOINTS = {"intersectionOf": " and ", "unionOf": " or "}


class Manchester:
    """Writes the class expressions of one graph; what has no label is written by its short name."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def name(self, node: Term) -> str:
        """The label of a term, quoted where it is more than one word; a literal as it is written."""
        if not isinstance(node, str):
            return node.value
        label = self.graph.text(node, LABEL) or short(node)
        return label if label.replace("-", "").isalnum() else f"'{label}'"

    def definition(self, iri: str) -> str:
        """``'a class' EquivalentTo: …``; only the name where the class has no definition."""
        node = self.graph.node(iri, OWL + "equivalentClass")
        return self.name(iri) if node is None else f"{self.name(iri)} EquivalentTo: {self.expression(node)}"

    def expression(self, node: Term) -> str:
        """A class expression or data range; brackets only where the syntax needs them."""
        if not isinstance(node, str) or not node.startswith("_:"):
            return self.name(node)
        for construct, joint in _JOINTS.items():
            if (head := self.graph.node(node, OWL + construct)) is not None:
                return joint.join(self._part(part) for part in self.graph.list(head))
        if (part := self.graph.node(node, OWL + "complementOf")) is not None:
            return f"not {self._part(part)}"
        if (head := self.graph.node(node, OWL + "oneOf")) is not None:
            return "{" + ", ".join(self.name(member) for member in self.graph.list(head)) + "}"
        if (path := self.graph.node(node, OWL + "onProperty")) is not None:
            return self._restriction(node, path)
        if (base := self.graph.node(node, OWL + "onDatatype")) is not None:
            return f"{short(base)}[{', '.join(self._facets(node))}]"
        return "an expression outside the fragment"

    def _part(self, node: Term) -> str:
        text = self.expression(node)
        simple = not isinstance(node, str) or not node.startswith("_:") or text.startswith("{")
        return text if simple else f"({text})"

    def _restriction(self, node: str, path: str) -> str:
        value = next(iter(self.graph.values(node, OWL + "hasValue")), None)
        if value is not None:
            return f"{self.name(path)} value {self.name(value)}"
        filler = self.graph.node(node, OWL + "someValuesFrom")
        if filler is None:
            return f"{self.name(path)} in a way outside the fragment"
        text = self.expression(filler)
        simple = not filler.startswith("_:") or text.startswith("{") or text.endswith("]")
        return f"{self.name(path)} some {text if simple else f'({text})'}"

    def _facets(self, node: str) -> list[str]:
        head = self.graph.node(node, OWL + "withRestrictions")
        parts = [part for part in self.graph.list(head) if isinstance(part, str)] if head else []
        return [
            f"{_FACETS.get(predicate.removeprefix(XSD), short(predicate))} {self.name(value)}"
            for part in parts
            for predicate, values in self.graph.predicates(part).items()
            if not predicate.startswith(RDF)
            for value in values
        ]


def atom(leaf: Among | Within, model: Model, graph: Graph) -> str:
    """One condition on one finding, as a reader of labels would say it."""
    finding = model.findings[leaf.finding]
    if isinstance(leaf, Among):
        named = next((iri for iri, mask in finding.classes.items() if mask == leaf.mask != finding.full), None)
        if named is not None and leaf.mask & (leaf.mask - 1):
            return f"{finding.label}: {graph.text(named, LABEL) or short(named)}"
        labels = [value.label for i, value in enumerate(finding.values) if leaf.mask >> i & 1]
        return " or ".join(labels) if labels else f"no value of {finding.label}"
    unit = "" if finding.range is None or finding.range.unit in ("", "1") else f" {finding.range.unit}"
    limits = []
    if leaf.low is not None:
        limits.append(f"{'at least' if leaf.low_closed else 'more than'} {leaf.low:g}{unit}")
    if leaf.high is not None:
        limits.append(f"{'at most' if leaf.high_closed else 'less than'} {leaf.high:g}{unit}")
    return f"{finding.label} {' and '.join(limits) or 'any number'}"


def criterion(tree: Criterion, model: Model, graph: Graph) -> str:
    """A criteria tree in words, named classes by their labels."""
    match tree:
        case Among() | Within():
            return atom(tree, model, graph)
        case Named(iri, _):
            return graph.text(iri, LABEL) or short(iri)
        case Not(part):
            return f"not ({criterion(part, model, graph)})"
        case All(parts) | Any(parts):
            joint = " and " if isinstance(tree, All) else " or "
            words = [
                f"({criterion(part, model, graph)})"
                if isinstance(part, All | Any) and len(part.parts) > 1
                else criterion(part, model, graph)
                for part in parts
            ]
            return joint.join(words) or ("always" if isinstance(tree, All) else "never")
