"""An answer that is an error: what went wrong and what to do, never a stack and never what a request held."""

from __future__ import annotations

from collections.abc import Mapping

from reasoner.errors import DataError, EngineError, QueryError, ReasonerError, UsageError

CODES = {
    400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 406: "not-supported",
    408: "timeout", 412: "required", 413: "too-long", 414: "too-long", 415: "not-supported", 421: "forbidden",
    422: "processing", 500: "exception", 503: "transient",
}  # fmt: skip
"""The FHIR IssueType of a status that names none itself."""


class Refusal(Exception):  # noqa: N818 - a client error is no fault of ours
    """Ends a request with a status. ``code`` is of FHIR's IssueType."""

    def __init__(
        self,
        status: int,
        message: str,
        hint: str,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.hint = status, message, hint
        self.code = code or CODES.get(status, "processing")
        self.headers = dict(headers or {})

    def to_dict(self) -> dict[str, object]:
        """The one shape of every error that is not FHIR."""
        return {"error": self.message, "hint": self.hint, "status": self.status}


def refusal(error: BaseException) -> Refusal:
    """Any error as a refusal: what we foresaw in its own words, anything else by its type alone."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, DataError | UsageError | QueryError):
        return Refusal(400, str(ReasonerError(error.message, error.where)), error.hint or "mend the request")
    if isinstance(error, EngineError):
        return Refusal(503, error.message, error.hint or "try again later")
    if isinstance(error, RecursionError):
        return Refusal(400, "the request is too deeply nested", "write it flat", "too-long")
    if isinstance(error, MemoryError):
        return Refusal(503, "the request needs too much memory", "send less at once", "too-costly")
    if isinstance(error, ReasonerError):
        return Refusal(500, error.message, error.hint or "tell whoever runs this server")
    return Refusal(500, f"unforeseen {type(error).__name__}", "please report it with the request id")
