"""Our terms as CodeSystem and ValueSet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reasoner.fhir.tables import System
from reasoner.graph import DEFINITION, GR, LABEL, SKOS
from reasoner.model import Finding

from .codes import Codes
from .frame import Json, Maker, fhir_id
from .requirement import code_set

_CLASSES = (
    "Verdict", "Strength", "Certainty", "Direction", "Status", "MissingDataPolicy", "Measure", "Outcome", "Role",
    "Decision", "Intervention", "Grade", "Severity",
)  # fmt: skip
"""Classes of the vocabulary whose individuals are the codes of a code system."""
_PARENT = {"code": "parent", "uri": "http://hl7.org/fhir/concept-properties#parent", "type": "code"}


def terminology(maker: Maker, codes: Codes) -> Iterator[Json]:
    """Code systems of findings, of the values of each, of the vocabulary and of the local codes; value sets of them."""
    findings = list(codes.findings.values())
    yield from _pair(maker, "finding", GR + "Finding", [_concept(maker, finding.iri) for finding in findings])
    for finding in findings:
        if finding.values:
            yield from _values(maker, finding)
    for class_ in _CLASSES:
        yield from _vocabulary(maker, GR + class_)
    yield from _parts(maker)
    for system in codes.local:
        yield _local(maker, codes, system)
    for finding in findings:
        for kind in codes.kinds_of(finding.notation):
            yield _code_set(maker, codes, finding, kind)


def _concept(maker: Maker, iri: str) -> Json:
    made: Json = {"code": maker.notation(iri), "display": maker.label(iri)}
    if definition := maker.text(iri, DEFINITION):
        made["definition"] = definition
    parents = [{"code": "parent", "valueCode": maker.notation(up)} for up in maker.graph.nodes(iri, SKOS + "broader")]
    if parents:
        made["property"] = sorted(parents, key=lambda own: own["valueCode"])
    return made


def _pair(maker: Maker, id_: str, iri: str, concepts: list[Json], title: str = "") -> Iterator[Json]:
    """A code system and the value set of all that is in it."""
    yield _system(maker, id_, iri, concepts, title)
    yield _set(maker, id_, iri, [{"system": maker.canonical("CodeSystem", id_)}], title)


def _system(maker: Maker, id_: str, iri: str, concepts: list[Json], title: str = "") -> Json:
    made = maker.artifact("CodeSystem", id_, iri, title=title)
    made |= {"caseSensitive": True, "valueSet": maker.canonical("ValueSet", id_), "content": "complete"}
    made["count"] = len(concepts)
    if any("property" in concept for concept in concepts):
        made["property"] = [_PARENT]
    return made | {"concept": concepts}


def _set(maker: Maker, id_: str, iri: str, include: list[Json], title: str = "", description: str = "") -> Json:
    made = maker.artifact("ValueSet", id_, iri, title=title, description=description)
    return made | {"compose": {"include": include}}


def _values(maker: Maker, finding: Finding) -> Iterator[Json]:
    """The values of a finding in their order, and a value set for each named class of them."""
    concepts = [_concept(maker, value.iri) for value in finding.values]
    yield from _pair(maker, fhir_id(finding.notation), finding.iri, concepts)
    system = maker.canonical("CodeSystem", fhir_id(finding.notation))
    for iri, mask in sorted(finding.classes.items()):
        if mask != finding.full and mask & (mask - 1) and maker.graph.text(iri, LABEL):
            members = [_short(maker, value.iri) for i, value in enumerate(finding.values) if mask >> i & 1]
            id_ = fhir_id(f"{finding.notation}-{maker.notation(iri)}")
            yield _set(maker, id_, iri, [{"system": system, "concept": members}])


def _short(maker: Maker, iri: str) -> Json:
    return {"code": maker.notation(iri), "display": maker.label(iri)}


def _vocabulary(maker: Maker, class_: str) -> Iterator[Json]:
    """The individuals of a class, by the part of their IRIs before the notation."""
    for id_, members in _by_space(maker, maker.graph.instances(class_)).items():
        yield from _pair(maker, id_, class_, [_concept(maker, iri) for iri in members])


def _by_space(maker: Maker, iris: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for iri in iris:
        found.setdefault(maker.space(iri), []).append(iri)
    return found


def _parts(maker: Maker) -> Iterator[Json]:
    """What tells several subjects of one person apart."""
    for kind in maker.knowledge.model.kinds.values():
        if kind.apart is not None:
            concepts = [_concept(maker, iri) for iri, _ in kind.parts]
            yield from _pair(maker, maker.space(kind.parts[0][0]), kind.apart, concepts)


def _local(maker: Maker, codes: Codes, system: System) -> Json:
    """A local code system, under the address that patient data name it by."""
    iri = codes.local_iri(system)
    id_ = fhir_id(f"local-{system.uri.rstrip('/').rpartition('/')[2]}")
    made = maker.artifact("CodeSystem", id_, iri)
    concepts = [
        {"code": code, "display": display, "definition": definition}
        for code, (display, definition) in sorted(codes.locals(system).items())
    ]
    made |= {"url": system.uri, "caseSensitive": True, "content": "complete", "count": len(concepts)}
    return made | {"concept": concepts}


def _code_set(maker: Maker, codes: Codes, finding: Finding, kind: str) -> Json:
    """The codes that tell a finding in one resource type."""
    return _set(
        maker,
        code_set(finding.notation, kind),
        finding.iri,
        codes.value_set(finding.notation, kind),
        f"Codes of {finding.label} in {kind}",
        f"The codes by which a {kind} tells: {finding.label}. A pattern stands for every code that begins so.",
    )
