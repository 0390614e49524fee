"""The file of --auth: who is trusted with which keys, and what a token has to be for.

    {
      "audience": "https://cds.example.org",
      "issuers": [{"issuer": "https://ehr.example.org/", "jku": "https://ehr.example.org/jwks", "keys": [{…}]}],
      "skew": 60, "lifetime": 600, "replay": "replay.sqlite", "reusable": ["/metrics"]
    }

``keys`` are the public keys of the issuer as in a JWK Set. No address in a token or in this file is ever fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from reasoner.errors import UsageError

from .replay import Replays

ALGORITHMS = {"ES384": "EC", "RS384": "RSA"}
"""What may sign a token, and with which type of key."""
_BITS = 2048
SETTINGS = {"audience", "issuers", "skew", "lifetime", "replay", "reusable"}
"""What the file may say."""
_SKEW, _LIFETIME = 60, 600
_PRIVATE = ("d", "p", "q", "k", "oth")
_HINT = "see docs/cds-hooks.md for what it holds"

Key = EllipticCurvePublicKey | RSAPublicKey


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer: its keys by algorithm and key id."""

    jku: str | None
    keys: Mapping[tuple[str, str], Key]


@dataclass(frozen=True, slots=True)
class Auth:
    """Who is trusted."""

    audience: str
    """The address of this server as clients know it, without a slash at the end."""
    issuers: Mapping[str, Issuer]
    skew: int
    """Seconds by which clocks may differ."""
    lifetime: int
    """Seconds for which a token may be good."""
    reusable: tuple[str, ...]
    """Paths whose tokens may come more than once."""
    replays: Replays

    @classmethod
    def read(cls, path: Path) -> Auth:
        """The register in a file; raises UsageError with what is wrong in it."""
        try:
            said = orjson.loads(path.read_bytes())
        except OSError as error:
            raise UsageError(
                f"cannot be read: {error.strerror}", f"`{path}`", "check the path and its rights"
            ) from error
        except orjson.JSONDecodeError as error:
            raise UsageError(f"is not JSON: {error.msg} at line {error.lineno}", f"`{path}`", "mend it") from error
        try:
            return cls._of(said, path)
        except _Wrong as error:
            raise UsageError(f"is no register of issuers: {error}", f"`{path}`", _HINT) from None

    @classmethod
    def _of(cls, said: object, path: Path) -> Auth:
        if not isinstance(said, dict):
            raise _Wrong("it is no object")
        if unknown := sorted(set(said) - SETTINGS):
            raise _Wrong(f"`{unknown[0]}` means nothing")
        audience = _address(said.get("audience"), "audience").rstrip("/")
        rows = said.get("issuers")
        if not isinstance(rows, list) or not rows:
            raise _Wrong("`issuers` is no list, or empty")
        issuers: dict[str, Issuer] = {}
        for row in rows:
            if not isinstance(row, dict) or set(row) - {"issuer", "jku", "keys"}:
                raise _Wrong("an issuer has other keys than issuer, jku and keys")
            name = _address(row.get("issuer"), "issuer")
            if name in issuers:
                raise _Wrong(f"`{name}` is there twice")
            jku = None if row.get("jku") is None else _address(row["jku"], "jku")
            issuers[name] = Issuer(jku, _keys(row.get("keys"), name))
        reusable = said.get("reusable", [])
        if not isinstance(reusable, list) or not all(isinstance(own, str) and own.startswith("/") for own in reusable):
            raise _Wrong("`reusable` is no list of paths")
        file = said.get("replay", f"{path.name}.replay.sqlite")
        if not isinstance(file, str) or not file:
            raise _Wrong("`replay` is no path")
        skew, lifetime = _seconds(said, "skew", _SKEW), _seconds(said, "lifetime", _LIFETIME)
        return cls(audience, issuers, skew, lifetime, tuple(reusable), Replays.open(path.parent / file))


class _Wrong(Exception):  # noqa: N818 - becomes a UsageError with the file
    """What is wrong in the file."""


def _address(said: object, name: str) -> str:
    if not isinstance(said, str) or not said.startswith(("https://", "http://", "urn:")):
        raise _Wrong(f"`{name}` is missing or no absolute address")
    return said


def _seconds(said: Mapping[str, Any], name: str, default: int) -> int:
    value = said.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 24 * _LIFETIME:
        raise _Wrong(f"`{name}` is no whole number of seconds")
    return value


def _keys(rows: object, issuer: str) -> dict[tuple[str, str], Key]:
    if not isinstance(rows, list) or not rows:
        raise _Wrong(f"`keys` of `{issuer}` is no list, or empty")
    found: dict[tuple[str, str], Key] = {}
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("kid"), str):
            raise _Wrong(f"a key of `{issuer}` has no `kid`")
        name = f"key `{row['kid']}` of `{issuer}`"
        if any(part in row for part in _PRIVATE):
            raise _Wrong(f"{name} is private; list the public key alone")
        algorithm = next((own for own, kind in ALGORITHMS.items() if kind == row.get("kty")), None)
        if algorithm is None or row.get("alg", algorithm) != algorithm or row.get("use", "sig") != "sig":
            raise _Wrong(f"{name} is not for {' or '.join(ALGORITHMS)}")
        if (algorithm, row["kid"]) in found:
            raise _Wrong(f"{name} is there twice")
        found[algorithm, row["kid"]] = _key(row, algorithm, name)
    return found


def _key(row: Mapping[str, Any], algorithm: str, name: str) -> Key:
    try:
        key = jwt.PyJWK(dict(row), algorithm).key
    except jwt.PyJWTError:
        raise _Wrong(f"{name} cannot be read") from None
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp384r1":
        return key
    if isinstance(key, RSAPublicKey) and key.key_size >= _BITS:
        return key
    raise _Wrong(f"{name} is not on P-384, or an RSA key shorter than {_BITS} bits")
