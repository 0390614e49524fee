"""Validation: the engine on the hot path beside pyshacl on the same patient graphs, and an answer with validation.

    python benchmarks/validate.py [--graphs N]

Run it with the package installed with its ``test`` extra. Both engines take the same graphs in the same run; the
graphs are those of the sample bundles. It prints the machine, the versions, and medians, and asserts nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import machine
import orjson
from machine import describe, medians

import reasoner
from reasoner.inputs import from_document

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples" / "samples.ndjson"


def row(name: str, times: tuple[float, float]) -> None:
    """One line of the table."""
    print(f"  {name:<62} {times[0]:10.3f} ms  {times[1]:10.3f} ms")


def main(graphs: int) -> None:
    """All of it."""
    loaded = reasoner.load()
    check = loaded.check
    samples = [orjson.loads(line)["bundle"] for line in SAMPLES.read_bytes().splitlines()]
    items = [from_document(bundle) for bundle in samples]
    patients = []
    for item in items:
        reading = loaded.read(item, None)
        patients.append(check.graph(item, reading, loaded.decided(reading)))
    sixteen = [orjson.dumps(bundle) for bundle in samples if len(bundle["entry"]) == 16]

    def assessed(bundle: bytes) -> bytes:
        return loaded.assess(bundle).to_json()

    size = sum(map(len, patients)) / len(patients)
    print(f"  {'one process; median and 95th percentile a call':<62}")
    for name, job, inputs in (
        (f"FHIR, 16 resources, bytes to JSON with validation ({len(sixteen)})", assessed, sixteen),
        (f"FHIR, {len(samples)} bundles, validation alone (read, derive, shapes)", loaded.validation, items),
        (f"patient graph of {size:.0f} triples, hot path ({len(patients)} graphs)", check.validator.validate, patients),
    ):
        row(name, medians(job, inputs))
    few = patients[:graphs]
    fast, slow = medians(check.validator.validate, few, 3), medians(check.validator.reference, few, 3)
    row(f"the same, first {len(few)} graphs, hot path", fast)
    row(f"the same, first {len(few)} graphs, pyshacl", slow)
    print(f"  pyshacl takes {slow[0] / fast[0]:.0f} times as long\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", type=int, default=10, help="how many graphs pyshacl gets (default: 10)")
    machine.PACKAGES = (*machine.PACKAGES, "shacl", "pyshacl")
    print(describe())
    main(parser.parse_args().graphs)
