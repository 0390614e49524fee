"""The decisions of a guideline as a picture: what suspends all else, then each decision in its order of choice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .layout import GAP, PAD, Box, Line
from .lettering import LINE, wrap
from .pathway import arrow_of, box_of
from .steps import CONDITION
from .svg import picture

_BOX = 210
_FRAME = _BOX + 2 * PAD
_APART = 24
_MARGIN = 2
_ACROSS = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """Recommendations that stand on one line of a decision, or on none (``line`` is None)."""

    heading: str
    line: int | None
    entries: tuple[tuple[str, ...], ...]
    """Each a recommendation: the lines of its box, the label first."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision with its lines of choice in order; ``suspended`` where a recommendation overrides it."""

    label: str
    choices: tuple[Choice, ...]
    suspended: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of the picture with what it holds; ``boxes`` begins with the frame itself."""

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[float, float, float], ...]
    """Each straight down: where across, from where, to where."""


def overview(ident: str, title: str, overriding: Choice | None, decisions: Sequence[Decision]) -> str:
    """The picture as SVG: the overriding recommendations on top, with arrows to the decisions that they suspend."""
    frames = arranged(overriding, decisions)
    across = max((f.boxes[0].x + f.boxes[0].width for f in frames), default=0) + _MARGIN
    down = max((f.boxes[0].bottom for f in frames), default=0) + _MARGIN
    described = (
        "Each frame is a decision; in it the recommendations in their order of choice, the first on top. "
        "What suspends others stands above them. The list beside the picture says the same."
    )
    return picture(ident, title, described, (across, down), _drawn(frames, overriding is not None, decisions))


def arranged(overriding: Choice | None, decisions: Sequence[Decision]) -> list[Frame]:
    """The frames in place; suspended decisions come first, below what overrides them."""
    ordered = sorted(decisions, key=lambda d: not d.suspended)
    first = sum(d.suspended for d in ordered)
    per_row = max(_ACROSS, first)
    frames: list[Frame] = []
    top: float = _MARGIN
    if overriding is not None:
        frames.append(_overriding(overriding, _MARGIN, top, max(1, first)))
        top = frames[0].boxes[0].bottom + 2 * GAP
    for start in range(0, len(ordered), per_row):
        row = [
            _decision(decision, _MARGIN + place * (_FRAME + _APART), top)
            for place, decision in enumerate(ordered[start : start + per_row])
        ]
        frames += row
        top = max(frame.boxes[0].bottom for frame in row) + _APART
    return frames


def _overriding(choice: Choice, x: float, y: float, columns: int) -> Frame:
    across = columns * _FRAME + (columns - 1) * _APART
    heading = wrap(choice.heading, across - 2 * PAD, bold=True)
    lines = tuple(Line(x + PAD, y + PAD + (n + 1) * LINE - 4, text, bold=True) for n, text in enumerate(heading))
    top = y + 2 * PAD + LINE * len(heading)
    boxes: list[Box] = []
    for start in range(0, len(choice.entries), columns):
        row = [
            _entry(entry, x + PAD + place * (_FRAME + _APART), top)
            for place, entry in enumerate(choice.entries[start : start + columns])
        ]
        boxes += row
        top = max(box.bottom for box in row) + PAD
    frame = Box("", "frame", x, y, across, top - y, lines)
    return Frame((frame, *boxes), ())


def _decision(decision: Decision, x: float, y: float) -> Frame:
    heading = wrap(decision.label, _BOX, bold=True)
    lines = [Line(x + PAD, y + PAD + (n + 1) * LINE - 4, text, bold=True) for n, text in enumerate(heading)]
    top = y + PAD + LINE * len(heading)
    boxes: list[Box] = []
    arrows: list[tuple[float, float, float]] = []
    for place, choice in enumerate(decision.choices):
        before = boxes[-1].bottom if boxes else None
        if place:
            top += GAP
        for text in wrap(choice.heading, _BOX):
            lines.append(Line(x + PAD, top + LINE - 4, text))
            top += LINE
        top += PAD / 2
        if before is not None and choice.line is not None:
            arrows.append((x + _FRAME / 2, before, top))
        for entry in choice.entries:
            box = _entry(entry, x + PAD, top)
            boxes.append(box)
            top = box.bottom + PAD
        top -= PAD
    frame = Box("", "frame", x, y, _FRAME, top + PAD - y, tuple(lines))
    return Frame((frame, *boxes), tuple(arrows))


def _entry(texts: Sequence[str], x: float, y: float) -> Box:
    lines: list[Line] = []
    for place, text in enumerate(texts):
        for part in wrap(text, _BOX - 2 * PAD, bold=not place):
            lines.append(Line(x + PAD, y + PAD / 2 + (len(lines) + 1) * LINE - 3, part, bold=not place))
    return Box("", CONDITION, x, y, _BOX, PAD + LINE * len(lines), tuple(lines))


def _drawn(frames: Sequence[Frame], overridden: bool, decisions: Iterable[Decision]) -> Iterator[str]:
    for frame in frames:
        for box in frame.boxes:
            yield from box_of(box)
        for x, start, end in frame.arrows:
            yield from arrow_of(x, start, end)
    if overridden:
        top = frames[0].boxes[0].bottom
        for frame in frames[1 : 1 + sum(d.suspended for d in decisions)]:
            yield from arrow_of(frame.boxes[0].middle, top, frame.boxes[0].y)
