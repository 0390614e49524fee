"""The expected results of the competency questions, as files.

After a change of the knowledge run ``python -m queries.expect`` in tests/ and read the difference.
"""

from __future__ import annotations

from reasoner.catalogue import Query

from .stores import EXPECTED, competency_questions, store

SUFFIX = {"rows": ".tsv", "boolean": ".srj", "triples": ".ttl"}


def result(query: Query) -> tuple[str, bytes]:
    """The name of the file and what it should hold."""
    found = store().query(query.name)
    suffix = SUFFIX[found.kind]
    written = {".tsv": found.to_tsv, ".srj": found.to_json, ".ttl": found.to_turtle}[suffix]
    return query.name + suffix, written()


if __name__ == "__main__":
    results = dict(result(query) for query in competency_questions())
    for path in EXPECTED.iterdir():
        if path.name not in results:
            path.unlink()
    for name, data in results.items():
        (EXPECTED / name).write_bytes(data)
    print(f"{len(results)} results written")
