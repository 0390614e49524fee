"""The picture of a guideline's decisions."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

from reasoner.draw.lettering import width
from reasoner.draw.overview import Choice, Decision, arranged, overview

from .test_pathway import SVG, apart, inside

LONG = "a recommendation whose label runs over several lines of its box [a-1]"
FIRST = Choice("choice 1", 1, ((LONG, "preferred over b-1"), ("second [a-2]",)))
LATER = Choice("choice 2", 2, (("third [a-3]",),))
BESIDE = Choice("beside these, in no order", None, (("fourth [a-4]",),))
DECISIONS = [
    Decision("plain", (BESIDE,), False),
    Decision("one", (FIRST, LATER, BESIDE), True),
    Decision("two", (FIRST,), True),
    Decision("three", (BESIDE,), False),
    Decision("four", (LATER,), False),
]
OVER = Choice("Before all else: suspends one and two", None, ((LONG,), ("x [o-2]",), ("y [o-3]",)))


def test_frames_and_boxes_do_not_overlap_and_hold_their_text() -> None:
    for over in (OVER, None):
        frames = arranged(over, DECISIONS)
        assert len(frames) == len(DECISIONS) + (over is not None)
        assert all(apart(a.boxes[0], b.boxes[0]) for a, b in combinations(frames, 2))
        for frame in frames:
            outer, *boxes = frame.boxes
            assert all(inside(box, outer) for box in boxes)
            assert all(apart(a, b) for a, b in combinations(boxes, 2))
            for box in frame.boxes:
                for line in box.lines:
                    assert box.x < line.x and line.x + width(line.text, line.bold) < box.x + box.width
                    assert box.y < line.y - 9 and line.y + 2 < box.bottom


def test_suspended_decisions_stand_below_what_suspends_them() -> None:
    frames = arranged(OVER, DECISIONS)
    over = frames[0].boxes[0]
    assert [frame.boxes[0].lines[0].text for frame in frames[1:3]] == ["one", "two"]
    for frame in frames[1:3]:
        assert over.x < frame.boxes[0].middle < over.x + over.width
        assert over.bottom < frame.boxes[0].y


def test_arrows_lead_from_one_line_of_choice_to_the_next() -> None:
    frame = next(f for f in arranged(None, DECISIONS) if f.boxes[0].lines[0].text == "one")
    ((_, start, end),) = frame.arrows
    assert start in {box.bottom for box in frame.boxes}
    assert end in {box.y for box in frame.boxes}
    assert start < end


def test_picture_is_well_formed_named_and_repeatable() -> None:
    text = overview("o", "Decisions of <x> & y", OVER, DECISIONS)
    root = ElementTree.fromstring(text)
    assert root.findtext(f"{SVG}title") == "Decisions of <x> & y"
    assert text == overview("o", "Decisions of <x> & y", OVER, DECISIONS)
    written = " ".join(t.text or "" for t in root.iter(f"{SVG}text"))
    assert all(f"[a-{n}]" in written for n in range(1, 5))


def test_no_decision_gives_an_empty_picture() -> None:
    assert ElementTree.fromstring(overview("o", "t", None, [])).get("role") == "img"
