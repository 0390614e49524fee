"""``guideline prove`` on the command line: what it prints, writes and returns, and what it makes of bad input."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reasoner.answer import NOTICE
from reasoner.assess import Reasoner
from reasoner.cli import main
from reasoner.knowledge import load_knowledge
from reasoner.prove.smt import Smt

from .tiny import ADULT, Rec, Tiny, both, class_, has, no

TINY = Tiny()
BROKEN = TINY.but(
    class_("Forbidden", has("fever", "no")) + 'gr:safe a gr:SafetyProperty ; rdfs:label "not then" ;'
    " gr:when gr:Forbidden ; gr:forbids iv:watch .\n"
)


@pytest.fixture
def sound(tmp_path: Path) -> str:
    return str(TINY.write(tmp_path / "sound"))


@pytest.fixture
def broken(tmp_path: Path) -> str:
    return str(BROKEN.write(tmp_path / "broken"))


def run(*arguments: str, into: Path) -> tuple[int, str]:
    """The exit code and what was written with --output."""
    target = into / "out"
    code = main(["prove", *arguments, "--output", str(target)])
    return code, target.read_text(encoding="utf-8") if target.exists() else ""


def test_a_sound_guideline_ends_well(sound: str, tmp_path: Path) -> None:
    code, text = run(sound, into=tmp_path)
    assert code == 0
    assert "No alarm in" in text and "tiny guideline, version 1.0.0" in text and "0 failed" in text


def test_the_folder_may_be_given_as_knowledge(sound: str, tmp_path: Path) -> None:
    assert main(["prove", "--knowledge", sound, "--output", str(tmp_path / "out")]) == 0


def test_a_failure_names_terms_axioms_places_patient_and_fix(broken: str, tmp_path: Path) -> None:
    code, text = run(broken, into=tmp_path)
    assert code == 3
    text = " ".join(text.split())
    for told in (
        "Contraindication leak: `advice watch` [watch] is in force where `not then`.",
        "`gr:recommendation/watch` (advice watch), tiny.ttl:",
        "EquivalentTo:",
        "Patient: ",
        "Replayed from Turtle and FHIR; the answer says watch: in force.",
        "To mend it: narrow its eligibility",
    ):
        assert told in text
    assert NOTICE in text


def test_json_is_complete(broken: str, tmp_path: Path) -> None:
    code, text = run(broken, "--format", "json", into=tmp_path)
    data = json.loads(text)
    assert code == 3 and data["passed"] is False and data["notice"] == NOTICE
    (guideline,) = data["guidelines"]
    assert guideline["version"] == "1.0.0" and guideline["sha256"]
    (failed,) = [proof for proof in data["proofs"] if proof["status"] == "failed"]
    assert failed["id"] == "leak:watch+safe" and failed["kind"] == "leak"
    assert [about["where"].split(":")[0] for about in failed["about"]] == ["tiny.ttl", "tiny.ttl"]
    assert failed["witness"]["replays"] is True and failed["witness"]["findings"] == {"fever": "no", "years": 18}
    assert failed["answers"] == {"implicants": True, "smt": True}
    counts = [sum(c.values()) for c in guideline["counts"].values()]
    assert sum(counts) == len(data["proofs"])


class Outline(HTMLParser):
    """Tags and whether the page asks for anything."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.outside += [str(value) for name, value in attrs if name in ("src", "href", "action")]


def test_html_is_one_page_without_script_or_request(broken: str, tmp_path: Path) -> None:
    code, text = run(broken, "--format", "html", into=tmp_path)
    outline = Outline()
    outline.feed(text)
    assert code == 3
    assert "script" not in outline.tags and outline.outside == []
    assert outline.tags.count("h1") == 1 and "lang=" in text and "<title>Proofs</title>" in text
    assert "Contraindication leak" in text


def test_witnesses_are_written_in_both_forms_and_replay_from_the_files(broken: str, tmp_path: Path) -> None:
    folder = tmp_path / "witnesses"
    code, _ = run(broken, "--witnesses", str(folder), into=tmp_path)
    index = [line.split("\t") for line in (folder / "index.tsv").read_text().splitlines()]
    assert code == 3 and index[0][0] == "file" and len(index) == 2
    reasoner = Reasoner(load_knowledge(Path(broken)), strict=True)
    for suffix in (".ttl", ".json"):
        (subject,) = reasoner.assess(folder / f"{index[1][0]}{suffix}").to_dict()["subjects"]
        verdicts = {r["id"]: r["verdict"] for g in subject["guidelines"] for r in g["recommendations"]}
        assert verdicts["watch"] == "eligible"


def test_one_guideline_can_be_asked_for(sound: str, tmp_path: Path) -> None:
    code, text = run(sound, "--guideline", "tiny", "--format", "json", into=tmp_path)
    assert code == 0 and {proof["guideline"] for proof in json.loads(text)["proofs"]} == {"tiny"}


