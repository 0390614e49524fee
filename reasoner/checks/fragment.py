"""Checks of class expressions: inside the OWL fragment, able to have a member, and within the range of each finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reasoner.criteria import All, Among, Any, Criterion, Named, Not, Within
from reasoner.errors import FragmentError, KnowledgeError
from reasoner.graph import OWL, RDF, RDFS, XSD
from reasoner.model import Finding
from reasoner.owl import ClassReader, short
from reasoner.program import Program

from .bench import Bench
from .found import Found
from .problem import Problem
from .uses import unlisted

_READ = {
    OWL + name
    for name in (
        "backwardCompatibleWith", "complementOf", "deprecated", "differentFrom", "disjointWith", "distinctMembers",
        "equivalentClass", "hasValue", "imports", "incompatibleWith", "intersectionOf", "members", "onDatatype",
        "onProperty", "oneOf", "priorVersion", "someValuesFrom", "unionOf", "versionIRI", "versionInfo",
        "withRestrictions",
    )
}  # fmt: skip
"""What the program, or a reader of documents, makes something of."""
_LIMITS = {XSD + side + kind for side in ("min", "max") for kind in ("Inclusive", "Exclusive")}
_KINDS = {OWL + name for name in ("TransitiveProperty", "InverseFunctionalProperty")}


def classes(bench: Bench) -> Found:
    """Every class axiom lies in the fragment that the program reads."""
    yield from bench.memo.get(("classes", bench.key), lambda: list(_classes(bench)))


def _classes(bench: Bench) -> Found:
    graph = bench.graph
    yield from _foreign(bench)
    yield from _limits(bench)
    try:
        model = bench.model
    except KnowledgeError as error:
        yield from bench.from_error(error)
        return
    reader = ClassReader(graph, model)
    read: dict[str, Named] = {}
    lost = {short(value) for value in unlisted(bench)}
    for iri in graph.instances(OWL + "Class"):
        if iri.startswith("_:") or not graph.nodes(iri, OWL + "equivalentClass") or _is_of_values(bench, iri):
            continue
        yield 1
        try:
            read[iri] = reader.read(iri)
        except KnowledgeError as error:
            term = error.term if isinstance(error, FragmentError) and error.term else iri
            yield bench.problem(
                term,
                error.message,
                error.hint or "mend it",
                clues=(term,),
                coarse=any(f"`{v}`" in error.message for v in lost),
            )
    for iri, named in list(read.items()):
        for problem in _ranges(bench, iri, named, model.findings):
            read.pop(iri, None)  # that it can have no member would only follow
            yield problem
    yield from _empty(bench, reader, read)


def _foreign(bench: Bench) -> Iterator[Problem]:
    """Axioms that the program would pass over in silence."""
    graph = bench.graph
    for subject, predicate, value in graph.triples():
        if subject.startswith("_:"):
            continue
        construct = predicate if predicate.startswith(OWL) and predicate not in _READ else value
        is_kind = construct is value and value in _KINDS
        if construct is predicate or is_kind:
            name = str(construct).removeprefix(OWL)
            message = f"`owl:{name}` is outside the fragment: the program does not read it"
            fix = "say it in the definitions of the classes that need it, or remove it"
            yield bench.problem(subject, message, fix, clues=(f"owl:{name}",))


def _limits(bench: Bench) -> Iterator[Problem]:
    """Facets of the datatype that they restrict, the lower not above the upper."""
    graph = bench.graph
    for node in graph.all_subjects():
        base, head = graph.node(node, OWL + "onDatatype"), graph.node(node, OWL + "withRestrictions")
        if base is None or head is None:
            continue
        for facet in graph.list(head):
            for predicate, values in graph.predicates(str(facet)).items():
                literal = values[0]
                kind = "" if isinstance(literal, str) else literal.datatype.value
                is_limit = predicate in _LIMITS and not isinstance(literal, str)
                if is_limit and not isinstance(literal, str) and kind not in (base, XSD + "integer"):
                    said, meant = kind.removeprefix(XSD), base.removeprefix(XSD)
                    message = f'the limit `"{literal.value}"` is an `xsd:{said}`, but the range is of `xsd:{meant}`'
                    fix = f'write `"{literal.value}"^^xsd:{meant}`'
                    yield bench.problem(node, message, fix, clues=(f'"{literal.value}"',))


def _ranges(bench: Bench, iri: str, named: Named, findings: Mapping[str, Finding]) -> Iterator[Problem]:
    for leaf in _leaves(named.part):
        if not isinstance(leaf, Within):
            continue
        finding = findings[leaf.finding]
        range_ = finding.range
        assert range_ is not None
        limits = [limit for limit in (leaf.low, leaf.high) if limit is not None]
        outside = [
            limit for limit in limits
            if (range_.minimum is not None and limit < range_.minimum)
            or (range_.maximum is not None and limit > range_.maximum)
        ]  # fmt: skip
        for limit in outside:
            bounds = " to ".join("any" if b is None else f"{b:g}" for b in (range_.minimum, range_.maximum))
            message = (
                f"the limit {limit:g} lies outside the range of `{finding.notation}`, {bounds} {range_.unit}".rstrip()
            )
            clues = (f'"{limit:g}"', f'"{limit}"', f" {limit:g} ", finding.iri)
            yield bench.problem(iri, message, "mend the limit, or rdfs:range of the finding", clues=clues)
        if not outside and leaf.low is not None and leaf.high is not None and leaf.low > leaf.high:
            message = f"the lower limit {leaf.low:g} of `{finding.notation}` lies above the upper limit {leaf.high:g}"
            yield bench.problem(iri, message, "exchange the two limits", clues=(f'"{leaf.low}"', finding.iri))


def _leaves(tree: Criterion) -> Iterator[Among | Within | Named]:
    """What a definition itself writes: its atoms, and the classes that it names."""
    match tree:
        case Among() | Within() | Named():
            yield tree
        case All(parts) | Any(parts):
            for part in parts:
                yield from _leaves(part)
        case Not(part):
            yield from _leaves(part)


def _empty(bench: Bench, reader: ClassReader, read: Mapping[str, Named]) -> Iterator[Problem]:
    """Classes that no subject can belong to, the causes and not what is built on them."""
    try:
        axioms = [tree for _, tree in reader.axioms()]
    except KnowledgeError:
        return  # told class by class
    program = Program(reader.model, axioms, read.values())
    empty = {iri for iri, named in read.items() if not program.named(named).allowed_yes}
    for iri in sorted(empty):
        if any(isinstance(leaf, Named) and leaf.iri in empty for leaf in _leaves(read[iri].part)):
            continue
        clash = _clash(read[iri].part)
        finding = reader.model.findings[clash[0].finding] if clash else None
        if finding is None:
            yield bench.problem(iri, "can have no member", "find the parts that exclude each other")
            continue
        names = [f"`{name}`" for own in clash for name in finding.notations(own.mask)]
        values = [value.iri for own in clash for value in finding.values if own.mask & finding.mask(value.notation)]
        message = f"can have no member: it asks for {' and '.join(names)} of `{finding.notation}` at once"
        fix = "a finding has one value: write owl:unionOf, or one owl:someValuesFrom with owl:oneOf"
        yield bench.problem(iri, message, fix, clues=values[-1:])


def _clash(tree: Criterion) -> tuple[Among, ...]:
    """Two parts of one intersection that leave a finding no value."""
    match tree:
        case All(parts):
            own = [part for part in parts if isinstance(part, Among)]
            for place, one in enumerate(own):
                for other in own[place + 1 :]:
                    if one.finding == other.finding and not one.mask & other.mask:
                        return one, other
            return next((found for part in parts if (found := _clash(part))), ())
        case Any(parts):
            return next((found for part in parts if (found := _clash(part))), ())
        case Not(part):
            return _clash(part)
    return ()


def _is_of_values(bench: Bench, iri: str) -> bool:
    """Whether a class is one of values: an enumeration, or made of such."""
    graph, seen = bench.graph, set()
    node: str | None = iri
    while node is not None and node not in seen:
        seen.add(node)
        if graph.node(node, OWL + "oneOf") is not None:
            return True
        heads = (graph.node(node, OWL + construct) for construct in ("unionOf", "intersectionOf"))
        head = next((h for h in heads if h), None)
        first = graph.node(head, RDF + "first") if head else None
        node = first or graph.node(node, OWL + "complementOf") or graph.node(node, OWL + "equivalentClass")
    return False


def profile(bench: Bench) -> Found:
    """OWL 2 DL where editors slip: one kind for each property, declared classes, no list outside an axiom."""
    graph = bench.graph
    kinds = tuple(OWL + kind for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty"))
    for kind in kinds:
        for iri in graph.instances(kind):
            yield 1
            own = [
                other.removeprefix(OWL) for other in kinds if kind != other and other in graph.nodes(iri, RDF + "type")
            ]
            if own and kind != kinds[2]:
                message = f"is a property of more than one kind: {kind.removeprefix(OWL)} and {' and '.join(own)}"
                yield bench.problem(iri, message, "keep one of the declarations")
    annotations = set(graph.subjects(RDF + "type", kinds[2]))
    for subject, predicate, object_ in graph.triples():
        if predicate == OWL + "onProperty" and object_ in annotations:
            message = f"`{bench.curie(str(object_))}` is an annotation property and stands in a restriction"
            yield bench.problem(subject, message, "declare it as a gr:Finding, or name a finding")
        if predicate in (RDFS + "subClassOf", OWL + "equivalentClass") and not subject.startswith("_:"):
            yield 1
            types = graph.nodes(subject, RDF + "type")
            if OWL + "Class" not in types and RDFS + "Datatype" not in types:
                message = "has class axioms but is not declared as a class"
                yield bench.problem(subject, message, "add `a owl:Class`", coarse=True)
        is_list = isinstance(object_, str) and graph.nodes(object_, RDF + "first")
        if is_list and predicate != RDF + "rest" and predicate not in _LISTS:
            message = f"`{bench.curie(predicate)}` leads to a list, which only OWL constructs may"
            yield bench.problem(subject, message, "give each member by itself, with gr:order if they have one",
                                clues=(predicate,))  # fmt: skip


_LISTS = {OWL + name for name in ("intersectionOf", "unionOf", "oneOf", "distinctMembers", "members",
                                  "withRestrictions", "disjointUnionOf", "propertyChainAxiom", "hasKey")}  # fmt: skip
