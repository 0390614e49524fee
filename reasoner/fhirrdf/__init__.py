"""FHIR in RDF: resources as JSON to FHIR Turtle and back, in the shapes of R4 and of R5, without loss."""

from .compose import Composer, turtle_of
from .jsontext import Number, dumps, exact, loads, plain
from .parse import documents_of
from .schema import RELEASES, Release
from .turtle import Writer

__all__ = [
    "RELEASES", "Composer", "Number", "Release", "Writer", "documents_of", "dumps", "exact", "loads", "plain",
    "turtle_of",
]  # fmt: skip
