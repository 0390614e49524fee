"""Which data a guideline reads, as FHIR data requirements: all of it follows from the mapping and the criteria."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reasoner.answer import NOTICE
from reasoner.assess import Reasoner
from reasoner.criteria import support
from reasoner.gradings import Grading
from reasoner.guidelines import Guideline

from .codes import Codes, codes_of
from .names import CANONICAL, EXTENSION, Json, Release, coding, extension
from .telling import canonical_of, guideline_of, marks

_LIBRARY = "http://terminology.hl7.org/CodeSystem/library-type"


def of_findings(codes: Codes, names: Iterable[str], release: Release) -> list[Json]:
    """The data that would state each finding or what derives it; those of one finding are alternatives."""
    wanted = sorted(set(names))
    found = codes.requirements[release].of(wanted)
    told = {_about(requirement) for requirement in found}
    # Nothing is dropped: a finding that no resource states is asked for all the same.
    bare = [name for name in wanted if name not in told]
    return found + [
        {"extension": [extension("finding", extension=[{"url": "finding", "valueCoding": codes.finding(name)}])],
         "type": "Observation"}
        for name in bare
    ]  # fmt: skip


def _about(requirement: Json) -> str:
    """The finding that a requirement is for."""
    (told,) = (own for own in requirement["extension"] if own["url"] == EXTENSION + "finding")
    return next(str(part["valueCoding"]["code"]) for part in told["extension"] if part["url"] == "finding")


def of_subject(codes: Codes, kind: str, release: Release) -> list[Json]:
    """The data that would establish a subject of a kind: what its establishing findings are stated by."""
    mapping = codes.mapping
    names = {
        rule.meaning.finding
        for rules in (*mapping.rules.values(), *([r for _, r in pairs] for pairs in mapping.beginnings.values()))
        for rule in rules
        if rule.meaning.order and codes.model.findings[rule.meaning.finding].kind == kind
    }
    if not names:
        return [{"type": "Patient"}]
    return [one for one in of_findings(codes, names, release) if one["type"] in mapping.resources]


def read_by(reasoner: Reasoner, guideline: Guideline) -> list[str]:
    """The findings that the answers of a guideline can depend on, those that derive others included, sorted."""
    derivations = reasoner.knowledge.derivations
    inputs = {grading.iri: (grading.finding, _inputs(grading)) for grading in derivations.gradings}
    found = {name for tree in guideline.trees() for name in support(tree)}
    if (located := reasoner.knowledge.mapping.located) is not None and guideline.kind == located.kind:
        found.add(located.by)
    before: set[str] = set()
    while before != found:
        before = set(found)
        for finding, own in inputs.values():
            found |= own if finding in found else set()
        for recorded in derivations.recorded:
            if recorded.finding in found:
                found |= set(recorded.when_recorded).union(*(inputs[iri][1] for iri in recorded.usable_gradings))
        for axiom in derivations.axioms:
            told = support(axiom.tree)
            found |= told if told & found else set()
    kinds = reasoner.knowledge.model.lineage(guideline.kind)
    return sorted(name for name in found if reasoner.knowledge.model.findings[name].kind in kinds)


def _inputs(grading: Grading) -> frozenset[str]:
    """The findings that a grading reads."""
    scales = [scale for step in grading.steps for scale in step.scales]
    trees = [*(band for scale in scales for _, band in scale.bands), *(scale.voided_by for scale in scales)]
    trees += [step.unless for step in grading.steps]
    trees += [tree for own in grading.discordances for tree in (own.when, own.voided_by)]
    listed = {*grading.comparison_inputs, *(name for scale in scales for name in scale.inputs)}
    return frozenset(listed.union(*(support(tree) for tree in trees if tree is not None)))


def data_requirements(reasoner: Reasoner, guideline: str, release: Release) -> Json:
    """What ``$data-requirements`` answers: a Library of the type module-definition.

    Raises UsageError for a guideline that is not loaded.
    """
    own, codes = guideline_of(reasoner, guideline), codes_of(reasoner)
    id_ = f"{own.id}-data-requirements"
    return {
        "resourceType": "Library",
        "id": id_,
        "extension": marks(own),
        "url": f"{CANONICAL}Library/{id_}",
        "version": own.version,
        "name": "DataRequirementsOf" + "".join(part.capitalize() for part in re.split("[^a-zA-Z0-9]+", own.id)),
        "title": f"Data that the {own.label} reads",
        "status": "active",
        "experimental": False,
        "type": {"coding": [coding(_LIBRARY, "module-definition")]},
        "subjectCodeableConcept": {"coding": [coding("http://hl7.org/fhir/resource-types", "Patient")]},
        "description": (
            "Effective data requirements, computed from the criteria of the guideline and the code mappings. "
            f"Requirements that name the same finding are alternatives. {NOTICE}"
        ),
        "relatedArtifact": [{"type": "depends-on", "resource": canonical_of(own)}],
        "dataRequirement": of_findings(codes, read_by(reasoner, own), release),
    }
