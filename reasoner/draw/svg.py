"""SVG as text: elements with escaped attributes, and the frame of a picture with its title and description."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

Attribute = str | float | None


def element(name: str, *content: str, **attributes: Attribute) -> str:
    """An element around markup; ``stroke_width=2`` is written ``stroke-width``, ``class_`` is ``class``."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_written(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{''.join(content)}</{name}>" if content else f"<{name}{said}/>"


def words(text: str, x: Attribute, y: float, **attributes: Attribute) -> str:
    """A line of text."""
    return element("text", escape(text), x=x, y=y, fill="currentColor", **attributes)


def picture(ident: str, title: str, description: str, size: tuple[Attribute, float], body: Iterable[str]) -> str:
    """A whole picture; ``ident`` begins its ids, so give each picture of a page its own. A width such as ``100%``
    makes a picture that stretches; a number gives it a fixed scale.
    """
    across, down = size
    return element(
        "svg",
        element("title", escape(title), id=f"{ident}-title"),
        element("desc", escape(description), id=f"{ident}-desc"),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_labelledby=f"{ident}-title {ident}-desc",
        width=across,
        height=down,
        viewBox=None if isinstance(across, str) else f"0 0 {_written(across)} {_written(down)}",
        font_family="system-ui, sans-serif",
        font_size=13,
    )


def _written(value: Attribute) -> str:
    return value if isinstance(value, str) else f"{round(value or 0, 2):g}"
