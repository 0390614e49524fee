"""The answer to a call: from the record and the draft orders to cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reasoner.assess import Reasoner
from reasoner.graph import GR, LABEL, NOTATION, Graph
from reasoner.guidelines import Guideline
from reasoner.pages.addresses import Addresses
from reasoner.pages.vocabulary import Vocabulary
from reasoner.responses.codes import codes_of
from reasoner.responses.telling import Telling
from reasoner.serve.refusal import Refusal

from .call import Call
from .cards import Writer, in_urgency
from .detail import Details
from .discovery import kinds
from .order_cards import OrderWriter
from .orders import read_orders
from .prefetch import check_patient, gather

Json = dict[str, Any]


def override_reasons(graph: Graph) -> list[dict[str, str]]:
    """The reasons for not following a card that the knowledge lists, in its order."""
    found = []
    for iri in graph.instances(GR + "OverrideReason"):
        code, system, label = (graph.text(iri, at) for at in (NOTATION, GR + "systemUri", LABEL))
        if code and system and label:
            order = int(graph.text(iri, GR + "order") or 0)
            found.append((order, {"code": code, "system": system, "display": label}))
    return [coding for _, coding in sorted(found, key=lambda pair: (pair[0], pair[1]["code"]))]


class Answering:
    """Answers the calls of all services of one reasoner."""

    def __init__(self, reasoner: Reasoner) -> None:
        self.reasoner = reasoner
        self.words = codes_of(reasoner).words
        self.kinds = kinds(reasoner.knowledge.mapping)
        self.reasons = override_reasons(reasoner.knowledge.graph)
        addresses = Addresses(reasoner.knowledge, Vocabulary(reasoner.knowledge))
        self.pages: dict[str, str | None] = {}
        for guideline in reasoner.knowledge.guidelines:
            self.pages[guideline.id] = addresses.of(guideline.iri)
            self.pages |= {own.id: addresses.of(own.iri) for own in guideline.recommendations}

    def cards(self, call: Call, guideline: Guideline, home: str = "/") -> Json:
        """The answer to one call; ``home`` is the address of this server. Raises Refusal 412 or 400."""
        record = gather(call, self.kinds)
        check_patient(call, call.drafts)
        answer = self.reasoner.assess(record.bundle).content
        if len({subject["patient"] for subject in answer["subjects"]}) > 1:
            raise Refusal(400, "what was sent is about more than one patient", "send data of one patient alone")
        telling = Telling.of(self.reasoner, answer, guideline.id, "R4")
        details = Details(telling, record.notes)
        writer = Writer(telling, details, call.instance, call.patient, self.reasons, self._pages(home))
        spoken = [(subject, own) for subject, own in telling.subjects() if own["scope"] != "out-of-scope"]
        if call.has_orders:
            cards = OrderWriter(writer).cards(read_orders(call, telling.codes), spoken) if spoken else []
        else:
            cards = writer.contradictions(spoken)
            for place, (subject, own) in enumerate(spoken):
                cards += writer.advice(place, subject, own)
            cards += writer.questions(spoken) + writer.gaps(spoken)
        if not cards and record.is_partial:
            cards = [writer.incomplete()]
        return {"cards": in_urgency(cards)}

    def _pages(self, home: str) -> Mapping[str, str]:
        return {id_: f"{home}guideline/{page}" for id_, page in self.pages.items()}
