"""Where each thing of the knowledge is shown: file names and anchors, all beside each other in one folder."""

from __future__ import annotations

import re

from reasoner.knowledge import Knowledge

from .vocabulary import Vocabulary

_ODD = re.compile(r"[^A-Za-z0-9_-]+")


class Names:
    """Turns ids into names that are safe in a file system and in an address, each id its own."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def __call__(self, id_: str) -> str:
        """The name of an id; file systems may not tell capital letters, so neither do names."""
        name = self._names.get(id_)
        if name is None:
            plain = name = _ODD.sub("-", id_).strip("-") or "unnamed"
            number = 2
            while name.lower() in self._taken:
                name = f"{plain}-{number}"
                number += 1
            self._taken.add(name.lower())
            self._names[id_] = name
        return name


class Addresses:
    """Links to everything that has a page or a place on one, by IRI or id."""

    def __init__(self, knowledge: Knowledge, vocabulary: Vocabulary) -> None:
        self._files, self._anchors = Names(), Names()
        self._known: dict[str, str] = {}
        for guideline in knowledge.guidelines:
            page = f"{self._files('guideline-' + guideline.id)}.html"
            self._known[guideline.iri] = page
            for gap in guideline.gaps:
                self._known[f"gap {guideline.id} {gap.id}"] = f"gaps.html#{self.anchor(f'{guideline.id}-{gap.id}')}"
        for guideline in knowledge.guidelines:
            for own in guideline.recommendations:
                self._known[own.iri] = f"{self._files('recommendation-' + own.id)}.html"
        for finding in knowledge.model.findings.values():
            self._place("findings.html", "finding-" + finding.notation, finding.iri)
            for value in finding.values:
                self._known[value.iri] = self._known[finding.iri]
        for page, iris in vocabulary.shown.items():
            for iri in iris:
                self._place(page, vocabulary.local(iri), iri)

    def _place(self, page: str, name: str, iri: str) -> None:
        self._known[iri] = f"{page}#{self.anchor(name)}"

    def anchor(self, id_: str) -> str:
        """The anchor of an id."""
        return self._anchors(id_)

    def of(self, iri: str) -> str | None:
        """The address of a term, None where no page shows it."""
        return self._known.get(iri)

    def gap(self, guideline: str, id_: str) -> str:
        """The address of a declared gap."""
        return self._known[f"gap {guideline} {id_}"]

    def id_of(self, iri: str) -> str:
        """The anchor of a term on the page that shows it."""
        return self._known[iri].partition("#")[2]
