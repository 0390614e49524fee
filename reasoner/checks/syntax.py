"""What is wrong with the syntax of a Turtle text, as an author would say it: where to look, and what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from .lines import Text

_OPEN, _CLOSE = {"[": "]", "(": ")"}, {"]": "[", ")": "("}
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( |$)")
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|<[^>\s]*>|\#[^\n]*|[\[\]()]', re.DOTALL
)
_STARTS = re.compile(r"[\w.-]*:[^\s;,]*\s+|a\s+")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A place in a text that does not parse."""

    line: int
    message: str
    fix: str


def mistake(text: Text, start: int, part: str, error: SyntaxError, shift: int = 0) -> Mistake:
    """The parser's complaint about a part of a text that begins at line ``start``; ``shift`` moves its lines there."""
    for number, line in enumerate(text.lines, 1):
        if _CONFLICT.match(line):
            return Mistake(number, "holds the marks of a merge conflict", "keep one side and remove the marks")
    said = (error.msg or "").partition(": ")[2] or str(error.msg)
    end = start + max(len(part.splitlines()), 1) - 1
    place = min(max((error.lineno or 1) + shift, start), end)
    column = error.offset or 1
    reader = _Complaint(text, start, end, place, column, said)
    return reader.bracket() if reader.is_about_brackets() else reader.known()


class _Complaint:
    """One complaint, at a line and column of a text."""

    def __init__(self, text: Text, start: int, end: int, line: int, column: int, said: str) -> None:
        self.text, self.start, self.end, self.line, self.column, self.said = text, start, end, line, column, said
        self.here = text.lines[line - 1] if line <= len(text.lines) else ""
        self.token = (self.here[column - 1 :].split() or [""])[0]

    def is_about_brackets(self) -> bool:
        """Whether an open or a surplus bracket explains the complaint better than the parser does."""
        return "string" not in self.said and "IRI" not in self.said and self._unpaired() is not None

    def bracket(self) -> Mistake:
        """The bracket that has no partner."""
        found = self._unpaired()
        assert found is not None
        line, sign = found
        if sign in _OPEN:
            return Mistake(line, f"the `{sign}` of this line is never closed", f"close it with `{_OPEN[sign]}`")
        return Mistake(line, f"a `{sign}` closes nothing", f"remove it, or open `{_CLOSE[sign]}` before it")

    def _unpaired(self) -> tuple[int, str] | None:
        opened: list[tuple[int, str]] = []
        part = "\n".join(self.text.lines[self.start - 1 : self.end])
        for match in _TOKEN.finditer(part):
            sign, line = match[0], self.start + part.count("\n", 0, match.start())
            if sign in _OPEN:
                opened.append((line, sign))
            elif sign in _CLOSE:
                if not opened:
                    return line, sign
                if opened[-1][1] != _CLOSE[sign]:
                    return opened[-1]
                opened.pop()
        return opened[-1] if opened else None

    def known(self) -> Mistake:
        """The complaint in words of what to do."""
        if self.token.startswith("^") and not self.token.startswith("^^"):
            return Mistake(self.line, "a datatype is given with one `^`", "write `^^` before the datatype")
        for words, answer in _ANSWERS.items():
            if words in self.said:
                return answer(self)
        if "is not a valid" in self.said or "is not allowed" in self.said or "expected" in self.said:
            return self.misplaced()
        return Mistake(self.line, f"does not parse: {self.said.rstrip('.')}", "mend the syntax at this place")

    def unended(self) -> Mistake:
        """The text goes on, or ends, where a sign should stand."""
        before = self._before()
        word = self.here.strip()
        above = self.text.lines[self.line - 2].rstrip() if self.line > self.start else ""
        if above.endswith(",") and _STARTS.match(word) and self.column > len(self.here) - len(self.here.lstrip()) + 1:
            return self._comma(self.line - 1)
        if self.line > before and _STARTS.match(word) and self.here[:1].isspace():
            return Mistake(before, "no `;` stands between two properties", "end this line with ` ;`")
        return self._not_ended(before)

    def _comma(self, line: int) -> Mistake:
        return Mistake(line, "a `,` is followed by another property", "end this line with ` ;`")

    def _not_ended(self, line: int) -> Mistake:
        what = "line with the prefix" if self.text.lines[line - 1].startswith("@") else "description of the term"
        return Mistake(line, f"the {what} is not ended", f"end this line with ` .`{self._instead(line)}")

    def _instead(self, line: int) -> str:
        last = self.text.lines[line - 1].rstrip()[-1:]
        return f" instead of ` {last}`" if last and last in ";," else ""

    def _before(self) -> int:
        """The last line with anything on it before the complaint."""
        number = self.line - 1 if self.column <= len(self.here) - len(self.here.lstrip()) + 1 else self.line
        while number > self.start and not self.text.lines[number - 1].partition("#")[0].strip():
            number -= 1
        return max(number, self.start)

    def half_written(self) -> Mistake:
        """The text stops in the middle."""
        number = self.end
        while number > self.start and not self.text.lines[number - 1].strip():
            number -= 1
        last = self.text.lines[number - 1].rstrip() if number <= len(self.text.lines) else ""
        if "<" in last and ">" not in last[last.rindex("<") :]:
            return Mistake(number, "the `<` of this line is never closed", "close the IRI with `>`")
        return self.string_at(number) if last.count('"') % 2 else self._not_ended(number)

    def iri(self) -> Mistake:
        """An IRI with a character that no IRI has, or without its beginning."""
        written = self.here[self.column - 1 :]
        name = written[: written.find(">") + 1] or self.token
        if ">" not in written:
            return Mistake(self.line, "the `<` of this line is never closed", "close the IRI with `>`")
        if "scheme" in self.said:
            return Mistake(
                self.line, f"`{name}` is no full IRI", "write it with `https://`, or with a prefix and no `<>`"
            )
        return Mistake(
            self.line, f"`{name}` holds a character that no IRI has", "write the IRI without it, a space as `%20`"
        )

    def prefix(self) -> Mistake:
        """A prefix that the file does not declare."""
        match = re.search(r"prefix (\S*?):", self.said)
        name = match[1] if match else self.token.partition(":")[0]
        near = get_close_matches(name, list(self.text.prefixes), 1, 0.7)
        add = f"add `@prefix {name}: <{_namespace(name, _KNOWN)}> .` at the top of the file"
        return Mistake(
            self.line, f"the prefix `{name}:` is not declared", f"did you mean `{near[0]}:`?" if near else add
        )

    def string(self) -> Mistake:
        """A text without its end, or with a mark inside."""
        return self.string_at(self.line)

    def string_at(self, line: int) -> Mistake:
        """A text that begins in a line and has no end there."""
        return Mistake(line, "a text is not closed on its line", 'close it with `"`, or write a long one between `"""`')

    def misplaced(self) -> Mistake:
        """Something stands where something else should."""
        begins = self.line > self.start and self.here[:1] not in ("", " ", "\t") and self._before() < self.line
        if begins and not re.fullmatch(r"[A-Za-z][\w-]*", self.token):
            return self.unended()
        above = max(self.line - 1, 1)
        before = self.text.lines[above - 1].rstrip()
        if above < self.line and before.endswith(",") and _STARTS.match(self.here.strip()) and "subject" in self.said:
            return self._comma(above)
        if self.token.startswith("\ufeff"):
            return Mistake(self.line, "begins with a byte order mark", "save the file as UTF-8 without one")
        if self.token[:1] in "“”„‘’«»":
            return Mistake(
                self.line, f"`{self.token[:1]}` is a typographic quotation mark", 'write a straight one: `"`'
            )
        if re.fullmatch(r"[A-Za-z][\w-]*[.;,]?", self.token):
            word = self.token.rstrip(".;,")
            if before.count("'") or self.here.count("'") > 1:
                return Mistake(
                    self.line, f"`{word}` stands outside the text", "close texts with the mark that opens them"
                )
            return Mistake(self.line, f"`{word}` is neither a term nor a text", f'write `gr:{word}`, or put it in `"`')
        return Mistake(
            self.line, f"`{self.token[:30]}` cannot stand here", "look for a missing `;`, `.` or bracket before it"
        )


