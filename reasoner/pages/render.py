"""Pages from templates: one frame for all, a style of their own, and nothing that would be fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reasoner import __version__
from reasoner.answer import NOTICE
from reasoner.blocks import capital
from reasoner.html import environment, style_hash
from reasoner.words import counted

from .site import Site


@dataclass(frozen=True, slots=True)
class Page:
    """A page before it is laid out; ``listed`` ones stand in the navigation of all.

    What it shows is gathered when it is laid out: a server is asked for one page and not for all.
    """

    file: str
    template: str
    title: str
    content: Callable[[], Mapping[str, Any]]
    listed: bool = False


class Renderer:
    """Lays out the pages of one site."""

    def __init__(self, site: Site, pages: Sequence[Page], home: str | None = None, script: str | None = None) -> None:
        self.environment = environment()
        style = self.environment.get_template("pages/style.css").render()
        self.environment.globals.update(
            capital=capital,
            counted=counted,
            site=site,
            style=style,
            style_hash=style_hash(style),
            navigation=[page for page in pages if page.listed],
            home=home,
            script=script,
            notice=NOTICE,
            version=__version__,
            guidelines=site.knowledge.guidelines,
        )

    def render(self, page: Page) -> str:
        """The whole document."""
        template = self.environment.get_template(f"pages/{page.template}.html")
        return template.render(page=page, **page.content())
