"""The draft orders of a call, each with the interventions that its codes name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reasoner.responses.codes import Codes
from reasoner.responses.orders import codings_of, is_about, ordered

from .call import Call

Json = dict[str, Any]

_ENDED = ("cancelled", "completed", "ended", "entered-in-error", "revoked", "stopped")


@dataclass(frozen=True, slots=True)
class Order:
    """A draft order."""

    reference: str
    """``Type/id``, or the type alone."""
    is_selected: bool
    interventions: tuple[str, ...]
    """IRIs."""
    unclear: str
    """Why it cannot be judged, empty where it can."""
    draft: Json

    def subjects(self, subjects: Sequence[Json]) -> list[Json]:
        """Those that the order may be for: those that its reasons name, else all."""
        return [subject for subject in subjects if is_about(self.draft, subject)] or list(subjects)


def read_orders(call: Call, codes: Codes) -> list[Order]:
    """The draft orders of a call, those just selected first, and selections that name none of them."""
    orders = [_order(draft, call, codes) for draft in call.drafts]
    known = {order.reference for order in orders} | {order.reference.rpartition("/")[2] for order in orders}
    for lost in sorted(call.selections - known):
        orders.append(Order(lost, True, (), "it is selected and not among the draft orders", {}))
    return sorted(orders, key=lambda order: (not order.is_selected, order.reference))


def _order(draft: Json, call: Call, codes: Codes) -> Order:
    id_ = draft.get("id")
    reference = f"{draft['resourceType']}/{id_}" if isinstance(id_, str) else str(draft["resourceType"])
    named = sorted(ordered(codes, draft))
    selected = reference in call.selections or (isinstance(id_, str) and id_ in call.selections)
    return Order(reference, selected, tuple(named), _unclear(draft, named), draft)


def _unclear(draft: Json, named: list[str]) -> str:
    if draft.get("doNotPerform") is True:
        return "it says what is to be left undone"
    if draft.get("status") in _ENDED:
        return "its status says that it is over"
    if named:
        return ""
    if any(True for _ in codings_of(draft)):
        return "the knowledge has no intervention with its code"
    return "it has no code"
