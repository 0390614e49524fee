"""A resource of a type that nothing reads gives no value, but what its code names is no longer assumed."""

from __future__ import annotations

from typing import Any

import pytest

from .build import FOOT, SNOMED, concept, condition, patient, read


def order(name: str, system: str = FOOT, **more: Any) -> dict[str, Any]:
    coded = {"code": concept((system, name)), "subject": {"reference": "Patient/p"}}
    return {"resourceType": "ServiceRequest", "id": "order"} | coded | more


def unsettled(*resources: dict[str, Any]) -> frozenset[str]:
    return read(patient(), condition("u", "ulcer"), *resources).subject().unsettled


def test_what_its_code_names_is_asked_and_not_assumed() -> None:
    understood = read(patient(), condition("u", "ulcer"), order("calcification"))
    assert understood.subject().unsettled == {"calcification"}
    assert understood.facts("calcification") == []
    assert understood.bucket("unused") == 1
    assert understood.why("ServiceRequest/order").endswith("so `calcification` is not assumed")


def test_an_operation_that_is_only_ordered_is_not_taken_as_absent() -> None:
    assert "offloading-surgery-performed" in unsettled(order("digital-flexor-tenotomy"))


@pytest.mark.parametrize(
    "resource",
    [
        order("ulcer"),  # never assumed anyway
        order("no-such-code"),
        order("73211009", SNOMED),  # diabetes is never assumed
        order("calcification", code=5),
        order("calcification", code=None),
    ],
)
def test_otherwise_nothing_changes(resource: dict[str, Any]) -> None:
    assert unsettled(resource) == frozenset()


def test_what_is_said_of_another_person_stays_with_that_person() -> None:
    other = order("calcification", subject={"reference": "Patient/q"})
    assert unsettled(patient("q"), other) == frozenset()
