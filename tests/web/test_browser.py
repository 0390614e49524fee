"""What a person does, in a real browser: by keyboard alone, with a file, with mistakes, in the dark, on a phone."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serve.running import EXAMPLES, Server, running

import reasoner
from reasoner.answer import NOTICE

from .browser import AXE, CHROMIUM, ROOT, Tab, chromium

pytest.importorskip("playwright", reason="playwright is not installed")
if CHROMIUM is None:
    pytest.skip("no Chromium is installed", allow_module_level=True)

PATIENT = EXAMPLES / "neuropathic-forefoot-ulcer.json"
GRAPH = "CONSTRUCT { ?a rdfs:subClassOf ?b } { ?a rdfs:subClassOf ?b FILTER(isIRI(?b)) } LIMIT 12"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--data", str(EXAMPLES / "several-patients.ndjson")) as own:
        yield own


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as own:
        yield own


@pytest.fixture
def tab(server: Server, browser: Any) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    own = Tab(context.new_page(), server.url)
    yield own
    context.close()
    assert own.outside == [], "a request left the machine"
    assert own.errors == []


def upload(tab: Tab, patient: Path = PATIENT) -> Any:
    page = tab.open()
    page.set_input_files("#file", str(patient))
    page.get_by_role("button", name="Assess the file").click()
    page.wait_for_selector("article.subject")
    return page


# Assess


def test_whole_way_by_keyboard_alone(tab: Tab) -> None:
    page = tab.open()
    page.keyboard.press("Tab")
    assert tab.focused() == "Skip to the content"
    page.keyboard.press("Enter")
    for field, value in (("diabetes", "present"), ("neuropathy", "present"), ("ulcer", "present")):
        tab.choose(field, value)
    tab.tab_to("Assess")
    page.keyboard.press("Enter")
    page.wait_for_selector("article.subject")
    assert "ulcer present" in page.locator("article.subject h2").inner_text()
    tab.choose_first_answer()
    tab.tab_to("Answer")
    page.keyboard.press("Enter")
    page.wait_for_selector(".told")
    assert page.evaluate("() => document.activeElement.tagName") == "H3", "the focus stays where the answer was given"
    tab.tab_to("Every recommendation")
    page.keyboard.press("Enter")
    tab.tab_to("Why: ")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert page.evaluate("() => document.querySelector('dialog').scrollTop") == 0, "it is read from its beginning"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert tab.focused().startswith("Why: ")


def test_an_uploaded_bundle_gets_the_verdicts_of_assess(tab: Tab) -> None:
    page = upload(tab)
    tab.picture("answer")
    rows = page.locator("tbody tr:has(button[name=about])")
    shown = {}
    for place in range(rows.count()):
        id_ = rows.nth(place).locator("button").get_attribute("value").split(" ", 1)[1]
        shown[id_] = rows.nth(place).get_attribute("class")
    answer = reasoner.load().assess(PATIENT).to_dict()
    assert shown == {
        row["id"]: row["verdict"] for g in answer["subjects"][0]["guidelines"] if g["scope"] != "out-of-scope"
        for row in g["recommendations"]
    }  # fmt: skip
    assert page.url == f"{tab.url}/assess", "nothing of the patient is in the URL"
    assert NOTICE in page.locator("footer").inner_text()


def test_a_file_that_cannot_be_read_is_told_and_the_form_is_there(tab: Tab, tmp_path: Path) -> None:
    page = tab.open()
    broken = tmp_path / "broken.json"
    broken.write_text('{"resourceType": "Bundle", "entry": [')
    page.set_input_files("#file", str(broken))
    tab.expect_status(422)
    page.get_by_role("button", name="Assess the file").click()
    page.wait_for_selector("#summary")
    assert "JSON" in page.locator("#summary").inner_text()
    assert page.locator("form#patient").count() == 1


def test_a_wrong_number_is_told_at_its_field_and_what_was_entered_stays(tab: Tab) -> None:
    page = tab.open()
    page.locator('[name="foot-1.toe-pressure"]').fill("3000")
    page.locator('[name="lesion-1.ulcer"][value=present]').check()
    tab.expect_status(422)
    page.get_by_role("button", name="Assess", exact=True).last.click()
    page.wait_for_selector("#summary")
    tab.picture("form-with-a-mistake")
    field = page.locator('[name="foot-1.toe-pressure"]')
    assert field.get_attribute("aria-invalid") == "true"
    told = field.get_attribute("aria-describedby").split()[-1]
    assert "0 to 300 mmHg" in page.locator(f'[id="{told}"]').inner_text()
    assert field.input_value() == "3000"
    assert page.locator('[name="lesion-1.ulcer"][value=present]').is_checked()


def test_findings_that_cannot_be_together_are_told_at_their_fields(tab: Tab) -> None:
    page = tab.open()
    page.locator('[name="lesion-1.erythema-extent"]').fill("2")
    page.locator('[name="lesion-1.local-infection-signs"]').fill("0")
    tab.expect_status(422)
    page.get_by_role("button", name="Assess", exact=True).last.click()
    page.wait_for_selector("#summary")
    assert "erythema" in page.locator("#summary").inner_text().lower()
    page.get_by_role("button", name="Show the answer all the same").click()
    page.wait_for_selector("article.subject")


def test_a_second_lesion_is_added_and_removed(tab: Tab) -> None:
    page = tab.open()
    page.locator('[name="lesion-1.ulcer"][value=present]').check()
    page.get_by_role("button", name="Add another lesion").click()
    page.wait_for_selector("#lesion-2")
    assert page.locator('[name="lesion-1.ulcer"][value=present]').is_checked()
    page.get_by_role("button", name="Remove lesion 2").click()
    page.wait_for_selector("#lesion-2", state="detached")


def test_questions_are_answered_in_place_until_none_is_left(tab: Tab) -> None:
    page = upload(tab)
    asked = 0
    while page.locator(".questions li").count():
        assert asked < 20
        before = page.locator(".told").count()
        question = page.locator(".questions li").first
        if question.locator("input[type=radio]").count():
            question.locator("input[type=radio]").first.check()
        else:
            question.locator("input").first.fill("1")
        page.get_by_role("button", name="Answer", exact=True).last.click()
        page.wait_for_function("before => document.querySelectorAll('.told').length > before", arg=before)
        asked += 1
    assert asked
    assert "Nothing is left to ask" in page.locator(".ask").inner_text()


def test_findings_can_be_changed_from_the_answer(tab: Tab) -> None:
    page = tab.open()
    page.locator('[name="lesion-1.ulcer"][value=present]').check()
    page.get_by_role("button", name="Assess", exact=True).last.click()
    page.wait_for_selector("article.subject")
    page.get_by_role("button", name="Change the findings").click()
    page.wait_for_selector("form#patient")
    assert page.locator('[name="lesion-1.ulcer"][value=present]').is_checked()


@pytest.mark.parametrize(("name", "ending"), [("JSON", ".json"), ("Turtle", ".ttl"), ("FHIR", ".fhir.json")])
def test_the_answer_is_downloaded(tab: Tab, name: str, ending: str) -> None:
    page = upload(tab)
    with page.expect_download() as coming:
        page.get_by_role("button", name=f"Download {name}").click()
    assert coming.value.suggested_filename.endswith(ending)
    data = Path(coming.value.path()).read_bytes()
    if ending.endswith("json"):
        assert json.loads(data)
    else:
        assert reasoner.load().assess(PATIENT).to_graph().isomorphic is not None and b"prov:" in data


def test_everything_works_without_scripts(server: Server, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    own = Tab(context.new_page(), server.url)
    page = upload(own)
    page.locator("button[name=about]").first.click()
    assert page.locator("h1").inner_text() == "Why"
    page.get_by_role("button", name="Back to the answer").click()
    page.locator(".questions input[type=radio]").first.check()
    page.get_by_role("button", name="Answer", exact=True).last.click()
    assert page.locator(".told").count() == 1
    assert own.outside == []
    context.close()


# SPARQL


def test_a_query_gets_a_table_that_sorts_and_an_error_its_line(tab: Tab) -> None:
    page = tab.open("/sparql")
    page.wait_for_selector(".cm-editor")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_selector("#result table")
    tab.picture("sparql")
    heading = page.locator("#result th button").first
    heading.click()
    column = [cell.strip().lower() for cell in page.locator("#result tbody td:first-child").all_inner_texts()]
    assert column == sorted(column)
    assert page.locator("#result th").first.get_attribute("aria-sort") == "ascending"
    tab.write("SELECT ?a WHERE {\n  ?a a ??? }")
    tab.expect_status(400)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_selector("[role=alert]")
    assert "query:2:" in page.locator("[role=alert]").inner_text()
    assert page.locator(".cm-line").nth(1).get_attribute("class").split()[-1] == "cm-wrong"


def test_a_number_column_gets_bars_and_a_construct_a_graph(tab: Tab) -> None:
    page = tab.open("/sparql")
    page.wait_for_selector(".cm-editor")
    tab.write(
        "SELECT ?guideline (COUNT(?r) AS ?recommendations) { ?r gr:partOfGuideline ?guideline } GROUP BY ?guideline"
    )
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#result rect.bar")
    tab.write(GRAPH)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#result rect.node")
    tab.picture("sparql-graph")


def test_terms_are_completed_by_label_and_tab_leads_out(tab: Tab) -> None:
    page = tab.open("/sparql")
    page.wait_for_selector(".cm-editor")
    tab.write("")
    page.locator(".cm-content").press_sequentially("SELECT * { ?lesion toe")
    page.wait_for_selector(".cm-tooltip-autocomplete")
    assert "gr:toePressure" in page.locator(".cm-tooltip-autocomplete").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert tab.focused() == "Ask"


# The guideline


def test_a_witness_of_the_proofs_opens_in_assess(tab: Tab) -> None:
    page = tab.open("/guideline/")
    page.get_by_role("link", name="Proofs").first.click()
    page.locator("details:has(form) summary").first.click()
    page.locator("details[open] button").first.click()
    page.wait_for_selector("article.subject")


# Every state, by the rules of accessibility, light, dark and narrow


def _ask(tab: Tab, query: str, result: str) -> None:
    tab.open("/sparql").wait_for_selector(".cm-editor")
    tab.write(query)
    tab.page.keyboard.press("Control+Enter")
    tab.page.wait_for_selector(result)


def _mistaken(tab: Tab) -> None:
    page = tab.open()
    page.locator('[name="foot-1.toe-pressure"]').fill("900")
    page.get_by_role("button", name="Assess", exact=True).last.click()
    page.wait_for_selector("#summary")


def _why(tab: Tab) -> None:
    upload(tab).locator("button[name=about]").first.click()
    tab.page.wait_for_selector("dialog[open]")


def _unfolded(tab: Tab) -> None:
    upload(tab, EXAMPLES / "two-feet.json").evaluate(
        "() => document.querySelectorAll('article:first-of-type details').forEach((own) => { own.open = true })"
    )


def _proofs(tab: Tab) -> None:
    # Some of the patients that are shown: all of them take axe a long time, and are alike.
    tab.open("/guideline/proofs.html").evaluate(
        "() => [...document.querySelectorAll('details')].slice(0, 3).forEach((own) => { own.open = true })"
    )


def _report(folder: Path) -> Path:
    """The report of the example, as ``guideline cohort`` writes it."""
    out, table = folder / "verdicts.parquet", EXAMPLES / "cohort" / "findings.csv"
    command = [sys.executable, "-m", "reasoner.cli", "cohort", str(table), "--output", str(out)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return Path(f"{out}.report.json")


def _show_report(tab: Tab) -> None:
    pytest.importorskip("polars", reason="the extra `cohort` is not installed")
    page = tab.open("/cohort")
    with tempfile.TemporaryDirectory() as folder:
        page.set_input_files("#report", str(_report(Path(folder))))
        page.get_by_role("button", name="Show").click()
        page.wait_for_selector("#eligibility")


STATES: dict[str, Callable[[Tab], Any]] = {
    "form": lambda tab: tab.open(),
    "form-with-a-mistake": _mistaken,
    "answer": _unfolded,
    "out-of-scope": lambda tab: upload(tab, EXAMPLES / "calcification-without-ulcer.ttl"),
    "why": _why,
    "sparql": lambda tab: _ask(tab, "SELECT * { ?s rdfs:subClassOf ?o } LIMIT 5", "#result table"),
    "sparql-error": lambda tab: _ask(tab, "SELECT ?a {\n ?a ??? }", "[role=alert]"),
    "sparql-graph": lambda tab: _ask(tab, GRAPH, "#result rect.node"),
    "guideline": lambda tab: tab.open("/guideline/"),
    "proofs": _proofs,
    "cohort": lambda tab: tab.open("/cohort"),
    "cohort-report": _show_report,
    "about": lambda tab: tab.open("/about"),
    "not-there": lambda tab: tab.open("/not-there"),
}


UNREACHABLE = """() => [...document.querySelectorAll("*")]
    .filter((own) => /auto|scroll/.test(getComputedStyle(own).overflowX) && own.scrollWidth > own.clientWidth + 1)
    .filter((own) => own.tabIndex < 0 || !(own.ariaLabel || own.hasAttribute("aria-labelledby")))
    .map((own) => own.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_light_and_dark_and_fits_a_narrow_screen(
    server: Server, browser: Any, state: str
) -> None:
    # axe is put into the page from outside, which the page's own policy would refuse.
    context = browser.new_context(viewport={"width": 1200, "height": 900}, bypass_csp=True)
    tab = Tab(context.new_page(), server.url)
    STATES[state](tab)
    tab.picture(f"{state}-light")
    assert not AXE.exists() or tab.violations() == []
    tab.page.emulate_media(color_scheme="dark")
    tab.picture(f"{state}-dark")
    # What the scheme changes is the colours.
    assert not AXE.exists() or tab.violations("color-contrast") == []
    tab.page.set_viewport_size({"width": 320, "height": 640})
    tab.picture(f"{state}-narrow")
    assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= 320
    assert tab.page.evaluate(UNREACHABLE) == [], "what scrolls sideways is reached by keyboard and has a name"
    assert not AXE.exists() or tab.violations("scrollable-region-focusable", "target-size") == []
    assert tab.outside == []
    context.close()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run `npm ci` in web/")
def test_axe_is_there_to_find_something(tab: Tab, browser: Any) -> None:
    context = browser.new_context(bypass_csp=True)
    own = Tab(context.new_page(), tab.url)
    own.open("/about").evaluate("() => document.querySelector('main').insertAdjacentHTML('beforeend', '<input>')")
    assert any("label" in found for found in own.violations())
    context.close()


def test_a_printed_answer_leaves_out_what_only_works_on_a_screen(tab: Tab) -> None:
    page = upload(tab)
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Download JSON").is_visible()
    assert page.locator("footer .notice").is_visible()
    for folded in ("#about section", "#s0-verdicts tbody tr"):
        assert page.locator(folded).first.is_visible(), "what is folded on a screen is on paper"
    assert page.locator(".ways details").nth(1).is_hidden(), "but pathways only as far as they are open"
    tab.picture("answer-printed")


def test_scripts_of_the_assess_page_stay_small() -> None:
    script = (ROOT / "reasoner" / "web" / "static" / "assess.js").read_bytes()
    assert len(gzip.compress(script)) < 30_000


# The report of a cohort


def test_a_report_opens_and_leads_back_and_another_file_is_told(tab: Tab) -> None:
    _show_report(tab)
    page = tab.page
    assert NOTICE in page.inner_text("body")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Cohort report").click()
    page.set_input_files("#report", str(PATIENT))
    tab.expect_status(422)
    page.get_by_role("button", name="Show").click()
    assert "no report of a cohort" in page.locator("[role=alert]").inner_text()
