"""The page as one self-contained HTML document: no script, no request to anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from .blocks import Page


def environment() -> Environment:
    """The templates of the package: everything is escaped, and a name that is not given is an error."""
    return Environment(
        loader=PackageLoader("reasoner"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style_hash(style: str) -> str:
    """What a content security policy calls a style sheet, so that a browser takes this one and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


def document(parts: Sequence[Page | str], title: str = "Assessment") -> str:
    """Pages, and sentences about inputs that could not be read, as one document."""
    templates = environment()
    style = templates.get_template("answer.css").render()
    return templates.get_template("answer.html").render(
        parts=parts, title=title, style=style, style_hash=style_hash(style)
    )
