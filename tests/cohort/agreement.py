"""Random patients through ``assess`` and through runs over every form of input, in both layouts.

What ``assess`` says of a patient is asked once and held to all forms in which the patient can be written.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import orjson
import polars as pl
import zstandard
from referee.generate import Findings, random_measurements, random_state

from reasoner.cohort.layout import LAYOUTS
from reasoner.inputs import GraphInput, read_bytes

from .cohorts import (
    Patients,
    Row,
    as_bulk,
    as_bundles,
    bundles,
    decided,
    document,
    is_plain,
    lines,
    loaded,
    patients,
    ran,
    rows_of,
    written,
    written_wide,
)

SHARDS = 3
Packer = Callable[[bytes], bytes]
Write = Callable[[Path], object]
GR = "https://w3id.org/guideline-reasoner/"


def compared(number: int, folder: Path, seed: int = 21) -> Iterator[tuple[str, str, int, int]]:
    """Form, layout, subjects and verdicts that were compared. Raises AssertionError where any differs."""
    for inputs, answers, forms in (
        _fhir(number, seed),
        _bulk(number, seed),
        _tables(number, seed),
        _graphs(number, seed),
    ):
        assert len(inputs) >= number
        for form, write in forms.items():
            place = folder / form
            place.mkdir(parents=True)
            write(place)
            for layout in LAYOUTS:
                yield form, layout, *_run(place, layout, answers)
            shutil.rmtree(place)


def _run(place: Path, layout: str, answers: set[Row]) -> tuple[int, int]:
    output = place.with_name(f"{place.name}-{layout}")
    report = ran([place], output, layout, chunk=1 << 22).report
    assert (written if layout == LAYOUTS[0] else written_wide)(output) == answers, place.name
    # What the report counts is the same.
    missing, assumed = (dict[str, int]() for _ in range(2))
    for row in answers:
        for told, names in ((missing, row[6]), (assumed, row[7])):
            for name in names:
                told[name] = told.get(name, 0) + 1
    for told, what in ((missing, "missing"), (assumed, "assumed")):
        assert {own["finding"]: own["verdicts"] for own in report[what]} == told, place.name
    for own in report["recommendations"]:
        preferred = [row[5] for row in answers if row[2] == own["id"] and row[5] is not None]
        assert own["preferred"] == {word: preferred.count(word) for word in dict.fromkeys(preferred)}
    assert report["counts"]["broken"] == 0
    shutil.rmtree(output)
    return report["counts"]["subjects"], len(answers)


# FHIR ---------------------------------------------------------------------------------------------------------------

Forms = tuple[list[object], set[Row], dict[str, Write]]


def _fhir(number: int, seed: int) -> Forms:
    of = patients(number, seed)
    texts = bundles(of)

    def folder(place: Path) -> None:
        for at, text in enumerate(texts):
            own = place / str(at % 7) / f"{at}.json"
            own.parent.mkdir(exist_ok=True)
            own.write_bytes(orjson.dumps(document(text), option=orjson.OPT_INDENT_2) if at % 2 else text)

    return [*of], decided(as_bundles(of)), {
        "bundles-by-line": partial(_lines, {"bundles": texts}, 1, "", bytes),
        "bundles-gzip": partial(_lines, {"bundles": texts}, SHARDS, ".gz", partial(gzip.compress, compresslevel=1)),
        "bundles-zstd": partial(_lines, {"bundles": texts}, SHARDS, ".zst", zstandard.compress),
        "bundles-folder": folder,
    }  # fmt: skip


def _bulk(number: int, seed: int) -> Forms:
    of: Patients = []
    while len(of) < number:
        seed += 1
        of += [own for own in patients(number - len(of) + SHARDS, seed) if is_plain(own)]
    own = lines(of := of[:number])
    return [*of], decided(as_bulk(of)), {
        "bulk": partial(_lines, own, SHARDS, "", bytes),
        "bulk-gzip": partial(_lines, own, SHARDS, ".gz", partial(gzip.compress, compresslevel=1)),
        "bulk-zstd": partial(_lines, own, SHARDS, ".zst", zstandard.compress),
    }  # fmt: skip


def _lines(own: dict[str, list[bytes]], shards: int, ending: str, pack: Packer, place: Path) -> None:
    """Files of lines, which are spread over shards."""
    for kind, texts in own.items():
        for shard in range(shards):
            data = b"".join(text + b"\n" for text in texts[shard::shards])
            (place / f"{kind}.{shard}.ndjson{ending}").write_bytes(pack(data))


# Findings -----------------------------------------------------------------------------------------------------------


def _drawn(number: int, seed: int) -> list[Findings]:
    random = Random(seed)
    return [random.choice((random_state, random_measurements))(random) for _ in range(number)]


def _tables(number: int, seed: int) -> Forms:
    drawn, names = _drawn(number, seed), list(loaded().knowledge.model.findings)
    answers = set[Row]()
    for at, own in enumerate(drawn):
        rows = rows_of(loaded().assess_findings(own, subject=f"l{at}"))
        answers |= {(f"p{at // 2}", *row[1:]) for row in rows}

    def text(value: object) -> str | None:
        return value if value is None else "|".join(value) if isinstance(value, list) else str(value)

    cells = {name: [text(own.get(name)) for own in drawn] for name in names}
    about = {"patient": [f"p{at // 2}" for at in range(number)], "subject": [f"l{at}" for at in range(number)]}
    table = pl.DataFrame(about | cells, schema=dict.fromkeys([*about, *cells], pl.String))
    typed = table.with_columns(
        pl.col(name).cast(pl.Float64) for name, own in loaded().knowledge.model.findings.items() if own.range
    )
    return [*drawn], answers, {
        "findings-csv": lambda place: table.write_csv(place / "a.csv"),
        "findings-parquet": lambda place: typed.write_parquet(place / "a.parquet"),
        "findings-arrow": lambda place: typed.write_ipc(place / "a.arrow"),
    }  # fmt: skip


def _graphs(number: int, seed: int) -> Forms:
    texts = [_turtle(at, own) for at, own in enumerate(_drawn(number, seed + 1))]
    items = [item for text in texts for item in read_bytes(text, "graph", "ttl") if isinstance(item, GraphInput)]

    def write(place: Path) -> None:
        for at, text in enumerate(texts):
            (place / f"{at}.ttl").write_bytes(text)

    return [*items], decided(items), {"rdf": write}


def _turtle(number: int, findings: Findings) -> bytes:
    """A patient graph; of values that are known in part nothing is written."""
    model = loaded().knowledge.model
    nodes: dict[str, list[str]] = {kind: [] for kind in model.kinds}
    for name, value in findings.items():
        finding = model.findings[name]
        if finding.range is None and isinstance(value, str):
            own = next(one for one in finding.values if one.notation == value)
            nodes[finding.kind].append(f"<{finding.iri}> <{own.iri}>")
        elif finding.range is not None:
            assert isinstance(value, int | float)
            nodes[finding.kind].append(f"<{finding.iri}> {value if finding.range.integer else float(value)}")
    links = {"Lesion": f"<{GR}onFoot> <urn:example:f{number}>", "Foot": f"<{GR}ofPatient> <urn:example:p{number}>"}
    text = ""
    for kind, parts in nodes.items():
        more = [links[kind]] if kind in links else []
        text += f"<urn:example:{kind[0].lower()}{number}> {' ; '.join([f'a <{GR}{kind}>', *more, *parts])} .\n"
    return text.encode()
