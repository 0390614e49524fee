"""Where the steps of a pathway go: boxes in pixels, nothing drawn yet.

A group is a frame around its parts. The parts of *all of* stand below each other and are joined by arrows; those of the
other groups stand side by side where there is room, with a word between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from .lettering import LINE, width, wrap
from .steps import ALL, ANY, CONDITION, NONE, NOT_ALL, OPERATORS, Step

PAD = 10
GAP = 20
"""Between boxes that an arrow joins."""
ROOM = 720
"""A picture is not made wider than this where its groups can be stacked instead."""

_BOX = 190
_BETWEEN = 36
_JOINT = {ANY: "or", NONE: "nor", NOT_ALL: "and"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; ``y`` is its baseline."""

    x: float
    y: float
    text: str
    bold: bool = False
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """The box of a step (``node``) or, with a node that no step has, of the start or the end; relative to no parent."""

    node: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[Line, ...]
    parent: str | None = None
    denied: bool = False
    mark: str | None = None

    @property
    def middle(self) -> float:
        """Where arrows come in and go out."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    @property
    def sign(self) -> tuple[float, float]:
        """Where the mark stands: below the text of a condition, behind the operator of a group."""
        if self.kind == CONDITION:
            return self.x + PAD, self.bottom - PAD - 4
        operator = self.lines[0]
        return operator.x + width(operator.text) + PAD, operator.y


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the lower edge of one box to the upper edge of another, by node."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A laid out picture; a frame comes before what it holds. ``joints`` are the words between boxes."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    joints: tuple[Line, ...]

    def moved(self, across: float, down: float) -> Layout:
        """The same elsewhere."""
        return replace(
            self,
            boxes=tuple(
                replace(b, x=b.x + across, y=b.y + down, lines=_moved(b.lines, across, down)) for b in self.boxes
            ),
            joints=_moved(self.joints, across, down),
        )


def lay_out(step: Step, marks: Mapping[str, str], room: float = ROOM) -> Layout:
    """The step with all below it, at the origin."""
    if step.kind == CONDITION:
        return _condition(step, marks.get(step.node))
    inner = max(room - 2 * PAD, _BOX)
    parts = [lay_out(part, marks, inner) for part in step.parts]
    head = _head(step, max([_BOX, *(part.width for part in parts)]))
    if step.kind != ALL and sum(part.width for part in parts) + _BETWEEN * (len(parts) - 1) <= inner:
        body = _beside(parts, _JOINT[step.kind])
    elif step.kind == ALL:
        body = _below(parts, "")
    else:
        body = _below(parts, _JOINT[step.kind])
    head = _head(step, max(_BOX, body.width))
    return _framed(step, body, head, marks.get(step.node))


def joined(layouts: list[Layout]) -> Layout:
    """Layouts below each other in one column, the first box of each led to from the first box of the one before."""
    return _below(layouts, "")


def pill(node: str, text: str, kind: str) -> Layout:
    """A box without a step: where a pathway begins or ends."""
    lines = wrap(text, 2 * _BOX - 2 * PAD, bold=True)
    across = max(width(line, bold=True) for line in lines) + 4 * PAD
    written = tuple(
        Line(across / 2, PAD + (place + 1) * LINE - 4, line, bold=True, centred=True)
        for place, line in enumerate(lines)
    )
    box = Box(node, kind, 0, 0, across, 2 * PAD + LINE * len(lines), written)
    return Layout(box.width, box.height, (box,), (), ())


def _condition(step: Step, mark: str | None) -> Layout:
    lines = wrap(step.text, _BOX - 2 * PAD)
    written = tuple(Line(PAD, PAD + (place + 1) * LINE - 4, line) for place, line in enumerate(lines))
    height = 2 * PAD + LINE * (len(lines) + (mark is not None))
    box = Box(step.node, step.kind, 0, 0, _BOX, height, written, denied=step.denied, mark=mark)
    return Layout(box.width, height, (box,), (), ())


def _head(step: Step, room: float) -> tuple[Line, ...]:
    lines = [(OPERATORS[step.kind].upper(), False), *((line, True) for line in wrap(step.text, room, bold=True))]
    return tuple(Line(PAD, PAD + (place + 1) * LINE - 4, text, bold) for place, (text, bold) in enumerate(lines))


def _framed(step: Step, body: Layout, head: tuple[Line, ...], mark: str | None) -> Layout:
    across = max(body.width, _BOX) + 2 * PAD
    top = 2 * PAD + LINE * len(head)
    height = top + body.height + PAD
    inside = body.moved((across - body.width) / 2, top)
    frame = Box(step.node, step.kind, 0, 0, across, height, head, mark=mark)
    boxes = (frame, *(replace(b, parent=b.parent or step.node) for b in inside.boxes))
    return Layout(across, height, boxes, inside.arrows, inside.joints)


def _below(parts: list[Layout], joint: str) -> Layout:
    if not parts:
        return Layout(_BOX, 0, (), (), ())
    across = max(part.width for part in parts)
    gap = GAP + (LINE if joint else 0)
    placed, joints, top = [], [], 0.0
    for place, part in enumerate(parts):
        placed.append(part.moved((across - part.width) / 2, top))
        if joint and place:
            joints.append(Line(across / 2, top - gap / 2 + 4, joint, centred=True))
        top += part.height + gap
    firsts = [part.boxes[0].node for part in placed]
    arrows = () if joint else tuple(Arrow(a, b) for a, b in pairwise(firsts))
    return _together(across, top - gap, placed, arrows, joints)


def _beside(parts: list[Layout], joint: str) -> Layout:
    if not parts:
        return Layout(_BOX, 0, (), (), ())
    height = max(part.height for part in parts)
    placed, joints, left = [], [], 0.0
    for place, part in enumerate(parts):
        placed.append(part.moved(left, 0))
        if place:
            joints.append(Line(left - _BETWEEN / 2, PAD + LINE, joint, centred=True))
        left += part.width + _BETWEEN
    return _together(left - _BETWEEN, height, placed, (), joints)


def _together(
    across: float, height: float, placed: list[Layout], arrows: tuple[Arrow, ...], joints: list[Line]
) -> Layout:
    return Layout(
        across,
        height,
        tuple(box for part in placed for box in part.boxes),
        tuple(arrow for part in placed for arrow in part.arrows) + arrows,
        tuple(line for part in placed for line in part.joints) + tuple(joints),
    )


def _moved(lines: tuple[Line, ...], across: float, down: float) -> tuple[Line, ...]:
    return tuple(replace(line, x=line.x + across, y=line.y + down) for line in lines)


def texts(layout: Layout) -> Iterator[tuple[Line, float, float]]:
    """Every line of every box with where it begins and ends, left to right."""
    for box in layout.boxes:
        for line in box.lines:
            room = width(line.text, line.bold)
            start = line.x - room / 2 if line.centred else line.x
            yield line, start, start + room
