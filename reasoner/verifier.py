"""Checks explanations by the ontology alone: ``python -m reasoner.verifier EXPLANATION.json [ONTOLOGY_DIR]``."""

import json
import re
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pyoxigraph as ox

GR, OWL = "https://w3id.org/guideline-reasoner/", "http://www.w3.org/2002/07/owl#"
RDF, RDFS = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2000/01/rdf-schema#"
NOTATION, XSD = "http://www.w3.org/2004/02/skos/core#notation", "http://www.w3.org/2001/XMLSchema#"
HOME = next(p for p in (Path(__file__).parent / "_knowledge", Path(__file__).parents[1]) if p.is_dir())
SIGNS = {"minInclusive": ">=", "minExclusive": ">", "maxInclusive": "<=", "maxExclusive": "<"}
HOLDS = {">=": float.__ge__, ">": float.__gt__, "<=": float.__le__, "<": float.__lt__}
EQUAL, SOME, ON, ONE_OF = (OWL + name for name in ("equivalentClass", "someValuesFrom", "onProperty", "oneOf"))
KINDS = {OWL + "intersectionOf": "and", OWL + "unionOf": "or", OWL + "complementOf": "not", SOME: "and"}
DEFINITE, WHEN, BELOW = {"eligible": True, "not-eligible": False}, "whenRecorded", RDFS + "subClassOf"


class WrongError(Exception):
    """The explanation is not borne out."""


def need(holds: object, what: str) -> None:
    """Raise WrongError unless it holds."""
    if not holds:
        raise WrongError(what)


