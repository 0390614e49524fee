"""Checks of what the knowledge says: authoring shapes, loading, competency questions."""

from __future__ import annotations

import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from reasoner.catalogue import Query
from reasoner.errors import QueryError, ReasonerError
from reasoner.graph import GR
from reasoner.knowledge import shipped
from reasoner.shapes import AUTHORING, shapes_of
from reasoner.validate import Check, Validator

from .bench import Bench
from .files import asked, expected
from .found import Found
from .problem import Problem
from .snapshot import BLANK, SHAPES

_COARSE = ("FragmentShape", "AcyclicClassShape", "AcyclicPreferenceShape", "Restriction", "ClassShape", "DatatypeShape",
           "AssumedValueShape", "LogSymmetricShape", "ValueSetShape")  # fmt: skip
"""Shapes that say in general what the program says of the very place."""
_OURS = re.compile(r"gr:[\w./-]*[\w-]")


def authoring(bench: Bench) -> Found:
    """The ontology meets shapes/authoring.ttl."""
    checks = validating(bench)
    yield bench.graph.size
    for check in checks.result():
        if check.severity == "Violation":
            yield _violation(bench, check)


def validating(bench: Bench) -> Future[list[Check]]:
    """The results of the authoring shapes to come; the engine works beside the other steps."""
    name = f"{SHAPES}/{AUTHORING}"
    data = bench.files.get(name) or (shipped() / name).read_bytes()

    def begin() -> Future[list[Check]]:
        validator = bench.memo.get(("validator", data), lambda: Validator(shapes_of({name: data})))
        text = "".join(document.triples for document in bench.ontology)
        pool = ThreadPoolExecutor(1)
        future = pool.submit(validator.check_text, text)
        pool.shutdown(wait=False)
        return future

    return bench.memo.get(("authoring", bench.key, data), begin)


def _violation(bench: Bench, check: Check) -> Problem:
    message, _, fix = check.message.rstrip(".").rpartition(": ")
    if not message:
        message, _, fix = check.message.rstrip(".").rpartition("; ")
    said = (check.value or "").strip("<>")
    literal = re.match(r'"[^"]*"', check.value or "")
    path = check.path or ""
    clues = [said if literal is None else literal[0], path]
    owner = bench.owner(check.focus)
    text = _OURS.sub(
        lambda match: bench.label(GR + match[0][3:]) if GR + match[0][3:] in bench.graph else match[0], message
    )
    coarse = check.shape.removeprefix(GR + "shape/").startswith(_COARSE)
    clues = [c for c in clues if c and BLANK not in c]
    problem = bench.problem(owner, text[:1].lower() + text[1:], fix or "mend it", clues=clues, coarse=coarse)
    return replace(problem, mentions=(*problem.mentions, said)) if said in bench.graph else problem


def loading(bench: Bench) -> Found:
    """The knowledge loads and compiles: findings, guidelines, gradings, mappings, patient shapes."""
    try:
        knowledge = bench.reasoner.knowledge
    except ReasonerError as error:
        yield from bench.from_error(error)
        return
    yield sum(len(guideline.trees()) for guideline in knowledge.guidelines)


def questions(bench: Bench) -> Found:
    """Every competency question over the knowledge gives the result that lies beside it."""
    for query in bench.queries.values():
        if "/" in query.name or query.needs_patients or query.file not in bench.files:
            continue
        yield 1
        wanted = tuple(expected(bench, query))
        key = ("question", query.file, query.text, bench.key, wanted, tuple(bench.prefixes.items()))
        yield from bench.memo.get(key, lambda q=query, w=wanted: list(_question(bench, q, w)))  # type: ignore[misc]


def _question(bench: Bench, query: Query, wanted: tuple[tuple[str, bytes], ...]) -> Found:
    term = asked(query)
    try:
        result = bench.store.run(query.text, query.file)
        found = {"tsv": result.to_tsv, "srj": result.to_json, "ttl": result.to_turtle}
        given = {form: found[form]() for form, _ in wanted}
    except QueryError as error:
        yield Problem(error.where or query.file, term, error.message, error.hint or "mend the query")
        return
    for form, data in wanted:
        if given[form] != data:
            name = f"queries/expected/{query.name}.{form}"
            old, new = data.decode().splitlines(), given[form].decode().splitlines()
            line = next(
                (n for n, pair in enumerate(zip(old, new, strict=False), 1) if pair[0] != pair[1]),
                min(len(old), len(new)) + 1,
            )
            gone, come = len(set(old) - set(new)), len(set(new) - set(old))
            message = f"the result has changed: {gone} of {len(old)} lines gone, {come} new"
            named = {"srj": "json", "ttl": "turtle"}.get(form, form)
            own = bench.snapshot.folder
            command = f"guideline query {query.name} --format {named} --knowledge {own} -o {own / name}"
            fix = f"if it is meant, write it anew: {command}"
            yield Problem(f"{name}:{line}", term, message, fix)
