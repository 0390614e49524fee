"""Checks explanations against the ontology, sharing no code with what wrote them: exit code 3 and the first fault.

    python -m reasoner.verifier EXPLANATION.json [ONTOLOGY_DIR]

A state is an integer with a bit for each value of each finding, numbers stood for by samples at and between thresholds.
"""

from __future__ import annotations

import json
import operator
import re
import sys
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pyoxigraph as ox

GR, OWL = "https://w3id.org/guideline-reasoner/", "http://www.w3.org/2002/07/owl#"
RDF, RDFS = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2000/01/rdf-schema#"
NOTATION, XSD = "http://www.w3.org/2004/02/skos/core#notation", "http://www.w3.org/2001/XMLSchema#"
PACKED = Path(__file__).parent / "_knowledge"
HOME = PACKED if PACKED.is_dir() else PACKED.parents[1]
SIGNS = {"minInclusive": ">=", "minExclusive": ">", "maxInclusive": "<=", "maxExclusive": "<"}
HOLDS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
EQUAL, SOME, NOT, RECORDED = OWL + "equivalentClass", OWL + "someValuesFrom", OWL + "complementOf", "whenRecorded"
LISTS = (OWL + "intersectionOf", OWL + "unionOf")
KINDS = {LISTS[0]: "and", LISTS[1]: "or", NOT: "not", SOME: "and"}
DEFINITE = {"eligible": True, "not-eligible": False}
Tree = tuple[Any, ...]
Json = dict[str, Any]
Goal = tuple[str, bool]


class WrongError(Exception):
    """The explanation is not borne out."""


def need(holds: object, what: str) -> None:
    """Raise WrongError unless it holds."""
    if not holds:
        raise WrongError(what)


