"""What a run tells: what came in, what became of it, what was decided and what is missing. No patient is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from reasoner import __version__
from reasoner.answer import NOTICE
from reasoner.assess import Reasoner
from reasoner.edges import DONE, INVALID

from .fhir.tally import COUNTS
from .report_page import counted
from .results import VERDICTS
from .run import versions
from .run.counting import Counts, under, violations
from .run.judge import Settings
from .run.places import Quarantined
from .run.recognise import TABLES, Inputs

Json = dict[str, Any]
_SHOWN = 1000
"""What comes from outside could be of any number."""
_NAMED = 50


@dataclass
class Told:
    """All that the report is made of."""

    reasoner: Reasoner
    settings: Settings
    inputs: Inputs
    counts: Counts
    broken: list[Quarantined]
    rows: int
    run: str
    state: str
    lines: int
    absent: list[str]
    partial: dict[str, str]
    cpu: float
    wall: float
    before: int
    """Steps that an earlier run had finished."""
    steps: int
    engine: str = "polars"

    @cached_property
    def data(self) -> Json:
        """The report."""
        return {
            "run": self.run,
            "state": self.state,
            "guidelines": [
                {"id": g.id, "label": g.label, "version": g.version, "sha256": g.sha256, "sources": list(g.sources)}
                for g in self.reasoner.knowledge.guidelines
            ],
            "engine": {"name": "guideline-reasoner", "version": __version__, "runs on": self.engine},
            "options": {
                "layout": self.settings.layout,
                "strict": self.reasoner.strict,
                "on": None if self.settings.on is None else self.settings.on.isoformat(),
                "validate": self.settings.validate,
            },
            "inputs": self._inputs(),
            "counts": self._counts(),
            **self._told_of_data(),
            **self._decided(),
            "timings": self._timings(),
            "provenance": {"policy": "strict" if self.reasoner.strict else "default", "notice": NOTICE},
        }

    def _inputs(self) -> Json:
        return {
            "files": len(self.inputs.sources),
            "bytes": sum(source.size for source in self.inputs.sources),
            "kinds": self.inputs.described,
            "ignored": {"files": len(self.inputs.ignored), "names": [str(p) for p in self.inputs.ignored[:_NAMED]]},
            "absent": self.absent,
            "partial": [{"file": file, "why": why} for file, why in self.partial.items()],
        }

    def _counts(self) -> Json:
        counts = self.counts
        told = {name: counts["resources", name] for name in ("resources", *COUNTS)}
        return told | {
            "lines": self.lines,
            "tableRows": counts["rows", "read"],
            "broken": counts["broken",],
            "quarantined": len(self.broken),
            "duplicates": counts["duplicates", "resources"],
            "dangling": counts["dangling",],
            "patients": counts["patients",],
            "subjects": counts["subjects",],
            "repeatedSubjects": counts["duplicates", "subjects"],
            "invalidSubjects": counts["invalid subjects",],
            "eligibleForSome": counts["eligible for some",],
            "openForSome": counts["open for some",],
            "violations": violations(counts),
            "outputRows": self.rows,
        }

    def _told_of_data(self) -> Json:
        """What became of what was read."""

        def rows(what: str, *names: str) -> list[Json]:
            found = list(under(self.counts, what).items())[:_SHOWN]
            return [dict(zip(names, key, strict=True)) | {"count": count} for key, count in found]

        return {
            "unmapped": rows("unmapped", "system", "code"),
            "unplaced": rows("unplaced", "finding"),
            "unused": rows("unused", "why"),
            "rejected": rows("rejected", "column", "value"),
            "invalid": rows("invalid", "severity", "path", "message"),
            "shapes": rows("shapes", "severity", "path", "message") if self.settings.validate else None,
            "fhirVersions": versions.report(self.counts),
            "rowPath": {str(key[0]): count for key, count in under(self.counts, "row path").items()},
        }

    def _decided(self) -> Json:
        """What was decided, guideline by guideline, and what stands in the way."""
        kernel, counts = self.reasoner.kernel(), self.counts
        labels = {r.id: r for g in self.reasoner.knowledge.guidelines for r in g.recommendations}
        recommendations = [
            {
                "guideline": column.guideline.id,
                "id": column.id,
                "label": labels[column.id].static["label"],
                "direction": labels[column.id].direction,
                "verdicts": {word: counts["verdict", column.id, word] for word in VERDICTS},
                "preferred": _words(under(counts, "preferred", column.id)),
            }
            for column in kernel.columns
        ]
        return {
            "scope": {h.id: _words(under(counts, "scope", h.id)) for h in kernel.plan.headers},
            "applicability": {
                h.id: _words(under(counts, "applicability", h.id)) for h in kernel.plan.headers if h.has_population
            },
            "recommendations": recommendations,
            "conflicts": [
                {"between": [a, b], "why": why, "subjects": n}
                for (a, b, why), n in under(counts, "conflict").items()
            ],
            "missing": self._findings("missing"),
            "alone": [own | {"by": self._by(own["finding"])} for own in self._findings("alone")],
            "assumed": self._findings("assumed"),
        }  # fmt: skip

    def _findings(self, what: str) -> list[Json]:
        findings = self.reasoner.knowledge.model.findings
        return [
            {"finding": str(key[0]), "label": findings[str(key[0])].label, "verdicts": count}
            for key, count in under(self.counts, what).items()
        ]

    def _by(self, finding: str) -> Json:
        return _words(under(self.counts, "alone by", finding))

    def _timings(self) -> Json:
        subjects = self.counts["subjects",]
        return {
            "wallSeconds": round(self.wall, 3),
            "cpuSeconds": round(self.cpu, 3),
            "steps": self.steps,
            "stepsOfEarlierRuns": self.before,
            "subjectsPerCpuSecond": round(subjects / self.cpu) if self.cpu else None,
            "patientsPerCpuSecond": round(self.counts["patients",] / self.cpu) if self.cpu else None,
        }


def as_json(told: Told) -> bytes:
    """The report as JSON."""
    return orjson.dumps(told.data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def is_of_tables(report: Mapping[str, Any]) -> bool:
    """Whether rows were read, not resources."""
    return TABLES in report["inputs"]["kinds"]


def remarks(report: Mapping[str, Any]) -> Iterator[str]:
    """What whoever started the run should know before reading anything else."""
    counts = report["counts"]
    for own in report["inputs"]["partial"]:
        yield f"`{own['file']}` was read in part only: {own['why']}"
    if absent := report["inputs"]["absent"]:
        yield f"none of the type {', '.join(absent)} was among the inputs, although the mapping reads it"
    if counts["duplicates"] or counts["dangling"]:
        yield f"resources that are there twice: {counts['duplicates']:,}; references to nothing: {counts['dangling']:,}"
    if not counts["subjects"]:
        yield "nobody to decide about was found in the inputs"


def code_of(report: Mapping[str, Any]) -> int:
    """The exit code of a run: whether some data is invalid or could not be read."""
    counts = report["counts"]
    return INVALID if counts["violations"] or counts["broken"] or report["inputs"]["partial"] else DONE


def summary(report: Mapping[str, Any], output: str, state: str) -> str:
    """A few lines for a terminal."""
    counts, timings = report["counts"], report["timings"]
    verdicts = {word: sum(own["verdicts"][word] for own in report["recommendations"]) for word in VERDICTS}
    is_table = is_of_tables(report)
    read = (
        f"{counted(counts['tableRows'], 'row')} read"
        if is_table
        else f"{counted(counts['resources'], 'resource')} read: "
        + ", ".join(f"{counts[name]:,} {name}" for name in COUNTS)
    )  # fmt: skip
    unit = "row" if is_table else "line"
    broken = counted(counts["broken"], f"broken {unit}")
    earlier = f"; {timings['stepsOfEarlierRuns']} of {timings['steps']} steps were done before"
    lines = [
        f"{read}; {broken}; {counted(counts['violations'], 'violation')}",
        f"{counted(counts['subjects'], 'subject')} of {counted(counts['patients'], 'patient')}; verdicts: "
        + ", ".join(f"{number:,} {word}" for word, number in verdicts.items()),
        f"{output}: {counted(counts['outputRows'], 'row')}; report: {output}.report.html and .report.json"
        + (f"; {unit}s with faults: {output}.quarantine.ndjson" if counts["quarantined"] else ""),
        f"{timings['wallSeconds']:.1f} s, {timings['cpuSeconds']:.1f} s of processor time for the steps"
        + (earlier if state == "resumed" else ""),
        ", ".join(f"{g['id']} {g['version']} sha256:{g['sha256'][:16]}" for g in report["guidelines"]),
        report["provenance"]["notice"],
    ]
    if report["fhirVersions"]["mixed"]:
        found = ", ".join(f"{own['count']:,} {own['version']}" for own in report["fhirVersions"]["resources"])
        lines.insert(1, f"different versions of FHIR, all read by the same rules: {found}")
    if state == "complete":
        lines.insert(0, "The output is complete already, from the same inputs and knowledge: nothing was done.")
    return "\n".join(lines) + "\n"


def _words(found: Mapping[tuple[str | None, ...], int]) -> Json:
    return {str(key[0]): count for key, count in found.items()}
