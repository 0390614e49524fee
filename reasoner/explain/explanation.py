"""The explanation of one input, in every form."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as attribute
from typing import TYPE_CHECKING

import orjson

from reasoner.answer import Json

if TYPE_CHECKING:
    import rdflib

    from reasoner.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class Explanation:
    """One input's explanation; the same input, knowledge and date give the same bytes but for ``evaluatedAt``."""

    _content: Json = attribute(repr=False)
    _knowledge: Knowledge = attribute(repr=False)

    def to_dict(self) -> Json:
        """A fresh copy as plain Python data."""
        copy: Json = orjson.loads(self.to_json())
        return copy

    def to_json(self) -> bytes:
        """UTF-8 JSON without line breaks."""
        return orjson.dumps(self._content)

    def to_text(self) -> str:
        """Text for a terminal."""
        from reasoner.text import TextWriter
        from reasoner.words import Words

        from .page import page

        return TextWriter().write(page(self._content, Words(self._knowledge)))

    def to_html(self) -> str:
        """One self-contained HTML document."""
        from reasoner.html import document
        from reasoner.words import Words

        from .page import page

        return document([page(self._content, Words(self._knowledge))], "Explanation")

    def to_turtle(self) -> bytes:
        """A PROV-O graph in Turtle; the same explanation gives the same bytes."""
        from .turtle import turtle

        return turtle([self._content], self._knowledge)

    def to_graph(self) -> rdflib.Graph:
        """The PROV-O graph in rdflib."""
        import rdflib

        return rdflib.Graph().parse(data=self.to_turtle(), format="turtle")

    @property
    def is_valid(self) -> bool:
        """Whether the patient data had no violation."""
        return bool(self._content["validation"]["conforms"])
