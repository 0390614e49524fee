"""The page as one self-contained HTML document: no script, no request to anywhere."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from .blocks import Page


def document(parts: Sequence[Page | str], title: str = "Assessment") -> str:
    """Pages, and sentences about inputs that could not be read, as one document."""
    environment = Environment(
        loader=PackageLoader("reasoner"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("answer.html").render(parts=parts, title=title)
