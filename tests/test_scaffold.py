"""`guideline new`: a skeleton that is sound as it stands, explains itself, and never overwrites anything."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest

from reasoner.checks import check
from reasoner.cli import main

FILES = {
    "README.md", "examples/patient.json", "ontology/{}/cases/unrecorded-fluid-loss-leaves-drinking-open.ttl",
    "ontology/{}/citations.ttl", "ontology/{}/codes.sssom.tsv", "ontology/{}/eligibility.ttl",
    "ontology/{}/evidence.ttl", "ontology/{}/fhir-mapping.ttl", "ontology/{}/findings.ttl",
    "ontology/{}/guideline.ttl", "ontology/{}/recommendations.ttl", "queries/recommendations-by-finding.rq",
    "queries/expected/recommendations-by-finding.tsv", "shapes/patient.ttl",
    "ontology/all.ttl", "ontology/catalog-v001.xml",
}  # fmt: skip
SILENT = (".json", ".tsv")
"""JSON and SPARQL results hold no comments; a mapping table says what to change in its description."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str, expected: int = 0) -> tuple[str, str]:
    code = main(list(arguments))
    out = capsys.readouterr()
    assert code == expected, out.err
    return out.out, out.err


def test_it_writes_every_file_and_says_what_to_try(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, "new", "back-pain-2026")
    folder = here / "back-pain-2026"
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert written == {name.format("back-pain-2026") for name in FILES}
    assert all(f"  {name}\n" in out for name in written)
    commands = [line.split() for line in out.splitlines() if line.startswith("  guideline ")]
    assert len(commands) == 3
    for command in commands:
        run(capsys, *command[1:], *(["--fast"] if command[1] == "check" else []))


def test_the_skeleton_is_sound_hermit_included(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "new", "back-pain-2026")
    outcomes = list(check(here / "back-pain-2026"))
    assert {outcome.name: [str(p) for p in outcome.problems] for outcome in outcomes if not outcome.passed} == {}


@pytest.mark.parametrize("name", ["a", "zebra-9", "m-1-2", "loinc", "gr", "all", "x" * 60])
def test_any_good_name_gives_a_sound_and_formatted_skeleton(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "new", name)
    assert [outcome.name for outcome in check(here / name, fast=True) if not outcome.passed] == []
    assert run(capsys, "fmt", "--check", name)[0] == "0 to change, 9 as they should be\n"


def test_its_example_is_assessed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "new", "back-pain-2026")
    out, _ = run(capsys, "assess", "--knowledge", "back-pain-2026", "back-pain-2026/examples/patient.json")
    assert "body temperature 38.4 °C" in out
    assert "Drinking more" in out and "Hard exercise" in out and "3 used, 0 unmapped" in out
    case = next((here / "back-pain-2026").rglob("cases/*.ttl"))
    assert "undetermined" in run(capsys, "assess", "--knowledge", "back-pain-2026", "--format", "json", str(case))[0]


def test_every_file_says_what_to_change_next(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "new", "back-pain-2026")
    for path in sorted((here / "back-pain-2026").rglob("*")):
        if path.is_file() and not (path.suffix in SILENT and path.name != "codes.sssom.tsv"):
            text = path.read_text(encoding="utf-8")
            assert text[0] in "#<", path
            assert not text.startswith("<?xml") or "<!--" in text, path
            assert "What to change next" in text, path
            assert "{{" not in text, path


def test_its_catalog_leads_an_editor_to_every_import(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "new", "back-pain-2026")
    ontology = here / "back-pain-2026" / "ontology"
    own, core = ElementTree.parse(ontology / "catalog-v001.xml").getroot(), dict[str, Path]()
    (following,) = (url2pathname(urlsplit(e.attrib["catalog"]).path) for e in own if e.tag.endswith("nextCatalog"))
    for base, catalog in ((Path(following).parent, ElementTree.parse(following).getroot()), (ontology, own)):
        core |= {e.attrib["name"]: base / e.attrib["uri"] for e in catalog if e.tag.endswith("}uri")}
    left = [ontology / "all.ttl"]
    read: set[Path] = set()
    while left:
        path = left.pop()
        read.add(path)
        imported = [t.object.value for t in ox.parse(path=str(path)) if t.predicate.value.endswith("#imports")]
        left += [core[iri] for iri in imported if core[iri] not in read]
    assert set(ontology.glob("back-pain-2026/*.ttl")) <= read and any(path.parent.name == "core" for path in read)


def test_an_error_begins_with_what_it_is_about(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "new", "Heel", expected=1)[1].startswith("error: `Heel` is no name for a guideline; use ")
    (here / "full").mkdir()
    (here / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    _, err = run(capsys, "new", "heel", "--into", "full", expected=1)
    assert err == "error: `full` exists and is not empty, nothing is overwritten; name a new folder\n"


def test_the_worked_example_of_the_documentation_is_sound_and_proved(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (Path(__file__).parent.parent / "docs" / "authoring.md").read_text(encoding="utf-8")
    example = text.split("## 11. A worked example", 1)[1]
    run(capsys, "new", "back-pain-2026")
    folder = here / "back-pain-2026"
    blocks = re.findall(r"^`(\S+\.ttl)`.*?^```turtle\n(.*?)^```$", example, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    for name, turtle in blocks:
        path = folder / name if "/" in name else folder / "ontology" / "back-pain-2026" / name
        path.write_text(path.read_text(encoding="utf-8") + turtle, encoding="utf-8")
    commands = example.split("```\nguideline ", 1)[1].split("```", 1)[0].replace("\\\n", "")
    for line in f"guideline {commands}".splitlines():
        run(capsys, *line.split()[1:])


BAD_NAMES = ["Heel", "heel pain", "heel_pain", "-heel", "heel-", "heel--pain", "1heel", "", "../heel", "héel", "core",
             "x" * 61]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_one_line(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, err = run(capsys, "new", *(["--", name] if name.startswith("-") else [name]), expected=1)
    assert err.startswith("error: ") and err.count("\n") == 1
    assert list(here.iterdir()) == []


def test_nothing_is_overwritten(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "full").mkdir()
    (here / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    (here / "file").write_text("mine", encoding="utf-8")
    for into in ("full", "file", "file/inside"):
        _, err = run(capsys, "new", "back-pain", "--into", into, expected=1)
        assert err.startswith("error: ") and err.count("\n") == 1
    assert [path.name for path in (here / "full").iterdir()] == ["mine.txt"]
    assert (here / "file").read_text(encoding="utf-8") == "mine"


def test_into_a_folder_that_is_new_deep_or_empty(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "empty").mkdir()
    for into in ("empty", "deep/down/new"):
        run(capsys, "new", "back-pain", "--into", into)
        assert (here / into / "ontology" / "back-pain" / "guideline.ttl").is_file()
    assert not list(here.rglob(".*"))
