"""Who is who, for resources that name themselves and others in the usual ways; anything else is for the row path."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from reasoner.fhir.identity import is_iri

from .fields import BUNDLE, PATIENT, Reference

_LOCAL = re.compile(r"[A-Z][A-Za-z]*/[A-Za-z0-9\-.]{1,64}")
_PATIENT = re.compile(rf"(?:^|/)({PATIENT}/[^/]+)(?:/_history/.*)?$")
_UNIT, _LONGEST = rf"{PATIENT}/[-.]*[A-Za-z0-9][A-Za-z0-9\-.]*", len(PATIENT) + 65
_ONE = re.compile(_UNIT)
_ALL = re.compile(rf"(?:{_UNIT}\n)*")
_TARGET = r'^\[\{"reference":"([A-Z][A-Za-z]*/[A-Za-z0-9\-.]{1,64})"\}\]$'
"""One reference, written without spaces. In the language of polars the end of a pattern is the end of the text."""
_REFERENCES: msgspec.json.Decoder[Any] = msgspec.json.Decoder(list[Reference])
NOBODY = ""
"""The unit of resources that name no patient."""


def is_patient(reference: str) -> bool:
    """Whether the text is ``Patient/id`` and no more."""
    return len(reference) <= _LONGEST and _ONE.fullmatch(reference) is not None


def are_patients(references: list[str]) -> list[bool]:
    """Which texts are ``Patient/id`` and no more. Where all are, which is usual, one look at them together tells."""
    text, longest = "\n".join([*references, ""]), max(map(len, references), default=0)
    if longest <= _LONGEST and text.count("\n") == len(references) and _ALL.fullmatch(text):
        return [True] * len(references)
    return list(map(is_patient, references))


def unit_of(kind: str, own: object, reference: object) -> str:
    """The patient that an unusual resource is about, as well as that can be told without the others."""
    if kind == PATIENT:
        return f"{PATIENT}/{own}" if isinstance(own, str) and own else NOBODY
    if not isinstance(reference, str):
        return NOBODY
    named = _PATIENT.search(reference)
    return named[1] if named else reference.lstrip("\n")


def targets_of(raws: list[bytes], units: NDArray[np.int64], local: dict[int, dict[str, str]] | None) -> pl.Series:
    """The ``Type/id`` that elements refer to, which are joined by zero bytes; empty for nothing, null for anything
    but one.

    ``local`` has the ``Type/id`` by full URL for each unit.
    """
    distinct = list(dict.fromkeys(raws))
    written = pl.Series(distinct, dtype=pl.Binary).cast(pl.String, strict=False).str.extract(_TARGET).to_list()
    known = dict(zip(distinct, written, strict=True)) | {b"": ""}
    unusual = [raw for raw, target in known.items() if target is None]
    if local is None:
        known |= {raw: _target_of(raw, {}) for raw in unusual}
    targets = list(map(known.__getitem__, raws))
    if local is not None and unusual:
        # A ``Type/id`` is no full URL, so only what is written in another way may mean another thing in each Bundle.
        for i, target in enumerate(targets):
            if target is None:
                targets[i] = _target_of(raws[i], local.get(int(units[i]), {}))
    return pl.Series(targets, dtype=pl.String)


def _target_of(raw: bytes, local: dict[str, str]) -> str | None:
    """The ``Type/id`` that elements refer to; None for anything but one."""
    raw = raw.strip(b"\0")
    if not raw:
        return ""
    if b"\0" in raw:
        return None
    try:
        found = _REFERENCES.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if len(found) != 1:
        return None
    reference = found[0].reference
    reference = local.get(reference, reference)
    return reference if _LOCAL.fullmatch(reference) else None


def labels(entries: Sequence[Any]) -> dict[str, str] | None:
    """``Type/id`` by full URL of the entries of a Bundle; None unless each resource has one name of its own."""
    by_url: dict[str, str] = {}
    by_label: dict[str, str] = {}
    for entry in entries:
        resource = entry.resource
        if resource is None or not resource.id or not resource.resourceType or resource.resourceType == BUNDLE:
            return None
        label, url = f"{resource.resourceType}/{resource.id}", entry.fullUrl
        if url and not is_iri(url):
            return None
        if by_label.setdefault(label, url) != url or (url and by_url.setdefault(url, label) != label):
            return None
    if by_url and len(by_url) < len(by_label):
        return None
    return by_url


def person(entries: Sequence[Any], local: dict[str, str], kinds: Container[str]) -> str | None:
    """The one person that the resources of a Bundle are about; None when there are none, several or others."""
    persons: set[str] = set()
    for entry in entries:
        resource = entry.resource
        kind = resource.resourceType
        if kind == PATIENT:
            persons.add(f"{PATIENT}/{resource.id}")
        elif kind in kinds:
            reference = resource.subject.reference
            persons.add(local.get(reference, reference))
    if len(persons) != 1:
        return None
    (only,) = persons
    return only if is_patient(only) else None
