"""The separate checker: accepts every explanation, shares no code with what wrote it, and stays small."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import reasoner
from reasoner import verifier
from reasoner.explain.explainer import Explainer
from reasoner.inputs import FhirInput, GraphInput

from .inputs import CASES, EXAMPLES, LEAST_CASES, LEAST_EXAMPLES, ROOT, Json, everything, explainer, loaded, refusal

FILE = Path(str(verifier.__file__))
LONGEST = 300


def test_examples_and_cases_are_collected() -> None:
    assert len(EXAMPLES) >= LEAST_EXAMPLES and len(CASES) >= LEAST_CASES


def test_checker_imports_nothing_of_this_project() -> None:
    modules = set()
    for node in ast.walk(ast.parse(FILE.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Call):
            assert getattr(node.func, "id", "") not in ("__import__", "eval", "exec")
    assert modules - {"pyoxigraph"} <= sys.stdlib_module_names
    assert "importlib" not in modules


def test_checker_stays_small() -> None:
    """Whoever trusts it has to read it: every line of the file counts."""
    assert len(FILE.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_every_explanation_of_every_example_and_case_is_accepted() -> None:
    """All recommendations of all of them; under the strict policy every ninth."""
    refused = {name: why for name, _, document in everything() if (why := refusal(document))}
    refused |= {f"strict {name}": why for name, _, own in everything(strict=True, every=9) if (why := refusal(own))}
    assert refused == {}


def test_command_of_the_checker(tmp_path: Path) -> None:
    _, _, document = next(everything())
    path = tmp_path / "explanation.json"
    for change, code, said in ((False, 0, "ok\n"), (True, 3, "wrong: ")):
        if change:
            document["subjects"][0]["explanations"][0]["verdict"] = "eligible"
        path.write_text(json.dumps([document]))
        done = checked(path)
        assert (done.returncode, done.stderr) == (code, "")
        assert done.stdout.startswith(said)


def checked(*arguments: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "reasoner.verifier", *arguments], capture_output=True, text=True)


def test_what_is_no_explanation_is_one_line(tmp_path: Path) -> None:
    """A missing file and a missing argument cannot be read (1); what can be read and is something else is wrong (3)."""
    other = tmp_path / "other.json"
    for data, code in ((None, 1), (b"", 3), (b"\xff\x00", 3), (b"3", 3), (b"{}", 3)):
        if data is not None:
            other.write_bytes(data)
        done = checked(other)
        assert done.returncode == code and (done.stdout + done.stderr).count("\n") == 1
    assert checked().returncode == 1


@st.composite
def records(draw: st.DrawFn) -> Json:
    """What might be recorded of a subject: any values of any findings."""
    told: Json = {}
    for name, finding in loaded().knowledge.model.findings.items():
        if not draw(st.booleans()):
            continue
        if finding.range is None:
            told[name] = draw(st.sampled_from([v.iri for v in finding.values]))
        else:
            low, high = int(finding.range.minimum or 0), int(finding.range.maximum or 0)
            told[name] = draw(st.integers(low, high))
    return told


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(told=records(), strict=st.booleans())
def test_explanations_of_partial_states_are_accepted(told: Json, strict: bool) -> None:
    assert refusal(document_of(told, strict)) is None


def document_of(told: Json, strict: bool) -> Json:
    """The explanation of a graph in which these findings are recorded."""
    model = loaded().knowledge.model
    lines = {"Lesion": "<urn:l> a gr:Lesion ; gr:onFoot <urn:f>", "Foot": "<urn:f> a gr:Foot ; gr:ofPatient <urn:p>",
             "Patient": "<urn:p> a gr:Patient"}  # fmt: skip
    for name, value in told.items():
        finding = model.findings[name]
        if finding.range is not None:
            lines[finding.kind] += f" ; <{finding.iri}> {value if finding.range.integer else f'{value}.0'}"
        else:
            lines[finding.kind] += f" ; <{finding.iri}> <{value}>"
    text = "@prefix gr: <https://w3id.org/guideline-reasoner/> .\n" + " .\n".join(lines.values()) + " ."
    (item,) = loaded().inputs(text.encode())
    assert isinstance(item, GraphInput)
    document: Json = json.loads(json.dumps(explainer(strict).explain(item)))
    return document


def test_what_cannot_stand_together_has_no_changes() -> None:
    """A pressure gives a grade although the perfusion is recorded as not assessed: no rerun could hold both."""
    not_done = "https://w3id.org/guideline-reasoner/vascular-assessment/not-done"
    document = document_of({"toe-pressure": 70, "vascular-assessment": not_done}, False)
    (subject,) = document["subjects"]
    assert subject["coherent"] is False
    assert all(own["changes"] is None for own in subject["explanations"])
    assert refusal(document) is None
    subject["explanations"][-1]["changes"] = {"to": "eligible", "sets": [], "onlyImmutable": []}
    assert refusal(document) is not None


@pytest.mark.parametrize("strict", (False, True))
def test_nothing_recorded_is_explained_too(strict: bool) -> None:
    document = document_of({}, strict)
    assert refusal(document) is None
    assert {own["verdict"] for own in document["subjects"][0]["explanations"]} <= {"undetermined", "not-eligible"}


GUIDELINES = sorted(p for p in (ROOT / "examples" / "guidelines").iterdir() if p.is_dir())


@pytest.mark.parametrize("folder", GUIDELINES, ids=lambda folder: folder.name)
def test_explanations_of_other_guidelines_are_accepted(folder: Path) -> None:
    """With other subjects, and numbers in the criteria."""
    other, own = verifier.Ontology(folder), Explainer(reasoner.load(folder))
    paths = [
        p for p in sorted(folder.rglob("*")) if {"patients", "cases"} & set(p.parts) and p.suffix in (".ttl", ".json")
    ]
    verdicts = set()
    for item in (item for path in paths for item in own.reasoner.inputs(path)):
        assert isinstance(item, FhirInput | GraphInput)
        document = json.loads(json.dumps(own.explain(item)))
        verifier.verify(document, other)
        verdicts |= {row["verdict"] for subject in document["subjects"] for row in subject["explanations"]}
        for subject in document["subjects"]:
            for row in subject["explanations"]:
                if row["verdict"] == "not-eligible":
                    row["verdict"] = "eligible"
                    with pytest.raises(verifier.WrongError):
                        verifier.verify(document, other)
                    row["verdict"] = "not-eligible"
    assert {"eligible", "not-eligible", "undetermined"} <= verdicts


def test_another_guideline_is_there() -> None:
    assert GUIDELINES
