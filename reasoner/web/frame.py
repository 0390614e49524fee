"""What all pages share: templates, style sheet and scripts, headers, version, sources and notice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from reasoner import __version__
from reasoner.answer import NOTICE
from reasoner.assess import Reasoner
from reasoner.blocks import capital
from reasoner.html import environment
from reasoner.serve.refusal import Refusal
from reasoner.words import counted

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
          "json": "application/json", "svg": "image/svg+xml", "txt": "text/plain; charset=utf-8"}  # fmt: skip
_POLICY = (
    "default-src 'none'; style-src 'self'{nonce}; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGES = (
    ("/", "Assess"),
    ("/guideline/", "Guideline"),
    ("/sparql", "SPARQL"),
    ("/cohort", "Cohort report"),
    ("/about", "About"),
)


class Frame:
    """Lays pages out. Assets are named by their content, so that a browser may keep them for ever."""

    def __init__(self, reasoner: Reasoner, run: int = 0) -> None:
        """``run`` is the state of the files under ``--watch`` that is served, 0 without it."""
        self.templates = environment()
        self._assets: dict[str, tuple[bytes, str]] = {}
        self.templates.globals.update(
            capital=capital,
            counted=counted,
            notice=NOTICE,
            version=__version__,
            guidelines=reasoner.knowledge.guidelines,
            pages=PAGES,
            asset=self._asset,
        )
        folder = files("reasoner.web") / "static"
        self._named: dict[str, str] = {}
        for file in sorted(folder.iterdir(), key=lambda own: own.name):
            kind = file.name.rpartition(".")[2]
            if kind in _TYPES:
                self.add(file.name, file.read_bytes())
        self.watching = f"{self._named['watch.js']}?run={run}" if run else None
        """The script that reloads a page when the knowledge changed; None where nobody watches."""
        self.templates.globals["watching"] = self.watching

    def add(self, name: str, data: bytes) -> str:
        """Serve some bytes as an asset; returns its path."""
        stem, _, kind = name.rpartition(".")
        named = f"{stem}-{hashlib.sha256(data).hexdigest()[:12]}.{kind}"
        self._named[name] = f"/static/{named}"
        self._assets[named] = (data, _TYPES[kind])
        return self._named[name]

    def _asset(self, name: str) -> str:
        return self._named[name]

    def page(self, template: str, title: str, status: int = 200, nonce: str = "", **shown: Any) -> HTMLResponse:
        """One page; a style sheet that a script makes is taken only with the ``nonce``."""
        text = self.templates.get_template(f"web/{template}.html").render(title=title, nonce=nonce, **shown)
        policy = _POLICY.format(nonce=f" 'nonce-{nonce}'" if nonce else "")
        # Without a referrer a browser would not name the origin of a form either, and we would refuse it.
        return HTMLResponse(text, status, headers={"content-security-policy": policy, "referrer-policy": "same-origin"})

    def routes(self) -> list[BaseRoute]:
        """Where the assets are."""
        return [Route("/static/{name}", self._static, methods=["GET"])]

    async def _static(self, request: Request) -> Response:
        found = self._assets.get(request.path_params["name"])
        if found is None:
            raise Refusal(404, "there is no such file", "load the page anew")
        data, kind = found
        kept: Mapping[str, str] = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(data, media_type=kind, headers=dict(kept))
