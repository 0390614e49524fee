"""Formulas over many rows at once, a bit a row: 64 rows to a machine word.

A *plane* is one value of one finding, a bit for each row in which the value is still possible. A *literal* says of a
finding that it can still be one of some values (``meets``), or that it cannot be anything else. A formula is a set of
conjunctions of literals; they are factored, so that what several have in common is computed once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .states import Register, Words


@dataclass(frozen=True, slots=True, order=True)
class Literal:
    """Of a finding: some value of the mask is possible (``meets``), or none outside it."""

    name: str
    mask: int
    meets: bool


Term = frozenset[Literal]
Node = int
_TRUE, _FALSE = -1, -2
_EACH = np.array([1 << bit for bit in range(8)], np.uint8)[:, None]
"""Each bit of a byte."""
_Step = tuple[Callable[..., Any], int, int, int]


class Planes:
    """The planes of some rows: those that a circuit asks for are made when it does."""

    def __init__(self, register: Register, words: Words) -> None:
        self.register = register
        self.rows = words.shape[1]
        """A multiple of 64."""
        self._bytes = words.view(np.uint8).reshape(*words.shape, 8)
        self._planes: dict[tuple[int, int], Words] = {}
        self._literals: dict[Literal, Words] = {}

    def __getitem__(self, literal: Literal) -> Words:
        if (found := self._literals.get(literal)) is None:
            found = self._literals[literal] = self._make(literal)
        return found

    def _make(self, literal: Literal) -> Words:
        place = self.register.places[literal.name]
        full = (1 << place.width) - 1
        mask = literal.mask if literal.meets else full & ~literal.mask
        planes = [self.bit(place.word, place.shift + i) for i in range(place.width) if mask >> i & 1]
        if not planes:
            return np.full(self.rows // 64, 0 if literal.meets else ~np.uint64(0), np.uint64)
        result = planes[0] if len(planes) == 1 else planes[0] | planes[1]
        for plane in planes[2:]:
            np.bitwise_or(result, plane, out=result)
        return result if literal.meets else ~result

    def bit(self, word: int, bit: int) -> Words:
        """One bit of the words as a plane; those of a byte are made together."""
        at = word, bit // 8
        if (planes := self._planes.get(at)) is None:
            column = np.ascontiguousarray(self._bytes[word, :, bit // 8])
            planes = np.packbits(column & _EACH, axis=1, bitorder="little").view(np.uint64)
            self._planes[at] = planes
        plane: Words = planes[bit % 8]
        return plane


class Circuit:
    """Several formulas compiled together; ``run`` gives a bit vector for each."""

    def __init__(self, formulas: Sequence[Iterable[Term]]) -> None:
        self._nodes: dict[tuple[Any, ...], Node] = {}
        self._leaves: list[Literal] = []
        self._gates: dict[Node, tuple[Callable[..., Any], Node, Node]] = {}
        self._memo: dict[frozenset[Term], Node] = {}
        outputs = [self._build(frozenset(terms)) for terms in formulas]
        self._schedule(outputs)
        del self._nodes, self._gates, self._memo

    def _node(self, key: tuple[Any, ...]) -> Node:
        return self._nodes.setdefault(key, len(self._nodes))

    def _gate(self, function: Callable[..., Any], a: Node, b: Node) -> Node:
        neutral, absorbing = (_TRUE, _FALSE) if function is np.bitwise_and else (_FALSE, _TRUE)
        if absorbing in (a, b):
            return absorbing
        if a in (neutral, b):
            return b
        if b == neutral:
            return a
        a, b = min(a, b), max(a, b)
        node = self._node((function is np.bitwise_and, a, b))
        self._gates[node] = function, a, b
        return node

    def _literal(self, literal: Literal) -> Node:
        before = len(self._nodes)
        node = self._node((literal,))
        if node == before:
            self._leaves.append(literal)
            self._gates[node] = np.positive, len(self._leaves) - 1, 0
        return node

    def _build(self, terms: frozenset[Term]) -> Node:
        """``literal and (terms that have it) or (those that have it not)``, the commonest literal first."""
        if not terms:
            return _FALSE
        if frozenset() in terms:
            return _TRUE
        if (node := self._memo.get(terms)) is not None:
            return node
        if len(terms) == 1:
            node = _TRUE
            for literal in sorted(next(iter(terms))):
                node = self._gate(np.bitwise_and, node, self._literal(literal))
        else:
            counts = Counter(literal for term in terms for literal in term)
            most = min(counts, key=lambda literal: (-counts[literal], literal))
            having = frozenset(term - {most} for term in terms if most in term)
            others = frozenset(term for term in terms if most not in term)
            inside = self._gate(np.bitwise_and, self._literal(most), self._build(having))
            node = self._gate(np.bitwise_or, inside, self._build(others))
        self._memo[terms] = node
        return node

    def _schedule(self, outputs: list[Node]) -> None:
        """The gates that outputs need, in order, each with a register that is free by then."""
        last: dict[Node, int] = {}
        order: list[Node] = []
        for output in outputs:
            self._visit(output, last, order)
        for at, node in enumerate(order):
            function, a, b = self._gates[node]
            if function is not np.positive:
                last[a] = last[b] = at
        for output in outputs:
            last[output] = len(order)
        register: dict[Node, int] = {}
        free: list[int] = []
        self._steps: list[_Step] = []
        count = len(self._leaves)
        for at, node in enumerate(order):
            function, a, b = self._gates[node]
            if function is np.positive:
                register[node] = a
                continue
            if not free:
                free.append(count)
                count += 1
            target = register[node] = free.pop()
            self._steps.append((function, target, register[a], register[b]))
            for used in {a, b}:
                if last[used] == at and register[used] >= len(self._leaves):
                    free.append(register[used])
        self._size = count
        self._outputs = [node if node < 0 else register[node] for node in outputs]

    def _visit(self, start: Node, seen: dict[Node, int], order: list[Node]) -> None:
        stack = [(start, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node >= 0 and node not in seen:
                seen[node] = -1
                stack.append((node, True))
                function, a, b = self._gates[node]
                if function is not np.positive:
                    stack += [(b, False), (a, False)]

    def __len__(self) -> int:
        return len(self._steps)

    def run(self, planes: Planes) -> list[Words]:
        """A bit vector for each formula."""
        size = planes.rows // 64
        registers = [planes[literal] for literal in self._leaves]
        registers += list(np.empty((self._size - len(self._leaves), size), np.uint64))
        for function, target, a, b in self._steps:
            function(registers[a], registers[b], registers[target])
        constant = {_TRUE: np.full(size, ~np.uint64(0)), _FALSE: np.zeros(size, np.uint64)}
        return [constant[o] if o < 0 else registers[o] for o in self._outputs]
