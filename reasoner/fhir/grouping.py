"""Which resources of one patient establish which subject: the same place is the same lesion, another place another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reasoner.model import Fact, Result

from .places import Place, place_of
from .said import Said, Sheet
from .tables import Located


@dataclass(slots=True, eq=False)
class Lesion:
    """A located subject: the resources that establish it, and the facts placed on it so far."""

    members: list[Said]
    place: Place
    facts: list[Fact] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)
    """What a lesion that may be this one states."""

    def states(self) -> set[str]:
        """The establishing findings of its members."""
        return {member.establishing for member in self.members if member.effect == "counts"}


@dataclass(slots=True)
class Grouping:
    """The lesions of one patient; ``named`` finds the lesion that a reference to a resource names."""

    lesions: list[Lesion]
    named: dict[str, Lesion]
    aside: list[Said]
    """Resources that mean a lesion but are none of their own: the other facts in them are still to be placed."""


def group(saids: Sequence[Said], located: Located, sheet: Sheet) -> Grouping:
    """The lesions that the resources of one patient establish."""
    claims = [said for said in saids if said.order]
    present = [said for said in claims if said.effect == "counts"]
    yielding = [said for said in present if said.yields_to and not said.sited and _has_answer(said, present)]
    lesions = _same_place([said for said in present if said not in yielding], located, sheet)
    lesions = _joined(lesions, sheet)
    grouping = Grouping(lesions, {}, yielding)
    _add_unsure(grouping, saids, [said for said in claims if said.effect != "counts"], located, sheet)
    for lesion in lesions:
        for member in lesion.members:
            grouping.named[member.iri] = lesion
    for said in yielding:
        answers = [le for le in lesions if any(_begins(code, said.yields_to) for m in le.members for code in m.codes)]
        if len(answers) == 1:
            grouping.named[said.iri] = answers[0]
    return grouping


def _begins(code: str, starts: tuple[str, ...]) -> bool:
    return code.startswith(starts)


def _has_answer(said: Said, present: list[Said]) -> bool:
    """Whether another resource carries a code that this one asks for."""
    return any(_begins(code, said.yields_to) for other in present if other is not said for code in other.codes)


def _same_place(present: list[Said], located: Located, sheet: Sheet) -> list[Lesion]:
    lesions: dict[Place, Lesion] = {}
    by_iri: dict[str, Lesion] = {}
    for said in present:
        place = place_of(said, located.whole)
        if said.side & (said.side - 1):
            message = "`bodySite` names several sides: give a resource for each side."
            sheet.results.append(Result("Warning", said.label, None, message))
        lesion = lesions.get(place)
        if lesion is None and said.iri in by_iri:
            message = "Two resources of the input have this id and name two places: give each its own."
            sheet.violation(said.label, None, message)
        if lesion is None:
            lesion = lesions[place] = Lesion([], place)
        lesion.members.append(said)
        by_iri.setdefault(said.iri, lesion)
    return list(lesions.values())


def _joined(lesions: list[Lesion], sheet: Sheet) -> list[Lesion]:
    """Join lesions that state different findings where one place contains the other and nothing else would fit."""
    if len(lesions) < 2:
        return lesions
    fits: dict[int, list[int]] = {
        i: [
            j
            for j, other in enumerate(lesions)
            if j != i and lesion.states() != other.states() and lesion.place.nested(other.place)
        ]
        for i, lesion in enumerate(lesions)
    }
    gone: set[int] = set()
    for i, others in fits.items():
        if len(others) == 1 and fits[others[0]] == [i] and not lesions[i].states() & lesions[others[0]].states():
            j = others[0]
            if i < j:
                lesions[i] = Lesion(
                    lesions[i].members + lesions[j].members, _within(lesions[i].place, lesions[j].place)
                )
                gone.add(j)
        elif others and (len(others) > 1 or (fits[others[0]] == [i] and i < others[0])):
            _ambiguous(lesions[i], [lesions[j] for j in others], sheet)
    return [lesion for i, lesion in enumerate(lesions) if i not in gone]


def _ambiguous(lesion: Lesion, others: list[Lesion], sheet: Sheet) -> None:
    for other in others:
        other.unsure |= lesion.states()
        lesion.unsure |= other.states()
    names = ", ".join(f"`{other.members[0].label}`" for other in others)
    sheet.results.append(
        Result(
            "Warning",
            lesion.members[0].label,
            None,
            f"It may be the same lesion as {names}, but that is ambiguous, so it is kept apart: give `bodySite` with "
            "site and side.",
        )
    )


def _within(one: Place, other: Place) -> Place:
    """The narrower of two nested places."""
    return other if one.contains(other) else one


def _add_unsure(grouping: Grouping, saids: Sequence[Said], unsure: list[Said], located: Located, sheet: Sheet) -> None:
    """Refuted and doubted resources: they join the lesion at their place, and exist by themselves when referred to."""
    if not unsure:
        return
    referred = {iri for said in saids if said.facts for iri in said.focus + said.reasons}
    own: dict[Place, Lesion] = {}
    for said in unsure:
        place = place_of(said, located.whole)
        home = next((lesion for lesion in grouping.lesions if lesion.place == place), None)
        if home is None and said.facts:
            nested = [lesion for lesion in grouping.lesions if lesion.place.nested(place)]
            home = nested[0] if len(nested) == 1 and said.establishing not in nested[0].states() else None
        if home is None and (said.iri in referred or place in own):
            home = own.setdefault(place, Lesion([], place))
        if home is not None:
            home.members.append(said)
        elif said.facts:
            said.facts.clear()
            sheet.not_used(said.label, "it is refuted, and nothing refers to it: no lesion")
    grouping.lesions.extend(own.values())
