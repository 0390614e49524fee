"""The dialogue: most decisive first, decided again after each answer."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import reasoner
from reasoner.inputs import BrokenLine, read_bytes
from reasoner.interactive import Dialogue
from reasoner.sentences import Question, questions

from .conftest import Outcome

Run = Callable[..., Outcome]
Patient = Callable[[int], Path]


def test_answers_by_number_and_by_name_decide(guideline: Run, patient: Patient) -> None:
    path = patient(13)
    for reply in (b"4\n", b"severe\n", b"Severe ischaemia\n", b"nonsense\nsevere\n"):
        outcome = guideline("assess", "--interactive", "--format", "json", path, stdin=reply)
        answer = outcome.json
        assert answer["subjects"][0]["findings"]["ischaemia-grade"] == "severe"
        assert answer["answered"] == [
            {"subject": answer["subjects"][0]["subject"], "finding": "ischaemia-grade", "value": "severe"}
        ]
        assert "[ischaemia-grade]" in outcome.err
        assert "No answer can change anything" in outcome.err


def test_ends_with_the_text_answer_on_stdout_alone(guideline: Run, patient: Patient) -> None:
    outcome = guideline("assess", "--interactive", patient(13), stdin=b"severe\n")
    assert outcome.text.startswith("Lesion: ")
    assert "DO FIRST" in outcome.text
    assert "Number or name" not in outcome.text


def test_unknown_moves_on_and_empty_stops(guideline: Run, patient: Patient) -> None:
    path = patient(44)
    moved = guideline("assess", "--interactive", "--format", "json", path, stdin=b"?\n?\n?\n?\n?\n")
    assert "what is open rests on what is unknown" in moved.err
    assert "answered" not in moved.json
    stopped = guideline("assess", "--interactive", "--format", "json", path, stdin=b"\n")
    assert stopped.err.count("Number or name") == 1
    assert guideline("assess", "--interactive", "--format", "json", path, stdin=b"").code == 0


def test_says_at_once_when_no_answer_can_change_anything(guideline: Run, patient: Patient) -> None:
    outcome = guideline("assess", "--interactive", patient(3), stdin=b"")
    assert "No answer can change anything: every recommendation is decided." in outcome.err


def test_stdin_cannot_be_both_patient_and_dialogue(guideline: Run) -> None:
    outcome = guideline("assess", "--interactive", "-", stdin=b"x")
    assert outcome.code == 1
    assert "--interactive needs stdin" in outcome.err


def test_a_number_is_checked_against_its_range() -> None:
    engine = reasoner.load()
    item = next(read_bytes(b'{"resourceType": "Patient", "id": "p"}', "patient"))
    assert not isinstance(item, BrokenLine)
    screen = io.StringIO()
    replies = io.StringIO("999\nnan\nsixty\n65,5 mmHg\n")
    question = Question("toe-pressure", {">=60": {}}, 1)
    assert Dialogue(engine, item, None, replies, screen)._ask(question) == 65.5
    assert screen.getvalue().count("That is none of the answers; give a number from 0 to 300 mmHg.") == 3


def test_the_first_question_settles_at_least_as_much_as_the_second(samples: list[dict[str, object]]) -> None:
    engine = reasoner.load()
    for sample in samples:
        answer = engine.assess(json.dumps(sample["bundle"]).encode()).to_dict()
        means = [
            sum(len(s) for s in q.settles.values()) / max(1, len(q.settles))
            for subject in answer["subjects"]
            for q in questions(subject)
        ]
        assert means == sorted(means, reverse=True)


def test_what_is_told_of_a_person_holds_for_both_lesions(guideline: Run, tmp_path: Path) -> None:
    gr = "https://w3id.org/guideline-reasoner/"
    path = tmp_path / "two.ttl"
    path.write_text(f"""@prefix gr: <{gr}> .
        <urn:x:l1> a gr:Lesion ; gr:onFoot <urn:x:f1> .
        <urn:x:l2> a gr:Lesion ; gr:onFoot <urn:x:f2> .
        <urn:x:l1> gr:ulcer <{gr}ulcer/present> ; gr:aspect <{gr}aspect/non-plantar> .
        <urn:x:l2> gr:ulcer <{gr}ulcer/present> ; gr:aspect <{gr}aspect/non-plantar> .
        <urn:x:f1> gr:ofPatient <urn:x:p> . <urn:x:f2> gr:ofPatient <urn:x:p> . <urn:x:p> a gr:Patient .""")
    outcome = guideline("assess", "--interactive", "--format", "json", path, stdin=b"present\n\n")
    assert "[diabetes]" in outcome.err
    assert [s["findings"]["diabetes"] for s in outcome.json["subjects"]] == ["present", "present"]


def test_extra_replaces_what_the_input_says(samples: list[dict[str, object]]) -> None:
    engine = reasoner.load()
    item = next(read_bytes(json.dumps(samples[3]["bundle"]).encode(), "sample"))
    subject = engine.answer(item).to_dict()["subjects"][0]["subject"]
    answer = engine.answer(item, extra={subject: {"aspect": "non-plantar"}}).to_dict()["subjects"][0]
    assert answer["findings"]["aspect"] == "non-plantar"
    reasons = [r for g in answer["guidelines"] for v in g["recommendations"] for r in v["because"]]
    assert {r["resource"] for r in reasons if r["finding"] == "aspect"} == {"answered"}
