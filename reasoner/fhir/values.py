"""The values of Observations: coded values, whole numbers, quantities in units that convert."""

from __future__ import annotations

from typing import Any

from reasoner.model import Fact, Finding, Model

from .elements import MalformedError, codings, is_number, quantity, scaled, shown
from .said import Said, Sheet
from .tables import FhirMapping, Meaning


class Values:
    """Reads values for the findings of the model."""

    def __init__(self, mapping: FhirMapping, model: Model, sheet: Sheet) -> None:
        self.mapping, self.model, self.sheet = mapping, model, sheet

    def read(self, said: Said, part: dict[str, Any], meaning: Meaning, via: str) -> None:
        """Add the fact that the part of an Observation states, or say why it states none."""
        name = meaning.finding
        if meaning.note:
            self.sheet.not_used(said.label, meaning.note)
            return
        if part.get("dataAbsentReason") is not None:
            self.sheet.not_used(said.label, f"it gives a reason why `{name}` has no value")
            return
        finding = self.model.findings[name]
        try:
            if finding.range is None:
                self._coded_value(said, part, finding, via)
            else:
                self._numeric_value(said, part, finding, via)
        except MalformedError as problem:
            self.sheet.malformed(said.label, name, problem)
            self.sheet.not_used(said.label, f"its `{name}` is not used: see the validation results")

    def _coded_value(self, said: Said, part: dict[str, Any], finding: Finding, via: str) -> None:
        name = finding.notation
        if "valueCodeableConcept" not in part:
            self._no_value(said, part, finding, "a valueCodeableConcept")
            return
        known = self.mapping.values[name]
        pairs = codings(part["valueCodeableConcept"], "valueCodeableConcept")
        masks = {mask for pair in pairs if (mask := known.get(pair)) is not None}
        if len(masks) == 1:
            said.facts.append(Fact(name, masks.pop(), None, said.when, said.label, via))
            return
        ours = any(system in self.mapping.value_systems for system, _ in pairs)
        if masks or ours:
            values = ", ".join(f"`{value.notation}`" for value in finding.values)
            problem = "has several values" if masks else f"is no value of `{name}`"
            self._bad(said, name, f"`valueCodeableConcept` {problem}: give one of {values}.")
        else:
            self.sheet.not_used(said.label, f"the value of `{name}` has no mapped code")

    def _numeric_value(self, said: Said, part: dict[str, Any], finding: Finding, via: str) -> None:
        name, range_ = finding.notation, finding.range
        assert range_ is not None
        whole = part.get("valueInteger")
        if whole is not None and range_.integer:
            if not is_number(whole) or whole != int(whole):
                raise MalformedError("valueInteger", "a whole number")
            self.number(said, finding, int(whole), via)
            return
        if (value := part.get("valueQuantity")) is None:
            wanted = f"a valueQuantity in `{range_.unit or '1'}`"
            self._no_value(said, part, finding, f"a valueInteger, or {wanted}" if range_.integer else wanted)
            return
        number, unit, bound = quantity(value, "valueQuantity")
        if number is None:
            self.sheet.not_used(said.label, f"its `{name}` has no value")
            return
        units = self.mapping.units[name]
        if unit is None or (factor := units.get(unit)) is None:
            accepted = " or ".join(f"`{one}`" for one in units)
            if unit is None:
                problem = f"has no unit: give it in {accepted}"
            elif value.get("code") is None:
                problem = f"is in a unit without a UCUM code, which cannot be converted: give the code {accepted}"
            else:
                problem = f"is in {shown(unit)}, which cannot be converted: give it in {accepted}"
            self._bad(said, name, f"`{name}` {problem}.")
        elif bound:
            self.sheet.not_used(said.label, f"its `{name}` is only a bound (it has a comparator): no value")
        else:
            number = scaled(number, factor)
            if range_.integer and number != int(number):
                raise MalformedError("valueQuantity.value", "a whole number")
            self.number(said, finding, int(number) if range_.integer else number, via)

    def number(self, said: Said, finding: Finding, number: float | int, via: str) -> None:
        """Add a number as a fact, if the finding can be that."""
        range_ = finding.range
        assert range_ is not None
        low, high = range_.minimum, range_.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            limits = f"{'…' if low is None else f'{low:g}'} to {'…' if high is None else f'{high:g}'}"
            self._bad(said, finding.notation, f"`{finding.notation}` is {number:g}, outside {limits}: correct it.")
            return
        said.facts.append(Fact(finding.notation, 0, number, said.when, said.label, via))

    def _no_value(self, said: Said, part: dict[str, Any], finding: Finding, wanted: str) -> None:
        name = finding.notation
        other = next((key for key in part if key.startswith("value") and key[5:6].isupper()), None)
        if other is None:
            self.sheet.not_used(said.label, f"its `{name}` has no value")
        else:
            self._bad(said, name, f"`{name}` is given as {shown(other)}: give it as {wanted}.")

    def _bad(self, said: Said, name: str, message: str) -> None:
        self.sheet.violation(said.label, name, message)
        if not said.used:
            self.sheet.not_used(said.label, f"its `{name}` is not used: see the validation results")