class Ontology:
    """The files: their triples, the findings with a bit a value, and classes as trees."""

    def __init__(self, folder: Path) -> None:
        root, home = folder / "ontology" if (folder / "ontology").is_dir() else folder, HOME / "ontology"
        globs = ((root, "**/*.ttl"), (home, "core/*.ttl"))
        files = {p.relative_to(r).as_posix(): p for r, glob in globs for p in r.glob(glob)}
        self.out, self.file, self.places = dict[str, dict[str, list[Any]]](), dict[str, str](), set[tuple[str, str]]()
        for name, path in sorted(files.items()):
            if "/cases/" not in name and path.name[0] != ".":
                self.parse(name, path.read_text(encoding="utf-8"))
        self.bits, self.cuts = dict[str, dict[Any, int]](), dict[str, list[float]]()
        self.trees, self.memo, at = dict[str, Tree](), dict[Any, bool](), 0
        self.findings = {self.one(iri, NOTATION): iri for iri in self.all(GR + "Finding")}
        self.names = {iri: name for name, iri in self.findings.items()}
        for name, iri in self.findings.items():
            range_ = self.one(iri, RDFS + "range")
            coded = [*self.listed(self.one(range_, EQUAL) or range_, OWL + "oneOf")]
            values = [self.one(value, NOTATION) for value in coded] or self.samples(name, iri, range_)
            self.bits[name], at = {value: 1 << (at + i) for i, value in enumerate(values)}, at + len(values)
        self.mask = {name: sum(bits.values()) for name, bits in self.bits.items()}
        self.full = sum(self.mask.values())
        above = [(c, p) for c in self.all(OWL + "Class") for p in self.of(c, RDFS + "subClassOf")]
        axioms = [("or", ("not", self.tree(c)), self.tree(p)) for c, p in above if self.speaks(c) and self.speaks(p)]
        self.trees["axioms"] = ("and", *axioms)
        rules = [n for n in self.all(GR + "DataRule") if self.one(n, GR + "severity") == GR + "severity/violation"]
        told = [(self.named(n, RECORDED), self.one(n, GR + "violatedBy")) for n in rules]
        self.rules = [(names, class_) for names, class_ in told if class_]
        given = [(n, name) for n in self.all(GR + "RecordedDerivation") for name in self.named(n, "derives")]
        gives = {n: self.one(n, GR + "givesValue", NOTATION) for n, _ in given}
        self.derived = [(self.named(n, RECORDED), name, self.bits[name][gives[n]]) for n, name in given]
        assumed = [(n, self.one(iri, GR + "assumedValue", NOTATION)) for n, iri in sorted(self.findings.items())
                   if self.one(iri, GR + "whenNotRecorded") == GR + "policy/assume"]  # fmt: skip
        self.assumed = {n: self.bits[n][value] for n, value in assumed}
        ties = [*map(self.about, axioms), *(causes | {name} for causes, name, _ in self.derived)]
        self.tied = {n: {n}.union(*(tie for tie in ties if n in tie)) for n in self.findings}

    def parse(self, name: str, text: str) -> None:
        for quad in ox.parse(text.encode(), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True):
            node, value = str(quad.subject).strip("<>"), quad.object
            term = (value.value,) if isinstance(value, ox.Literal) else str(value).strip("<>")
            self.out.setdefault(node, {}).setdefault(quad.predicate.value, []).append(term)
            self.file.setdefault(node, name)
        prefixes = dict(re.findall(r"@prefix (\S*:) <(.*)>", text))
        for number, line in enumerate(text.splitlines(), 1):
            if found := re.match(r"<(.*?)>|([\w.-]*:)(\S*)", line):
                self.places.add((found[1] or prefixes.get(found[2], "") + found[3], f"{name}:{number}"))

    def of(self, node: str | None, predicate: str) -> list[Any]:
        return self.out.get(node or "", {}).get(predicate, [])

    def one(self, node: str | None, *path: str) -> Any:
        for predicate in path:
            found = self.of(node, predicate)
            node = None if not found else found[0][0] if isinstance(found[0], tuple) else found[0]
        return node

    def all(self, class_: str) -> list[str]:
        return sorted(node for node, said in self.out.items() if class_ in said.get(RDF + "type", ()))

    def named(self, node: str, predicate: str) -> set[str]:
        return {self.names[iri] for iri in self.of(node, GR + predicate)}

    def listed(self, node: str | None, predicate: str) -> Iterator[Any]:
        head = self.one(node, predicate)
        while head and head != RDF + "nil":
            yield self.one(head, RDF + "first")
            head = self.one(head, RDF + "rest")

    def limits(self, datatype: str | None) -> list[Any]:
        facets = [pair for facet in self.listed(datatype, OWL + "withRestrictions") for pair in self.out[facet].items()]
        return [(SIGNS[p.removeprefix(XSD)], float(v[0][0])) for p, v in facets if p.startswith(XSD)]

    def samples(self, name: str, iri: str, range_: str) -> list[float]:
        uses = [self.one(n, SOME) for n in self.all(OWL + "Restriction") if self.one(n, OWL + "onProperty") == iri]
        cuts = self.cuts[name] = sorted({cut for use in (*uses, range_) for _, cut in self.limits(use)})
        is_whole = XSD + "integer" in (range_, self.one(range_, OWL + "onDatatype"))
        between = [(a // 1 + 1 if is_whole else (a + b) / 2, b) for a, b in pairwise(cuts)]
        found = {*cuts, *(n for n, b in between if n < b), min(cuts, default=0.0) - 1, max(cuts, default=0.0) + 1}
        return sorted(n for n in found if all(HOLDS[sign](n, cut) for sign, cut in self.limits(range_)))

    def value(self, name: str, said: Any) -> int:
        """The bits of a value as an explanation writes it."""
        said = said.get("possible") if isinstance(said, dict) else said
        if said is None or isinstance(said, list):
            return self.mask[name] if said is None else sum({self.value(name, own) for own in said})
        if isinstance(said, int | float):
            return self.within(name, [(s, c) for c in self.cuts[name] for s in HOLDS if HOLDS[s](float(said), c)])
        found = [(sign, float(number)) for sign, number in re.findall(r"([<>]=?)(-?[\d.]+)", said)]
        return self.within(name, found) if name in self.cuts else self.bits[name][said]

    def within(self, name: str, range_: Any) -> int:
        limits = range_ if isinstance(range_, list) else self.limits(range_)
        return sum(bit for n, bit in self.bits[name].items() if all(HOLDS[sign](n, cut) for sign, cut in limits))

    def among(self, name: str, node: str) -> int:
        node = self.one(node, EQUAL) or node
        bits = sum(self.bits[name][self.one(value, NOTATION)] for value in self.listed(node, OWL + "oneOf"))
        bits |= self.mask[name] & ~self.among(name, self.one(node, NOT)) if self.of(node, NOT) else 0
        for part in self.listed(node, OWL + "unionOf"):
            bits |= self.among(name, part)
        return bits

    def speaks(self, class_: str) -> bool:
        return bool(self.of(class_, EQUAL) and self.about(self.tree(class_)))

    def tree(self, class_: str) -> Tree:
        if class_ not in self.trees:
            node = self.one(class_, EQUAL) or class_
            kind = next((own for own in KINDS if self.of(node, own)), "")
            name, some = self.names.get(self.one(node, OWL + "onProperty")), self.one(node, SOME)
            if name:
                value = self.bits[name].get(self.one(node, OWL + "hasValue", NOTATION), 0)
                among = self.within if name in self.cuts else self.among
                self.trees[class_] = ("in", self.mask[name], value or among(name, some))
            else:
                parts = self.listed(node, kind) if kind in LISTS else self.of(node, kind)
                self.trees[class_] = (KINDS.get(kind, "and"), *(self.tree(part) for part in parts))
        return self.trees[class_]

    def about(self, tree: Tree) -> set[str]:
        if tree[0] == "in":
            return {name for name, mask in self.mask.items() if mask == tree[1]}
        return set().union(*(self.about(part) for part in tree[1:]))

    def term(self, row: Json) -> None:
        need(row["label"] == self.one(row["iri"], RDFS + "label"), f"label of {row['iri']}")
        need((row["iri"], row["where"]) in self.places, f"place of {row['iri']}")

    def possible(self, state: int, *asked: Goal) -> bool:
        """Whether a complete state within this one, that the axioms allow, puts each class as asked."""
        if (key := (state, asked)) not in self.memo:
            seen = [(look(self.tree(class_), state), truth) for class_, truth in (("axioms", True), *asked)]
            left = next((found for found, _ in seen if not isinstance(found, bool)), None)
            halves = (state & ~left[1] | state & left[2], state & ~left[2]) if left else ()
            good = not any(found is (not truth) for found, truth in seen)
            self.memo[key] = good and (left is None or any(self.possible(half, *asked) for half in halves))
        return self.memo[key]

    def can(self, state: int, name: str, bits: int) -> bool:
        return bool(state & bits) and self.possible(state & ~self.mask[name] | state & bits)


def look(tree: Tree, state: int) -> Any:
    """True or False where the state settles the tree, else an atom that it leaves open."""
    if tree[0] == "in":
        own = state & tree[1]
        return True if not own & ~tree[2] else tree if own & tree[2] else False
    if tree[0] == "not":
        inner = look(tree[1], state)
        return not inner if isinstance(inner, bool) else inner
    settling, left = tree[0] == "or", None
    for part in tree[1:]:
        if (inner := look(part, state)) is settling:
            return settling
        left = left or (None if isinstance(inner, bool) else inner)
    return left or not settling


class Subject:
    """What is said of one subject: its findings, and what follows from them."""

    def __init__(self, o: Ontology, rows: Json, strict: bool) -> None:
        self.o, self.rows, self.assumed = o, rows, {n: b for n, b in o.assumed.items() if n in rows and not strict}
        self.told = {n: o.value(n, row.get("stated", row["value"])) for n, row in rows.items() if row["said"]}
        self.seen = {n: o.value(n, row["value"]) for n, row in rows.items()}
        self.shut = {n for n, row in rows.items() if row["from"] in ("contradicted", "unplaced")}
        fixed = {
            n for n, row in rows.items() if isinstance(row["value"], str | int | float) or row["from"] == "assumed"
        }
        self.open = rows.keys() - fixed
        self.kept = {n for n, row in rows.items() if row["immutable"]} - self.open
        self.state = self.settle(self.told)

    def settle(self, told: dict[str, int]) -> int | None:
        """All that follows, assumptions included; None where it cannot stand together."""
        o, shut = self.o, self.shut | told.keys()
        state = sum(told.get(n, mask) for n, mask in o.mask.items())
        if any(names <= told.keys() and not o.possible(state, (class_, False)) for names, class_ in o.rules):
            return None
        for causes, name, bits in o.derived:
            state &= ~o.mask[name] | bits if name not in shut and causes & told.keys() else o.full
        for name, bits in self.assumed.items():
            if name not in shut and o.can(state, name, bits) and o.can(state, name, o.mask[name] & ~bits):
                state &= ~o.mask[name] | bits
        return state if o.possible(state) else None

    def only(self, names: Any) -> int:
        return sum(self.seen[n] if n in names else mask for n, mask in self.o.mask.items())

    def check_row(self, name: str, row: Json) -> None:
        o, kind, rule, value, origin = self.o, row["from"], row.get("rule"), self.seen[name], f"origin of `{name}`"
        immutable, known = o.one(row["iri"], GR + "immutable") == "true", kind in ("recorded", "derived", "assumed")
        need((row["iri"], row["immutable"]) == (o.findings[name], immutable), f"finding `{name}`")
        if self.state is not None:
            left = sum(bit for bit in o.bits[name].values() if o.can(self.state, name, bit))
            need(value == left and known == (value != o.mask[name] or row["said"]), f"value of `{name}`")
        need((kind == "assumed") == ("policy" in row) and (kind != "recorded" or row["resource"]), origin)
        need((rule is not None) == (kind == "derived" or (kind == "assumed" and row["said"])), origin)
        need(rule or kind != "assumed" or (value == self.assumed.get(name) and not row["resource"]), origin)
        for term in (row, *((rule, *row.get("bands", ())) if rule else ())):
            o.term(term)
        if rule and rule["kind"] == "axiom":
            told = self.settle({i["finding"]: o.value(i["finding"], i["value"]) for i in row["inputs"]})
            need(told and not o.can(told, name, o.mask[name] & ~value), f"axiom of `{name}`")
        elif rule:
            need(row["said"] and name in o.named(rule["iri"], "derives"), f"rule of `{name}`")

    def check_sets(self, against: Goal, sets: list[set[str]]) -> None:
        """All are there when, with a finding of each left out, nothing suffices any more."""
        possible, hits = self.o.possible, {frozenset[str]()}
        for own in sets:
            need(not possible(self.only(own), against), f"{sorted(own)} does not suffice")
            need(all(possible(self.only(own - {n}), against) for n in own), f"{sorted(own)} is not minimal")
            hits = {hit | {n} for hit in hits for n in ((hit & own) or own)}
            hits = {hit for hit in hits if not any(other < hit for other in hits)}
        need(all(possible(self.only(self.rows.keys() - hit), against) for hit in hits), "a set is missing")

    def check_changes(self, goal: Goal, told: Json) -> None:
        o, sizes = self.o, {len(parts) for parts in told["sets"]}
        for parts in told["sets"]:
            for p in parts:
                now = (self.rows[p["finding"]]["value"], self.rows[p["finding"]]["from"])
                need((p["from"], p["origin"]) == now and p["to"], "a change starts elsewhere")
            need(len({p["finding"] for p in parts}) == len(parts), "a finding is changed twice")
            for point in product(*([(p["finding"], o.value(p["finding"], to)) for to in p["to"]] for p in parts)):
                need(all(self.may(n, bit) for n, bit in point), "something immutable is changed")
                end = self.settle({**self.told, **dict(point)})
                need(end and not o.possible(end, (goal[0], not goal[1])), "a change does not flip the verdict")
        need(len(sizes) < 2 and not self.reach(goal, self.told, min(sizes, default=0) - 1, set()), "a change is nearer")
        need(sizes or not o.possible(self.only(self.kept), goal), "there is a change")
        need(sizes or bool(told["onlyImmutable"]) == o.possible(o.full, goal), "what is immutable")

    def may(self, name: str, bit: int) -> bool:
        return name not in self.kept and (not self.rows[name]["immutable"] or self.o.can(self.state or 0, name, bit))

    def reach(self, goal: Goal, told: Json, budget: int, done: set[str]) -> bool:
        """Whether so many changes can reach the goal. A value that alone excludes it must go."""
        o, state = self.o, self.settle(told)
        if budget < 1 or (state is not None and not o.possible(state, (goal[0], not goal[1]))):
            return budget >= 0 and state is not None and not o.possible(state, (goal[0], not goal[1]))
        now, free = state or sum(told.get(n, mask) for n, mask in o.mask.items()), self.rows.keys() - done
        bad = {n: sum(b for b in o.bits[n].values() if not o.possible(o.full & ~o.mask[n] | b, goal)) for n in free}
        left = {n: [b for b in o.bits[n].values() if not b & bad[n] and self.may(n, b)] for n in free}
        must = [n for n in free if now & bad[n] and (len(o.tied[n]) < 2 or not now & o.mask[n] & ~bad[n])]
        if len(must) > budget or not all(left[n] for n in must):
            return False
        blocking = free if state is None else self.blocking(goal, state)
        first = sorted(must, key=lambda n: (len(left[n]), n))[:1] or sorted(blocking & free)
        return any(self.reach(goal, {**told, n: b}, budget - 1, done | {n}) for n in first for b in left[n])

    def blocking(self, goal: Goal, state: int) -> set[str]:
        """The findings of a smallest state that excludes the goal, and what is tied to them: one must change."""
        o, names = self.o, sorted({t for n in self.o.about(self.o.tree(goal[0])) for t in self.o.tied[n]})
        for n in names:
            parts = [state & ~o.mask[n] | bit for bit in o.bits[n].values() if state & bit]
            state = next(part for part in parts if o.possible(part, (goal[0], not goal[1])))
        for n in names:
            state |= 0 if o.possible(state | o.mask[n], goal) else o.mask[n]
        return {t for n in names if o.mask[n] & ~state for t in o.tied[n]}

    def check(self, own: Json) -> None:
        o, class_, verdict, sets = self.o, self.o.one(own["iri"], GR + "eligibility"), own["verdict"], own["sets"]
        o.term(own)
        ids = (o.one(own["iri"], NOTATION), o.one(own["iri"], GR + "partOfGuideline", NOTATION), [class_])
        need((own["recommendation"], own["guideline"], own["classes"][:1]) == ids, "another recommendation")
        can = [truth for truth in (True, False) if o.possible(self.only(self.rows), (class_, truth))]
        need(DEFINITE.get(verdict) == (can[0] if len(can) == 1 else None), f"verdict on {own['recommendation']}")
        need(verdict != "conflicting-data" or self.shut, "nothing is contradicted")
        need(len(can) == 1 or (not sets and own["changes"] is None), "an open verdict has reasons")
        known = {n: (row["value"], row["from"]) for n, row in self.rows.items()}
        need(all((p["value"], p["from"]) == known[p["finding"]] for s in sets for p in s), "a finding of a set differs")
        if len(can) == 1:
            self.check_sets((class_, not can[0]), [{p["finding"] for p in s} for s in sets])
            need((own["changes"] is None) == (self.state is None), "changes of what cannot stand together")
        if own["changes"] is not None:
            need(DEFINITE[own["changes"]["to"]] is not can[0], "a change leads elsewhere")
            self.check_changes((class_, not can[0]), own["changes"])


def verify(told: Json, o: Ontology) -> None:
    """Raise WrongError for the first thing in an explanation that the ontology does not bear out."""
    versions = {o.file[n]: o.one(n, OWL + "versionInfo") for n in o.all(OWL + "Ontology")}
    for row in told["guidelines"]:
        own = (o.one(row["iri"], NOTATION), o.one(row["iri"], RDFS + "label"), versions[o.file[row["iri"]]])
        need((row["id"], row["label"], row["version"]) == own, f"header of {row['id']}")
    for row in told["classes"].values():
        o.term(row)
    for said in told["subjects"]:
        subject = Subject(o, said["findings"], told["provenance"]["policy"] == "strict")
        for name, row in subject.rows.items():
            subject.check_row(name, row)
        for own in said["explanations"]:
            subject.check(own)


def main(arguments: list[str]) -> int:
    """Check a file; returns the exit code."""
    found, folder = json.loads(Path(arguments[0]).read_bytes()), Path(arguments[1]) if arguments[1:] else HOME
    try:
        ontology = Ontology(folder)
        for told in found if isinstance(found, list) else [found]:
            verify(told, ontology)
        print("ok")
        return 0
    except (WrongError, LookupError, TypeError, AttributeError) as error:
        print(f"wrong: {error}")
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
