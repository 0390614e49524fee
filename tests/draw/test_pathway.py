"""Pathways: nothing overlaps, arrows join boxes, all text lies inside, and the list says the same."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import combinations
from xml.etree import ElementTree

import pytest

from reasoner.criteria import Named
from reasoner.draw.layout import PAD, ROOM, Box, Layout, texts
from reasoner.draw.lettering import width
from reasoner.draw.pathway import END, START, arranged, outline, pathway
from reasoner.draw.steps import CONDITION, MARK_WORDS, OPERATORS, Step, every

from .bodies import CRITERIA, IDS, body

SVG = "{http://www.w3.org/2000/svg}"


def layout_of(step: Step, marked: bool) -> Layout:
    signs = {own.node: ("met", "unmet", "open")[i % 3] for i, own in enumerate(every(step))} if marked else {}
    return arranged(step, "a lesion in scope", "eligible: something is advised", signs)


def apart(a: Box, b: Box) -> bool:
    return a.x + a.width <= b.x or b.x + b.width <= a.x or a.bottom <= b.y or b.bottom <= a.y


def inside(inner: Box, outer: Box) -> bool:
    return (
        outer.x < inner.x
        and outer.y < inner.y
        and inner.x + inner.width < outer.x + outer.width
        and inner.bottom < outer.bottom
    )


def ancestors(box: Box, boxes: dict[str, Box]) -> set[str]:
    found = set()
    while box.parent is not None:
        found.add(box.parent)
        box = boxes[box.parent]
    return found


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize(("name", "tree"), CRITERIA, ids=IDS)
def test_boxes_are_disjoint_or_nested_as_the_criteria_are(name: str, tree: Named, marked: bool) -> None:
    step = body(name).steps(tree)
    layout = layout_of(step, marked)
    boxes = {box.node: box for box in layout.boxes}
    assert boxes.keys() == {own.node for own in every(step)} | {START, END}
    for a, b in combinations(layout.boxes, 2):
        above = ancestors(b, boxes)
        assert inside(b, a) if a.node in above else apart(a, b)
    for box in layout.boxes:
        if box.node not in (START, END, "1"):
            assert box.parent == box.node.rpartition(".")[0]
        assert box.x >= 0 and box.y >= 0
        assert box.x + box.width <= layout.width and box.bottom <= layout.height


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize(("name", "tree"), CRITERIA, ids=IDS)
def test_all_text_lies_inside_its_box_and_none_is_lost(name: str, tree: Named, marked: bool) -> None:
    step = body(name).steps(tree)
    layout = layout_of(step, marked)
    said = {own.node: own for own in every(step)}
    for box in layout.boxes:
        own = Layout(0, 0, (box,), (), ())
        for line, start, end in texts(own):
            assert box.x < start and end < box.x + box.width
            assert box.y < line.y - 10 and line.y + 3 < box.bottom
        for child in layout.boxes:
            if child.parent == box.node:
                assert all(line.y + 3 < child.y for line in box.lines)
        if box.node in said:
            step = said[box.node]
            words = " ".join(line.text for line in box.lines)
            operator = "" if step.kind == CONDITION else OPERATORS[step.kind].upper()
            assert "".join(words.split()) == "".join(f"{operator}{step.text}".split())


@pytest.mark.parametrize(("name", "tree"), CRITERIA, ids=IDS)
def test_arrows_run_straight_from_box_to_box(name: str, tree: Named) -> None:
    layout = layout_of(body(name).steps(tree), False)
    boxes = {box.node: box for box in layout.boxes}
    assert len(layout.arrows) >= 2
    for arrow in layout.arrows:
        source, target = boxes[arrow.source], boxes[arrow.target]
        assert source.parent == target.parent
        assert source.middle == pytest.approx(target.middle)
        assert source.bottom < target.y
        between = [b for b in layout.boxes if b.parent == source.parent and source.bottom < b.y < target.y]
        assert between == []


@pytest.mark.parametrize(("name", "tree"), CRITERIA, ids=IDS)
def test_drawn_arrows_end_at_drawn_boxes(name: str, tree: Named) -> None:
    root = ElementTree.fromstring(pathway(body(name).steps(tree), "p", "Criteria", "start", "end"))
    edges = {
        (float(r.get("y", "")), float(r.get("y", "")) + float(r.get("height", ""))) for r in root.iter(f"{SVG}rect")
    }
    tops, bottoms = {round(top, 1) for top, _ in edges}, {round(bottom, 1) for _, bottom in edges}
    heads = [re.findall(r"[\d.]+", path.get("d", "")) for path in root.iter(f"{SVG}path")]
    assert heads
    assert all(round(float(points[3]), 1) in tops for points in heads)
    assert all(round(float(line.get("y1", "")), 1) in bottoms for line in root.iter(f"{SVG}line"))


@pytest.mark.parametrize(("name", "tree"), CRITERIA, ids=IDS)
def test_picture_is_named_for_those_who_do_not_see_it(name: str, tree: Named) -> None:
    text = pathway(body(name).steps(tree), "p", "Criteria of x", "start", "end")
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "p-title p-desc"
    assert root.findtext(f"{SVG}title") == "Criteria of x"
    assert "list beside the picture says the same" in (root.findtext(f"{SVG}desc") or "")
    assert float(root.get("width", "")) <= ROOM * 1.2
    assert not re.search(r"fill=\"(?!none|currentColor)|stroke=\"(?!none|currentColor)| style=", text)
    assert text == pathway(body(name).steps(tree), "p", "Criteria of x", "start", "end")


def test_marks_are_words_and_signs_and_the_taken_way_is_thick() -> None:
    _, tree = CRITERIA[1]
    step = body("shipped").steps(tree)
    met = pathway(step, "p", "t", "start", "end", marks={own.node: "met" for own in every(step)})
    count = len(list(every(step)))
    root = ElementTree.fromstring(met)
    assert [text.text for text in root.iter(f"{SVG}text")].count("yes") == count
    assert all(line.get("stroke-width") == "3" for line in root.iter(f"{SVG}line"))
    mixed = ElementTree.fromstring(pathway(step, "p", "t", marks={"1": "open", "1.1": "unmet"}))
    written = [text.text for text in mixed.iter(f"{SVG}text")]
    assert written.count("open") == written.count("no") == 1
    assert all(line.get("stroke-width") == "1.5" for line in mixed.iter(f"{SVG}line"))


@pytest.mark.parametrize(("name", "tree"), CRITERIA, ids=IDS)
def test_marks_stand_inside_their_boxes_and_beside_the_text(name: str, tree: Named) -> None:
    layout = layout_of(body(name).steps(tree), True)
    for box in layout.boxes:
        if box.mark is None:
            continue
        x, y = box.sign
        end = x + 2 * PAD + width(MARK_WORDS[box.mark], bold=True)
        assert box.x < x and end < box.x + box.width
        assert box.y < y - 12 and y + 3 < box.bottom
        assert all(y + 3 < child.y for child in layout.boxes if child.parent == box.node)
        if box.kind == CONDITION:
            assert all(line.y + 3 < y - 10 for line in box.lines)


def test_what_must_not_hold_is_dashed_and_says_so() -> None:
    tree = next(tree for name, tree in CRITERIA if any(s.kind == "none" for s in every(body(name).steps(tree))))
    text = pathway(body("shipped").steps(tree), "p", "t")
    assert "stroke-dasharray" in text
    assert "NONE OF" in text


class Items(HTMLParser):
    """The items of a nested list with their depth."""

    def __init__(self) -> None:
        super().__init__()
        self.depth, self.items = 0, list[tuple[int, str]]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "ol":
            self.depth += 1
        elif tag == "li":
            self.items.append((self.depth, ""))

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "ol"

    def handle_data(self, data: str) -> None:
        depth, text = self.items[-1]
        self.items[-1] = (depth, text + data)


@pytest.mark.parametrize(("name", "tree"), CRITERIA, ids=IDS)
def test_list_says_the_same_in_the_same_order(name: str, tree: Named) -> None:
    step = body(name).steps(tree)
    parser = Items()
    parser.feed(outline(step, lambda own: f"#{own.node}" if own.class_ else None))
    expected = []
    for own in every(step):
        operator = "" if own.kind == CONDITION else f"{OPERATORS[own.kind]} "
        expected.append((own.node.count(".") + 1, f"{operator}{own.text}".strip() + (":" if own.parts else "")))
    assert parser.items == expected


def test_list_shows_marks_as_words() -> None:
    step = body("shipped").steps(CRITERIA[1][1])
    text = outline(step, lambda _: None, {"1": "met", "1.1": "open"})
    assert '<span class="mark met">yes</span>' in text
    assert '<span class="mark open">open</span>' in text
