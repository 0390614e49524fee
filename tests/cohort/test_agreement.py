"""The same verdicts, preferences, missing and assumed findings as ``assess``, over every form of input and layout.

``AGREEMENT`` sets how many patients each form has; ``benchmarks/agreement.py`` compares 10,000.
"""

from __future__ import annotations

import os
from pathlib import Path

from .agreement import compared

NUMBER = int(os.environ.get("AGREEMENT", "250"))
FORMS = {
    "bundles-by-line", "bundles-gzip", "bundles-zstd", "bundles-folder", "bulk", "bulk-gzip", "bulk-zstd",
    "findings-csv", "findings-parquet", "findings-arrow", "rdf",
}  # fmt: skip


def test_every_form_and_layout_agrees_with_assess(tmp_path: Path) -> None:
    found = list(compared(NUMBER, tmp_path))
    assert {form for form, *_ in found} == FORMS
    assert len(found) == 2 * len(FORMS)
    assert all(subjects > 0.9 * NUMBER and verdicts == 33 * subjects for _, _, subjects, verdicts in found)