class Ontology:
    """The files, and classes as trees. A state has a bit for each value of each finding; samples stand for numbers."""

    def __init__(self, folder: Path) -> None:
        root = folder / "ontology" if (folder / "ontology").is_dir() else folder
        globs = ((root, "**/*.ttl"), (HOME / "ontology", "core/*.ttl"))
        files = {p.relative_to(r).as_posix(): p for r, glob in globs for p in r.glob(glob)}
        self.out, self.file, self.places = dict[str, dict[str, list[Any]]](), dict[str, str](), set[tuple[str, str]]()
        for name in sorted(n for n in files if "/cases/" not in n and files[n].name[0] != "."):
            self.parse(name, files[name].read_text(encoding="utf-8"))
        self.bits, self.cuts = dict[str, dict[Any, int]](), dict[str, list[float]]()
        self.trees, self.memo, at = dict[tuple[str, str], tuple[Any, ...]](), dict[Any, bool](), 0
        self.findings = dict(sorted((self.one(iri, NOTATION), iri) for iri in self.all(GR + "Finding")))
        self.names = {iri: name for name, iri in self.findings.items()}
        for name, iri in self.findings.items():
            range_ = self.one(iri, RDFS + "range")
            coded = [self.one(value, NOTATION) for value in self.listed(self.one(range_, EQUAL) or range_, ONE_OF)]
            values: list[Any] = coded or self.samples(name, iri, range_)
            self.bits[name], at = {value: 1 << (at + i) for i, value in enumerate(values)}, at + len(values)
        self.mask = {name: sum(bits.values()) for name, bits in self.bits.items()}
        self.full = sum(self.mask.values())
        known = [c for c in self.all(OWL + "Class") if self.of(c, EQUAL) and self.about(self.tree(c))]
        axioms = [("or", ("not", self.tree(c)), self.tree(p)) for c in known for p in self.of(c, BELOW) if p in known]
        self.trees["axioms", ""] = ("and", *axioms)
        rules = [n for n in self.all(GR + "DataRule") if self.one(n, GR + "severity") == GR + "severity/violation"]
        self.rules = [(self.named(n, WHEN), class_) for n in rules for class_ in self.of(n, GR + "violatedBy")]
        given = [(n, self.one(n, GR + "givesValue", NOTATION)) for n in self.all(GR + "RecordedDerivation")]
        self.derived = [(self.named(n, WHEN), f, self.bits[f][v]) for n, v in given for f in self.named(n, "derives")]
        kept = [(n, i) for n, i in self.findings.items() if self.one(i, GR + "whenNotRecorded", NOTATION) == "assume"]
        self.assumed = {n: self.bits[n][self.one(iri, GR + "assumedValue", NOTATION)] for n, iri in kept}
        ties = [*map(self.about, axioms), *(causes | {name} for causes, name, _ in self.derived)]
        self.tied = {n: {n}.union(*(tie for tie in ties if n in tie)) for n in self.findings}

    def parse(self, name: str, text: str) -> None:
        for s, p, o, _ in ox.parse(text.encode(), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True):
            self.out.setdefault(s.value, {}).setdefault(p.value, []).append(o.value)
            self.file.setdefault(s.value, name)
        prefixes = dict(re.findall(r"@prefix (\S*:) <(.*)>", text))
        for number, line in enumerate(text.splitlines(), 1):
            if found := re.match(r"<(.*?)>|([\w.-]*:)(\S*)", line):
                self.places.add((found[1] or prefixes.get(found[2], "") + found[3], f"{name}:{number}"))

    def of(self, node: str | None, predicate: str) -> list[Any]:
        return self.out.get(node or "", {}).get(predicate, [])

    def one(self, node: str | None, *path: str) -> Any:
        for predicate in path:
            node = next(iter(self.of(node, predicate)), None)
        return node

    def all(self, class_: str) -> list[str]:
        return sorted(node for node, said in self.out.items() if class_ in said.get(RDF + "type", ()))

    def named(self, node: str, predicate: str) -> set[str]:
        return {self.names[iri] for iri in self.of(node, GR + predicate)}

    def listed(self, node: str | None, predicate: str) -> list[Any]:
        head = self.one(node, predicate)
        return [*self.of(head, RDF + "first"), *self.listed(head, RDF + "rest")] if head else []

    def limits(self, datatype: str | None) -> list[Any]:
        facets = [pair for facet in self.listed(datatype, OWL + "withRestrictions") for pair in self.out[facet].items()]
        return [(SIGNS[p.removeprefix(XSD)], float(v[0])) for p, v in facets if p.startswith(XSD)]

    def samples(self, name: str, iri: str, range_: str) -> list[float]:
        uses = [self.one(n, SOME) for n in self.all(OWL + "Restriction") if self.one(n, ON) == iri]
        cuts = self.cuts[name] = sorted({cut for use in (*uses, range_) for _, cut in self.limits(use)})
        step = 1.0 if XSD + "integer" in (range_, self.one(range_, OWL + "onDatatype")) else 1e-6
        found = {cut + move for cut in cuts or [0.0] for move in (-step, 0.0, step)}
        return sorted(n for n in found if all(HOLDS[sign](n, cut) for sign, cut in self.limits(range_)))

    def value(self, name: str, said: Any) -> int:  # the bits of a value as an explanation writes it
        said = said.get("possible") if isinstance(said, dict) else said
        if said is None or isinstance(said, list):
            return self.mask[name] if said is None else sum({self.value(name, own) for own in said})
        if name not in self.cuts:
            return self.bits[name][said]
        limits = re.findall(r"([<>]=?)(-?[\d.]+)", str(said))
        if not isinstance(said, str):
            limits = [(sign, cut) for cut in self.cuts[name] for sign in HOLDS if HOLDS[sign](float(said), cut)]
        return sum(bit for n, bit in self.bits[name].items() if all(HOLDS[sign](n, float(cut)) for sign, cut in limits))

    def tree(self, class_: str, name: str = "") -> tuple[Any, ...]:  # of subjects, or of values of a finding
        if (class_, name) not in self.trees:
            node = self.one(class_, EQUAL) or class_
            kind = next((own for own in KINDS if self.of(node, own)), "")
            parts, own = self.listed(node, kind) or self.of(node, kind), self.names.get(self.one(node, ON), name)
            bits, limits = self.bits.get(own, {}), self.limits(node)
            one = [self.one(n, NOTATION) for n in (*self.of(node, OWL + "hasValue"), *self.listed(node, ONE_OF))]
            held = [b for n, b in bits.items() if n in one or (limits and all(HOLDS[s](n, c) for s, c in limits))]
            atom = ("in", self.mask[own], sum(held)) if bits else ("and",)
            self.trees[class_, name] = (KINDS[kind], *(self.tree(part, own) for part in parts)) if kind else atom
        return self.trees[class_, name]

    def about(self, tree: tuple[Any, ...]) -> set[str]:
        if tree[0] == "in":
            return {name for name, mask in self.mask.items() if mask == tree[1]}
        return set().union(*(self.about(part) for part in tree[1:]))

    def term(self, row: dict[str, Any]) -> None:
        need(row["label"] == self.one(row["iri"], RDFS + "label"), f"label of {row['iri']}")
        need((row["iri"], row["where"]) in self.places, f"place of {row['iri']}")

    def possible(self, state: int, *asked: tuple[str, bool]) -> bool:  # for some complete state within
        if (key := (state, asked)) not in self.memo:
            goals = [self.tree(class_) if truth else ("not", self.tree(class_)) for class_, truth in asked]
            left = self.look(("and", self.trees["axioms", ""], *goals), state)
            halves = () if isinstance(left, bool) else (state & ~left[1] | state & left[2], state & ~left[2])
            self.memo[key] = left is True or any(self.possible(half, *asked) for half in halves)
        return self.memo[key]

    def look(self, tree: tuple[Any, ...], state: int) -> Any:  # whether it holds, else an atom that is left open
        if tree[0] == "in":
            own = state & tree[1]
            return True if not own & ~tree[2] else tree if own & tree[2] else False
        settling, left = tree[0] != "and", None
        for part in tree[1:]:
            if (inner := self.look(part, state)) is settling:
                return tree[0] == "or"
            left = left or (None if isinstance(inner, bool) else inner)
        return left or tree[0] != "or"

    def can(self, state: int, name: str, bits: int) -> bool:
        return bool(state & bits) and self.possible(state & ~self.mask[name] | state & bits)


