"""Where the facts of one patient belong: to a lesion by focus and body site, to a foot by side, to the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reasoner.dates import later
from reasoner.model import Fact, Model

from .grouping import Grouping, Lesion
from .places import Place, place_of
from .said import Said, Sheet
from .tables import Located


@dataclass(slots=True, eq=False)
class Foot:
    """The parent that lesions share; a lesion of unknown side has one of its own."""

    side: int
    lesions: list[Lesion]
    facts: list[Fact] = field(default_factory=list)


class Placer:
    """Places the facts of one patient's resources."""

    def __init__(self, model: Model, located: Located, grouping: Grouping, saids: Sequence[Said], sheet: Sheet) -> None:
        self.model, self.located, self.grouping, self.saids, self.sheet = model, located, grouping, saids, sheet
        self.lesions = grouping.lesions
        self.feet = _feet(self.lesions)
        sides = {said.side for said in saids if said.side and not _several(said.side)}
        self._one_side = len(sides) < 2
        self._general: list[tuple[Said, Fact]] = []
        self._claims = {id(member): lesion for lesion in self.lesions for member in lesion.members}
        self._hints: dict[int, int] = {}

    def place(self) -> None:
        """Place every fact of a lesion or a foot, and list those that have no certain place."""
        # What names its lesion comes first: it may tell where that lesion is.
        for said in sorted(self.saids, key=lambda said: not said.focus):
            lesion = self._claims.get(id(said))
            for fact in said.facts:
                kind = self.model.findings[fact.finding].kind
                if kind == self.located.kind:
                    self._on_lesion(said, fact, lesion)
                elif kind == self.located.parent:
                    self._on_foot(said, fact, lesion)
        for said, fact in self._general:
            self._on_every_foot(said, fact)
        for lesion in self.lesions:
            self._locate(lesion)

    # Lesions ------------------------------------------------------------------------------------------------------

    def _on_lesion(self, said: Said, fact: Fact, own: Lesion | None) -> None:
        if own is None and said in self.grouping.aside and fact.finding == said.establishing:
            # The codes that it asks for say the same, and say where.
            if (answer := self.grouping.named.get(said.iri)) is not None:
                answer.facts.append(fact)
            said.used = True
            return
        targets = [own] if own is not None else self._targets(said)
        for lesion in targets:
            lesion.facts.append(fact)
            said.used = True
            if said.focus and fact.finding == self.located.by and not fact.mask & (fact.mask - 1):
                self._hints[id(lesion)] = self._hints.get(id(lesion), 0) | fact.mask
        if not targets:
            self.sheet.not_placed(said, fact.finding)

    def _targets(self, said: Said) -> list[Lesion]:
        """The lesions that the resource names, or the only one that it can belong to."""
        if len(self.lesions) == 1 and not said.focus and not said.sited and not said.side:
            return self.lesions
        place = place_of(said, self.located.whole, one_side=False)
        named = self._named(said.focus) or self._named(said.reasons)
        if named:
            return [lesion for lesion in named if self._compatible(place, lesion)]
        if said.focus:
            return []
        fitting = [lesion for lesion in self.lesions if self._compatible(place, lesion)]
        if len(self.lesions) > 1:
            places = [(lesion, self._known_place(lesion)) for lesion in fitting]
            same = [lesion for lesion, known in places if known == place]
            fitting = same if len(same) == 1 else [lesion for lesion, known in places if known.nested(place)]
            # A second lesion that may be meant makes the choice a guess, and so does a resource that names no place.
            if (len(same) != 1 and len(places) > 1) or not (said.sited or place.side):
                return []
        return fitting if len(fitting) == 1 else []

    def _named(self, iris: tuple[str, ...]) -> list[Lesion]:
        found: list[Lesion] = []
        for iri in iris:
            lesion = self.grouping.named.get(iri)
            if lesion is not None and not any(lesion is other for other in found):
                found.append(lesion)
        return found

    def _known_place(self, lesion: Lesion) -> Place:
        """The lesion's place, narrowed by a site that was recorded of it by name."""
        hint = self._hints.get(id(lesion), 0) & lesion.place.site
        return Place(lesion.place.side, hint, lesion.place.unread) if hint else lesion.place

    def _compatible(self, place: Place, lesion: Lesion) -> bool:
        known = self._known_place(lesion)
        if known.unread and place.site != self.located.whole and place.unread != known.unread:
            return False
        if place.side and not known.side and not self._one_side:
            # Both sides are named in the record, so a lesion of unknown side cannot be told to be on this one.
            return False
        return place.overlaps(known)

    # Feet ---------------------------------------------------------------------------------------------------------

    def _on_foot(self, said: Said, fact: Fact, own: Lesion | None) -> None:
        if own is not None:
            named = [own]
        else:
            named = self._named(said.focus) or ([] if said.side else self._named(said.reasons))
        if named:
            feet = [foot for foot in self.feet if any(one is lesion for one in foot.lesions for lesion in named)]
            feet = [foot for foot in feet if not said.side or not foot.side or said.side & foot.side]
        elif _several(said.side):
            said.every_side |= {fact.finding}
            self._general.append((said, fact))
            return
        elif said.side:
            feet = [foot for foot in self.feet if foot.side & said.side] or self._only_unknown()
        elif said.focus or (said.unread and fact.finding not in said.every_side):
            feet = []
        else:
            self._general.append((said, fact))
            return
        for foot in feet:
            foot.facts.append(fact)
            said.used = True
        if not feet:
            self.sheet.not_placed(said, fact.finding)

    def _only_unknown(self) -> list[Foot]:
        """The foot of the one lesion whose side is not known, where the record names one side only."""
        if len(self.lesions) != 1 or not self._one_side:
            return []
        return [foot for foot in self.feet if not foot.side]

    def _on_every_foot(self, said: Said, fact: Fact) -> None:
        """A finding of the person's feet holds for each foot that is not told otherwise."""
        if not self.feet:
            self.sheet.not_placed(said, fact.finding)
            return
        # With two feet a finding without side may be of the other one; a code that means both feet is of each.
        may_replace = len(self.feet) == 1 or fact.finding in said.every_side
        general = {id(other) for _, other in self._general}
        held = False
        for foot in self.feet:
            told = [other for other in foot.facts if other.finding == fact.finding and id(other) not in general]
            # At the same time as what the foot is told, a differing value contradicts it; earlier, it is outdated.
            if not told or (may_replace and all(later(fact.when, other.when) >= 0 for other in told)):
                foot.facts.append(fact)
                held = True
        if held:
            said.used = True
        elif not said.used:
            self.sheet.not_used(said.label, f"every foot is told its own `{fact.finding}`")

    # Where a lesion is --------------------------------------------------------------------------------------------

    def _locate(self, lesion: Lesion) -> None:
        """Add what its members say of its place, unless something more exact says the same."""
        by = self.located.by
        recorded = [fact.mask for fact in lesion.facts if fact.finding == by]
        stated = [
            (member, mask)
            for member in lesion.members
            if member.effect == "counts" or not lesion.states()
            for mask in sites_of(member)
        ]
        masks = recorded + [mask for _, mask in stated]
        for member, mask in stated:
            narrower = [other for other in masks if other != mask]
            if not narrower or any(other & ~mask for other in narrower):
                lesion.facts.append(Fact(by, mask, None, member.when, member.label, member.via))
                member.used = True


def _several(sides: int) -> bool:
    return bool(sides & (sides - 1))


def sites_of(member: Said) -> tuple[int, ...]:
    """The masks of the site that a resource states: one, or two where code and body site clash."""
    if member.effect != "counts":
        return (member.body_place,) if member.body_place else ()
    both = member.body_place & member.code_place
    if both:
        return (both,)
    return tuple(mask for mask in (member.body_place, member.code_place) if mask)


def _feet(lesions: list[Lesion]) -> list[Foot]:
    feet: dict[int, Foot] = {}
    found: list[Foot] = []
    for lesion in lesions:
        side = lesion.place.side
        if side and side in feet:
            feet[side].lesions.append(lesion)
            continue
        foot = Foot(side, [lesion])
        found.append(foot)
        if side:
            feet[side] = foot
    return found
