"""Effect estimates for a page: a plot for each measure, and the table that says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from reasoner.draw.forest import by_measure, effect, forest
from reasoner.words import counted

from .site import Site

Json = Mapping[str, Any]
Context = dict[str, Any]


def effects(estimates: Sequence[Json], site: Site, ident: str, heading: str = "") -> Context:
    """Plots by measure, and rows for the table; ``heading`` goes into the names of the plots."""
    plots = []
    for place, (measure, rows) in enumerate(by_measure(estimates).items(), 1):
        label = site.words.label("measure", measure)
        title = f"Forest plot, {label}{f': {heading}' if heading else ''}"
        drawn = forest(rows, site.words, f"{ident}-plot-{place}", title)
        if drawn is not None:
            # The plot escapes what it is given.
            plots.append({"title": title, "drawn": Markup(drawn)})
    return {
        "plots": plots,
        "rows": [_row(row, site) for row in estimates],
        "count": counted(len(estimates), "estimate"),
    }


def _row(row: Json, site: Site) -> Context:
    words = site.words
    arms = words.interventions(row["intervention"] or "")
    size = []
    if row["studies"] is not None:
        size.append(counted(row["studies"], "study"))
    if row["participants"] is not None:
        size.append(f"{row['participants']:,} people")
    return {
        "id": row["id"],
        "link": site.source(row["id"]),
        "outcome": site.term("outcome", row["outcome"]),
        "role": words.label("role", row["role"]),
        "arms": arms,
        "against": words.interventions(row["comparator"] or ""),
        "measure": words.label("measure", row["measure"]),
        "effect": effect(row),
        "certainty": words.label("certainty", row["certainty"]) if row["certainty"] else "not given",
        "certaintyStatus": site.status(row["certaintyStatus"]),
        "status": site.status(row["status"]),
        "size": ", ".join(size) or "not given",
        "source": site.identifier(row["source"] or ""),
        "note": row["note"] or "",
    }
