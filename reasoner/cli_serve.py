"""The command ``serve``: arguments in, the work elsewhere."""

from __future__ import annotations

import argparse

from .arguments import Commands, seconds, whole
from .edges import Parser


def add_serve(commands: Commands[Parser]) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "serve", allow_abbrev=False, help="SPARQL, FHIR operations and CDS Hooks over HTTP",
        description="Serves the guidelines: a SPARQL endpoint, FHIR operations, CDS Hooks, health and metrics. It "
        "answers this machine alone and changes nothing, unless it is told otherwise. Not a medical device. Needs the "
        "extra `serve`.",
        epilog="Where it listens is said on stdout; stderr has one line of JSON a request, without patient data. "
        "SIGTERM and Ctrl-C end it once the requests under way are answered. Example: guideline serve --workers 2 "
        "--data patients.ndjson",
    )  # fmt: skip
    command.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="default: 127.0.0.1, this machine")
    command.add_argument(
        "--port", metavar="N", type=whole(65535, 0, "port"), default=8000, help="default: 8000; 0: any that is free"
    )
    command.add_argument("--workers", metavar="N", type=whole(64), default=1, help="processes (default: 1)")
    command.add_argument("--knowledge", metavar="DIR", help="take guidelines and mappings from this folder")
    command.add_argument("--strict", action="store_true", help="ask instead of assuming anything")
    command.add_argument(
        "--watch", action="store_true", help="load again what is saved, and tell open pages which cases flipped"
    )
    _add_data(command)
    _add_access(command)
    _add_limits(command)
    command.set_defaults(run=_serve)


def _add_data(command: Parser) -> None:
    data = command.add_argument_group("what /sparql answers from, besides the knowledge")
    data.add_argument(
        "--data", metavar="FILE", nargs="+", action="extend", default=[], help="patients, assessed at the start"
    )
    data.add_argument(
        "--store", metavar="DIR", help="keep it on disk: a start with the same knowledge and patients is quick"
    )
    data.add_argument("--remote", metavar="URL", help="ask this SPARQL server instead; needs --allow-net")
    data.add_argument(
        "--allow-net", metavar="HOST", action="append", default=[],
        help="a host that may be connected to; without it, no connection is opened",
    )  # fmt: skip


def _add_access(command: Parser) -> None:
    access = command.add_argument_group("who may use it")
    access.add_argument("--auth", metavar="FILE", help="demand a signed token; FILE (JSON) lists issuers and keys")
    access.add_argument(
        "--public", action="store_true", help="listen beyond this machine without --auth: anyone who reaches it may ask"
    )
    access.add_argument(
        "--origin", metavar="ORIGIN", action="append", default=[],
        help="let pages of this origin use it (https://ehr.example), besides those of this machine; `*`: of any",
    )  # fmt: skip
    access.add_argument(
        "--feedback", metavar="FILE", help="keep what CDS Hooks clients report of cards, a JSON line each"
    )


def _add_limits(command: Parser) -> None:
    limits = command.add_argument_group("what one request may take")
    count = whole(1_000_000_000)
    for name, kind, default, metavar, help_ in (
        ("--body-limit", count, 10, "MIB", "a body"),
        ("--nesting-limit", count, 64, "N", "levels of JSON within each other"),
        ("--request-seconds", seconds, 30.0, "S", "until it is answered"),
        ("--read-seconds", seconds, 10.0, "S", "until it has come, and until its answer is taken"),
        ("--query-seconds", seconds, 10.0, "S", "a SPARQL query, which is stopped then"),
        ("--query-rows", count, 100_000, "N", "rows of a SPARQL result"),
        ("--query-memory", count, 1024, "MIB", "memory of a SPARQL query"),
    ):
        limits.add_argument(name, type=kind, default=default, metavar=metavar, help=f"{help_} (default: {default:g})")


def _serve(options: argparse.Namespace) -> int:
    from .serve.command import serve

    return serve(options)
