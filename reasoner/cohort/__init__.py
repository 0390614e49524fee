"""Cohorts: the decisions of the guidelines for millions of subjects, exactly as for one.

``Kernel`` decides columns of codes with numpy alone; ``frame``, ``layout`` and ``notebook`` read and write frames.
"""

from __future__ import annotations

from .kernel import Kernel
from .results import Results
from .states import States

__all__ = ["Kernel", "Results", "States"]
