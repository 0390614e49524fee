"""The command ``convert``: arguments in, the work elsewhere."""

from __future__ import annotations

import argparse

from .arguments import Commands
from .edges import Parser, complain, date, load, opened, uncollected
from .errors import UsageError


def add_convert(commands: Commands[Parser], shared: Parser) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "convert", parents=[shared], allow_abbrev=False, help="FHIR JSON, FHIR RDF and patient graphs into each other",
        description="Writes what FILE holds in another form. FILE is FHIR (JSON, NDJSON, or RDF in any syntax), a "
        "patient graph in RDF, or an answer of `guideline assess --format json`; `-` reads stdin; without FILE it is "
        "the knowledge itself, as FHIR. What cannot be said in the other form is told on stderr.",
        epilog="Examples: guideline convert patient.json --to fhir-turtle | guideline convert patient.ttl --to fhir | "
        "guideline convert patient.json --to turtle | guideline convert patient.json --to fhir --answer | "
        "guideline convert --to fhir --release R5. Exit codes: 0 done; 1 could not convert; 2 some of several lines, "
        "or some patient data, could not be converted.",
    )  # fmt: skip
    command.add_argument("file", nargs="?", metavar="FILE", help="what to convert; default: the knowledge")
    command.add_argument(
        "--to", required=True, choices=("fhir", "turtle", "fhir-turtle"),
        help="fhir: FHIR JSON, one document, or a line each; turtle: a patient graph in our vocabulary; "
        "fhir-turtle: FHIR RDF",
    )  # fmt: skip
    command.add_argument(
        "--release", choices=("R4", "R5"),
        help="the FHIR release to write (default: R4); when reading FHIR RDF, the elements to expect",
    )  # fmt: skip
    command.add_argument("--answer", action="store_true", help="assess the patient first, and write the answer")
    command.add_argument("--guideline", metavar="ID", help="only what this guideline says: of an answer, or of itself")
    command.add_argument(
        "--base", metavar="URL", help="the server that relative references in FHIR are relative to, for links in RDF"
    )
    command.add_argument("--strict", action="store_true", help="ask instead of assuming anything")
    command.add_argument("--on", metavar="DATE", type=date, help="as of this day: later resources are left out")
    command.set_defaults(run=_convert)


def _convert(options: argparse.Namespace) -> int:
    from .convert.run import Conversion, Request

    _check(options)
    base = None if options.base is None else options.base.rstrip("/") + "/"
    request = Request(
        options.file, options.to, options.release, options.answer, options.guideline, base, options.strict, options.on
    )

    def reasoner() -> object:
        with uncollected():
            from .assess import Reasoner

            return Reasoner(load(options), options.strict)

    with opened(options.output) as target:
        return Conversion(request, reasoner, target, complain).run()  # type: ignore[arg-type]


def _check(options: argparse.Namespace) -> None:
    """Refuse arguments that contradict each other."""
    if options.to == "turtle":
        if options.file is None:
            raise UsageError("the knowledge is Turtle already", "`--to turtle`", "give a FILE, or `--to fhir`")
        if options.answer or options.guideline:
            raise UsageError("an answer is no patient graph", "`--to turtle`",
                             "use `guideline assess --format turtle` for answers in RDF")  # fmt: skip
    if options.answer and options.file is None:
        raise UsageError("there is no patient to answer", "`--answer`", "give a FILE")
    if options.base is not None and not options.base.startswith(("http://", "https://")):
        raise UsageError("is no address", f"`{options.base}`", "write it as https://example.org/fhir")
