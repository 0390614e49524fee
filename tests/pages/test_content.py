"""What the pages say is what the knowledge says: criteria, evidence, sources, gaps."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest
from prove.tiny import Tiny, class_, has

from reasoner.blocks import capital
from reasoner.fhir.sssom import read_table
from reasoner.knowledge import load_knowledge
from reasoner.pages.command import pages
from reasoner.pages.markdown import html
from reasoner.pages.site import Site
from reasoner.program import Formula

from .conftest import STATIN, Written, write
from .reading import Element, page

FOLDERS = {"shipped": None, "statin": STATIN}


@pytest.fixture(scope="module", params=FOLDERS)
def site(request: pytest.FixtureRequest) -> Site:
    return Site(load_knowledge(FOLDERS[request.param]))


@pytest.fixture
def of_site(site: Site, request: pytest.FixtureRequest) -> Written:
    """The pages that were written of the same knowledge."""
    name = "statin" if site.knowledge.folder == STATIN else "shipped"
    found: Written = request.getfixturevalue(name)
    return found


def table(own: Element, caption: str) -> Element:
    return next(t for t in own.every("table") if next(t.every("caption")).text.startswith(caption))


def rows_of(own: Element) -> list[list[str]]:
    (body,) = own.every("tbody")
    return [[c.text.strip() for c in row.every("th", "td")] for row in body.every("tr")]


def section(own: Element, ident: str) -> list[Element]:
    """The elements between a heading and the next of its rank."""
    heading = next(e for e in own.every("h2") if e.attributes.get("id") == ident)
    assert heading.parent is not None
    beside = [e for e in heading.parent.content if isinstance(e, Element)]
    start = beside.index(heading) + 1
    end = next((i for i in range(start, len(beside)) if beside[i].name == "h2"), len(beside))
    return beside[start:end]


def test_recommendation_shows_statement_grades_and_every_way(site: Site, of_site: Written) -> None:
    for guideline in site.knowledge.guidelines:
        for own in guideline.recommendations:
            shown = of_site.pages[f"recommendation-{own.id}.html"]
            formula = site.program.named(own.eligibility)
            assert str(own.static["statement"]) in shown.text
            for status in own.static["transcription"].values():
                assert (site.words.status(status) if status else "not found") in shown.text
            ways = table(shown, "Ways to be eligible")
            if len(formula.yes) > 1:
                assert len(rows_of(ways)) == len(formula.yes)
            barred = [e for part in section(shown, "barred") for e in part.every("ol")]
            assert sum(e.name == "li" for e in barred[0].content if isinstance(e, Element)) == len(formula.no)
            assert site.axiom(own.eligibility.iri)[0] in shown.text
            assert site.places.of(own.eligibility.iri) in shown.text
            assert ".ttl:" in site.places.of(own.eligibility.iri)


def allowed_states(site: Site, number: int) -> list[int]:
    chance, space = random.Random(7), site.program.space
    found = []
    while len(found) < number:
        state = sum(1 << (f.offset + chance.randrange(f.width)) for f in space.fields.values())
        if any(not state & ~cube for cube in site.program.allowed):
            found.append(state)
    return found


def near(formula: Formula, site: Site, states: list[int]) -> list[int]:
    """States that the formula can hold of: random ones moved into its implicants, where the axioms allow that."""
    moved = []
    for place, state in enumerate(states):
        cubes = (*formula.yes, *formula.no)
        cube = cubes[place % len(cubes)]
        for own in site.program.space.constrained(cube):
            if not state & cube & own.mask:
                bits = cube & own.mask
                state = (state & ~own.mask) | (bits & -bits)
        if any(not state & ~possible for possible in site.program.allowed):
            moved.append(state)
    return moved


def test_table_without_impossible_values_still_decides_every_possible_patient(site: Site) -> None:
    states = allowed_states(site, 60)
    both = set()
    for guideline in site.knowledge.guidelines:
        for own in guideline.recommendations:
            formula = site.program.named(own.eligibility)
            yes, no = site.tabulator.tight(formula.yes), site.tabulator.tight(formula.no)
            for state in [*states, *near(formula, site, states)]:
                verdict = formula.verdict(state)
                assert any(not state & ~cube for cube in yes) == (verdict is True)
                assert any(not state & ~cube for cube in no) == (verdict is False)
                both.add(verdict)
    assert both == {True, False}


def test_evidence_is_complete_with_its_status(site: Site, of_site: Written) -> None:
    shown = of_site.pages["evidence.html"]
    rows = [row for t in shown.every("table") for row in rows_of(t)]
    estimates = {e["id"]: e for r in site.words.recommendations.values() for e in r.static["evidence"]}
    assert {row[0] for row in rows} >= set(estimates)
    by_id = {row[0]: " | ".join(row) for row in rows}
    for id_, own in estimates.items():
        for part in (own["value"], own["lower"], own["upper"]):
            assert part is None or f"{part:.2f}" in by_id[id_] or f"{part:g}" in by_id[id_]
        assert site.words.status(str(own["status"])) in by_id[id_]
        if own["value"] is not None and own["lower"] is None:
            assert "no interval found" in by_id[id_]


def test_findings_sources_gaps_and_mappings_are_complete(site: Site, of_site: Written) -> None:
    for finding in site.model.findings.values():
        for value in finding.values:
            assert value.label in of_site.pages["findings.html"].text
        assert finding.question in of_site.pages["findings.html"].text
    sources = of_site.pages["sources.html"].text
    assert all(site.text(iri, "http://purl.org/dc/terms/title") in sources for iri in site.vocabulary.citations)
    gaps = of_site.pages["gaps.html"].text
    for guideline in site.knowledge.guidelines:
        assert all(gap.text in gaps and gap.reason in gaps for gap in guideline.gaps)
    rows = [row for name, text in site.knowledge.tables.items() for row in read_table(name, text).rows]
    assert rows
    tables = [t for t in of_site.pages["mappings.html"].every("table") if "rows." in next(t.every("caption")).text]
    assert sum(len(rows_of(t)) for t in tables) == len(rows)


def test_classes_say_what_they_are_made_of_and_where_they_are_used(site: Site, of_site: Written) -> None:
    shown = {own.attributes["id"]: own for own in of_site.pages["classes.html"].every("article")}
    assert len(shown) == len(site.vocabulary.classes) + len(site.vocabulary.value_classes)
    for iri in site.vocabulary.classes:
        own = shown[site.addresses.id_of(iri)]
        assert site.definition(iri) in own.text
        assert site.axiom(iri)[0] in own.text
        for recommendation in site.by_class.get(iri, []):
            assert f"[{recommendation.id}]" in own.text


def test_guideline_shows_scope_order_and_all_recommendations(site: Site, of_site: Written) -> None:
    for guideline in site.knowledge.guidelines:
        shown = of_site.pages[f"guideline-{guideline.id}.html"]
        assert guideline.sha256 in shown.text
        assert site.definition(guideline.scope.iri) in shown.text
        assert len(rows_of(table(shown, "All "))) == len(guideline.recommendations)
        listed = " ".join(part.text for part in section(shown, "order"))
        assert all(f"[{own.id}]" in listed for own in guideline.recommendations)


def test_proofs_show_their_number_and_every_reason(of_site: Written) -> None:
    shown = of_site.pages["proofs.html"]
    counts = [int(cell) for row in rows_of(table(shown, "What was looked for")) for cell in row[2:]]
    total = next(p.text for p in shown.every("p") if "proofs." in p.text)
    assert f"{sum(counts)} proofs" in total
    assert sum(counts) > 20


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A guideline whose texts try to be markup, and whose ids try to be paths."""
    folder = tmp_path_factory.mktemp("strange") / "knowledge"
    shutil.copytree(STATIN / "ontology", folder / "ontology")
    shutil.copytree(STATIN / "shapes", folder / "shapes")
    for path in (folder / "ontology").rglob("*.ttl"):
        text = path.read_text(encoding="utf-8")
        text = text.replace('skos:notation "uspstf-statin-b"', 'skos:notation "../../evil b"')
        text = text.replace('skos:notation "uspstf-statin-c"', 'skos:notation "..-..-EVIL-B"')
        text = text.replace('rdfs:label "', "rdfs:label \"<script>alert(1)</script> & 'x' ")
        text = text.replace('gr:statement "', 'gr:statement "<img src=x onerror=alert(1)> ')
        path.write_text(text, encoding="utf-8")
    return folder


