"""Inputs to explain: the shipped examples and cases, each under its policies, read once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import reasoner
from reasoner import verifier
from reasoner.explain.explainer import Explainer
from reasoner.inputs import FhirInput, GraphInput

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted(p for p in (ROOT / "examples").iterdir() if p.suffix in (".json", ".ndjson", ".ttl"))
CASES = sorted((ROOT / "ontology").glob("*/cases/*.ttl"))
LEAST_CASES, LEAST_EXAMPLES = 170, 8

Json = dict[str, Any]


@cache
def loaded(strict: bool = False) -> reasoner.Reasoner:
    return reasoner.load(strict=strict)


@cache
def explainer(strict: bool = False) -> Explainer:
    return Explainer(loaded(strict))


@cache
def ontology() -> verifier.Ontology:
    return verifier.Ontology(ROOT)


@cache
def items() -> list[tuple[str, FhirInput | GraphInput]]:
    """Every input of every example and case, with its name."""
    found = []
    for path in [*EXAMPLES, *CASES]:
        for number, item in enumerate(loaded().inputs(path)):
            assert isinstance(item, FhirInput | GraphInput)
            found.append((f"{path.stem}-{number}", item))
    return found


@cache
def text(place: int, strict: bool) -> str:
    return json.dumps(explainer(strict).explain(items()[place][1]))


def explanation(place: int, strict: bool = False) -> Json:
    """A fresh copy of the explanation of an input."""
    copy: Json = json.loads(text(place, strict))
    return copy


def everything(strict: bool = False, every: int = 1) -> Iterator[tuple[str, int, Json]]:
    for place in range(0, len(items()), every):
        yield items()[place][0], place, explanation(place, strict)


def explained(document: Json) -> Iterator[tuple[Json, Json]]:
    """Each subject with each of its explanations."""
    for subject in document["subjects"]:
        for own in subject["explanations"]:
            yield subject, own


def refusal(document: Json) -> str | None:
    """What the checker says against a document, None where it accepts it."""
    try:
        verifier.verify(document, ontology())
    except (verifier.WrongError, LookupError, TypeError, AttributeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return None
