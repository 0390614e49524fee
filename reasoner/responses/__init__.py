"""Answers as FHIR, R4 and R5: plans of proposals, guidance, issues, outcomes, data requirements."""

from .names import Release
from .outcomes import Issue, outcome
from .plan import apply, collection, guidance, issues, patients
from .published import published
from .requirements import data_requirements

__all__ = [
    "Issue",
    "Release",
    "apply",
    "collection",
    "data_requirements",
    "guidance",
    "issues",
    "outcome",
    "patients",
    "published",
]
