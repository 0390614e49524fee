"""The page of the proofs: what was asked of every possible patient, what is known, and what is declared as safe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from reasoner.errors import EngineError
from reasoner.graph import GR
from reasoner.knowledge import Knowledge

from .markdown import inline
from .site import Site

if TYPE_CHECKING:
    from reasoner.prove.run import Proof

Context = dict[str, Any]

PROVED, KNOWN = "proved", "known"


def proofs_of(knowledge: Knowledge) -> Sequence[Proof] | EngineError:
    """Every proof, or why none could be made: the solver is an extra."""
    from reasoner.prove.run import proofs

    try:
        return proofs(knowledge)
    except EngineError as error:
        return error


def proofs_page(found: Sequence[Proof], site: Site) -> Context:
    """What the template shows of the proofs."""
    counts = Counter((proof.obligation.kind, _standing(proof)) for proof in found)
    kinds = sorted({kind for kind, _ in counts}, key=lambda kind: site.words.label("proof", kind))
    return {
        "total": len(found),
        "kinds": [
            {
                "label": site.words.label("proof", kind),
                "definition": site.words.definition("proof", kind),
                **{standing: counts[kind, standing] for standing in (PROVED, KNOWN, "alarm")},
            }
            for kind in kinds
        ],
        "alarms": [_shown(proof, site) for proof in found if _standing(proof) == "alarm"],
        "known": _known(found, site),
        "properties": [_declared(iri, site) for iri in site.graph.instances(GR + "SafetyProperty")],
        "demands": [_declared(iri, site) for iri in site.graph.instances(GR + "Demand")],
    }


def _standing(proof: Proof) -> str:
    return "alarm" if proof.is_alarm else proof.status


def _known(found: Sequence[Proof], site: Site) -> list[Context]:
    """What is acknowledged, by acknowledgement: the reason once, then all that it excuses."""
    groups: dict[str, Context] = {}
    for proof in found:
        if proof.status != KNOWN:
            continue
        for own in proof.acknowledged:
            group = groups.setdefault(own.iri, {"label": own.label, "reason": own.reason, "source": own.source,
                                                "kind": site.words.label("proof", own.kind), "proofs": []})  # fmt: skip
            group["proofs"].append(_shown(proof, site))
    return sorted(groups.values(), key=lambda group: (group["kind"], group["label"]))


def _shown(proof: Proof, site: Site) -> Context:
    witness = proof.witness
    said = [] if witness is None else [site.words.said(name, value) for name, value in sorted(witness.findings.items())]
    return {
        "guideline": site.words.guidelines[proof.obligation.guideline].label,
        "kind": site.words.label("proof", proof.obligation.kind),
        "says": inline(proof.obligation.says),
        "fix": proof.obligation.fix,
        "status": proof.status,
        "witness": said,
        "turtle": "" if witness is None else witness.turtle,
    }


def _declared(iri: str, site: Site) -> Context:
    def links(name: str) -> list[Markup]:
        return sorted(site.link(node) for node in site.graph.nodes(iri, GR + name))

    guideline = site.graph.node(iri, GR + "partOfGuideline")
    return {
        "anchor": site.addresses.anchor(iri.removeprefix(GR)),
        "label": site.vocabulary.label(iri),
        "definition": site.definition(iri),
        "when": links("when"),
        "never": links("forbids"),
        "never_first": links("forbidsFirst"),
        "some": links("demands"),
        "some_first": links("demandsFirst"),
        "guideline": site.link(guideline) if guideline else "all",
        "source": site.text(iri, GR + "sourceText"),
        "sources": site.sources_of(iri),
        "place": site.places.of(iri),
    }
