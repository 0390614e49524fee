"""The record of the patient out of the prefetched data: whole, in part, or not to be had."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reasoner.errors import DataError
from reasoner.fhir.bundle import resources_of
from reasoner.serve.refusal import Refusal
from reasoner.words import counted

from . import markdown as md
from .call import Call

Json = dict[str, Any]

PATIENT, RECORD = "patient", "record"
_OUTCOME = "OperationOutcome"
_NAMED = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([^/]+)(?:/_history/[^/]+)?")


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of the patient."""

    bundle: Json
    notes: tuple[str, ...]
    """What was asked for and did not come, or not whole, as Markdown."""
    is_partial: bool
    """Whether something may be missing that a verdict rests on."""


def keys(kinds: Iterable[str]) -> dict[str, str]:
    """The prefetch key of each resource type that the mapping reads."""
    return {kind: f"{kind[:1].lower()}{kind[1:]}s" for kind in sorted(kinds) if kind != "Patient"}


def gather(call: Call, kinds: Iterable[str]) -> Record:
    """The record in the prefetched data; ``kinds`` are the resource types that the mapping reads.

    Raises Refusal 412 where there is none, 400 where it is about somebody else.
    """
    parts = keys(kinds).values()
    found = _Found(call)
    is_whole = found.take(RECORD)
    taken = [found.take(key) for key in parts]
    if not is_whole and not any(taken):
        others = " and ".join(f"`{key}`" for key in parts)
        raise Refusal(
            412,
            "no record of the patient was sent, and this server fetches none",
            f"send the prefetch key `{RECORD}`" + (f", or {others}" if others else ""),
        )
    missing = [] if is_whole else [found.lacks[key] for key in parts if key in found.lacks]
    found.take(PATIENT)
    check_patient(call, found.resources, found.urls)
    people = [own for own in found.resources if own.get("resourceType") == "Patient"]
    notes = [
        *missing,
        *found.cuts,
        *([] if people else [found.lacks.get(PATIENT, "The Patient: not in what was sent")]),
    ]
    unread = sorted(set(call.prefetch) - {PATIENT, RECORD, *parts})
    notes += [f"Not read, because nobody asked for it: prefetch {md.data(key)}" for key in unread[:5]]
    return Record(found.bundle(), tuple(notes), bool(missing or found.cuts))


class _Found:
    """The resources taken so far."""

    def __init__(self, call: Call) -> None:
        self.prefetch = call.prefetch
        self.resources: list[Json] = []
        self.urls: list[str | None] = []
        self.lacks: dict[str, str] = {}
        self.cuts: list[str] = []
        self._seen: dict[tuple[Any, Any], list[Json]] = {}

    def take(self, key: str) -> bool:
        """Take what came under a key; False where nothing did, with the reason in ``lacks``."""
        told = f"Prefetch {md.data(key)}"
        value = self.prefetch.get(key)
        if value is None:
            how = "null: the client has nothing for it" if key in self.prefetch else "not sent"
            self.lacks[key] = f"{told}: {how}"
            return False
        if isinstance(value, dict) and value.get("resourceType") == _OUTCOME:
            self.lacks[key] = f"{told}: the client could not get it (OperationOutcome)"
            return False
        wanted = ("Patient", "Bundle") if key == PATIENT else ("Bundle",)
        try:
            resources, urls = resources_of(value)
        except DataError:
            self.lacks[key] = f"{told}: not a FHIR resource"
            return False
        if value["resourceType"] not in wanted:
            self.lacks[key] = f"{told}: not a {wanted[0]}"
            return False
        empty = sum(1 for own in resources if not own)
        total = value.get("total")
        if empty:
            self.cuts.append(f"{told}: {counted(empty, 'entry')} of it without a resource")
        if isinstance(total, int) and total > len(resources):
            self.cuts.append(f"{told}: {len(resources)} of {total} came")
        if any(own.get("resourceType") == _OUTCOME for own in resources):
            self.cuts.append(f"{told}: with an OperationOutcome among its entries, so perhaps not all of it")
        if any(_is_next(link) for link in _list(value.get("link"))):
            self.cuts.append(f"{told}: only its first page came, and further pages are not fetched")
        for own, url in zip(resources, urls, strict=True):
            if own and own.get("resourceType") != _OUTCOME and not self._is_known(own):
                self.resources.append(own)
                self.urls.append(url)
        return True

    def _is_known(self, own: Json) -> bool:
        """Whether the same resource came under another key."""
        name = (str(own.get("resourceType")), str(own.get("id")))
        same = self._seen.setdefault(name, [])
        if own in same:
            return True
        same.append(own)
        return False

    def bundle(self) -> Json:
        pairs = zip(self.resources, self.urls, strict=True)
        entries = [{"resource": own} if url is None else {"fullUrl": url, "resource": own} for own, url in pairs]
        return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def check_patient(call: Call, resources: Iterable[Json], urls: Iterable[str | None] = ()) -> None:
    """Refuse resources that are about somebody else than the patient in context, or do not say about whom."""
    own = list(resources)
    here = {url for url, one in zip(urls, own, strict=False) if url and one.get("resourceType") == "Patient"}
    for one in own:
        if one.get("resourceType") == "Patient" and one.get("id") != call.patient:
            raise _stranger("a Patient")
        for element in ("subject", "patient"):
            holder = one.get(element)
            reference = holder.get("reference") if isinstance(holder, dict) else None
            if isinstance(reference, str) and not _is_own(reference, call.patient, here):
                raise _stranger("a resource")


def _is_own(reference: str, patient: str, here: set[str]) -> bool:
    """Whether a reference leads to the patient; what leads to no patient at all is for the reader to refuse."""
    if reference in here:
        return True
    if (named := _NAMED.fullmatch(reference)) is not None:
        return named[1] != "Patient" or named[2] == patient
    return False


def _stranger(what: str) -> Refusal:
    return Refusal(
        400, f"{what} that was sent is not about the patient in `context.patientId`", "send data of that patient alone"
    )


def _is_next(link: object) -> bool:
    return isinstance(link, dict) and link.get("relation") == "next"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
