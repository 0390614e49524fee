"""Forest plots: one measure, the right axis, and what is missing shown as missing."""

from __future__ import annotations

import math
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from reasoner.draw.forest import axis_of, by_measure, effect, forest

from .bodies import FOLDERS, body
from .test_pathway import SVG


def row(value: float | None, lower: float | None = None, upper: float | None = None, measure: str = "RR") -> Any:
    return {"id": "e", "intervention": "one", "comparator": "another", "outcome": "ulcer-healing", "role": "benefit",
            "measure": measure, "value": value, "lower": lower, "upper": upper}  # fmt: skip


def drawn(rows: list[Any]) -> ElementTree.Element:
    text = forest(rows, body("shipped").words, "f", "Forest plot")
    assert text is not None
    return ElementTree.fromstring(text)


def per_cent(text: str | None) -> float:
    assert text is not None and text.endswith("%")
    return float(text[:-1])


def squares(root: ElementTree.Element) -> list[ElementTree.Element]:
    return list(root.iter(f"{SVG}rect"))


def places(root: ElementTree.Element) -> list[float]:
    return [per_cent(inner.get("x")) for inner in root.iter(f"{SVG}svg") if inner.find(f"{SVG}rect") is not None]


def test_ratio_has_a_logarithmic_axis_with_a_line_at_no_difference() -> None:
    root = drawn([row(0.5, 0.4, 0.7), row(1.0, 0.9, 1.1), row(2.0, 1.5, 2.5)])
    half, one, double = places(root)
    assert one - half == pytest.approx(double - one, abs=0.02)
    nulls = [line for line in root.iter(f"{SVG}line") if line.get("stroke-dasharray")]
    assert len(nulls) == 3
    assert {per_cent(line.get("x1")) for line in nulls} == {one}


def test_interval_is_drawn_to_scale() -> None:
    root = drawn([row(1.0, 0.5, 2.0)])
    line = next(line for line in root.iter(f"{SVG}line") if line.get("stroke-width") == "2")
    (middle,) = places(root)
    assert middle - per_cent(line.get("x1")) == pytest.approx(per_cent(line.get("x2")) - middle, abs=0.02)


def test_missing_interval_is_a_hollow_mark_and_words() -> None:
    root = drawn([row(1.4), row(1.2, 1.1, 1.3)])
    hollow, full = squares(root)
    assert (hollow.get("fill"), full.get("fill")) == ("none", "currentColor")
    assert any("no interval found" in (text.text or "") for text in root.iter(f"{SVG}text"))
    assert sum(line.get("stroke-width") == "2" for line in root.iter(f"{SVG}line")) == 1


@pytest.mark.parametrize(("lower", "upper"), [(1.1, None), (None, 1.9)])
def test_half_an_interval_is_none(lower: float | None, upper: float | None) -> None:
    (square,) = squares(drawn([row(1.4, lower, upper)]))
    assert square.get("fill") == "none"


def test_missing_number_is_words_only() -> None:
    root = drawn([row(1.4, 1.2, 1.6), row(None)])
    assert len(squares(root)) == 1
    assert any("no number found" in (text.text or "") for text in root.iter(f"{SVG}text"))
    assert forest([row(None)], body("shipped").words, "f", "t") is None
    assert forest([], body("shipped").words, "f", "t") is None


def test_interval_that_leaves_the_axis_gets_an_arrow() -> None:
    arrows = [path.get("d") for path in drawn([row(2.0, 0.01, 90.0)]).iter(f"{SVG}path")]
    assert arrows == ["M8,-5 L0,0 L8,5", "M-8,-5 L0,0 L-8,5"]
    bars = [path.get("d") for path in drawn([row(2.0, 1.0, 3.0)]).iter(f"{SVG}path")]
    assert bars == ["M0,-4 L0,4"] * 2


def test_measures_never_share_a_plot() -> None:
    rows = [row(1.4), row(2.0, measure="OR"), row(1.1)]
    with pytest.raises(ValueError, match="different measures"):
        forest(rows, body("shipped").words, "f", "t")
    assert {measure: len(own) for measure, own in by_measure(rows).items()} == {"OR": 1, "RR": 2}


def test_proportion_has_an_even_axis_from_nought_and_no_line_of_no_difference() -> None:
    root = drawn([row(0.1, 0.05, 0.2, "proportion"), row(0.2, 0.1, 0.3, "proportion")])
    first, second = places(root)
    start = per_cent(next(line for line in root.iter(f"{SVG}line") if line.get("y1") == line.get("y2")
                          and not line.get("stroke-width")).get("x1"))  # fmt: skip
    assert second - first == pytest.approx(first - start, abs=0.02)
    assert not [line for line in root.iter(f"{SVG}line") if line.get("stroke-dasharray")]


def test_ratio_that_is_not_positive_is_words_only() -> None:
    """A logarithmic axis has no place for it; an interval down to nought leaves the axis."""
    assert forest([row(0.0)], body("shipped").words, "f", "t") is None
    assert "M8,-5 L0,0 L8,5" in [p.get("d") for p in drawn([row(0.5, 0.0, 2.0)]).iter(f"{SVG}path")]


@pytest.mark.parametrize("low", [1e-6, 0.03, 0.4, 1.0, 7.0, 4000.0])
@pytest.mark.parametrize("times", [1.0, 1.5, 40.0, 1e5])
def test_axis_holds_every_estimate_and_few_ticks(low: float, times: float) -> None:
    for null in (1.0, 0.0, None):
        axis = axis_of([row(low), row(low * times)], null)
        assert axis is not None
        assert axis.low <= low and low * times <= axis.high * (1 + 1e-9)
        ticks = axis.ticks()
        assert len(ticks) <= 12
        assert ticks == sorted(ticks)
        assert all(4.9 <= axis.place(tick) <= 95.1 for tick in ticks)
        assert all(math.isfinite(axis.place(value)) for value in (low, low * times, -5.0, 1e12))


@pytest.mark.parametrize("name", FOLDERS)
def test_every_estimate_of_the_knowledge_can_be_drawn(name: str) -> None:
    own, count = body(name), 0
    for guideline in own.knowledge.guidelines:
        for recommendation in guideline.recommendations:
            for measure, rows in by_measure(recommendation.static["evidence"]).items():
                text = forest(rows, own.words, "f", measure)
                assert (text is None) == all(r["value"] is None for r in rows)
                if text is None:
                    continue
                count += 1
                assert text == forest(rows, own.words, "f", measure)
                root = ElementTree.fromstring(text)
                said = root.findtext(f"{SVG}desc") or ""
                assert all(effect(r) in said for r in rows)
                assert not re.search(r"fill=\"(?!none|currentColor)|stroke=\"(?!none|currentColor)| style=", text)
    assert count > 0


def test_text_keeps_its_size_on_a_narrow_screen() -> None:
    root = drawn([row(1.2, 1.1, 1.3)])
    assert root.get("width") == "100%"
    assert root.get("viewBox") is None
    assert root.get("font-size") == "13"
