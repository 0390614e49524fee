"""What JSON distinguishes, the Turtle distinguishes too."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from reasoner.fhirrdf import RELEASES, Release, documents_of, dumps, loads, turtle_of

XSD = "http://www.w3.org/2001/XMLSchema#"
VALUE = {"R4": "http://hl7.org/fhir/value", "R5": "http://hl7.org/fhir/v"}


def there_and_back(json: str, release: Release) -> tuple[list[ox.Quad], str]:
    text = "".join(turtle_of([loads(json, "test")], release))
    quads = list(ox.parse(text.encode(), format=ox.RdfFormat.TURTLE))
    (document,) = documents_of(quads, "test", release)
    return quads, dumps(document, indent=False).decode().strip()


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("number", "datatype"),
    [("1.50", "decimal"), ("1.5", "decimal"), ("100", "decimal"), ("-0.0", "decimal"), ("0.10000000000000000000001",
      "decimal"), ("1e3", "double"), ("1.0E-7", "double")],
)  # fmt: skip
def test_a_decimal_keeps_its_digits(release: Release, number: str, datatype: str) -> None:
    json = f'{{"resourceType":"Observation","valueQuantity":{{"value":{number}}}}}'
    quads, back = there_and_back(json, release)
    assert back == json
    assert ox.Literal(number, datatype=ox.NamedNode(XSD + datatype)) in {quad.object for quad in quads}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("moment", "datatype"),
    [("2026", "gYear"), ("2026-03", "gYearMonth"), ("2026-03-31", "date"), ("2026-03-31T10:00:00Z", "dateTime"),
     ("2026-03-31T10:00:00.100+01:00", "dateTime"), ("2026-03-31T10:00:00+00:00", "dateTime"), ("last year", "string"),
     ("2026-03-31T10:00", "string")],
)  # fmt: skip
def test_a_date_is_as_exact_as_it_was(release: Release, moment: str, datatype: str) -> None:
    json = f'{{"resourceType":"Observation","effectiveDateTime":"{moment}"}}'
    quads, back = there_and_back(json, release)
    assert back == json
    assert ox.Literal(moment, datatype=ox.NamedNode(XSD + datatype)) in {quad.object for quad in quads}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    "json",
    [
        # Extensions and ids of primitives, with and without a value, and holes in lists.
        '{"resourceType":"Patient","birthDate":"2026","_birthDate":{"id":"b","extension":[{"url":"urn:x:1",'
        '"valueString":"about"}]}}',
        '{"resourceType":"Patient","_birthDate":{"extension":[{"url":"urn:x:1","valueCode":"unknown"}]}}',
        '{"resourceType":"Patient","name":[{"given":["a",null,"c"],"_given":[null,{"id":"g"},null]}]}',
        '{"resourceType":"Patient","name":[{"_given":[{"id":"g"},null]}]}',
        '{"resourceType":"Patient","name":[{"given":["a",null]}]}',
        '{"resourceType":"Patient","extension":[{"url":"urn:x:1","_valueString":{"extension":[{"url":"urn:x:2",'
        '"valueDecimal":1.00}]}}]}',
        # The same thing twice, and order.
        '{"resourceType":"Patient","name":[{"given":["a","a","b","a"]},{"given":["a","a","b","a"]}]}',
        # Contained resources, and resources in parameters.
        '{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Device"}],'
        '"subject":{"reference":"#p"}}',
        '{"resourceType":"Parameters","parameter":[{"name":"a","part":[{"name":"b","resource":{"resourceType":'
        '"Parameters","parameter":[{"name":"c","valueBoolean":false}]}}]},{"name":"d","valueInteger":7}]}',
        # Texts of every sort, an empty one too.
        '{"resourceType":"Patient","name":[{"text":"","family":"O\'Neill \\"x\\" \\\\ \\u00e9\\u2028\\n\\t"}]}',
        # Elements with the names of what RDF adds.
        '{"resourceType":"Bundle","link":[{"relation":"self","url":"https://example.org"}],"entry":[{"link":'
        '[{"relation":"next","url":"a b"}]}]}',
        '{"resourceType":"TestScript","origin":[{"index":1},{"index":0}]}',
        '{"resourceType":"Patient","link":[{"other":{"reference":"Patient/p2"},"type":"seealso"}]}',
        # Codes that are no part of an IRI, and an address that is none.
        '{"resourceType":"Observation","code":{"coding":[{"system":"http://snomed.info/sct","code":"1:2=3"},'
        '{"system":"http://loinc.org","code":" <>"}]},"subject":{"reference":"http://a b"}}',
        '{"resourceType":"Bundle","entry":[{"fullUrl":"http://a b","resource":{"resourceType":"Patient"}},'
        '{"fullUrl":"p1","resource":{"resourceType":"Patient"}}]}',
    ],
)  # fmt: skip
def test_it_comes_back_as_it_was(release: Release, json: str) -> None:
    assert loads(there_and_back(json, release)[1], "back") == loads(json, "test")


def test_a_whole_number_of_64_bits_stays_a_text_in_r5() -> None:
    json = '{"resourceType":"Observation","extension":[{"url":"urn:x:1","valueInteger64":"9223372036854775807"}]}'
    quads, back = there_and_back(json, "R5")
    assert back == json
    assert ox.Literal("9223372036854775807", datatype=ox.NamedNode(XSD + "long")) in {q.object for q in quads}


def test_what_a_library_does_to_literals_is_undone_where_it_can_be() -> None:
    turtle = f"""@prefix fhir: <http://hl7.org/fhir/> . @prefix xsd: <{XSD}> .
    [] a fhir:Patient ; fhir:nodeRole fhir:treeRoot ; fhir:birthDate [ fhir:v "2026-01-01"^^xsd:gYear ] ;
      fhir:multipleBirth [ a fhir:integer ; fhir:v "+02"^^xsd:integer ] ; fhir:active [ fhir:v "1"^^xsd:boolean ] ."""
    found: list[dict[str, Any]] = documents_of(list(ox.parse(turtle.encode(), format=ox.RdfFormat.TURTLE)), "test")
    assert dumps(found[0], indent=False).decode().strip() == (
        '{"resourceType":"Patient","active":true,"birthDate":"2026","multipleBirthInteger":2}'
    )
