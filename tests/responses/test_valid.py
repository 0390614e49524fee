"""Every response is valid FHIR, by validators that nobody here wrote.

All of FHIR's checks (schema and invariants too) over every plan of the 500 generated patients take minutes: ``python
-m responses.test_valid`` in tests/ runs them; here one in twenty is looked at by all, and every one by fhir.resources
and the required bindings.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fhirvalid import bindings, check, structure

from reasoner.responses import Release, collection, data_requirements, guidance, issues
from reasoner.responses.definitions import definitions

from .answers import GENERATED, RELEASES, STATIN, Case, Json, files, generated, inner, loaded, responses


def written(case: Case, release: Release) -> Iterator[Json]:
    """Everything that can be written of an answer."""
    for _, _, response in responses(case, release):
        yield response
    for guideline in case.knowledge.knowledge.guidelines:
        yield from guidance(case.knowledge, case.answer, guideline.id, release)
        yield from issues(case.knowledge, case.answer, guideline.id, release)
    yield collection(case.knowledge, case.answer, release)


def fast(resource: Json, release: Release) -> list[str]:
    """By fhir.resources as a whole, by the bindings resource for resource."""
    return [
        *structure.problems(resource, release),
        *(p for o in inner(resource) for p in bindings.problems(o, release)),
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_examples_are_valid(release: Release) -> None:
    names = {case.name.partition("#")[0]: case for case in files() if "sample" not in case.name}
    assert len(names) > 10
    assert not check((one for case in names.values() for _, _, one in responses(case, release)), release)


@pytest.mark.parametrize("release", RELEASES)
def test_samples_are_valid_in_every_form_written(release: Release) -> None:
    cases = [case for case in files() if "sample" in case.name]
    assert cases and not [p for case in cases[::6] for one in written(case, release) for p in fast(one, release)]


def test_generated_patients_are_valid() -> None:
    problems, count = [], 0
    for number, case in enumerate(generated()):
        release = RELEASES[number % 2]
        found = [one for _, _, one in responses(case, release)]
        one = found[number // 2 % len(found)]
        problems += [f"{case.name}: {problem}" for problem in fast(one, release)]
        count += 1
    assert not problems and count == GENERATED


def test_generated_patients_keep_the_invariants() -> None:
    """By the validators of npm, where they are installed."""
    found = [list(responses(case, "R4"))[number % 2][2] for number, case in enumerate(generated(25))]
    assert not check(found, "R4")


@pytest.mark.parametrize("release", RELEASES)
def test_definitions_and_requirements_are_valid(release: Release) -> None:
    libraries = [data_requirements(own, guideline.id, release)
                 for own in (loaded(), loaded(STATIN)) for guideline in own.knowledge.guidelines]  # fmt: skip
    assert not check([*definitions(release), *libraries], release)


def every() -> Iterator[str]:
    """What every validator says of the plan of each guideline for every generated patient, in both releases."""
    for case in generated():
        for release in RELEASES:
            yield from (
                f"{case.name}: {problem}" for problem in check((o for _, _, o in responses(case, release)), release)
            )


if __name__ == "__main__":
    import sys

    problems = list(every())
    print(f"{len(problems)} problems in {GENERATED} patients", *problems[:20], sep="\n")
    sys.exit(bool(problems))