class _Subject:  # what is said of one subject: its findings, and what follows from them
    def __init__(self, o: Ontology, rows: dict[str, Any], strict: bool) -> None:
        self.o, self.rows, self.assumed = o, rows, {n: b for n, b in o.assumed.items() if n in rows and not strict}
        self.told = {n: o.value(n, row.get("stated", row["value"])) for n, row in rows.items() if row["said"]}
        self.seen = {n: o.value(n, row["value"]) for n, row in rows.items()}
        self.shut = {n for n, row in rows.items() if row["from"] in ("contradicted", "unplaced")}
        fixed = [n for n, row in rows.items() if row["value"] is not None and not isinstance(row["value"], dict)]
        self.kept = {n for n, row in rows.items() if row["immutable"] and (n in fixed or row["from"] == "assumed")}
        self.known, self.state = {n: (row["value"], row["from"]) for n, row in rows.items()}, self.settle(self.told)

    def settle(self, told: dict[str, int]) -> int | None:  # what follows; None: it cannot stand together
        o, shut = self.o, self.shut | told.keys()
        state = sum(told.get(n, mask) for n, mask in o.mask.items())
        broken = any(names <= told.keys() and not o.possible(state, (class_, False)) for names, class_ in o.rules)
        for causes, name, bits in o.derived:
            state &= ~o.mask[name] | bits if name not in shut and causes & told.keys() else o.full
        for name, bits in self.assumed.items():
            if name not in shut and o.can(state, name, bits) and o.can(state, name, o.mask[name] & ~bits):
                state &= ~o.mask[name] | bits
        return None if broken or not o.possible(state) else state

    def only(self, names: Any) -> int:
        return sum(self.seen[n] if n in names else mask for n, mask in self.o.mask.items())

    def check_row(self, name: str, row: dict[str, Any]) -> None:
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

    def check_sets(self, against: tuple[str, bool], sets: list[set[str]]) -> None:  # all minimal, none missing
        possible, hits = self.o.possible, {frozenset[str]()}
        for own in sets:
            need(not possible(self.only(own), against), f"{sorted(own)} does not suffice")
            need(all(possible(self.only(own - {n}), against) for n in own), f"{sorted(own)} is not minimal")
            hits = {hit | {n} for hit in hits for n in ((hit & own) or own)}
            hits = {hit for hit in hits if not any(other < hit for other in hits)}
        need(all(possible(self.only(self.rows.keys() - hit), against) for hit in hits), "a set is missing")

    def check_changes(self, goal: tuple[str, bool], told: dict[str, Any]) -> None:
        o, sizes = self.o, {len(parts) for parts in told["sets"]}
        for parts in told["sets"]:
            need(all((p["from"], p["origin"]) == self.known[p["finding"]] for p in parts), "a change starts elsewhere")
            need(
                len({p["finding"] for p in parts if p["to"]}) == len(parts), "a finding is changed twice, or to nothing"
            )
            for point in product(*([(p["finding"], o.value(p["finding"], to)) for to in p["to"]] for p in parts)):
                need(all(self.may(n, bit) for n, bit in point), "something immutable is changed")
                end = self.settle({**self.told, **dict(point)})
                need(end and not o.possible(end, (goal[0], not goal[1])), "a change does not flip the verdict")
        need(len(sizes) < 2 and not self.reach(goal, self.told, min(sizes, default=0) - 1, set()), "a change is nearer")
        need(sizes or not o.possible(self.only(self.kept), goal), "there is a change")
        need(sizes or bool(told["onlyImmutable"]) == o.possible(o.full, goal), "what is immutable")

    def may(self, name: str, bit: int) -> bool:
        return name not in self.kept and (not self.rows[name]["immutable"] or self.o.can(self.state or 0, name, bit))

    def reach(self, goal: tuple[str, bool], told: dict[str, int], budget: int, done: set[str]) -> bool:
        o, state = self.o, self.settle(told)  # whether so many changes can reach the goal
        if budget < 1 or (state is not None and not o.possible(state, (goal[0], not goal[1]))):
            return budget >= 0 and state is not None and not o.possible(state, (goal[0], not goal[1]))
        now, free = state or sum(told.get(n, mask) for n, mask in o.mask.items()), self.rows.keys() - done
        bad = {n: sum(b for b in o.bits[n].values() if not o.possible(o.full & ~o.mask[n] | b, goal)) for n in free}
        left = {n: [b for b in o.bits[n].values() if not b & bad[n] and self.may(n, b)] for n in free}
        must = [n for n in free if now & bad[n] and (len(o.tied[n]) < 2 or not now & o.mask[n] & ~bad[n])]
        first = sorted(must)[:1] or sorted(free & (free if state is None else self.blocking(goal, state)))
        return any(self.reach(goal, {**told, n: b}, budget - 1, done | {n}) for n in first for b in left[n])

    def blocking(self, goal: tuple[str, bool], state: int) -> set[str]:  # one of these must change
        o, names = self.o, sorted({t for n in self.o.about(self.o.tree(goal[0])) for t in self.o.tied[n]})
        for n in names:
            parts = [state & ~o.mask[n] | bit for bit in o.bits[n].values() if state & bit]
            state = next(part for part in parts if o.possible(part, (goal[0], not goal[1])))
        for n in names:
            state |= 0 if o.possible(state | o.mask[n], goal) else o.mask[n]
        return {t for n in names if o.mask[n] & ~state for t in o.tied[n]}

    def check(self, own: dict[str, Any]) -> None:
        o, class_, verdict, sets = self.o, self.o.one(own["iri"], GR + "eligibility"), own["verdict"], own["sets"]
        o.term(own)
        ids = (o.one(own["iri"], NOTATION), o.one(own["iri"], GR + "partOfGuideline", NOTATION), [class_])
        need((own["recommendation"], own["guideline"], own["classes"][:1]) == ids, "another recommendation")
        can = [truth for truth in (True, False) if o.possible(self.only(self.rows), (class_, truth))]
        need(DEFINITE.get(verdict) == (can[0] if len(can) == 1 else None), f"verdict on {own['recommendation']}")
        need(verdict != "conflicting-data" or self.shut, "nothing is contradicted")
        need(len(can) == 1 or (not sets and own["changes"] is None), "an open verdict has reasons")
        need(all((p["value"], p["from"]) == self.known[p["finding"]] for s in sets for p in s), "a finding of a set")
        if len(can) == 1:
            self.check_sets((class_, not can[0]), [{p["finding"] for p in s} for s in sets])
            need((own["changes"] is None) == (self.state is None), "changes of what cannot stand together")
        if own["changes"] is not None:
            need(DEFINITE[own["changes"]["to"]] is not can[0], "a change leads elsewhere")
            self.check_changes((class_, not can[0]), own["changes"])


