"""Which release of FHIR a request is about, by the ``fhirVersion`` of its media types; JSON is all we speak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starlette.requests import Request

from reasoner.responses import Release
from reasoner.serve.refusal import Refusal

FHIR_JSON = "application/fhir+json"
_JSON = frozenset({FHIR_JSON, "application/json", "text/json", "application/*", "*/*"})
_FORMATS = frozenset({"json", FHIR_JSON, "application/fhir json", "application/json", "text/json"})
_BODIES = frozenset({FHIR_JSON, "application/json"})
_RELEASES: Mapping[str, Release] = {"4.0": "R4", "4.0.1": "R4", "5.0": "R5", "5.0.0": "R5"}
_SHOWN: Mapping[Release, str] = {"R4": "4.0", "R5": "5.0"}
_HINT = "accept application/fhir+json, with fhirVersion=4.0 or fhirVersion=5.0"


def media_type_of(release: Release) -> str:
    """The media type of an answer."""
    return f"{FHIR_JSON}; fhirVersion={_SHOWN[release]}; charset=utf-8"


def release_of(request: Request) -> Release:
    """The release to answer in: what Accept asks for, else that of the body, else R4. Raises Refusal 406 or 415."""
    body = _body_release(request)
    accepted = ", ".join(request.headers.getlist("accept"))
    format_ = request.query_params.get("_format")
    if format_ is not None:
        name, said = _parsed(format_)
        if name not in _FORMATS:
            raise Refusal(406, "FHIR is served as JSON only", _HINT)
        return _asked(said.get("fhirversion"), body)
    if not accepted.strip():
        return body or "R4"
    fitting = [(q, said) for name, said, q in _ranges(accepted) if name in _JSON and q > 0]
    if not fitting:
        raise Refusal(406, "FHIR is served as JSON only", _HINT)
    # The first of those that are wanted most.
    known = [one for one in fitting if one[1].get("fhirversion", "4.0") in _RELEASES] or fitting
    return _asked(max(known, key=lambda one: one[0])[1].get("fhirversion"), body)


def _asked(version: str | None, body: Release | None) -> Release:
    if version is None:
        return body or "R4"
    if version not in _RELEASES:
        raise Refusal(406, "this release of FHIR is not served", _HINT)
    return _RELEASES[version]


def _body_release(request: Request) -> Release | None:
    """The release of the body as it declares it."""
    version = _parsed(request.headers.get("content-type", ""))[1].get("fhirversion")
    if version is None:
        return None
    if version not in _RELEASES:
        raise Refusal(415, "this release of FHIR is not read", "send R4 or R5 with fhirVersion=4.0 or fhirVersion=5.0")
    return _RELEASES[version]


def body_type(request: Request) -> str:
    """The media type of the body."""
    return _parsed(request.headers.get("content-type", ""))[0]


def require_json(request: Request) -> None:
    """Raises Refusal 415 where the body is not declared as FHIR JSON."""
    if body_type(request) not in _BODIES:
        raise Refusal(415, "the body is not declared as FHIR JSON", f"send it with Content-Type: {FHIR_JSON}")


def _ranges(accepted: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """The media ranges of an Accept header with their parameters and weights."""
    for one in accepted.split(","):
        name, said = _parsed(one)
        try:
            weight = float(said.get("q", "1"))
        except ValueError:
            weight = 0.0
        yield name, said, weight


def _parsed(text: str) -> tuple[str, dict[str, str]]:
    name, *rest = (part.strip() for part in text.split(";"))
    pairs = (part.partition("=") for part in rest)
    return name.lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs if key}
