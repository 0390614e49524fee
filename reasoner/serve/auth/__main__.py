"""Keys and tokens to try a server with: ``python -m reasoner.serve.auth new DIR URL`` and ``… token DIR URL``.

``new`` writes a key pair and the file for --auth; ``token`` prints a token for one address. For tests: a health
record has keys of its own.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from pathlib import Path

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from reasoner.edges import complain
from reasoner.errors import UsageError

_ISSUER = "https://example.org/test-issuer"
_SECONDS = 5 * 60


def new(folder: Path, audience: str) -> Path:
    """A key pair in a folder, and beside it the register that trusts it; gives the path of the register."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP384R1())
    own = {"kid": uuid.uuid4().hex, "alg": "ES384", "use": "sig"}
    _write(folder / "key.json", ECAlgorithm.to_jwk(key, as_dict=True) | own)
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | own
    _write(folder / "auth.json", {"audience": audience, "issuers": [{"issuer": _ISSUER, "keys": [public]}]})
    return folder / "auth.json"


def token(folder: Path, address: str) -> str:
    """A token for an address, signed with the key of a folder."""
    try:
        own = orjson.loads((folder / "key.json").read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise UsageError("holds no key", f"`{folder}`", "make one with `new`") from error
    now = int(time.time())
    claims = {"iss": _ISSUER, "aud": address, "iat": now, "exp": now + _SECONDS, "jti": str(uuid.uuid4())}
    return jwt.encode(claims, jwt.PyJWK(own).key, "ES384", {"kid": own["kid"]})


def _write(path: Path, content: object) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def main(arguments: list[str]) -> int:
    """Run one of the two."""
    try:
        match arguments:
            case ["new", folder, address]:
                print(new(Path(folder), address))
            case ["token", folder, address]:
                print(token(Path(folder), address))
            case _:
                raise UsageError("unknown arguments", None, "write `new DIR URL` or `token DIR URL`")
    except (UsageError, OSError) as error:
        complain(error if isinstance(error, UsageError) else f"cannot be written: {error.strerror}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