def test_texts_of_the_knowledge_are_never_markup(strange: Path) -> None:
    for name, text in pages(load_knowledge(strange)).items():
        tree = page(text)
        assert not list(tree.every("script", "img")), name
        if name.startswith("recommendation"):
            assert "<img src=x onerror=alert(1)>" in tree.text


def test_ids_never_become_paths_and_each_keeps_a_page_of_its_own(strange: Path) -> None:
    names = sorted(name for name in pages(load_knowledge(strange)) if name.startswith("recommendation"))
    assert len(names) == 2
    assert len({name.lower() for name in names}) == 2
    assert all("/" not in name and ".." not in name for name in names)


def test_history_is_shown_where_there_is_one(strange: Path, shipped: Written) -> None:
    assert "changelog.html" not in pages(load_knowledge(strange))
    (strange / "CHANGELOG.md").write_text("# Changes\n\n- one <b>\n  goes on\n- `two` **three**\n", encoding="utf-8")
    shown = pages(load_knowledge(strange))["changelog.html"]
    assert "<li>one &lt;b&gt; goes on</li><li><code>two</code> <strong>three</strong></li>" in shown
    assert "History" in shipped.pages["index.html"].text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## A\ntext\nmore", "<h3>A</h3>\n<p>text more</p>"),
        ("[x](https://a.b/?c&d) [y](javascript:z)",
         '<p><a href="https://a.b/?c&amp;d" rel="noreferrer">x</a> [y](javascript:z)</p>'),
        ("lead\n- a\n- b", "<p>lead</p>\n<ul><li>a</li><li>b</li></ul>"),
        ("", ""),
    ],
)  # fmt: skip
def test_little_markdown(text: str, expected: str) -> None:
    assert html(text) == expected


