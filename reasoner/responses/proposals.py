"""An intervention that a recommendation advises as a request: a draft, and in intent no more than a proposal."""

from __future__ import annotations

from collections.abc import Sequence

from reasoner import sentences
from reasoner.answer import NOTICE
from reasoner.blocks import capital

from .names import Json, without_none
from .telling import Telling

_STATUS, _INTENT = "draft", "proposal"


def request(telling: Telling, subject: Json, row: Json, intervention: str) -> Json:
    """The draft of a request for one intervention of an eligible recommendation."""
    codes = telling.codes
    kind = codes.request_type(intervention)
    what = codes.intervention(intervention, telling.release)
    if kind == "CommunicationRequest":
        return communication(telling, subject, row, what["text"], what)
    own = {
        "DeviceRequest": _device, "ServiceRequest": _service, "MedicationRequest": _medication,
    }[kind](telling, what)  # fmt: skip
    followed = {"instantiatesCanonical": [codes.activity(intervention), telling.canonical]}
    if kind == "MedicationRequest" and telling.release == "R5":
        # It has no such element in R5.
        followed = {}
    return _common(telling, subject, row, kind) | followed | own | {"intent": _INTENT}


def communication(telling: Telling, subject: Json, row: Json, text: str, what: Json | None = None) -> Json:
    """The draft of words to the professional, where nothing can be ordered or nothing is to be ordered now."""
    codings = [what] if what else []
    if telling.release == "R4":
        own: Json = {"category": codings, "payload": [{"contentString": text}]}
    else:
        own = {"category": codings, "intent": _INTENT, "payload": [{"contentCodeableConcept": {"text": text}}]}
    return without_none(_common(telling, subject, row, "CommunicationRequest") | own)


def _common(telling: Telling, subject: Json, row: Json, kind: str) -> Json:
    key = subject["subject"], row["id"]
    if key not in telling.shared:
        telling.shared[key] = _shared(telling, subject, row)
    return {"resourceType": kind} | telling.shared[key]


def _shared(telling: Telling, subject: Json, row: Json) -> Json:
    return {
        "extension": telling.marks(),
        "status": _STATUS,
        "subject": telling.patient(subject["patient"]),
        "authoredOn": telling.evaluated,
        "note": [{"text": text} for text in [_from(telling, row), *notes(telling, subject, row), NOTICE]],
    } | telling.reasons(row["because"], subject)


def _device(telling: Telling, what: Json) -> Json:
    return {"codeCodeableConcept": what} if telling.release == "R4" else {"code": {"concept": what}}


def _service(telling: Telling, what: Json) -> Json:
    return {"code": what} if telling.release == "R4" else {"code": {"concept": what}}


def _medication(telling: Telling, what: Json) -> Json:
    return {"medicationCodeableConcept": what} if telling.release == "R4" else {"medication": {"concept": what}}


def _from(telling: Telling, row: Json) -> str:
    return f"{telling.guideline.label} {telling.guideline.version}: {sentences.named(row)}."


def notes(telling: Telling, subject: Json, row: Json) -> list[str]:
    """What goes with an eligible recommendation: grade, cautions, what was assumed."""
    words = telling.words
    found = [sentences.grade(row, words)]
    if wording := sentences.wording(row, words):
        found.append(wording)
    if assumed := telling.assumed_text(subject, row["assumed"]):
        found.append(f"Assumed, not recorded: {assumed}.")
    found += arguments(row, telling)
    if row["overriddenBy"]:
        found.append(suspended(row, telling))
    return found


def arguments(row: Json, telling: Telling) -> list[str]:
    """Cautions, arguments and contradicted claims of a recommendation as sentences with their sources."""
    words = telling.words
    found = [f"Caution. {sentences.caution(own, words)}" for own in row["cautions"]]
    for argument in row["arguments"]:
        found.append(
            _sourced(f"Speaks for it: {words.said(argument['finding'], argument['value'])}", argument["source"])
        )
    for claim in row["disagreements"]:
        text = f"Claimed: {claim['claim']} Contradicted: {claim['contradictedBy']}"
        found.append(_sourced(text, claim["source"]))
    return found


def _sourced(text: str, source: str | None) -> str:
    return f"{text} ({source})" if source else text


def suspended(row: Json, telling: Telling) -> str:
    """That another recommendation comes first, or may come first."""
    if row["overriddenBy"] == "undetermined":
        return "Whether another recommendation of this guideline comes first is not known."
    first = sentences.named_ids([row["overriddenBy"]], telling.words)
    return f"Not now: {first} comes first."


def in_words(telling: Telling, row: Json, parts: Sequence[str]) -> str:
    """An action as one text: what to do, why, how sure."""
    said = [capital(sentences.action(row, telling.words)) + ".", *parts]
    if row["because"]:
        said.append(f"Because: {sentences.reasons(row['because'], telling.words)}.")
    return " ".join(said)
