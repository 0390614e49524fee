"""The page of an answer: each subject, then the data, the sources and what made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .blocks import ALERT, FINE, Item, Page, Section
from .subject import SubjectWriter
from .words import Words, counted

Json = Mapping[str, Any]

_ROWS = 10


def page(answer: Json, words: Words) -> Page:
    """The page of one answer."""
    subjects = answer["subjects"]
    pages = tuple(
        SubjectWriter(subject, words, answer["validation"]["results"]).page(i, len(subjects))
        for i, subject in enumerate(subjects, 1)
    )
    sections = [about_data(answer), _sources(subjects, words), made_by(answer)]
    return Page(pages, tuple(s for s in sections if s.items), answer.get("note", ""), answer["provenance"]["notice"])


def about_data(answer: Json) -> Section:
    """What was read, and what is wrong with it."""
    counts, given = answer["input"]["counts"], answer["input"]
    items = []
    for result in answer["validation"]["results"]:
        place = ", ".join(part for part in (result["focus"], result["path"]) if part)
        items.append(Item(f"{result['severity'].upper()}: {result['message']}", place))
    told = ", ".join(f"{counts.get(key, 0)} {key}" for key in ("used", "unmapped", "unplaced", "unused"))
    items.append(Item(f"{counted(counts.get('resources', 0), 'resource')} read: {told}."))
    items += _rows(
        "Unmapped",
        [(r["resource"], " ".join(str(p) for p in (r["system"], r["code"]) if p)) for r in given["unmapped"]],
    )
    items += _rows("Unplaced", [(r["resource"], r["finding"]) for r in given["unplaced"]])
    items += _rows("Unused", [(r["resource"], r["why"]) for r in given["unused"]])
    for row in answer.get("answered", ()):
        items.append(Item(f"Answered in the dialogue: {row['finding']} {row['value']}", row["subject"]))
    return Section("Data", tuple(items), FINE if answer["validation"]["conforms"] else ALERT)


def _rows(title: str, rows: Sequence[tuple[str, str]]) -> list[Item]:
    items = [Item(f"{title}: {resource}{f': {what}' if what else ''}") for resource, what in rows[:_ROWS]]
    if len(rows) > _ROWS:
        items.append(Item(f"{title}: {len(rows) - _ROWS} more, all in --format json"))
    return items


def _sources(subjects: Sequence[Json], words: Words) -> Section:
    found: dict[str, Json] = {}
    for subject in subjects:
        for guideline in subject["guidelines"]:
            for row in guideline["recommendations"]:
                if row["verdict"] == "eligible":
                    found.update({source["id"]: source for source in row["sources"]})
    documents = {id_: source for id_, source in found.items() if words.is_document(id_)}
    items = []
    for id_, source in sorted(documents.items()):
        identifier = f", {source['identifier']}" if source["identifier"] else ""
        status = "" if source["status"] in (None, "verified") else f" ({words.status(source['status'])})"
        items.append(Item(f"{source['title'] or id_}{identifier}{status}", id_))
    if statements := sorted(found.keys() - documents.keys()):
        items.append(Item(f"Their statements {', '.join(statements)}"))
    return Section("Sources", tuple(items), FINE)


def made_by(answer: Json) -> Section:
    """The program, the policy, and the versions of the guidelines."""
    engine, provenance = answer["engine"], answer["provenance"]
    on = f", as of {provenance['on']}" if provenance.get("on") else ""
    policy = "every assumption asked instead (strict)" if provenance["policy"] == "strict" else "assumptions as listed"
    items = [Item(f"{engine['name']} {engine['version']}, {provenance['evaluatedAt']}{on}; {policy}.")]
    items += [
        Item(f"{g.get('label') or g['id']} {g['version']}, sha256 {g['sha256'][:16]}", g["id"])
        for g in answer["guidelines"]
    ]
    return Section("Made by", tuple(items), FINE)
