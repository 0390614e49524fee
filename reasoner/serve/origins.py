"""Which web pages may use the server, and under which names it is reached."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from .refusal import Refusal
from .settings import Settings, is_loopback

_SAFE = frozenset({"GET", "HEAD"})
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_METHODS, _HEADERS = "GET, POST, OPTIONS", "accept, authorization, content-type"


class Origins:
    """The rules of one server: a browser on this machine must not be a way in for pages from elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self.any = "*" in settings.origins
        self.listed = frozenset(own.lower().rstrip("/") for own in settings.origins)
        self.loopback = settings.is_loopback
        self.names = frozenset(urlsplit(own).hostname or "" for own in self.listed)

    def admit(self, method: str, headers: Headers) -> None:
        """Refuse a name that is not ours, and a page of another origin that would do more than read."""
        host = headers.get("host", "")
        if host and not _HOST.fullmatch(host):
            raise Refusal(400, "the header Host is no name", "send the name and port of this server")
        if host and not self._is_ours(host):
            raise Refusal(421, "this server is not known by that name", "reach it as localhost, or name it by --origin")
        origin = headers.get("origin")
        if origin is not None and method not in _SAFE and not self._may(origin, host):
            raise Refusal(403, "pages of this origin may not use this server", "start it with --origin ORIGIN")

    def headers(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        """What CORS adds to every answer."""
        origin = headers.get("origin")
        if origin is None or not self._may(origin, headers.get("host", "")):
            return [(b"vary", b"Origin")]
        return [
            (b"vary", b"Origin"),
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", b"x-request-id"),
        ]

    def preflight(self, method: str, headers: Headers) -> dict[str, str] | None:
        """The answer to a browser that asks first; None where it does not ask."""
        if method != "OPTIONS" or "origin" not in headers or "access-control-request-method" not in headers:
            return None
        return {
            "access-control-allow-methods": _METHODS,
            "access-control-allow-headers": _HEADERS,
            "access-control-max-age": "600",
        }

    def _is_ours(self, host: str) -> bool:
        """A name of this machine, or a listed one: a foreign name that leads here is an attack (DNS rebinding)."""
        if not self.loopback or self.any:
            return True
        match = _HOST.fullmatch(host)
        return match is not None and (is_loopback(match[1]) or match[1].lower() in self.names)

    def _may(self, origin: str, host: str) -> bool:
        if self.any or origin.lower() in self.listed:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return False
        return parts.netloc.lower() == host.lower() or (self.loopback and is_loopback(parts.hostname))
