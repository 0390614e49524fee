"""Suggestions that a clinician may follow, and findings that only follow from others; remarks that fail nothing."""

from __future__ import annotations

import pytest

from reasoner.checks.run import FAST, Outcome, examine
from reasoner.spelling import nearest

from .mistakes import bench_of, released

FINDINGS = "ontology/diabetic-foot/findings.ttl"
BASE = "https://w3id.org/guideline-reasoner/"


@pytest.mark.parametrize(
    ("said", "known", "meant"),
    [
        ("fever/presnt", ["fever/present", "fever/absent"], "fever/present"),
        ("fever/absent", ["fever/present"], None),
        ("risk/high", ["risk/not-high"], None),
        ("device/available", ["device/unavailable"], None),
        ("fluid-loss/present", ["allergy/present", "fluid-loss/absent"], None),
        ("fluid-los/present", ["allergy/present", "fluid-loss/present"], "fluid-loss/present"),
        ("temperature", ["egfr", "age"], None),
        ("temprature", ["egfr", "temperature"], "temperature"),
    ],
)
def test_only_a_name_that_is_spelt_alike_is_suggested(said: str, known: list[str], meant: str | None) -> None:
    found = nearest(BASE + said, [BASE + name for name in known])
    assert found == (None if meant is None else BASE + meant)


def checked(files: dict[str, bytes], *names: str) -> dict[str, Outcome]:
    return {outcome.name: outcome for outcome in examine(bench_of(files), FAST, names)}


def edited(name: str, *edits: tuple[str, str], everywhere: bool = False) -> dict[str, bytes]:
    files = dict(released()[0].files)
    text = files[name].decode()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new) if everywhere else text.replace(old, new, 1)
    return {**files, name: text.encode()}


def test_what_lacks_an_undeclared_term_is_not_told_of_each_that_uses_it() -> None:
    """The name is told once, with the number of its users."""
    files = edited("ontology/iwgdf-offloading-2023/recommendations.ttl",
                   ("gr:decision decision:offloading ", "gr:decision decision:nothing "), everywhere=True)  # fmt: skip
    found = checked(files, "declared terms", "authoring shapes")
    (told,) = found["declared terms"].problems
    assert "is not declared in the ontology (used by" in told.message
    assert found["authoring shapes"].problems == () and found["authoring shapes"].follows


def test_a_finding_that_is_not_functional_is_told_once_at_its_place() -> None:
    """Not at each restriction on it, and not in the core."""
    files = edited(FINDINGS, ("gr:gaitImpact a owl:FunctionalProperty,\n        owl:ObjectProperty",
                              "gr:gaitImpact a owl:ObjectProperty"))  # fmt: skip
    (told,) = checked(files, "authoring shapes")["authoring shapes"].problems
    assert told.where.startswith(FINDINGS) and "the finding is not functional" in told.message


def test_model_axioms_are_listed() -> None:
    """An axiom changes what follows from a record, so none goes unseen."""
    (note,) = checked(dict(released()[0].files), "axioms of findings")["axioms of findings"].notes
    assert note.startswith("2 model axioms: ") and "gr:ApexLesion implies gr:ToeLesion" in note


def test_knowledge_without_a_case_is_told() -> None:
    files = {name: data for name, data in released()[0].files.items() if "/cases/" not in name}
    outcome = checked(files, "loading", "cases")["cases"]
    assert outcome.passed and outcome.count == 0 and "there is no case" in outcome.notes[0]


def test_a_file_of_an_editor_is_told_with_the_command_that_takes_it_over() -> None:
    """What Protégé saved beside the Turtle is not read: nobody should think that it is."""
    files = {**released()[0].files, FINDINGS.replace(".ttl", ".owl"): b"<rdf:RDF/>"}
    (told,) = checked(files, "imports and catalog")["imports and catalog"].problems
    assert told.where == "ontology/diabetic-foot/findings.owl:1" and "is not read" in told.message
    assert "guideline fmt " in told.fix and "diabetic-foot/findings.owl`" in told.fix
