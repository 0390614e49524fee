"""The report of a run: what it counts, and that anybody can read the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import orjson
import pytest

from reasoner.answer import NOTICE
from reasoner.cohort.report_pictures import Part, single, stacked

from .cohorts import as_bundles, bundles, decided, frame, loaded, patients, ran

NUMBER = 150


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    path = folder / "bundles.ndjson"
    path.write_bytes(b"\n".join([*bundles(patients(NUMBER)), b"{"]))
    ran([path], folder / "out", validate=True, chunk=1 << 22)
    return folder / "out"


@pytest.fixture(scope="module")
def report(output: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(output.with_name("out.report.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def html(output: Path) -> str:
    return output.with_name("out.report.html").read_text()


def test_verdicts_are_counted_by_recommendation(report: dict[str, Any]) -> None:
    rows = decided(as_bundles(patients(NUMBER)))
    for own in report["recommendations"]:
        verdicts = [row[4] for row in rows if row[2] == own["id"]]
        assert own["verdicts"] == {word: verdicts.count(word) for word in own["verdicts"]}
        preferred = [row[5] for row in rows if row[2] == own["id"] and row[5] is not None]
        assert own["preferred"] == {word: preferred.count(word) for word in dict.fromkeys(preferred)}
    assert len(report["recommendations"]) == len(loaded().kernel().columns)


def test_what_is_missing_and_what_one_answer_settles(report: dict[str, Any]) -> None:
    rows = decided(as_bundles(patients(NUMBER)))
    for what, counted in (
        ("missing", {name: sum(name in row[6] for row in rows) for row in rows for name in row[6]}),
        ("alone", {row[6][0]: sum(one[6] == row[6] for one in rows) for row in rows if len(row[6]) == 1}),
        ("assumed", {name: sum(name in row[7] for row in rows) for row in rows for name in row[7]}),
    ):
        own = {one["finding"]: one["verdicts"] for one in report[what]}
        assert own == counted != {}
        assert list(own.values()) == sorted(own.values(), reverse=True)
    for one in report["alone"]:
        assert sum(one["by"].values()) == one["verdicts"]


def test_conflicts_are_those_of_the_answers(report: dict[str, Any]) -> None:
    told = [
        tuple(conflict["between"])
        for item in as_bundles(patients(NUMBER))
        for subject in loaded().decide(item)
        for conflict in subject["conflicts"]
    ]
    assert {tuple(own["between"]): own["subjects"] for own in report["conflicts"]} == {
        pair: told.count(pair) for pair in told
    }


def test_what_goes_in_comes_out_or_is_reported(report: dict[str, Any], output: Path) -> None:
    counts = report["counts"]
    resources = sum(len(own) for own in patients(NUMBER))
    assert counts["resources"] == resources
    assert sum(counts[name] for name in ("used", "unmapped", "unplaced", "unused")) == resources
    assert counts["lines"] == NUMBER + 1
    assert counts["broken"] == 1
    assert counts["outputRows"] == frame(output).height == counts["subjects"] * len(report["recommendations"])
    assert sum(own["count"] for own in report["unmapped"]) == counts["unmapped"]


def test_no_patient_is_named(report: dict[str, Any], html: str, output: Path) -> None:
    text = orjson.dumps(report).decode() + html
    names = set(frame(output)["patient"].drop_nulls()) | set(frame(output)["subject"])
    ids = {name.rsplit("/", 1)[-1] for name in names}
    assert ids
    assert not [own for own in ids if own in text]


class Page(HTMLParser):
    """Collects what a reader's browser would do."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "link", "rect", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "path"):
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def parsed(html: str) -> Page:
    found = Page()
    found.feed(html)
    assert not found.open
    return found


def test_the_page_runs_nothing_and_fetches_nothing(html: str, parsed: Page) -> None:
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in parsed.tags}
    for _, attributes in parsed.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        assert (attributes.get("href") or "#").startswith("#")
        assert attributes.get("style") is None, "the policy lets no style attribute act"
    assert "default-src 'none'" in html
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_every_picture_is_named_and_has_its_numbers_in_a_table(report: dict[str, Any], parsed: Page, html: str) -> None:
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    pictures = [a for tag, a in parsed.tags if tag == "svg" and a.get("aria-hidden") != "true"]
    assert len(pictures) > len(report["recommendations"])
    for own in pictures:
        assert own["role"] == "img"
        assert set((own["aria-labelledby"] or "").split()) <= set(ids)
    tables = html.count("<table>")
    assert tables == html.count("<caption>")
    for own in report["recommendations"]:
        assert f'<th scope="row">{own["id"]}</th>' in html


def test_the_page_holds_the_notice_versions_and_sources(report: dict[str, Any], html: str) -> None:
    assert NOTICE in html
    for guideline in report["guidelines"]:
        assert guideline["sha256"] in html
        assert guideline["version"] in html
        assert guideline["sources"]
        assert all(source["title"].split("&")[0][:30] in html for source in guideline["sources"])
    assert "entries: 1). Whoever it belongs to is decided without it." in html
    assert "prefers-color-scheme: dark" in html
    assert 'lang="en"' in html
    assert "width=device-width" in html


def test_bars_have_the_lengths_of_their_numbers() -> None:
    root = ElementTree.fromstring(stacked("a", "t", [Part("eligible", 1), Part("undetermined", 3), Part("none", 0)]))
    bars = [(own.get("x"), own.get("width")) for own in root.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert bars == [("0.00%", "25.00%"), ("25.00%", "75.00%")]
    one = ElementTree.fromstring(single("a", "t", 1, 4))
    assert [own.get("width") for own in one.iter("{http://www.w3.org/2000/svg}rect")] == ["100%", "25.00%"]
    assert ElementTree.fromstring(stacked("a", "t", [Part("eligible", 0)])) is not None
