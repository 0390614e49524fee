"""The UUIDs of cards and suggestions.

A UUID of version 8 in two halves. The first is of this call alone, so that no two cards share one. The second says
what the card or suggestion is about, so that feedback, which brings back nothing but the UUID, can be understood by
somebody with the same knowledge. Neither tells anything of a patient. The same call with the same knowledge gives the
same UUIDs.
"""

from __future__ import annotations

import hashlib
import uuid
from functools import lru_cache

from reasoner.guidelines import Guideline


def name(call: uuid.UUID, guideline: Guideline, meaning: str, place: int) -> str:
    """The UUID of the card or suggestion with that meaning, the ``place``-th of its call."""
    own = int.from_bytes(hashlib.sha256(f"{call}|{place}|{meaning}".encode()).digest()[:8])
    return _written(own << 64 | _half(guideline.id, guideline.sha256, meaning))


def half(guideline: Guideline, meaning: str) -> str:
    """What the UUIDs of all cards or suggestions with that meaning have in common: their two last groups."""
    return _written(_half(guideline.id, guideline.sha256, meaning))[19:]


@lru_cache(maxsize=1024)
def _half(guideline: str, sha256: str, meaning: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{guideline}|{sha256}|{meaning}".encode()).digest()[:8])


def _written(number: int) -> str:
    version, variant = 0xF << (64 + 12), 0x3 << 62
    digits = f"{number & ~version & ~variant | 0x8 << (64 + 12) | 0x2 << 62:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
