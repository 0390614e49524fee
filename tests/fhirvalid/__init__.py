"""FHIR validators for every output of this project: ``check(resources, release)`` gives what is wrong, in words."""

from .validators import check

__all__ = ["check"]
