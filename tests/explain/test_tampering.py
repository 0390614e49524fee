"""The checker rejects explanations that were made false, in every way that was thought of."""

from __future__ import annotations

import json
from collections import Counter
from random import Random

from .inputs import Json, everything, explained, refusal
from .tamper import WAYS

LEAST = 1_000
LEAST_OF_A_WAY = 20
SEED = 20261123


def tampered() -> list[tuple[str, Json]]:
    """False explanations, each of one recommendation of one subject."""
    random, found = Random(SEED), []
    for name, _, document in everything(every=3):
        pairs = list(explained(document))
        for way in WAYS:
            subject, own = random.choice(pairs)
            small = {**document, "subjects": [{**subject, "explanations": [own]}]}
            small["classes"] = {iri: document["classes"][iri] for iri in own["classes"]}
            small = json.loads(json.dumps(small))
            subject = small["subjects"][0]
            if way(small, subject, subject["explanations"][0], random):
                found.append((f"{way.__name__} {name} {own['recommendation']}", small))
    return found


def test_tampered_explanations_are_rejected() -> None:
    found = tampered()
    assert len(found) >= LEAST
    ways = Counter(name.split()[0] for name, _ in found)
    assert set(ways) == {way.__name__ for way in WAYS} and min(ways.values()) >= LEAST_OF_A_WAY, ways
    accepted = [name for name, document in found if refusal(document) is None]
    assert accepted == []


def test_a_copy_that_nobody_touched_is_accepted() -> None:
    """What is cut down to one recommendation is still accepted, so it is the tampering that is rejected."""
    for _, _, document in everything(every=19):
        for subject, own in explained(document):
            assert refusal({**document, "subjects": [{**subject, "explanations": [own]}]}) is None
