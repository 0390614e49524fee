"""Looks at a query before it runs: nothing that opens a connection or changes data, no unknown prefix or term.

The query engine performs SERVICE and LOAD, so they are refused here, on the text itself. The lexer hides as little as
it can: only what is surely a comment, a string, an IRI or a name is not read as a keyword, and comments are blanked
before the engine sees the text, so the two cannot disagree on where one ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from .errors import QueryError

_NAME = r"[^\W\d_][\w\-·.]*"
_LOCAL = r"(?:[\w:\-·.]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%])*"
_ECHAR = r"""\\(?:[tbnrf"'\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"""
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<comment>\#[^\r\n]*)
  | (?P<iri><(?:[^<>"{{}}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})*>)
  | (?P<string>\"\"\"(?:\"{{0,2}}(?:[^"\\]|{_ECHAR}))*\"\"\"
             | '''(?:'{{0,2}}(?:[^'\\]|{_ECHAR}))*'''
             | "(?:[^"\\\r\n]|{_ECHAR})*"
             | '(?:[^'\\\r\n]|{_ECHAR})*')
  | (?P<variable>[?$]\w+)
  | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<blank>_:{_LOCAL})
  | (?P<pname>(?:{_NAME})?:{_LOCAL})
  | (?P<word>[^\W\d]\w*)
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
  | (?P<sign>[{{}}()\[\].,;*/|^+\-=!<>&?$@~])
    """,
    re.VERBOSE | re.DOTALL,
)
_SURE = re.compile(r"<[A-Za-z][A-Za-z0-9+.\-]*://")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_DEEPEST, _LONGEST = 200, 4_000
"""Brackets within brackets, and keywords and operators, that a query may have: the engine's parser would overflow."""
_UPDATES = {"add", "clear", "copy", "create", "delete", "drop", "insert", "load", "move", "with"}
_FORMS = {"select", "ask", "construct", "describe"}
_PROLOGUE = {"prefix", "base", "version"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query and where it begins."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Inspected:
    """A query that may run: ``text`` without comments; ``graphs`` and ``named`` are what FROM and FROM NAMED name."""

    text: str
    form: str
    prefixes: Mapping[str, str]
    graphs: tuple[tuple[str, str], ...] = ()
    """(IRI, place) of each FROM and FROM NAMED."""
    terms: tuple[tuple[str, str], ...] = field(default=())
    """(IRI, place) of each IRI that the query names outside its prologue."""


def inspect(text: str, where: str, prefixes: Mapping[str, str]) -> Inspected:
    """Check a query before it runs; raises QueryError with file and line."""
    text = text.removeprefix("\ufeff")
    for level in _unescaped(text):
        for token in tokens(level, where):
            _refuse(token, level, where)
    found = [token for token in tokens(text, where) if token.kind != "space"]
    _refuse_excess(found, text, where)
    clean = "".join(
        " " * len(token.text) if token.kind == "comment" else token.text for token in tokens(text, where)
    )  # fmt: skip
    return _Reader(clean, [t for t in found if t.kind != "comment"], where, prefixes).read()


def tokens(text: str, where: str) -> Iterator[Token]:
    """The pieces of a text, whole: what no rule matches is an error, not a gap."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            character = text[position]
            if character in "\"'":
                raise QueryError("a string has no end", place(text, position, where), "close it on its line")
            raise QueryError(f"`{character}` cannot stand here", place(text, position, where), "take it out")
        assert match.lastgroup is not None
        yield Token(match.lastgroup, match[0], position)
        position = match.end()


def prologue(text: str, where: str) -> dict[str, str]:
    """The prefixes that a text declares."""
    found: dict[str, str] = {}
    parts = [t for t in tokens(text, where) if t.kind not in ("space", "comment")]
    for i, token in enumerate(parts[:-2]):
        if token.kind == "word" and token.text.lower() == "prefix" and parts[i + 2].kind == "iri":
            found[parts[i + 1].text.removesuffix(":")] = parts[i + 2].text[1:-1]
    return found


def place(text: str, position: int, where: str) -> str:
    """File and line of a position."""
    return f"{where}:{text.count(chr(10), 0, position) + 1}"


def nearest(name: str, names: Mapping[str, str] | list[str], cutoff: float = 0.6) -> str | None:
    """The name that was probably meant."""
    close = get_close_matches(name, list(names), n=1, cutoff=cutoff)
    if close:
        return close[0]
    folded = {own.casefold(): own for own in names}
    close = get_close_matches(name.casefold(), list(folded), n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def _unescaped(text: str) -> Iterator[str]:
    """The text as written, and with its code point escapes resolved while there are any: they may hide a keyword."""
    yield text
    while (resolved := _ESCAPE.sub(_character, text)) != text:
        text = resolved
        yield text


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def _refuse(token: Token, text: str, where: str) -> None:
    """Raise for SERVICE, and for what the engine could read in another way so as to uncover one.

    No other keyword has these letters; the engine allows it glued to a number or a word before it. ``<`` may begin an
    IRI or mean *less than*: an IRI with ``://`` can be nothing else, any other must hide no comment, string or keyword.
    """
    named = token.text.partition(":")[0] if token.kind == "pname" else token.text
    if token.kind in ("word", "pname") and "service" in named.casefold():
        raise QueryError(
            "SERVICE would open a network connection", place(text, token.start, where), "query local data only"
        )
    if token.kind == "iri" and (
        "'" in token.text or (not _SURE.match(token.text) and ("#" in token.text or "service" in token.text.casefold()))
    ):
        hint = "write it in full with its scheme, a quotation mark as %27, or put spaces around a `<`"
        raise QueryError(f"`{token.text}` can be read in two ways", place(text, token.start, where), hint)


def _refuse_excess(found: list[Token], text: str, where: str) -> None:
    depth = length = 0
    for token in found:
        if token.text in ("(", "{", "["):
            depth += 1
        elif token.text in (")", "}", "]"):
            depth -= 1
        else:
            length += token.kind in ("word", "sign") and token.text != ","
        if depth > _DEEPEST or length > _LONGEST:
            what = f"has more than {_DEEPEST} brackets within each other" if depth > _DEEPEST else "is too long"
            raise QueryError(what, place(text, token.start, where), "write it in several queries, or lists as VALUES")


class _Reader:
    """Reads the tokens of a query: its prologue, its form, and the names in it."""

    def __init__(self, text: str, parts: list[Token], where: str, known: Mapping[str, str]) -> None:
        self.text, self.parts, self.where = text, parts, where
        self.prefixes = dict(known)
        self.graphs: list[tuple[str, str]] = []
        self.terms: list[tuple[str, str]] = []

    def read(self) -> Inspected:
        """The query, checked."""
        at = self._prologue()
        form = self._form(at)
        while at < len(self.parts):
            token = self.parts[at]
            if token.kind == "word" and token.text.casefold() == "from":
                at = self._dataset(at + 1)
                continue
            if (iri := self._iri(token)) is not None:
                self.terms.append((iri, self._place(token)))
            at += 1
        return Inspected(self.text, form, self.prefixes, tuple(self.graphs), tuple(self.terms))

    def _prologue(self) -> int:
        at = 0
        while at < len(self.parts) and self.parts[at].text.casefold() in _PROLOGUE:
            if self.parts[at].text.casefold() == "prefix":
                if at + 2 >= len(self.parts) or self.parts[at + 2].kind != "iri":
                    raise QueryError(
                        "a PREFIX is not complete", self._place(self.parts[at]), "write PREFIX name: <iri>"
                    )
                self.prefixes[self.parts[at + 1].text.removesuffix(":")] = _plain(self.parts[at + 2].text)
                at += 3
            else:
                at += 2
        return at

    def _form(self, at: int) -> str:
        if at >= len(self.parts):
            raise QueryError("holds no query", self.where, "begin with SELECT, ASK, CONSTRUCT or DESCRIBE")
        first = self.parts[at]
        form = first.text.casefold()
        if form in _UPDATES:
            raise QueryError(
                f"{first.text.upper()} is an update", self._place(first), "only ask: nothing is changed here"
            )
        if form not in _FORMS:
            meant = nearest(form, sorted(_FORMS))
            hint = f"did you mean {meant.upper()}?" if meant else "begin with SELECT, ASK, CONSTRUCT or DESCRIBE"
            raise QueryError(f"`{first.text}` begins no query", self._place(first), hint)
        return form

    def _dataset(self, at: int) -> int:
        if at < len(self.parts) and self.parts[at].text.casefold() == "named":
            at += 1
        if at >= len(self.parts) or (iri := self._iri(self.parts[at])) is None:
            last = self.parts[min(at, len(self.parts) - 1)]
            raise QueryError("FROM names no graph", self._place(last), "name one after it")
        self.graphs.append((iri, self._place(self.parts[at])))
        return at + 1

    def _iri(self, token: Token) -> str | None:
        if token.kind == "iri":
            return _plain(token.text)
        if token.kind != "pname":
            return None
        prefix, _, local = token.text.partition(":")
        if prefix not in self.prefixes:
            meant = nearest(prefix, self.prefixes)
            hint = f"did you mean `{meant}:`?" if meant else f"declare it: PREFIX {prefix}: <…>"
            raise QueryError(f"the prefix `{prefix}:` is not known", self._place(token), hint)
        return self.prefixes[prefix] + re.sub(r"\\(.)", r"\1", local.rstrip("."))

    def _place(self, token: Token) -> str:
        return place(self.text, token.start, self.where)


def _plain(iri: str) -> str:
    return _ESCAPE.sub(_character, iri[1:-1])


_POSITION = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


def syntax_error(message: str, text: str, where: str) -> QueryError:
    """The engine's complaint as one sentence: what stands there, and the words that could."""
    match = _POSITION.match(message)
    if match is None:
        return QueryError(f"does not parse: {' '.join(message.split())}", where, "mend the query")
    line, column = int(match[1]), int(match[2])
    lines = text.splitlines() or [""]
    rest = lines[line - 1][column - 1 :].split() if line <= len(lines) else []
    found = f"`{rest[0][:30]}`" if rest else "the end of the line"
    words = sorted(set(re.findall(r"(?<![\w'\[])[A-Z]{2,}(?: [A-Z]{2,})*(?![\w'\]])|\"[^\"]+\"", match[3])))
    hint = f"expected one of {', '.join(words[:8])}" if words else "look for a missing dot, bracket or brace before it"
    return QueryError(f"does not parse at {found}", f"{where}:{line}:{column}", hint)
