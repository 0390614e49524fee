"""No number is shown as surer than its source: statuses, intervals and ratios are sound."""

from __future__ import annotations

import pytest
from rdflib import Literal
from rdflib.term import Node

from .ontology import GR, RDF, instances, notation, short, text, whole

ESTIMATES = instances("Evidence")
RATIOS = {"RR", "OR"}
LEAST_ESTIMATES = 18


def number(own: Node, name: str) -> float | None:
    value = whole().value(own, GR[name])
    return None if value is None else float(str(value))


def test_all_estimates_are_collected() -> None:
    assert len(ESTIMATES) >= LEAST_ESTIMATES


@pytest.mark.parametrize("own", ESTIMATES, ids=notation)
def test_estimate_names_its_kind_status_and_source(own: Node) -> None:
    for name in ("measure", "role", "outcome", "status", "sourceText", "supports"):
        assert whole().value(own, GR[name]) is not None, f"lacks gr:{name}"


@pytest.mark.parametrize("own", ESTIMATES, ids=notation)
def test_certainty_of_an_estimate_has_a_status(own: Node) -> None:
    assert bool(text(own, GR.certainty)) == bool(text(own, GR.certaintyStatus))


@pytest.mark.parametrize("own", ESTIMATES, ids=notation)
def test_estimate_lies_in_its_interval(own: Node) -> None:
    value, lower, upper = (number(own, name) for name in ("value", "lower", "upper"))
    assert (lower is None) == (upper is None), "an interval has two limits"
    if value is None:
        assert lower is None
    elif lower is not None and upper is not None:
        assert lower <= value <= upper


@pytest.mark.parametrize("own", ESTIMATES, ids=notation)
def test_estimate_fits_its_measure(own: Node) -> None:
    measure, value = notation(whole().value(own, GR.measure)), number(own, "value")
    numbers = [n for name in ("value", "lower", "upper") if (n := number(own, name)) is not None]
    if measure == "direction":
        assert value is None
        return
    assert value is not None
    assert all(n > 0 for n in numbers) if measure in RATIOS else all(0 <= n <= 1 for n in numbers)


@pytest.mark.parametrize("own", ESTIMATES, ids=notation)
def test_figure_of_the_seed_alone_has_neither_interval_nor_certainty(own: Node) -> None:
    """The seed document gives five risk ratios without interval, certainty or numbers of people; none may be added."""
    if notation(whole().value(own, GR.status)) == "seed-only":
        for name in ("lower", "upper", "certainty", "studies", "participants"):
            assert whole().value(own, GR[name]) is None, f"has gr:{name}"


@pytest.mark.parametrize("own", instances("Recommendation"), ids=notation)
def test_strength_and_certainty_of_a_recommendation_have_a_status(own: Node) -> None:
    for name in ("strength", "certainty"):
        given, status = text(own, GR[name]), text(own, GR[f"{name}Status"])
        assert not given or status not in ("", "none"), f"{name} without status"
        assert given or status in ("", "none"), f"a status {status} of no {name}"
    assert text(own, GR.textStatus)


@pytest.mark.parametrize("own", instances("Caution"), ids=notation)
def test_caution_has_text_source_and_status(own: Node) -> None:
    for name in ("text", "sourceText", "status", "appliesTo"):
        assert whole().value(own, GR[name]) is not None, f"lacks gr:{name}"


def test_every_used_status_is_a_declared_one() -> None:
    graph = whole()
    predicates = [GR.status, GR.textStatus, GR.strengthStatus, GR.certaintyStatus, GR.bandStatus]
    used = {node for predicate in predicates for node in graph.objects(None, predicate)}
    assert not [short(node) for node in used if isinstance(node, Literal) or (node, RDF.type, GR.Status) not in graph]
