"""The findings as a list: values, units, policies and codes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import orjson

from .knowledge import Knowledge
from .model import Finding
from .sentences import number_range
from .words import Words

Row = dict[str, Any]
_CODES = 6


def terms(knowledge: Knowledge, form: str) -> bytes:
    """All findings as text, json or csv."""
    rows = [_row(finding, knowledge) for finding in knowledge.model.findings.values()]
    if form == "json":
        content = {"localCodeSystems": local_systems(knowledge), "findings": rows}
        return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return (_csv(rows) if form == "csv" else _text(rows, knowledge)).encode()


def local_systems(knowledge: Knowledge) -> list[str]:
    """The code systems whose codes are the notations of findings and values."""
    return sorted(uri for uri, system in knowledge.mapping.systems.items() if system.notations)


def _row(finding: Finding, knowledge: Knowledge) -> Row:
    range_ = finding.range
    return {
        "finding": finding.notation,
        "iri": finding.iri,
        "label": finding.label,
        "definition": finding.definition,
        "kind": finding.kind,
        "group": finding.group,
        "question": finding.question,
        "values": [{"value": v.notation, "iri": v.iri, "label": v.label} for v in finding.values],
        "range": range_ and {"minimum": range_.minimum, "maximum": range_.maximum, "integer": range_.integer},
        "unit": None if range_ is None else range_.unit or None,
        "unitsAccepted": sorted(knowledge.mapping.units.get(finding.notation, ())),
        "whenNotRecorded": finding.policy,
        "assumedValue": next(iter(finding.notations(finding.assumed)), None),
        "codes": list(_codes(finding, knowledge)),
    }  # fmt: skip


def _codes(finding: Finding, knowledge: Knowledge) -> Iterator[Row]:
    """The codes of other code systems that speak of the finding."""
    mapping = knowledge.mapping
    found = [
        (kind, system, code, False, rule) for (kind, system, code), rules in mapping.rules.items() for rule in rules
    ]
    found += [
        (kind, system, code, True, rule) for (kind, system), pairs in mapping.beginnings.items() for code, rule in pairs
    ]
    for kind, system, code, begins, rule in sorted(found, key=lambda r: (r[1], r[2], r[0], r[3])):
        if rule.meaning.finding == finding.notation and not mapping.systems[system].notations:
            yield {
                "resourceType": kind,
                "system": system,
                "code": code,
                "andNarrower": begins,
                "values": finding.notations(rule.meaning.mask) if finding.values else [],
                "exact": rule.meaning.exact,
                "note": rule.meaning.note or None,
            }


def _csv(rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["finding", "label", "kind", "group", "value", "value-label", "minimum", "maximum", "unit", "when-not-recorded",
         "assumed-value", "codes"]
    )  # fmt: skip
    for row in rows:
        head = [row["finding"], row["label"], row["kind"], row["group"]]
        tail = [row["whenNotRecorded"], row["assumedValue"] or ""]
        if row["range"]:
            limits = [row["range"]["minimum"], row["range"]["maximum"], row["unit"] or ""]
            writer.writerow([*head, "", "", *limits, *tail, " ".join(_written(c) for c in row["codes"])])
        for value in row["values"]:
            codes = [_written(c) for c in row["codes"] if c["values"] == [value["value"]] and not c["note"]]
            writer.writerow([*head, value["value"], value["label"], "", "", "", *tail, " ".join(codes)])
    return out.getvalue()


def _written(code: Row) -> str:
    return f"{code['system']}|{code['code']}{'*' if code['andNarrower'] else ''}"


def _text(rows: list[Row], knowledge: Knowledge) -> str:
    words = Words(knowledge)
    lines = [
        f"{len(rows)} findings. In FHIR their names and values are the codes of {', '.join(local_systems(knowledge))}.",
        "",
    ]
    for group in sorted({row["group"] for row in rows}):
        lines.append((group or "Other").upper())
        for row in rows:
            if row["group"] == group:
                lines += _entry(row, knowledge, words)
        lines.append("")
    return "\n".join(lines)


def _entry(row: Row, knowledge: Knowledge, words: Words) -> list[str]:
    allowed = " | ".join(v["value"] for v in row["values"]) or number_range(row["finding"], words)
    policy = row["whenNotRecorded"]
    missing = f"assume {row['assumedValue']}" if policy == "assume" else words.label("policy", policy)
    lines = [
        f"  {row['finding']}: {row['label']}, of the {words.kind(row['kind'])}",
        f"    {allowed}",
        f"    Not recorded: {missing}",
    ]
    codes = [f"{knowledge.mapping.systems[c['system']].prefix} {c['code']}{' and narrower' if c['andNarrower'] else ''}"
             for c in row["codes"] if not c["note"]]  # fmt: skip
    if codes:
        more = f" and {len(codes) - _CODES} more (--format json)" if len(codes) > _CODES else ""
        lines.append(f"    Codes: {', '.join(codes[:_CODES])}{more}")
    return lines
