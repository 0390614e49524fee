"""What each validator notices and what it misses, held to the table in docs/fhir.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from . import bindings, check
from .install import UnavailableError, installed
from .make_bindings import kept, r4, r5
from .seeds import SEEDS, TOOLS, Seed, sound

DOCS = Path(__file__).parent.parent.parent / "docs" / "fhir.md"
LEAST_SEEDS = 13


def modules() -> Path:
    """The folder of the node modules; skips the test where there is none."""
    try:
        return installed()
    except UnavailableError as error:
        pytest.skip(str(error))


def told() -> dict[str, dict[str, list[str]]]:
    """By mistake and release: the validators that notice it, as the document says."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        columns = [(release, tool) for release, tools in TOOLS.items() for tool in tools]
        if len(cells) == len(columns) + 1 and set(cells[1:]) <= {"yes", "–"}:
            row = found.setdefault(cells[0], {release: [] for release in TOOLS})
            for (release, tool), cell in zip(columns, cells[1:], strict=True):
                if cell == "yes":
                    row[release].append(tool)
    return found


def noticed(seed: Seed, release: str) -> list[str]:
    """The validators that notice a mistake; resources inside are looked at too, as ``check`` does."""
    said = {problem.split(": ")[1] for problem in check([seed.resource(release)], release)}
    return [tool for tool in TOOLS[release] if tool in said]


@pytest.mark.parametrize("release", TOOLS)
def test_what_is_sound_passes(release: str) -> None:
    assert check(sound(release).values(), release) == []


@pytest.mark.parametrize("release", TOOLS)
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: re.sub(r"\W+", "-", seed.name).strip("-"))
def test_each_mistake_is_noticed_by_those_that_the_table_names(seed: Seed, release: str) -> None:
    if release == "R4":
        modules()
    assert noticed(seed, release) == told()[seed.name][release]


def test_the_table_has_a_row_for_each_seed_and_no_other() -> None:
    assert len(SEEDS) >= LEAST_SEEDS
    assert list(told()) == [seed.name for seed in SEEDS]


def test_each_validator_alone_misses_something_that_another_notices() -> None:
    """Why there are several."""
    rows = told().values()
    for release, tools in TOOLS.items():
        for tool in tools:
            assert any(row[release] and tool not in row[release] for row in rows), (
                f"{tool} alone would do for {release}"
            )


def test_a_type_that_no_validator_knows_is_a_mistake() -> None:
    assert check([{"resourceType": "Recipe", "id": "r"}], "R5")
    modules()
    assert check([{"resourceType": "Recipe", "id": "r"}], "R4")


def test_a_bundle_may_hold_types_that_one_of_the_validators_lacks() -> None:
    """A Citation is new in R4B, an EffectEvidenceSynthesis is gone there."""
    citation = {"resourceType": "Citation", "id": "c", "status": "draft"}
    variable = {"display": "x"}
    effect = {"resourceType": "EffectEvidenceSynthesis", "id": "e", "status": "draft", "population": variable}
    effect |= dict.fromkeys(("exposure", "exposureAlternative", "outcome"), variable)
    entries = [{"fullUrl": f"urn:x:{own['id']}", "resource": own} for own in (citation, effect)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert check([bundle], "R4") == []
    citation["status"], effect["status"] = "published", "published"
    said = check([bundle], "R4")
    assert any(line.startswith("Citation/c: bindings") for line in said)
    assert any(line.startswith("EffectEvidenceSynthesis/e: schema") for line in said)
    assert not any(line.startswith("Citation/c: schema") for line in said)


def test_without_the_packages_of_npm_the_test_is_skipped_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"-m fhirvalid\.install"):
        installed()


def test_what_python_notices_is_told_even_without_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(own: object) -> list[str]:
        raise UnavailableError("not here")

    monkeypatch.setattr("fhirvalid.validators.by_npm", unavailable)
    assert check([SEEDS[0].resource("R4")], "R4")
    with pytest.raises(pytest.skip.Exception, match="not here"):
        check(sound("R4").values(), "R4")


def test_the_lists_are_what_their_script_makes_of_the_definitions() -> None:
    sets, types = r4(modules())
    for name, allowed in bindings.data("R4")["sets"].items():
        assert sets[name] == allowed
    made, _ = r5(kept(sets, types))
    for name, allowed in bindings.data("R5")["sets"].items():
        assert made[name] == allowed


def test_the_lists_reach_what_the_outputs_of_this_project_bear() -> None:
    """Else the check would be silent rather than content."""
    for release, type_, element in (
        ("R4", "PlanDefinition", "status"),
        ("R5", "PlanDefinition", "status"),
        ("R4", "RequestGroup", "intent"),
        ("R5", "RequestOrchestration", "intent"),
        ("R4", "GuidanceResponse", "status"),
        ("R5", "GuidanceResponse", "status"),
        ("R4", "DetectedIssue", "severity"),
        ("R5", "DetectedIssue", "severity"),
        ("R4", "DeviceRequest", "intent"),
        ("R5", "ServiceRequest", "intent"),
        ("R4", "OperationOutcome.issue", "code"),
        ("R5", "OperationOutcomeIssue", "severity"),
    ):
        assert bindings.data(release)["types"][type_][element][0] == "=", f"{release} {type_}.{element}"
