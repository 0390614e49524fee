"""Takes resources out of what FHIR wraps them in, and bare ones apart by patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reasoner.errors import DataError

from .identity import Identities

Resource = dict[str, Any]
_DEPTH = 50


def resources_of(document: object) -> tuple[list[Resource], list[str | None]]:
    """The resources of a Bundle (nested ones flattened) or the single resource, each with its fullUrl.

    An entry that holds no resource is kept as an empty one, so that every entry is counted. Raises DataError for what
    is not FHIR.
    """
    if not isinstance(document, dict):
        raise DataError(
            f"the JSON is {_kind(document)}, not a FHIR resource", hint="give one object with a `resourceType`"
        )
    kind = document.get("resourceType")
    if not isinstance(kind, str) or not kind:
        problem = "missing" if kind is None else "not a name"
        raise DataError(f"`resourceType` is {problem}", hint="give a FHIR Bundle or a single FHIR resource")
    if kind != "Bundle":
        return [document], [None]
    resources: list[Resource] = []
    urls: list[str | None] = []
    _flatten(document, resources, urls)
    return resources, urls


def group_by_patient(resources: Sequence[Resource]) -> list[list[Resource]]:
    """Bare resources by the patient that they are about, in the order in which patients first appear.

    What names no patient goes with the only one, or else makes a group of its own.
    """
    identities = Identities(resources, [None] * len(resources))
    groups: dict[str | None, list[Resource]] = {}
    for i, resource in enumerate(resources):
        is_patient = resource.get("resourceType") == "Patient"
        key = identities.iris[i] if is_patient else identities.subject_of(i, resource)
        groups.setdefault(key, []).append(resource)
    if None in groups and len(groups) == 2:
        return [list(resources)]
    return list(groups.values())


def _flatten(bundle: Resource, resources: list[Resource], urls: list[str | None]) -> None:
    """Depth first and in order, without recursion: nesting comes from outside."""
    stack: list[tuple[list[Any], int]] = [(_entries(bundle), 0)]
    while stack:
        entries, at = stack.pop()
        if at == len(entries):
            continue
        stack.append((entries, at + 1))
        entry = entries[at]
        resource = entry.get("resource") if isinstance(entry, dict) else None
        url = entry.get("fullUrl") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
            if len(stack) > _DEPTH:
                raise DataError("Bundles are nested too deeply", hint=f"nest them at most {_DEPTH} deep")
            stack.append((_entries(resource), 0))
        else:
            resources.append(resource if isinstance(resource, dict) else {})
            urls.append(url if isinstance(url, str) else None)


def _entries(bundle: Resource) -> list[Any]:
    entries = bundle.get("entry")
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise DataError("`entry` of the Bundle is not a list", hint="write the entries as a JSON array")
    return entries


def _kind(document: object) -> str:
    if document is None:
        return "null"
    if isinstance(document, list):
        return "a list"
    return "a text" if isinstance(document, str) else "a number or a truth value"
