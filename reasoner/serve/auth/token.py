"""Whether a token is accepted: signed by a listed issuer, for this endpoint, in time, and not used before."""

from __future__ import annotations

import time
from typing import Any, NoReturn

import jwt

from reasoner.serve.refusal import Refusal

from .register import ALGORITHMS, Auth, Key

REALM = "guideline-reasoner"
_LONGEST = 8192
_NEEDED = ["iss", "aud", "exp", "iat", "jti"]
_HINT = "send a new signed token for this address as Authorization: Bearer"
_WHY: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "the token has expired"),
    (jwt.ImmatureSignatureError, "the token is not good yet"),
    (jwt.InvalidAudienceError, "the token is for another address"),
    (jwt.MissingRequiredClaimError, "the token lacks iss, aud, exp, iat or jti"),
    (jwt.InvalidSignatureError, "the signature of the token is wrong"),
)


def check(auth: Auth, header: str | None, path: str) -> None:
    """Raise Refusal 401 unless the header Authorization holds a token that is good for the path."""
    if header is None:
        # Without credentials no error is named (RFC 6750).
        raise Refusal(401, "a token is needed", _HINT, headers={"www-authenticate": f'Bearer realm="{REALM}"'})
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST:
        _refuse("the header Authorization holds no bearer token")
    key, algorithm, issuer = _key(auth, token)
    reusable = next((own for own in auth.reusable if path == own or path.startswith(own.rstrip("/") + "/")), None)
    claims = _claims(auth, token, key, algorithm, issuer, auth.audience + (reusable or path))
    if claims["exp"] - claims["iat"] > auth.lifetime:
        _refuse(f"the token is good for longer than {auth.lifetime} s")
    if reusable is None and not auth.replays.is_new(issuer, claims["jti"], claims["exp"] + auth.skew):
        _refuse("the token was used before")


def _key(auth: Auth, token: str) -> tuple[Key, str, str]:
    """The key that a token says it is signed with: looked up by what it names, never taken from it."""
    try:
        head = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        _refuse("the token cannot be read")
    algorithm, kid, kind = head.get("alg"), head.get("kid"), head.get("typ", "JWT")
    if algorithm not in ALGORITHMS:
        _refuse(f"the token is not signed with {' or '.join(ALGORITHMS)}")
    if not isinstance(kind, str) or kind.upper() != "JWT" or "crit" in head:
        _refuse("the header of the token is not as CDS Hooks has it")
    name = claims.get("iss")
    issuer = auth.issuers.get(name) if isinstance(name, str) else None
    if issuer is None:
        _refuse("the issuer of the token is not listed here")
    if "jku" in head and (issuer.jku is None or head["jku"] != issuer.jku):
        _refuse("the `jku` of the token is not listed here")
    key = issuer.keys.get((algorithm, kid)) if isinstance(kid, str) else None
    if key is None:
        _refuse("the key of the token is not listed here")
    return key, algorithm, str(name)


def _claims(auth: Auth, token: str, key: Key, algorithm: str, issuer: str, audience: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[algorithm], audience=audience, issuer=issuer, leeway=auth.skew,
            options={"require": _NEEDED},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, RecursionError, OverflowError) as error:
        _refuse(next((why for kind, why in _WHY if isinstance(error, kind)), "the token is not accepted"))
    numbers = (claims["exp"], claims["iat"])
    if any(isinstance(own, bool) or not isinstance(own, int | float) or abs(own) > 2**53 for own in numbers):
        _refuse("`exp` or `iat` of the token is no number")
    if not isinstance(claims["jti"], str) or not claims["jti"]:
        _refuse("`jti` of the token is no text")
    # PyJWT compares `iat` with its own clock only where it lies ahead.
    if claims["iat"] > claims["exp"] or claims["iat"] > time.time() + auth.skew:
        _refuse("the token is not good yet")
    return claims


def _refuse(why: str) -> NoReturn:
    challenge = f'Bearer realm="{REALM}", error="invalid_token", error_description="{why.replace("`", "")}"'
    raise Refusal(401, why, _HINT, headers={"www-authenticate": challenge}) from None
