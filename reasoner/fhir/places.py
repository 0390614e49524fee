"""Places on the body as sets: a side, the values of the locating finding, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from .elements import Coding
from .said import Said


@dataclass(frozen=True, slots=True)
class Place:
    """A place; side 0 and the whole of the sites mean that nothing is named."""

    side: int
    site: int
    unread: frozenset[Coding]

    def overlaps(self, other: Place) -> bool:
        """Whether the two may be the same place, by what they name."""
        if self.unread and self.unread != other.unread:
            return False
        return bool((not self.side or not other.side or self.side & other.side) and self.site & other.site)

    def contains(self, other: Place) -> bool:
        """Whether the other place lies within this one."""
        if self.unread != other.unread:
            return False
        return (not self.side or self.side == other.side) and not other.site & ~self.site

    def nested(self, other: Place) -> bool:
        """Whether one of the two contains the other."""
        return self.contains(other) or other.contains(self)


def place_of(said: Said, whole: int, one_side: bool = True) -> Place:
    """The place that a resource names; for a subject, two sides at once name none."""
    site = said.body_place & said.code_place or said.body_place or said.code_place or whole
    side = said.side
    if one_side and side & (side - 1):
        side = 0
    # A site and a side that are known need no help from what could not be read.
    known = side and not site & (site - 1)
    return Place(side, site, frozenset() if known else said.unread)
