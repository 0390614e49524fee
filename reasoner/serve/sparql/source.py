"""What queries are answered from: a store in memory, one on disk, or another server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyoxigraph as ox

from reasoner.assess import Reasoner
from reasoner.catalogue import prefixes, shipped_queries
from reasoner.query import QueryStore
from reasoner.remote import Remote
from reasoner.serve.settings import Settings

from .disk import kept
from .inventory import Inventory, count
from .written import Asked, written

Prepared = Callable[[], Callable[[Mapping[str, Any]], tuple[str, bytes]]]
"""Called in the process of a query, gives what answers it."""


@contextlib.contextmanager
def source(reasoner: Reasoner, settings: Settings) -> Iterator[tuple[Prepared, Inventory]]:
    """The source that the settings name, for as long as the context lasts. Raises ReasonerError."""

    def answering(asked: Asked) -> Callable[[Mapping[str, Any]], tuple[str, bytes]]:
        return lambda question: written(asked, question, settings.query_rows)

    if settings.remote is not None:
        remote = Remote(reasoner.knowledge, settings.remote, settings.allow_net, settings.query_seconds)
        yield lambda: answering(remote), Inventory()
    elif settings.store is not None:
        catalogue = shipped_queries(reasoner.knowledge), prefixes(reasoner.knowledge)
        with kept(reasoner, settings) as (path, inventory):
            # Opened by each query for itself: an open store has threads, which a fork would lose.
            def prepared() -> Callable[[Mapping[str, Any]], tuple[str, bytes]]:
                store = ox.Store.read_only(str(path))
                return answering(QueryStore(reasoner, catalogue=catalogue, store=store))

            yield prepared, inventory
    else:
        own = QueryStore(reasoner, settings.data)
        inventory = count(own.store, own.invalid, tuple(str(line.error) for line in own.broken))
        yield lambda: answering(own), inventory
