"""The commands of those who edit the knowledge, and ``explain``: arguments in, the work elsewhere."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from .arguments import Commands
from .edges import Parser, date, load, opened
from .errors import UsageError


def add_author(commands: Commands[Parser], shared: Parser) -> None:
    """Add the commands to the command line."""
    _add_explain(_command(commands, shared, "explain", _explain, "why, why not, and what would change it"))
    _add_check(_command(commands, shared, "check", _check, "what an editor of the knowledge needs before a commit"))
    _add_prove(_command(commands, shared, "prove", _prove, "gaps, conflicts and leaks over every possible patient"))
    _add_diff(_command(commands, shared, "diff", _diff, "who is affected by a change of the knowledge"))
    _add_fmt(_command(commands, shared, "fmt", _fmt, "deterministic Turtle"))
    _add_new(_command(commands, shared, "new", _new, "a skeleton guideline to start from"))
    _add_docs(_command(commands, shared, "docs", _docs, "the knowledge as static pages"))


def _command(
    commands: Commands[Parser], shared: Parser, name: str, run: Callable[[argparse.Namespace], int], summary: str
) -> Parser:
    command = commands.add_parser(name, parents=[shared], allow_abbrev=False, help=summary)
    command.set_defaults(run=run)
    return command


def _add_explain(command: Parser) -> None:
    command.description = (
        "Explains verdicts on one patient: the findings that suffice, what stands in the way, what would change it, "
        "and what to ask next. FILE is as for `assess`."
    )
    command.add_argument("file", metavar="FILE", help="an input; `-` is stdin")
    command.add_argument(
        "--recommendation", metavar="ID", action="append", default=[], help="one or more; default: all of them"
    )
    command.add_argument("--subject", metavar="ID", help="only this subject, by IRI or reference")
    command.add_argument("--format", choices=("text", "json", "html", "turtle"), default="text", help="default: text")
    command.add_argument("--strict", action="store_true", help="ask instead of assuming anything")
    command.add_argument("--on", metavar="DATE", type=date, help="decide as of this day")


def _add_check(command: Parser) -> None:
    command.description = (
        "Checks a knowledge folder (default: the shipped one): syntax, declared terms, OWL fragment and profile, "
        "mappings, queries and their results, cases, authoring shapes, and HermiT as referee. Needs the extra `author` "
        "unless --fast without --watch. With --watch it tells at every save what broke and which cases get another "
        "verdict, HermiT's word when it comes, and with --format json one object a line."
    )
    command.add_argument("folder", nargs="?", metavar="DIR", help="a folder with ontology/, shapes/ and queries/")
    command.add_argument("--fast", action="store_true", help="leave out HermiT")
    command.add_argument(
        "--watch",
        action="store_true",
        help="check again at every save, until interrupted; also with --fast it needs `author`",
    )
    command.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _add_prove(command: Parser) -> None:
    command.description = (
        "Proves over the whole state space that no patient falls into an undeclared gap, conflict or leak, and shows a "
        "patient where one does. Needs the extra `author`."
    )
    command.add_argument("folder", nargs="?", metavar="DIR", help="a knowledge folder; default: the shipped one")
    command.add_argument("--guideline", metavar="ID", action="append", default=[], help="only this guideline")
    command.add_argument("--witnesses", metavar="DIR", help="write each witness patient there, as Turtle and FHIR")
    command.add_argument("--format", choices=("text", "json", "html"), default="text", help="default: text")


def _add_diff(command: Parser) -> None:
    command.description = (
        "Compares two states of the knowledge: folders, wheels, or git revisions such as `HEAD~1` (of the repository "
        "around the current folder)."
    )
    command.add_argument("old", metavar="OLD", help="a folder, a wheel, or a git revision")
    command.add_argument("new", metavar="NEW", help="likewise")
    command.add_argument("--cohort", nargs="+", metavar="FILE", default=[], help="patients whose verdicts to compare")
    command.add_argument("--on", metavar="DATE", type=date, help="compare their verdicts as of this day")
    command.add_argument("--format", choices=("markdown", "text", "json"), default="markdown", help="default: markdown")


def _add_fmt(command: Parser) -> None:
    command.description = (
        "Writes RDF files as deterministic Turtle, in place. RDF/XML and OWL functional syntax become Turtle beside "
        "the file. A folder stands for the Turtle files in it, cases and examples left out. Needs the extra `author`."
    )
    command.add_argument("files", nargs="+", metavar="FILE", help="files or folders")
    command.add_argument("--check", action="store_true", help="change nothing; exit 3 where a file would change")


def _add_new(command: Parser) -> None:
    command.description = "Writes a commented skeleton of a guideline: ontology, shape, case, query."
    command.add_argument("name", metavar="NAME", help="lower case with hyphens, such as `back-pain-2026`")
    command.add_argument("--into", metavar="DIR", help="default: a new folder with the name, here")


def _add_docs(command: Parser) -> None:
    command.description = "Writes the knowledge as static pages that link to each other and to nothing outside."
    command.add_argument("folder", metavar="DIR", help="where to write them; index.html is the way in")


def _folder(options: argparse.Namespace) -> Path:
    from .knowledge import shipped

    folder = Path(options.folder or options.knowledge or shipped())
    if not folder.is_dir():
        raise UsageError("no such knowledge folder", f"`{folder}`", "name a folder that holds ontology/")
    here = Path("ontology")
    if not (options.folder or options.knowledge) and here.is_dir() and not here.samefile(folder / "ontology"):
        told = f"this is the installed knowledge, not ./ontology; give the folder: guideline {options.command} ."
        print(f"warning: {told}", file=sys.stderr, flush=True)
    return folder


def _check(options: argparse.Namespace) -> int:
    from .checks import check
    from .checks.bench import Bench
    from .checks.report import heading, report

    folder = _folder(options)
    with opened(options.output) as target:
        if options.watch:
            from .checks.watch import watch

            return watch(folder, options.fast, options.format, target)
        bench = Bench.of(folder)
        return report(check(bench, options.fast), options.format, target, heading(bench))


def _explain(options: argparse.Namespace) -> int:
    from .explain.command import explain

    with opened(options.output) as target:
        return explain(options, load(options), target)


def _prove(options: argparse.Namespace) -> int:
    from .prove.command import prove

    with opened(options.output) as target:
        return prove(options, _folder(options), target)


def _diff(options: argparse.Namespace) -> int:
    from .diff.command import diff

    with opened(options.output) as target:
        return diff(options, target)


def _fmt(options: argparse.Namespace) -> int:
    from .fmt import fmt

    with opened(options.output) as target:
        return fmt(options.files, options.check, target)


def _new(options: argparse.Namespace) -> int:
    from .scaffold import scaffold

    with opened(options.output) as target:
        return scaffold(options.name, options.into, target)


def _docs(options: argparse.Namespace) -> int:
    from .pages.command import docs

    with opened(options.output) as target:
        return docs(load(options), Path(options.folder), target)
