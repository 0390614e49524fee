"""What cannot become the other form is refused with its place, and nothing is dropped in silence."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from reasoner.errors import DataError
from reasoner.fhirrdf import RELEASES, Release, documents_of, loads, turtle_of

ROOT = "[] a fhir:Observation ; fhir:nodeRole fhir:treeRoot ; "


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("json", "message"),
    [
        ('{"resourceType":"Observation","code":{"codings":[]}}', "`Observation.code` has an element that FHIR"),
        ('{"resourceType":"Observation","_code":{}}', "`Observation` has an element that FHIR"),
        ('{"resourceType":"Observation","status":null}', "`Observation.status` is null"),
        ('{"resourceType":"Observation","status":["final"]}', "`Observation.status` is a list, and cannot repeat"),
        ('{"resourceType":"Observation","category":{"text":"a"}}', "`Observation.category` is not a list"),
        ('{"resourceType":"Observation","category":[]}', "`Observation.category` is an empty list"),
        ('{"resourceType":"Observation","category":[{"text":"a"},null]}', "`Observation.category[1]` is no Codeable"),
        ('{"resourceType":"Observation","code":{}}', "`Observation.code` is empty"),
        ('{"resourceType":"Observation","status":5}', "`Observation.status` is not a text"),
        ('{"resourceType":"Observation","valueBoolean":"true"}', "`Observation.valueBoolean` is not true or false"),
        ('{"resourceType":"Observation","valueInteger":"7"}', "`Observation.valueInteger` is not a number"),
        ('{"resourceType":"Observation","valueInteger":7,"valueString":"7"}', "`Observation` has both"),
        ('{"resourceType":"Patient","name":[{"given":["a"],"_given":[null,{"id":"x"}]}]}',
         "`Patient.name[0].given` has another length than `_given`"),
        ('{"resourceType":"Patient","_birthDate":{"value":"x"}}', "`Patient.birthDate` has an element that FHIR"),
        ('{"resourceType":"Nonsense"}', "does not know: `Nonsense`"),
        ('{"resourceType":"Element"}', "does not know: `Element`"),
        ('{"resourceType":"Bundle","entry":[{"resource":{"id":"x"}}]}', "`Bundle.entry[0].resource` has no `resourceT"),
        ('{"resourceType":"Patient","name":[{"text":"\\ud800"}]}', "`Patient.name[0].text` holds half a character"),
    ],
)  # fmt: skip
def test_json_that_is_not_fhir_names_its_place(release: Release, json: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        "".join(turtle_of([loads(json, "test")], release))
    assert message in str(caught.value)
    assert caught.value.hint


def test_numbers_of_python_that_json_does_not_have_are_refused() -> None:
    for number in (float("inf"), float("nan")):
        with pytest.raises(DataError, match="is not a number"):
            "".join(turtle_of([{"resourceType": "Observation", "valueQuantity": {"value": number}}], "R4"))


def test_an_element_of_the_other_release_names_that_release() -> None:
    with pytest.raises(DataError, match="give `--release R4`, which knows it"):
        "".join(turtle_of([{"resourceType": "Procedure", "performedString": "once"}], "R5"))
    with pytest.raises(DataError, match="give `--release R5`, which knows it"):
        "".join(turtle_of([{"resourceType": "Procedure", "occurrenceString": "once"}], "R4"))


@pytest.mark.parametrize(
    ("json", "message"),
    [
        ('{"a":1,"a":2}', "names `a` twice"),
        ('{"a":NaN}', "holds the number `NaN`"),
        ("[1]", "is not a FHIR resource"),
        ('{"a":', "is not JSON"),
        ('{"a":' * 3000 + "1" + "}" * 3000, "is nested too deeply"),
    ],
)
def test_json_that_python_would_read_otherwise_is_refused(json: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        loads(json, "test")


@pytest.mark.parametrize("release", RELEASES)
def test_deep_nesting_is_refused_before_it_ends_the_process(release: Release) -> None:
    own: dict[str, object] = {"url": "urn:x:1", "valueString": "deep"}
    for _ in range(400):
        own = {"url": "urn:x:1", "extension": [own]}
    with pytest.raises(DataError, match="is nested too deeply"):
        "".join(turtle_of([{"resourceType": "Patient", "extension": [own]}], release))


@pytest.mark.parametrize(
    ("turtle", "message"),
    [
        (ROOT + "fhir:Observation.code [ fhir:CodeableConcept.txt [ fhir:value 'a' ] ] .",
         "`Observation.code` has a property that FHIR R4 does not know: `fhir:CodeableConcept.txt`"),
        (ROOT + "fhir:code [ fhir:txt [ fhir:v 'a' ] ] .", "`Observation.code` has a property that FHIR R5 does not"),
        (ROOT + "fhir:status [ fhir:v 'final' ] ; <urn:x:note> 'mine' .", "has a property that is not FHIR's"),
        (ROOT + "fhir:status [ fhir:v 'final' ] , [ fhir:v 'amended' ] .", "`Observation.status` has several values"),
        (ROOT + "fhir:Observation.category [ fhir:index 0 ] , [ fhir:index 2 ] .", "has no `fhir:index` from 0 on"),
        (ROOT + "fhir:status ( [ fhir:v 'a' ] [ fhir:v 'b' ] ) .", "`Observation.status` has 2 values"),
        (ROOT + "fhir:value [ fhir:v 'a' , 'b' ] .", "has no single literal"),
        (ROOT + "fhir:value [ fhir:id [ fhir:v 'a' ] ] .", "has no type, and not one alone fits"),
        (ROOT + "fhir:status [ fhir:v 'a' ] ; fhir:Observation.code [ fhir:CodeableConcept.text [ fhir:value 'b' ] ] .",
         "mixes the shapes of R4 and R5"),
        (ROOT + "fhir:status [ fhir:v 'final' ] . [] fhir:note [ fhir:v 'lost' ] .", "belongs to no resource"),
        (ROOT + "fhir:note _:a ; fhir:category ( _:a ) . _:a fhir:text [ fhir:v 'a' ] .", "is at two places"),
        (ROOT + "fhir:category ( [ fhir:text [ fhir:v 'a' ] ] _:l ) .", "`Observation.category[1]` is empty"),
        (ROOT + "fhir:category _:l . _:l rdf:first [ fhir:text [ fhir:v 'a' ] ] ; rdf:rest _:l .", "at two places"),
        (ROOT + "fhir:value [ a fhir:integer ; fhir:v 'seven' ] .", "is no `integer`"),
        (ROOT + "fhir:issued [ fhir:v 'x' ] ; a fhir:Patient .", "has no resource type of FHIR"),
        ("[] fhir:status [ fhir:v 'final' ] .", "holds no FHIR resource"),
    ],
)  # fmt: skip
def test_rdf_that_is_not_fhir_names_its_place(turtle: str, message: str) -> None:
    head = "@prefix fhir: <http://hl7.org/fhir/> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . "
    with pytest.raises(DataError) as caught:
        documents_of(list(ox.parse((head + turtle).encode(), format=ox.RdfFormat.TURTLE)), "test")
    assert message in str(caught.value)
    assert caught.value.hint
