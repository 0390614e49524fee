"""The referee itself is anchored in given data: from the findings of the 60 samples it says what they expect."""

from __future__ import annotations

from typing import Any

import pytest

from . import answers
from .brute_force import judge
from .derivations import derive

SAMPLES = answers.samples()


def test_there_are_sixty_samples() -> None:
    assert len(SAMPLES) == 60


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample["bundle"]["id"] for sample in SAMPLES])
def test_the_referee_says_what_the_sample_expects(sample: dict[str, Any]) -> None:
    derived = derive(answers.recorded(sample), strict=False)
    assert not derived.conflicts
    answer = judge(derived.state, strict=False)
    assert answers.differences(answers.from_sample(sample["expected"]), answers.without_detail(answer)) == []
