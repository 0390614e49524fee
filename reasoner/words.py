"""Labels: every word about the clinic that a reader sees comes from the knowledge, through here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from .graph import DEFINITION, GR, LABEL, SKOS
from .guidelines import Guideline, Recommendation
from .knowledge import Knowledge
from .model import Finding

_TERM = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+")


class Words:
    """The wording of one body of knowledge; what it has no label for is shown as its notation."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._graph = knowledge.graph
        self.findings = knowledge.model.findings
        self.guidelines: dict[str, Guideline] = {g.id: g for g in knowledge.guidelines}
        self.recommendations: dict[str, Recommendation] = {
            r.id: r for g in knowledge.guidelines for r in g.recommendations
        }
        self._values = {f.notation: {v.notation: v.label for v in f.values} for f in self.findings.values()}

    def label(self, space: str, notation: str | None) -> str:
        """The label of an individual such as (``decision``, ``surgery``)."""
        return "" if notation is None else self._label(space, notation)

    @cached_property
    def _label(self) -> Callable[[str, str], str]:
        """Looked up once: a few labels are asked for again and again."""

        def label(space: str, notation: str) -> str:
            return self._graph.text(f"{GR}{space}/{notation}", LABEL) or notation.replace("-", " ")

        return lru_cache(maxsize=4096)(label)

    def definition(self, space: str, notation: str) -> str:
        """The definition of an individual, empty where there is none."""
        return self._graph.text(f"{GR}{space}/{notation}", DEFINITION) or ""

    def status(self, notation: str) -> str:
        """A transcription status as words that go beside the fact that it is about."""
        own = self._graph.text(f"{GR}status/{notation}", SKOS + "altLabel")
        return own or self.label("status", notation)

    def no_effect(self, measure: str) -> float | None:
        """The value of an effect measure that means no difference, None where it has none."""
        text = self._graph.text(f"{GR}measure/{measure}", GR + "noEffect")
        return None if text is None else float(text)

    def class_label(self, iri: str) -> str:
        """The label of a class of subjects."""
        return self._graph.text(iri, LABEL) or iri.rsplit("/", 1)[-1]

    def kind(self, name: str) -> str:
        """The label of a kind of subject."""
        return self._graph.text(GR + name, LABEL) or name

    def finding(self, name: str) -> str:
        """The label of a finding."""
        finding = self.findings.get(name)
        return finding.label if finding else name

    def headline(self, names: Iterable[str]) -> list[str]:
        """Those of the findings that the heading of a subject shows, in order."""
        placed = [(place, name) for name in names if (place := self._places.get(name)) is not None]
        return [name for _, name in sorted(placed)]

    @cached_property
    def _places(self) -> dict[str, int]:
        texts = {name: self._graph.text(finding.iri, GR + "headline") for name, finding in self.findings.items()}
        return {name: int(place) for name, place in texts.items() if place is not None}

    def said(self, name: str, value: Any) -> str:
        """A finding with its value as a phrase that stands alone."""
        if value is None:
            return f"{self.finding(name)} not recorded"
        if isinstance(value, Mapping):
            if "conflict" in value:
                return f"{self.finding(name)} contradictory: {listed(self._each(name, value['conflict']), 'and')}"
            return self._possible(name, value["possible"])
        if isinstance(value, str):
            return self._values.get(name, {}).get(value, f"{self.finding(name)} {value}")
        return f"{self.finding(name)} {self.quantity(name, value)}"

    def _possible(self, name: str, notations: Sequence[str]) -> str:
        finding = self.findings[name]
        ruled_out = [value.notation for value in finding.values if value.notation not in notations]
        if len(ruled_out) < len(notations):
            return f"{self.finding(name)} other than {listed(self._each(name, ruled_out), 'and')}"
        return listed(self._each(name, notations), "or")

    def _each(self, name: str, values: Sequence[Any]) -> list[str]:
        known = self._values.get(name, {})
        return [known.get(v, v) if isinstance(v, str) else self.quantity(name, v) for v in values]

    def quantity(self, name: str, number: float) -> str:
        """A number with its unit."""
        return f"{number:g} {self.unit(name)}".strip()

    def unit(self, name: str) -> str:
        """The unit of a numeric finding as the knowledge words it, else in UCUM, its brackets and its 1 left out."""
        finding: Finding | None = self.findings.get(name)
        if finding is None or finding.range is None or finding.range.unit == "1":
            return ""
        if (own := self._graph.text(finding.iri, GR + "unitLabel")) is not None:
            return own
        return re.sub(r"[\[\]{}]", "", finding.range.unit)

    def interventions(self, text: str) -> str:
        """A text of an evidence table with the notations of interventions replaced by their labels."""
        return _TERM.sub(lambda m: self._graph.text(f"{GR}intervention/{m[0]}", LABEL) or m[0], text)

    def recommendation(self, id_: str) -> str:
        """The label of a recommendation."""
        own = self.recommendations.get(id_)
        return str(own.static["label"] or id_) if own else id_

    def is_document(self, id_: str) -> bool:
        """Whether the id is of a source document, rather than of a statement in one."""
        return f"{GR}citation/{id_}" in self._graph

    def overrides(self, id_: str) -> bool:
        """Whether the recommendation suspends others while it holds."""
        own = self.recommendations.get(id_)
        return bool(own and own.overrides)


def listed(parts: Sequence[str], joint: str) -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {joint} {parts[-1]}"


def counted(number: int, noun: str) -> str:
    """``1 study``, ``2 studies``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{number} {noun}s"
