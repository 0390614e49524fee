"""Every page: well-formed, whole, linked, readable by anyone, and without a request to anywhere."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import pairwise

import pytest

from reasoner.answer import NOTICE

from .conftest import STATIN, Written, write
from .reading import Element

PAGES = ["index", "evidence", "findings", "classes", "interventions", "mappings", "gaps", "proofs", "sources"]


def test_every_kind_of_page_is_written(shipped: Written, statin: Written) -> None:
    for written, recommendations, guidelines in ((shipped, 33, 2), (statin, 2, 1)):
        names = set(written.texts)
        assert {f"{name}.html" for name in PAGES} <= names
        assert sum(name.startswith("recommendation-") for name in names) == recommendations
        assert sum(name.startswith("guideline-") for name in names) == guidelines
    assert "changelog.html" in shipped.texts


def test_command_says_what_was_written(written: Written) -> None:
    assert f"{len(written.texts)} pages written" in written.out
    assert str(written.folder / "index.html") in written.out
    assert "sha256" in written.out
    assert NOTICE in written.out


def test_ids_are_unique_and_every_reference_meets_one(written: Written) -> None:
    for name, page in written.pages.items():
        ids = [own.attributes["id"] for own in page.every() if "id" in own.attributes]
        assert len(ids) == len(set(ids)), name
        for own in page.every():
            for reference in (own.attributes.get("aria-labelledby") or "").split():
                assert reference in ids, name


def test_every_internal_link_leads_somewhere(written: Written) -> None:
    anchors = {
        name: {own.attributes["id"] for own in page.every() if "id" in own.attributes}
        for name, page in written.pages.items()
    }
    count = 0
    for name, page in written.pages.items():
        for link in page.every("a"):
            address = link.attributes["href"]
            assert address and link.text.strip(), name
            if address.startswith(("https://", "http://")):
                continue
            file, _, anchor = address.partition("#")
            assert (file or name) in anchors, f"{name}: {address}"
            assert not anchor or anchor in anchors[file or name], f"{name}: {address}"
            count += 1
    assert count > 100


def test_every_page_is_reached_from_the_first(written: Written) -> None:
    seen, todo = set(), ["index.html"]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            links = [str(link.attributes["href"]).partition("#")[0] for link in written.pages[name].every("a")]
            todo += [link for link in links if link in written.pages]
    assert seen == set(written.pages)


def test_nothing_is_fetched_and_nothing_runs(written: Written) -> None:
    for name, text in written.texts.items():
        assert "<script" not in text.lower()
        assert "@import" not in text and "url(" not in text
        style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
        assert style is not None
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        for own in written.pages[name].every():
            assert own.name not in ("script", "link", "img", "iframe", "object", "embed", "base", "form")
            assert not [key for key in own.attributes if key.startswith("on") or key in ("src", "srcset", "style")]
            if own.name != "a":
                assert "href" not in own.attributes
        policy = next(m for m in written.pages[name].every("meta") if m.attributes.get("http-equiv"))
        assert policy.attributes["content"] == f"default-src 'none'; style-src 'sha256-{digest}'"


def test_page_has_one_heading_of_the_first_rank_and_skips_none(written: Written) -> None:
    for name, page in written.pages.items():
        ranks = [int(own.name[1]) for own in page.every("h1", "h2", "h3", "h4", "h5", "h6")]
        assert ranks[0] == 1 and ranks.count(1) == 1, name
        assert all(after - before <= 1 for before, after in pairwise(ranks)), name


def test_page_has_landmarks_language_title_and_a_way_past_the_navigation(written: Written) -> None:
    titles = set()
    for name, page in written.pages.items():
        (html,) = page.every("html")
        assert html.attributes["lang"] == "en"
        assert [len(list(page.every(part))) for part in ("header", "main", "footer")] == [1, 1, 1]
        first = next(page.every("a"))
        (main,) = page.every("main")
        assert first.attributes["href"] == f"#{main.attributes['id']}"
        assert all(own.attributes.get("aria-label") for own in page.every("nav"))
        current = [link.attributes["href"] for link in page.every("a") if "aria-current" in link.attributes]
        assert current == ([] if name.startswith("recommendation-") else [name])
        titles.add(next(page.every("title")).text)
    assert len(titles) == len(written.pages)


def region_of(own: Element) -> Element | None:
    return next((above for above in own.above() if above.attributes.get("role") == "region"), None)


def test_tables_have_captions_scopes_and_a_region_that_scrolls(written: Written) -> None:
    count = 0
    for name, page in written.pages.items():
        for table in page.every("table"):
            count += 1
            assert next(table.every("caption")).text.strip(), name
            assert all(cell.attributes.get("scope") in ("col", "row") for cell in table.every("th"))
            rows = [sum(own.name in ("th", "td") for own in row.every()) for row in table.every("tr")]
            assert len(rows) > 1 and len(set(rows)) == 1, name
            region = region_of(table)
            assert region is not None and region.attributes.get("tabindex") == "0"
            assert region.attributes.get("aria-label")
            assert all(cell.text.strip() for cell in table.every("th", "td")), name
    assert count > 3


def test_pictures_are_named_and_wide_ones_scroll(written: Written) -> None:
    count = 0
    for name, page in written.pages.items():
        for svg in page.every("svg"):
            if any(above.name == "svg" for above in svg.above()):
                continue
            count += 1
            assert svg.attributes["role"] == "img", name
            assert next(svg.every("title")).text and next(svg.every("desc")).text
            assert svg.attributes["width"] == "100%" or region_of(svg) is not None
    assert count > 3


def test_footer_bears_notice_versions_and_hashes(written: Written) -> None:
    for page in written.pages.values():
        (footer,) = page.every("footer")
        assert NOTICE in footer.text
        assert re.search(r"\d+\.\d+\.\d+, sha256 [0-9a-f]{16}", footer.text)


def test_two_runs_give_the_same_bytes(written: Written, tmp_path_factory: pytest.TempPathFactory) -> None:
    more = ["--knowledge", str(STATIN)] if "uspstf" in " ".join(written.texts) else []
    again = write(tmp_path_factory.mktemp("again") / "pages", *more, seed="2")
    assert [name for name in written.texts if again.texts.get(name) != written.texts[name]] == []
    assert again.texts.keys() == written.texts.keys()


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_are_told_apart_in_light_and_dark(statin: Written) -> None:
    """WCAG AA: 4.5 for text, 3 for lines; in both schemes, on both backgrounds."""
    palettes = re.findall(r":root \{([^}]*--ink[^}]*)\}", statin.texts["index.html"])
    assert len(palettes) == 2
    for palette in palettes:
        colours = dict(re.findall(r"--(\w+): (#\w+)", palette))
        for ground in ("paper", "tint"):
            for name in ("ink", "soft", "link", "go", "stop"):
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
            assert contrast(colours["line"], colours[ground]) >= 3
