"""An IRI once released may be deprecated, never removed.

``released-terms.txt`` lists them all. After adding terms run ``python -m knowledge.test_released_terms`` in tests/,
which adds lines to the file and takes none away.
"""

from __future__ import annotations

from pathlib import Path

from rdflib import URIRef

from .ontology import GR, documents, terms

RELEASED = Path(__file__).parent / "released-terms.txt"
REGENERATE = "run `cd tests && python -m knowledge.test_released_terms`"


def released() -> list[str]:
    return RELEASED.read_text(encoding="utf-8").splitlines()


def declared() -> set[str]:
    """Our terms and documents, without the namespace."""
    nodes = {*terms(), *(node for node in documents() if isinstance(node, URIRef))}
    return {str(node).removeprefix(GR) for node in nodes}


def test_no_released_term_is_lost() -> None:
    lost = sorted(set(released()) - declared())
    assert not lost, "bring it back with `owl:deprecated true` and dcterms:isReplacedBy, a label and a definition"


def test_every_term_is_listed() -> None:
    new = sorted(declared() - set(released()))
    assert not new, REGENERATE


def test_list_is_sorted_and_without_doubles() -> None:
    assert released() == sorted(set(released()))


if __name__ == "__main__":
    known = set(released()) if RELEASED.exists() else set()
    RELEASED.write_text("".join(f"{term}\n" for term in sorted(known | declared())), encoding="utf-8")
