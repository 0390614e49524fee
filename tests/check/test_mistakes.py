"""What an author reads after a slip: file, line, labelled term, and what to write instead."""

from __future__ import annotations

import pytest

from reasoner.checks.problem import Problem
from reasoner.checks.run import FAST

from .mistakes import PLACE, Mistake, mistakes, named, outcomes

ALL = mistakes()
LEAST, SHARE, MOST_SHOWN = 60, 0.9, 4
WHOLE = (
    "a finding misspelt", "a missing dot", "all values from", "a missing label", "a recommendation without direction",
    "a value in two partitions", "a prefix that stands for another namespace than elsewhere", "an empty file",
    "a code mapped to a term that is gone", "a class defined by itself",
)  # fmt: skip
"""Mistakes of each kind that are put before every fast step."""
_incomplete: dict[str, list[str]] = {}


def first(mistake: Mistake) -> tuple[dict[str, bytes], Problem]:
    files, found = outcomes(mistake)
    problems = [(outcome.name, problem) for outcome in found for problem in outcome.problems]
    assert problems, "nothing was found"
    assert problems[0][0] == mistake.step
    return files, problems[0][1]


def test_mistakes_are_collected() -> None:
    assert len(ALL) >= LEAST
    assert len({mistake.name for mistake in ALL}) == len(ALL)
    assert {mistake.step for mistake in ALL} == {name for name, _ in FAST}
    assert {mistake.name for mistake in ALL} >= set(WHOLE)


@pytest.mark.parametrize("mistake", ALL, ids=lambda mistake: mistake.name.replace(" ", "-"))
def test_the_first_finding_leads_to_the_mistake(mistake: Mistake) -> None:
    files, problem = first(mistake)
    print(problem)
    _incomplete[mistake.name] = named(problem, files)
    place = PLACE.match(problem.where)
    assert place is not None
    assert place["file"].startswith(mistake["expect_file"] or mistake.file)
    lines = files[place["file"]].decode().splitlines()
    line = lines[int(place["line"]) - 1] if int(place["line"]) <= len(lines) else ""
    assert mistake["at"] in line
    assert mistake["term"] in problem.term and mistake["label"] in problem.term
    assert mistake["says"] in problem.message
    assert mistake["fix"] in problem.fix


def test_findings_name_file_line_labelled_term_and_fix() -> None:
    """Of the first findings of all mistakes at least 90 % name all four; those that do not are listed."""
    for mistake in ALL:
        if mistake.name not in _incomplete:
            files, problem = first(mistake)
            _incomplete[mistake.name] = named(problem, files)
    incomplete = {name: missing for name, missing in _incomplete.items() if missing}
    share = 1 - len(incomplete) / len(ALL)
    print(f"{share:.1%} of {len(ALL)} name all four; the others: {incomplete}")
    assert share >= SHARE, incomplete


@pytest.mark.parametrize("name", WHOLE)
def test_what_only_follows_is_counted_and_not_shown(name: str) -> None:
    """One slip gives few findings, and the first is the cause."""
    mistake = next(own for own in ALL if own.name == name)
    _, found = outcomes(mistake, all_steps=True)
    shown = [problem for outcome in found for problem in outcome.problems]
    assert 1 <= len(shown) <= MOST_SHOWN, [str(problem) for problem in shown]
    assert next(outcome.name for outcome in found if outcome.problems) == mistake.step
