"""FHIR cohorts through columns and through the row path: the same subjects, states and counts."""

from __future__ import annotations

import datetime
import gzip
import random
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

import reasoner
from reasoner.cohort.fhir.assemble import Assembled, Assembler
from reasoner.cohort.fhir.reduce import Reducer
from reasoner.cohort.fhir.reduced import Reduced
from reasoner.cohort.fhir.references import are_patients, is_patient, unit_of
from reasoner.cohort.run.blocks import MAGIC, TruncatedError, unpacked, whole_lines
from reasoner.fhir.bundle import resources_of

from .fhir_agreement import expected, found

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from generate import Cohort, bundle  # noqa: E402

Inputs = list[tuple[list[dict[str, Any]], Sequence[str | None]]]
NOBODIES = [{"resourceType": "Patient", "id": "a"}, {"resourceType": "Patient", "id": "b"}]


@cache
def loaded() -> reasoner.Reasoner:
    return reasoner.load()


@cache
def reducer(on: datetime.date | None = None) -> Reducer:
    return Reducer(loaded(), on)


@cache
def assembler(on: datetime.date | None = None) -> Assembler:
    return Assembler(loaded(), on)


def agree(inputs: Inputs, assembled: Assembled, on: datetime.date | None = None, dummies: int = 0) -> int:
    """Hold what columns made of inputs to the row path; gives the number of subjects."""
    subjects, tally = expected(loaded(), inputs, on)
    tally.counts["resources"] -= dummies
    tally.counts["used"] -= dummies
    assert found(loaded(), assembled) == subjects
    own = assembled.tally
    own.counts.pop("broken", None)
    for name in ("counts", "unmapped", "unplaced", "unused", "invalid"):
        assert +getattr(own, name) == +getattr(tally, name), name
    counts = own.counts
    assert counts["resources"] == sum(counts[name] for name in ("used", "unmapped", "unplaced", "unused"))
    return sum(subjects.values())


def bulk(patients: list[list[tuple[str, str]]]) -> tuple[dict[str, list[bytes]], Inputs]:
    """Lines by resource type, and the same resources by patient, those that name nobody beside two patients."""
    lines: dict[str, list[bytes]] = {}
    units: dict[str, list[dict[str, Any]]] = {}
    for resources in patients:
        for kind, text in resources:
            lines.setdefault(kind, []).append(text.encode())
            own = orjson.loads(text)
            subject = own.get("subject")
            reference = subject.get("reference") if isinstance(subject, dict) else None
            units.setdefault(unit_of(kind, own.get("id"), reference), []).append(own)
    nobody = units.pop("", [])
    for own in nobody:
        own.pop("subject", None)
    groups = [*units.values(), [*nobody, *NOBODIES]]
    return lines, [(group, [None] * len(group)) for group in groups]


def shards(lines: dict[str, list[bytes]], size: int, on: datetime.date | None = None) -> list[Reduced]:
    """The lines in shuffled shards, shuffled too."""
    order = random.Random(7)
    parts = []
    for kind, own in lines.items():
        order.shuffle(own)
        for start in range(0, len(own), size):
            parts.append(reducer(on).reduce(b"\n".join(own[start : start + size]), kind, kind, 1 + start))
    order.shuffle(parts)
    return parts


@pytest.mark.parametrize(("seed", "odd", "number"), [(1, 1.0, 5000), (2, 12.0, 3500), (3, 50.0, 1500)])
def test_bundles_one_a_line(seed: int, odd: float, number: int) -> None:
    lines = [bundle(patient).encode() for patient in Cohort(seed, odd).patients(0, number)]
    parts = [reducer().reduce(b"\n".join(lines[i : i + 150]), "Bundle", "f", 1 + i) for i in range(0, number, 150)]
    subjects = agree([resources_of(orjson.loads(line)) for line in lines], assembler().assemble(parts))
    assert subjects > number


@pytest.mark.parametrize(("seed", "odd", "number"), [(4, 1.0, 3000), (5, 12.0, 1500), (6, 50.0, 500)])
def test_bulk_files_in_shuffled_shards(seed: int, odd: float, number: int) -> None:
    lines, inputs = bulk(list(Cohort(seed, odd).patients(0, number)))
    assembled = assembler().assemble(shards(lines, 700))
    agree(inputs, assembled, dummies=2)
    assert assembled.tally.duplicates or odd < 2
    assert assembled.tally.dangling


