"""The pages of the vocabulary: findings, named classes, interventions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from reasoner.graph import GR, SKOS
from reasoner.model import Finding
from reasoner.sentences import number_range

from .mapping import codes_by_finding
from .site import Site
from .vocabulary import INTERVENTIONS, within

Context = dict[str, Any]


def findings(site: Site) -> Context:
    """All findings by group."""
    codes = codes_by_finding(site)
    groups: dict[str, list[Finding]] = {}
    for finding in site.model.findings.values():
        groups.setdefault(finding.group or "Other", []).append(finding)
    return {
        "groups": [
            {
                "name": name,
                "anchor": site.addresses.anchor(f"group-{name}"),
                "findings": [_finding(f, codes, site) for f in own],
            }
            for name, own in sorted(groups.items())
        ],
        "count": len(site.model.findings),
    }


def _finding(own: Finding, codes: Mapping[str, list[str]], site: Site) -> Context:
    policy = site.words.label("policy", own.policy)
    if own.assumed:
        policy += f": {site.words.said(own.notation, own.notations(own.assumed)[0])}"
    return {
        "own": own,
        "anchor": site.addresses.id_of(own.iri),
        "kind": site.words.kind(own.kind),
        "values": [(value, site.definition(value.iri)) for value in own.values],
        "range": number_range(own.notation, site.words) if own.range is not None else "",
        "ucum": own.range.unit if own.range is not None else "",
        "policy": policy,
        "codes": codes.get(own.notation, []),
        "classes": [
            site.link(iri) for iri in sorted(own.classes, key=site.vocabulary.sorting) if own.classes[iri] != own.full
        ],
        "recommendations": _users_of(own, site),
        "sources": site.sources_of(own.iri),
        "notes": site.notes(own.iri),
        "axiom": site.places.of(own.iri),
    }


def _users_of(own: Finding, site: Site) -> list[Markup]:
    """The recommendations whose criteria depend on the finding."""
    space = site.program.space
    found = []
    for guideline in site.knowledge.guidelines:
        for r in guideline.recommendations:
            if space.support(site.program.named(r.eligibility).yes) & space.fields[own.notation].mask:
                found.append(site.recommendation(r.id))
    return found


def classes(site: Site) -> Context:
    """All named classes of subjects, and the named sets of values."""
    return {
        "classes": [_class(iri, site) for iri in site.vocabulary.classes],
        "values": [
            _described(iri, site)
            | {
                "finding": site.link(finding.iri),
                "members": [value.label for i, value in enumerate(finding.values) if mask >> i & 1],
            }
            for iri, (finding, mask) in sorted(
                site.vocabulary.value_classes.items(), key=lambda item: site.vocabulary.sorting(item[0])
            )
        ],
    }


def _described(iri: str, site: Site) -> Context:
    axiom, place = site.axiom(iri)
    return {
        "label": site.vocabulary.label(iri),
        "anchor": site.addresses.id_of(iri),
        "definition": site.definition(iri),
        "axiom": axiom,
        "place": place,
        "notes": site.notes(iri),
        "sources": site.sources_of(iri),
    }


def _class(iri: str, site: Site) -> Context:
    tree = site.vocabulary.classes[iri]
    above = [
        other for other, whole in site.vocabulary.classes.items()
        if iri in {named.iri for named in within(whole, itself=False)}
    ]  # fmt: skip
    return _described(iri, site) | {
        "outline": site.outline(tree.part),
        "above": [site.link(other) for other in above],
        "recommendations": [site.recommendation(own.id) for own in site.by_class.get(iri, [])],
        "elsewhere": _elsewhere(iri, site),
    }


def _elsewhere(iri: str, site: Site) -> list[tuple[str, list[Markup]]]:
    """What else of the knowledge names the class: a guideline as its scope, a gap, a caution."""
    eligible = {own.iri for own in site.by_class.get(iri, [])}
    named = {
        subject
        for subject, predicate, object_ in site.graph.triples()
        if object_ == iri and predicate.startswith(GR) and not subject.startswith("_:")
    }
    return site.by_type(named - eligible)


def interventions(site: Site) -> Context:
    """All interventions with what is broader, and the outcomes that evidence is about."""
    used: dict[str, list[Markup]] = {}
    for own in site.words.recommendations.values():
        for iri in sorted({iri for option in own.interventions for iri in option}):
            used.setdefault(iri, []).append(site.recommendation(own.id))
    graph = site.graph
    apart: dict[str, set[Markup]] = {}
    for iri in graph.instances(GR + "Intervention"):
        for other in graph.nodes(iri, GR + "incompatibleWith"):
            apart.setdefault(iri, set()).add(site.link(other))
            apart.setdefault(other, set()).add(site.link(iri))
    own_page = site.vocabulary.shown[INTERVENTIONS]
    outcomes = set(graph.instances(GR + "Outcome"))
    return {
        "interventions": [
            _term(iri, site)
            | {
                "broader": sorted(site.link(other) for other in graph.nodes(iri, SKOS + "broader")),
                "apart": sorted(apart.get(iri, ())),
                "recommendations": used.get(iri, []),
                "notes": site.notes(iri),
                "sources": site.sources_of(iri),
            }
            for iri in own_page
            if iri not in outcomes
        ],
        "outcomes": [_term(iri, site) for iri in own_page if iri in outcomes],
    }


def _term(iri: str, site: Site) -> Context:
    return {
        "label": site.vocabulary.label(iri),
        "anchor": site.addresses.id_of(iri),
        "definition": site.definition(iri),
    }
