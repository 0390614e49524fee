"""Changes of every other kind: the model, the order, gradings, policies, rules, words; and renamed things."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pyoxigraph as ox
import pytest

from reasoner.assess import Reasoner
from reasoner.criteria import support
from reasoner.diff.compare import Difference, compare
from reasoner.diff.patients import answer
from reasoner.diff.questions import ELIGIBLE, FIRST, SUSPENDED
from reasoner.diff.sides import open_side
from reasoner.errors import KnowledgeError
from reasoner.graph import GR, LABEL, NOTATION, XSD

from .persons import write
from .test_edits import EDITS, eligibility, mirrored, swap_value, told, values_of
from .test_rewrites import changes, classes
from .worlds import World, base, shipped

Replacement = tuple[str, str]
Toy = Callable[..., Difference]


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    """The difference that some replacements make in the guideline about persons; its mirror is checked too."""
    with ExitStack() as stack:

        def differ(*replacements: Replacement) -> Difference:
            old = open_side(str(write(tmp_path / "old")), stack)
            new = open_side(str(write(tmp_path / "new", *replacements)), stack)
            difference = compare(old, new)
            mirrored(difference, compare(new, old))
            return difference

        yield differ


def decisions(difference: Difference) -> set[tuple[str, str, str, str]]:
    return {(c.about, c.what, c.old, c.new) for c in difference.decisions}


# Numbers, values and findings


def test_threshold_between_two_whole_numbers_is_no_change(toy: Toy) -> None:
    difference = toy(("xsd:minInclusive 180", "xsd:minExclusive 179"))
    assert changes(difference) == []
    (one,) = difference.definitions
    assert one.same is True


def test_states_are_cells_that_some_number_lies_in(toy: Toy) -> None:
    one = told(toy(("xsd:minInclusive 180", "xsd:minInclusive 170")), ELIGIBLE)["toy", "toy-1"]
    # Below 170, below 180, and the rest, each dark or light; below 0 there is nobody.
    assert (one.shift.states, one.shift.gained, one.shift.lost) == (6, 1, 0)
    assert one.gained is not None
    assert one.gained.findings == {"height": 170, "shade": "dark"}


def test_new_value_is_told_and_its_states_are_counted_apart(toy: Toy) -> None:
    difference = toy(
        ("( shade:dark shade:light )", "( shade:dark shade:light shade:red )"),
        ("gr:Everybody a owl:Class", 'shade:red a gr:Shade ; rdfs:label "red"@en ; skos:notation "red" ; gr:order 2 .\n'
         "gr:Everybody a owl:Class"),
    )  # fmt: skip
    assert ("shade", "value", "", "red") in decisions(difference)
    one = told(difference, ELIGIBLE)["toy", "toy-1"]
    assert (one.shift.states, one.shift.gained, one.shift.lost) == (4, 0, 0)
    assert one.shift.apart == ((0, 0), (2, 1))
    # The coat is for the light alone: nothing changes for anybody.
    assert ("toy", "toy-2") not in told(difference, ELIGIBLE)


def test_renamed_value_is_told_but_changes_no_state(toy: Toy) -> None:
    difference = toy(("shade:light", "shade:pale"))
    assert difference.affected == ()
    assert [c.what for c in difference.decisions] == ["value renamed"]
    assert difference.is_clinical


def test_finding_of_one_side_alone_is_told_and_left_alone_by_the_other(toy: Toy) -> None:
    finding = (
        'gr:weight a owl:DatatypeProperty, owl:FunctionalProperty, gr:Finding ; rdfs:label "weight"@en ;\n'
        '    skos:notation "weight" ; rdfs:domain gr:Patient ; gr:unit "kg" ; gr:whenNotRecorded policy:ask ;\n'
        "    rdfs:range [ a rdfs:Datatype ; owl:onDatatype xsd:decimal ;\n"
        "        owl:withRestrictions ( [ xsd:minInclusive 0.0 ] [ xsd:maxInclusive 300.0 ] ) ] .\n"
        'gr:Heavy a owl:Class ; rdfs:label "heavy"@en ; owl:equivalentClass [ a owl:Restriction ;\n'
        "    owl:onProperty gr:weight ; owl:someValuesFrom [ a rdfs:Datatype ; owl:onDatatype xsd:decimal ;\n"
        "        owl:withRestrictions ( [ xsd:minInclusive 100.0 ] ) ] ] .\n"
    )
    difference = toy(
        ("gr:Everybody a owl:Class", f"{finding}gr:Everybody a owl:Class"),
        ("( gr:Quick gr:Light )", "( gr:Quick gr:Light gr:Heavy )"),
    )
    assert ("weight", "finding", "", "weight (number)") in decisions(difference)
    one = told(difference, ELIGIBLE)["toy", "toy-2"]
    assert one.shift.findings == ("shade", "speed", "weight")
    assert (one.shift.states, one.shift.gained, one.shift.lost) == (12, 0, 1)
    assert one.lost is not None
    assert one.lost.old == {"shade": "light", "speed": 7.5}
    assert one.lost.new == {"shade": "light", "speed": 7.5, "weight": 0}


def test_finding_that_was_coded_and_is_a_number_now_does_not_crash(toy: Toy) -> None:
    difference = toy(
        ("gr:shade a owl:ObjectProperty", "gr:shade a owl:DatatypeProperty"),
        ("rdfs:range gr:Shade", "rdfs:range xsd:decimal"),
        ("owl:hasValue shade:light", "owl:someValuesFrom [ a rdfs:Datatype ; owl:onDatatype xsd:decimal ;\n"
         "owl:withRestrictions ( [ xsd:minInclusive 5.0 ] ) ]"),
    )  # fmt: skip
    assert {("shade", "finding", "shade (dark | light)", ""), ("shade", "finding", "", "shade (number)")} <= decisions(
        difference
    )
    assert told(difference, ELIGIBLE)["toy", "toy-1"].shift.is_changed


def test_wider_range_is_told_and_its_states_are_counted_apart(toy: Toy) -> None:
    difference = toy(("xsd:maxInclusive 250", "xsd:maxInclusive 300"))
    assert ("height", "range", "0 to 250, whole numbers", "0 to 300, whole numbers") in decisions(difference)
    one = told(difference, ELIGIBLE)["toy", "toy-1"]
    assert (one.shift.gained, one.shift.lost, one.shift.apart) == (0, 0, ((0, 0), (2, 1)))


def test_policy_is_told_in_words(toy: Toy) -> None:
    difference = toy(
        ("rdfs:range gr:Shade ; gr:whenNotRecorded policy:ask",
         "rdfs:range gr:Shade ; gr:whenNotRecorded policy:assume ; gr:assumedValue shade:dark"),
    )  # fmt: skip
    assert decisions(difference) == {("shade", "when not recorded", "ask", "assume dark")}
    assert difference.is_clinical
    assert difference.metadata == ()


# Recommendations


def test_added_and_removed_recommendation_count_with_all_they_take_in(toy: Toy) -> None:
    more = (
        '<https://w3id.org/guideline-reasoner/recommendation/toy-3> a gr:Recommendation ; rdfs:label "boots"@en ;\n'
        '    skos:notation "toy-3" ; gr:eligibility gr:Tall ;\n'
        "    gr:decision <https://w3id.org/guideline-reasoner/decision/dress> ;\n"
        "    gr:direction <https://w3id.org/guideline-reasoner/direction/against> ;\n"
        "    gr:partOfGuideline <https://w3id.org/guideline-reasoner/guideline/toy> ;\n"
        "    gr:option [ gr:component [ gr:intervention <https://w3id.org/guideline-reasoner/intervention/hat> ] ] .\n"
    )
    difference = toy(("gr:Everybody a owl:Class", f"{more}gr:Everybody a owl:Class"))
    one = told(difference, ELIGIBLE)["toy", "toy-3"]
    assert (one.change, one.shift.states, one.shift.gained) == ("added", 2, 1)
    assert ("toy-3", "recommendation", "", "toy-3: boots") in decisions(difference)


def test_recommendation_under_a_new_id_is_renamed_by_iri_or_by_meaning(toy: Toy) -> None:
    assert decisions(toy(('skos:notation "toy-1"', 'skos:notation "toy-9"'))) == {
        ("toy-9", "renamed", "toy-1", "toy-9")
    }
    both = toy(('skos:notation "toy-1"', 'skos:notation "toy-9"'), ("recommendation/toy-1", "recommendation/toy-9"))
    assert decisions(both) == {("toy-9", "renamed", "toy-1", "toy-9")}
    assert both.affected == ()


def test_order_is_told_with_whom_it_affects(toy: Toy) -> None:
    # Nobody is both dark and light: the order of the two never mattered, and is told all the same.
    difference = toy(("gr:eligibility gr:ForHat ; gr:line 1", "gr:eligibility gr:ForHat ; gr:line 3"))
    assert decisions(difference) == {("toy-1", "line of choice", "1", "3")}
    assert difference.affected == ()
    wider = toy(
        ("gr:eligibility gr:ForHat ; gr:line 1", "gr:eligibility gr:Tall ; gr:line 3"),
    )
    assert told(wider, FIRST)["toy", "toy-1"].shift.gained
    assert ("toy", "toy-2") not in told(wider, FIRST)


def test_change_of_advice_is_told() -> None:
    world = World()
    recommendation = shipped().guidelines[0].recommendations[0]
    world.set(recommendation.iri, GR + "line", ox.Literal("9", datatype=ox.NamedNode(XSD + "integer")))
    strengths = shipped().graph.instances(GR + "Strength")
    other = next(s for s in strengths if s != shipped().graph.node(recommendation.iri, GR + "strength"))
    world.set(recommendation.iri, GR + "strength", other)
    difference = compare(base(), world.side())
    mirrored(difference, compare(world.side(), base()))
    assert {what for _, what, _, _ in decisions(difference)} == {"line of choice", "strength"}
    assert told(difference, FIRST)
    assert difference.metadata == ()


def test_recommendation_that_no_longer_overrides_is_told_with_whom_it_affects() -> None:
    world = World()
    world.triples = [t for t in world.triples if t[1] != GR + "overrides"]
    difference = compare(base(), world.side())
    assert {what for _, what, _, _ in decisions(difference)} == {"suspends decisions"}
    suspended = told(difference, SUSPENDED)
    assert suspended
    assert all(one.shift.gained == 0 < one.shift.lost and one.lost is not None for one in suspended.values())


# Gradings, rules and axioms


def test_moved_band_tells_the_share_of_records_that_get_another_grade() -> None:
    grading = next(g for g in shipped().derivations.gradings if len(g.steps) > 1)
    scale = next(s for s in grading.steps[0].scales if len(s.inputs) == 1)
    facets = [
        (s, p, o) for s, p, o in World().triples
        if p in (XSD + "minInclusive", XSD + "maxExclusive") and not isinstance(o, str) and o.value == "40.0"
    ]  # fmt: skip
    assert facets and scale.bands
    world = World()
    for subject, predicate, limit in facets:
        assert not isinstance(limit, str)
        world.set(subject, predicate, ox.Literal("45.0", datatype=limit.datatype))
    side = world.side()
    difference = compare(base(), side)
    mirrored(difference, compare(side, base()))
    (one,) = difference.regraded
    assert one.finding == grading.finding
    assert one.changed == sum(many for *_, many in one.moves)
    assert one.changed is not None and 0 < one.changed < one.records
    assert all(a != b for a, b, _ in one.moves)


def test_dropped_step_of_a_grading_is_told() -> None:
    grading = next(g for g in shipped().derivations.gradings if len(g.steps) > 1)
    world = World()
    step = next(o for s, p, o in world.triples if s == grading.iri and p == GR + "step")
    world.triples = [t for t in world.triples if t != (grading.iri, GR + "step", step)]
    assert [one.finding for one in compare(base(), world.side()).regraded] == [grading.finding]


def test_dropped_axiom_counts_the_states_that_become_possible() -> None:
    axiom = shipped().derivations.axioms[0]
    world = World()
    world.triples = [
        t for t in world.triples if not (t[0] == axiom.iri and t[1].endswith("subClassOf") and t[2] in classes())
    ]
    difference = compare(base(), world.side())
    mirrored(difference, compare(world.side(), base()))
    one = difference.allowed
    assert one is not None
    # Of two findings with two values each, the axiom excludes one pair.
    names = shipped().model.findings
    assert [len(names[name].values) for name in one.findings if name in support(axiom.tree)] == [2, 2]
    assert (one.only_old, one.only_new) == (0, one.states // 4)


def test_changed_data_rule_is_told() -> None:
    rule = next(r for r in shipped().derivations.rules if r.violated_by is not None)
    assert rule.violated_by is not None
    world = World()
    world.redefine(rule.violated_by.iri, world.negated)
    ours = [one for one in compare(base(), world.side()).rules if one.id == rule.id]
    assert len(ours) == 1 and ours[0].states is not None


# Words


def test_words_are_metadata_and_change_no_answer() -> None:
    recommendation = shipped().guidelines[0].recommendations[0]
    world = World()
    world.set(recommendation.iri, GR + "statement", ox.Literal("Something else."))
    world.set(recommendation.iri, LABEL, ox.Literal("another label", language="en"))
    difference = compare(base(), world.side())
    assert changes(difference) == []
    assert [(c.new) for c in difference.metadata] == ["another label", "Something else."]


def test_number_of_an_estimate_is_metadata() -> None:
    world = World()
    estimate = shipped().graph.instances(GR + "Evidence")[0]
    world.set(estimate, GR + "participants", ox.Literal("12345", datatype=ox.NamedNode(XSD + "integer")))
    (one,) = compare(base(), world.side()).metadata
    assert one.new == "12345" and not one.clinical


def test_how_records_are_read_is_starred() -> None:
    world = World()
    subject, predicate, value = next(t for t in world.triples if t[1] == GR + "establishes")
    world.triples.remove((subject, predicate, value))
    (one,) = compare(base(), world.side()).metadata
    assert one.clinical


def test_label_of_a_class_shows_among_the_axioms() -> None:
    world = World()
    class_ = classes()[0]
    world.set(class_, LABEL, ox.Literal("another name", language="en"))
    difference = compare(base(), world.side())
    assert (class_, "another name", True) in {(d.iri, d.name, d.same) for d in difference.definitions}
    assert changes(difference) == []


def test_notation_of_a_finding_that_changed_is_the_same_finding() -> None:
    world = World()
    finding = next(f for f in shipped().model.findings.values() if f.values and f.kind == "Patient")
    world.set(finding.iri, NOTATION, ox.Literal(f"{finding.notation}-renamed"))
    side = world.side(reads_model=True)
    difference = compare(base(), side)
    assert difference.affected == ()
    assert decisions(difference) == {
        (f"{finding.notation}-renamed", "renamed", finding.notation, f"{finding.notation}-renamed")
    }


# Patients


@pytest.mark.parametrize("seed", range(8))
def test_patient_is_answered_as_told_and_needs_every_finding(seed: int) -> None:
    """The Turtle is answered by both programs; without any one finding one of them no longer decides."""
    dice = random.Random(seed)
    edit = EDITS[seed % len(EDITS)][0]
    joined = {*classes("intersectionOf"), *classes("unionOf")}
    class_ = dice.choice([c for c in eligibility() if c in joined and (edit is not swap_value or values_of(c))])
    world = World()
    edit(world, class_, dice)
    side = world.side()
    difference = compare(base(), side)
    seen = 0
    for (guideline, id_), one in told(difference, ELIGIBLE).items():
        own = next(g for g in shipped().guidelines if g.id == guideline)
        for patient, gained in ((one.gained, True), (one.lost, False)):
            if patient is None or not id_:
                continue
            seen += 1
            verdicts = [_verdict(s.reasoner, patient.turtle, id_) for s in (base(), side)]
            words = ["eligible" if is_member else "not-eligible" for is_member in (not gained, gained)]
            assert verdicts == words
            for left_out in patient.findings:
                fewer = {name: value for name, value in patient.findings.items() if name != left_out}
                told_of = [answer(s, own, id_, ELIGIBLE, fewer, strict=True) for s in (base(), side)]
                assert None in told_of, left_out
    assert seen or not any(one.shift.gained or one.shift.lost for one in told(difference, ELIGIBLE).values())


def _verdict(reasoner: Reasoner, turtle: str, id_: str) -> str:
    (subject,) = reasoner.assess(turtle.encode()).to_dict()["subjects"]
    rows = [row for guideline in subject["guidelines"] for row in guideline["recommendations"]]
    return next(str(row["verdict"]) for row in rows if row["id"] == id_)


# Files beside the graph, and the promise that nothing is passed over


def test_mapping_rows_and_files_beside_the_ontology_are_told(tmp_path: Path) -> None:
    for part in ("ontology", "shapes", "queries"):
        shutil.copytree(shipped().folder / part, tmp_path / part)
    table = next(tmp_path.rglob("*.sssom.tsv"))
    table.write_text("\n".join(table.read_text().splitlines()[:-1]) + "\n")
    query = sorted((tmp_path / "queries").glob("*.rq"))[0]
    query.write_text(query.read_text() + "# a remark\n")
    case = sorted(tmp_path.rglob("cases/*.ttl"))[0]
    case.unlink()
    with ExitStack() as stack:
        difference = compare(base(), open_side(str(tmp_path), stack))
    assert difference.affected == () and difference.decisions == ()
    told_of = {(c.what, c.clinical, bool(c.old), bool(c.new)) for c in difference.metadata}
    assert told_of == {("mapping row", True, True, False), ("file", False, True, True), ("file", False, True, False)}


@pytest.mark.parametrize("seed", range(12))
def test_no_triple_can_go_without_being_told(seed: int) -> None:
    world = World()
    triples = [t for t in world.triples if not t[0].startswith("_:")]
    gone = random.Random(seed).choice(triples)
    world.triples.remove(gone)
    try:
        side = world.side(reads_model=True)
    except (KnowledgeError, AssertionError):
        return  # the side itself is refused
    assert not compare(base(), side).is_empty, gone
