"""What is known of each finding of each lesion: ``settle.settle`` over columns, and the site that its own rows tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lesions import SLOTS
from .placed import Placed, Rows
from .traits import Traits

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass
class Settled:
    """An element a lesion and finding of which something is said; beside it the facts, and which rows are idle."""

    lesion: Ints
    """Slot times the number of units, plus unit."""
    finding: Ints
    mask: Ints
    """The values that all current facts leave possible."""
    said: Ints
    """The values, or cells, that any of them says."""
    clash: Bools
    latest_start: Floats
    earliest_end: Floats
    fact_row: Ints
    fact_finding: Ints
    idle: Bools
    """Of each row: whether no fact of it is current."""

    def of_several_dates(self, findings: Sequence[int]) -> Ints:
        """The lesions of which some of the findings are told at times that differ for certain."""
        own = np.isin(self.finding, findings)
        lesion = self.lesion[own]
        if not len(lesion):
            return lesion
        begin = np.flatnonzero(np.append(True, lesion[1:] != lesion[:-1]))
        start = np.maximum.reduceat(self.latest_start[own], begin)
        end = np.minimum.reduceat(self.earliest_end[own], begin)
        return lesion[begin][start >= end]


def settle(rows: Rows, placed: Placed, traits: Traits) -> Settled:
    """What is known: a later fact replaces an earlier one, what may be simultaneous must agree."""
    lesion, row, fact = _with_sites(rows, placed)
    finding = np.where(fact < 0, traits.by, traits.facts["finding"][fact])
    mask = np.where(fact < 0, rows.own["stated"][row], traits.facts["mask"][fact])
    value = np.where(fact < 0, 0.0, traits.facts["value"][fact])
    lasting = (fact >= 0) & traits.facts["lasting"][fact]
    key = lesion * len(traits.names) + finding
    order = np.argsort(key, kind="stable")
    key, lesion, row, finding = key[order], lesion[order], row[order], finding[order]
    mask, value = mask[order], value[order]
    start, end = rows.start[row], rows.end[row]
    idle = np.ones(len(rows.unit), np.bool_)
    if not len(key):
        none, no = np.zeros(0, np.int64), np.zeros(0, np.float64)
        return Settled(none, none, none, none, none.astype(np.bool_), no, no, none, none, idle)
    begin = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    size = np.diff(np.append(begin, len(key)))
    current = lasting[order] | (end > np.repeat(np.maximum.reduceat(start, begin), size))
    idle[row[current]] = False
    both = np.bitwise_and.reduceat(np.where(current, mask, -1), begin)
    said = np.bitwise_or.reduceat(np.where(current, mask, 0), begin)
    least = np.minimum.reduceat(np.where(current, value, np.inf), begin)
    most = np.maximum.reduceat(np.where(current, value, -np.inf), begin)
    return Settled(
        lesion[begin], finding[begin], both, said, (both == 0) | (least != most),
        np.maximum.reduceat(np.where(current, start, -np.inf), begin),
        np.minimum.reduceat(np.where(current, end, np.inf), begin),
        row, finding, idle,
    )  # fmt: skip


def _with_sites(rows: Rows, placed: Placed) -> tuple[Ints, Ints, Ints]:
    """Lesion, row and fact of all that is placed, and (as fact -1) the site that a lesion's own rows tell.

    The latter is left out where something else is more exact and says the same.
    """
    lesions = rows.lesions
    units = lesions.there.shape[1]
    slot, at = np.nonzero(placed.on)
    lesion = slot * units + placed.unit[at]
    row, fact, recorded = placed.row[at], placed.fact[at], placed.finding[at] == placed.located_by
    telling = np.flatnonzero((lesions.slot >= 0) & (rows.own["sites"] == 1))
    own, mask = lesions.slot[telling] * units + rows.unit[telling], rows.own["stated"][telling]
    of = np.concatenate([lesion[recorded], own])
    masks = np.concatenate([placed.mask[at][recorded], mask])
    every, common = np.zeros(SLOTS * units, np.int64), np.full(SLOTS * units, -1, np.int64)
    np.bitwise_or.at(every, of, masks)
    np.bitwise_and.at(common, of, masks)
    added = ((every[own] == mask) & (common[own] == mask)) | ((every[own] & ~mask) != 0)
    return (
        np.concatenate([lesion, own[added]]),
        np.concatenate([row, telling[added]]),
        np.concatenate([fact, np.full(int(added.sum()), -1)]),
    )
