"""Every validator over resources, wherever they come from: see docs/fhir.md for what each of them misses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from . import bindings, medplum, schema, structure
from .inside import inner, without_unknown
from .install import UnavailableError

Json = dict[str, Any]


def check(resources: Iterable[Json], release: str) -> list[str]:
    """What is wrong with resources of ``R4`` or ``R5``, also with those in Bundles, Parameters and contained ones.

    Skips the test, with the reason, where nothing is wrong so far and the validators of npm are not there: a resource
    of R4 that they have not seen is not checked.
    """
    found, unseen = list[str](), ""
    for resource in resources:
        for own in inner(resource):
            name = f"{own['resourceType']}/{own.get('id', '?')}"
            problems = [*plain(own, release)]
            if release == "R4":
                try:
                    problems += by_npm(own)
                except UnavailableError as error:
                    unseen = str(error)
            found += [f"{name}: {problem}" for problem in problems]
    if unseen and not found:
        pytest.skip(unseen)
    return found


def plain(own: Json, release: str) -> list[str]:
    """By what Python has. The resources in it are checked apart, so each is built once."""
    alone = without_unknown(own, lambda _: False)
    said = [f"fhir.resources: {problem}" for problem in structure.problems(alone, release)]
    said += [f"bindings: {problem}" for problem in bindings.problems(own, release)]
    if release == "R5" and not structure.knows(own["resourceType"], release):
        said.append("R5 has no such resource type")
    return said


def by_npm(own: Json) -> list[str]:
    """By what npm has for R4. A type that R4B brought is unknown there; one that no tool knows is a mistake."""
    type_ = own["resourceType"]
    if not schema.knows(type_):
        return [] if structure.knows(type_, "R4") else ["neither R4 nor R4B has such a resource type"]
    said = [f"schema: {problem}" for problem in schema.problems(own)]
    return said + [f"medplum: {problem}" for problem in medplum.problems(without_unknown(own, schema.knows))]
