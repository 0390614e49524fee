"""Whatever stands in the JSON, nothing is raised, no resource is lost, and the counts add up."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reasoner.fhir.bundle import group_by_patient, resources_of
from reasoner.fhir.identity import Identities

from .build import ICD, SNOMED, concept, condition, observation, patient, procedure, read

SEEDS = [
    patient(birthDate="1960-01-01", identifier=[{"system": "s", "value": "1"}]),
    condition("u", "ulcer", at=["mth-2", "right"], recordedDate="2026-03-01"),
    condition("c", "L94.2", ICD, at=["right"], onsetPeriod={"start": "2020", "end": "2021"}),
    condition("e", "E11.621", ICD, verification="refuted"),
    condition("s", "L97.511", ICD, verification="provisional", bodySite=[concept((SNOMED, "29707007"))]),
    observation("t", "toe-pressure", (60, "mm[Hg]"), "2026-03-01", at=["right"]),
    observation("i", "infection-grade", "mild", focus="u"),
    observation("n", "sirs-criteria", 2, effectivePeriod={"start": "2026-01"}),
    observation("m", "panel", component=[{"code": concept((ICD, "x")), "valueInteger": 1}]),
    procedure("p", "metatarsal-head-resection", when="2026-01", reasonReference=[{"reference": "Condition/u"}]),
]
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2026-03-01", "Condition/u", "#x", "Patient/p", "mm[Hg]", "active", "refuted", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["resourceType", "coding", "code", "system", "value", "reference", "start", "end", "event"]),
        inner,
        max_size=3,
    ),
    max_leaves=8,
)  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, child in inner for path in paths(child, (*at, key)))]


@st.composite
def mangled(draw: st.DrawFn) -> list[Any]:
    chosen = draw(st.lists(st.integers(0, len(SEEDS) - 1), min_size=1, max_size=6, unique=True))
    resources: Any = copy.deepcopy([SEEDS[i] for i in chosen])
    for _ in range(draw(st.integers(0, 4))):
        path = draw(st.sampled_from(paths(resources)[1:]))
        target = resources
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = draw(JUNK)
    return list(resources)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mangled(), st.sampled_from([None, date(2026, 2, 1)]))
def test_mangled_resources_are_read_without_an_exception(resources: list[Any], on: date | None) -> None:
    understood = read(*resources, on=on)
    reading = understood.reading
    listed = {row[0] for rows in (reading.unmapped, reading.unplaced, reading.unused) for row in rows}
    if len(set(Identities(resources, [None] * len(resources)).labels)) == len(resources):
        assert len(listed) >= len(resources) - reading.used, "what is not used is in a list"


@settings(max_examples=300, deadline=None)
@given(mangled())
def test_mangled_resources_are_read_alike_in_any_order(resources: list[Any]) -> None:
    named = [r for r in resources if isinstance(r, dict) and isinstance(r.get("resourceType"), str)]
    one, other = read(*named).reading, read(*reversed(named)).reading
    assert one.counts == other.counts
    assert [s.iri for s in one.subjects] == [s.iri for s in other.subjects]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["resourceType", "id", "subject"]), JUNK, max_size=3), max_size=4))
def test_bare_resources_are_all_in_one_group(resources: list[Any]) -> None:
    groups = group_by_patient(resources)
    assert sum(len(group) for group in groups) == len(resources)


@settings(max_examples=200, deadline=None)
@given(st.lists(JUNK, max_size=5))
def test_every_entry_of_a_bundle_is_counted(entries: list[Any]) -> None:
    resources, urls = resources_of({"resourceType": "Bundle", "entry": [{"resource": entry} for entry in entries]})
    assert len(resources) == len(urls) == len(entries)
    read(*resources, urls=urls)
