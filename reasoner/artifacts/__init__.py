"""The knowledge as FHIR resources: what a guideline says, in the shapes that FHIR has for it.

Everything is made from the knowledge graph, so a guideline in a folder of its own comes out without a line of code.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from .activity import activities
from .citation import citations
from .codes import Codes
from .concept_map import concept_maps
from .evidence import evidence
from .extensions import definitions
from .frame import CANONICAL, Json, Maker, Release
from .library import libraries
from .plan import plans
from .requirement import Requirements
from .terminology import terminology

if TYPE_CHECKING:
    from reasoner.assess import Reasoner

R4_ONLY = frozenset({"EffectEvidenceSynthesis"})
"""Types among those of R4 that R4B dropped."""
R4B_ONLY = frozenset({"Citation"})
"""Types among those of R4 that begin with R4B: a server of 4.0.1 does not know them."""


def resources(reasoner: Reasoner, release: Release) -> list[Json]:
    """Every resource, sorted by type and id; the copies are the caller's own."""
    found: list[Json] = orjson.loads(_made(reasoner, release)[0])
    return found


def find(reasoner: Reasoner, release: Release, type_: str, id_: str) -> Json | None:
    """One resource by type and id, None where there is none."""
    data = _made(reasoner, release)[1].get((type_, id_))
    found: Json | None = None if data is None else orjson.loads(data)
    return found


def requirements(reasoner: Reasoner, release: Release, findings: frozenset[str]) -> list[Json]:
    """The DataRequirements of findings and of all from which they are derived."""
    maker = Maker(reasoner, release)
    return Requirements(maker, Codes(maker)).of(findings)


@lru_cache(maxsize=8)
def _made(reasoner: Reasoner, release: Release) -> tuple[bytes, dict[tuple[str, str], bytes]]:
    """All as one document, and each by type and id: kept as bytes, which nobody can change."""
    maker = Maker(reasoner, release)
    codes = Codes(maker)
    found = [
        *plans(maker, Requirements(maker, codes)),
        *activities(maker),
        *evidence(maker),
        *citations(maker),
        *libraries(maker),
        *terminology(maker, codes),
        *concept_maps(maker, codes),
        *definitions(maker),
    ]
    found.sort(key=lambda own: (own["resourceType"], own["id"]))
    return orjson.dumps(found), {(own["resourceType"], own["id"]): orjson.dumps(own) for own in found}


__all__ = ["CANONICAL", "R4B_ONLY", "R4_ONLY", "Json", "Release", "find", "requirements", "resources"]
