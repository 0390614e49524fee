"""Reads the patient model (kinds of subject, findings, value partitions) from the knowledge graph."""

from __future__ import annotations

from dataclasses import replace

from .errors import KnowledgeError, raise_all
from .graph import DEFINITION, GR, LABEL, NOTATION, OWL, RDFS, TYPE, XSD, Graph
from .model import Finding, Kind, Model, Range, Value
from .owl import bounds_of, short, value_classes


def read_model(graph: Graph) -> Model:
    """The model; raises KnowledgeError for the findings that cannot be used."""
    kinds = _read_kinds(graph)
    names = {kind.iri: name for name, kind in kinds.items()}
    findings: dict[str, Finding] = {}
    problems = []
    for iri in graph.instances(GR + "Finding"):
        try:
            finding = _read_finding(graph, iri, names)
            if (other := findings.get(finding.notation)) is not None:
                what = f"has the notation `{finding.notation}`, as `{short(other.iri)}` has"
                raise KnowledgeError(f"`{short(iri)}` {what}", graph.file(iri), "give it a notation of its own")
            findings[finding.notation] = finding
        except KnowledgeError as error:
            error.term = error.term or iri
            problems.append(error)
    raise_all(problems)
    return Model(dict(sorted(findings.items())), kinds)


def _read_kinds(graph: Graph) -> dict[str, Kind]:
    iris = [iri for iri in graph.subjects(RDFS + "subClassOf", GR + "Subject") if not iri.startswith("_:")]
    kinds = {}
    for iri in sorted(set(iris)):
        links = [
            prop
            for prop in graph.subjects(RDFS + "domain", iri)
            if graph.node(prop, RDFS + "range") in iris and OWL + "FunctionalProperty" in graph.nodes(prop, TYPE)
        ]
        if len(links) > 1:
            raise KnowledgeError(
                f"`{short(iri)}` has more than one link to another subject", graph.file(iri), "keep one functional link"
            )
        parent = graph.node(links[0], RDFS + "range") if links else None
        name = short(iri).removeprefix("gr:")
        owner = short(parent).removeprefix("gr:") if parent else None
        apart = graph.node(iri, GR + "toldApartBy")
        kinds[name] = Kind(name, iri, links[0] if links else None, owner, apart, _parts(graph, apart))
    return kinds


def _parts(graph: Graph, apart: str | None) -> tuple[tuple[str, str], ...]:
    range_ = graph.node(apart, RDFS + "range") if apart else None
    parts = [(graph.text(iri, NOTATION) or short(iri), iri) for iri in graph.instances(range_)] if range_ else []
    return tuple((iri, notation) for notation, iri in sorted(parts))


def _read_finding(graph: Graph, iri: str, kinds: dict[str, str]) -> Finding:
    where = graph.file(iri)
    notation, domain, range_ = (
        graph.text(iri, NOTATION),
        graph.node(iri, RDFS + "domain"),
        graph.node(iri, RDFS + "range"),
    )
    if notation is None:
        raise KnowledgeError(f"finding `{short(iri)}` has no notation", where, "add skos:notation")
    if range_ is None:
        raise KnowledgeError(f"finding `{short(iri)}` has no range", where, "add rdfs:range")
    if domain is None or domain not in kinds:
        known = ", ".join(f"`{short(kind)}`" for kind in sorted(kinds))
        what = "has no domain" if domain is None else f"has the domain `{short(domain)}`, which is no kind of subject"
        raise KnowledgeError(f"finding `{short(iri)}` {what}", where, f"give rdfs:domain one of {known}")
    policy = graph.node(iri, GR + "whenNotRecorded")
    finding = Finding(
        notation=notation,
        iri=iri,
        label=graph.text(iri, LABEL) or notation,
        definition=graph.text(iri, DEFINITION) or "",
        kind=kinds[domain],
        values=(),
        range=None,
        policy="ask" if policy is None else graph.text(policy, NOTATION) or "ask",
        assumed=0,
        question=graph.text(iri, GR + "question") or "",
        group=graph.text(iri, GR + "group") or "",
        immutable=graph.text(iri, GR + "immutable") == "true",
        classes={},
    )
    if OWL + "DatatypeProperty" in graph.nodes(iri, TYPE):
        base = graph.node(range_, OWL + "onDatatype") or range_
        low, _, high, _ = bounds_of(graph, range_)
        return replace(finding, range=Range(base == XSD + "integer", low, high, graph.text(iri, GR + "unit") or ""))
    return _with_values(graph, finding, range_, where)


def _with_values(graph: Graph, finding: Finding, range_: str, where: str) -> Finding:
    definition = graph.node(range_, OWL + "equivalentClass") or range_
    head = graph.node(definition, OWL + "oneOf")
    if head is None:
        raise KnowledgeError(
            f"the range of `{finding.notation}` is not an enumeration", where, "define it with owl:oneOf"
        )
    values = []
    for iri in graph.list(head):
        if not isinstance(iri, str) or (notation := graph.text(iri, NOTATION)) is None:
            raise KnowledgeError(f"a value of `{finding.notation}` has no notation", where, "add skos:notation")
        values.append(Value(notation, iri, graph.text(iri, LABEL) or notation, _order(graph, iri)))
    values.sort(key=lambda value: (value.order, value.notation))
    finding = replace(finding, values=tuple(values))
    assumed = graph.node(finding.iri, GR + "assumedValue")
    mask = next((1 << i for i, value in enumerate(values) if value.iri == assumed), 0)
    if finding.policy == "assume" and not mask:
        known = ", ".join(f"`{short(value.iri)}`" for value in values)
        what = "no value is named" if assumed is None else f"`{short(assumed)}` is no value of it"
        raise KnowledgeError(
            f"`{finding.notation}` is to be assumed, but {what}", where, f"give gr:assumedValue one of {known}"
        )
    return replace(finding, assumed=mask, classes=value_classes(graph, finding))


def _order(graph: Graph, iri: str) -> int:
    text = graph.text(iri, GR + "order") or "0"
    try:
        return int(text)
    except ValueError:
        error = KnowledgeError(f"`{short(iri)}` has the order `{text}`", graph.file(iri), "give a whole number")
        error.term = iri
        raise error from None
