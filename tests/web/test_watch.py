"""``guideline serve --watch``: a save is told to open pages, which bring themselves up to date."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serve.running import EXAMPLES, Server, refused, running

from reasoner.errors import UsageError
from reasoner.serve.command import check
from reasoner.serve.settings import Settings

from .browser import CHROMIUM, ROOT, Tab, chromium

CONDITIONS = "ontology/diabetic-foot/conditions.ttl"
RULE = ("owl:hasValue non-surgical-offloading:failed", "owl:hasValue non-surgical-offloading:ongoing")
WAIT = 60_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("ontology", "shapes", "queries"):
        shutil.copytree(ROOT / part, tmp_path / "knowledge" / part)
    return tmp_path / "knowledge"


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    pytest.importorskip("watchfiles", reason="the extra `author` is not installed")
    with running("--watch", "--knowledge", str(folder)) as own:
        yield own


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_a_save_is_told_with_its_flips_and_what_was_entered_stays(server: Server, folder: Path) -> None:
    pytest.importorskip("playwright", reason="playwright is not installed")
    file = folder / CONDITIONS
    before = file.read_text(encoding="utf-8")
    with chromium() as browser:
        context = browser.new_context()
        tabs = {name: Tab(context.new_page(), server.url) for name in ("form", "answer", "sparql", "guideline")}
        form = tabs["form"].open()
        form.locator('[name="lesion-1.ulcer"][value=present]').check()
        answer = tabs["answer"].open()
        answer.set_input_files("#file", str(EXAMPLES / "neuropathic-forefoot-ulcer.json"))
        answer.get_by_role("button", name="Assess the file").click()
        answer.wait_for_selector("article.subject")
        tabs["sparql"].open("/sparql")
        tabs["sparql"].write("ASK {}")
        tabs["guideline"].open("/guideline/")

        file.write_text(before.replace(*RULE, 1), encoding="utf-8")
        for own in tabs.values():
            _banner(own, "Flipped:")
            _banner(own, "-> ")
            assert CONDITIONS in own.page.locator("#watch").inner_text()
        assert form.locator('[name="lesion-1.ulcer"][value=present]').is_checked()
        assert answer.locator("article.subject").count() == 1
        assert "ASK {}" in tabs["sparql"].page.locator(".cm-content").inner_text(), "a query is not taken away"
        tabs["answer"].picture("watch")

        file.write_text(before[: len(before) // 2], encoding="utf-8")
        _banner(tabs["answer"], "cannot be decided on")
        assert tabs["answer"].open().locator("form#patient").count() == 1, "the last good state goes on answering"
        file.write_text(before, encoding="utf-8")
        _banner(tabs["answer"], ": sound.")
        tabs["answer"].page.get_by_role("button", name="Hide").click()
        tabs["answer"].page.reload()
        tabs["answer"].page.wait_for_load_state()
        assert tabs["answer"].page.locator("#watch").count() == 0
        for own in tabs.values():
            assert own.outside == [] and own.errors == []
    assert server.stop() == 0


def _banner(tab: Tab, text: str) -> None:
    """A page that comes up with the banner, and stays: no other comes after it."""
    tab.page.bring_to_front()
    tab.page.wait_for_function(
        "text => { const own = document.getElementById('watch')?.innerText ?? '';"
        " return own.includes(text) && !own.includes('Loading') }",
        arg=text, timeout=WAIT,
    )  # fmt: skip


def test_a_server_that_is_killed_leaves_no_process(server: Server) -> None:
    def below(pids: list[int]) -> list[int]:
        return [own for pid in pids for own in _children(pid)]

    first = server.children()
    started = first + below(first)
    assert len(started) >= 4
    server.process.kill()
    server.process.wait()
    assert _gone(started)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(own) for own in found.read_text().split()] if found.exists() else []


def _gone(pids: list[int]) -> bool:
    from serve.running import eventually

    return eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_knowledge_that_does_not_load_at_the_start_is_told(folder: Path) -> None:
    pytest.importorskip("watchfiles", reason="the extra `author` is not installed")
    (folder / CONDITIONS).write_text("<<<<", encoding="utf-8")
    code, said = refused("--port", "0", "--watch", "--knowledge", str(folder))
    assert code == 1
    assert "conditions.ttl" in said and "Traceback" not in said


def test_it_goes_with_one_worker_and_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="one worker"):
        check(Settings(watch=True, workers=2))
    found = importlib.util.find_spec

    def without(name: str, *rest: Any) -> Any:
        return None if name == "watchfiles" else found(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    with pytest.raises(UsageError, match="watchfiles"):
        check(Settings(watch=True))
