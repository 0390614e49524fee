"""The errors that a caller can meet, each a sentence with a place and a hint."""

from __future__ import annotations

from collections.abc import Sequence

_VERBS = ("is", "has", "holds", "cannot", "declares", "names", "unpacks", "gives", "mixes", "nests", "would")
"""What a message begins with that says something of the place."""


class ReasonerError(Exception):
    """Root of every error of this package.

    ``message`` is a lower-case fragment without a final period; ``where`` is ``file:line``, a resource id or a
    term, and the subject of a message that begins with a verb; ``hint`` is one imperative sentence.
    """

    def __init__(self, message: str, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.where, self.hint = message, where, hint

    def __str__(self) -> str:
        text = self.message
        if self.where:
            is_subject = text.split(" ", 1)[0] in _VERBS
            text = f"{self.where} {text}" if is_subject else f"{text}, {self.where}"
        return text + (f"; {self.hint}" if self.hint else "")


class KnowledgeError(ReasonerError):
    """A file or term of the knowledge is wrong; ``others`` came to light together with it."""

    others: tuple[KnowledgeError, ...] = ()
    term: str | None = None
    """The IRI of the named term whose description is at fault, where one is known."""


def raise_all(problems: Sequence[KnowledgeError]) -> None:
    """Raise the first of some problems, with the others; nothing where there are none."""
    told = [own for problem in problems for own in (problem.others or (problem,))]
    if not told:
        return
    first = told[0]
    if len(told) == 1:
        raise first
    more = f" ({len(told) - 1} more: `guideline check` lists them)"
    error = KnowledgeError(first.message, first.where, (first.hint or "mend it") + more)
    error.others, error.term = tuple(told), first.term
    raise error


class FragmentError(KnowledgeError):
    """An axiom lies outside the OWL fragment that can be decided by structure."""


class DataError(ReasonerError):
    """The input cannot be read at all."""


class UsageError(ReasonerError):
    """The call itself is wrong: a missing file, an unknown name."""


class QueryError(ReasonerError):
    """A query is missing, does not parse, or asks for what is not allowed."""


class EngineError(ReasonerError):
    """A third-party engine is missing or failed."""
