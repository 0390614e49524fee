"""Resources and reasoners, each made once a run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import reasoner
from reasoner import artifacts
from reasoner.artifacts import CANONICAL, Json, Release
from reasoner.guidelines import Recommendation

ROOT = Path(__file__).parent.parent.parent
FOLDERS = {"shipped": None, "other": ROOT / "examples" / "guidelines" / "uspstf-statin-2022"}
"""Knowledge by name; ``other`` is a guideline of another field that no line of Python knows."""
RELEASES: tuple[Release, ...] = get_args(Release)
BOTH = [(name, release) for name in FOLDERS for release in RELEASES]


@cache
def loaded(name: str) -> reasoner.Reasoner:
    """The reasoner of one knowledge."""
    return reasoner.load(FOLDERS[name])


@cache
def made(name: str, release: Release) -> list[Json]:
    """All resources of one knowledge."""
    return artifacts.resources(loaded(name), release)


def of_type(name: str, release: Release, type_: str) -> dict[str, Json]:
    """The resources of one type, by id."""
    return {own["id"]: own for own in made(name, release) if own["resourceType"] == type_}


def actions(node: Json) -> Iterator[Json]:
    """Every action below a PlanDefinition or an action."""
    for action in node.get("action", []):
        yield action
        yield from actions(action)


def extensions(node: Json, url: str) -> list[Json]:
    """The extensions of an element with that address, or one of ours with that name."""
    whole = url if url.startswith("http") else f"{CANONICAL}StructureDefinition/{url}"
    return [own for own in node.get("extension", []) if own["url"] == whole]


def codes(concept: Json) -> dict[str, str]:
    """The codes of a CodeableConcept by system."""
    return {own["system"]: own["code"] for own in concept["coding"]}


def own_code(concept: Json) -> str:
    """The code of a CodeableConcept in a code system of ours."""
    return next(code for system, code in codes(concept).items() if system.startswith(CANONICAL))


def recommendations(name: str) -> dict[str, Recommendation]:
    """The recommendations of one knowledge by id."""
    return {own.id: own for guideline in loaded(name).knowledge.guidelines for own in guideline.recommendations}


def advice(name: str, release: Release) -> dict[str, Json]:
    """The action of each recommendation."""
    plans = of_type(name, release, "PlanDefinition").values()
    return {own["id"]: own for plan in plans for own in actions(plan) if own["id"] in recommendations(name)}


def estimates(name: str, release: Release) -> dict[str, Json]:
    """The resources of effect estimates by id."""
    return of_type(name, release, "Evidence" if release == "R5" else "EffectEvidenceSynthesis")


def rows(name: str) -> dict[str, dict[str, Any]]:
    """The estimates of the knowledge by id."""
    return {row["id"]: row for own in recommendations(name).values() for row in own.static["evidence"]}
