"""All that is published as FHIR: the knowledge, what it asks for, and the terms that answers are written in."""

from __future__ import annotations

from reasoner import artifacts
from reasoner.assess import Reasoner

from .definitions import definitions
from .names import Json, Release
from .requirements import data_requirements


def published(reasoner: Reasoner, release: Release) -> list[Json]:
    """Every resource that does not depend on a patient."""
    asked = [data_requirements(reasoner, guideline.id, release) for guideline in reasoner.knowledge.guidelines]
    return [*definitions(release), *asked, *artifacts.resources(reasoner, release)]
