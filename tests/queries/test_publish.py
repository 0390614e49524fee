"""What is published: exact, declared, with its provenance, and one patient apart from another."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from reasoner.errors import ReasonerError
from reasoner.graph import GR, TYPE
from reasoner.publish import IMPLICANTS
from reasoner.query import QueryStore

from .stores import ROOT, guideline, store


def ask(text: str) -> bool:
    return store().run(f"ASK {{ {text} }}").boolean


def test_each_implicant_is_the_compiled_one() -> None:
    """The literals of a formula's implicants, put together again, are the cubes that ``assess`` uses."""
    space = guideline().program.space
    literals: dict[str, int] = {}
    for literal, finding, value in (
        store()
        .run(
            "SELECT ?l ?n ?v { GRAPH graph:implicants { ?l a gr:Literal ; gr:aboutFinding ?f ; gr:allows ?v } "
            "?f skos:notation ?n }"
        )
        .rows
    ):
        assert isinstance(literal, ox.NamedNode) and isinstance(finding, ox.Literal) and isinstance(value, ox.NamedNode)
        field = space.fields[finding.value]
        values = [v.iri for v in guideline().knowledge.model.findings[finding.value].values]
        place = values.index(value.value) if values else int(value.value.rsplit("/", 1)[1])
        literals[literal.value] = literals.get(literal.value, space.full & ~field.mask) | 1 << (field.offset + place)
    count = 0
    for decider in guideline().deciders:
        for compiled in decider.compiled:
            for relation, cubes in (("trueWhen", compiled.formula.yes), ("falseWhen", compiled.formula.no)):
                found: dict[str, int] = {}
                for implicant, literal in (
                    store()
                    .run(
                        f"SELECT ?i ?l {{ <{GR}formula/{compiled.recommendation.id}/eligible> gr:{relation} ?i . "
                        "?i gr:literal ?l }"
                    )
                    .rows
                ):
                    assert isinstance(literal, ox.NamedNode)
                    cube = found.get(str(implicant), space.full)
                    found[str(implicant)] = cube & literals[literal.value]
                assert sorted(found.values()) == sorted(cubes)
                count += len(cubes)
    assert count >= 300


def test_every_literal_allows_or_excludes_each_value() -> None:
    assert not ask(
        "?l a gr:Literal ; gr:aboutFinding ?f "
        "{ ?v a gr:Cell ; gr:aboutFinding ?f } UNION { ?f rdfs:range ?c . ?v a ?c } "
        "FILTER NOT EXISTS { ?l gr:allows ?v } FILTER NOT EXISTS { ?l gr:excludes ?v }"
    )
    assert not ask("?l gr:allows ?v ; gr:excludes ?v")


def test_every_term_of_ours_is_declared() -> None:
    """Predicates and classes in the store: no typing error hides in what the program writes."""
    knowledge = guideline().knowledge.graph
    used = {q.predicate.value for q in store().store} | {
        q.object.value for q in store().store if q.predicate.value == TYPE and isinstance(q.object, ox.NamedNode)
    }
    columns = GR + "mapping-column/"
    assert not [
        iri for iri in sorted(used) if iri.startswith(GR) and not iri.startswith(columns) and iri not in knowledge
    ]
    declared = set(knowledge.instances(GR + "NamedGraph"))
    graphs = {g.value for g in store().store.named_graphs() if isinstance(g, ox.NamedNode)}
    assert {iri for iri in graphs if iri.startswith(GR + "graph/")} == declared


def test_a_recorded_finding_leads_to_its_resource_and_a_derived_one_to_its_rule() -> None:
    assert ask(
        "GRAPH graph:provenance { ?s prov:wasDerivedFrom ?r ; prov:wasGeneratedBy ?a . ?a prov:used ?r } "
        'GRAPH graph:findings { ?s gr:knownBy "recorded" }'
    )
    assert ask('?s gr:aboutFinding gr:ischaemiaGrade ; gr:knownBy "derived" ; gr:derivedBy grading:ischaemia')
    assert not ask('?s gr:knownBy "derived" FILTER NOT EXISTS { ?s gr:derivedBy ?rule }')
    assert not ask("?s a gr:FindingState FILTER NOT EXISTS { ?s prov:wasGeneratedBy ?a }")


def test_an_assumption_is_in_its_own_graph_only() -> None:
    assert ask('GRAPH graph:assumptions { ?s gr:knownBy "assumed" ; gr:assumedUnder "ankle-only" }')
    assert not ask('GRAPH graph:findings { ?s gr:knownBy "assumed" }')
    assert not ask(
        "GRAPH graph:assumptions { ?a gr:findingState ?s . ?s gr:aboutFinding ?f } "
        "GRAPH graph:findings { ?a gr:findingState ?t . ?t gr:aboutFinding ?f }"
    )


def test_strict_mode_assumes_nothing() -> None:
    import reasoner

    strict = QueryStore(reasoner.load(strict=True), [ROOT / "examples" / "two-feet.json"])
    assert not strict.query("assumptions").rows
    assert len(strict.query("who-waits-for-what").rows) > 0


def test_a_contradicted_finding_is_wholly_open() -> None:
    rows = (
        store()
        .run(
            "SELECT ?n (COUNT(DISTINCT ?v) AS ?values) { ?f skos:notation ?n . "
            "?s gr:aboutFinding ?f ; gr:conflictingValue ?c ; gr:possibleValue ?v } GROUP BY ?n ORDER BY ?n"
        )
        .rows
    )
    findings = guideline().knowledge.model.findings
    assert [
        (str(n.value), int(c.value)) for n, c in rows if isinstance(n, ox.Literal) and isinstance(c, ox.Literal)
    ] == [(name, len(findings[name].values)) for name in ("aspect", "site")]


def test_the_same_name_in_two_inputs_is_two_subjects() -> None:
    """Several examples have a `Condition/ulcer`; nothing known of one may reach another."""
    rows = (
        store()
        .run('SELECT ?s (COUNT(?a) AS ?n) { ?a gr:onSubject ?s ; gr:localReference "Condition/ulcer" } GROUP BY ?s')
        .rows
    )
    assert any(isinstance(n, ox.Literal) and int(n.value) >= 2 for _, n in rows)
    assert not ask(
        "?a gr:findingState ?s, ?t . ?s gr:aboutFinding ?f . ?t gr:aboutFinding ?f FILTER(STR(?s) < STR(?t))"
    )


def test_adding_patients_twice_or_one_by_one_gives_the_same(tmp_path: Path) -> None:
    files = [ROOT / "examples" / "two-feet.json", ROOT / "examples" / "after-surgery.ttl"]
    together, apart = QueryStore(guideline(), files), QueryStore(guideline())
    for file in [*files, files[0]]:
        apart.add(file)
    for name in ("who-is-eligible", "findings-known", "assumptions"):
        assert together.query(name).to_csv() == apart.query(name).to_csv()
    assert len(list(together.store.quads_for_pattern(None, None, None, IMPLICANTS))) > 5_000


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReasonerError, match="no such file"):
        QueryStore(guideline(), [tmp_path / "nobody.json"])
    broken = QueryStore(guideline(), [b'{"resourceType": "Bundle", "type": "collection"}\n{"resourceType":\n'])
    assert len(broken.broken) == 1
