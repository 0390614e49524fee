"""``guideline serve``: check what is asked for, load, listen, and hand over to the supervisor."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib.util
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from reasoner import __version__
from reasoner.answer import NOTICE
from reasoner.edges import DONE, complain, load, uncollected
from reasoner.errors import UsageError

from . import news
from .settings import COUNTS, MIB, Settings, is_loopback

_QUEUE = 2048
_NEEDED = {
    "starlette": "starlette", "uvicorn": "uvicorn", "prometheus_client": "prometheus-client", "jwt": "pyjwt[crypto]",
}  # fmt: skip
"""Packages of the extra `serve`, by what is imported of them."""
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]+/?")
_LONGEST_PATH = 60
"""What the path of a socket may have in front of its name: 104 bytes are all there is."""


def serve(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    settings = settings_of(options)
    check(settings)
    _check_packages()
    with _listening(settings) as listener:
        if settings.watch:
            from .watching import Watching

            return Watching(lambda *given: _serve(options, *given), settings, listener).run()
        _serve(options, settings, listener)
    return DONE


def _serve(options: argparse.Namespace, settings: Settings, listener: socket.socket, above: int | None = None) -> None:
    """Serve until a signal says to end, or until ``above`` is closed."""
    with _folder() as folder:
        # Before the package that counts is imported: it looks only then.
        os.environ[COUNTS] = str(folder / "counts")
        (folder / "counts").mkdir()
        _run(options, settings, listener, folder, above)


def settings_of(options: argparse.Namespace) -> Settings:
    """The arguments as settings."""
    return Settings(
        host=options.host,
        port=options.port,
        workers=options.workers,
        knowledge=None if options.knowledge is None else Path(options.knowledge),
        strict=options.strict,
        data=tuple(Path(file) for file in options.data),
        store=None if options.store is None else Path(options.store),
        remote=options.remote,
        allow_net=tuple(options.allow_net),
        auth=None if options.auth is None else Path(options.auth),
        feedback=None if options.feedback is None else Path(options.feedback),
        origins=tuple(options.origin),
        public=options.public,
        body_limit=options.body_limit * MIB,
        nesting_limit=options.nesting_limit,
        request_seconds=options.request_seconds,
        read_seconds=options.read_seconds,
        query_seconds=options.query_seconds,
        query_rows=options.query_rows,
        query_memory=options.query_memory * MIB,
        watch=options.watch,
    )


def check(settings: Settings) -> None:
    """Raise UsageError for what must not be or cannot be served."""
    if not settings.is_loopback and settings.auth is None and not settings.public:
        hint = "give --auth FILE, or --public if anyone who reaches it may use it"
        raise UsageError("would be reached from other machines without any check", f"`{settings.host}`", hint)
    for origin in settings.origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise UsageError("is no origin", f"`{origin}`", "write it as https://ehr.example, without a path; or `*`")
    if settings.remote is not None:
        if settings.data or settings.store:
            raise UsageError(
                "--remote asks another server, which has its own data", None, "leave --data and --store out"
            )
        from reasoner.remote import checked

        checked(settings.remote, settings.allow_net)
    elif settings.allow_net:
        raise UsageError("--allow-net allows what nothing does", None, "give it with --remote URL")
    if settings.watch and settings.workers > 1:
        raise UsageError("--watch goes with one worker", None, "leave --workers out")
    if settings.watch and importlib.util.find_spec("watchfiles") is None:
        raise UsageError("--watch needs watchfiles", None, "run `pip install '.[author]'` in a clone")
    if not hasattr(os, "fork"):
        raise UsageError("this system cannot fork processes", "`guideline serve`", "run it on Linux or macOS")


def _check_packages() -> None:
    for module, package in _NEEDED.items():
        if importlib.util.find_spec(module) is None:
            raise UsageError(f"serving needs {package}", None, "run `pip install '.[serve]'` in a clone")


def _run(
    options: argparse.Namespace, settings: Settings, listener: socket.socket, folder: Path, above: int | None
) -> None:
    from reasoner.assess import Reasoner

    from .app import application
    from .metrics import meters
    from .service import Service
    from .sparql.engine import Engine
    from .sparql.source import source
    from .supervisor import Role, Supervisor
    from .taking import Shares
    from .worker import work

    with uncollected():
        reasoner = Reasoner(load(options), settings.strict)
    path = str(folder / "queries")
    with source(reasoner, settings) as (prepared, inventory), socket.socket(socket.AF_UNIX) as questions:
        for sentence in inventory.broken:
            complain(sentence)
        counts = meters()
        # Made before there are workers: what it cannot open is told once, and what it loads is shared.
        app = application(Service(reasoner, settings, path, inventory), counts)
        questions.bind(path)
        questions.listen(_QUEUE)
        listener.listen(_QUEUE)

        def answer_queries(parent: int) -> None:
            listener.close()
            Engine(questions, prepared, settings).run(parent)

        shares = Shares(settings.workers, counts.connections)
        roles = [
            Role("worker", partial(work, listener, app, settings, share), share.end)
            for share in map(shares.of, range(settings.workers))
        ]
        # Last, so that queries under way are finished before it ends.
        roles.append(Role("engine", answer_queries))
        gc.collect()
        # What is loaded is never garbage: looking at it would copy the memory that the processes share.
        gc.freeze()
        supervisor = Supervisor(roles, counts, settings.request_seconds + 5, above)
        supervisor.run(lambda: _started(settings, listener, inventory.invalid))


def _started(settings: Settings, listener: socket.socket, invalid: int) -> None:
    if settings.news is not None:
        news.come_up(settings.news)
    if settings.run <= 1:
        _say(settings, listener, invalid)


def _say(settings: Settings, listener: socket.socket, invalid: int) -> None:
    host, port = listener.getsockname()[:2]
    named = f"[{host}]" if ":" in host else host
    lines = [f"Guideline Reasoner {__version__} listens on http://{named}:{port}/", NOTICE]
    if invalid:
        lines.append(f"Of the inputs of --data, {invalid} had invalid patient data; see `guideline validate`.")
    if not settings.is_loopback and settings.auth is None:
        lines.append("Anyone who reaches this address may use it (--public).")
    with contextlib.suppress(OSError):
        print("\n".join(lines), flush=True)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder of this server alone, for its socket and its counts."""
    place = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="guideline-", dir=place if len(place) < _LONGEST_PATH else "/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket, bound: whether it can be had is known before anything is loaded."""
    place = f"`{settings.host}:{settings.port}`"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise UsageError("is no address of this machine", place, "give another --host") from error
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError as error:
            reason = (error.strerror or "unknown").lower()
            raise UsageError(f"cannot be listened on: {reason}", place, "give another --port or --host") from error
        # A name may mean another address than it says.
        if settings.is_loopback and not is_loopback(str(listener.getsockname()[0])):
            raise UsageError("is no address of this machine alone", place, "give it as 127.0.0.1")
        yield listener
        sys.stdout.flush()
