"""Effect estimates as a forest plot: one measure a plot, ratios on a logarithmic axis, gaps drawn as gaps.

The picture stretches: places are per cents of the width, text keeps its size, so it can be read on a narrow screen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reasoner.sentences import number
from reasoner.words import Words

from .lettering import LINE, wrap
from .svg import element, picture, words

Json = Mapping[str, Any]

_INK = "currentColor"
_ROOM = 260
"""Labels are wrapped for a screen of 320 pixels."""
_STRIP = 24
_MARK = 9
_FIRST, _LAST = 5.0, 95.0
"""Where the axis begins and ends, in per cent."""
_SLACK = 1 + 1e-9
_TICKS = 6
_FARTHEST = 10
"""How many times the value of no effect the axis of a ratio reaches for the sake of an interval."""


@dataclass(frozen=True, slots=True)
class Axis:
    """From a number to its place in per cent."""

    low: float
    high: float
    logarithmic: bool
    null: float | None
    """The value of no effect, where the measure has one."""

    def place(self, value: float) -> float:
        """Where a number lies; what lies outside is set on the end."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        at = (self._scaled(min(max(value, self.low), self.high)) - low) / (high - low)
        return _FIRST + at * (_LAST - _FIRST)

    def ticks(self) -> list[float]:
        """Round numbers on the axis, few enough to be read side by side."""
        if not self.logarithmic:
            return _even(self.low, self.high)
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        found: list[float] = []
        for digits in ((1, 2, 5), (1, 3), (1,)):
            found = [d * 10.0**e for e in exponents for d in digits if self._holds(d * 10.0**e)]
            if len(found) <= _TICKS:
                break
        return found

    def _holds(self, value: float) -> bool:
        """Whether the axis has the number, up to what arithmetic loses."""
        return self.low <= value * _SLACK and value <= self.high * _SLACK

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value


def by_measure(estimates: Sequence[Json]) -> dict[str, list[Json]]:
    """The estimates of each measure, in order; measures must never share an axis."""
    groups: dict[str, list[Json]] = {}
    for row in estimates:
        groups.setdefault(row["measure"], []).append(row)
    return dict(sorted(groups.items()))


def forest(estimates: Sequence[Json], said: Words, ident: str, title: str) -> str | None:
    """The plot of estimates of one measure, None where none of them has a number.

    The estimates are rows of ``evidence`` as in an answer. Raises ValueError for several measures.
    """
    measures = {row["measure"] for row in estimates}
    if len(measures) > 1:
        raise ValueError("estimates of different measures cannot share an axis")
    null = next((said.no_effect(measure) for measure in measures), None)
    axis = axis_of(estimates, null)
    if axis is None:
        return None
    body: list[str] = []
    top = 0.0
    for row in estimates:
        for text in labels(row, said):
            top += LINE
            body.append(words(text, 0, top - 4))
        if _can_be_drawn(row, axis):
            body += _strip(row, axis, top)
            top += _STRIP
        top += LINE / 2
    measure = next(iter(measures))
    body += _scale(axis, top, said.label("measure", measure))
    described = "; ".join(" ".join(labels(row, said)) for row in estimates)
    return picture(ident, title, described, ("100%", top + 3.5 * LINE), body)


def labels(row: Json, said: Words) -> list[str]:
    """What stands above the mark of an estimate: what on, what against what, and the number or what is missing."""
    outcome = f"{said.label('outcome', row['outcome'])} ({said.label('role', row['role'])})"
    arms = said.interventions(row["intervention"] or "")
    if row["comparator"]:
        arms += f" against {said.interventions(row['comparator'])}"
    return [*wrap(f"{outcome}: {arms}", _ROOM), *wrap(effect(row), _ROOM)]


def effect(row: Json) -> str:
    """The number with its interval, or words for what was not found."""
    if row["value"] is None:
        return "no number found"
    if row["lower"] is None or row["upper"] is None:
        return f"{number(row['value'])}, no interval found"
    return f"{number(row['value'])} (95% interval {number(row['lower'])} to {number(row['upper'])})"


