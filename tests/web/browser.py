"""A real browser on a real server: every page is watched for requests that leave the machine and for script errors."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "build" / "pictures"
"""Where the screenshots of the main states are left, to be looked at."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Tab:
    """One page of the browser, with what went wrong on it."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._request)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._said)
        self._expected: set[str] = set()

    def _request(self, request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and f"{address.scheme}://{address.netloc}" != self.url:
            self.outside.append(request.url)

    def _said(self, said: Any) -> None:
        if said.type == "error" and not any(f"status of {own}" in said.text for own in self._expected):
            self.errors.append(said.text)

    def expect_status(self, status: int) -> None:
        """From here on a browser's complaint about this status is no error."""
        self._expected.add(str(status))

    def open(self, path: str = "/") -> Any:
        self.page.goto(self.url + path)
        return self.page

    def picture(self, name: str) -> None:
        """Leave a screenshot of the whole page."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    def violations(self, *only: str) -> list[str]:
        """What axe-core finds, by all of its rules or only by some, each with its first place."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        wanted = {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": _RULES}
        found = self.page.evaluate("runOnly => axe.run(document, { runOnly })", wanted)["violations"]
        return [f"{own['id']}: {own['nodes'][0]['html'][:200]}" for own in found]

    def focused(self) -> str:
        """What has the focus, by its name to a screen reader as far as its text tells."""
        return str(self.page.evaluate(
            "() => { const own = document.activeElement;"
            " return own.getAttribute('aria-label') || own.innerText || own.name || own.tagName }"
        )).strip()  # fmt: skip

    def tab_to(self, text: str, most: int = 200) -> None:
        """Press Tab until something whose name begins so has the focus."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.focused().startswith(text):
                return
        raise AssertionError(f"{text!r} cannot be reached by Tab")

    def choose(self, field: str, value: str, most: int = 200) -> None:
        """Press Tab until a choice of that field has the focus, then the arrows until it is the value."""
        of = "() => [document.activeElement.name ?? '', document.activeElement.value ?? '']"
        for _ in range(most):
            self.page.keyboard.press("Tab")
            name, _ = self.page.evaluate(of)
            if name.endswith(f".{field}"):
                break
        for _ in range(20):
            if self.page.evaluate(of)[1] == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{field} cannot be set to {value} by keyboard")

    def write(self, query: str) -> None:
        """Replace what the editor holds, as by pasting."""
        self.page.locator(".cm-content").focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(query)

    def choose_first_answer(self) -> None:
        """Press Tab until the first question has the focus, then take its first answer."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("() => (document.activeElement.name ?? '').startsWith('told.')"):
                self.page.keyboard.press("Space")
                return
        raise AssertionError("no question can be reached by Tab")


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """The browser of this machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as own:
        browser = own.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else [], chromium_sandbox=False
        )
        try:
            yield browser
        finally:
            browser.close()