def verify(told: dict[str, Any], o: Ontology) -> None:
    """Raise WrongError for the first thing in an explanation that the ontology does not bear out."""
    versions = {o.file[n]: o.one(n, OWL + "versionInfo") for n in o.all(OWL + "Ontology")}
    for row in told["guidelines"]:
        own = (o.one(row["iri"], NOTATION), o.one(row["iri"], RDFS + "label"), versions[o.file[row["iri"]]])
        need((row["id"], row["label"], row["version"]) == own, f"header of {row['id']}")
    for row in told["classes"].values():
        o.term(row)
    for said in told["subjects"]:
        subject = _Subject(o, said["findings"], told["provenance"]["policy"] == "strict")
        for name, row in subject.rows.items():
            subject.check_row(name, row)
        for own in said["explanations"]:
            subject.check(own)


def main(arguments: list[str]) -> int:
    """Check a file; returns the exit code."""
    path, folder, *_ = [*arguments, HOME, HOME]
    try:
        told, ontology = json.loads(Path(path).read_bytes()), Ontology(Path(folder))
        for own in told if isinstance(told, list) else [told]:
            verify(own, ontology)
    except (OSError, SyntaxError) as error:
        print(f"error: cannot be read: {error}; name an explanation and a knowledge folder", file=sys.stderr)
        return 1
    except (WrongError, LookupError, TypeError, AttributeError, ValueError) as error:
        print(f"wrong: {error}")
        return 3
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