@pytest.mark.parametrize("layout", ["bulk", "bundles"])
def test_what_an_unread_resource_names_is_not_assumed(layout: str) -> None:
    """Of some patients an order names what would be assumed; of others one names something else."""
    system = next(iter(loaded().knowledge.mapping.value_systems))
    patients = list(Cohort(21).patients(0, 120))
    for place, resources in enumerate(patients):
        owner = orjson.loads(next(text for kind, text in resources if kind == "Patient"))["id"]
        name = ("calcification", "ulcer", "no-such-code")[place % 3]
        order = {
            "resourceType": "ServiceRequest",
            "id": f"order-{place}",
            "code": {"coding": [{"system": system, "code": name}]},
            "subject": {"reference": f"Patient/{owner}"},
        }
        resources.append(("ServiceRequest", orjson.dumps(order).decode()))
    if layout == "bulk":
        lines, inputs = bulk(patients)
        assembled = assembler().assemble(shards(lines, 70))
        agree(inputs, assembled, dummies=2)
    else:
        written = [bundle(resources).encode() for resources in patients]
        assembled = assembler().assemble([reducer().reduce(b"\n".join(written), "Bundle", "f", 1)])
        agree([resources_of(orjson.loads(line)) for line in written], assembled)
    why = "the mapping reads no `ServiceRequest`, so `calcification` is not assumed"
    assert assembled.tally.unused[why] == 40


@pytest.mark.parametrize("layout", ["bulk", "bundles"])
def test_a_day_of_decision(layout: str) -> None:
    on = datetime.date(2026, 2, 10)
    patients = list(Cohort(8, 10).patients(0, 500))
    if layout == "bulk":
        lines, inputs = bulk(patients)
        agree(inputs, assembler(on).assemble(shards(lines, 200, on)), on, 2)
    else:
        texts = [bundle(patient).encode() for patient in patients]
        part = reducer(on).reduce(b"\n".join(texts), "Bundle", "f")
        agree([resources_of(orjson.loads(text)) for text in texts], assembler(on).assemble([part]), on)


def test_most_patients_of_a_realistic_cohort_are_read_by_columns() -> None:
    lines, _ = bulk(list(Cohort(9).patients(0, 2000)))
    tally = assembler().assemble(shards(lines, 5000)).tally
    assert sum(tally.row_path.values()) < 0.05 * 2000


def test_the_samples() -> None:
    texts = [orjson.dumps(orjson.loads(line)["bundle"]) for line in
             (ROOT / "tests" / "samples" / "samples.ndjson").read_bytes().splitlines()]  # fmt: skip
    part = reducer().reduce(b"\n".join(texts), None, "samples")
    assert agree([resources_of(orjson.loads(text)) for text in texts], assembler().assemble([part])) == 60


def test_full_urls_that_are_uuids() -> None:
    texts = []
    for patient in Cohort(10, 3).patients(0, 200):
        text = bundle(patient, "urn:uuid:")
        for name in ("Patient", "Condition", "Encounter"):
            text = text.replace(f'"reference":"{name}/', f'"reference":"urn:uuid:{name}/')
        texts.append(text.encode())
    part = reducer().reduce(b"\n".join(texts), "Bundle", "f")
    assembled = assembler().assemble([part])
    agree([resources_of(orjson.loads(text)) for text in texts], assembled)


def test_parts_split_by_patient_and_come_back_from_disk(tmp_path: Path) -> None:
    lines, inputs = bulk(list(Cohort(11, 6).patients(0, 500)))
    buckets: list[list[Reduced]] = [[] for _ in range(4)]
    for number, part in enumerate(shards(lines, 300)):
        for bucket, own in enumerate(part.partition(4)):
            own.write(tmp_path / f"{number}-{bucket}.arrow")
            buckets[bucket].append(Reduced.read(tmp_path / f"{number}-{bucket}.arrow"))
    pieces = [assembler().assemble(parts) for parts in buckets]
    whole = assembler().assemble(shards(lines, 300))
    total = found(loaded(), pieces[0])
    for piece in pieces[1:]:
        total += found(loaded(), piece)
        pieces[0].tally += piece.tally
    assert total == found(loaded(), whole)
    assert pieces[0].tally == whole.tally
    agree(inputs, whole, dummies=2)
    owners = [{name for part in parts for name in part.units} for parts in buckets]
    assert sum(map(len, owners)) == len(set().union(*owners)), "a patient is in one part only"


