"""The command ``cohort``: arguments in, the work elsewhere."""

from __future__ import annotations

import argparse

from .arguments import Commands, size, whole
from .edges import Parser, date


def add_cohort(commands: Commands[Parser]) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "cohort", allow_abbrev=False, help="the same verdicts for millions of subjects",
        description="Decides every recommendation for every subject of the inputs and writes Parquet. INPUT is a FHIR "
        "bulk export (a folder or files of NDJSON, plain, .gz or .zst), NDJSON of Bundles, a folder of Bundles, tables "
        "of findings (Parquet, Arrow, CSV), or RDF; what it is is told by what it holds. A run that was interrupted "
        "continues when the same command is given again. Needs the extra `cohort`.",
        epilog="Exit codes: 0 done; 1 could not run, or could not finish: what is finished is kept; 2 done, and some "
        "data is invalid or could not be read. Beside OUT: OUT.report.html, OUT.report.json, and "
        "OUT.quarantine.ndjson where lines were broken. Example: guideline cohort export/ --output verdicts",
    )  # fmt: skip
    command.add_argument("inputs", nargs="+", metavar="INPUT", help="files or folders of one kind")
    command.add_argument(
        "--output", "-o", metavar="OUT", required=True,
        help="one file where the name ends in .parquet, else a folder of parts",
    )  # fmt: skip
    command.add_argument("--knowledge", metavar="DIR", help="take guidelines and mappings from this folder")
    command.add_argument(
        "--layout", choices=("long", "wide"), default="long",
        help="long: a row a subject and recommendation (default); wide: a row a subject, a column a recommendation",
    )  # fmt: skip
    command.add_argument("--strict", action="store_true", help="ask instead of assuming anything")
    command.add_argument("--on", metavar="DATE", type=date, help="decide as of this day")
    command.add_argument(
        "--engine", choices=("polars", "spark"), default="polars",
        help="polars: this machine (default); spark: a cluster, needs the extra `spark`",
    )  # fmt: skip
    command.add_argument(
        "--validate", action="store_true",
        help="hold each patient to the SHACL shapes as well, counted apart; takes many times as long",
    )  # fmt: skip
    command.add_argument("--workers", metavar="N", type=whole(1024), help="processes (default: one a processor)")
    command.add_argument("--chunk", metavar="MIB", type=size,
                         help="how much a step reads; less needs less memory (default: by input)")  # fmt: skip
    command.add_argument("--keep", metavar="COLUMN", action="append", default=[],
                         help="a column of a table that is no finding and goes along; may be given again")  # fmt: skip
    command.add_argument("--fresh", action="store_true", help="begin anew, whatever an interrupted run has finished")
    command.add_argument("--overwrite", action="store_true", help="replace an output of another run")
    command.add_argument(
        "--allow-partial", action="store_true",
        help="decide on what can be read of a compressed file that is cut off or damaged",
    )  # fmt: skip
    _add_spark(command)
    command.set_defaults(run=_cohort)


def _add_spark(command: Parser) -> None:
    spark = command.add_argument_group("engine spark", "paths are then those of the cluster's file system")
    spark.add_argument(
        "--master", default="local[*]", metavar="URL",
        help="spark://host:port, local[N] or whatever Spark knows (default: all processors of this machine)",
    )  # fmt: skip
    spark.add_argument("--conf", metavar="NAME=VALUE", action="append", default=[],
                       help="a setting of Spark; may be given again")  # fmt: skip
    spark.add_argument("--shares", metavar="N", type=whole(1_000_000),
                       help="in how many parts the patients are decided (default: by input)")  # fmt: skip


def _cohort(options: argparse.Namespace) -> int:
    from .cohort.command import cohort

    return cohort(options)
