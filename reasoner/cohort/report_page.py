"""The report as one page: no script, no request to anywhere, and every picture with its numbers beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reasoner.html import environment, style_hash

from .report_pictures import Part, patterns, single, stacked
from .results import VERDICTS
from .run.recognise import TABLES

if TYPE_CHECKING:
    from .report import Told

_ORDER = (VERDICTS[1], VERDICTS[0], VERDICTS[3], VERDICTS[2])
"""Eligible first, then what is open, then in conflict, then not eligible."""
_FEW = 15


def page(told: Told) -> str:
    """The whole document."""
    return render(told.data)


def render(report: Mapping[str, Any], pages: Sequence[tuple[str, str]] = ()) -> str:
    """The whole document, from the report as JSON; ``pages`` are paths and names of the server that shows it."""
    templates = environment()
    templates.filters["thousands"] = lambda number: f"{number:,}"
    templates.filters["share"] = _share
    style = templates.get_template("pages/style.css").render() + templates.get_template("cohort/bars.css").render()
    return templates.get_template("cohort/report.html").render(
        report=report,
        pages=pages,
        counts=report["counts"],
        counted=counted,
        is_table=TABLES in report["inputs"]["kinds"],
        style=style,
        style_hash=style_hash(style),
        patterns=patterns(),
        order=_ORDER,
        bars=_bars(report),
        few=_FEW,
    )


def counted(number: int, noun: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _bars(report: Mapping[str, Any]) -> dict[str, str]:
    """All pictures by what they show."""
    drawn = {}
    for own in report["recommendations"]:
        ident = f"verdicts-{own['id']}"
        parts = [Part(word, own["verdicts"][word]) for word in _ORDER]
        drawn[ident] = stacked(ident, f"Verdicts on {own['id']}", parts)
    for what in ("missing", "alone", "assumed"):
        most = max((own["verdicts"] for own in report[what]), default=0)
        for own in report[what][:_FEW]:
            ident = f"{what}-{own['finding']}"
            drawn[ident] = single(ident, f"{own['label']}: verdicts", own["verdicts"], most)
    return drawn


def _share(number: int, total: int) -> str:
    return f"{number / total:.1%}" if total else "–"
