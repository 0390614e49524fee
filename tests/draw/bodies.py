"""The knowledge that the pictures are tried on: what ships, and a guideline of another kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reasoner.assess import Reasoner
from reasoner.criteria import Criterion, Named
from reasoner.draw.steps import Step, steps
from reasoner.knowledge import Knowledge, load_knowledge
from reasoner.program import Program
from reasoner.words import Words

ROOT = Path(__file__).parent.parent.parent
FOLDERS = {"shipped": None, "statin": ROOT / "examples" / "guidelines" / "uspstf-statin-2022"}


@dataclass(frozen=True)
class Body:
    knowledge: Knowledge
    program: Program
    words: Words

    def steps(self, tree: Criterion) -> Step:
        return steps(tree, self.knowledge.model, self.words)


@cache
def body(name: str) -> Body:
    knowledge = load_knowledge(FOLDERS[name])
    return Body(knowledge, Reasoner(knowledge).program, Words(knowledge))


def criteria(name: str) -> list[tuple[str, Named]]:
    """Every eligibility class and scope."""
    found = []
    for guideline in body(name).knowledge.guidelines:
        found.append((f"{guideline.id} scope", guideline.scope))
        found += [(own.id, own.eligibility) for own in guideline.recommendations]
    return found


CRITERIA = [(name, tree) for name in FOLDERS for _, tree in criteria(name)]
IDS = [f"{name}-{id_}" for name in FOLDERS for id_, _ in criteria(name)]
