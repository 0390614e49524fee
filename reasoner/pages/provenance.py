"""The pages that tell where things come from and where they end: sources, declared gaps, evidence, the changelog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reasoner.graph import DCTERMS, GR, NOTATION
from reasoner.guidelines import GuidelineReader
from reasoner.owl import ClassReader

from .effects import effects
from .recommendation import source_grade
from .site import Site
from .vocabulary import EVIDENCE

Context = dict[str, Any]


def sources(site: Site) -> Context:
    """Documents and the statements in them, with what rests on each; and what the transcription statuses mean."""
    users = _users(site)
    citations = site.vocabulary.citations
    return {
        "statuses": [
            {"label": site.vocabulary.label(iri), "words": site.words.status(site.text(iri, NOTATION)),
             "definition": site.definition(iri), "anchor": site.addresses.id_of(iri)}
            for iri in site.statuses
        ],
        "documents": [_source(iri, site, users) for iri in citations],
        "statements": [_source(iri, site, users) for iri in site.vocabulary.sources() if iri not in set(citations)],
    }  # fmt: skip


def _source(iri: str, site: Site, users: dict[str, set[str]]) -> Context:
    graph = site.graph
    status = graph.node(iri, GR + "status")
    identifiers = sorted(
        value.value for value in graph.values(iri, DCTERMS + "identifier") if not isinstance(value, str)
    )
    return {
        "id": site.text(iri, NOTATION) or site.vocabulary.local(iri),
        "anchor": site.addresses.id_of(iri),
        "title": site.text(iri, DCTERMS + "title") or site.vocabulary.label(iri),
        "text": site.text(iri, GR + "text"),
        "definition": site.definition(iri),
        "cited": site.text(iri, DCTERMS + "bibliographicCitation"),
        "date": site.text(iri, DCTERMS + "date"),
        "identifiers": [site.identifier(text) for text in identifiers],
        "status": site.status(site.text(status, NOTATION)) if status else None,
        "from": site.sources_of(iri),
        "notes": site.notes(iri),
        "users": site.by_type(users.get(iri, ())),
    }


def _users(site: Site) -> dict[str, set[str]]:
    """What names each source."""
    found: dict[str, set[str]] = {}
    for subject, predicate, object_ in site.graph.triples():
        if predicate == DCTERMS + "source" and isinstance(object_, str) and not subject.startswith("_:"):
            found.setdefault(object_, set()).add(subject)
    return found


def gaps(site: Site) -> Context:
    """What each guideline declares to say nothing about."""
    return {
        "declared": [
            {
                "own": guideline,
                "link": site.link(guideline.iri),
                "gaps": [
                    {
                        "anchor": site.addresses.gap(guideline.id, gap.id).partition("#")[2],
                        "id": gap.id,
                        "text": gap.text,
                        "reason": gap.reason,
                        "grade": source_grade(gap.grade) if gap.grade else "",
                        "status": site.status(gap.grade["status"]) if gap.grade else None,
                        "sources": [site.source(source["id"]) for source in gap.sources],
                        "when": site.link(gap.when.iri) if gap.when is not None else None,
                    }
                    for gap in sorted(guideline.gaps, key=lambda gap: gap.id)
                ],
            }
            for guideline in site.knowledge.guidelines
        ]
    }


def evidence(site: Site) -> Context:
    """Every estimate, by outcome, with the recommendations that it bears on."""
    reader = GuidelineReader(site.graph, ClassReader(site.graph, site.model))
    outcomes: dict[str, list[tuple[str, Any]]] = {}
    for iri in site.vocabulary.shown[EVIDENCE]:
        row = reader.estimate(iri)
        outcomes.setdefault(site.words.label("outcome", row["outcome"]), []).append((iri, row))
    groups = []
    for place, (outcome, pairs) in enumerate(sorted(outcomes.items()), 1):
        shown = effects([row for _, row in pairs], site, f"outcome-{place}", outcome)
        for row, (iri, _) in zip(shown["rows"], pairs, strict=True):
            row["anchor"] = site.addresses.id_of(iri)
            row["recommendations"] = sorted(
                site.link(r, site.text(r, NOTATION)) for r in site.graph.nodes(iri, GR + "supports")
            )
            row["sources"] = site.sources_of(iri)
        groups.append(shown | {"outcome": outcome, "anchor": site.addresses.anchor(f"outcome {outcome}")})
    return {"groups": groups, "count": len(site.vocabulary.shown[EVIDENCE])}


def changelog(folder: Path) -> str | None:
    """The changelog of a knowledge folder, where it has one."""
    for home in (folder, *([folder.parent] if folder.name == "ontology" else [])):
        path = home / "CHANGELOG.md"
        if path.is_file():
            return path.read_text(encoding="utf-8", errors="replace")
    return None
