"""OWL class axioms to criteria trees: the fragment of docs/design.md, and a sentence for everything outside it."""

from __future__ import annotations

from functools import lru_cache

from .criteria import All, Among, Any, Criterion, Named, Not, Within
from .errors import FragmentError
from .graph import OWL, RDF, RDFS, XSD, Graph, Term
from .model import Finding, Model
from .spelling import near, parted

_FACETS = {"minInclusive": (0, True), "minExclusive": (0, False), "maxInclusive": (1, True), "maxExclusive": (1, False)}
_FRAGMENT = "use intersectionOf, unionOf, complementOf, hasValue, someValuesFrom or a datatype restriction"
_INSTEAD = {
    "allValuesFrom": "write owl:someValuesFrom: a finding has at most one value; what is not recorded stays unknown",
    "hasSelf": "a finding leads to a value, never back to its subject: name the value with owl:hasValue",
    "inverseOf": "go the other way: from what the guideline decides about to what that belongs to",
}
"""What to write in place of a construct outside the fragment; cardinalities share one answer."""
_ONE_VALUE = "a finding has at most one value: name it with owl:hasValue, or several with owl:someValuesFrom"


def mask_of(graph: Graph, model_values: dict[str, int], filler: str, active: tuple[str, ...] = ()) -> int:
    """The mask of a value class: a named class, oneOf, unionOf, intersectionOf or complementOf over value IRIs."""
    where = graph.file(filler)
    if filler in active:
        error = FragmentError(f"value class `{short(filler)}` is defined by itself", where, "break the cycle")
        error.term = filler
        raise error
    active = (*active, filler)
    full = (1 << len(model_values)) - 1
    if (head := graph.node(filler, OWL + "oneOf")) is not None:
        mask = 0
        for value in graph.list(head):
            if not isinstance(value, str) or value not in model_values:
                raise FragmentError(
                    f"`{short(value)}` is no value of this finding", where, _meant(graph, value, model_values)
                )
            mask |= 1 << model_values[value]
        return mask
    if (head := graph.node(filler, OWL + "unionOf")) is not None:
        mask = 0
        for part in graph.list(head):
            mask |= mask_of(graph, model_values, _node(part, where), active)
        return mask
    if (head := graph.node(filler, OWL + "intersectionOf")) is not None:
        mask = full
        for part in graph.list(head):
            mask &= mask_of(graph, model_values, _node(part, where), active)
        return mask
    if (whole := graph.node(filler, OWL + "complementOf")) is not None:
        return full & ~mask_of(graph, model_values, whole, active)
    if (definition := graph.node(filler, OWL + "equivalentClass")) is not None:
        return mask_of(graph, model_values, definition, active)
    if filler == OWL + "Thing":
        hint = "name the values that are meant: what is not recorded stays unknown, and no class can ask for that"
        raise FragmentError("`owl:Thing` is no set of values", where, hint)
    if filler in model_values:
        raise FragmentError(f"`{short(filler)}` is a value, not a set of values", where, "write owl:hasValue before it")
    if filler.startswith("_:"):
        raise FragmentError("the filler of a restriction is no set of values", where, "write owl:oneOf with the values")
    raise FragmentError(f"value class `{short(filler)}` has no definition", where, "define it with owl:oneOf")


def _meant(graph: Graph, value: Term, values: dict[str, int]) -> str:
    """The value that was probably meant, else all that there are: one that is described is not misspelt."""
    names = {parted(v)[1]: v for v in values}
    if isinstance(value, str):
        said = parted(value)[1]
        meant = said if said in names else None if value in graph else near(said, names)
        if meant is not None:
            return f"did you mean `{short(names[meant])}`?"
    return f"name one of {', '.join(f'`{short(v)}`' for v in values)}" if values else "name one of its values"


def bounds_of(graph: Graph, datatype: str) -> tuple[float | None, bool, float | None, bool]:
    """Lower limit, whether it is closed, upper limit, whether it is closed, of a datatype restriction."""
    where = graph.file(datatype)
    limits: list[float | None] = [None, None]
    closed = [True, True]
    head = graph.node(datatype, OWL + "withRestrictions")
    for facet in graph.list(head) if head is not None else ():
        for predicate, values in graph.predicates(_node(facet, where)).items():
            side = _FACETS.get(predicate.removeprefix(XSD))
            if side is None or isinstance(values[0], str):
                hint = "use min/max Inclusive/Exclusive"
                raise FragmentError(f"facet `xsd:{short(predicate)}` is not read", where, hint)
            try:
                limits[side[0]] = float(values[0].value)
            except ValueError:
                hint = "write it as a decimal or an integer"
                raise FragmentError(f"the limit `{values[0].value}` is no number", where, hint) from None
            closed[side[0]] = side[1]
    return limits[0], closed[0], limits[1], closed[1]


