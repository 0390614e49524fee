"""Where facts belong, for units with two lesions at most: the rules of ``fhir.placing`` over columns.

Arrays with two axes have a row a slot (see ``lesions``) and a column a row of the frame, or a fact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .lesions import SLOTS, Lesions
from .traits import FOOT, LESION, NO_CLAIM, PERSON, Column, Traits

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass
class Rows:
    """The rows of units, sorted by unit."""

    at: Ints
    """The place in the frame."""
    unit: Ints
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    target: Bools
    """Whether it refers to something."""
    own: dict[str, Column]
    """The traits of the statements."""
    lesions: Lesions
    named: Bools
    """By slot: whether the row refers to what establishes the lesion."""
    one_side: Bools
    """Of each unit: whether its resources name one side at most."""

    @classmethod
    def of(cls, frame: pl.DataFrame, traits: Traits, units: int) -> Rows:
        """The rows of a frame."""
        numbers = frame["unit"].to_numpy().astype(np.int64)
        at = np.argsort(numbers, kind="stable")
        unit, statement = numbers[at], frame["statement"].to_numpy()[at]
        own = {name: column[statement] for name, column in traits.columns.items()}
        lesions = Lesions.of(unit, own, units, traits)
        target = (frame["target"].str.len_bytes() > 0).to_numpy()[at]
        sides = np.zeros(units, np.int64)
        sided = ~own["several"] & (own["side"] != 0)
        np.bitwise_or.at(sides, unit[sided], own["side"][sided])
        named = _named(frame, at, target, own["claim"] != NO_CLAIM, unit, lesions)
        start, end = frame["start"].to_numpy()[at], frame["end"].to_numpy()[at]
        return cls(at, unit, start, end, target, own, lesions, named, (sides & (sides - 1)) == 0)

    @property
    def strange(self) -> Bools:
        """Of each unit: whether the row path must read it."""
        return self.lesions.strange

    @property
    def focus(self) -> Bools:
        """Whether the row names its subject."""
        found: Bools = self.target & self.own["focuses"]
        return found


def _named(frame: pl.DataFrame, at: Ints, target: Bools, claims: Bools, unit: Ints, lesions: Lesions) -> Bools:
    """Which rows refer to a row that establishes a lesion, or that gives way to one, by slot."""
    named = np.zeros((SLOTS, len(at)), np.bool_)
    slot = np.where(lesions.aside, lesions.answer[unit], lesions.slot)
    asking, answering = np.flatnonzero(target), np.flatnonzero(claims & (slot >= 0))
    if len(asking) and len(answering):
        asked = pl.DataFrame({"unit": unit[asking], "label": frame["target"].gather(at[asking]), "row": asking})
        there = pl.DataFrame(
            {"unit": unit[answering], "label": frame["label"].gather(at[answering]), "slot": slot[answering]}
        )
        found = asked.join(there, on=["unit", "label"])
        named[found["slot"].to_numpy(), found["row"].to_numpy()] = True
    return named


@dataclass
class Placed:
    """Facts, and what becomes of each, then columns of rows."""

    row: Ints
    fact: Ints
    unit: Ints
    finding: Ints
    mask: Ints
    on: Bools
    """By slot: whether the fact is one of the lesion."""
    unplaced: Bools
    dropped: Bools
    """Facts of the person's feet that something later of the very foot outdates."""
    unassumed: Bools
    """Facts that say other than what would be assumed."""
    used: Bools
    any_placed: Bools
    any_unplaced: Bools
    before: Bools
    """Rows that are used before facts without a side are looked at."""
    findings: int
    located_by: int

    def unsettled(self) -> tuple[list[int], list[int]]:
        """Unit and finding of what must not be assumed, since something said of it could not be placed."""
        if not self.unplaced.any():
            return [], []
        key = self.unit * self.findings + self.finding
        lost = np.unique(key[self.unplaced])
        found = np.unique(key[self.any_unplaced[self.row] & self.unassumed & np.isin(key, lost)])
        return (found // self.findings).tolist(), (found % self.findings).tolist()


def place(rows: Rows, traits: Traits) -> Placed:
    """Place every fact."""
    own, lesions, n = rows.own, rows.lesions, len(rows.unit)
    row = np.repeat(np.arange(n), own["count"])
    fact = np.arange(len(row)) - np.repeat(np.cumsum(own["count"]) - own["count"], own["count"]) + own["first"][row]
    facts = {name: column[fact] for name, column in traits.facts.items()}
    finding, level, unit = facts["finding"], facts["level"], rows.unit[row]
    on_lesion, (on_foot, general, unread) = _on_lesion(rows), _on_foot(rows)
    # A row that gives way says of its lesion what the more exact one says.
    same = lesions.aside[row] & (finding == own["establishing"][row])
    answers = np.stack([lesions.answer[unit] == slot for slot in range(SLOTS)])
    of_lesion = np.where(same, answers, on_lesion[:, row])
    is_foot = level == FOOT
    every = own["several"][row] | facts["every"]
    without_side = is_foot & lesions.there[0, unit] & (general[row] | (unread[row] & facts["every"]))
    told = is_foot & on_foot[:, row]
    held = without_side & _held(rows, row, finding, without_side, told, every, traits)
    on = lesions.there[:, unit] & np.where(
        level == LESION, of_lesion, np.where(is_foot, told | held, level == PERSON)
    )  # fmt: skip
    placed: Bools = np.logical_or(on[0], on[1])
    dropped = without_side & ~placed
    unplaced = ~placed & ~dropped & ~(same & (level == LESION))
    _leave(rows, row, finding, facts["mask"], without_side, dropped, placed, traits)
    any_placed = _any(row[placed], n)
    before = _any(row[placed & (level != PERSON) & ~without_side], n) | lesions.aside | own["person"]
    return Placed(
        row, fact, unit, finding, facts["mask"], on, unplaced, dropped, facts["unassumed"],
        any_placed | lesions.aside | own["person"], any_placed, _any(row[unplaced], n), before, len(traits.names),
        traits.by,
    )  # fmt: skip


def _on_lesion(rows: Rows) -> Bools:
    """By slot: whether what a row says of a lesion is said of this one."""
    own, lesions, unit = rows.own, rows.lesions, rows.unit
    side, site, focus = own["side"], own["site"], rows.focus
    of_side, of_site = lesions.side[:, unit], lesions.site[:, unit]
    guess = (side != 0) & (of_side == 0) & ~rows.one_side[unit]
    apart = (side != 0) & (of_side != 0) & ((side & of_side) == 0)
    fits = lesions.there[:, unit] & ~own["unread"] & ~apart & ((site & of_site) != 0) & ~guess
    by_name, named = rows.named & fits, rows.named.any(axis=0)
    only = lesions.count[unit] == 1
    plain = ~focus & ~own["sited"] & (side == 0)
    inside = ((side == 0) | (side == of_side)) & ((of_site & ~site) == 0)
    around = ((of_side == 0) | (side == of_side)) & ((site & ~of_site) == 0)
    equal = fits & (side == of_side) & (site == of_site)
    one_equal, one_fits = equal.sum(axis=0) == 1, fits.sum(axis=0) == 1
    by_place = np.where(one_equal, equal, one_fits & fits & (inside | around)) & ~plain
    member = np.stack([lesions.slot == slot for slot in range(SLOTS)])
    found = np.where(named, by_name, ~focus & np.where(only, fits, by_place))
    found = np.where(only & plain, lesions.there[:, unit], found)
    return np.where(lesions.slot >= 0, member, found)


def _on_foot(rows: Rows) -> tuple[Bools, Bools, Bools]:
    """By slot, whether a row's facts of a foot are of this one; whether of every foot; whether its place is lost."""
    own, lesions, unit = rows.own, rows.lesions, rows.unit
    side, several, focus = own["side"], own["several"], rows.focus
    of_side, shared = lesions.side[:, unit], lesions.shared[unit]
    member = np.stack([lesions.slot == slot for slot in range(SLOTS)])
    naming = np.where(lesions.slot >= 0, member, rows.named & (focus | (side == 0)))
    by_name = naming.any(axis=0)
    naming = naming | (shared & by_name)
    either = (side == 0) | (of_side == 0) | ((side & of_side) != 0)
    only_unknown = (lesions.count[unit] == 1) & (of_side == 0) & rows.one_side[unit]
    by_side = (side != 0) & ~several & (((side & of_side) != 0) | only_unknown)
    placeless = ~by_name & (side == 0) & ~focus
    general = (~by_name & several) | (placeless & ~own["names_unread"])
    return np.where(by_name, naming & either, by_side), general, placeless & own["names_unread"]


def _held(rows: Rows, row: Ints, finding: Ints, general: Bools, told: Bools, every: Bools, traits: Traits) -> Bools:
    """By slot: whether a fact without a side holds for the foot of the lesion, which may be told otherwise."""
    held = np.ones((SLOTS, len(row)), np.bool_)
    if not general.any():
        return held
    unit = rows.unit[row]
    may_replace = every | (rows.lesions.count[unit] == 1) | rows.lesions.shared[unit]
    key = unit * len(traits.names) + finding
    asked = np.unique(key[general])
    mine = np.flatnonzero(general)
    for slot in range(SLOTS):
        other = np.flatnonzero(told[slot])
        at = np.searchsorted(asked, key[other])
        other, at = other[at < len(asked)], at[at < len(asked)]
        match = asked[at] == key[other]
        latest = np.full(len(asked), -np.inf)
        np.maximum.at(latest, at[match], rows.start[row[other[match]]])
        latest = latest[np.searchsorted(asked, key[mine])]
        held[slot, mine] = np.isneginf(latest) | (may_replace[mine] & (latest < rows.end[row[mine]]))
    return held


def _leave(
    rows: Rows, row: Ints, finding: Ints, mask: Ints, general: Bools, dropped: Bools, placed: Bools, traits: Traits
) -> None:
    """Leave to the row path what the rules above do not cover."""
    unit = rows.unit[row]
    # The site that a resource names by focus could narrow the place of the lesion for others.
    exact = (finding == traits.by) & placed & (rows.lesions.slot[row] < 0)
    exact &= (rows.named.any(axis=0) & rows.own["focuses"])[row] & ((mask & (mask - 1)) == 0)
    rows.strange[_narrowed(rows, unit[exact], mask[exact])] = True
    if dropped.any():
        several = np.bincount(row[general], minlength=len(rows.unit)) > 1
        rows.strange[unit[dropped & several[row]]] = True


def _narrowed(rows: Rows, unit: Ints, mask: Ints) -> Ints:
    """Of units with sites that are told by name: those where it may matter to another row that these are narrower.

    With one lesion it does not, if the place of each row meets all of them as it meets the lesion's.
    """
    told, at = np.unique(unit, return_inverse=True)
    common = rows.lesions.site[0, told]
    np.bitwise_and.at(common, at, mask)
    site = np.zeros(len(rows.strange), np.int64)
    site[told] = common
    of = rows.lesions.site[0, rows.unit]
    apart = _any(rows.unit[((rows.own["site"] & of) != 0) & ((rows.own["site"] & site[rows.unit]) == 0)], len(site))
    found: Ints = told[apart[told] | (rows.lesions.count[told] != 1)]
    return found


def _any(places: Ints, length: int) -> Bools:
    found = np.zeros(length, np.bool_)
    found[places] = True
    return found
