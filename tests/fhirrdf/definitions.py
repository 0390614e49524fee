"""Writes the element tables of ``reasoner/fhirrdf/``: run after a new release of FHIR, and commit what it writes.

``python tests/fhirrdf/definitions.py FILE``, where FILE is ``profiles/types.json`` of the npm package ``fhir`` 4.12.0,
which lists the elements of FHIR R4 (4.0.1). R4B (4.3.0) and R5 (5.0.0) come from the Python package ``fhir.resources``,
which is generated from HL7's definitions. Those are CC0. Nothing of this runs in the product.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import pkgutil
import sys
import typing
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

Elements = dict[str, tuple[bool, list[str]]]
"""By name (a choice ends in ``[x]``): whether it repeats, and its types."""
Types = dict[str, tuple[str, Elements]]
"""By name: the type that it specialises, and its own elements."""

_QUANTITIES = {"Age", "Count", "Distance", "Duration"}
_PROFILES = {"MoneyQuantity", "SimpleQuantity"}
_MISSTATED = {("", "id"): "string", ("Extension", "url"): "uri"}
"""Elements that the package gives another type than HL7 does."""
HOME = Path(__file__).parents[2] / "reasoner" / "fhirrdf"
_WORD = {"bool": "boolean", "encodedBytes": "base64Binary", "uuidVersion": "uuid"}
"""What the package calls otherwise than FHIR."""


def from_profiles(path: Path) -> Types:
    """The types of R4 as the npm package ``fhir`` lists them."""
    listed: dict[str, Any] = json.loads(path.read_text())
    types: Types = {name: ("", _own(listed[name], ())) for name in ("Element", "Resource")}
    for name, base in (("BackboneElement", "Element"), ("DomainResource", "Resource")):
        types[name] = (base, _own(listed[name], types[base][1]))
    for name, listing in listed.items():
        if name not in types and name not in _PROFILES and listing["_kind"] != "primitive-type":
            _add_listed(types, name, listing, listed)
    return types


def _add_listed(types: Types, path: str, listing: dict[str, Any], listed: dict[str, Any]) -> None:
    names = {one["_name"] for one in listing["_properties"]}
    if path in _QUANTITIES:
        types[path] = ("Quantity", {})
        return
    base = "Resource" if "meta" in names and "implicitRules" in names else "Element"
    if "modifierExtension" in names:
        base = "DomainResource" if base == "Resource" else "BackboneElement"
    inherited = {one["_name"] for one in listed[base]["_properties"]}
    types[path] = (base, _own(listing, inherited, path))
    for one in listing["_properties"]:
        if _is_part(one) and one["_name"] not in inherited:
            _add_listed(types, f"{path}.{one['_name']}", one, listed)


def _own(listing: dict[str, Any], inherited: Collection[str], path: str = "") -> Elements:
    elements: Elements = {}
    for one in listing["_properties"]:
        name = one["_name"]
        if not name.startswith("_") and name not in inherited:
            kind = f"{path}.{name}" if _is_part(one) else one["_type"].lstrip("#")
            if (path, name) in _MISSTATED:
                kind = _MISSTATED[path, name]
            if "_choice" in one:
                name = one["_choice"].removesuffix("[x]") + "[x]"
            elements.setdefault(name, (one["_multiple"], []))[1].append(kind)
    return elements


def _is_part(one: dict[str, Any]) -> bool:
    return one["_type"] in ("BackboneElement", "Element") and bool(one.get("_properties"))


def from_package(package: str, modules: Collection[str] = ()) -> Types:
    """The types of ``fhir.resources`` or one of its subpackages; only those of some modules where these are named."""
    types: Types = {}
    found = _classes(package, modules)
    for cls in sorted((c for c in found.values() if _is_top(c, found)), key=lambda c: c.__name__):
        _add_class(types, cls, cls.__name__, found, {cls.__name__: cls.__name__})
    return types


def _classes(package: str, modules: Collection[str]) -> dict[str, type]:
    root = importlib.import_module(package)
    found: dict[str, type] = {}
    for module in pkgutil.iter_modules(root.__path__):
        if modules and module.name not in modules:
            continue
        if module.ispkg or module.name in ("fhirtypes", "fhirresourcemodel", "fhirprimitiveextension"):
            continue
        for name, value in vars(importlib.import_module(f"{package}.{module.name}")).items():
            if isinstance(value, type) and hasattr(value, "model_fields") and value.__module__.startswith(package):
                found[name] = value
    return found


def _is_top(cls: type, found: dict[str, type]) -> bool:
    """Whether the class is a type of its own, not a part of one: a module is named by its type."""
    return cls.__module__.rpartition(".")[2] == cls.__name__.lower() and cls.__name__ in found


def _add_class(types: Types, cls: type, path: str, found: dict[str, type], named: dict[str, str]) -> None:
    parent = cls.__mro__[1]
    base = parent.__name__ if parent.__name__ in found else ""
    elements: Elements = {}
    types[path] = (base, elements)
    inherited = set(getattr(parent, "model_fields", {}))
    for name in _ordered(cls):
        if name in inherited:
            continue
        field: Any = cls.model_fields[name]  # type: ignore[attr-defined]
        extra = field.json_schema_extra or {}
        if not extra.get("element_property") or name == "fhir_comments":
            continue
        repeats, kind = _annotated(field.annotation)
        alias = field.alias or name
        if kind in found and not _is_top(found[kind], found):
            if kind not in named:
                named[kind] = f"{path}.{alias}"
                elements[alias] = (repeats, [named[kind]])
                _add_class(types, found[kind], named[kind], found, named)
                continue
            kind = named[kind]
        choice = extra.get("one_of_many")
        if choice:
            elements.setdefault(f"{choice}[x]", (repeats, []))[1].append(kind)
        else:
            elements[alias] = (repeats, [kind])


def _ordered(cls: Any) -> Iterator[str]:
    """The fields in the order of the specification, where the class knows it."""
    names: list[str] = cls.elements_sequence() if hasattr(cls, "elements_sequence") else []
    by_alias = {field.alias or name: name for name, field in cls.model_fields.items()}
    yield from dict.fromkeys([*(by_alias[n] for n in names if n in by_alias), *cls.model_fields])


def _annotated(annotation: Any) -> tuple[bool, str]:
    """Whether the annotation is of a list, and the type's name."""
    repeats = False
    while True:
        origin = typing.get_origin(annotation)
        args = [arg for arg in typing.get_args(annotation) if arg is not type(None)]
        if origin is typing.Annotated or hasattr(annotation, "__metadata__"):
            return repeats, _primitive(args[0], annotation.__metadata__)
        if origin is None:
            break
        repeats = repeats or origin is list
        annotation = args[0]
    name = getattr(annotation, "__name__", str(annotation))
    return repeats, _WORD.get(name, name.removesuffix("Type"))


