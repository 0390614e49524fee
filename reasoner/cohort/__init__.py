"""Cohorts: the decisions of the guidelines for millions of subjects, exactly as for one.

``Kernel`` decides columns of codes with numpy alone; ``frame``, ``layout`` and ``notebook`` read and write frames;
``spark`` decides a Spark DataFrame.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reasoner.errors import UsageError

from .kernel import Kernel
from .results import Results
from .states import States

__all__ = ["Kernel", "Results", "States", "spark"]


def spark(
    frame: Any, strict: bool = False, knowledge: str | Path | None = None, layout: str = "long",
    kind: str | None = None, missing: bool = True, keep: Sequence[str] = (),
) -> Any:  # fmt: skip
    """Decide every row of a Spark DataFrame in its own session; the answer is a DataFrame too.

    Arguments are those of ``reasoner.load`` and ``Reasoner.assess_frame``. Rows have no order in Spark, so there has
    to be a column ``subject`` that names them. Raises UsageError for a column that is no finding and is not kept.
    """
    try:
        from .distributed.notebook import on_spark
    except ImportError as error:
        hint = "run `pip install '.[spark]'` in a clone"
        raise UsageError(f"Spark needs `{error.name}`", None, hint) from error
    return on_spark(frame, layout, strict, knowledge, kind, missing, keep)