def test_disagreement_of_the_back_ends_is_an_alarm(sound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Smt.anybody
    monkeypatch.setattr(Smt, "anybody", lambda self, tree: not honest(self, tree))
    code, text = run(sound, into=tmp_path)
    assert code == 3 and "The two back ends disagree" in " ".join(text.split())


def test_an_assumption_comes_with_the_turtle_that_acknowledges_it(tmp_path: Path) -> None:
    assuming = TINY.assuming("allergy", "no")
    code, text = run(str(assuming.write(tmp_path / "assuming")), into=tmp_path)
    said = " ".join(text.split())
    assert code == 3 and "To mend it: ask for the finding" in said
    pasted = re.findall(r"beside your safety properties: (.*? status:safety-extension \.)", said)
    assert pasted
    prefixes = "@prefix status: <https://w3id.org/guideline-reasoner/status/> .\n"
    code, text = run(str(assuming.but(prefixes + "\n".join(pasted)).write(tmp_path / "told")), into=tmp_path)
    assert "To acknowledge it" not in text and "known and acknowledged" in text.lower()
    assert "0 failed" in text and code == 0


def test_a_missing_solver_names_the_extra(
    sound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("reasoner.prove.smt.import_module", missing)
    assert run(sound, into=tmp_path)[0] == 1
    assert "pip install '.[author]'" in capsys.readouterr().err


def test_axioms_that_exclude_everybody_are_reported_not_raised(tmp_path: Path) -> None:
    never = class_("One", has("fever")) + class_("Two", has("fever", "no"))
    never += "gr:One rdfs:subClassOf gr:Two .\n" + class_("Three", no(has("fever"))) + class_("Four", has("fever"))
    never += "gr:Three rdfs:subClassOf gr:Four .\n"
    code, text = run(str(TINY.but(never).write(tmp_path / "never")), into=tmp_path)
    assert code == 3 and "nobody in the scope is eligible" in " ".join(text.split())


SAFE = class_("Some", ADULT) + 'gr:safe a gr:SafetyProperty ; rdfs:label "so" ; '
EXCUSE = "gr:ack a gr:Acknowledgement ; "
BAD: dict[str, tuple[str, str]] = {
    "a property that forbids nothing": (SAFE + "gr:when gr:Some .\n", "forbids nothing"),
    "a property without a class": (SAFE + "gr:forbids iv:rest .\n", "has no gr:when"),
    "a property of what is no intervention": (SAFE + "gr:when gr:Some ; gr:forbids rec:rest .\n", "no intervention"),
    "a property of no guideline": (
        SAFE + "gr:when gr:Some ; gr:forbids iv:rest ; gr:partOfGuideline guideline:gone .\n",
        "is no guideline",
    ),
    "a property whose class is a cycle": (
        SAFE + "gr:when gr:Round ; gr:forbids iv:rest .\n" + class_("Round", both("gr:Round", ADULT)),
        "is defined by itself",
    ),
    "a demand for nothing": (SAFE.replace("SafetyProperty", "Demand") + "gr:when gr:Some .\n", "demands nothing"),
    "an acknowledgement without a reason": (EXCUSE + "gr:acknowledges proof:gap .\n", "no reason"),
    "an acknowledgement of no kind": (EXCUSE + 'gr:acknowledges gr:Some ; gr:reason "so" .\n', "no kind of proof"),
    "an acknowledgement of what is gone": (
        EXCUSE + 'gr:acknowledges proof:gap ; gr:concerns rec:gone ; gr:reason "so" .\n',
        "which nothing describes",
    ),
    "a file that breaks off": ("gr:half a owl:Class ; rdfs:label ", "does not parse"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_knowledge_is_one_sentence_with_its_file(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more, told = BAD[name]
    code, text = run(str(TINY.but(more).write(tmp_path / "bad")), into=tmp_path)
    said = capsys.readouterr().err
    assert code == 3 and text == ""
    assert said.startswith("error: ") and said.count("\n") == 1
    assert told in said and "tiny.ttl" in said and ";" in said


def test_a_recommendation_whose_class_is_a_cycle_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny = TINY.but(loop=Rec(both("gr:EligibleLoop", ADULT), "iv:rest"))
    assert run(str(tiny.write(tmp_path / "bad")), into=tmp_path)[0] == 3
    said = capsys.readouterr().err
    assert "is defined by itself, tiny.ttl" in said and "break the cycle" in said


def test_an_unknown_guideline_is_refused(sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(sound, "--guideline", "gone", into=tmp_path)[0] == 1
    assert "`gone` is no guideline; use one of tiny" in capsys.readouterr().err


def test_a_folder_for_witnesses_that_cannot_be_is_refused(
    broken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(broken, "--witnesses", str(tmp_path / "file"), into=tmp_path)[0] == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path / "gone"), into=tmp_path)[0] == 1
    assert "no such knowledge folder" in capsys.readouterr().err


def test_standard_output_gets_the_page(sound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr("sys.stdout", stream)
    assert main(["prove", sound]) == 0
    stream.seek(0)
    assert "OUTCOME" in stream.read()