def test_counts_of_one_are_said_as_one(statin: Written) -> None:
    lead = statin.pages["index.html"].text
    assert "recommendations, " in lead
    assert not re.search(r"\b1 (recommendations|findings|named classes|effect estimates|source documents)", lead)


def test_alarms_are_told_by_kind_and_counted_for_the_reader(tmp_path: Path) -> None:
    forbidden = (
        Tiny()
        .but(
            class_("Forbidden", has("fever", "no")) + 'gr:safe a gr:SafetyProperty ; rdfs:label "not then" ;'
            " gr:when gr:Forbidden ; gr:forbids iv:watch .\n"
        )
        .write(tmp_path / "broken")
    )
    written = write(tmp_path / "pages", "--knowledge", str(forbidden))
    page = written.pages["proofs.html"]
    alarms = [h.text for h in page.every("h3") if h.text.endswith("(tiny guideline: failed)")]
    assert alarms and f"{len(alarms)} alarm" in written.out and "proofs.html" in written.out
    assert any(heading.startswith("Contraindication leak ") for heading in alarms)


@pytest.mark.parametrize(
    ("text", "said"),
    [("eGFR at least 45", "eGFR at least 45"), ("heel pain", "Heel pain"), ("mL a day", "mL a day"), ("", ""),
     ("HbA1c above 7", "HbA1c above 7"), ("1 alarm", "1 alarm"), ("x-ray", "X-ray")],
)  # fmt: skip
def test_a_word_with_capitals_of_its_own_is_not_changed(text: str, said: str) -> None:
    assert capital(text) == said
