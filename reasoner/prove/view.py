"""Proofs in the words of the knowledge: labels, axioms, places; what text, HTML and JSON all show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reasoner.graph import GR, LABEL, TYPE
from reasoner.knowledge import Knowledge, shipped
from reasoner.manchester import Manchester
from reasoner.manchester import criterion as in_words
from reasoner.owl import short
from reasoner.places import Places
from reasoner.words import Words

from .declared import source_text
from .obligation import SOMEBODY, Claim
from .replay import Witness
from .run import FAILED, Proof

_CLASSES = ("eligibility", "when", "hasScope")
_ASSUMPTIONS = ("assumption", "assumption-against")


class View:
    """The wording of the proofs of one body of knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge, self.graph = knowledge, knowledge.graph
        self.words, self._manchester = Words(knowledge), Manchester(knowledge.graph)
        folder = knowledge.folder
        own = folder / "ontology" if (folder / "ontology").is_dir() else folder
        self._places = Places(knowledge.graph, (own, shipped() / "ontology"))

    def kind(self, notation: str) -> str:
        """The label of a kind of proof."""
        return self.words.label("proof", notation)

    def meaning(self, notation: str) -> str:
        """What a kind of proof finds."""
        return self.words.definition("proof", notation)

    def term(self, iri: str) -> str:
        """A term with its label."""
        label = self.graph.text(iri, LABEL)
        return f"`{short(iri)}`" + (f" ({label})" if label else "")

    def place(self, iri: str) -> str:
        """``file:line`` of a term."""
        return self._places.of(iri)

    def about(self, proof: Proof) -> list[str]:
        """The terms that a proof is about and that somebody described."""
        return [iri for iri in proof.obligation.about if iri in self.graph and TYPE in self.graph.predicates(iri)]

    def axioms(self, proof: Proof) -> list[tuple[str, str]]:
        """The definitions behind a proof in the words of the Manchester syntax, with their places."""
        found: dict[str, str] = {}
        for iri in self.about(proof):
            classes = [node for name in _CLASSES for node in self.graph.nodes(iri, GR + name)]
            for class_ in classes or [iri]:
                text = self._manchester.definition(class_)
                if " EquivalentTo: " in text:
                    found[text] = self.place(class_)
        return list(found.items())

    def excludes(self, proof: Proof) -> str:
        """Of what nobody meets: the parts that exclude one another."""
        parts = [in_words(part, self.knowledge.model, self.graph) for part in proof.core]
        return "" if not parts else "These exclude one another: " + "; ".join(parts) + "."

    def patient(self, witness: Witness) -> str:
        """The findings of a witness as a reader says them."""
        return "; ".join(self.words.said(name, value) for name, value in witness.findings.items())

    def claim(self, claim: Claim) -> str:
        """What the answer to a witness says."""
        if not claim.about:
            return f"{claim.guideline}: {claim.what}"
        where = f" ({self.words.finding(claim.finding)})" if claim.finding else ""
        return f"{claim.about}: {claim.what}{where}"

    def acknowledgement(self, proof: Proof) -> str:
        """Turtle to paste where an assumption is meant so, its words left to the author; empty for other proofs."""
        own = proof.obligation
        if own.kind not in _ASSUMPTIONS or proof.status != FAILED:
            return ""
        name = own.id.replace(":", "-").replace("+", "-")
        concerns = ", ".join(f"<{iri}>" for iri in own.about)
        return (
            f"<{GR}acknowledgement/{name}> a owl:NamedIndividual, gr:Acknowledgement ; "
            f'rdfs:label "…"@en ; skos:definition "…"@en ; skos:notation "{name}" ; '
            f"gr:acknowledges <{GR}proof/{own.kind}> ; gr:concerns {concerns} ; "
            'gr:reason "…" ; gr:sourceText "…" ; gr:status status:safety-extension .'
        )

    def source(self, iri: str) -> str:
        """Where a declaration comes from."""
        return source_text(self.graph, iri)

    def proof(self, proof: Proof, files: Sequence[str] = ()) -> dict[str, Any]:
        """Everything about one proof as plain data."""
        own = proof.obligation
        return {
            "id": own.id,
            "kind": own.kind,
            "label": self.kind(own.kind),
            "guideline": own.guideline,
            "status": proof.status,
            "wants": own.wants,
            "about": [
                {"iri": iri, "label": self.graph.text(iri, LABEL), "where": self.place(iri)}
                for iri in self.about(proof)
            ],
            "place": [i + 1 for i in own.place],
            "failure": own.says,
            "fix": own.fix,
            "axioms": [{"axiom": axiom, "where": where} for axiom, where in self.axioms(proof)] if _told(proof) else [],
            "excludes": self.excludes(proof) or None,
            "answers": {"implicants": proof.answers[0], "smt": proof.answers[1]} if len(proof.answers) > 1 else None,
            "acknowledgements": [
                {"iri": a.iri, "label": a.label, "reason": a.reason, "source": a.source, "where": self.place(a.iri)}
                for a in proof.acknowledged
            ],
            "witness": None if proof.witness is None else self._witness(proof.witness, own.wants, files),
            "seconds": round(proof.seconds, 4),
        }

    def _witness(self, witness: Witness, wants: str, files: Sequence[str]) -> dict[str, Any]:
        return {
            "kind": witness.kind,
            "shows": "somebody who comes near" if wants == SOMEBODY else "somebody for whom it fails",
            "findings": dict(witness.findings),
            "claims": [
                {"guideline": c.guideline, "about": c.about or None, "says": c.what, "finding": c.finding or None}
                for c in witness.claims
            ],
            "replays": not witness.replays,
            "differences": list(witness.replays),
            "turtle": witness.turtle,
            "fhir": witness.fhir or None,
            "noFhir": witness.no_fhir or None,
            "files": list(files),
        }


def _told(proof: Proof) -> bool:
    return proof.status != "proved"


def write_witnesses(view: View, proofs: Sequence[Proof], folder: Path) -> dict[str, list[str]]:
    """Each witness as Turtle and FHIR in the folder, with an index; the files by obligation."""
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, list[str]] = {}
    lines = ["file\tobligation\tstatus\tfailure\tpatient"]
    for number, proof in enumerate((p for p in proofs if p.witness is not None), 1):
        witness, own = proof.witness, proof.obligation
        assert witness is not None
        name = f"{number:03d}-{own.kind}"
        comment = "\n".join([f"{proof.status}: {own.says}.", *(f"assess: {view.claim(c)}" for c in witness.claims)])
        head = "".join(f"# {line}\n" for line in comment.splitlines())
        (folder / f"{name}.ttl").write_text(head + witness.turtle, encoding="utf-8")
        written[own.id] = [f"{name}.ttl"]
        if witness.fhir:
            (folder / f"{name}.json").write_text(witness.fhir, encoding="utf-8")
            written[own.id].append(f"{name}.json")
        lines.append("\t".join([name, own.id, proof.status, own.says, view.patient(witness)]))
    (folder / "index.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return written


def by_guideline(proofs: Sequence[Proof]) -> dict[str, list[Proof]]:
    """The proofs of each guideline, in order."""
    groups: dict[str, list[Proof]] = {}
    for proof in proofs:
        groups.setdefault(proof.obligation.guideline, []).append(proof)
    return groups


def tally(proofs: Sequence[Proof]) -> dict[str, dict[str, int]]:
    """How many of each kind came to what."""
    kinds: dict[str, dict[str, int]] = {}
    for proof in proofs:
        counts = kinds.setdefault(proof.obligation.kind, {})
        counts[proof.status] = counts.get(proof.status, 0) + 1
    return kinds
