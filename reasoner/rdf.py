"""Patient graphs in the project's RDF vocabulary to facts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from difflib import get_close_matches

import pyoxigraph as ox

from .errors import FragmentError
from .graph import GR, OWL, TYPE, XSD, Graph, Term, term
from .model import Fact, Finding, Model, Reading, Result, SubjectFacts
from .owl import mask_of, short

_NUMERIC = {XSD + name for name in ("decimal", "integer", "double", "float", "int", "long", "nonNegativeInteger")}


def read_graph(
    triples: Iterable[ox.Quad | ox.Triple],
    model: Model,
    kinds: frozenset[str],
    declared: frozenset[str],
    classes: frozenset[str],
) -> Reading:
    """Read every subject of the kinds that guidelines decide about, with what it belongs to.

    Each node of a kind counts as a resource; nodes of other types are listed as unused. ``declared`` are the
    properties that the knowledge declares, ``classes`` its classes; other ones of our namespace are reported as likely
    typing errors.
    """
    graph = Graph()
    for triple in stable(list(triples)):
        graph.add(term(triple.subject), triple.predicate.value, term(triple.object), "input")
    return _GraphReader(graph, model, kinds, declared, classes).read()


_ROUNDS = 4
"""How far a blank node looks around for a stable name: lesion, foot, patient, value."""


def stable(triples: list[ox.Quad | ox.Triple]) -> list[ox.Quad | ox.Triple]:
    """The same triples with blank nodes named by what is said of them in our terms.

    The names in the file, the order of its triples and statements in other vocabularies never matter. Unlike RDF
    canonicalisation this stays linear on any input; nodes that it cannot tell apart say the same.
    """
    blank = {n for t in triples for n in (t.subject, t.object) if isinstance(n, ox.BlankNode)}
    if not blank:
        return triples
    ours = [t for t in triples if t.predicate.value == TYPE or t.predicate.value.startswith(GR)]
    colour = {str(node): "" for node in blank}
    for _ in range(_ROUNDS):
        said: dict[str, list[str]] = {node: [] for node in colour}
        for t in ours:
            subject, object_ = str(t.subject), str(t.object)
            if subject in said:
                said[subject].append(f">{t.predicate.value} {colour.get(object_, object_)}")
            if object_ in said:
                said[object_].append(f"<{t.predicate.value} {colour.get(subject, subject)}")
        colour = {n: hashlib.sha256("\n".join(sorted(set(lines))).encode()).hexdigest() for n, lines in said.items()}
    subjects = {str(t.subject) for t in ours if isinstance(t.subject, ox.BlankNode)}
    names = {n: ox.BlankNode(f"n{i}") for i, n in enumerate(sorted(subjects, key=lambda n: colour[n]), 1)}
    # Blank nodes that only other vocabularies speak of come after, so that they never shift a name.
    others = sorted(colour.keys() - names.keys())
    names |= {n: ox.BlankNode(f"x{i}") for i, n in enumerate(others, 1)}
    return [
        ox.Triple(names.get(str(t.subject), t.subject), t.predicate, names.get(str(t.object), t.object))
        for t in triples
    ]


class _GraphReader:
    def __init__(
        self,
        graph: Graph,
        model: Model,
        kinds: frozenset[str],
        declared: frozenset[str],
        classes: frozenset[str],
    ) -> None:
        self.graph, self.model, self.kinds, self.declared, self.classes = graph, model, kinds, declared, classes
        self.findings = {finding.iri: finding for finding in model.findings.values()}
        self.links = {kind.link: kind for kind in model.kinds.values() if kind.link}
        self.results: list[Result] = []
        self._own: dict[str, list[Fact]] = {}

    def read(self) -> Reading:
        of_kind = self._kinds()
        self._undeclared_classes()
        for node in sorted(of_kind):
            self._own[node] = self._facts(node)
        subjects, used = [], set()
        for node, kind in sorted(of_kind.items()):
            if kind in self.kinds:
                chain = self._chain(node, of_kind)
                used.update(chain)
                facts = tuple(fact for n in chain for fact in self._own.get(n, ()))
                patient = next((n for n in chain if self._parentless(of_kind.get(n))), None)
                name = None if patient is None or patient.startswith("_:") else patient
                subjects.append(
                    SubjectFacts(node, None, kind, name, facts, side=self._side(chain, of_kind), nodes=tuple(chain))
                )
        values = {o for n in of_kind for f in self.findings for o in self.graph.nodes(n, f)}
        others = [n for n in self._nodes() if n not in of_kind and n not in values and not self._is_term(n)]
        unused = [(n, "nothing that a guideline decides about belongs to it") for n in of_kind if n not in used]
        unused += [(n, "no kind of subject that the knowledge knows") for n in others]
        counts = {"resources": len(of_kind) + len(others), "used": len(used), "unmapped": 0, "unplaced": 0}
        return Reading(
            subjects=tuple(subjects),
            resources=len(of_kind) + len(others),
            used=len(used),
            unused=tuple(sorted(unused)),
            results=tuple(sorted(self.results, key=lambda r: (r.focus, r.path or "", r.message))),
            counts=counts | {"unused": len(unused)},
        )

    def _nodes(self) -> list[str]:
        return sorted(self.graph.all_subjects())

    def _is_term(self, node: str) -> bool:
        """A class expression or an RDF list that types a partly known value."""
        return node.startswith("_:") and bool(
            {OWL + "oneOf", OWL + "unionOf"} & set(self.graph.predicates(node))
            or any("rdf-syntax-ns#first" in p for p in self.graph.predicates(node))
        )

    def _parentless(self, kind: str | None) -> bool:
        return kind is not None and self.model.kinds[kind].parent is None

    def _kinds(self) -> dict[str, str]:
        """The kind of each node: by its type, else by the domain of what is said of it, or the link that reaches it."""
        by_iri = {kind.iri: kind.name for kind in self.model.kinds.values()}
        found: dict[str, str] = {}
        for node in self._nodes():
            kinds = sorted({by_iri[t] for t in self.graph.nodes(node, TYPE) if t in by_iri})
            if not kinds:
                said = self.graph.predicates(node)
                kinds = sorted(
                    {self.findings[p].kind for p in said if p in self.findings}
                    | {self.links[p].name for p in said if p in self.links}
                )
            if len(kinds) > 1:
                self._violation(node, None, f"is at once {' and '.join(kinds)}: give the node one type.", TYPE)
            if kinds:
                found[node] = kinds[0]
        for node, kind in list(found.items()):
            self._reach(node, kind, found)
        return found

    def _undeclared_classes(self) -> None:
        """Report each type of our namespace that the knowledge does not declare: it would be passed over."""
        kinds = {short(kind.iri) for kind in self.model.kinds.values()}
        deciding = sorted(short(self.model.kinds[name].iri) for name in self.kinds)
        for node in self._nodes():
            for type_ in sorted(t for t in self.graph.nodes(node, TYPE) if t.startswith(GR) and t not in self.classes):
                near = get_close_matches(short(type_), sorted(kinds), 1) or deciding
                hint = f"did you mean {' or '.join(f'`{name}`' for name in near)}?"
                self._violation(node, None, f"`{short(type_)}` is no class that the knowledge declares: {hint}", TYPE)

    def _reach(self, node: str, kind: str, found: dict[str, str]) -> None:
        link, parent = self.model.kinds[kind].link, self.model.kinds[kind].parent
        if link is not None and parent is not None:
            for other in self.graph.nodes(node, link):
                if other not in found:
                    found[other] = parent
                    self._reach(other, parent, found)

    def _side(self, chain: list[str], of_kind: dict[str, str]) -> str | None:
        for node in chain:
            kind = self.model.kinds[of_kind[node]]
            if kind.apart is not None:
                told = [notation for iri, notation in kind.parts if iri in self.graph.nodes(node, kind.apart)]
                return told[0] if len(told) == 1 else None
        return None

    def _chain(self, node: str, of_kind: dict[str, str]) -> list[str]:
        chain = [node]
        while (link := self.model.kinds[of_kind[chain[-1]]].link) is not None:
            targets = sorted(self.graph.nodes(chain[-1], link))
            if len(targets) > 1:
                self._violation(chain[-1], None, f"has more than one {short(link)}: keep one.", link)
            if len(targets) != 1 or of_kind.get(targets[0]) != self.model.kinds[of_kind[chain[-1]]].parent:
                break
            chain.append(targets[0])
        return chain

    def _facts(self, node: str) -> list[Fact]:
        facts = []
        for predicate, values in sorted(self.graph.predicates(node).items()):
            finding = self.findings.get(predicate)
            if finding is not None:
                facts += [fact for value in values if (fact := self._fact(node, finding, value)) is not None]
            elif predicate.startswith(GR) and predicate not in self.declared:
                name = predicate.removeprefix(GR)
                near = get_close_matches(name, [iri.removeprefix(GR) for iri in self.findings], 1)
                hint = f"did you mean `gr:{near[0]}`?" if near else "see `guideline terms` for the findings."
                self._violation(node, None, f"`{short(predicate)}` is no finding: {hint}", predicate)
        return facts

    def _fact(self, node: str, finding: Finding, value: Term) -> Fact | None:
        if finding.range is not None:
            return self._number(node, finding, value)
        if isinstance(value, str):
            mask = self._mask(finding, value)
            if mask:
                return Fact(finding.notation, mask, source=node)
        names = ", ".join(finding.notations(finding.full))
        # Only our own terms are repeated: a text or a foreign IRI may be about the patient.
        if not isinstance(value, str):
            shown = "a text"
        elif value.startswith("_:"):
            shown = "a blank node of no value class"
        else:
            shown = f"`{short(value)}`" if value.startswith(GR) and value in self.declared else "what it names"
        self._violation(node, finding.notation, f"{shown} is no value of {finding.label}: use one of {names}.")
        return None

    def _mask(self, finding: Finding, value: str) -> int:
        for i, known in enumerate(finding.values):
            if known.iri == value:
                return 1 << i
        mask = finding.full
        types = self.graph.nodes(value, TYPE)
        values = {known.iri: i for i, known in enumerate(finding.values)}
        read = False
        for type_ in types:
            if type_ in finding.classes:
                mask, read = mask & finding.classes[type_], True
            elif type_.startswith("_:"):
                try:
                    mask, read = mask & mask_of(self.graph, values, type_), True
                except FragmentError:
                    return 0
        return mask if read else 0

    def _number(self, node: str, finding: Finding, value: Term) -> Fact | None:
        range_ = finding.range
        assert range_ is not None
        number: float | None = None
        if not isinstance(value, str) and value.datatype.value in _NUMERIC:
            try:
                number = float(value.value)
            except ValueError:
                number = None
        if number is None or number != number or (range_.integer and not number.is_integer()):
            kind = "a whole number" if range_.integer else "a number"
            self._violation(node, finding.notation, f"{finding.label} is not {kind}: write it as such, without quotes.")
            return None
        if (range_.minimum is not None and number < range_.minimum) or (
            range_.maximum is not None and number > range_.maximum
        ):
            unit = "" if range_.unit == "1" else f" {range_.unit}"
            limits = f"{range_.minimum:g} to {range_.maximum:g}{unit}".strip()
            self._violation(
                node, finding.notation, f"{finding.label} {number:g} is outside {limits}: check value and unit."
            )
            return None
        return Fact(finding.notation, number=int(number) if range_.integer else number, source=node)

    def _violation(self, node: str, path: str | None, message: str, about: str | None = None) -> None:
        self.results.append(Result("Violation", node, path, message, about))