# Bad input -----------------------------------------------------------------------------------------------------------


def lines_of(number: int = 40, seed: int = 12) -> Iterator[bytes]:
    for patient in Cohort(seed).patients(0, number):
        for _, text in patient:
            yield text.encode()


BROKEN = {
    b'{"resourceType":"Observation","id":"x"': "is not JSON: ",
    b'{"id":"x"}': "`resourceType` is missing",
    b'{"resourceType":7,"id":"x"}': "`resourceType` is not a name",
    b"[1,2]": "is not a FHIR resource",
    b"null": "is not a FHIR resource",
    b'{"resourceType":"Condition","id":"\xff"}': "is not JSON: ",
    b'{"resourceType":"Condition","id":"a","note":[{"text":"\xc3"}]}': "is not JSON: ",
    b'{"resourceType":"Observation","id":"a","valueInteger":1e999}': "is not JSON: ",
    b'{"resourceType":"Bundle","entry":7}': "`entry` of the Bundle is not a list",
}


@pytest.mark.parametrize("kind", [None, "Observation", "Bundle"])
def test_broken_lines_are_told_and_the_others_go_on(kind: str | None) -> None:
    good = list(lines_of())
    order = random.Random(3)
    places = sorted(order.sample(range(len(good)), len(BROKEN)))
    mixed = list(good)
    for place, line in zip(reversed(places), reversed(list(BROKEN)), strict=True):
        mixed.insert(place, line)
    part = reducer().reduce(b"\n\n".join(mixed) + b"\n", kind, "here")
    told = {one.line: one.why for one in part.broken}
    assert len(told) == len(BROKEN)
    for line, (bad, why) in zip(sorted(told), BROKEN.items(), strict=True):
        assert told[line].startswith(why), bad
        assert mixed[(line - 1) // 2] == bad
    assembled = assembler().assemble([part])
    assert assembled.tally.counts["broken"] == len(BROKEN)
    clean = assembler().assemble([reducer().reduce(b"\n".join(good), None, "here")])
    assert found(loaded(), assembled) == found(loaded(), clean)
    assert assembled.tally.counts["resources"] == len(good)


def test_a_broken_line_among_bundles() -> None:
    texts = [bundle(patient).encode() for patient in Cohort(13, 3).patients(0, 30)]
    spoilt = [*texts[:10], b'{"resourceType":"Bundle","entry":[{', *texts[10:]]
    part = reducer().reduce(b"\n".join(spoilt), "Bundle", "f", 101)
    assert [(one.source, one.line) for one in part.broken] == [("f", 111)]
    assembled = assembler().assemble([part])
    agree([resources_of(orjson.loads(text)) for text in texts], assembled)


PACKERS = {"gzip": gzip.compress, "zstd": zstandard.compress}


def test_a_resource_over_two_lines_is_broken_though_another_line_holds_two() -> None:
    resources = [text.encode() for kind, text in next(Cohort(3).patients(0, 1)) if kind == "Observation"]
    over = resources[0].replace(b'"code":{', b'"code":{\n', 1)
    lines = b"\n".join([over, resources[1] + resources[2], *resources[3:]])
    part = reducer().reduce(lines, "Observation", "here")
    assert [own.line for own in part.broken] == [1, 2, 3]
    assert part.lines == len(resources)
    assert len(part.rows) + len(part.unsaid) + len(part.whole) == len(resources) - 3


def test_patients_are_told_together_as_each_alone() -> None:
    usual = [f"Patient/{number:x}-a.b" for number in range(50)]
    odd = [
        *("", "Patient/", "Patient/-.", "Patient/a\n", "a\nPatient/b", "Patient/a\nPatient/b", "Group/a"),
        *("Patient/a/b", "Patient/\u00e9", "Patient/" + "a" * 65, "urn:x"),
    ]
    assert are_patients(usual) == [True] * len(usual)
    assert are_patients([]) == []
    for one in (*odd, "Patient/" + "a" * 64):
        texts = [*usual[:3], one, *usual[3:]]
        assert are_patients(texts) == list(map(is_patient, texts))
        assert is_patient(one) == (one not in odd)


@pytest.mark.parametrize("packing", PACKERS)
def test_packed_files_give_the_lines_of_plain_ones(packing: str, tmp_path: Path) -> None:
    data = b"\n".join(lines_of()) + b"\n"
    path = tmp_path / "all"
    # Archives may follow one another, cut anywhere.
    path.write_bytes(PACKERS[packing](data[:7001]) + PACKERS[packing](data[7001:]))
    assert MAGIC[next(magic for magic in MAGIC if path.read_bytes().startswith(magic))] == packing
    read = list(whole_lines(unpacked(path, packing), 5000))
    assert read == list(whole_lines([data], 5000))
    assert b"".join(read) == data
    assert len(read) > 1
    assert all(block.endswith(b"\n") for block in read)


@pytest.mark.parametrize("packing", PACKERS)
def test_a_truncated_file_gives_what_is_whole_and_says_so(packing: str, tmp_path: Path) -> None:
    data = b"\n".join(lines_of(200)) + b"\n"
    packed = PACKERS[packing](data[: len(data) // 2]) + PACKERS[packing](data[len(data) // 2 :])
    path = tmp_path / "cut"
    path.write_bytes(packed[:-20])
    read = []
    with pytest.raises(TruncatedError, match=r"ends in the middle of its compressed data.*--allow-partial"):
        for piece in unpacked(path, packing):
            read.append(piece)
    assert len(b"".join(read)) >= len(data) // 2
    assert data.startswith(b"".join(read))


@pytest.mark.parametrize("packing", PACKERS)
def test_a_file_that_is_no_archive_says_so(packing: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"plain text\n")
    with pytest.raises(TruncatedError, match="the compressed data are damaged"):
        list(unpacked(path, packing))


def test_a_bundle_over_many_lines() -> None:
    (patient,) = list(Cohort(14).patients(0, 1))
    document = orjson.loads(bundle(patient))
    part = reducer().document(orjson.dumps(document, option=orjson.OPT_INDENT_2), "a.json")
    agree([resources_of(document)], assembler().assemble([part]))


def test_names_that_occur_twice_and_references_to_nothing_are_counted() -> None:
    lines, _ = bulk(list(Cohort(15, 0).patients(0, 20)))
    extra = list(lines["Observation"][:3])
    lost = lines["Observation"][4].replace(b'"id":"', b'"focus":[{"reference":"Condition/none"}],"id":"z', 1)
    lost = lost.replace(b',"focus":[{"reference":"Condition/0', b',"was":[{"reference":"Condition/0')
    parts = [reducer().reduce(b"\n".join(own), kind) for kind, own in lines.items()]
    before = assembler().assemble(parts).tally
    after = assembler().assemble([*parts, reducer().reduce(b"\n".join([*extra, lost]), "Observation")]).tally
    assert after.duplicates - before.duplicates == 3
    assert before.dangling == 0


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reasoner.cohort.fhir.statements._MEMORY", 200)
    own, ours = Reducer(loaded()), Assembler(loaded())
    lines, inputs = bulk(list(Cohort(16, 4).patients(0, 300)))
    parts = [
        own.reduce(b"\n".join(some[i : i + 100]), kind)
        for kind, some in lines.items()
        for i in range(0, len(some), 100)
    ]
    agree(inputs, ours.assemble(parts), dummies=2)
    assert len(own.reader.all) < 2000
    agree(inputs, ours.assemble(parts), dummies=2)
    # Other statements in the same number of places: nothing of the former ones may be left.
    lines, inputs = bulk(list(Cohort(17, 4).patients(0, 300)))
    agree(inputs, ours.assemble([own.reduce(b"\n".join(some), kind) for kind, some in lines.items()]), dummies=2)
