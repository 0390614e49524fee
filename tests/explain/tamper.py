"""Ways to make an explanation false. Each says by what argument the result is false, whoever checks it.

A way returns False where it does not apply, or where what it made would still be true.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from .inputs import Json, loaded

Way = Callable[[Json, Json, Json, Random], bool]


def flip_verdict(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """There is one verdict; any other is false."""
    others = {"eligible", "not-eligible", "undetermined"} - {own["verdict"]}
    if own["verdict"] == "conflicting-data":
        others -= {"undetermined"}
    own["verdict"] = random.choice(sorted(others))
    return True


def drop_finding(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """The formula, asked about what is left, does not settle: the set no longer suffices."""
    if not own["sets"]:
        return False
    parts = random.choice(own["sets"])
    parts.pop(random.randrange(len(parts)))
    return settled(subject, own, [part["finding"] for part in parts]) is None


def add_finding(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """The set sufficed without it, so it is not minimal."""
    if not own["sets"]:
        return False
    parts = random.choice(own["sets"])
    inside = {part["finding"] for part in parts}
    free = [n for n, row in subject["findings"].items() if row["from"] in ("recorded", "derived") and n not in inside]
    if not free:
        return False
    name = random.choice(free)
    parts.append({"finding": name, **{k: subject["findings"][name][k] for k in ("value", "from")}})
    return True


def change_value(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """The value is not the one that is known."""
    if not own["sets"]:
        return False
    part = random.choice(random.choice(own["sets"]))
    part["value"] = another(part["finding"], part["value"], random)
    return True


def change_known_value(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """The table of findings and the sets contradict each other."""
    if not own["sets"]:
        return False
    name = random.choice(random.choice(own["sets"]))["finding"]
    subject["findings"][name]["value"] = another(name, subject["findings"][name]["value"], random)
    return True


def remove_set(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """All minimal sets must be there."""
    if not own["sets"]:
        return False
    own["sets"].pop(random.randrange(len(own["sets"])))
    return True


def swap_origin_in_set(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """The set and the table differ on where a finding comes from."""
    if not own["sets"]:
        return False
    part = random.choice(random.choice(own["sets"]))
    part["from"] = random.choice(sorted({"recorded", "derived", "assumed"} - {part["from"]}))
    return True


def swap_origin(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """A record has no rule and no policy, what is derived has a rule, what is assumed has a policy: none fits now."""
    names = [n for n, row in subject["findings"].items() if row["from"] in ("recorded", "derived", "assumed")]
    if not names:
        return False
    row = subject["findings"][random.choice(names)]
    row["from"] = random.choice(sorted({"recorded", "derived", "assumed"} - {row["from"]}))
    return not (row["from"] == "assumed" and "policy" in row)


def shift_line(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """A description begins on one line only."""
    rows = [own, *subject["findings"].values(), *document["classes"].values()]
    rows += [row["rule"] for row in subject["findings"].values() if row.get("rule")]
    row = random.choice(rows)
    name, _, line = row["where"].rpartition(":")
    row["where"] = f"{name}:{int(line) + random.choice((-1, 1, 7))}"
    return True


def swap_file(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """It is described in one file only."""
    own["where"] = f"core/core.ttl:{own['where'].rpartition(':')[2]}"
    return True


def change_label(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """It has another label."""
    row = random.choice([own, *subject["findings"].values(), *document["classes"].values(), *document["guidelines"]])
    row["label"] += " (old)"
    return True


def change_version(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """It has another version."""
    random.choice(document["guidelines"])["version"] = "0.9.0"
    return True


def swap_identity(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """The id is that of another recommendation."""
    others = [r.id for g in loaded().knowledge.guidelines for r in g.recommendations if r.id != own["recommendation"]]
    own["recommendation"] = random.choice(others)
    return True


def toggle_immutable(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """The ontology says otherwise."""
    row = random.choice(sorted(subject["findings"].values(), key=lambda r: str(r["iri"])))
    row["immutable"] = not row["immutable"]
    return True


def wrong_target(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """A change that ends where it begins changes less than the nearest change does, so it cannot flip the verdict."""
    parts = [p for c in changes_of(own) for p in c if isinstance(p["from"], str)]
    if not parts:
        return False
    part = random.choice(parts)
    part["to"] = [part["from"]]
    return True


def wider_target(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """One of the values is the present one: with it fewer findings are changed than by the nearest change."""
    parts = [p for c in changes_of(own) for p in c if isinstance(p["from"], str)]
    if not parts:
        return False
    part = random.choice(parts)
    part["to"].append(part["from"])
    return True


def wrong_start(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """The finding does not have that value now."""
    parts = [p for c in changes_of(own) for p in c]
    if not parts:
        return False
    part = random.choice(parts)
    part["from"] = another(part["finding"], part["from"], random)
    return True


def longer_change(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """A change of one finding more is not the nearest."""
    found = changes_of(own)
    if not found:
        return False
    change = random.choice(found)
    inside = {part["finding"] for part in change}
    rows = {n: r for n, r in subject["findings"].items() if n not in inside and not r["immutable"]}
    coded = [n for n in rows if loaded().knowledge.model.findings[n].range is None]
    name = random.choice(coded)
    row = rows[name]
    to = another(name, row["value"], random)
    extra = {"finding": name, "from": row["value"], "origin": row["from"], "to": [to]}
    own["changes"]["sets"] = [[*change, extra]]
    return True


def immutable_change(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """What lies in the past cannot be changed."""
    rows = {n: r for n, r in subject["findings"].items() if r["immutable"] and isinstance(r["value"], str)}
    if not own["changes"] or not rows:
        return False
    name = random.choice(sorted(rows))
    to = another(name, rows[name]["value"], random)
    change = {"finding": name, "from": rows[name]["value"], "origin": rows[name]["from"], "to": [to]}
    own["changes"]["sets"] = [[change]]
    return True


def remove_changes(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """There is a change, as the rerun of the one removed shows."""
    if not changes_of(own):
        return False
    own["changes"]["sets"] = []
    return True


def turn_change(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """A change leads to the other verdict, not to the present one."""
    if not own["changes"]:
        return False
    own["changes"]["to"] = own["verdict"]
    return True


def shorten_change(document: Json, subject: Json, own: Json, random: Random) -> bool:
    """Changing fewer findings than the nearest change does cannot flip the verdict."""
    long = [change for change in changes_of(own) if len(change) > 1]
    if not long:
        return False
    change = random.choice(long)
    change.pop(random.randrange(len(change)))
    own["changes"]["sets"] = [change]
    return True


WAYS: tuple[Way, ...] = (
    flip_verdict, drop_finding, add_finding, change_value, change_known_value, remove_set, swap_origin_in_set,
    swap_origin, shift_line, swap_file, change_label, change_version, swap_identity, toggle_immutable, wrong_target,
    wider_target, wrong_start, longer_change, immutable_change, remove_changes, turn_change, shorten_change,
)  # fmt: skip


def changes_of(own: Json) -> list[list[Json]]:
    return list(own["changes"]["sets"]) if own["changes"] else []


def another(name: str, value: Any, random: Random) -> Any:
    """A value that is not this one."""
    finding = loaded().knowledge.model.findings[name]
    if finding.range is not None:
        return (value or 0) + 1000
    return random.choice([v.notation for v in finding.values if v.notation != value])


def settled(subject: Json, own: Json, names: list[str]) -> bool | None:
    """The verdict of the formula where only these findings are known."""
    reasoner = loaded()
    cube = reasoner.program.space.full
    for name in names:
        field, finding = reasoner.program.space.fields[name], reasoner.knowledge.model.findings[name]
        value = subject["findings"][name]["value"]
        values = [value] if isinstance(value, str) else value["possible"]
        cube &= ~field.mask | sum(finding.mask(v) for v in values) << field.offset
    for decider in reasoner.deciders:
        for compiled in decider.compiled:
            if compiled.recommendation.id == own["recommendation"]:
                return compiled.formula.verdict(cube)
    raise AssertionError(own["recommendation"])
