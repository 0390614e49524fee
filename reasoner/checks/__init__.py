"""Everything that an editor of the knowledge needs before a commit: ``guideline check``."""

from .bench import Bench
from .problem import Problem
from .run import Outcome, check

__all__ = ["Bench", "Outcome", "Problem", "check"]
