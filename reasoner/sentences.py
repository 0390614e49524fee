"""Parts of an answer as plain sentences: reasons, grades, estimates, questions.

Words about the clinic come from the knowledge; what is written here is the grammar around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .blocks import capital
from .words import Words, counted, listed

Json = Mapping[str, Any]
VERIFIED, NONE = "verified", "none"


@dataclass(frozen=True, slots=True)
class Question:
    """An open finding of a subject; ``settles`` says what each answer would settle, ``open`` how much is open."""

    finding: str
    settles: Mapping[str, Mapping[str, str]]
    open: int

    @property
    def most(self) -> int:
        """The most that one answer can settle."""
        return max((len(settled) for settled in self.settles.values()), default=0)


def questions(subject: Json) -> list[Question]:
    """What to ask about a subject over all guidelines, most decisive first."""
    merged: dict[str, dict[str, dict[str, str]]] = {}
    undecided = 0
    for guideline in subject["guidelines"]:
        undecided += sum(1 for r in guideline["recommendations"] if r["verdict"] == "undetermined")
        for row in guideline["ask"]:
            values = merged.setdefault(row["finding"], {})
            for value, settled in row["values"].items():
                values.setdefault(value, {}).update(settled)

    def decisive(item: tuple[str, dict[str, dict[str, str]]]) -> tuple[float, str]:
        name, values = item
        return -sum(len(settled) for settled in values.values()) / max(1, len(values)), name

    return [Question(name, values, undecided) for name, values in sorted(merged.items(), key=decisive)]


def reasons(rows: Sequence[Json], words: Words) -> str:
    """The findings that settle a verdict, what was assumed last and marked."""
    said = [words.said(r["finding"], r["value"]) + _mark(r) for r in sorted(rows, key=lambda r: r["from"] == "assumed")]
    return ", ".join(said)


def _mark(row: Json) -> str:
    return {"derived": " (derived)", "assumed": " (ASSUMED)"}.get(row["from"], "")


def provenance(row: Json, own: Sequence[str | None]) -> str:
    """Where a known value comes from, empty where nothing tells more than the nodes ``own`` of the subject itself."""
    source = row.get("resource") or ""
    if source in own:
        source = ""
    if row["from"] == "recorded":
        return source
    return f"{row['from']} from {source}" if source else str(row["from"])


def policy(notation: str | None, words: Words) -> str:
    """Why a value was assumed."""
    if notation is None or notation.startswith("assume-"):
        return "not recorded"
    return words.label("policy", notation)


def grade(row: Json, words: Words) -> str:
    """Strength of the recommendation and certainty of its evidence, each with the status of its transcription."""
    status, own = row["transcription"], source_grade(row, words)
    if own and row["strength"] is row["certainty"] is None:
        return own
    if row["strength"] is None and row["certainty"] is None and status["strength"] == status["certainty"] == NONE:
        return f"Strength and certainty: {words.status(NONE)}."
    strength = _graded("Strength", "strength", row["strength"], status["strength"], words)
    graded = f"{strength} {_graded('Certainty', 'certainty', row['certainty'], status['certainty'], words)}"
    return f"{own} {graded}" if own else graded


def source_grade(row: Json, words: Words) -> str:
    """The grade in the source's own scheme with what it means, empty where there is none."""
    own = row.get("grade")
    if own is None:
        return ""
    meaning = f": {own['meaning']}" if own["meaning"] else "."
    return f"{capital(own['label'])}{_unverified(own['status'], words)}{meaning}"


def gap(row: Json, words: Words) -> str:
    """A declared gap with its reason, the source's own grade and the sources."""
    own = source_grade(row, words)
    named = ", ".join(str(source["title"] or source["id"]) for source in row.get("sources", ()))
    return " ".join(part for part in (row["text"], row["reason"], own, f"Source: {named}." if named else "") if part)


def _graded(title: str, space: str, notation: str | None, status: str | None, words: Words) -> str:
    if notation is None:
        return f"{title}: {words.status(status) if status == NONE else 'not found'}."
    return f"{title}: {words.label(space, notation)}{_unverified(status, words)}."


def _unverified(status: str | None, words: Words) -> str:
    return "" if status in (None, VERIFIED) else f" ({words.status(str(status))})"


def short_grade(row: Json, words: Words) -> str:
    """The grade in a few words."""
    own = row.get("grade")
    parts = [] if own is None else [f"{own['label']}{_unverified(own['status'], words)}"]
    if row["strength"]:
        parts.append(
            f"{words.label('strength', row['strength'])}{_unverified(row['transcription']['strength'], words)}"
        )
    if row["certainty"]:
        mark = _unverified(row["transcription"]["certainty"], words)
        parts.append(f"{words.label('certainty', row['certainty'])} certainty{mark}")
    return ", ".join(parts) or "no grade"


