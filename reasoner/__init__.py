"""Computable clinical guidelines: an OWL knowledge graph that decides, explains itself and proves itself complete."""

from __future__ import annotations

__version__ = "0.1.0"
# A constant, which the build reads: asking the installed metadata would double the import time.

from .answer import Answer
from .assess import Reasoner, load
from .errors import DataError, FragmentError, KnowledgeError, QueryError, ReasonerError, UsageError

__all__ = [
    "Answer",
    "DataError",
    "FragmentError",
    "KnowledgeError",
    "QueryError",
    "Reasoner",
    "ReasonerError",
    "UsageError",
    "__version__",
    "load",
]
