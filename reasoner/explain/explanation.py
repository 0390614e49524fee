"""The explanation of one input, in every form."""

from __future__ import annotations

from reasoner.answer import Document


class Explanation(Document):
    """One input's explanation."""

    __slots__ = ()

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
        from .turtle import turtle

        return turtle([self._content], self._knowledge)
