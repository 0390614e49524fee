"""Time against size, both by powers of ten: as a picture in plain SVG, and as the table that says the same.

Lines differ in dash and mark, not in colour; the picture carries its title and, as its description, every figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, floor, log10
from pathlib import Path

from reasoner.draw.svg import element, picture, words

Points = Mapping[str, Sequence[tuple[int, float]]]
"""Of each line: sizes, and seconds."""

_WIDE, _HIGH = 760.0, 420.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, 500.0, 50.0, 360.0
_DASHES = (None, "7 3", "2 3", "9 3 2 3")
_LINE = 16.0


def save(folder: Path, name: str, title: str, across: str, points: Points) -> None:
    """Print the table; write it, and the picture, to ``name.md`` and ``name.svg``."""
    rows = table(across, points)
    print(f"\n{title}\n\n{rows}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.svg").write_text(drawn(name, title, across, points) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(f"# {title}\n\n![{title}]({name}.svg)\n\n{rows}", encoding="utf-8")


def table(across: str, points: Points) -> str:
    """A row a size, in Markdown: seconds, and how many a second."""
    sizes = sorted({size for own in points.values() for size, _ in own})
    cells = [[across, *points]]
    for size in sizes:
        times = {name: dict(own).get(size) for name, own in points.items()}
        cells.append([f"{size:,}", *("" if took is None else _told(size, took) for took in times.values())])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"


def drawn(ident: str, title: str, across: str, points: Points) -> str:
    """The picture."""
    told = "; ".join(
        f"{name}: " + ", ".join(f"{size:,} in {_seconds(took)}" for size, took in own) for name, own in points.items()
    )
    body = element("g", "".join(_body(title, across, points)), color="#222")
    return picture(ident, title, f"Seconds by {across}, both by powers of ten. {told}.", (_WIDE, _HIGH), [body])


def _body(title: str, across: str, points: Points) -> Iterator[str]:
    (x0, x1), (y0, y1) = (_span([point[i] for own in points.values() for point in own]) for i in (0, 1))

    def at(size: float, took: float) -> tuple[float, float]:
        x = _LEFT + (log10(size) - x0) / (x1 - x0) * (_RIGHT - _LEFT)
        return x, _BOTTOM - (log10(took) - y0) / (y1 - y0) * (_BOTTOM - _TOP)

    yield element("rect", x=0, y=0, width=_WIDE, height=_HIGH, fill="#fff")
    yield words(title, _LEFT, 24, font_weight="bold")
    for power in range(x0, x1 + 1):
        x, _ = at(10**power, 10**y0)
        yield element("path", d=f"M{x:g} {_TOP:g}V{_BOTTOM:g}", stroke="#ccc")
        yield words(f"{10**power:,}", x, _BOTTOM + 20, text_anchor="middle")
    for power in range(y0, y1 + 1):
        _, y = at(10**x0, 10**power)
        yield element("path", d=f"M{_LEFT:g} {y:g}H{_RIGHT:g}", stroke="#ccc")
        yield words(f"{10**power:g} s", _LEFT - 8, y + 4, text_anchor="end")
    yield words(across, (_LEFT + _RIGHT) / 2, _BOTTOM + 44, text_anchor="middle")
    ends = []
    for place, (name, own) in enumerate(points.items()):
        placed = [at(*point) for point in own]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        dash = _DASHES[place % len(_DASHES)]
        yield element(
            "polyline", points=line, fill="none", stroke="currentColor", stroke_width=1.5, stroke_dasharray=dash
        )
        yield from (_mark(place, x, y) for x, y in placed)
        ends.append((placed[-1][1], placed[-1][0], name))
    yield from _names(ends)


def _names(ends: Sequence[tuple[float, float, str]]) -> Iterator[str]:
    """The lines' names at their ends, moved apart where they would overlap."""
    last = 0.0
    for y, x, name in sorted(ends):
        last = max(y + 4, last + _LINE)
        yield words(name, x + 12, last)


def _mark(place: int, x: float, y: float) -> str:
    if place % 3 == 0:
        return element("circle", cx=x, cy=y, r=3.5, fill="currentColor")
    if place % 3 == 1:
        return element("rect", x=x - 3, y=y - 3, width=6, height=6, fill="currentColor")
    return element("path", d=f"M{x:.1f} {y - 4.5:.1f}l4.5 8h-9z", fill="currentColor")


def _span(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around values."""
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _told(size: int, took: float) -> str:
    return f"{_seconds(took)}, {size / took:,.0f}/s"


def _seconds(took: float) -> str:
    return f"{took:.3g} s" if took < 100 else f"{took:,.0f} s"
