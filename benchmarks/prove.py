"""Proofs over the whole state space: the shipped knowledge by each back end, and the command as a process.

    python benchmarks/prove.py [--mutants N]

Run it with the package installed with its ``test`` extra. It prints the machine, the versions, and medians, and
asserts nothing. With --mutants it also takes N seeded defects of the tests and prints how they end.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from machine import child, describe

from reasoner.knowledge import load_knowledge
from reasoner.prove import proofs
from reasoner.prove.run import Prover, obligations

ROOT = Path(__file__).parent.parent


def row(name: str, job: Callable[[], object], rounds: int) -> None:
    """One line of the table: the median of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    print(f"  {name:<62} {statistics.median(times):8.3f} s")


def main(rounds: int, mutants: int) -> None:
    """All of it."""
    knowledge = load_knowledge()
    declared = Prover(knowledge, solver=False).declared
    every = list(obligations(knowledge, declared))
    trees = [own.criterion for own in every]

    def asked(solver: bool) -> None:
        prover = Prover(knowledge, solver=solver)
        for tree in trees:
            if prover.solver is None:
                prover.implicants.anybody(tree)
            else:
                prover.solver.anybody(tree)

    print(f"  {len(every)} obligations, {len(knowledge.model.findings)} findings; medians of {rounds}")
    row("the obligations written down", lambda: list(obligations(knowledge, declared)), rounds)
    row("all of them asked of the prime implicants", lambda: asked(False), rounds)
    row("all of them asked of the solver", lambda: asked(True), rounds)
    row("both, with witnesses made and replayed", lambda: proofs(knowledge), rounds)
    wall, peak = child([sys.executable, "-m", "reasoner.cli", "prove"], rounds)
    print(f"  {'`guideline prove` in a fresh process':<62} {wall / 1e3:8.3f} s  {peak:6.0f} MB")
    if mutants:
        seeded(mutants)


def seeded(number: int) -> None:
    """Defects of the tests, spread over all classes."""
    sys.path.insert(0, str(ROOT / "tests"))
    from prove.mutants import mutants, outcome

    every = mutants()
    chosen = every[:: max(1, len(every) // number)][:number]
    start = time.perf_counter()
    ends = Counter(outcome(mutant) for mutant in chosen)
    seconds = time.perf_counter() - start
    print(f"  {len(chosen)} seeded defects: {dict(ends)}; {seconds / len(chosen):.3f} s each")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mutants", type=int, default=0)
    options = parser.parse_args()
    print(describe())
    print(f"z3-solver {version('z3-solver')}")
    main(options.rounds, options.mutants)
