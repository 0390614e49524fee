"""Feedback on cards: checked, kept one line each in a file that only grows, and read back as a table."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reasoner.assess import Reasoner
from reasoner.errors import DataError, UsageError
from reasoner.graph import GR
from reasoner.responses.judge import CONTRADICTIONS
from reasoner.serve.refusal import Refusal

from .call import is_uuid
from .names import half

Json = dict[str, Any]

COLUMNS = (
    "received", "service", "card", "outcome", "acceptedSuggestions", "reasonSystem", "reasonCode", "userComment",
    "outcomeTimestamp",
)  # fmt: skip
"""What is kept of one feedback, in this order; what was not sent is null."""
_MOST, _LONGEST = 1000, 4000
_HINT = "see the CDS Hooks 2.0 specification"


@dataclass(frozen=True, slots=True)
class Book:
    """The file. Lines of several processes never mix: each request is one write at the end of the file."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> Book:
        """Raises UsageError for a file that cannot be written."""
        own = cls(path)
        try:
            own._append(b"")
        except OSError as error:
            raise UsageError(f"cannot be written: {error.strerror}", f"`{path}`", "name another file") from error
        return own

    def add(self, rows: list[Json]) -> None:
        """Keep some feedback; raises Refusal 503 where it cannot be kept."""
        try:
            self._append(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
        except OSError:
            raise Refusal(503, "the feedback could not be kept", "send it again later", "transient") from None

    def _append(self, lines: bytes) -> None:
        # Comments may tell who somebody is: nobody but the owner reads them.
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if lines and os.write(file, lines) != len(lines):
                raise OSError("written in part")
        finally:
            os.close(file)


def read_feedback(body: Json, service: str) -> list[Json]:
    """The rows in the body of a request; raises Refusal 400. What the specification does not name is not kept."""
    entries = body.get("feedback")
    if not isinstance(entries, list) or not entries:
        raise Refusal(400, "`feedback` is missing, empty or no list", _HINT)
    if len(entries) > _MOST:
        raise Refusal(413, f"more than {_MOST} entries at once", "send them in parts")
    received = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    return [dict(zip(COLUMNS, (received, service, *_row(entry)), strict=True)) for entry in entries]


def _row(entry: object) -> tuple[Any, ...]:
    if not isinstance(entry, dict):
        raise Refusal(400, "an entry of `feedback` is no object", _HINT)
    card, outcome, when = entry.get("card"), entry.get("outcome"), entry.get("outcomeTimestamp")
    if not is_uuid(card):
        raise Refusal(400, "`card` is no UUID", "send the uuid of the card")
    if outcome not in ("accepted", "overridden"):
        raise Refusal(400, "`outcome` is not accepted or overridden", _HINT)
    accepted = entry.get("acceptedSuggestions")
    if outcome == "accepted" and not accepted:
        raise Refusal(400, "`acceptedSuggestions` is missing", "name the suggestions that were accepted")
    if accepted is not None and not (isinstance(accepted, list) and all(_is_suggestion(one) for one in accepted)):
        raise Refusal(400, "`acceptedSuggestions` is no list of objects with a UUID as `id`", _HINT)
    ids = None if accepted is None else [one["id"] for one in accepted]
    return (card, outcome, ids, *_reason(entry.get("overrideReason")), _instant(when))


def _is_suggestion(one: object) -> bool:
    return isinstance(one, dict) and is_uuid(one.get("id"))


def _reason(own: object) -> tuple[str | None, str | None, str | None]:
    if own is None:
        return None, None, None
    reason = own.get("reason") if isinstance(own, dict) else None
    comment = own.get("userComment") if isinstance(own, dict) else None
    coding = reason if isinstance(reason, dict) else {}
    told = (coding.get("system"), coding.get("code"), comment)
    if not isinstance(own, dict) or (reason is not None and not isinstance(coding.get("code"), str)):
        raise Refusal(400, "`overrideReason` has no reason with a code", _HINT)
    if not all(text is None or isinstance(text, str) for text in told):
        raise Refusal(400, "`overrideReason` holds what is no text", _HINT)
    if any(text is not None and len(text) > _LONGEST for text in told):
        raise Refusal(413, f"a text of `overrideReason` is longer than {_LONGEST} characters", "write it shorter")
    return told


def _instant(when: object) -> str:
    try:
        moment = datetime.datetime.fromisoformat(when) if isinstance(when, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(400, "`outcomeTimestamp` is no instant", "write it as 2026-03-31T10:05:31Z")
    return str(when)


def table(path: Path, reasoner: Reasoner) -> Iterator[Json]:
    """The rows of a file, each with what the card and the accepted suggestions were about.

    That is known for cards of the knowledge that is loaded now; else ``about`` is null, ``recommendations`` empty.
    Raises DataError for a line that is no feedback.
    """
    about = _meanings(reasoner)
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row = orjson.loads(line)
            card, accepted = row["card"], row["acceptedSuggestions"] or []
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise DataError("is no feedback", f"`{path}`:{number}", "remove the line") from None
        told = [about[one[19:].lower()] for one in accepted if one[19:].lower() in about]
        yield row | {"about": about.get(card[19:].lower()), "recommendations": [own.split("|")[1] for own in told]}


def _meanings(reasoner: Reasoner) -> dict[str, str]:
    """What a UUID of ours is about, by its two last groups."""
    found: dict[str, str] = {}
    interventions = reasoner.knowledge.graph.instances(GR + "Intervention")
    for guideline in reasoner.knowledge.guidelines:
        rows = guideline.recommendations
        own = ["questions", "contradictions", "gaps", "incomplete", "order-open", "order-placed", "order-unjudged"]
        own += [f"advice|{row.decision}" for row in rows]
        own += [f"contradiction|{kind}|{iri.rsplit('/', 1)[-1]}" for kind in CONTRADICTIONS for iri in interventions]
        own += [f"suggestion|{row.id}|{number}" for row in rows for number, _ in enumerate(row.interventions)]
        found |= {half(guideline, meaning): meaning for meaning in own}
    return found
