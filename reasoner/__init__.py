"""Computable clinical guidelines: an OWL knowledge graph that decides, explains itself and proves itself complete."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("guideline-reasoner")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.1.0"

from .answer import Answer
from .assess import Reasoner, load
from .errors import DataError, FragmentError, KnowledgeError, ReasonerError, UsageError

__all__ = [
    "Answer",
    "DataError",
    "FragmentError",
    "KnowledgeError",
    "Reasoner",
    "ReasonerError",
    "UsageError",
    "__version__",
    "load",
]