def _primitive(own: Any, metadata: tuple[Any, ...]) -> str:
    name = type(metadata[0]).__name__ if metadata else own.__name__
    return _WORD.get(name[0].lower() + name[1:], name[0].lower() + name[1:])


def merged(first: Types, second: Types) -> tuple[Types, list[str]]:
    """The first release, and what only the second has; what they contradict each other in stays as the first has it."""
    told: list[str] = []
    both = {name: (base, dict(elements)) for name, (base, elements) in first.items()}
    for name, (base, elements) in second.items():
        own = both.setdefault(name, (base, {}))[1]
        for element, (repeats, kinds) in elements.items():
            if element not in own:
                own[element] = (repeats, kinds)
                continue
            known, old = own[element]
            if known != repeats or (not element.endswith("[x]") and set(old) != set(kinds)):
                told.append(f"{name}.{element}: {_shown(known, old)} or {_shown(repeats, kinds)}")
            elif element.endswith("[x]"):
                own[element] = (known, [*old, *(kind for kind in kinds if kind not in old)])
    return both, told


def _shown(repeats: bool, kinds: list[str]) -> str:
    return ("*" if repeats else "") + ",".join(kinds)


def text(types: Types, head: str) -> str:
    """A table as text: a type and what it specialises, then an indented line for each element of its own."""
    lines = [f"# {line}" for line in head.splitlines()]
    for name, (base, elements) in types.items():
        lines.append(f"{name}<{base}" if base else name)
        lines += [f" {e}{'*' if repeats else ''} {','.join(kinds)}" for e, (repeats, kinds) in elements.items()]
    return "\n".join(lines) + "\n"


_HEAD = """FHIR {release}: each type<what it specialises, then its own elements (* repeats, [x] is a choice).
Source: {source}. HL7's definitions of FHIR are CC0 (public domain).
Written by tests/fhirrdf/definitions.py; not edited by hand."""


def r5() -> str:
    """The table of R5."""
    version = importlib.metadata.version("fhir.resources")
    head = _HEAD.format(release="R5 (5.0.0)", source=f"HL7's definitions, as fhir.resources {version} packs them")
    return text(from_package("fhir.resources"), head)


def r4(path: Path) -> tuple[str, list[str]]:
    """The table of R4 with what R4B adds, and where the two differ."""
    version = importlib.metadata.version("fhir.resources")
    types, told = merged(from_profiles(path), from_package("fhir.resources.R4B"))
    source = f"HL7's definitions, as the npm package fhir 4.12.0 (4.0.1) and fhir.resources {version} (4.3.0) pack them"
    return text(types, _HEAD.format(release="R4 (4.0.1), with what R4B (4.3.0) adds", source=source)), told


if __name__ == "__main__":
    (HOME / "r5.txt").write_text(r5())
    table, differences = r4(Path(sys.argv[1]))
    (HOME / "r4.txt").write_text(table)
    for line in differences:
        print(line)
