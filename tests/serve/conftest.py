"""What the tests of a running server share."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from .running import Server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    """A client of the server that the module runs."""
    with server.client() as own:
        yield own
