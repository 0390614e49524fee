"""Feedback is checked, kept line by line and only ever added to, and understood again by who has the knowledge."""

from __future__ import annotations

import json
import multiprocessing
import stat
from pathlib import Path
from typing import Any

import polars
import pytest

from reasoner.errors import DataError, UsageError
from reasoner.serve.auth.middleware import OPEN
from reasoner.serve.auth.register import SETTINGS
from reasoner.serve.hooks.feedback import COLUMNS, Book, table

from .hooking import IWGDF, TESTS, Json, body, cards, client, conforms, example, order, reasoner, refuses, shared

SERVICE = f"/cds-services/{IWGDF}-order-sign"
CARD = "4e0a3a1e-3283-8575-ab82-028d55fe2719"
WHEN = "2026-12-11T10:05:31.52Z"
REASON = {
    "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
    "code": "patient-contraindication",
}


def overridden(**more: Any) -> Json:
    return {"card": CARD, "outcome": "overridden", "outcomeTimestamp": WHEN, **more}


def accepted(*ids: str, card: str = CARD) -> Json:
    return {
        "card": card,
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": i} for i in ids],
        "outcomeTimestamp": WHEN,
    }


def lines(file: Path) -> list[Json]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_feedback_is_kept_as_the_specification_sends_it_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "feedback.jsonl"
    reason = {"reason": REASON | {"display": "x"}, "userComment": "too\nbrittle", "patient": "p5"}
    with client(file) as http:
        said = {
            "feedback": [accepted(CARD), overridden(overrideReason=reason, patientId="p5", extension={"mrn": "Zebra"})]
        }
        response = http.post(f"{SERVICE}/feedback", json=said)
        assert (response.status_code, response.json()) == (200, {"kept": 2})
        assert http.post(f"{SERVICE}/feedback", json={"feedback": [overridden()]}).json() == {"kept": 1}
    first, second, third = lines(file)
    assert all(tuple(row) == COLUMNS for row in (first, second, third))
    assert first["acceptedSuggestions"] == [CARD] and third["reasonCode"] is None
    assert second | {"received": ""} == {
        "received": "", "service": f"{IWGDF}-order-sign", "card": CARD, "outcome": "overridden",
        "acceptedSuggestions": None, "reasonSystem": REASON["system"], "reasonCode": REASON["code"],
        "userComment": "too\nbrittle", "outcomeTimestamp": WHEN,
    }  # fmt: skip
    assert "p5" not in file.read_text() and "Zebra" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert polars.read_ndjson(file).columns == list(COLUMNS)


def test_feedback_tells_a_researcher_what_it_was_about(tmp_path: Path) -> None:
    file = tmp_path / "feedback.jsonl"
    bundle = example("severe-infection")
    said = body("order-sign", "p5", {"record": bundle}, [order("total-contact-cast", "p5")])
    with client(file) as http:
        (card,) = cards(http.post(SERVICE, json=said).json())
        (suggestion,) = card["suggestions"]
        rows = [accepted(suggestion["uuid"].upper(), card=card["uuid"]), overridden()]
        assert http.post(f"{SERVICE}/feedback", json={"feedback": rows}).status_code == 200
    known, unknown = table(file, reasoner())
    assert known["about"] == "contradiction|first|total-contact-cast" and known["recommendations"] == ["iwgdf-7c"]
    assert unknown["about"] is None and unknown["recommendations"] == []


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"feedback": []},
        {"feedback": {}},
        {"feedback": ["x"]},
        {"feedback": [overridden(card="Patient/p5")]},
        {"feedback": [overridden(outcome="ignored")]},
        {"feedback": [overridden(outcomeTimestamp="yesterday")]},
        {"feedback": [overridden(outcomeTimestamp="2026-12-11T10:05:31")]},
        {"feedback": [overridden(outcomeTimestamp=None)]},
        {"feedback": [overridden(overrideReason="no")]},
        {"feedback": [overridden(overrideReason={"reason": {"system": "x"}})]},
        {"feedback": [overridden(overrideReason={"userComment": 3})]},
        {"feedback": [accepted()]},
        {"feedback": [accepted("not-a-uuid")]},
        {"feedback": [accepted(CARD) | {"acceptedSuggestions": CARD}]},
        {"feedback": [overridden(), overridden(card=None)]},
    ],
)
def test_what_is_no_feedback_is_refused_whole(said: Json, tmp_path: Path) -> None:
    file = tmp_path / "feedback.jsonl"
    with client(file) as http:
        refuses(http.post(f"{SERVICE}/feedback", json=said), 400)
    assert file.read_bytes() == b""


def test_too_much_at_once_is_refused(tmp_path: Path) -> None:
    with client(tmp_path / "feedback.jsonl") as http:
        refuses(http.post(f"{SERVICE}/feedback", json={"feedback": [overridden()] * 1001}), 413)
        long = overridden(overrideReason={"userComment": "x" * 4001})
        refuses(http.post(f"{SERVICE}/feedback", json={"feedback": [long]}), 413)


def test_without_a_file_the_answer_says_that_nothing_is_kept() -> None:
    refuses(shared().post(f"{SERVICE}/feedback", json={"feedback": [overridden()]}), 404, "not kept", "--feedback")


def test_a_file_that_cannot_be_written_is_found_at_the_start_and_while_running(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        Book.open(tmp_path / "nowhere" / "feedback.jsonl")
    folder = tmp_path / "gone"
    folder.mkdir()
    with client(folder / "feedback.jsonl") as http:
        (folder / "feedback.jsonl").unlink()
        folder.rmdir()
        refuses(http.post(f"{SERVICE}/feedback", json={"feedback": [overridden()]}), 503, "could not be kept")


def _write(file: str, number: int) -> None:
    book = Book.open(Path(file))
    for turn in range(50):
        book.add([{"card": CARD, "acceptedSuggestions": None, "number": number, "turn": turn, "text": "x" * 3000}])


def test_lines_of_several_processes_never_mix(tmp_path: Path) -> None:
    file = tmp_path / "feedback.jsonl"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_write, args=(str(file), number)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    rows = lines(file)
    assert {(row["number"], row["turn"]) for row in rows} == {(n, t) for n in range(4) for t in range(50)}
    assert len(rows) == 200
    for number in range(4):
        assert [row["turn"] for row in rows if row["number"] == number] == list(range(50))


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "feedback.jsonl"
    file.write_text('{"card"\n', encoding="utf-8")
    with pytest.raises(DataError, match="is no feedback") as caught:
        list(table(file, reasoner()))
    assert caught.value.where is not None and caught.value.where.endswith(":1")


def test_the_docs_name_every_column_every_prefetch_key_and_every_setting() -> None:
    text = (TESTS.parent / "docs" / "cds-hooks.md").read_text(encoding="utf-8")
    keys = shared().get("/cds-services").json()["services"][0]["prefetch"]
    for name in (*COLUMNS, *keys, *SETTINGS, *(path for path in OPEN)):
        assert f"`{name}`" in text, name
    block = text.split("```json\n")[2].split("```")[0]
    assert set(json.loads(block)) == SETTINGS
    conforms({"cards": [json.loads(text.split("```json\n")[1].split("```")[0])["cards"][0]]}, "response")
