"""What FHIR wraps resources in."""

from __future__ import annotations

from typing import Any

import pytest

from reasoner.errors import DataError
from reasoner.fhir.bundle import group_by_patient, resources_of

from .build import condition, observation, patient, read


def bundle(*entries: Any, kind: str = "collection") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


@pytest.mark.parametrize("kind", ["collection", "searchset", "document", "transaction", "history"])
def test_a_bundle_of_any_type_gives_its_resources_and_full_urls(kind: str) -> None:
    given = bundle({"fullUrl": "urn:uuid:1", "resource": patient()}, {"resource": condition("c", "ulcer")}, kind=kind)
    resources, urls = resources_of(given)
    assert [r["resourceType"] for r in resources] == ["Patient", "Condition"]
    assert urls == ["urn:uuid:1", None]


def test_nested_bundles_are_flattened_in_order() -> None:
    inner = bundle({"resource": patient("b")}, {"resource": patient("c")})
    resources, _ = resources_of(bundle({"resource": patient("a")}, {"resource": inner}, {"resource": patient("d")}))
    assert [r["id"] for r in resources] == ["a", "b", "c", "d"]


def test_an_entry_without_a_resource_is_counted() -> None:
    resources, urls = resources_of(bundle({"fullUrl": "urn:x:1"}, None, {"resource": "text"}, {"resource": patient()}))
    assert len(resources) == len(urls) == 4
    understood = read(*resources)
    assert understood.bucket("unused") == 3
    assert understood.why("entry 1") == "the entry holds no resource"


def test_a_single_resource() -> None:
    assert resources_of(patient()) == ([patient()], [None])


def test_a_bundle_without_entries_is_empty() -> None:
    assert resources_of({"resourceType": "Bundle"}) == ([], [])


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"entry": []}, "`resourceType` is missing"),
        ({"resourceType": 5}, "`resourceType` is not a name"),
        ([], "the JSON is a list"),
        (None, "the JSON is null"),
        ("Bundle", "the JSON is a text"),
        ({"resourceType": "Bundle", "entry": {}}, "`entry` of the Bundle is not a list"),
    ],
)
def test_what_is_not_fhir_is_said_to_be_so(document: Any, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        resources_of(document)


def test_endless_nesting_is_refused() -> None:
    nested: dict[str, Any] = bundle()
    for _ in range(500):
        nested = bundle({"resource": nested})
    with pytest.raises(DataError, match="too deeply"):
        resources_of(nested)


def test_bare_resources_are_grouped_by_patient() -> None:
    a, b = condition("1", "ulcer", of="a"), condition("2", "ulcer", of="b")
    assert group_by_patient([a, b, patient("b"), observation("3", "diabetes", "present", of="a")]) == [
        [a, observation("3", "diabetes", "present", of="a")],
        [b, patient("b")],
    ]


def test_a_bare_resource_without_patient_goes_with_the_only_one() -> None:
    lonely = {"resourceType": "Organization", "id": "o"}
    assert group_by_patient([lonely, patient("a")]) == [[lonely, patient("a")]]
    assert group_by_patient([lonely, patient("a"), patient("b")]) == [[lonely], [patient("a")], [patient("b")]]
