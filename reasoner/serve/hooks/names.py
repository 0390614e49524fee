"""The UUIDs of cards and suggestions.

A UUID of version 8 in two halves. The first is of this call alone, so that no two cards share one. The second says
what the card or suggestion is about, so that feedback, which brings back nothing but the UUID, can be understood by
somebody with the same knowledge. Neither tells anything of a patient. The same call with the same knowledge gives the
same UUIDs.
"""

from __future__ import annotations

import hashlib
import uuid

from reasoner.guidelines import Guideline


def name(call: uuid.UUID, guideline: Guideline, meaning: str, place: int) -> str:
    """The UUID of the card or suggestion with that meaning, the ``place``-th of its call."""
    own = int.from_bytes(hashlib.sha256(f"{call}|{place}|{meaning}".encode()).digest()[:8])
    return str(uuid.UUID(int=_versioned(own << 64 | _half(guideline, meaning))))


def half(guideline: Guideline, meaning: str) -> str:
    """What the UUIDs of all cards or suggestions with that meaning have in common: their two last groups."""
    return str(uuid.UUID(int=_versioned(_half(guideline, meaning))))[19:]


def _half(guideline: Guideline, meaning: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{guideline.id}|{guideline.sha256}|{meaning}".encode()).digest()[:8])


def _versioned(number: int) -> int:
    version, variant = 0xF << 76, 0x3 << 62
    return number & ~version & ~variant | 0x8 << 76 | 0x2 << 62