def wording(row: Json, words: Words) -> str:
    """How the wording of the recommendation was transcribed, empty where it was read in the source."""
    status = row["transcription"]["text"]
    return "" if status in (None, VERIFIED) else f"Wording: {words.status(status)}."


def action(row: Json, words: Words) -> str:
    """What a recommendation says to do, from its interventions: alternatives, each in order."""
    ways = []
    for option in row["interventions"]:
        steps: dict[int, list[str]] = {}
        for part in option:
            steps.setdefault(part["order"], []).append(words.label("intervention", part["id"]))
        ways.append(", then ".join(" with ".join(names) for _, names in sorted(steps.items())))
    return listed(ways, "or") or str(row["label"])


def estimate(row: Json, words: Words) -> str:
    """One effect estimate: on what, how much, how sure."""
    outcome = f"{words.label('outcome', row['outcome'])} ({words.label('role', row['role'])})"
    certainty = row["certainty"]
    sure = (
        f"{words.label('certainty', certainty)} certainty{_unverified(row['certaintyStatus'], words)}"
        if certainty
        else "no certainty given"
    )
    return f"{outcome}: {_size(row, words)}; {sure}."


def _size(row: Json, words: Words) -> str:
    if row["value"] is None:
        return words.label("measure", row["measure"])
    name = words.label("measure", row["measure"])
    if row["lower"] is None or row["upper"] is None:
        return f"{name} {number(row['value'])}, no interval found"
    text = f"{name} {number(row['value'])}, 95% interval {number(row['lower'])} to {number(row['upper'])}"
    null = words.no_effect(row["measure"])
    return (
        f"{text}, which includes no difference" if null is not None and row["lower"] <= null <= row["upper"] else text
    )


def caution(row: Json, words: Words) -> str:
    """A caution with its source, and with doubt where it is not known whether it applies."""
    doubt = "If it applies: " if row["applies"] == "undetermined" else ""
    status = None if row["status"] in (None, VERIFIED) else words.status(row["status"])
    rests = "; ".join(part for part in (row["source"], status) if part)
    return f"{doubt}{row['text']} ({rests})" if rests else f"{doubt}{row['text']}"


def estimate_standing(row: Json, words: Words) -> str:
    """What an estimate compares, how large its base is, and where it was found."""
    arms = words.interventions(row["intervention"] or "")
    if row["comparator"]:
        arms += f" against {words.interventions(row['comparator'])}"
    parts = [f"{arms[:1].upper()}{arms[1:]}"]
    if row["studies"] is not None:
        parts.append(counted(row["studies"], "study"))
    if row["participants"] is not None:
        parts.append(f"{row['participants']:,} people")
    if row["status"] not in (None, VERIFIED):
        parts.append(f"number {words.status(row['status'])}")
    if row["source"]:
        parts.append(row["source"])
    if row["note"]:
        parts.append(f"note: {row['note']}")
    return "; ".join(parts)


def number(value: float) -> str:
    """A ratio with two decimals, more only where it has more."""
    return f"{value:.2f}" if round(value, 2) == value else f"{value:g}"


def ask(question: Question, words: Words) -> tuple[str, str, str]:
    """The question, the allowed answers, and what an answer can settle."""
    finding = words.findings[question.finding]
    if finding.range is not None:
        allowed = number_range(question.finding, words)
    else:
        allowed = " | ".join(
            v.notation if v.notation.replace("-", " ") in v.label.lower() else f"{v.notation} ({v.label})"
            for v in finding.values
            if v.notation in question.settles
        )
    return finding.question or f"What is {finding.label}?", allowed, settles(question)


def number_range(name: str, words: Words) -> str:
    """What a numeric finding may be."""
    range_ = words.findings[name].range
    assert range_ is not None
    kind = "a whole number" if range_.integer else "a number"
    low, high = range_.minimum, range_.maximum
    limits = f" from {low:g} to {high:g}" if low is not None and high is not None else ""
    return f"{kind}{limits} {words.unit(name)}".rstrip()


def settles(question: Question) -> str:
    """How much an answer can settle."""
    if not question.most:
        return "settles nothing by itself"
    return f"settles up to {question.most} of {question.open} open"


def choice(row: Json) -> str:
    """The line of choice of a recommendation within its decision, in words."""
    return "" if row["line"] is None else f"choice {row['line']}"


def named(row: Json) -> str:
    """A recommendation by label and id."""
    return f"{row['label']} [{row['id']}]"


def named_ids(ids: Sequence[str], words: Words) -> str:
    """Recommendations by label and id, from their ids."""
    return listed([f"{words.recommendation(i)} [{i}]" for i in ids], "and")
