"""The grade that a source gives in a scheme of its own, where that is not GRADE: a letter, as the source has it."""

from __future__ import annotations

from typing import Any

from .errors import KnowledgeError
from .graph import DEFINITION, GR, LABEL, NOTATION, Graph
from .owl import short


def source_grade(graph: Graph, node: str) -> dict[str, Any] | None:
    """The grade of a recommendation or a known gap as it appears in the answer; None where it has none.

    Raises KnowledgeError for a grade without a letter or a scheme.
    """
    grade = graph.node(node, GR + "grade")
    if grade is None:
        return None
    scheme, value = graph.node(grade, GR + "gradeScheme"), graph.text(grade, NOTATION)
    if scheme is None or value is None:
        error = KnowledgeError(
            f"`{short(grade)}` is used as a grade but lacks skos:notation or gr:gradeScheme",
            graph.file(grade),
            "add both",
        )
        error.term = grade
        raise error
    status = graph.node(node, GR + "gradeStatus")
    return {
        "scheme": graph.text(scheme, NOTATION) or short(scheme),
        "value": value,
        "label": graph.text(grade, LABEL) or value,
        "meaning": graph.text(grade, DEFINITION),
        "status": None if status is None else graph.text(status, NOTATION),
    }
