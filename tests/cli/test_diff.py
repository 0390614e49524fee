"""``guideline diff``: what can be compared, what comes out, and what is said when it cannot be."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from diff.persons import write

from reasoner.knowledge import shipped

from .conftest import Outcome

Run = Callable[..., Outcome]
TALLER = ("xsd:minInclusive 180", "xsd:minInclusive 170")
GR = "https://w3id.org/guideline-reasoner/"


def person(name: str, height: int, shade: str = "dark") -> str:
    return (
        f"@prefix gr: <{GR}> .\n"
        f"<urn:example:{name}> a gr:Patient ; gr:height {height} ; gr:shade <{GR}shade/{shade}> .\n"
    )  # fmt: skip


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A knowledge folder, and one in which a hat is for smaller persons too."""
    return write(tmp_path / "old"), write(tmp_path / "new", TALLER)


def git(folder: Path, *words: str) -> None:
    own = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *own, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two commits, one tag and a second folder of knowledge, as the current folder."""
    folder = tmp_path / "repository"
    write(folder)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    git(folder, "tag", "v1")
    write(folder, TALLER)
    write(folder / "elsewhere" / "other", ('"Wear a hat."', '"Wear any hat."'))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "two")
    monkeypatch.chdir(folder)
    return folder


def wheel(path: Path, *replacements: tuple[str, str], core: bool = True) -> Path:
    """A wheel with the knowledge inside, its core too unless told otherwise."""
    folder = write(path.with_suffix(""), *replacements)
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.ttl")):
            archive.write(file, f"reasoner/_knowledge/{file.relative_to(folder).as_posix()}")
        for file in sorted((shipped() / "ontology" / "core").glob("*.ttl")) if core else ():
            archive.write(file, f"reasoner/_knowledge/ontology/core/{file.name}")
        archive.writestr("reasoner/__init__.py", "")
    return path


def states(outcome: Outcome) -> dict[tuple[str | None, str], tuple[int, int, int]]:
    """(States, gained, lost) by recommendation and question."""
    assert outcome.code == 0, outcome.err
    return {
        (row["recommendation"], row["about"]): (row["states"], row["gained"], row["lost"])
        for row in outcome.json["affected"]["states"]
    }


def one_line(outcome: Outcome, code: int, *parts: str) -> None:
    assert outcome.code == code
    assert outcome.out == b""
    assert outcome.err.startswith("error: ") and outcome.err.count("\n") == 1
    for part in parts:
        assert part in outcome.err


# What can be compared


def test_folders_are_compared_and_differences_are_no_failure(guideline: Run, folders: tuple[Path, Path]) -> None:
    outcome = guideline("diff", *folders, "--format", "json")
    assert states(outcome)["toy-1", "eligible"] == (6, 1, 0)
    assert outcome.json["clinical"] is True
    assert [outcome.json[side]["kind"] for side in ("old", "new")] == ["folder", "folder"]
    back = states(guideline("diff", *reversed(folders), "--format", "json"))
    assert back["toy-1", "eligible"] == (6, 0, 1)


def test_nothing_is_said_to_differ_in_so_many_words(guideline: Run, folders: tuple[Path, Path]) -> None:
    for format_ in ("markdown", "text"):
        outcome = guideline("diff", folders[0], folders[0], "--format", format_)
        assert outcome.code == 0
        assert "No difference" in outcome.text
        assert outcome.text.count("sha256") == 2
    same = guideline("diff", folders[0], folders[0], "--format", "json").json
    assert same["identical"] is True
    assert same["old"]["guidelines"] == same["new"]["guidelines"]


def test_revisions_tags_and_folders_in_revisions_are_compared(guideline: Run, repository: Path) -> None:
    for old in ("HEAD~1", "v1", "v1^{commit}"):
        outcome = guideline("diff", old, "HEAD", "--format", "json")
        assert states(outcome)["toy-1", "eligible"] == (6, 1, 0)
        assert outcome.json["old"]["kind"] == "revision"
    inside = guideline("diff", "v1", "HEAD:elsewhere/other", "--format", "json")
    assert states(inside) == {}
    assert [row["new"] for row in inside.json["metadata"]] == ["Wear any hat."]
    against_folder = guideline("diff", "v1", repository, "--format", "json")
    assert states(against_folder)["toy-1", "eligible"] == (6, 1, 0)
    assert guideline("diff", "v1", "HEAD:ontology", "--format", "json").json["clinical"] is True
    status = subprocess.run(["git", "status", "--porcelain"], cwd=repository, capture_output=True, check=True)
    assert status.stdout == b""


def test_folder_that_one_stands_in_comes_before_the_root(
    guideline: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "elsewhere" / "other")
    (row,) = guideline("diff", "v1", "HEAD", "--format", "json").json["metadata"]
    assert row["new"] == "Wear any hat."


def test_wheels_stand_on_their_own_core(guideline: Run, tmp_path: Path) -> None:
    old, new = wheel(tmp_path / "old.whl"), wheel(tmp_path / "new.whl", TALLER)
    outcome = guideline("diff", old, new, "--format", "json")
    assert states(outcome)["toy-1", "eligible"] == (6, 1, 0)
    assert [outcome.json[side]["core"] for side in ("old", "new")] == ["its own", "its own"]
    bare = guideline("diff", wheel(tmp_path / "bare.whl", core=False), new, "--format", "json")
    assert bare.json["old"]["core"] == "shipped"
    assert states(bare)["toy-1", "eligible"] == (6, 1, 0)


def test_core_that_cannot_be_read_gives_way_to_the_shipped_one(guideline: Run, tmp_path: Path) -> None:
    own = wheel(tmp_path / "own.whl")
    with zipfile.ZipFile(own, "a") as archive:
        archive.writestr("reasoner/_knowledge/ontology/core/zz.ttl", "this is no Turtle")
    outcome = guideline("diff", own, own, "--format", "json")
    assert outcome.json["old"]["core"] == "shipped, as its own cannot be read"


# What comes out


def test_markdown_tells_who_then_decisions_then_axioms_then_words(guideline: Run, tmp_path: Path) -> None:
    old = write(tmp_path / "old")
    new = write(
        tmp_path / "new",
        TALLER,
        ('"Wear a hat."', '"Wear any hat."'),
        ("gr:ForCoat ; gr:line 2", "gr:ForCoat ; gr:line 4"),
    )
    text = guideline("diff", old, new).text
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## Who is affected", "## Decisions", "## Axioms", "## Metadata", "## Compared"]
    assert "★ toy-1 (a hat): not eligible → eligible in 1 of 6 states (16.7 %, not of patients)" in text
    assert "★ toy-2: line of choice 2 → 4" in text
    assert text.index("not eligible → eligible") < text.index("not first choice → first choice")
    assert "- tall EquivalentTo: height some integer\\[" not in text
    assert (
        "  - tall EquivalentTo: height some integer[>= 180]\n  + tall EquivalentTo: height some integer[>= 170]" in text
    )
    assert "Wear a hat. → Wear any hat." in text
    assert text.count("```") % 2 == 0 and text.count("<details>") == text.count("</details>")
    assert "Not a medical device" in text


DARK = (
    "gr:Everybody a owl:Class",
    'gr:Dark a owl:Class ; rdfs:label "dark"@en ; owl:equivalentClass [ a owl:Restriction ;\n'
    "    owl:onProperty gr:shade ; owl:hasValue shade:dark ] .\ngr:Everybody a owl:Class",
)
TALL_ARE_DARK = ("gr:Tall a owl:Class ;", "gr:Tall a owl:Class ; rdfs:subClassOf gr:Dark ;")


def test_new_axiom_is_never_told_as_no_change_and_shows_whom_it_decides(guideline: Run, tmp_path: Path) -> None:
    old, new = write(tmp_path / "old", DARK), write(tmp_path / "new", DARK, TALL_ARE_DARK)
    text = guideline("diff", old, new, "--format", "text").text
    said = " ".join(text.split())
    assert "No state of any patient" not in said and "No answer can change" not in said
    assert "Answers can change all the same" in said and "these changed: the model axioms" in said
    assert "cannot be decided → eligible, for example: height 180 cm, and nothing else recorded." in said
    one = guideline("diff", old, new, "--format", "json").json["affected"]["partlyRecorded"]
    assert (one["recommendation"], one["old"], one["new"]) == ("toy-1", "cannot be decided", "eligible")
    file = tmp_path / "patient.ttl"
    file.write_text(one["witness"]["turtle"])
    verdicts = []
    for folder in (old, new):
        answer = guideline("assess", "--knowledge", folder, "--format", "json", file).json
        verdicts.append(answer["subjects"][0]["guidelines"][0]["recommendations"][0]["verdict"])
    assert verdicts == ["undetermined", "eligible"]


def test_new_policy_is_never_told_as_no_change(guideline: Run, tmp_path: Path) -> None:
    assumed = (
        "rdfs:range gr:Shade ; gr:whenNotRecorded policy:ask",
        "rdfs:range gr:Shade ; gr:whenNotRecorded policy:assume ; gr:assumedValue shade:dark",
    )
    text = guideline("diff", write(tmp_path / "old"), write(tmp_path / "new", assumed)).text
    assert "No state of any patient" not in text
    assert "these changed: what is taken where nothing is recorded" in text
    assert "cannot be decided → eligible, for example: height 180 cm, and nothing else recorded." in text


def test_changed_words_still_change_no_answer(guideline: Run, tmp_path: Path) -> None:
    words = ('"Wear a hat."', '"Wear any hat."')
    text = guideline("diff", write(tmp_path / "old"), write(tmp_path / "new", words)).text
    assert "No state of any patient gets another answer" in text and "★ No" not in text


def test_patient_who_shows_several_changes_is_printed_once(guideline: Run, folders: tuple[Path, Path]) -> None:
    text = guideline("diff", *folders).text
    titles = [line for line in text.splitlines() if line.startswith("<details><summary>Patient")]
    assert len(titles) == 1
    assert "toy-1: not eligible → eligible; toy-1: not first choice → first choice" in titles[0]


def test_text_fits_a_terminal(guideline: Run, folders: tuple[Path, Path]) -> None:
    text = guideline("diff", *folders, "--format", "text").text
    assert max(map(len, text.splitlines())) <= 100
    assert "for example: height 170 cm; dark shade" in text


def test_patient_of_the_report_is_answered_as_told(guideline: Run, folders: tuple[Path, Path], tmp_path: Path) -> None:
    report = guideline("diff", *folders, "--format", "json").json
    row = next(row for row in report["affected"]["states"] if row["about"] == "eligible")
    file = tmp_path / "patient.ttl"
    file.write_text(row["witnesses"]["gained"]["turtle"])
    verdicts = []
    for folder in folders:
        answer = guideline("assess", "--knowledge", folder, "--format", "json", file).json
        verdicts.append(answer["subjects"][0]["guidelines"][0]["recommendations"][0]["verdict"])
    assert verdicts == ["not-eligible", "eligible"]
    assert row["witnesses"]["lost"] is None


def test_output_goes_to_a_file(guideline: Run, folders: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "report.md"
    outcome = guideline("diff", *folders, "-o", target)
    assert (outcome.code, outcome.out) == (0, b"")
    assert "★" in target.read_text(encoding="utf-8")


# A cohort


def cohort_of(tmp_path: Path, *texts: str) -> list[Path]:
    files = []
    for number, text in enumerate(texts):
        files.append(tmp_path / f"person-{number}.ttl")
        files[-1].write_text(text)
    return files


def test_cohort_tells_whose_verdict_changes(guideline: Run, folders: tuple[Path, Path], tmp_path: Path) -> None:
    heights = (160, 172, 179, 190)
    files = cohort_of(tmp_path, *(person(f"p{height}", height) for height in heights))
    outcome = guideline("diff", *folders, "--format", "json", "--cohort", *files)
    own = outcome.json["affected"]["cohort"]
    assert (own["inputs"], own["answered"], own["subjects"], own["changed"], own["unchanged"]) == (4, 4, 4, 2, 2)
    moves = {(m["recommendation"], m["about"]): (m["old"], m["new"], m["count"]) for m in own["moves"]}
    assert moves["toy-1", "verdict"] == ("not-eligible", "eligible", 2)
    assert moves["toy-1", "preferred"] == ("false", "true", 2)
    subjects = next(m["subjects"] for m in own["moves"] if m["about"] == "verdict")
    assert [s.rsplit(" ", 1)[1] for s in subjects] == ["urn:example:p172", "urn:example:p179"]
    text = guideline("diff", *folders, "--cohort", *files).text
    assert "4 inputs of the cohort: 4 answered" in text
    assert "toy-1 (a hat): verdict not-eligible → eligible for 2 subjects of the cohort" in text


def test_missing_findings_that_change_are_told(guideline: Run, folders: tuple[Path, Path], tmp_path: Path) -> None:
    unknown_shade = f"@prefix gr: <{GR}> .\n<urn:example:p> a gr:Patient ; gr:height 175 .\n"
    files = cohort_of(tmp_path, unknown_shade)
    own = guideline("diff", *folders, "--format", "json", "--cohort", *files).json["affected"]["cohort"]
    moves = {(m["recommendation"], m["about"]): (m["old"], m["new"]) for m in own["moves"]}
    assert moves["toy-1", "missing"] == ("none", "shade")
    assert moves["toy-1", "verdict"] == ("not-eligible", "undetermined")


def test_every_input_is_answered_or_reported(
    guideline: Run, folders: tuple[Path, Path], tmp_path: Path, samples: list[dict[str, Any]]
) -> None:
    lines = [json.dumps(samples[0]["bundle"]), "{ broken SECRET", json.dumps(samples[1]["bundle"])]
    file = tmp_path / "cohort.ndjson"
    file.write_text("\n".join(lines) + "\n")
    root = shipped()
    outcome = guideline("diff", root, root, "--format", "json", "--cohort", file)
    own = outcome.json["affected"]["cohort"]
    assert outcome.code == 2
    assert own["inputs"] == own["answered"] + len(own["broken"]) == 3
    assert own["broken"] == [{"file": str(file), "line": 2}]
    assert own["subjects"] == own["changed"] + own["unchanged"] == own["unchanged"] > 0
    assert b"SECRET" not in outcome.out
    missing = guideline("diff", *folders, "--format", "json", "--cohort", tmp_path / "none.ttl")
    assert missing.code == 1
    assert "no such file" in missing.err
    assert missing.json["affected"]["cohort"]["failed"][0]["file"].endswith("none.ttl")


def test_report_holds_no_patient_data_but_references(
    guideline: Run, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    text = person("p1", 173) + '<urn:example:p1> <http://xmlns.com/foaf/0.1/name> "Wilhelmina" .\n'
    (file,) = cohort_of(tmp_path, text)
    for format_ in ("json", "markdown", "text"):
        out = guideline("diff", *folders, "--format", format_, "--cohort", file).text
        assert "urn:example:p1" in out
        assert "Wilhelmina" not in out and "173" not in out


# What cannot be compared


def test_what_is_nothing_known_is_one_line(guideline: Run, repository: Path) -> None:
    one_line(guideline("diff", "nonesuch", "HEAD"), 1, "OLD", "`nonesuch`", "no folder, wheel or known revision")
    one_line(guideline("diff", "HEAD", "HEAD:nonesuch"), 1, "NEW", "`HEAD:nonesuch`")
    one_line(guideline("diff", "HEAD", "HEAD:ontology/toy/toy.ttl"), 1, "is a file")
    one_line(guideline("diff", "HEAD", "nonesuch.whl"), 1, "no such wheel")
    one_line(guideline("diff", "HEAD", "ontology/toy/toy.ttl"), 1, "is a file")
    one_line(guideline("diff", "HEAD", "HEAD", "--knowledge", "."), 1, "--knowledge")


def test_outside_of_a_repository_revisions_cannot_be_read(
    guideline: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    one_line(guideline("diff", "HEAD~1", "HEAD"), 1, "`HEAD~1`", "not in a git repository")


def test_revision_without_knowledge_is_one_line(
    guideline: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "nothing")
    monkeypatch.chdir(tmp_path)
    one_line(guideline("diff", "HEAD", "HEAD"), 1, "`HEAD`", "no folder ontology/")


def test_wheel_that_is_none_is_one_line(guideline: Run, folders: tuple[Path, Path], tmp_path: Path) -> None:
    no_zip = tmp_path / "no.whl"
    no_zip.write_bytes(b"nothing")
    one_line(guideline("diff", no_zip, folders[0]), 1, "OLD", "no wheel that can be opened")
    other = tmp_path / "other.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("numpy/__init__.py", "")
    one_line(guideline("diff", other, folders[0]), 1, "OLD", "reasoner/_knowledge/")
    outside = tmp_path / "outside.whl"
    with zipfile.ZipFile(outside, "w") as archive:
        archive.writestr("reasoner/_knowledge/../../evil.ttl", "")
    one_line(guideline("diff", outside, folders[0]), 1, "outside of its folder")
    assert not (tmp_path / "evil.ttl").exists()


def test_folder_without_knowledge_is_one_line(guideline: Run, folders: tuple[Path, Path], tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    one_line(guideline("diff", folders[0], empty), 1, "NEW", "no guideline")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (("skos:notation", "skos:notation ;;; ]"), "toy.ttl:"),
        (("owl:intersectionOf ( gr:Quick gr:Light )", "owl:intersectionOf ( gr:Quick gr:ForCoat )"), "toy.ttl"),
        (("gr:eligibility gr:ForHat", "gr:eligibility gr:ForNobodyKnown"), "gr:ForNobodyKnown"),
    ],
    ids=["syntax", "cycle", "undefined class"],
)
def test_broken_knowledge_names_the_side_and_is_code_3(
    guideline: Run, folders: tuple[Path, Path], tmp_path: Path, fault: tuple[str, str], said: str
) -> None:
    broken = write(tmp_path / "broken", fault)
    one_line(guideline("diff", broken, folders[0]), 3, "OLD", f"`{broken}`", said)
    one_line(guideline("diff", folders[0], broken), 3, "NEW", f"`{broken}`", said)
