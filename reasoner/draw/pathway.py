"""The criteria of a recommendation as a picture from top to bottom, and the same as a nested list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape

from .layout import PAD, ROOM, Box, Layout, Line, joined, lay_out, pill
from .lettering import LINE
from .steps import CONDITION, MARK_WORDS, NO, NONE, NOT_ALL, OPERATORS, YES, Step
from .svg import element, picture, words

START, END = "start", "end"

_INK = "currentColor"
_READ = "Read from top to bottom. A frame says which of the boxes in it must hold; dashed ones say what must not be."
_MARGIN = 2


def pathway(
    step: Step,
    ident: str,
    title: str,
    start: str = "",
    end: str = "",
    marks: Mapping[str, str] | None = None,
    room: float = ROOM,
) -> str:
    """The picture as SVG; ``start`` and ``end`` are the words of the boxes before and after the criteria.

    ``marks`` maps the node of a step to ``met``, ``unmet`` or ``open``: a marked box says so by word and sign, and the
    arrows between boxes that are met are drawn thick. The same input gives the same text.
    """
    layout = arranged(step, start, end, marks or {}, room)
    body = _boxes(layout.moved(_MARGIN, _MARGIN))
    described = f"{_READ} The list beside the picture says the same."
    return picture(ident, title, described, (layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN), body)


def arranged(step: Step, start: str, end: str, marks: Mapping[str, str], room: float = ROOM) -> Layout:
    """The layout of the whole picture."""
    column = [lay_out(step, marks, room)]
    if start:
        column.insert(0, pill(START, start, START))
    if end:
        column.append(pill(END, end, END))
    return joined(column)


def outline(step: Step, link: Callable[[Step], str | None], marks: Mapping[str, str] | None = None) -> str:
    """The steps as an ordered list in HTML; ``link`` gives the address of what a step names, where there is one."""
    return f'<ol class="steps">{_item(step, link, marks or {})}</ol>'


def _item(step: Step, link: Callable[[Step], str | None], marks: Mapping[str, str]) -> str:
    label, address = escape(step.text), link(step)
    if address and label:
        label = f'<a href="{escape(address)}">{label}</a>'
    if step.kind != CONDITION:
        operator = f'<span class="operator">{OPERATORS[step.kind]}</span>'
        label = f"{operator} {label}".rstrip() + (":" if step.parts else "")
    if step.node in marks:
        label += f' <span class="mark {marks[step.node]}">{MARK_WORDS[marks[step.node]]}</span>'
    if not step.parts:
        return f"<li>{label}</li>"
    return f"<li>{label}<ol>{''.join(_item(part, link, marks) for part in step.parts)}</ol></li>"


def _boxes(layout: Layout) -> Iterator[str]:
    by_node = {box.node: box for box in layout.boxes}
    for box in layout.boxes:
        yield from box_of(box)
    for line in layout.joints:
        yield words(line.text, line.x, line.y, text_anchor="middle", font_style="italic")
    for arrow in layout.arrows:
        source, target = by_node[arrow.source], by_node[arrow.target]
        taken = all(box.mark == YES or box.kind in (START, END) for box in (source, target)) and (
            YES in (source.mark, target.mark)
        )
        yield from arrow_of(source.middle, source.bottom, target.y, taken)


def box_of(box: Box) -> Iterator[str]:
    """A box with its lines and its mark."""
    dashed = box.denied or box.kind in (NONE, NOT_ALL)
    rounded = box.height / 2 if box.kind in (START, END) else 4
    yield element(
        "rect",
        x=box.x,
        y=box.y,
        width=box.width,
        height=box.height,
        rx=min(rounded, 20),
        fill=_INK,
        fill_opacity=0.06 if box.kind in (CONDITION, START, END) else 0.02,
        stroke=_INK,
        stroke_width=3 if box.mark == YES else 1.5 if dashed else 1,
        stroke_dasharray="6 4" if dashed else None,
    )
    for line in box.lines:
        yield line_of(line)
    if box.mark is not None:
        yield from _mark(box.mark, *box.sign)


def line_of(line: Line) -> str:
    """A line of text of a box."""
    return words(
        line.text,
        line.x,
        line.y,
        font_weight="bold" if line.bold else None,
        text_anchor="middle" if line.centred else None,
    )


def arrow_of(x: float, start: float, end: float, thick: bool = False) -> Iterator[str]:
    """An arrow straight down."""
    yield element("line", x1=x, y1=start, x2=x, y2=end - 4, stroke=_INK, stroke_width=3 if thick else 1.5)
    yield element("path", d=f"M{x - 5:g},{end - 7:g} L{x:g},{end:g} L{x + 5:g},{end - 7:g} Z", fill=_INK)


def _mark(mark: str, x: float, y: float) -> Iterator[str]:
    """A sign and a word, so that nothing hangs on colour."""
    top = y - LINE / 2
    if mark == YES:
        sign = f"M{x:g},{top + 4:g} l4,4 l7,-9"
    elif mark == NO:
        sign = f"M{x + 1:g},{top:g} l9,9 m0,-9 l-9,9"
    else:
        sign = f"M{x + 1:g},{top + 4.5:g} a4.5,4.5 0 1 0 9,0 a4.5,4.5 0 1 0 -9,0"
    yield element("path", d=sign, fill="none", stroke=_INK, stroke_width=2.5)
    yield words(MARK_WORDS[mark], x + 2 * PAD, y, font_weight="bold")
