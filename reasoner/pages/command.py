"""``guideline docs DIR``: the knowledge as static pages that link to each other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from reasoner.answer import NOTICE
from reasoner.blocks import capital
from reasoner.edges import DONE
from reasoner.errors import ReasonerError
from reasoner.knowledge import Knowledge
from reasoner.words import counted

from . import folder as target_folder
from .guideline import guideline
from .mapping import mappings
from .markdown import html
from .proofs import proofs_of, proofs_page
from .provenance import changelog, evidence, gaps, sources
from .recommendation import recommendation
from .render import Page, Renderer
from .site import Site
from .terms import classes, findings, interventions
from .vocabulary import CLASSES, EVIDENCE, INTERVENTIONS, SOURCES

if TYPE_CHECKING:
    from reasoner.prove.run import Proof

PROOFS = "proofs.html"


def docs(knowledge: Knowledge, folder: Path, target: BinaryIO) -> int:
    """Write all pages into the folder and say what was written.

    Raises UsageError where the folder holds other things than earlier pages.
    """
    # Whether the folder may be written to comes first: the proofs take their time.
    target_folder.prepare(folder)
    _tell("proving over every possible patient")
    proofs = proofs_of(knowledge)
    written = pages(knowledge, () if isinstance(proofs, ReasonerError) else proofs)
    target_folder.write(folder, written, _progress)
    lines = [f"{len(written)} pages written, begin with {folder / 'index.html'}"]
    lines += [f"  {g.label} {g.version}, sha256 {g.sha256[:16]}" for g in knowledge.guidelines]
    if isinstance(proofs, ReasonerError):
        lines.append(f"Without a page of the proofs: {proofs}")
    elif alarms := sum(proof.is_alarm for proof in proofs):
        lines.append(f"{counted(alarms, 'alarm')} among the proofs, see {folder / 'proofs.html'}")
    target.write("\n".join([*lines, NOTICE, ""]).encode())
    return DONE


def pages(knowledge: Knowledge, proofs: Sequence[Proof] = (), home: str | None = None) -> dict[str, str]:
    """The text of every page by file name; the same knowledge gives the same text.

    Without ``proofs`` there is no page of them. ``home`` is the address of a server that assesses patients: the pages
    then lead to it, and witnesses can be sent there.
    """
    book = Book(knowledge, (lambda: proofs) if proofs else None, home)
    return {file: book.text(file) for file in book.files}


class Book:
    """The pages of some knowledge, each made when it is asked for.

    ``proofs`` makes the proofs; None where there is to be no page of them. ``script`` is the address of a script that
    every page loads, none by default.
    """

    def __init__(
        self, knowledge: Knowledge, proofs: Callable[[], Sequence[Proof]] | None, home: str | None = None,
        script: str | None = None,
    ) -> None:  # fmt: skip
        site = Site(knowledge)
        self.files = {page.file: page for page in _pages(site, proofs)}
        self._renderer = Renderer(site, list(self.files.values()), home, script)

    def text(self, file: str) -> str:
        """One page, whose name is in ``files``."""
        return self._renderer.render(self.files[file])


def _pages(site: Site, proofs: Callable[[], Sequence[Proof]] | None) -> Iterator[Page]:
    knowledge = site.knowledge
    yield Page("index.html", "index", "Overview", lambda: {"counts": _counts(site)}, True)
    for own in knowledge.guidelines:
        yield Page(_file(site, own.iri), "guideline", capital(own.label), partial(guideline, own, site), True)
        for one in own.recommendations:
            title = f"{capital(one.static['label'] or one.id)} [{one.id}]"
            yield Page(_file(site, one.iri), "recommendation", title, partial(recommendation, one, own, site))
    yield Page(EVIDENCE, "evidence", "Evidence", partial(evidence, site), True)
    yield Page("findings.html", "findings", "Findings", partial(findings, site), True)
    yield Page(CLASSES, "classes", "Named classes", partial(classes, site), True)
    yield Page(INTERVENTIONS, "interventions", "Interventions", partial(interventions, site), True)
    yield Page("mappings.html", "mappings", "Code mappings", partial(mappings, site), True)
    yield Page("gaps.html", "gaps", "Known gaps", partial(gaps, site), True)
    if proofs is not None:
        yield Page(PROOFS, "proofs", "Proofs", lambda: proofs_page(proofs(), site), True)
    yield Page(SOURCES, "sources", "Sources", partial(sources, site), True)
    history = changelog(knowledge.folder)
    if history is not None:
        yield Page("changelog.html", "changelog", "History", lambda: {"body": html(history)}, True)


def _file(site: Site, iri: str) -> str:
    return str(site.addresses.of(iri))


def _counts(site: Site) -> dict[str, Any]:
    return {
        "recommendations": len(site.words.recommendations),
        "findings": len(site.model.findings),
        "classes": len(site.vocabulary.classes),
        "estimates": len(site.vocabulary.shown[EVIDENCE]),
        "documents": len(site.vocabulary.citations),
    }


def _progress(done: int, of: int) -> None:
    _tell(f"{done}/{of} pages" if done < of else "")


def _tell(text: str) -> None:
    """One line that each next one replaces, for those who wait at a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
