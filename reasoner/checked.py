"""Where the shapes meet an input: which graph they look at, and how their results join what the program found."""

from __future__ import annotations

from collections.abc import Sequence

import pyoxigraph as ox

from .derive import State
from .inputs import FhirInput, GraphInput
from .model import Model, Reading, Result, SubjectFacts
from .patientgraph import Vocabulary, nodes_of, patient_graph, settled_graph
from .rdf import stable
from .shapes import Shapes
from .space import Space
from .validate import Found, Names, Validator

Decided = Sequence[tuple[SubjectFacts, State]]


class PatientCheck:
    """Checks inputs against the patient shapes."""

    def __init__(self, shapes: Shapes, model: Model, space: Space) -> None:
        self.validator = Validator(shapes, model)
        self.vocabulary = Vocabulary.of(model, space)

    def graph(
        self, item: FhirInput | GraphInput, reading: Reading, decided: Decided, told: bool = False
    ) -> list[ox.Quad | ox.Triple]:
        """The graph to look at: that of the input itself, else that of what holds as recorded.

        ``told`` says that a dialogue changed what is recorded, so that the input's own graph is out of date. An
        earlier statement that a later one overrules is left out: what dates settle is no contradiction.
        """
        if isinstance(item, GraphInput) and not told:
            return settled_graph(stable(item.triples), reading, self.vocabulary)
        recorded = (
            (subject, {name: known for name, known in state.settled.items() if name not in state.overruled})
            for subject, state in decided
        )
        return list(patient_graph(recorded, self.vocabulary))

    def found(
        self, item: FhirInput | GraphInput, reading: Reading, decided: Decided, told: bool = False
    ) -> list[Found]:
        """All results on an input: of its reader, of the derivations, and of the shapes."""
        native: list[Result] = [*reading.results, *(result for _, state in decided for result in state.results)]
        checks = self.validator.check(self.graph(item, reading, decided, told))
        if not checks:
            return [Found(result) for result in dict.fromkeys(native)]
        names = Names.of((subject, nodes_of(subject, self.vocabulary.model)) for subject, _ in decided)
        return self.validator.merge(native, checks, names)
