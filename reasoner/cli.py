"""The command line: arguments in, answers to stdout, one line an error to stderr, and an exit code."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .cli_author import add_author
from .cli_cohort import add_cohort
from .cli_convert import add_convert
from .cli_serve import add_serve
from .edges import DONE, FAILED, Parser, complain, date, load, opened, uncollected
from .errors import ReasonerError, UsageError

if TYPE_CHECKING:
    pass

FORMATS = ("text", "json", "ndjson", "turtle", "html")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        return _run(sys.argv[1:] if argv is None else list(argv))
    except ReasonerError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("interrupted; start again")
    except BrokenPipeError:
        # Whoever read our output has gone: nothing may be written at exit either.
        _silence(sys.stdout)
        return FAILED
    except OSError as error:
        what = error.strerror or type(error).__name__
        return _fail(f"{_place(error)} cannot be read or written: {what}; check the path and its rights")
    except (RecursionError, MemoryError) as error:
        what = "deeply nested" if isinstance(error, RecursionError) else "large"
        return _fail(f"too {what}, the input; split or simplify it")
    except Exception as error:
        # The message of an unforeseen error may quote the patient: say only what kind it is and where it arose.
        return _fail(f"unforeseen {type(error).__name__}, {_place(error)}; please report it")


def _fail(text: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        complain(text)
    return FAILED


def _place(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"`{error.filename}`"
    if isinstance(error, OSError):
        return "the output"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "somewhere"


def _silence(stream: object) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]


def _run(argv: list[str]) -> int:
    parser = _parser()
    options = parser.parse_args(argv)
    options.knowledge = getattr(options, "knowledge", None) or options.main_knowledge
    if options.version:
        return _version(options)
    if options.command is None:
        names = ", ".join(f"`{name}`" for name in commands_of(parser))
        raise UsageError("no command", "`guideline`", f"choose one of {names}; see `guideline --help`")
    command: Callable[[argparse.Namespace], int] = options.run
    return command(options)


def commands_of(parser: Parser) -> list[str]:
    """The names of all commands."""
    return [n for action in parser._actions if isinstance(action, argparse._SubParsersAction) for n in action.choices]


def _parser() -> Parser:
    parser = Parser(
        prog="guideline",
        description="Decides which treatments of a clinical guideline a patient is eligible for, and says why.",
        epilog="Exit codes: 0 done; 1 could not run; 2 ran, and some patient data is invalid; 3 ran, and a check of "
        "the knowledge failed. Nothing here uses the network. Not a medical device.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="store_true", help="the version of the program, and version and hash of each guideline"
    )
    shared = Parser(add_help=False, allow_abbrev=False)
    shared.add_argument("--knowledge", metavar="DIR", help="take guidelines and mappings from this folder")
    shared.add_argument("--output", "-o", metavar="FILE", help="write to this file instead of to the terminal")
    parser.add_argument("--knowledge", dest="main_knowledge", metavar="DIR", help="as after a command")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    _add_assess(commands, shared)
    _add_validate(commands, shared)
    terms = commands.add_parser(
        "terms", parents=[shared], allow_abbrev=False, help="the findings with their values, units and codes",
        description="Lists every finding that a guideline may ask about: allowed values, unit, policy, codes.",
    )  # fmt: skip
    terms.add_argument("--format", choices=("text", "json", "csv"), default="text", help="default: text")
    terms.set_defaults(run=_terms)
    template = commands.add_parser(
        "template", parents=[shared], allow_abbrev=False, help="an empty patient to fill in",
        description="Prints a patient of whom nothing is recorded, with every finding and what it may be.",
    )  # fmt: skip
    template.add_argument("--format", choices=("turtle", "fhir", "csv"), default="turtle", help="default: turtle")
    template.set_defaults(run=_template)
    _add_query(commands, shared)
    add_author(commands, shared)
    add_cohort(commands)
    add_convert(commands, shared)
    add_serve(commands)
    return parser


def _add_query(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    query = commands.add_parser(
        "query", parents=[shared], allow_abbrev=False, help="SPARQL over the knowledge and assessed patients",
        description="Runs a SPARQL query, by name or from a file; alone, lists the shipped queries "
        "with their questions. Nothing is fetched or changed.",
        epilog="Examples: guideline query | guideline query evidence-by-outcome --format csv | "
        "guideline query who-is-eligible --data patient.json cohort.ndjson",
    )  # fmt: skip
    query.add_argument("query", nargs="?", metavar="NAME_OR_FILE", help="a shipped query, or a file with one")
    query.add_argument("--data", nargs="+", metavar="FILE", default=[], help="patients to assess; `-` is stdin")
    query.add_argument(
        "--format", choices=("text", "csv", "tsv", "json", "xml", "turtle"), default="text",
        help="text: a table (default); csv, tsv, json, xml: SPARQL results; turtle: the triples of a CONSTRUCT",
    )  # fmt: skip
    query.add_argument("--strict", action="store_true", help="ask instead of assuming anything")
    query.add_argument("--on", metavar="DATE", type=date, help="assess as of this day")
    query.add_argument("--remote", metavar="URL", help="ask this SPARQL server instead; needs --allow-net")
    query.add_argument(
        "--allow-net", metavar="HOST", action="append", default=[], help="a host that may be connected to"
    )
    query.set_defaults(run=_query)


def _add_assess(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    assess = commands.add_parser(
        "assess", parents=[shared], allow_abbrev=False, help="a patient in, eligible treatments out",
        description="Decides every recommendation for every subject of each input. FILE is FHIR (JSON, or NDJSON with "
        "a Bundle or a resource a line) or RDF (Turtle, TriG, N-Triples, N-Quads, RDF/XML, JSON-LD); `-` reads stdin.",
        epilog="Examples: guideline assess patient.json | guideline assess --format ndjson cohort.ndjson | "
        "cat patient.ttl | guideline assess --interactive patient.ttl",
    )  # fmt: skip
    assess.add_argument("files", nargs="+", metavar="FILE", help="an input; `-` is stdin")
    assess.add_argument(
        "--format", choices=FORMATS, default="text",
        help="text to read (default); json: one object, or a list for several inputs; ndjson: an answer a line; "
        "turtle: a PROV-O graph; html: one page without links to elsewhere",
    )  # fmt: skip
    assess.add_argument("--strict", action="store_true", help="ask instead of assuming anything")
    assess.add_argument(
        "--on", metavar="DATE", type=date, help="decide as of this day: later resources are unused, ages counted at it"
    )
    assess.add_argument("--interactive", action="store_true", help="ask what is missing, most decisive first")
    assess.set_defaults(run=_assess)


def _add_validate(commands: argparse._SubParsersAction[Parser], shared: Parser) -> None:
    validate = commands.add_parser(
        "validate", parents=[shared], allow_abbrev=False, help="what is wrong with patient data",
        description="Checks patient data against the shapes, and whether it can be read. FILE is as for `assess`.",
        epilog="Exit code 2 when some data has a violation; warnings and remarks leave it at 0.",
    )  # fmt: skip
    validate.add_argument("files", nargs="+", metavar="FILE", help="an input; `-` is stdin")
    validate.add_argument(
        "--format", choices=("text", "turtle", "json"), default="text",
        help="sentences (default); turtle: a sh:ValidationReport an input; json: one object, or a list for several",
    )  # fmt: skip
    validate.add_argument("--on", metavar="DATE", type=date, help="check as of this day: later resources are unused")
    validate.set_defaults(run=_validate)


def _assess(options: argparse.Namespace) -> int:
    from .run import Run

    with uncollected():
        from .assess import Reasoner

        reasoner = Reasoner(load(options), options.strict)
    with opened(options.output) as target:
        return Run(reasoner, options, target).all()


def _query(options: argparse.Namespace) -> int:
    from .ask import Request, ask

    request = Request(options.query, options.data, options.format, options.strict, options.on,
                      options.remote, options.allow_net)  # fmt: skip
    with opened(options.output) as target:
        return ask(load(options), request, target)


def _validate(options: argparse.Namespace) -> int:
    from .report import validate

    with uncollected():
        from .assess import Reasoner

        reasoner = Reasoner(load(options))
    with opened(options.output) as target:
        return validate(reasoner, options.files, options.format, options.on, target, complain)


def _terms(options: argparse.Namespace) -> int:
    from .terms import terms

    with opened(options.output) as target:
        target.write(terms(load(options), options.format))
    return DONE


def _template(options: argparse.Namespace) -> int:
    from .template import template

    with opened(options.output) as target:
        target.write(template(load(options), options.format).encode())
    return DONE


def _version(options: argparse.Namespace) -> int:
    from . import __version__

    knowledge = load(options)
    print(f"guideline-reasoner {__version__}")
    for guideline in knowledge.guidelines:
        print(f"{guideline.id} {guideline.version} sha256:{guideline.sha256}")
    sys.stdout.flush()
    return DONE


if __name__ == "__main__":
    sys.exit(main())
