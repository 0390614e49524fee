"""What makes reading fast changes nothing: shared readers, codes of components, blocks read at their length."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from reasoner.cohort.fhir.assemble import Assembler
from reasoner.cohort.fhir.fields import codes_alone
from reasoner.cohort.fhir.reduce import Reducer
from reasoner.cohort.fhir.reduced import Broken, Reduced
from reasoner.cohort.run import blocks
from reasoner.cohort.run.blocks import blocks_of

from .test_fhir import Cohort, agree, assembler, bulk, loaded, reducer, shards

LOINC = "http://loinc.org"
FOOT = "https://w3id.org/guideline-reasoner/CodeSystem/foot"


def coded(system: str, code: str, value: float) -> dict[str, Any]:
    unit = {"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    return {"code": {"coding": [{"system": system, "code": code}]}, "valueQuantity": unit}


def panel(number: int, component: object) -> list[tuple[str, str]]:
    """A patient with one Observation whose own code nobody mapped."""
    patient = {"resourceType": "Patient", "id": f"p{number}"}
    observation = {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "subject": {"reference": f"Patient/p{number}"},
        "component": component,
    }
    return [(str(own["resourceType"]), orjson.dumps(own).decode()) for own in (patient, observation)]


def test_components_that_nobody_mapped_are_one_statement_whatever_their_values() -> None:
    lines, inputs = bulk([panel(i, [coded(LOINC, "8480-6", 100 + i), coded(LOINC, "8462-4", 60)]) for i in range(20)])
    parts = shards(lines, 7)
    keys = {key for part in parts for key in part.keys if b'"Observation"' in key}
    assert len(keys) == 1
    assembled = assembler().assemble(parts)
    assert assembled.tally.unmapped[LOINC, "85354-9"] == 20
    agree(inputs, assembled, dummies=2)


@pytest.mark.parametrize(
    "component",
    [
        7, None, [], [7], [None], [{}], [{"code": 7}], [{"code": {"coding": 7}}], {"code": 1},
        [coded(LOINC, "8480-6", 9), coded(FOOT, "toe-pressure", 41)], [coded(FOOT, "toe-pressure", 4000)],
        [coded(LOINC, "8480-6", 9), {"code": {"coding": [{"system": 3}]}}],
    ],
)  # fmt: skip
def test_components_of_any_shape_mean_what_the_row_path_takes_them_for(component: object) -> None:
    lines, inputs = bulk([panel(i, component) for i in range(3)])
    agree(inputs, assembler().assemble(shards(lines, 2)), dummies=2)


def test_what_are_no_components_stays_as_it_is() -> None:
    assert codes_alone(b'[{"valueInteger":1,"code":{"text":"a"}},{}]') == b'[{"code":{"text":"a"}},{}]'
    assert codes_alone(b'[{"code":1},7]') == b'[{"code":1},7]'


def test_one_reader_may_serve_reducer_and_assembler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reasoner.cohort.fhir.statements._MEMORY", 150)
    own = Reducer(loaded())
    ours = Assembler(loaded(), None, own.reader)
    held: list[Reduced] = []
    for seed in (31, 32, 33):
        lines, inputs = bulk(list(Cohort(seed, 4).patients(0, 120)))
        parts = [own.reduce(b"\n".join(some), kind) for kind, some in lines.items()]
        agree(inputs, ours.assemble(parts), dummies=2)
        held += parts
    # Numbers of statements that were forgotten in the meantime may be nowhere.
    assert len(ours.assemble(held).subjects) > 250


def test_what_is_reduced_comes_back_from_bytes(tmp_path: Path) -> None:
    lines, _ = bulk(list(Cohort(34, 8).patients(0, 60)))
    part = Reduced.joined(shards(lines, 50))
    part.broken, part.others = [Broken("a", 3, "why")], {"Encounter": 2}
    assert part.whole, "some resource is unusual"
    part.write(tmp_path / "part")
    found = Reduced.read(tmp_path / "part")
    assert found.rows.equals(part.rows)
    assert found.unsaid.equals(part.unsaid)
    for name in ("units", "persons", "keys", "whole", "others", "broken"):
        assert getattr(found, name) == getattr(part, name), name


@pytest.mark.parametrize("seed", range(5))
def test_ranges_of_a_file_hold_each_line_once(seed: int, tmp_path: Path) -> None:
    source = random.Random(seed)
    lines = [bytes(source.choices(b"ab", k=source.randrange(40))) for _ in range(200)]
    path = tmp_path / "lines"
    path.write_bytes(b"\n".join(lines) + source.choice([b"", b"\n"]))
    cuts = sorted(source.sample(range(path.stat().st_size), 3))
    ranges = zip([0, *cuts], [*cuts, path.stat().st_size], strict=True)
    read = [block for start, end in ranges for block in blocks_of(path, start, end, source.choice([1, 30, 1000]))]
    assert b"".join(read) == path.read_bytes()
    assert all(block.endswith(b"\n") for block in read[:-1])


def test_of_a_line_that_is_too_long_no_more_is_read_than_tells_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "LARGEST", 100)
    path = tmp_path / "lines"
    path.write_bytes(b"a\n" + b"b" * 5000 + b"\nc\n")
    first, last = blocks_of(path, 0, path.stat().st_size, 10)
    assert first == b"a\n" + b"b" * 109
    assert last == b"c\n"


def test_a_reader_gives_the_same_numbers_to_the_same_statements() -> None:
    lines, _ = bulk(list(Cohort(35).patients(0, 40)))
    once, again = (reducer().reduce(b"\n".join(lines["Observation"]), "Observation") for _ in range(2))
    assert once.keys == again.keys
    assert once.rows.equals(again.rows)
