"""`guideline check`: sound on the released knowledge, and each kind of mistake found with place, term and fix."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from reasoner.checks import Outcome, check
from reasoner.checks.bench import Bench
from reasoner.checks.run import FAST, SLOW, examine
from reasoner.checks.snapshot import Memo, read_snapshot
from reasoner.cli import main
from reasoner.knowledge import shipped

ROOT = Path(__file__).parent.parent
CONDITIONS = "ontology/diabetic-foot/conditions.ttl"
FINDINGS = "ontology/diabetic-foot/findings.ttl"
PLACE = re.compile(r"^[^:]+:\d+$")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the knowledge that a test may spoil."""
    for name in ("ontology", "shapes", "queries"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    """Replace the first occurrence of a text in a file; it must be there."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@cache
def computed() -> Memo:
    """What a check of the released knowledge computed; what an edit does not touch is taken from it."""
    memo = Memo()
    assert all(outcome.passed for outcome in examine(Bench(read_snapshot(ROOT), memo)))
    return memo


def failed(folder: Path, only: tuple[str, ...] = ()) -> dict[str, Outcome]:
    """The steps that did not pass: every fast one, or those named."""
    steps = examine(Bench(read_snapshot(folder), computed().fork()), FAST + SLOW if only else FAST, only)
    return {outcome.name: outcome for outcome in steps if not outcome.passed}


def test_released_knowledge_is_sound() -> None:
    """Every step runs, looks at something and finds nothing: HermiT included."""
    outcomes = list(check(shipped()))
    assert sorted(outcome.name for outcome in outcomes) == sorted(name for name, _ in FAST + SLOW)
    assert {outcome.name: outcome.problems for outcome in outcomes if not outcome.passed} == {}
    assert all(outcome.count > 0 for outcome in outcomes)


MISTAKES: dict[str, tuple[str, str, str, str, str]] = {
    "a file that does not parse": (CONDITIONS, "gr:AnyInfection a owl:Class ;", "gr:AnyInfection a owl:Class",
                                   "syntax", ""),
    "a finding misspelt": (CONDITIONS, "owl:onProperty gr:infectionGrade", "owl:onProperty gr:infectoinGrade",
                           "declared terms", "did you mean `gr:infectionGrade` (infection grade)"),
    "a construct outside the fragment": (CONDITIONS, "owl:someValuesFrom", "owl:allValuesFrom",
                                         "OWL fragment", "outside the fragment"),
    "a value of another finding": (CONDITIONS, "owl:hasValue diabetes:present", "owl:hasValue ulcer:present",
                                   "OWL fragment", "is no value of `diabetes`"),
    "a code mapped to nothing": ("ontology/diabetic-foot/codes.sssom.tsv", "gr:osteomyelitis/present",
                                 "gr:osteomyelitis/presnt", "mappings", "did you mean"),
    "a property of two kinds": (FINDINGS, "gr:onFoot a owl:FunctionalProperty,",
                                "gr:onFoot a owl:DatatypeProperty, owl:FunctionalProperty,",
                                "OWL 2 DL profile", "more than one kind"),
    "a query with a syntax error": ("queries/harms.rq", "SELECT", "SELCT", "queries", ""),
    "a threshold changed": ("ontology/diabetic-foot/gradings.ttl", '"2.0"^^xsd:decimal', '"3.0"^^xsd:decimal',
                            "competency questions", "the result has changed"),
    "bands that leave a gap": ("ontology/diabetic-foot/gradings.ttl", 'maxExclusive "60.0"', 'maxExclusive "50.0"',
                               "loading", "leave a gap"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_found(folder: Path, name: str) -> None:
    """The step concerned fails, with a place inside the file and a fix."""
    file, old, new, step, words = MISTAKES[name]
    spoil(folder, file, old, new)
    outcome = failed(folder)[step]
    assert outcome.problems
    assert any(words in str(problem) for problem in outcome.problems)
    assert all(problem.fix and problem.where for problem in outcome.problems)


def test_a_changed_rule_flips_a_case(folder: Path) -> None:
    """Cases tell what an edit does to patients, with the case's file and line."""
    spoil(folder, "ontology/diabetic-foot/conditions.ttl", "owl:hasValue non-surgical-offloading:failed",
          "owl:hasValue non-surgical-offloading:ongoing")  # fmt: skip
    problems = failed(folder)["cases"].problems
    assert problems and all(PLACE.match(problem.where) for problem in problems)


def test_the_line_of_a_misspelt_term_is_named(folder: Path) -> None:
    """file:line, not only the file."""
    spoil(folder, CONDITIONS, "owl:onProperty gr:infectionGrade", "owl:onProperty gr:infectoinGrade")
    problems = failed(folder)["declared terms"].problems
    assert all(PLACE.match(problem.where) for problem in problems)


def test_several_mistakes_are_shown_together(folder: Path) -> None:
    """One run shows all that is wrong, each once."""
    spoil(folder, CONDITIONS, "gr:AnyInfection a owl:Class ;", "gr:AnyInfection a owl:Class")
    spoil(folder, FINDINGS, "gr:onFoot a owl:FunctionalProperty,", "gr:onFoot a owl:FunctionalProperty")
    assert len(failed(folder)["syntax"].problems) == 2


HERMIT: dict[str, tuple[str, str, str, str]] = {
    "an inconsistent ontology": (
        FINDINGS, "gr:Lesion a owl:Class ;",
        "<urn:x> a gr:Lesion . ulcer:present a gr:UlcerValue, gr:Nothing . "
        "gr:Nothing a owl:Class ; owl:equivalentClass [ owl:complementOf gr:UlcerValue ] . gr:Lesion a owl:Class ;",
        "HermiT: consistency and satisfiability",
    ),
    "a class that can have no member": (
        CONDITIONS, "gr:AnyInfection a owl:Class ;",
        "gr:AnyInfection a owl:Class ; rdfs:subClassOf [ a owl:Class ; owl:complementOf gr:AnyInfection ] ;",
        "HermiT: consistency and satisfiability",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HERMIT)
def test_hermit_finds(folder: Path, name: str) -> None:
    """Faults that only a reasoner sees, with the terms at fault."""
    file, old, new, step = HERMIT[name]
    spoil(folder, file, old, new)
    outcome = failed(folder, only=(step,))[step]
    assert outcome.problems and all(problem.term for problem in outcome.problems)


def test_exit_codes(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """0 sound, 3 not sound, 1 no such folder; JSON says the same."""
    assert main(["check", "--fast", str(folder)]) == 0
    spoil(folder, CONDITIONS, "gr:AnyInfection a owl:Class ;", "gr:AnyInfection a owl:Class")
    assert main(["check", "--fast", "--format", "json", str(folder)]) == 3
    assert main(["check", str(folder / "nowhere")]) == 1
    assert main(["check", "--fast", str(folder)]) == 3
    captured = capsysbinary.readouterr()
    assert b"not sound: 1 problem in 1 step;" in captured.out
    assert b"Traceback" not in captured.err


def test_without_java_the_referee_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that could not run is no pass, and its reason names the extra to install."""
    monkeypatch.setattr("reasoner.hermit._candidates", lambda: iter(()))
    step = "HermiT: consistency and satisfiability"
    outcome = failed(folder, only=(step,))[step]
    assert outcome.skipped is not None and "Java" in outcome.skipped and "author" in outcome.skipped


BROKEN: dict[str, tuple[str, str, str]] = {
    "outside the fragment": (CONDITIONS, "owl:someValuesFrom", "owl:allValuesFrom"),
    "a cycle": (CONDITIONS, "gr:PerfusionNotAssessed )", "gr:SurgeryContraindicated )"),
    "an undeclared term": (CONDITIONS, "owl:onProperty gr:infectionGrade", "owl:onProperty gr:infectoinGrade"),
    "a mapping to a term that is gone": ("ontology/diabetic-foot/codes.sssom.tsv", "gr:osteomyelitis/present",
                                         "gr:osteomyelitis/presnt"),
    "a half-written file": (CONDITIONS, '"An infected lesion: mild, moderate or severe."@en .', '"An inf'),
    "an order in words": (FINDINGS, 'gr:order "1"^^xsd:integer', 'gr:order "one"'),
    "an estimate in words": ("ontology/iwgdf-offloading-2023/evidence.ttl", 'gr:lower "1.09"^^xsd:decimal',
                             'gr:lower "about one"'),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_knowledge_is_a_finding_of_check_and_one_line_elsewhere(
    folder: Path, name: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`check` lists it and ends with 3; `assess` cannot run: one line, with place and hint, and exit 1."""
    spoil(folder, *BROKEN[name])
    assert main(["check", "--fast", str(folder)]) == 3
    listed = capsysbinary.readouterr()
    assert b"not sound" in listed.out and b"Traceback" not in listed.err
    assert main(["assess", "--knowledge", str(folder), str(ROOT / "examples" / "after-surgery.ttl")]) == 1
    refused = capsysbinary.readouterr()
    assert refused.out == b"" and refused.err.startswith(b"error: ") and refused.err.count(b"\n") == 1
    assert b";" in refused.err


def test_the_closing_line_names_the_next_command(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Proofs over every patient are another command, which a sound check points at."""
    assert main(["check", "--fast"]) == 0
    assert b"Next: `guideline prove`" in capsysbinary.readouterr().out


def test_the_first_line_names_the_folder_and_its_guidelines(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Whoever stands in another folder than the one that is checked is warned."""
    assert main(["check", "--fast", str(folder)]) == 0
    first = capsysbinary.readouterr().out.decode().splitlines()[0]
    assert first == f"{folder.resolve()}: iwgdf-offloading-2023 1.0.0, metatarsal-calcification 1.0.0"
    monkeypatch.chdir(folder)
    assert main(["check", "--fast"]) == 0
    captured = capsysbinary.readouterr()
    assert captured.out.decode().startswith(f"{shipped().resolve()}: ")
    assert b"not ./ontology; give the folder: guideline check ." in captured.err
    assert main(["check", "--fast", "."]) == 0
    assert capsysbinary.readouterr().err == b""


def test_without_a_command_every_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A first call without arguments is how one learns what there is."""
    assert main([]) == 1
    said = capsys.readouterr().err
    assert all(f"`{name}`" in said for name in ("assess", "check", "prove", "diff", "new"))
