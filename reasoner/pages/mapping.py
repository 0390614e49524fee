"""The page of the code mappings: every row of every table, and what is read without one."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from reasoner.fhir.sssom import Row, Table, read_table

from .site import Site

Context = dict[str, Any]

MEANINGS = {
    "skos:exactMatch": "means the same",
    "skos:closeMatch": "means nearly the same",
    "skos:broadMatch": "is narrower than",
    "skos:narrowMatch": "is broader than, so gives no value of",
    "skos:relatedMatch": "is related to",
}
"""How a row reads from the code to the term: broadMatch says that the term is the broader one."""


def mappings(site: Site) -> Context:
    """All tables, and the code systems whose codes need no row."""
    systems = site.knowledge.mapping.systems.values()
    return {
        "tables": [_table(name, text, site) for name, text in sorted(site.knowledge.tables.items())],
        "systems": sorted(systems, key=lambda system: system.prefix),
    }


def _table(name: str, text: str, site: Site) -> Context:
    table = read_table(name, text)
    return {"name": name, "rows": [_row(row, table, site) for row in table.rows]}


def _row(row: Row, table: Table, site: Site) -> Context:
    prefix, _, code = row["subject_id"].partition(":")
    return {
        "system": prefix,
        "code": code,
        "below": row["match"] == "descendants",
        "label": row["subject_label"],
        "kind": row["resource_type"],
        "relation": MEANINGS.get(row["predicate_id"], row["predicate_id"]),
        "predicate": row["predicate_id"],
        "object": site.link(table.expand(row, row["object_id"]), row["object_label"] or row["object_id"]),
        "comment": row["comment"],
        "status": site.status(row["verification"]) if row["verification"] else Markup("not said"),
    }


def codes_by_finding(site: Site) -> dict[str, list[str]]:
    """The codes of other systems that speak of each finding, by its notation."""
    findings = {own.iri: (own.notation, "") for own in site.model.findings.values()}
    for own in site.model.findings.values():
        findings |= {value.iri: (own.notation, value.label) for value in own.values}
    found: dict[str, list[str]] = {}
    for name, text in sorted(site.knowledge.tables.items()):
        table = read_table(name, text)
        for row in table.rows:
            finding, value = findings.get(table.expand(row, row["object_id"]), ("", ""))
            code = row["subject_id"].replace(":", " ", 1) + (" and narrower" if row["match"] == "descendants" else "")
            relation = MEANINGS.get(row["predicate_id"], row["predicate_id"])
            found.setdefault(finding, []).append(f"{code} {relation} {value}" if value else code)
    return found
