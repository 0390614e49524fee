"""The second back end: an SMT solver over the criteria as they stand, with numbers as numbers.

It shares no code with the first one: no state space, no prime implicants, no cut at a threshold.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any as Expression

from reasoner.criteria import All, Among, Any, Criterion, Named, Not, Within
from reasoner.errors import EngineError
from reasoner.model import Finding, Model


class Smt:
    """Answers whether any allowed subject meets a criterion."""

    def __init__(self, model: Model, axioms: Iterable[Criterion]) -> None:
        try:
            z3 = import_module("z3")
        except ImportError:
            hint = "run: pip install '.[author]' in a clone of the program"
            raise EngineError("the solver z3 is not installed", None, hint) from None
        self._z3: Expression = z3
        self._solver: Expression = z3.Solver()
        self._named: dict[int, tuple[Criterion, Expression]] = {}
        self._findings = {name: self._variable(finding) for name, finding in model.findings.items()}
        for axiom in axioms:
            self._solver.add(self._expression(axiom))

    def anybody(self, tree: Criterion) -> bool:
        """Whether some assignment that the axioms allow meets the criterion."""
        self._solver.push()
        self._solver.add(self._expression(tree))
        answer = self._solver.check()
        self._solver.pop()
        if answer == self._z3.unknown:
            raise EngineError("the solver gave up", None, "report it with the knowledge that it happened on")
        return bool(answer == self._z3.sat)

    def _variable(self, finding: Finding) -> Expression:
        z3, range_ = self._z3, finding.range
        if range_ is None:
            variable = z3.Int(finding.notation)
            self._solver.add(variable >= 0, variable < len(finding.values))
            return variable
        variable = z3.Int(finding.notation) if range_.integer else z3.Real(finding.notation)
        if range_.minimum is not None:
            self._solver.add(variable >= self._number(range_.minimum))
        if range_.maximum is not None:
            self._solver.add(variable <= self._number(range_.maximum))
        return variable

    def _number(self, number: float) -> Expression:
        # By its decimal digits: a binary fraction would put the limit beside where the author put it.
        return self._z3.RealVal(repr(number))

    def _expression(self, tree: Criterion) -> Expression:
        z3 = self._z3
        match tree:
            case Among(finding, mask):
                variable = self._findings[finding]
                return z3.Or([variable == i for i in range(mask.bit_length()) if mask >> i & 1])
            case Within():
                return self._interval(tree)
            case Not(part):
                return z3.Not(self._expression(part))
            case All(parts):
                return z3.And([self._expression(part) for part in parts])
            case Any(parts):
                return z3.Or([self._expression(part) for part in parts])
            case Named(_, part):
                known = self._named.get(id(tree))
                if known is None:
                    # The tree is kept beside it, so that its id stays its own.
                    known = self._named[id(tree)] = (tree, self._expression(part))
                return known[1]

    def _interval(self, leaf: Within) -> Expression:
        z3, variable = self._z3, self._findings[leaf.finding]
        limits = []
        if leaf.low is not None:
            low = self._number(leaf.low)
            limits.append(variable >= low if leaf.low_closed else variable > low)
        if leaf.high is not None:
            high = self._number(leaf.high)
            limits.append(variable <= high if leaf.high_closed else variable < high)
        return z3.And(limits)
