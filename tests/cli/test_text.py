"""The readable answer, kept whole for a few patients, and what every one of them must say.

``UPDATE_GOLDEN=1 pytest tests/cli/test_text.py`` writes the files anew; read them as a tired clinician before a commit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Outcome

Run = Callable[..., Outcome]
Patient = Callable[[int], Path]
GOLDEN = Path(__file__).parent / "golden"
# Override first; surgery with evidence of every kind; open questions; a gap; indirect evidence.
KEPT = (4, 13, 24, 29, 59)


@pytest.mark.parametrize("number", KEPT)
def test_golden_text(guideline: Run, patient: Patient, number: int) -> None:
    text = guideline("assess", patient(number)).text
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:+]+", "DAY", re.sub(r"(sha256) [0-9a-f]+", r"\1 HASH", text))
    kept = GOLDEN / f"sample-{number}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        kept.write_text(text)
    assert text == kept.read_text()


def sections(text: str) -> dict[str, str]:
    """The body of each heading."""
    parts = re.split(r"^([A-Z][A-Z ,:-]+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_what_suspends_all_else_leads(guideline: Run, patient: Patient, samples: list[dict[str, Any]]) -> None:
    seen = 0
    for number, sample in enumerate(samples):
        overrides = {v["overriddenBy"] for v in sample["expected"]["recommendations"].values()} - {None, "undetermined"}
        if overrides:
            seen += 1
            found = sections(guideline("assess", patient(number)).text)
            first = next(iter(found.values()))
            assert all(f"[{id_}]" in first for id_ in overrides)
            assert all(f"[{id_}]" in found["ELIGIBLE BUT WAITING"] for id_ in overrides)
    assert seen >= 3


def test_every_recommendation_of_a_guideline_in_scope_is_named(
    guideline: Run, patient: Patient, samples: list[dict[str, Any]]
) -> None:
    for number in range(0, 60, 6):
        text = guideline("assess", patient(number)).text
        expected = samples[number]["expected"]
        for prefix, key in (("iwgdf", "iwgdf-scope"), ("stc", "stc-scope")):
            if expected[key] != "out-of-scope":
                assert all(f"[{id_}]" in text for id_ in expected["recommendations"] if id_.startswith(prefix))


def test_the_three_kinds_of_no_answer_stay_apart(guideline: Run, patient: Patient) -> None:
    assert "UNDETERMINED" in sections(guideline("assess", patient(16)).text)
    assert "OUT OF SCOPE" in sections(guideline("assess", patient(20)).text)
    assert "NOTHING TO RECOMMEND" in sections(guideline("assess", patient(29)).text)


def test_intervals_are_put_in_words_and_measures_kept_apart(guideline: Run, patient: Patient) -> None:
    found = sections(guideline("assess", patient(24)).text)
    plain = {title: " ".join(body.split()) for title, body in found.items()}
    ratio = plain["EVIDENCE: RISK RATIO"]
    assert "risk ratio 1.00, 95% interval 0.86 to 1.16, which includes no difference" in ratio
    assert "risk ratio 1.33, no interval found; no certainty given" in ratio
    assert "seed document only" in ratio
    assert "Transfer lesion (harm)" in ratio
    assert "odds ratio" not in ratio
    assert "odds ratio 6.77" in plain["EVIDENCE: ODDS RATIO"]


def test_assumptions_are_marked_where_they_matter(guideline: Run, patient: Patient) -> None:
    text = " ".join(guideline("assess", patient(3)).text.split())
    assert "non-removable device tolerated (ASSUMED)" in text
    assert "INDIRECT: its evidence comes from another population" in " ".join(
        guideline("assess", patient(4)).text.split()
    )


def test_colour_only_on_a_terminal_and_never_alone() -> None:
    from reasoner.blocks import Item, Page, Section, SubjectPage
    from reasoner.text import TextWriter

    page = Page((SubjectPage("Heading", "x", (Section("Do first", (Item("act"),), "lead"),)),), (), "", "notice")
    plain, coloured = TextWriter().write(page), TextWriter(colour=True).write(page)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
