"""What a check finds, and which findings only follow from others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: where (file:line), the labelled term, what, and how to mend it."""

    where: str
    term: str
    message: str
    fix: str
    about: str = ""
    """The IRI of the term, where it has one."""
    coarse: bool = field(default=False, compare=False)
    """Whether it speaks of a term as a whole, so that something finer said of that term explains it."""
    mentions: tuple[str, ...] = field(default=(), compare=False)
    """The IRIs of the terms that the message names."""
    also: tuple[str, ...] = field(default=(), compare=False)
    """Other places (file:line) and terms (IRIs) that it explains as well."""

    def __str__(self) -> str:
        about = f"{self.term}: " if self.term else ""
        return f"{self.where}: {about}{self.message}; {self.fix}"


class Folding:
    """Remembers what was found, so that what merely follows from it is counted and not shown."""

    def __init__(self) -> None:
        self._places: set[str] = set()
        self._terms: set[str] = set()

    def split(self, problems: Iterable[Problem]) -> tuple[tuple[Problem, ...], int]:
        """The problems of one step that are new, each once, and how many follow from those of earlier steps."""
        all_of_them = list(dict.fromkeys(problems))
        fine = [p for p in all_of_them if not p.coarse and p.where not in self._places]
        told = {p.about for p in fine if p.about}
        coarse = [p for p in all_of_them if p.coarse and p.where not in self._places and not self._is_told(p, told)]
        kept = sorted((*fine, *coarse), key=all_of_them.index)
        self._places |= {place for p in kept for place in (p.where, *p.also)}
        self._terms |= {name for p in kept for name in (p.about, p.where.partition(":")[0], *p.also) if name}
        return tuple(kept), len(all_of_them) - len(kept)

    def _is_told(self, problem: Problem, told: set[str]) -> bool:
        return bool({problem.about, *problem.mentions} & (told | self._terms))
