"""Texts keep to the room that they are given, and nothing of them is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reasoner.draw.lettering import width, wrap


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=120), st.integers(30, 400))
def test_lines_fit_and_hold_the_whole_text(text: str, room: int) -> None:
    lines = wrap(text, room)
    assert all(width(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_word_too_long_for_a_line_is_cut() -> None:
    lines = wrap("a " + "m" * 60, 100)
    assert len(lines) > 2
    assert all(width(line) <= 100 for line in lines)


def test_bold_letters_need_more_room() -> None:
    assert width("infection", bold=True) > width("infection")
