"""Parts of an explanation as plain sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reasoner import sentences as say
from reasoner.words import Words, listed

Json = Mapping[str, Any]

_SIDES = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}


def origin(row: Json, words: Words) -> str:
    """Where the value of a finding comes from: a record, a rule with its inputs, or a policy."""
    if row["from"] == "assumed":
        if rule := row.get("rule"):
            return f"ASSUMED ({say.policy(row['policy'], words)}): {_by_rule(row, rule, words)}"
        return f"ASSUMED ({say.policy(row['policy'], words)})"
    if rule := row.get("rule"):
        return _by_rule(row, rule, words)
    return f"{row['from']}{_source(row)}"


def _source(row: Json) -> str:
    parts = [f" in {row['resource']}"] if row.get("resource") else []
    if row.get("when"):
        parts.append(f" on {row['when'][:10]}")
    if row.get("code"):
        parts.append(f", coded {row['code']}")
    return "".join(parts)


def _by_rule(row: Json, rule: Json, words: Words) -> str:
    inputs = listed([f"{words.said(i['finding'], i['value'])}{_in(i)}" for i in row["inputs"]], "and")
    source = f" from {inputs}" if inputs else ""
    if rule["kind"] == "axiom":
        return f"follows{source}, by the model axiom on “{rule['label']}” ({rule['where']})"
    bands = listed([f"“{band['label']}” ({band['where']})" for band in row.get("bands", ())], "and")
    return f"derived{source}, by “{rule['label']}” ({rule['where']}){f': {bands}' if bands else ''}"


def _in(row: Json) -> str:
    told = [part for part in (row.get("resource"), row.get("code")) if part]
    return f" ({', '.join(told)})" if told else ""


def marked(rows: Sequence[Json], words: Words) -> str:
    """The findings of a set in one phrase, derived and assumed ones marked."""
    return say.reasons(rows, words)


def option(name: str, values: Sequence[str], words: Words) -> str:
    """The values that a finding would have to have."""
    if words.findings[name].range is not None:
        return f"{words.finding(name)} {listed([cell(value, words.unit(name)) for value in values], 'or')}"
    return words.said(name, values[0] if len(values) == 1 else {"possible": list(values)})


def cell(text: str, unit: str) -> str:
    """A numeric cell in words: ``>=30 <40`` is `at least 30 and less than 40`."""
    parts = []
    for part in text.split():
        sign = part[: len(part) - len(part.lstrip("<>="))]
        parts.append(f"{_SIDES[sign]} {part[len(sign) :]}")
    return f"{' and '.join(parts) or 'any number'} {unit}".rstrip()


def change(parts: Sequence[Json], words: Words) -> str:
    """A change as what would have to be so, and what is so now."""
    told = []
    for part in parts:
        wanted = option(part["finding"], part["to"], words)
        told.append(f"{wanted} ({_now(part, words)})")
    return listed(told, "and")


def _now(part: Json, words: Words) -> str:
    value = part["from"]
    if value is None:
        return "not known"
    if isinstance(value, Mapping) and "conflict" in value:
        return "now contradictory"
    mark = ", assumed" if part["origin"] == "assumed" else ""
    return f"now {words.said(part['finding'], value)}{mark}"


def leads(question: Json, words: Words) -> list[str]:
    """Where each answer leads, answers of the same end together."""
    ends: dict[str, list[str]] = {}
    for value, verdict in question["leads"].items():
        ends.setdefault(verdict, []).append(value)
    name = question["finding"]
    said = []
    for verdict, values in ends.items():
        if words.findings[name].range is not None:
            told = listed([cell(value, words.unit(name)) for value in values], "or")
        else:
            told = listed([words.said(name, value) for value in values], "or")
        end = "still undetermined" if verdict == "undetermined" else words.label("verdict", verdict)
        said.append(f"{told}: {end}")
    return said
