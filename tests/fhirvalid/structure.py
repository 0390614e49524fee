"""fhir.resources as a validator of R4B and R5: element names, types, cardinalities, one value of a choice."""

from __future__ import annotations

import importlib
import warnings
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from .inside import without_unknown

PACKAGES = {"R4": "fhir.resources.R4B", "R5": "fhir.resources"}


def problems(resource: dict[str, Any], release: str) -> list[str]:
    """What is wrong with one resource, and with those in it."""
    model = _model(resource["resourceType"], release)
    if model is None:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.model_validate(without_unknown(resource, lambda type_: knows(type_, release)))
    except ValidationError as error:
        return [f"{'.'.join(str(step) for step in own['loc'])}: {own['msg']}" for own in error.errors()]
    return []


def knows(type_: str, release: str) -> bool:
    """Whether the release has the resource type (for R4: R4B has it)."""
    return _model(type_, release) is not None


@cache
def _model(type_: str, release: str) -> type[BaseModel] | None:
    try:
        module = importlib.import_module(f"{PACKAGES[release]}.{type_.lower()}")
    except ModuleNotFoundError:
        return None
    found = getattr(module, type_, None)
    base = importlib.import_module(f"{PACKAGES[release]}.resource").Resource
    return found if isinstance(found, type) and issubclass(found, base) else None
