"""One patient explained: time for all recommendations, beside that of the plain answer.

    python benchmarks/explain.py

Prints the machine, the versions, medians and 95th percentiles over the shipped examples and cases (all rounds pooled,
warm), and the ratio to ``assess`` in the same run. It asserts nothing.
"""

from __future__ import annotations

import time
from pathlib import Path

import orjson
from machine import describe, medians

import reasoner
from reasoner.explain.explainer import Explainer

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Measure and print."""
    print(describe())
    loaded = reasoner.load()
    start = time.perf_counter()
    explainer = Explainer(loaded)
    print(f"preparing the explainer, once: {(time.perf_counter() - start) * 1e3:.0f} ms\n")
    examples = [p for p in sorted((ROOT / "examples").iterdir()) if p.suffix in (".json", ".ndjson", ".ttl")]
    cases = sorted((ROOT / "ontology").glob("*/cases/*.ttl"))
    inputs = [item for path in [*examples, *cases] for item in loaded.inputs(path)]
    base, base95 = medians(lambda item: loaded.answer(item).to_json(), inputs, 3)
    print(f"  {len(inputs)} patients, parsed, to JSON{'median':>24}{'p95':>15}{'ratio':>10}")
    print(f"  {'assess':<36}{base:12.2f} ms{base95:12.2f} ms{1:10.1f}")
    full, full95 = medians(lambda item: orjson.dumps(explainer.explain(item)), inputs, 3)
    print(f"  {'explain, all recommendations':<36}{full:12.2f} ms{full95:12.2f} ms{full / base:10.1f}")
    some = [own.id for guideline in loaded.knowledge.guidelines for own in guideline.recommendations][:1]
    one, one95 = medians(lambda item: orjson.dumps(explainer.explain(item, None, some)), inputs, 3)
    print(f"  {'explain, one recommendation':<36}{one:12.2f} ms{one95:12.2f} ms{one / base:10.1f}")


if __name__ == "__main__":
    main()