def axis_of(estimates: Sequence[Json], null: float | None) -> Axis | None:
    """An axis for the estimates that have a number."""
    logarithmic = null is not None and null > 0
    points = [row["value"] for row in estimates if row["value"] is not None and (row["value"] > 0 or not logarithmic)]
    if not points:
        return None
    ends = [row[end] for row in estimates for end in ("lower", "upper") if row[end] is not None]
    if null is None:
        ends.append(0.0)
    elif logarithmic:
        ends = [min(max(end, null / _FARTHEST), null * _FARTHEST) for end in ends] + [null / 2, null * 2]
    else:
        ends.append(null)
    low, high = min(points + ends), max(points + ends)
    if low == high:
        low, high = low - 1, high + 1
    if logarithmic:
        return Axis(_rounded(low, math.floor), _rounded(high, math.ceil), True, null)
    step = _step(low, high)
    return Axis(math.floor(low / step) * step, math.ceil(high / step) * step, False, null)


def _rounded(value: float, towards: Any) -> float:
    """The next of 1, 2 and 5 times a power of ten, below or above."""
    power = 10.0 ** math.floor(math.log10(value))
    steps = [power * digit for digit in (1, 2, 5, 10)]
    if towards is math.floor:
        return max(step for step in steps if step <= value * _SLACK)
    return min(step for step in steps if step >= value / _SLACK)


def _step(low: float, high: float) -> float:
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough / _SLACK)


def _even(low: float, high: float) -> list[float]:
    step = _step(low, high)
    return [low + n * step for n in range(round((high - low) / step) + 1)]


def _can_be_drawn(row: Json, axis: Axis) -> bool:
    return row["value"] is not None and (row["value"] > 0 or not axis.logarithmic)


def _strip(row: Json, axis: Axis, top: float) -> Iterator[str]:
    """The mark of one estimate on its strip of the axis."""
    middle = top + _STRIP / 2
    if axis.null is not None:
        at = _per_cent(axis.place(axis.null))
        yield element("line", x1=at, y1=top, x2=at, y2=top + _STRIP, stroke=_INK, stroke_dasharray="3 3")
    lower, upper = row["lower"], row["upper"]
    known = lower is not None and upper is not None
    if known:
        start, end = axis.place(lower), axis.place(upper)
        yield element("line", x1=_per_cent(start), y1=middle, x2=_per_cent(end), y2=middle, stroke=_INK, stroke_width=2)
        yield _end(start, middle, -1 if lower < axis.low else 0)
        yield _end(end, middle, 1 if upper > axis.high else 0)
    square = element(
        "rect",
        x=-_MARK / 2,
        y=-_MARK / 2,
        width=_MARK,
        height=_MARK,
        fill=_INK if known else "none",
        stroke=_INK,
        stroke_width=2,
    )
    yield element("svg", square, x=_per_cent(axis.place(row["value"])), y=middle, overflow="visible")


def _end(place: float, middle: float, leaves: int) -> str:
    """The end of an interval: a short bar, or an arrow where it leaves the axis."""
    shape = "M0,-4 L0,4" if not leaves else f"M{-8 * leaves},-5 L0,0 L{-8 * leaves},5"
    mark = element("path", d=shape, fill="none", stroke=_INK, stroke_width=2)
    return element("svg", mark, x=_per_cent(place), y=middle, overflow="visible")


def _scale(axis: Axis, top: float, measure: str) -> Iterator[str]:
    yield element("line", x1=_per_cent(_FIRST), y1=top, x2=_per_cent(_LAST), y2=top, stroke=_INK)
    for value in axis.ticks():
        at = _per_cent(axis.place(value))
        yield element("line", x1=at, y1=top, x2=at, y2=top + 5, stroke=_INK)
        yield words(f"{value:g}", at, top + LINE + 2, text_anchor="middle")
    kind = f"{measure}, logarithmic axis" if axis.logarithmic else measure
    yield words(kind, "50%", top + 2 * LINE, text_anchor="middle")
    if axis.null is not None:
        yield words(f"dashed line: no difference ({axis.null:g})", "50%", top + 3 * LINE, text_anchor="middle")


def _per_cent(place: float) -> str:
    return f"{round(place, 2):g}%"
