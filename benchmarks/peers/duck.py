"""DuckDB: plain SQL written by hand, from bulk NDJSON and from columns of findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).parent / "sql"
FILES = {"$condition": "Condition", "$observation": "Observation", "$procedure": "Procedure"}


def read(folder: Path, connection: Any = None) -> Any:
    """A connection whose table ``findings`` holds a row for each lesion of a bulk export."""
    connection = connection or duckdb.connect()
    text = (HERE / "findings.sql").read_text(encoding="utf-8")
    for name, kind in FILES.items():
        files = sorted(str(path) for path in folder.glob(f"{kind}.*"))
        text = text.replace(name, "[" + ", ".join(f"'{path}'" for path in files) + "]")
    connection.execute(text)
    return connection


def write(connection: Any, out: Path) -> None:
    """The verdicts of the table ``findings`` as Parquet, a row a lesion."""
    connection.execute(f"COPY ({rules()}) TO '{out}' (FORMAT parquet)")


def rules() -> str:
    """The query of the verdicts."""
    return (HERE / "rules.sql").read_text(encoding="utf-8")


def answers(folder: Path) -> dict[str, dict[str, bool | None]]:
    """By lesion, named by its Condition: what SQL says of the 33 recommendations; None is NULL."""
    rows = read(folder).execute(rules())
    names = [column[0] for column in rows.description][2:]
    return {row[1]: dict(zip(names, row[2:], strict=True)) for row in rows.fetchall()}
