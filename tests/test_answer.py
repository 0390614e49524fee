"""What an answer can be asked for in every form."""

from __future__ import annotations

from typing import Any

import pytest

from reasoner.answer import Answer, Document
from reasoner.explain.explanation import Explanation


class _Formless(Document):
    """A document that cannot be written as RDF."""

    __slots__ = ()


@pytest.mark.parametrize("kind", [Document, _Formless])
def test_a_document_that_cannot_be_written_in_every_form_cannot_be_made(kind: Any) -> None:
    with pytest.raises(TypeError, match="to_turtle"):
        kind({}, None)


@pytest.mark.parametrize("kind", [Answer, Explanation])
def test_an_answer_is_still_small_and_frozen(kind: Any) -> None:
    made = kind({"validation": {"conforms": True}}, None)
    assert made.is_valid and not hasattr(made, "__dict__")
    with pytest.raises(AttributeError):
        made._content = {}
