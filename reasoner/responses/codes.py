"""Findings, interventions and requests as FHIR codes: all of it looked up in the knowledge."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from reasoner.artifacts.activity import request_type
from reasoner.artifacts.codes import Codes as Tables
from reasoner.artifacts.frame import Maker, fhir_id
from reasoner.artifacts.requirement import Requirements, finding_system
from reasoner.assess import Reasoner
from reasoner.graph import GR, LABEL, NOTATION
from reasoner.guidelines import broader_interventions

from .names import Json, Release, coding

T = TypeVar("T")

FALLBACK = "CommunicationRequest"
"""What proposes an intervention of which the knowledge does not say how it is ordered: words to the professional."""


class Codes:
    """The codes of one body of knowledge."""

    def __init__(self, reasoner: Reasoner) -> None:
        knowledge = reasoner.knowledge
        self.graph, self.model, self.mapping = knowledge.graph, knowledge.model, knowledge.mapping
        self.makers: dict[Release, Maker] = {"R4": Maker(reasoner, "R4"), "R5": Maker(reasoner, "R5")}
        """What makes the artifacts makes the codes here, so that both use the same."""
        self.words = self.makers["R4"].words
        self.broader = broader_interventions(self.graph)
        self.local = min(self.mapping.value_systems, default=None)
        """The code system whose codes are the notations of findings, values and interventions."""
        self._made: dict[tuple[str, ...], Any] = {}

    def once(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What follows from the knowledge alone, made at the first call: to read, never to change.

        What can be a key comes from the knowledge too, never from an input, so that they are few.
        """
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    # Findings ---------------------------------------------------------------------------------------------------------

    def finding(self, name: str) -> Json:
        """The finding itself as a Coding."""
        return self.once(
            ("finding", name), lambda: coding(finding_system(self.makers["R4"]), name, self.words.finding(name))
        )

    def value(self, name: str, value: Any) -> tuple[str, Any]:
        """A value of a finding as an element of an extension, and what stands in it."""
        finding = self.model.findings[name]
        if isinstance(value, str):
            found = next((own for own in finding.values if own.notation == value), None)
            return ("valueString", value) if found is None else ("valueCoding", self.makers["R4"].coding(found.iri))
        if isinstance(value, int | float):
            whole = finding.range is not None and finding.range.integer
            return ("valueInteger", int(value)) if whole else ("valueDecimal", value)
        return "valueString", self.words.said(name, value)

    def states(self, kind: str, via: str, finding: str, value: Any) -> bool:
        """Whether the code ``system|code`` of a resource of that type says by itself that the finding has the value."""
        system, _, code = via.rpartition("|")
        coded = self.mapping.coded(kind, system, code)
        mask = self.model.findings[finding].mask(value) if isinstance(value, str) else 0
        return coded is not None and any(m.finding == finding and m.mask & mask for m in coded.meanings)

    @cached_property
    def requirements(self) -> dict[Release, Requirements]:
        """The data requirements of findings, as those of the artifacts."""
        return {release: Requirements(maker, Tables(maker)) for release, maker in self.makers.items()}

    # Interventions ----------------------------------------------------------------------------------------------------

    def intervention(self, notation: str, release: Release) -> Json:
        """An intervention as a CodeableConcept: its code as an artifact, the local one, and those that orders bear."""
        return self.once(("intervention", notation, release), lambda: self._intervention(notation, release))

    def _intervention(self, notation: str, release: Release) -> Json:
        iri, label = f"{GR}intervention/{notation}", self.words.label("intervention", notation)
        codings = [self.makers[release].coding(iri)]
        if self.local is not None:
            codings.append(coding(self.local, notation, label))
        codings += [coding(system, code) for system, code in self.order_codes(iri)]
        return {"coding": codings, "text": label}

    def order_codes(self, iri: str) -> list[tuple[str, str]]:
        """The codes by which orders name an intervention, besides its own."""
        texts = sorted(value.value for value in self.graph.values(iri, GR + "orderCode") if not isinstance(value, str))
        return [(system, code) for system, _, code in (text.rpartition("|") for text in texts)]

    def activity(self, notation: str) -> str:
        """The canonical URL of the ActivityDefinition of an intervention, with its version."""
        return self.once(("activity", notation), lambda: self._activity(notation))

    def _activity(self, notation: str) -> str:
        iri, maker = f"{GR}intervention/{notation}", self.makers["R4"]
        version = maker.artifact("ActivityDefinition", fhir_id(notation), iri).get("version", "")
        url = maker.canonical("ActivityDefinition", fhir_id(notation))
        return f"{url}|{version}" if version else url

    def request_type(self, notation: str) -> str:
        """The resource type that proposes an intervention: its own, else that of the nearest broader one."""
        return self.once(
            ("request", notation), lambda: request_type(self.graph, f"{GR}intervention/{notation}") or FALLBACK
        )

    @cached_property
    def by_code(self) -> dict[tuple[str | None, str], str]:
        """The IRI of the intervention that a code of an order names."""
        found: dict[tuple[str | None, str], str] = {}
        for iri in self.broader:
            notation = self.graph.text(iri, NOTATION)
            if notation is not None:
                found[self.makers["R4"].coding(iri)["system"], notation] = iri
                found.update({(system, notation): iri for system in self.mapping.value_systems})
            found.update(dict.fromkeys(self.order_codes(iri), iri))
        return found

    def label(self, iri: str) -> str:
        """The label of an individual by its IRI."""
        return self.graph.text(iri, LABEL) or iri.rsplit("/", 1)[-1]


@lru_cache(maxsize=8)
def codes_of(reasoner: Reasoner) -> Codes:
    """The codes of a reasoner, laid out once."""
    return Codes(reasoner)
