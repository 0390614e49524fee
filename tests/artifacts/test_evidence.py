"""Effect estimates as resources: the numbers of the knowledge, and none where it has none."""

from __future__ import annotations

import pytest
from fhirvalid.inside import nodes

from reasoner.artifacts import Release
from reasoner.graph import GR, NOTATION

from .made import BOTH, RELEASES, codes, estimates, loaded, rows


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_numbers_are_those_of_the_knowledge_and_what_is_null_stays_absent(name: str, release: Release) -> None:
    assert sorted(estimates(name, release)) == sorted(rows(name))
    for id_, own in estimates(name, release).items():
        row = rows(name)[id_]
        if release == "R5":
            (said,) = own["statistic"]
            value = said.get("quantity", {}).get("value")
            ranges = [
                (e["range"]["low"]["value"], e["range"]["high"]["value"]) for e in said.get("attributeEstimate", [])
            ]
            sample = said.get("sampleSize", {})
        else:
            (said,) = own["effectEstimate"]
            value = said.get("value")
            ranges = [(e["from"], e["to"]) for e in said.get("precisionEstimate", [])]
            sample = own.get("sampleSize", {})
        assert value == row["value"]
        assert ranges == ([(row["lower"], row["upper"])] if row["lower"] is not None else [])
        assert sample.get("numberOfStudies") == row["studies"]
        assert sample.get("numberOfParticipants") == row["participants"]
        assert ("certainty" in own) == (row["certainty"] is not None)
        assert len(own.get("note", [])) == bool(row["note"])


def test_estimates_without_an_interval_exist_and_none_has_half_of_one() -> None:
    """Else the test above would show nothing."""
    known = rows("shipped").values()
    assert any(row["value"] is not None and row["lower"] is None for row in known)
    assert any(row["value"] is None for row in known)
    for release in RELEASES:
        for own in estimates("shipped", release).values():
            for node in nodes(own):
                assert ("low" in node) == ("high" in node) and ("from" in node) == ("to" in node)


def test_a_risk_ratio_and_its_interval_have_the_codes_of_hl7_and_nothing_else_has_them() -> None:
    for name in ("shipped", "other"):
        for id_, own in estimates(name, "R5").items():
            (statistic,) = own["statistic"]
            said = codes(statistic["statisticType"]).get("http://terminology.hl7.org/CodeSystem/statistic-type")
            assert said == ("C93152" if rows(name)[id_]["measure"] == "RR" else None)
            for interval in statistic.get("attributeEstimate", []):
                assert codes(interval["type"]) == {
                    "http://terminology.hl7.org/CodeSystem/attribute-estimate-type": "C53324"
                }
                assert interval["level"] == 0.95
        for id_, own in estimates(name, "R4").items():
            (effect,) = own["effectEstimate"]
            said = codes(effect["type"]).get("http://terminology.hl7.org/CodeSystem/effect-estimate-type")
            assert said == {"RR": "relative-RR", "OR": "relative-OR"}.get(rows(name)[id_]["measure"])


@pytest.mark.parametrize(("name", "release"), BOTH)
def test_the_digits_of_an_estimate_are_kept_in_words(name: str, release: Release) -> None:
    """A JSON number drops the last zero of 1.10."""
    graph = loaded(name).knowledge.graph
    for iri in graph.instances(GR + "Evidence"):
        own = estimates(name, release)[graph.text(iri, NOTATION) or ""]
        said = own["statistic" if release == "R5" else "effectEstimate"][0]["description"]
        for number in ("value", "lower", "upper"):
            assert (graph.text(iri, GR + number) or "") in said
