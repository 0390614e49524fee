"""One FHIR resource at a time: what it says, of whom and of which place, or why it says nothing."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from reasoner.dates import age_in_years, interval
from reasoner.model import Fact, Model, Result

from .elements import Coding, MalformedError, codings, concepts, moment, references, shown
from .identity import Identities
from .said import Said, Sheet
from .tables import Coded, CodedResource, FhirMapping, Meaning
from .values import Values

OBSERVED = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming", "issued")
"""The elements that date an Observation, the first one present counts."""


class Statements:
    """Reads the resources of one input."""

    def __init__(
        self, mapping: FhirMapping, model: Model, identities: Identities, sheet: Sheet, on: datetime.date | None
    ) -> None:
        self.mapping, self.model, self.identities, self.sheet, self.on = mapping, model, identities, sheet, on
        self._values = Values(mapping, model, sheet)
        self._limit = None if on is None else interval(on.isoformat())[1]

    def read(self, i: int, resource: dict[str, Any]) -> Said | None:
        """What the resource says; None when it says nothing, which the sheet then explains."""
        label = self.identities.labels[i]
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(kind, str) or not kind:
            why = "its `resourceType` is missing" if resource else "the entry holds no resource"
            self.sheet.unused.append((label, why))
            return None
        try:
            if kind == "Observation":
                return self._observation(i, resource)
            if (spec := self.mapping.resources.get(kind)) is not None:
                return self._coded(i, resource, spec)
            if kind == "Patient":
                return self._patient(i, resource)
        except MalformedError as problem:
            self.sheet.malformed(label, None, problem)
            self.sheet.not_used(label, "it is not as FHIR says: see the validation results")
            return None
        heard = self._hear(i, resource)
        asked = f", so {_named(heard)} is not assumed" if heard else ""
        self.sheet.not_used(label, f"the mapping reads no {type_name(kind)}{asked}")
        return None

    def _hear(self, i: int, resource: dict[str, Any]) -> list[str]:
        """The findings that the code of an unread resource names, other than with what would be assumed of them."""
        try:
            pairs = codings(resource.get("code"), "code")
        except MalformedError:
            return []
        heard = spoken_of(self.mapping, self.model, pairs)
        if heard:
            self.sheet.heard.setdefault(self.identities.subject_of(i, resource), set()).update(heard)
        return heard

    def _said(self, i: int, resource: dict[str, Any]) -> Said:
        identities = self.identities
        said = Said(
            i, identities.labels[i], identities.iris[i], identities.references[i], identities.subject_of(i, resource)
        )
        if "bodySite" in resource or "bodyStructure" in resource:
            self._body_site(resource, said)
        return said

    def _body_site(self, resource: dict[str, Any], said: Said) -> None:
        unread: set[Coding] = set()
        try:
            for pairs in concepts(resource.get("bodySite"), "bodySite"):
                known = [found for pair in pairs if (found := self.mapping.places.get(pair)) is not None]
                for side, place in known:
                    said.side |= side
                    said.body_place |= place
                if not known:
                    unread.update(pairs or [(None, "text")])
                said.sited = True
        except MalformedError as problem:
            self.sheet.malformed(said.label, None, problem)
            unread.add((None, f"unreadable {said.iri}"))
        if (structure := resource.get("bodyStructure")) is not None:
            unread.add((None, str(structure)))
        if unread:
            said.sited, said.unread = True, frozenset(unread)
            self.sheet.not_used(said.label, "its body site has no mapped code: the place is not known")

    def _when(self, said: Said, resource: dict[str, Any], elements: Sequence[str]) -> bool:
        """Date the statement; False when it begins after the day of the assessment."""
        try:
            said.when, begin = moment(resource, elements)
            if self._limit is None or begin is None or interval(begin)[0] < self._limit:
                return True
        except MalformedError as problem:
            said.when = None
            self.sheet.malformed(said.label, None, problem)
            return True
        self.sheet.not_used(said.label, f"it begins after {self.on}")
        return False

    def _standing(self, kind: str, resource: dict[str, Any]) -> tuple[str, str]:
        """The effect of the status elements (empty for no value), and why in words."""
        for status in self.mapping.statuses.get(kind, ()):
            value = resource.get(status.element)
            if value is None:
                if denied := next((name for name in status.denied_by if resource.get(name) is not None), None):
                    return "", f"`{status.element}` is missing and `{denied}` is there: no value"
                if not status.missing:
                    return "", f"`{status.element}` is missing: no value"
                continue
            if status.system is None:
                if type(value) is str and status.effects.get(value) == "counts":
                    continue
                if not isinstance(value, str):
                    raise MalformedError(status.element, "a code")
                codes = {value}
            else:
                pairs = codings(value, status.element)
                codes = {code for system, code in pairs if code and system in (None, status.system)}
            effects = {status.effects.get(code, "") for code in codes}
            if effects == {"counts"}:
                continue
            name = ", ".join(shown(code) for code in sorted(codes)) or "without a known code"
            return effects.pop() if len(effects) == 1 else "", f"`{status.element}` is {name}: no value"
        return "counts", ""

    # A resource that states its code ------------------------------------------------------------------------------

    def _coded(self, i: int, resource: dict[str, Any], spec: CodedResource) -> Said | None:
        label = self.identities.labels[i]
        concept: object = resource
        for part in spec.code:
            concept = concept.get(part) if isinstance(concept, dict) else concept
        pairs = codings(concept, ".".join(spec.code))
        coded = [found for pair in pairs if (found := self.mapping.coded(spec.kind, *pair)) is not None]
        if not coded:
            self.sheet.unmapped.append((label, *(pairs[0] if pairs else (None, None))))
            return None
        effect, why = self._standing(spec.kind, resource)
        if effect in ("", "erases"):
            self.sheet.not_used(label, why)
            return None
        said = self._said(i, resource)
        if not self._when(said, resource, spec.dates):
            return None
        said.effect, said.via = effect, coded[0].via
        for element in spec.reasons:
            said.reasons += references(resource.get(element), element, self.identities, i)
        self._code_place(said, coded)
        if effect == "counts":
            self._state(said, coded)
        elif effect == "negates":
            self._negate(said, coded)
        else:
            self.sheet.not_used(label, why)
        self._establish(said, coded)
        return said if said.facts or said.order else None

    def _code_place(self, said: Said, coded: list[Coded]) -> None:
        side = 0
        for one in coded:
            side |= one.side
            said.code_place = said.code_place & one.place or one.place or said.code_place
        if side and said.side and not side & said.side:
            self.sheet.violation(
                said.label, None, "The side in the code is not the side in `bodySite`: correct one of them."
            )
            said.side = 0
        else:
            said.side = side & said.side or side or said.side

    def _state(self, said: Said, coded: list[Coded]) -> None:
        every: set[str] = set()
        done: set[tuple[str, int]] = set()
        for one in coded:
            for meaning in one.meanings:
                if meaning.note:
                    self.sheet.not_used(said.label, meaning.note)
                elif (meaning.finding, meaning.mask) not in done:
                    done.add((meaning.finding, meaning.mask))
                    said.facts.append(
                        Fact(meaning.finding, meaning.mask, None, said.when, said.label, one.via, meaning.lasting)
                    )
                    if meaning.every_side:
                        every.add(meaning.finding)
        if every:
            said.every_side = frozenset(every)

    def _negate(self, said: Said, coded: list[Coded]) -> None:
        meanings: dict[str, list[tuple[Meaning, str]]] = {}
        for one in coded:
            for meaning in one.meanings:
                meanings.setdefault(meaning.finding, []).append((meaning, one.via))
        for name, stated in meanings.items():
            mask = 0
            for meaning, _ in stated:
                mask |= meaning.mask
            if mask and all(meaning.exact and not meaning.note for meaning, _ in stated):
                rest = self.model.findings[name].full & ~mask
                said.facts.append(Fact(name, rest, None, said.when, said.label, stated[0][1]))
            else:
                self.sheet.not_used(said.label, f"it refutes a code narrower than `{name}`: no value")

    def _establish(self, said: Said, coded: list[Coded]) -> None:
        said.codes = tuple(one.code for one in coded)
        for one in coded:
            for meaning in one.meanings:
                if meaning.order and (not said.order or meaning.order < said.order):
                    said.order, said.establishing = meaning.order, meaning.finding
                    said.yields_to = meaning.yields_to

    # Patient and Observation --------------------------------------------------------------------------------------

    def _patient(self, i: int, resource: dict[str, Any]) -> Said:
        identities = self.identities
        iri = identities.iris[i]
        said = Said(i, identities.labels[i], iri, identities.references[i], iri, used=True)
        for element, _, name in self.mapping.elements.get("Patient", ()):
            value = resource.get(element)
            if value is None:
                continue
            try:
                if not isinstance(value, str):
                    raise ValueError("not a text")
                least, most = age_in_years(value, self.on or datetime.date.today())
            except ValueError:
                self.sheet.violation(
                    said.label, name, f"`{element}` is no date before the day of the assessment: correct it."
                )
                continue
            if least == most:
                self._values.number(said, self.model.findings[name], least, f"Patient.{element}")
            else:
                message = f"`{element}` is not exact enough to tell `{name}`: give the full date."
                self.sheet.results.append(Result("Info", said.label, name, message))
        return said

    def _observation(self, i: int, resource: dict[str, Any]) -> Said | None:
        label = self.identities.labels[i]
        parts = self._parts(resource)
        if not parts:
            pairs = codings(resource.get("code"), "code")
            self.sheet.unmapped.append((label, *(pairs[0] if pairs else (None, None))))
            return None
        effect, why = self._standing("Observation", resource)
        if effect != "counts":
            self.sheet.not_used(label, why)
            return None
        said = self._said(i, resource)
        if not self._when(said, resource, OBSERVED):
            return None
        if "focus" in resource:
            said.focus = references(resource["focus"], "focus", self.identities, i)
        done: set[tuple[int, str]] = set()
        for part, one in parts:
            for meaning in one.meanings:
                if (key := (id(part), meaning.finding)) not in done:
                    done.add(key)
                    self._values.read(said, part, meaning, one.via)
        return said if said.facts else None

    def _parts(self, resource: dict[str, Any]) -> list[tuple[dict[str, Any], Coded]]:
        """The resource and its components that have a mapped code."""
        parts = [(resource, one) for one in self._look_up(resource)]
        components = resource.get("component")
        if components is not None:
            if not isinstance(components, list):
                raise MalformedError("component", "a list")
            for component in components:
                if not isinstance(component, dict):
                    raise MalformedError("component", "a list of components")
                parts += [(component, one) for one in self._look_up(component)]
        return parts

    def _look_up(self, part: dict[str, Any]) -> list[Coded]:
        coded = self.mapping.coded
        return [
            found
            for system, code in codings(part.get("code"), "code")
            if (found := coded("Observation", system, code)) is not None
        ]


def spoken_of(mapping: FhirMapping, model: Model, pairs: Sequence[Coding]) -> list[str]:
    """The findings with a missing-data assumption that codes name in any type of resource, sorted."""
    kinds = ("Observation", *mapping.resources)
    coded = [one for pair in pairs for kind in kinds if (one := mapping.coded(kind, *pair)) is not None]
    meanings = [meaning for one in coded for meaning in one.meanings]
    return sorted({m.finding for m in meanings if model.findings[m.finding].assumed not in (0, m.mask)})


def _named(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def type_name(kind: object) -> str:
    """A resource type, or that there is none: anything else may be about the patient."""
    is_type = isinstance(kind, str) and kind.isalpha() and kind[0].isupper() and len(kind) < 64
    return f"`{kind}`" if is_type else "resource without a type"
