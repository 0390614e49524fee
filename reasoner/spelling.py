"""The term that a misspelt name was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_ALIKE, _ALIKE_SHORT, _SHORT = 0.75, 0.6, 5


def parted(iri: str) -> tuple[str, str]:
    """The namespace and the local name of an IRI."""
    at = max(iri.rfind("/"), iri.rfind("#")) + 1
    return iri[:at], iri[at:]


def near(local: str, names: Iterable[str]) -> str | None:
    """The name nearest to a misspelt one; letters exchanged come before letters replaced.

    A name that only lacks the beginning of the other, such as "un", may say its opposite: neither is taken for it.
    """
    apart = [name for name in names if not name.endswith(local) and not local.endswith(name)]
    found = get_close_matches(local, apart, 9, _ALIKE_SHORT if len(local) < _SHORT else _ALIKE)
    found.sort(key=lambda name: sorted(name) != sorted(local))
    return found[0] if found else None


def nearest(iri: str, known: Iterable[str]) -> str | None:
    """The term that an IRI misspells: in its own namespace, else of its name where the namespace is misspelt."""
    base, local = parted(iri)
    terms = sorted(known)
    own = {parted(term)[1]: term for term in terms if parted(term)[0] == base}
    if found := near(local, own):
        return own[found]
    root, home = parted(base[:-1])
    same = {parted(term)[0]: term for term in terms if parted(term)[1] == local}
    homes = {parted(other[:-1])[1]: term for other, term in same.items() if parted(other[:-1])[0] == root}
    if found := near(home, homes):
        return homes[found]
    return None
