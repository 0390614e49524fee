"""SPARQL 1.1 Protocol at ``/sparql``, and what there is to query at ``/.well-known/void``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from reasoner.serve.service import Service


def routes(service: Service) -> list[BaseRoute]:
    """The routes of this surface."""
    from .protocol import Endpoint

    return Endpoint(service).routes()


def paths() -> dict[str, Any]:
    """What OpenAPI says of them."""
    from .operations import PATHS

    return PATHS
