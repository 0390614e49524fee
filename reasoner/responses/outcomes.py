"""OperationOutcome: what is wrong with a request, with patient data, or with the evaluation of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reasoner.answer import NOTICE

from .names import Json, extension, without_none

_SEVERITIES = {"Violation": "error", "Warning": "warning", "Info": "information"}
_SAFE = re.compile(r"[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue: ``severity`` and ``code`` are FHIR's, ``expression`` a FHIRPath into the input."""

    severity: str
    code: str
    text: str
    diagnostics: str | None = None
    expression: str | None = None

    def to_dict(self) -> Json:
        """As an element of OperationOutcome.issue."""
        return without_none(
            {
                "severity": self.severity,
                "code": self.code,
                "details": {"text": self.text},
                "diagnostics": self.diagnostics,
                "expression": [self.expression] if self.expression else None,
            }
        )


def outcome(issues: Iterable[Issue], extensions: Sequence[Json] = ()) -> Json:
    """An OperationOutcome; without an issue it says that there is none."""
    rows = [issue.to_dict() for issue in issues]
    return {
        "resourceType": "OperationOutcome",
        "extension": [*(extensions or [extension("notice", valueString=NOTICE)])],
        "issue": rows or [Issue("information", "informational", "No issue was found.").to_dict()],
    }


def validation_issues(results: Iterable[Mapping[str, Any]], paths: Mapping[str, str]) -> list[Issue]:
    """The results of the answer's ``validation``; ``paths`` are the FHIRPaths of the input's resources."""
    return [
        Issue(
            severity=_SEVERITIES[result["severity"]],
            code={"Violation": "invariant", "Warning": "business-rule"}.get(result["severity"], "informational"),
            text=result["message"],
            diagnostics="; ".join(
                [f"on {result['focus']}", *([f"finding {result['path']}"] if result["path"] else [])]
            ),
            expression=paths.get(result["focus"]),
        )
        for result in results
    ]


def paths(document: Mapping[str, Any] | None) -> dict[str, str]:
    """The FHIRPath of each resource of a FHIR document, by ``Type/id`` and by full URL; none for a graph."""
    if document is None:
        return {}
    if document.get("resourceType") != "Bundle":
        kind, own = document.get("resourceType"), document.get("id")
        return {f"{kind}/{own}": str(kind)} if _plain(kind) and _plain(own) else {}
    found: dict[str, str] = {}
    for number, entry in enumerate(document.get("entry") or []):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            continue
        path = f"Bundle.entry[{number}].resource"
        kind, own = resource.get("resourceType"), resource.get("id")
        if _plain(kind) and _plain(own):
            found.setdefault(f"{kind}/{own}", path)
        if isinstance(entry.get("fullUrl"), str):
            found.setdefault(entry["fullUrl"], path)
    return found


def _plain(text: object) -> bool:
    return isinstance(text, str) and _SAFE.fullmatch(text) is not None
