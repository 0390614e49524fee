"""One patient: time and memory from a FHIR bundle, and from Turtle, to the full JSON answer, beside its peers.

    python benchmarks/assess.py [--without-reasoners]

Run it with the package installed with its ``test`` extra; ``pip install owlrl`` adds the owlrl peer. It prints the
machine, the versions, medians over distinct patients, and every ratio from the same run. It asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from handwritten import decide
from machine import child, describe, medians

import reasoner
from reasoner.graph import GR

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples" / "samples.ndjson"


def turtle(findings: dict[str, Any], loaded: reasoner.Reasoner) -> bytes:
    """A patient graph of the findings."""
    model = loaded.knowledge.model
    lines: dict[str, list[str]] = {name: [] for name in model.kinds}
    for name, value in findings.items():
        if value is not None:
            finding = model.findings[name]
            said = f"<{GR}{name}/{value}>" if finding.values else repr(float(value))
            lines[finding.kind].append(f"<{finding.iri}> {said}")
    lines["Lesion"].append(f"<{GR}onFoot> <urn:f>")
    lines["Foot"].append(f"<{GR}ofPatient> <urn:p>")
    nodes = {"Lesion": "urn:l", "Foot": "urn:f", "Patient": "urn:p"}
    said = (f"<{nodes[kind]}> {' ; '.join([f'a <{GR}{kind}>', *parts])} ." for kind, parts in lines.items())
    return "\n".join(said).encode()


def row(name: str, median: float, p95: float, base: float) -> None:
    """One line of the table."""
    print(f"  {name:<58} {median:10.3f} ms  {p95:10.3f} ms  {median / base:8.1f}")


def in_process() -> float:
    """Ours from FHIR and from Turtle, and by hand."""
    start = time.perf_counter()
    loaded = reasoner.load()
    print(f"loading and compiling the knowledge: {(time.perf_counter() - start) * 1e3:.0f} ms\n")
    samples = [orjson.loads(line) for line in SAMPLES.read_bytes().splitlines()]
    bundles = [orjson.dumps(sample["bundle"]) for sample in samples]
    sixteen = [b for b, s in zip(bundles, samples, strict=True) if len(s["bundle"]["entry"]) == 16]
    graphs = [turtle(sample["findings"], loaded) for sample in samples]
    print(f"  one process, one core; bytes in, bytes out{'median':>25}{'p95':>15}{'ratio':>12}")
    by_hand, hand95 = medians(lambda b: orjson.dumps(decide(orjson.loads(b))), bundles)
    row(f"by hand with orjson, two-valued, verdicts only ({len(bundles)})", by_hand, hand95, by_hand)
    row(
        "by hand with json of the standard library",
        *medians(lambda b: json.dumps(decide(json.loads(b))), bundles),
        by_hand,
    )
    for name, inputs in (
        (f"guideline-reasoner, FHIR, 16 resources ({len(sixteen)} bundles)", sixteen),
        (f"guideline-reasoner, FHIR, 15 to 23 resources ({len(bundles)})", bundles),
        (f"guideline-reasoner, Turtle ({len(graphs)} graphs)", graphs),
    ):
        row(name, *medians(lambda b: loaded.assess(b).to_json(), inputs), by_hand)
    agree(loaded, samples)
    return by_hand


def agree(loaded: reasoner.Reasoner, samples: list[dict[str, Any]]) -> None:
    """How often the hand-written rules say yes or no where the exact answer is another."""
    wrong = open_ = total = 0
    for sample in samples:
        by_hand = decide(sample["bundle"])
        for guideline in loaded.assess(sample["bundle"]).to_dict()["subjects"][0]["guidelines"]:
            for own in guideline["recommendations"]:
                total += 1
                if own["verdict"] == "undetermined":
                    open_ += 1
                else:
                    wrong += by_hand[own["id"]] != (own["verdict"] == "eligible")
    print(f"\n  the hand-written rules differ on {wrong} of {total - open_} definite verdicts")
    print(f"  and read {open_} open ones as yes or no")


def cold() -> None:
    """A fresh process."""
    guideline = str(Path(sys.executable).parent / "guideline")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patient.json"
        path.write_bytes(orjson.dumps(orjson.loads(SAMPLES.read_bytes().split(b"\n", 1)[0])["bundle"]))
        base, _ = child([sys.executable, "-c", "import rdflib"])
        print("\n  fresh process, wall time, and peak memory")
        print(f"  {'python -c import rdflib':<58} {base:10.0f} ms")
        for form in ("text", "json"):
            wall, peak = child([guideline, "assess", "--format", form, str(path)])
            print(f"  {'guideline assess --format ' + form:<58} {wall:10.0f} ms  {peak:7.0f} MB  {wall / base:8.1f}")


def reasoners(by_hand: float) -> None:
    """General-purpose reasoners on the same ontology and one patient."""
    from peers import hermit_once, owlrl_once

    loaded = reasoner.load()
    sample = orjson.loads(SAMPLES.read_bytes().split(b"\n", 1)[0])
    graph = turtle(sample["findings"], loaded)
    print("\n  general reasoners, one patient, once, ontology already read from disk where they allow it")
    peers = (("owlready2 + HermiT, realisation", hermit_once), ("rdflib + owlrl, OWL 2 RL closure", owlrl_once))
    for name, job in peers:
        took = job(ROOT / "ontology", graph)
        if isinstance(took, str):
            print(f"  {name:<58} {took}")
        else:
            row(name, took, took, by_hand)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without-reasoners", action="store_true", help="leave out HermiT and owlrl")
    arguments = parser.parse_args()
    print(describe())
    hand = in_process()
    cold()
    if not arguments.without_reasoners:
        reasoners(hand)
