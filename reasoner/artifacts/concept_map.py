"""The mapping tables as ConceptMap: from the codes of others to our findings and their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .codes import Codes, Mapped, MappingSet
from .frame import Json, Maker
from .requirement import finding_system

_EQUIVALENCE: Mapping[str, tuple[str, str]] = {
    "skos:exactMatch": ("equivalent", "equivalent"),
    "skos:broadMatch": ("wider", "source-is-narrower-than-target"),
    "skos:narrowMatch": ("narrower", "source-is-broader-than-target"),
    "skos:closeMatch": ("inexact", "related-to"),
    "skos:relatedMatch": ("relatedto", "related-to"),
}
"""By relation of a row: what R4 and R5 say of the target, or of the source."""


def concept_maps(maker: Maker, codes: Codes) -> Iterator[Json]:
    """One for each table that has rows."""
    for own in codes.sets:
        if own.rows:
            yield _map(maker, codes, own)


def _map(maker: Maker, codes: Codes, own: MappingSet) -> Json:
    made = maker.artifact(
        "ConceptMap", own.name, own.iri, statuses=codes.statuses(own), title=own.title, description=own.description
    )
    made["extension"].append(maker.extension("defined-in", valueUri=own.iri))
    if own.version:
        made["version"] = own.version
    if own.licence:
        made["copyright"] = f"Licensed under {own.licence}"
    groups: dict[tuple[str, str], dict[str, list[Mapped]]] = {}
    for row in own.rows:
        group = groups.setdefault((row.system.uri, _target_system(maker, codes, row)), {})
        group.setdefault(row.code, []).append(row)
    made["group"] = [
        {
            "source": source,
            "target": target,
            "element": [_element(maker, codes, code, rows) for code, rows in sorted(elements.items())],
        }
        for (source, target), elements in sorted(groups.items())
    ]
    return made


def _target_system(maker: Maker, codes: Codes, row: Mapped) -> str:
    if row.target in codes.findings:
        return finding_system(maker)
    return maker.canonical("CodeSystem", maker.space(row.target))


def _element(maker: Maker, codes: Codes, code: str, rows: list[Mapped]) -> Json:
    label = codes.label(rows[0])
    head: Json = {"code": code, "display": label} if label else {"code": code}
    return head | {"target": [_target(maker, row) for row in rows]}


def _target(maker: Maker, row: Mapped) -> Json:
    r4, r5 = _EQUIVALENCE[row.predicate]
    comments = [f"In {row.kind}." if row.kind != "value" else "As a value or a body site."]
    if row.begins:
        comments.append("This code and every code that begins so.")
    if not row.gives:
        comments.append("Broader than the target: the resource is listed, and no value is taken from it.")
    if row.comment:
        comments.append(row.comment)
    said: Json = {"code": maker.notation(row.target), "display": maker.label(row.target)}
    said |= {"relationship": r5} if maker.r5 else {"equivalence": r4}
    return said | {"comment": " ".join(comments), "extension": maker.transcription(mapping=row.verification or None)}
