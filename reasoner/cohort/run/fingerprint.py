"""All that the output of a run depends on, and how two runs differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reasoner import __version__
from reasoner.assess import Reasoner
from reasoner.errors import UsageError

from .judge import Settings
from .plan import Plan
from .recognise import Inputs

_FORM = 3
"""Counts up when what lies in the folder of a run is written in another way."""
_OPTIONS = ("layout", "strict", "on", "validate", "keep", "partial")
_WORDS = {"partial": "allow-partial"}

Fingerprint = dict[str, Any]


def fingerprint(settings: Settings, allow_partial: bool, reasoner: Reasoner, inputs: Inputs, cut: Plan) -> Fingerprint:
    """All that what is written depends on."""
    shapes = hashlib.sha256()
    for path in sorted((reasoner.knowledge.folder / "shapes").glob("**/*.ttl")) if settings.validate else ():
        shapes.update(path.read_bytes())
    return {
        "form": _FORM,
        "version": __version__,
        "inputs": [[str(s.path.resolve()), s.kind, s.identity] for s in inputs.sources],
        "knowledge": [[g.id, g.version, g.sha256] for g in reasoner.knowledge.guidelines],
        "shapes": shapes.hexdigest(),
        "strict": reasoner.strict,
        "layout": settings.layout,
        "on": None if settings.on is None else settings.on.isoformat(),
        "validate": settings.validate,
        "keep": list(settings.keep),
        "chunk": cut.chunk,
        "shares": cut.shares,
        "partial": allow_partial,
    }


def digest(own: Fingerprint) -> str:
    """What tells this run from others."""
    return hashlib.sha256(repr(sorted(own.items())).encode()).hexdigest()


def may_resume(found: Any, wanted: Fingerprint) -> bool:
    """Whether the finished steps of a run are steps of this one, too: whoever settles for less has lost none."""
    return bool(found == wanted or (isinstance(found, dict) and found | {"partial": True} == wanted))


def other_run(work: Path, found: Any, wanted: Fingerprint, steps: int) -> UsageError:
    """What to tell of an unfinished run that is not the one that is asked for."""
    told = list(_differences(found if isinstance(found, Mapping) else {}, wanted))
    done = f"{steps} step{'' if steps == 1 else 's'}"
    return UsageError(
        f"holds {done} of an unfinished run with {' and with '.join(told)}", f"`{work}`",
        "give --fresh to throw them away, finish that run as it was begun, or write elsewhere",
    )  # fmt: skip


def _differences(found: Mapping[str, Any], wanted: Fingerprint) -> Iterator[str]:
    """In words, what a user can tell apart."""
    if (version := found.get("version")) != __version__ or found.get("form") != _FORM:
        yield f"another version of the program ({version or 'unknown'}, now {__version__})"
    else:
        yield from _inputs(found["inputs"], wanted["inputs"])
        if found["knowledge"] != wanted["knowledge"]:
            yield f"other knowledge ({_knowledge(found['knowledge'], wanted['knowledge'])})"
        elif found["shapes"] != wanted["shapes"] and found["validate"] == wanted["validate"]:
            yield "other shapes"
        options = [_option(name, found[name]) for name in _OPTIONS if found[name] != wanted[name]]
        if not options and found["inputs"] == wanted["inputs"] and found["chunk"] != wanted["chunk"]:
            options = [f"--chunk {found['chunk'] / (1 << 20):g}"]
        if options:
            yield f"other options ({', '.join(options)})"


def _inputs(found: Sequence[Sequence[Any]], wanted: Sequence[Sequence[Any]]) -> Iterator[str]:
    if found == wanted:
        return
    before, now = ({path: (kind, identity) for path, kind, identity in own} for own in (found, wanted))
    told = []
    for words, paths in (
        ("changed", [path for path in now if path in before and before[path] != now[path]]),
        ("new", [path for path in now if path not in before]),
        ("gone", [path for path in before if path not in now]),
    ):
        if paths:
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            told.append(f"`{Path(paths[0]).name}`{more}: {words}")
    yield f"other inputs ({', '.join(told) or 'in another order'})"


def _knowledge(found: Sequence[Sequence[str]], wanted: Sequence[Sequence[str]]) -> str:
    before = {own[0]: own for own in found}
    now = {own[0]: own for own in wanted}
    changed = [
        f"{name} {before[name][1]}" + (f", now {now[name][1]}" if before[name][1] != now[name][1] else " was edited")
        for name in now if name in before and list(before[name]) != list(now[name])
    ]  # fmt: skip
    changed += [f"{name} is new" for name in now if name not in before]
    changed += [f"{name} is gone" for name in before if name not in now]
    return ", ".join(changed) or "in another order"


def _option(name: str, value: Any) -> str:
    """The option as it was given then."""
    word = _WORDS.get(name, name)
    if isinstance(value, bool) or not value:
        return f"{'with' if value else 'without'} --{word}"
    return " ".join(f"--{word} {one}" for one in (value if isinstance(value, list) else [value]))