class ClassReader:
    """Reads named classes into criteria trees, each once."""

    def __init__(self, graph: Graph, model: Model) -> None:
        self.graph, self.model = graph, model
        self._by_iri = {finding.iri: finding for finding in model.findings.values()}
        self._values = {f.iri: {v.iri: i for i, v in enumerate(f.values)} for f in model.findings.values()}
        self._links = {kind.link for kind in model.kinds.values() if kind.link}
        self._kinds = {kind.iri for kind in model.kinds.values()}
        self._done: dict[str, Named] = {}
        self._active: list[str] = []

    def read(self, iri: str) -> Named:
        """The tree of a named class; raises FragmentError for a cycle, no definition, or a foreign construct."""
        if (done := self._done.get(iri)) is not None:
            return done
        if iri in self._active:
            raise FragmentError(f"class `{short(iri)}` is defined by itself", self.graph.file(iri), "break the cycle")
        definitions = self.graph.nodes(iri, OWL + "equivalentClass")
        self._refuse_other(iri)
        if len(definitions) != 1:
            count = "no definition" if not definitions else "more than one definition"
            # A class that nobody describes has no place of its own: the class that names it has.
            user = self._active[-1] if self._active and not definitions else iri
            error = FragmentError(
                f"class `{short(iri)}` has {count}", self.graph.file(user), "give it one owl:equivalentClass"
            )
            error.term = user
            raise error
        self._active.append(iri)
        try:
            self._done[iri] = Named(iri, self.expression(definitions[0]))
        except FragmentError as error:
            error.term = error.term or iri
            raise
        finally:
            self._active.pop()
        return self._done[iri]

    def _refuse_other(self, iri: str) -> None:
        """Raise for a value or a built-in class that stands where a class of subjects should."""
        user = self._active[-1] if self._active else iri
        finding = next((f for f, values in self._values.items() if iri in values), None)
        if finding is None and iri not in (OWL + "Thing", OWL + "Nothing"):
            return
        if finding is None:
            what, hint = f"`owl:{short(iri)}` is not read", "name a class of subjects that the ontology defines"
        else:
            what = f"`{short(iri)}` is a value, not a class of subjects"
            hint = f"write a restriction: owl:onProperty {short(finding)}, owl:hasValue with the value"
        error = FragmentError(what, self.graph.file(user), hint)
        error.term = user
        raise error

    def expression(self, node: str) -> Criterion:
        """The tree of a class expression."""
        graph, where = self.graph, self.graph.file(node)
        if node in self._kinds:
            # Every subject is of its kind; naming it keeps reasoners from asking the class of everything else.
            return All(())
        if not node.startswith("_:"):
            return self.read(node)
        if (head := graph.node(node, OWL + "intersectionOf")) is not None:
            return All(tuple(self.expression(_node(part, where)) for part in graph.list(head)))
        if (head := graph.node(node, OWL + "unionOf")) is not None:
            return Any(tuple(self.expression(_node(part, where)) for part in graph.list(head)))
        if (part := graph.node(node, OWL + "complementOf")) is not None:
            return Not(self.expression(part))
        if (path := graph.node(node, OWL + "onProperty")) is not None:
            return self._restriction(node, path)
        constructs = sorted(short(p) for p in graph.predicates(node) if p != RDF + "type")
        named = ", ".join(f"`{construct}`" for construct in constructs) or "an empty node"
        raise FragmentError(f"{named} is outside the fragment", where, _FRAGMENT)

    def _restriction(self, node: str, path: str) -> Criterion:
        graph, where = self.graph, self.graph.file(node)
        filler = graph.node(node, OWL + "someValuesFrom")
        if path in self._links and filler is not None:
            return self.expression(filler)
        finding = self._by_iri.get(path)
        if finding is None and path in self._links:
            raise self._foreign(node, f"the link `{short(path)}`")
        if finding is None and path.startswith("_:"):
            raise self._foreign(path, "a property without a name")
        if finding is None:
            meant = None if RDF + "type" in graph.predicates(path) else near(short(path), map(short, self._by_iri))
            hint = f"did you mean `{meant}`?" if meant else "declare it as a gr:Finding"
            raise FragmentError(f"`{short(path)}` is neither a finding nor a link between subjects", where, hint)
        values = self._values[path]
        value = graph.node(node, OWL + "hasValue")
        if value is not None and value in values:
            return Among(finding.notation, 1 << values[value])
        if value is not None:
            raise FragmentError(
                f"`{short(value)}` is no value of `{finding.notation}`", where, _meant(graph, value, values)
            )
        if filler is None:
            raise self._foreign(node, f"`{finding.notation}`")
        if finding.range is not None:
            return Within(finding.notation, *bounds_of(graph, filler))
        return Among(finding.notation, mask_of(graph, values, filler))

    def _foreign(self, node: str, about: str) -> FragmentError:
        """The error for a restriction with a construct that is not read."""
        graph = self.graph
        known = (RDF + "type", OWL + "onProperty")
        constructs = sorted(short(p) for p in graph.predicates(node) if p not in known)
        literal = next((v.value for v in graph.values(node, OWL + "hasValue") if not isinstance(v, str)), None)
        if literal is not None:
            return FragmentError(
                f"`{literal}` is text where a value of {about} should stand", graph.file(node), "name one of its values"
            )
        hint = next((_INSTEAD[c] for c in constructs if c in _INSTEAD), _FRAGMENT)
        if any("ardinality" in construct for construct in constructs):
            hint = _ONE_VALUE
        named = ", ".join(f"`owl:{construct}`" for construct in constructs) or "a restriction without a value"
        return FragmentError(f"{named} on {about} is outside the fragment", graph.file(node), hint)

    def axioms(self) -> list[tuple[str, Criterion]]:
        """Model axioms: a defined class below another defined class, as (IRI of the first, ``¬first ∨ second``)."""
        found: list[tuple[str, Criterion]] = []
        for iri in self.graph.instances(OWL + "Class"):
            if iri.startswith("_:") or iri in self._kinds or not self.graph.nodes(iri, OWL + "equivalentClass"):
                continue
            for parent in self.graph.nodes(iri, RDFS + "subClassOf"):
                if parent in self._kinds or not self._speaks_of_subjects(iri):
                    continue
                found.append((iri, Any((Not(self.read(iri)), self.expression(parent)))))
        return found

    def _speaks_of_subjects(self, iri: str) -> bool:
        """Whether the class is one of subjects: value classes are defined by enumeration instead."""
        definition = self.graph.node(iri, OWL + "equivalentClass")
        while definition is not None:
            if self.graph.node(definition, OWL + "oneOf") is not None:
                return False
            if self.graph.node(definition, OWL + "onProperty") is not None:
                return True
            head = next((h for c in ("intersectionOf", "unionOf") if (h := self.graph.node(definition, OWL + c))), None)
            first = next(self.graph.list(head), None) if head else self.graph.node(definition, OWL + "complementOf")
            definition = first if isinstance(first, str) else None
            if definition in self._kinds:
                return True
            if definition is not None and not definition.startswith("_:"):
                definition = self.graph.node(definition, OWL + "equivalentClass")
        return False


