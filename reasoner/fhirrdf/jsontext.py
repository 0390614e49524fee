"""JSON read and written without loss: numbers keep the digits that they were written with."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from reasoner.errors import DataError

DEEPEST = 100
"""Levels of elements within elements that a resource may have."""

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LONGEST = 400
"""Digits that a number may take when it is written out."""


class Number:
    """A number by its digits: 1.50 is not 1.5."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def of(cls, text: str) -> Number | None:
        """The number that an RDF literal holds, in the way JSON writes it; None where it is none."""
        if _NUMBER.fullmatch(text):
            return cls(text)
        try:
            number = Decimal(text.strip())
        except InvalidOperation:
            return None
        if not number.is_finite() or abs(number.adjusted()) > _LONGEST or "_" in text or not text.isascii():
            return None
        return cls(f"{number:f}")

    @property
    def value(self) -> int | float:
        """The number to reckon with, the same as that of the parser of ordinary input."""
        try:
            number: int | float = orjson.loads(self.text)
        except orjson.JSONDecodeError:
            return float(self.text)
        return number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text


def loads(data: bytes | str, where: str) -> dict[str, Any]:
    """A JSON object with its numbers as :class:`Number`. Raises DataError."""
    try:
        text = data if isinstance(data, str) else data.removeprefix(b"\xef\xbb\xbf").decode()
        document = json.loads(
            text, parse_float=Number, parse_int=Number, parse_constant=_refuse, object_pairs_hook=_unique
        )
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8", f"`{where}`", "save it as UTF-8") from error
    except json.JSONDecodeError as error:
        what = f"is not JSON: {error.msg[0].lower()}{error.msg[1:]} at line {error.lineno} column {error.colno}"
        raise DataError(what, f"`{where}`", "check that the file is whole") from error
    except RecursionError as error:
        raise DataError("is nested too deeply", f"`{where}`", f"nest elements at most {DEEPEST} deep") from error
    except _OddError as error:
        raise DataError(str(error), f"`{where}`", error.hint) from error
    if not isinstance(document, dict):
        raise DataError("is not a FHIR resource", f"`{where}`", "give a JSON object with a resourceType")
    return document


def dumps(document: object, indent: bool = True) -> bytes:
    """The document as JSON, numbers as they were."""
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE if indent else orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document, default=_raw, option=option)


def plain(value: Any) -> Any:
    """The document with numbers to reckon with, as an ordinary JSON parser gives it."""
    if isinstance(value, Number):
        return value.value
    if isinstance(value, dict):
        return {key: plain(own) for key, own in value.items()}
    return [plain(own) for own in value] if isinstance(value, list) else value


def exact(value: Any) -> Any:
    """The document of an ordinary JSON parser with its numbers as :class:`Number`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Number(orjson.dumps(value).decode())
    if isinstance(value, dict):
        return {key: exact(own) for key, own in value.items()}
    return [exact(own) for own in value] if isinstance(value, list) else value


class _OddError(Exception):
    """JSON that Python would read and FHIR does not allow."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def _refuse(constant: str) -> Any:
    raise _OddError(f"holds the number `{constant}`, which JSON does not have", "give a number or leave it out")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _OddError(f"names `{twice}` twice in one object", "keep one of them")
    return found


def _raw(value: object) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.text)
    raise TypeError(type(value).__name__)
