"""Which rows establish which lesions, for units with two lesions at most: the rules of ``fhir.grouping``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .traits import NO_CLAIM, YIELDING, Column, Traits

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
SLOTS = 2
"""How many lesions of a unit columns hold. Arrays of lesions have a row a slot and a column a unit."""


@dataclass
class Lesions:
    """The lesions of units; a slot that is not ``there`` has neither side nor site."""

    there: Bools
    place: Ints
    side: Ints
    site: Ints
    strange: Bools
    """Of each unit: whether the row path must read it."""
    slot: Ints
    """Of each row: the slot of the lesion that it establishes, -1 for none."""
    aside: Bools
    """Of each row: whether it means a lesion but gives way to what is more exact."""
    answer: Ints
    """Of each unit: the slot of the only lesion that such rows give way to, -1 where there is none or are two."""

    @property
    def count(self) -> Ints:
        """How many lesions each unit has."""
        found: Ints = np.count_nonzero(self.there, axis=0)
        return found

    @property
    def shared(self) -> Bools:
        """Whether the two lesions of a unit are on one foot."""
        both: Bools = self.there[0] & self.there[1] & (self.side[0] == self.side[1]) & (self.side[0] != 0)
        return both

    @classmethod
    def of(cls, unit: Ints, own: dict[str, Column], units: int, traits: Traits) -> Lesions:
        """The lesions that rows establish."""
        strange = np.zeros(units, np.bool_)
        strange[unit[own["strange"]]] = True
        claims = own["claim"] != NO_CLAIM
        answers = claims & own["answers"]
        answered = np.zeros(units, np.bool_)
        answered[unit[answers]] = True
        aside = (own["claim"] == YIELDING) & answered[unit]
        members = np.flatnonzero(claims & ~aside)
        of, at = unit[members], own["place"][members]
        place = np.full((SLOTS, units), -1, np.int64)
        place[0, of[::-1]] = at[::-1]
        other = at != place[0, of]
        place[1, of[other][::-1]] = at[other][::-1]
        slot = np.full(len(unit), -1, np.int64)
        slot[members] = other
        strange[of[other & (at != place[1, of])]] = True
        stated = np.zeros((SLOTS, units), np.int64)
        np.bitwise_or.at(stated, (slot[members], of), 1 << np.maximum(own["establishing"][members], 0))
        strange |= _join(place, stated, slot, unit, traits)
        there = place >= 0
        answering = np.zeros((SLOTS, units), np.bool_)
        rows = np.flatnonzero(answers & (slot >= 0))
        answering[slot[rows], unit[rows]] = True
        answer = np.where(answering.all(axis=0) | ~answering.any(axis=0), -1, answering[1])
        side, site = (np.where(there, column[place], 0) for column in (traits.place_side, traits.place_site))
        return cls(there, place, side, site, strange, slot, aside, answer)


def _join(place: Ints, stated: Ints, slot: Ints, unit: Ints, traits: Traits) -> Bools:
    """Make one lesion of two that state different findings, one place within the other; tells where that is unclear."""
    side, site = traits.place_side[place], traits.place_site[place]

    def contains(one: int, other: int) -> Bools:
        of_side = (side[one] == 0) | (side[one] == side[other])
        found: Bools = of_side & ((site[other] & ~site[one]) == 0)
        return found

    inner = contains(0, 1)
    fits = (place[1] >= 0) & (inner | contains(1, 0)) & (stated[0] != stated[1])
    joined = fits & ((stated[0] & stated[1]) == 0)
    place[0] = np.where(joined & inner, place[1], place[0])
    place[1, joined] = -1
    slot[(slot == 1) & joined[unit]] = 0
    unclear: Bools = fits & ~joined
    return unclear


def names(frame: pl.DataFrame, at: Ints, unit: Ints, lesions: Lesions, order: Column, chosen: Ints) -> pl.Series:
    """What lesions (slot times the number of units plus unit) are called: by the first row that establishes each."""
    units = lesions.there.shape[1]
    members = np.flatnonzero(lesions.slot >= 0)
    lesion = lesions.slot[members] * units + unit[members]
    first = np.zeros(SLOTS * units, np.int64)
    first[lesion] = members
    labels = frame["label"].gather(at[first[chosen]])
    several = np.flatnonzero(np.bincount(lesion, minlength=SLOTS * units)[chosen] > 1)
    if len(several):
        own = np.isin(lesion, chosen[several])
        rows = members[own]
        best: dict[int, tuple[int, str]] = {}
        ranked = zip(lesion[own].tolist(), order[rows].tolist(), frame["label"].gather(at[rows]).to_list(), strict=True)
        for which, rank, name in ranked:
            best[which] = min(best.get(which, (rank, name)), (rank, name))
        labels = labels.scatter(several, [best[which][1] for which in chosen[several].tolist()])
    return labels
