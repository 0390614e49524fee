"""The pictures of the report: bars in plain SVG, each with a description, and a table beside it on the page.

Bars fill the width that there is, so that they can be read on a narrow screen; what is written stands beside them, as
text of the page. Parts of a bar differ in pattern as well as in colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reasoner.draw.svg import element, picture

_HEIGHT = 18
_WIDE = 100.0


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a bar: what it stands for, and how much."""

    name: str
    value: int


def patterns() -> str:
    """The patterns of the parts, once a page."""
    lines = {
        "undetermined": ("M0 0V6", 2.2),
        "conflicting-data": ("M0 0L6 6M6 0L0 6", 1.2),
    }
    drawn = [
        element(
            "pattern", element("rect", width=6, height=6, class_=f"fill-{name}"),
            element("path", d=path, stroke_width=width, class_="hatch"),
            id=f"pattern-{name}", width=6, height=6, patternUnits="userSpaceOnUse",
        )
        for name, (path, width) in lines.items()
    ]  # fmt: skip
    return element("svg", element("defs", *drawn), width=0, height=0, aria_hidden="true", focusable="false")


def stacked(ident: str, title: str, parts: Sequence[Part]) -> str:
    """One bar of parts that make a whole."""
    total = sum(part.value for part in parts)
    told = ", ".join(f"{part.name} {part.value:,}" for part in parts)
    return picture(ident, title, told, ("100%", _HEIGHT), _parts(parts, total))


def single(ident: str, title: str, value: int, most: int) -> str:
    """One bar beside others, the longest of which fills the width."""
    share = value / most * _WIDE if most else 0.0
    body = [
        element("rect", x=0, y=0, width="100%", height=_HEIGHT, class_="rest"),
        element("rect", x=0, y=0, width=f"{share:.2f}%", height=_HEIGHT, class_="fill-one"),
    ]
    return picture(ident, title, f"{value:,}", ("100%", _HEIGHT), body)


def _parts(parts: Sequence[Part], total: int) -> Iterator[str]:
    at = 0.0
    yield element("rect", x=0, y=0, width="100%", height=_HEIGHT, class_="rest")
    for part in parts:
        share = part.value / total * _WIDE if total else 0.0
        if share:
            yield element(
                "rect", x=f"{at:.2f}%", y=0, width=f"{share:.2f}%", height=_HEIGHT, class_=f"part part-{part.name}"
            )
        at += share
