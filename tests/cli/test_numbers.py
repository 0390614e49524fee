"""Numbers on the command line: what is out of bounds is told with the bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Outcome
from .test_commands import one_line_error

COHORT = ("cohort", "-", "--output", "out")
WRONG = [
    (("serve", "--port"), "is not a port from 0 to 65535", ("-1", "65536", "8000.0", "http", "\u0663", "9" * 5000)),
    (("serve", "--workers"), "is not a number from 1 to 64", ("0", "65", "+2", "1_0", "")),
    (("serve", "--query-rows"), "is not a number from 1 to 1000000000", ("0", "1e3", " 1")),
    (("serve", "--read-seconds"), "is not a number of seconds from 0.1 to 3600", ("0", "nan", "inf", "3601", "ten")),
    ((*COHORT, "--workers"), "is not a number from 1 to 1024", ("0", "1025")),
    ((*COHORT, "--shares"), "is not a number from 1 to 1000000", ("0", "1000001")),
    ((*COHORT, "--chunk"), "is not a number of MiB above 0, up to 4096", ("0", "-1", "nan", "4097", "1 MiB")),
]


@pytest.mark.parametrize(
    ("words", "told", "text"), [(words, told, text) for words, told, texts in WRONG for text in texts]
)
def test_a_number_out_of_bounds_is_refused(
    guideline: Callable[..., Outcome], words: tuple[str, ...], told: str, text: str
) -> None:
    error = one_line_error(guideline(*words[:-1], f"{words[-1]}={text}"))
    assert f"argument {words[-1]}: `{text}` {told}" in error