def value_classes(graph: Graph, finding: Finding) -> dict[str, int]:
    """Every named class that enumerates values of the finding, as masks."""
    values = {value.iri: i for i, value in enumerate(finding.values)}
    found: dict[str, int] = {}
    # Most classes are of subjects: one look at the first leaf saves an error with its hint for each.
    for iri, leaf in _first_leaves(graph, graph.size):
        if leaf in values:
            try:
                found[iri] = mask_of(graph, values, iri)
            except FragmentError:
                continue
    return found


@lru_cache(maxsize=1)
def _first_leaves(graph: Graph, size: int) -> tuple[tuple[str, Term | None], ...]:
    """Every named class with its first leaf, found once for all findings; ``size`` tells that the graph has grown."""
    assert size == graph.size
    named = (iri for iri in graph.instances(OWL + "Class") if not iri.startswith("_:"))
    return tuple((iri, _first_leaf(graph, iri)) for iri in named)


def _first_leaf(graph: Graph, class_: str) -> Term | None:
    """The first value that the definition of a value class names; None where it is no value class."""
    node: Term | None = class_
    seen: set[str] = set()
    while isinstance(node, str) and node not in seen:
        seen.add(node)
        said = graph.predicates(node)
        if OWL + "oneOf" in said:
            return next(graph.list(str(said[OWL + "oneOf"][0])), None)
        lists = said.get(OWL + "unionOf") or said.get(OWL + "intersectionOf")
        if lists:
            node = next(graph.list(str(lists[0])), None)
        else:
            node = next(iter(said.get(OWL + "complementOf") or said.get(OWL + "equivalentClass") or ()), None)
    return None


def short(node: Term) -> str:
    """A CURIE of our terms, the local name of others, or the lexical form of a literal."""
    if not isinstance(node, str):
        return node.value
    base = "https://w3id.org/guideline-reasoner/"
    return "gr:" + node[len(base) :] if node.startswith(base) else node.rsplit("#")[-1].rsplit("/")[-1]


def _node(part: Term, where: str) -> str:
    if isinstance(part, str):
        return part
    raise FragmentError(f"a literal `{part.value}` stands where a class should", where, _FRAGMENT)