_ANSWERS: dict[str, Callable[[_Complaint], Mistake]] = {
    "dot is expected": _Complaint.unended,
    "Unexpected end": _Complaint.half_written,
    "Line jumps": _Complaint.string,
    "has not been declared": _Complaint.prefix,
    "IRI": _Complaint.iri,
    "language": lambda own: Mistake(own.line, "a text has a language tag that is none", "write a tag such as `@en`"),
    "UTF-8": lambda own: Mistake(own.line, "is not UTF-8 text", "save the file as UTF-8"),
    "escape": lambda own: Mistake(
        own.line, "a text has a `\\` that begins no escape", "write `\\\\` for the sign itself"
    ),
}

_KNOWN = {
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
    "sh": "http://www.w3.org/ns/shacl#",
}


def _namespace(prefix: str, known: Mapping[str, str]) -> str:
    """What a prefix usually stands for: a vocabulary, else the values of the finding of that name."""
    return known.get(prefix, f"https://w3id.org/guideline-reasoner/{prefix}/")


def folded(mistakes: list[Mistake]) -> Iterator[tuple[Mistake, int]]:
    """Each mistake once, with how many more places have the same."""
    first: dict[tuple[str, str], Mistake] = {}
    more: dict[tuple[str, str], int] = {}
    for own in dict.fromkeys(mistakes):
        key = (own.message, own.fix)
        # Where nothing but the place tells two apart, each may need its own repair; an undeclared prefix needs one.
        key = key if "prefix" in own.message else (own.message, f"{own.line}")
        more[key] = more.get(key, -1) + 1
        first.setdefault(key, own)
    for key, own in first.items():
        yield own, more[key]
