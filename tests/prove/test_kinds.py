"""Each kind of proof finds what it is for, in a guideline that is sound but for one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from reasoner.assess import Reasoner
from reasoner.knowledge import load_knowledge
from reasoner.prove import Proof, proofs
from reasoner.prove.obligation import SOMEBODY
from reasoner.prove.replay import differences

from .tiny import ADULT, Rec, Tiny, both, class_, coded, either, has, no

TINY = Tiny()
FEVER, WELL, ALLERGY = has("fever"), has("fever", "no"), has("allergy")


def property_(what: str, when: str) -> str:
    return class_("Forbidden", when) + (
        f'gr:safe a gr:SafetyProperty ; rdfs:label "not then" ; gr:when gr:Forbidden ; {what} .\n'
    )


def forbidding(intervention: str, when: str) -> str:
    return property_(f"gr:forbids {intervention}", when)


CAUTION = 'gr:c a gr:Caution ; gr:text "mind" ; gr:appliesTo iv:watch ; gr:when gr:Feverish .\n'


def demand(what: str, when: str) -> str:
    return class_("Demanded", when) + f'gr:wish a gr:Demand ; rdfs:label "then" ; gr:when gr:Demanded ; {what} .\n'


def gap(when: str, more: str = "") -> str:
    return class_("Gap", when) + (
        'gap:some a gr:KnownGap ; skos:notation "some" ; gr:partOfGuideline guideline:tiny ; gr:text "nothing" ;'
        f' gr:reason "no source" ; {more} gr:when gr:Gap .\n'
    )


BROKEN: dict[str, tuple[str, Tiny, str]] = {
    "nobody is told anything": ("gap", TINY.but(without="watch"), "tiny"),
    "what is demanded is not advised": ("unmet-demand", TINY.but(demand("gr:demands iv:syrup", FEVER)), "wish"),
    "what is demanded does not come first": (
        "unmet-demand",
        TINY.but(demand("gr:demandsFirst iv:rest", FEVER)),
        "wish+demandsFirst",
    ),
    "what is to be advised against is not": (
        "unmet-demand",
        TINY.but(demand("gr:demandsAgainst iv:syrup", ALLERGY)),
        "wish+demandsAgainst",
    ),
    "a gap where something applies": ("untrue-gap", TINY.but(gap(WELL)), "some+watch"),
    "a gap in what nobody demands": (
        "needless-gap",
        TINY.but(gap(both(FEVER, ALLERGY), "gr:lacks iv:syrup ;")),
        "some",
    ),
    "two that cannot go together": (
        "conflict",
        TINY.but("iv:watch gr:incompatibleWith iv:rest .\n", watch=Rec(ADULT, "iv:watch", "watching")),
        "rest+watch",
    ),
    "one for and one against": (
        "conflict",
        TINY.but(never=Rec(both(ADULT, FEVER), "iv:syrup", "watching", direction="against")),
        "never+syrup",
    ),
    "an option that cannot be followed": (
        "conflict",
        TINY.but(
            "iv:watch gr:incompatibleWith iv:rest .\n",
            rest=Rec(both(ADULT, FEVER, ALLERGY), "iv:rest ; gr:order 1 ] , [ gr:intervention iv:watch", line=2),
        ),
        "rest",
    ),
    "a contradiction": ("unreachable", TINY.but(rest=Rec(both(ADULT, FEVER, WELL), "iv:rest", line=2)), "rest"),
    "advice beyond the scope": ("beyond-scope", TINY.but(watch=Rec(WELL, "iv:watch", "watching")), "watch"),
    "a second choice behind all others": (
        "never-first",
        TINY.but(extra=Rec(both(ADULT, FEVER), "iv:watch", line=3)),
        "extra",
    ),
    "two that each come before the other": (
        "no-first-choice",
        TINY.but(extra=Rec(both(ADULT, FEVER), "iv:watch", line=3, more="gr:preferredOver rec:rest ;")),
        "extra+rest",
    ),
    "advice that is always suspended": (
        "always-overridden",
        TINY.but(extra=Rec(both(ADULT, FEVER), "iv:watch", "other", more="gr:overrides decision:care ;")),
        "rest",
    ),
    "what is forbidden is advised": ("leak", TINY.but(property_("gr:forbids iv:watch", WELL)), "watch+safe"),
    "a narrower one of what is forbidden": (
        "leak",
        TINY.but("iv:watch skos:broader iv:care . iv:care a gr:Intervention .\n" + forbidding("iv:care", WELL)),
        "watch+safe",
    ),
    "a warning where none may be": (
        "leak",
        TINY.but(
            property_("gr:forbidsAgainst iv:syrup", ALLERGY),
            never=Rec(both(ADULT, ALLERGY), "iv:syrup", "watching", direction="against"),
        ),
        "never+safe",
    ),
    "what may not come first does": (
        "wrong-first-choice",
        TINY.but(property_("gr:forbidsFirst iv:rest", ALLERGY)),
        "rest+safe",
    ),
    "a criterion that follows from others": (
        "idle-criterion",
        TINY.but(watch=Rec(both(ADULT, WELL, either(WELL, ALLERGY)), "iv:watch", "watching")),
        "EligibleWatch/3",
    ),
    "a criterion deep inside": (
        "idle-criterion",
        TINY.but(
            class_("Inner", no(either(FEVER, both(FEVER, ALLERGY)))),
            watch=Rec(both(ADULT, "gr:Inner"), "iv:watch", "watching"),
        ),
        "Inner/1.2",
    ),
    "a criterion that no user feels": (
        "idle-criterion",
        TINY.but(
            class_("Inner", both(WELL, ALLERGY)),
            watch=Rec(both(ADULT, WELL, either("gr:Inner", no(ALLERGY), ALLERGY)), "iv:watch", "watching"),
        ),
        "Inner/1",
    ),
    "a finding that nothing reads": ("idle-finding", TINY.but(coded("cough")), "cough"),
    "an assumption that treats": ("assumption", TINY.assuming("allergy", "no"), "allergy+syrup"),
    "an assumption that rules out": ("assumption-against", TINY.assuming("allergy", "no"), "allergy+rest"),
    "the same advice to fewer": (
        "adds-nothing",
        TINY.but(extra=Rec(both(ADULT, WELL, ALLERGY), "iv:watch", "watching")),
        "extra+watch",
    ),
    "a caution that is never shown": (
        "silent-note",
        TINY.but(class_("Feverish", FEVER) + CAUTION),
        "watch+Feverish",
    ),
    "a property of what nothing offers": (
        "idle-property",
        TINY.but("iv:leech a gr:Intervention .\n" + property_("gr:forbids iv:leech", FEVER)),
        "safe",
    ),
    "a demand about nobody": ("idle-property", TINY.but(demand("gr:demands iv:rest", both(FEVER, WELL))), "wish"),
    "an acknowledgement of nothing": (
        "stale-acknowledgement",
        TINY.but('ack:none a gr:Acknowledgement ; gr:acknowledges proof:gap ; gr:reason "none" .\n'),
        "none",
    ),
}  # fmt: skip


def proved(tiny: Tiny, folder: Path) -> list[Proof]:
    return proofs(load_knowledge(tiny.write(folder)))


def test_the_sound_guideline_raises_no_alarm(tmp_path: Path) -> None:
    found = proved(TINY, tmp_path)
    assert len(found) > 10
    assert [proof.obligation.id for proof in found if proof.status != "proved"] == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found_and_shown(name: str, tmp_path: Path) -> None:
    kind, tiny, about = BROKEN[name]
    found = proved(tiny, tmp_path)
    proof = next((own for own in found if own.obligation.id == f"{kind}:{about}"), None)
    assert proof is not None, sorted(own.obligation.id for own in found if own.is_alarm)
    assert proof.status == "failed"
    assert {own.status for own in found} <= {"proved", "failed"}, "the back ends agree, and every witness replays"
    if kind == "stale-acknowledgement":
        return  # nobody shows that something is not so
    assert len(set(proof.answers)) == 1 and len(proof.answers) == 2
    assert proof.witness is not None and proof.witness.replays == ()
    knowledge = load_knowledge(tmp_path)
    strict, default = Reasoner(knowledge, strict=True), Reasoner(knowledge)
    for form in (proof.witness.turtle, proof.witness.fhir):
        answers = (each.assess(form.encode()).to_dict() for each in (strict, default))
        assert differences(*answers, proof.witness.claims) == []
    if proof.obligation.wants != SOMEBODY:
        assert proof.witness.claims


@pytest.mark.parametrize("name", [name for name in BROKEN if BROKEN[name][0] != "stale-acknowledgement"])
def test_what_is_acknowledged_is_known(name: str, tmp_path: Path) -> None:
    kind, tiny, about = BROKEN[name]
    excuse = f'ack:yes a gr:Acknowledgement ; gr:acknowledges proof:{kind} ; gr:reason "so it is" .\n'
    found = proved(tiny.but(excuse), tmp_path)
    proof = next(own for own in found if own.obligation.id == f"{kind}:{about}")
    assert proof.status == "known" and not proof.is_alarm
    assert [own.reason for own in proof.acknowledged] == ["so it is"]


def test_an_unreachable_recommendation_names_the_parts_that_exclude_each_other(tmp_path: Path) -> None:
    _, tiny, _ = BROKEN["a contradiction"]
    proof = next(own for own in proved(tiny, tmp_path) if own.obligation.kind == "unreachable" and own.is_alarm)
    assert len(proof.core) == 2


def test_a_witness_is_as_small_as_can_be(tmp_path: Path) -> None:
    """Leaving out any one finding leaves the claims open."""
    _, tiny, _ = BROKEN["two that cannot go together"]
    proof = next(own for own in proved(tiny, tmp_path) if own.obligation.kind == "conflict")
    assert proof.witness is not None
    findings = proof.witness.findings
    assert len(findings) == 3
    strict = Reasoner(load_knowledge(tmp_path), strict=True)
    for name in findings:
        rest = {other: value for other, value in findings.items() if other != name}
        answer = strict.assess_findings(rest)
        verdicts = {r["id"]: r["verdict"] for g in answer["guidelines"] for r in g["recommendations"]}
        assert "undetermined" in (verdicts["rest"], verdicts["watch"])


def test_an_acknowledgement_covers_its_class_only(tmp_path: Path) -> None:
    """Beyond the class it is an alarm, and the patient shown lies beyond it."""
    tiny = TINY.but(
        class_("Old", both(WELL, ALLERGY))
        + 'ack:old a gr:Acknowledgement ; gr:acknowledges proof:gap ; gr:when gr:Old ; gr:reason "so" .\n',
        without="watch",
    )
    proof = next(own for own in proved(tiny, tmp_path) if own.obligation.kind == "gap")
    assert proof.status == "failed" and proof.witness is not None
    assert proof.witness.findings["allergy"] == "no"


def test_an_acknowledgement_of_one_does_not_excuse_another(tmp_path: Path) -> None:
    tiny = TINY.but(
        'ack:one a gr:Acknowledgement ; gr:acknowledges proof:assumption ; gr:concerns rec:watch ; gr:reason "so" .\n'
    ).assuming("allergy", "no")
    status = {own.obligation.id: own.status for own in proved(tiny, tmp_path)}
    assert status["assumption:allergy+syrup"] == "failed"
    assert status["stale-acknowledgement:one"] == "failed"


def test_a_gap_that_is_demanded_and_declared_is_proved(tmp_path: Path) -> None:
    tiny = TINY.but(demand("gr:demands iv:syrup", FEVER) + gap(both(FEVER, ALLERGY), "gr:lacks iv:syrup ;"))
    assert not any(own.is_alarm for own in proved(tiny, tmp_path))


def test_a_number_is_cut_where_the_author_put_it(tmp_path: Path) -> None:
    """A witness beside a threshold lies on its side of it, in both back ends."""
    tiny = TINY.but(property_("gr:forbids iv:watch", no(ADULT)), watch=Rec(WELL, "iv:watch", "watching"))
    proof = next(own for own in proved(tiny, tmp_path) if own.obligation.kind == "leak")
    assert proof.status == "failed" and proof.witness is not None
    assert proof.witness.findings["years"] == 0


@pytest.mark.parametrize(("low", "high", "years"), [("17.5", "18.2", 18), ("18", "20", 19), ("119", "121", 120)])
def test_a_whole_number_lies_between_limits_that_are_none(low: str, high: str, years: int, tmp_path: Path) -> None:
    between = f"""[ a owl:Restriction ; owl:onProperty gr:years ; owl:someValuesFrom [ a rdfs:Datatype ;
      owl:onDatatype xsd:integer ;
      owl:withRestrictions ( [ xsd:minExclusive {low} ] [ xsd:maxExclusive {high} ] ) ] ]"""
    tiny = TINY.but(property_("gr:forbids iv:watch", between), watch=Rec(WELL, "iv:watch", "watching"))
    proof = next(own for own in proved(tiny, tmp_path) if own.obligation.kind == "leak")
    assert proof.status == "failed" and proof.witness is not None
    assert proof.witness.findings == {"fever": "no", "years": years}
