"""Tokens: only those of listed issuers and keys, for this address, in time, once; every other is refused."""

from __future__ import annotations

import base64
import json
import multiprocessing
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from starlette.testclient import TestClient

from reasoner.errors import UsageError
from reasoner.serve.auth import Auth
from reasoner.serve.auth.middleware import OPEN
from reasoner.serve.auth.replay import Replays
from reasoner.serve.auth.token import check
from reasoner.serve.refusal import Refusal

from .hooking import IWGDF, Json, body, client, example, refuses

BASE = "https://cds.example.org"
PATH = f"/cds-services/{IWGDF}-patient-view"
ISSUER, OTHER = "https://ehr.example.org/", "https://other.example.org/"
JKU = "https://ehr.example.org/jwks.json"


@cache
def keys() -> dict[str, Any]:
    """Keys made for this run: listed ones, and some that nobody knows or that are too weak."""
    return {
        "ec": ec.generate_private_key(ec.SECP384R1()),
        "other": ec.generate_private_key(ec.SECP384R1()),
        "p256": ec.generate_private_key(ec.SECP256R1()),
        "rsa": rsa.generate_private_key(65537, 2048),
        "short": rsa.generate_private_key(65537, 1024),
    }


def public(name: str, **more: Any) -> Json:
    key = keys()[name].public_key()
    algorithm = RSAAlgorithm if isinstance(keys()[name], rsa.RSAPrivateKey) else ECAlgorithm
    return {**algorithm.to_jwk(key, as_dict=True), "kid": name, "use": "sig", **more}


def register(**more: Any) -> Json:
    issuers = [
        {"issuer": ISSUER, "jku": JKU, "keys": [public("ec"), public("rsa")]},
        {"issuer": OTHER, "keys": [public("other")]},
    ]
    return {"audience": BASE, "issuers": issuers, **more}


def claims(**more: Any) -> Json:
    now = int(time.time())
    own = {"iss": ISSUER, "aud": BASE + PATH, "iat": now, "exp": now + 120, "jti": str(uuid.uuid4()), **more}
    return {name: value for name, value in own.items() if value is not None}


def token(key: str = "ec", algorithm: str = "ES384", head: Json | None = None, **more: Any) -> str:
    return jwt.encode(claims(**more), keys()[key], algorithm, {"kid": key, **(head or {})})


def forged(head: Json, payload: Json, signature: bytes = b"") -> str:
    parts = [json.dumps(head).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "auth.json"
    path.write_text(json.dumps(register()), encoding="utf-8")
    return path


@pytest.fixture
def http(file: Path) -> Iterator[TestClient]:
    with client(auth=Auth.read(file)) as own:
        yield own


def post(http: TestClient, own: str | None, path: str = PATH) -> Any:
    headers = {} if own is None else {"authorization": f"Bearer {own}"}
    return http.post(path, json=body("patient-view", "p5", {"record": example("severe-infection")}), headers=headers)


def challenged(response: Any, word: str, error: str = "invalid_token") -> None:
    refuses(response, 401, word)
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="guideline-reasoner"')
    assert (f'error="{error}"' in challenge) == bool(error)


def test_a_good_token_of_either_algorithm_is_let_through(http: TestClient) -> None:
    assert post(http, token()).status_code == 200
    assert post(http, token("rsa", "RS384")).status_code == 200
    assert post(http, token("other", iss=OTHER)).status_code == 200
    assert post(http, token(head={"jku": JKU})).status_code == 200
    assert post(http, token(aud=["https://elsewhere.example.org", BASE + PATH])).status_code == 200


def test_without_a_token_nothing_but_what_is_open_answers(http: TestClient) -> None:
    challenged(post(http, None), "a token is needed", error="")
    challenged(http.get("/metrics"), "a token is needed", error="")
    challenged(http.post(f"{PATH}/feedback", json={}), "a token is needed", error="")
    assert "/cds-services" in OPEN and http.get("/cds-services").status_code == 200
    assert http.get("/healthz").status_code == 404  # let through: this server has no such route


@pytest.mark.parametrize(
    "header", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer  ", "bearer x.y", "Bearer " + "x" * 9000, "ey"]
)
def test_another_header_is_refused(http: TestClient, header: str) -> None:
    challenged(http.post(PATH, json={}, headers={"authorization": header}), "token")


def test_two_headers_are_refused(http: TestClient) -> None:
    twice = [("authorization", f"Bearer {token()}"), ("authorization", f"Bearer {token()}")]
    refuses(http.post(PATH, json={}, headers=twice), 400, "twice")


def bad(name: str) -> str:
    """Tokens each of which has one thing wrong."""
    now = int(time.time())
    pem = keys()["ec"].public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    head = {"alg": "ES384", "typ": "JWT", "kid": "ec"}
    good = token()
    start, payload, signature = good.split(".")
    return {
        "none": lambda: forged(head | {"alg": "none"}, claims()),
        "none-in-capitals": lambda: forged(head | {"alg": "NoNe"}, claims()),
        "no-algorithm": lambda: forged({"typ": "JWT", "kid": "ec"}, claims()),
        # The public key taken as a shared secret: what makes a library that trusts `alg` accept anything.
        "hmac": lambda: _hmac(head | {"alg": "HS384"}, claims(), pem),
        "hmac-256": lambda: _hmac(head | {"alg": "HS256"}, claims(), pem),
        "es256": lambda: token("p256", "ES256"),
        "rs256": lambda: token("rsa", "RS256"),
        "ps384": lambda: token("rsa", "PS384"),
        "algorithm-of-another-key": lambda: token("rsa", "RS384", {"kid": "ec"}),
        "unsigned": lambda: f"{start}.{payload}.",
        "changed": lambda: f"{start}.{forged({}, claims()).split('.')[1]}.{signature}",
        "signed-by-another": lambda: token("other", head={"kid": "ec"}),
        "key-of-another-issuer": lambda: token("other"),
        "unknown-key": lambda: token(head={"kid": "nobody"}),
        "no-key-id": lambda: jwt.encode(claims(), keys()["ec"], "ES384"),
        "odd-key-id": lambda: forged(head | {"kid": ["ec"]}, claims()),
        "unknown-issuer": lambda: token(iss="https://evil.example/"),
        "odd-issuer": lambda: forged(head, claims(iss=["x"])),
        "other-jku": lambda: token(head={"jku": "https://evil.example/jwks.json"}),
        "jku-where-none-is-listed": lambda: token("other", iss=OTHER, head={"jku": JKU}),
        "own-key-in-the-head": lambda: token("other", head={"kid": "stranger", "jwk": public("other")}),
        "critical-extension": lambda: token(head={"crit": ["exp"]}),
        "other-type": lambda: token(head={"typ": "at+jwt"}),
        "other-audience": lambda: token(aud="https://elsewhere.example.org/cds-services/x"),
        "other-service": lambda: token(aud=f"{BASE}/cds-services/{IWGDF}-order-sign"),
        "base-as-audience": lambda: token(aud=BASE),
        "no-audience": lambda: token(aud=None),
        "expired": lambda: token(iat=now - 300, exp=now - 61),
        "no-expiry": lambda: token(exp=None),
        "no-issue": lambda: token(iat=None),
        "issued-later": lambda: token(iat=now + 300, exp=now + 400),
        "not-yet": lambda: token(nbf=now + 300),
        "too-long": lambda: token(iat=now, exp=now + 601),
        "expiry-as-text": lambda: _signed({**claims(), "exp": str(now + 60)}),
        "expiry-without-end": lambda: _signed({**claims(), "exp": float("inf")}),
        "no-name": lambda: token(jti=None),
        "empty-name": lambda: token(jti=""),
        "payload-is-no-object": lambda: forged(head, [1]),  # type: ignore[arg-type]
        "not-base64": lambda: "@@@.@@@.@@@",
        "four-parts": lambda: good + ".x",
        "deep": lambda: ".".join((_raw(b"[" * 3000), payload, signature)),
    }[name]()  # fmt: skip


def _raw(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _hmac(head: Json, payload: Json, secret: bytes) -> str:
    import hashlib
    import hmac

    start = forged(head, payload).rpartition(".")[0]
    hashed = {"HS384": hashlib.sha384, "HS256": hashlib.sha256}[head["alg"]]
    return f"{start}.{_raw(hmac.new(secret, start.encode(), hashed).digest())}"


def _signed(payload: Json) -> str:
    start = forged({"alg": "ES384", "typ": "JWT", "kid": "ec"}, payload).rpartition(".")[0]
    return f"{start}.{_raw(ECAlgorithm(ECAlgorithm.SHA384, ec.SECP384R1).sign(start.encode(), keys()['ec']))}"


REFUSED = {
    "none": "ES384", "none-in-capitals": "ES384", "no-algorithm": "ES384", "hmac": "ES384", "hmac-256": "ES384",
    "es256": "ES384", "rs256": "ES384", "ps384": "ES384", "algorithm-of-another-key": "key",
    "unsigned": "signature", "changed": "signature", "signed-by-another": "signature",
    "key-of-another-issuer": "key", "unknown-key": "key", "no-key-id": "key", "odd-key-id": "token",
    "unknown-issuer": "issuer", "odd-issuer": "token", "other-jku": "jku", "jku-where-none-is-listed": "jku",
    "own-key-in-the-head": "key", "critical-extension": "token", "other-type": "header", "other-audience": "address",
    "other-service": "address", "base-as-audience": "address", "no-audience": "lacks", "expired": "expired",
    "no-expiry": "lacks", "no-issue": "lacks", "issued-later": "not good yet", "not-yet": "not good yet",
    "too-long": "longer", "expiry-as-text": "number", "expiry-without-end": "not accepted", "no-name": "lacks",
    "empty-name": "jti", "payload-is-no-object": "read", "not-base64": "read", "four-parts": "read", "deep": "read",
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_each_thing_wrong_is_refused_with_its_reason(http: TestClient, name: str) -> None:
    own = bad(name)
    response = post(http, own)
    challenged(response, REFUSED[name])
    assert "Traceback" not in response.text and "evil" not in response.text and own not in response.text


def test_a_token_is_good_once(http: TestClient) -> None:
    own = token()
    assert post(http, own).status_code == 200
    challenged(post(http, own), "used before")
    again = token(jti=jwt.decode(own, options={"verify_signature": False})["jti"])
    challenged(post(http, again), "used before")
    assert post(http, token("other", iss=OTHER, jti="same")).status_code == 200
    assert post(http, token(jti="same")).status_code == 200


def test_a_refused_token_does_not_use_up_its_name(http: TestClient) -> None:
    challenged(post(http, token("other", head={"kid": "ec"}, jti="n1")), "signature")
    challenged(post(http, token(jti="n1", aud=BASE)), "address")
    assert post(http, token(jti="n1")).status_code == 200


def test_clocks_may_differ_a_little(http: TestClient) -> None:
    now = int(time.time())
    assert post(http, token(iat=now - 100, exp=now - 30)).status_code == 200
    assert post(http, token(iat=now + 30, exp=now + 90)).status_code == 200


def test_a_path_listed_as_reusable_takes_a_token_again_and_only_its_own(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    path.write_text(json.dumps(register(reusable=["/cds-services"])), encoding="utf-8")
    with client(auth=Auth.read(path)) as http:
        own = token(aud=f"{BASE}/cds-services")
        assert post(http, own).status_code == post(http, own).status_code == 200
        challenged(post(http, token()), "address")


def _uses(file: str, own: str, results: Any) -> None:
    auth, good = Auth.read(Path(file)), 0
    for turn in range(20):
        try:
            check(auth, f"Bearer {own}", PATH)
            good += 1
        except Refusal as error:
            assert error.status == 401, (turn, error.message)
    results.put(good)


def test_processes_share_what_was_used(file: Path) -> None:
    """Four processes at once: one of eighty uses of a token succeeds."""
    context = multiprocessing.get_context("fork")
    results, own = context.Queue(), token()
    workers = [context.Process(target=_uses, args=(str(file), own, results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    counts = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert sorted(counts) == [0, 0, 0, 1]


def test_a_process_that_was_forked_opens_its_own(file: Path) -> None:
    auth, own = Auth.read(file), token()
    check(auth, f"Bearer {own}", PATH)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    worker = context.Process(target=lambda: results.put(auth.replays.is_new(ISSUER, "x", time.time() + 9)))
    worker.start()
    assert results.get(timeout=60) is True
    worker.join()
    assert auth.replays.is_new(ISSUER, "x", time.time() + 9) is False


def test_what_was_used_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    replays = Replays.open(tmp_path / "used.sqlite")
    assert replays.is_new("i", "x", time.time() + 9)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    replays.close()


def test_what_has_expired_is_forgotten(tmp_path: Path) -> None:
    replays = Replays.open(tmp_path / "used.sqlite")
    assert replays.is_new("i", "old", time.time() - 10) and not replays.is_new("i", "old", time.time() - 10)
    replays._tidied = 0.0
    assert replays.is_new("i", "new", time.time() + 99)
    assert replays._database.execute("SELECT count(*) FROM token").fetchone() == (1,)
    assert b"old" not in (tmp_path / "used.sqlite").read_bytes()


def test_a_store_that_fails_lets_nobody_in(file: Path) -> None:
    auth = Auth.read(file)
    auth.replays.close()
    with client(auth=auth) as http:
        refuses(post(http, token()), 503, "cannot be told")


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ([], "no object"),
        ({"issuers": []}, "audience"),
        (register(audience="cds.example.org"), "audience"),
        (register(issuers=[]), "issuers"),
        (register(issuers=[{"issuer": ISSUER, "keys": []}]), "keys"),
        (register(issuers=[{"issuer": "me", "keys": [1]}]), "issuer"),
        (register(issuers=[{"issuer": ISSUER, "keys": [{"kty": "EC"}]}]), "kid"),
        (register(issuers=[{"issuer": ISSUER, "jwks_uri": JKU, "keys": []}]), "other keys"),
        (register(issuers=[{"issuer": ISSUER, "keys": [{"kty": "oct", "kid": "s", "k": "c2VjcmV0"}]}]), "private"),
        (register(issuers=[{"issuer": ISSUER, "keys": [{"kty": "OKP", "kid": "s", "x": "AA"}]}]), "not for"),
        (register(skew=-1), "skew"),
        (register(lifetime="long"), "lifetime"),
        (register(reusable="/"), "reusable"),
        (register(replay=""), "replay"),
        (register(replay="nowhere/used.sqlite"), "cannot be used"),
        (register(algorithm="HS256"), "algorithm"),
    ],
)
def test_a_register_that_is_wrong_is_refused_with_the_reason(tmp_path: Path, said: Any, word: str) -> None:
    path = tmp_path / "auth.json"
    path.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        Auth.read(path)
    assert word in str(caught.value)


def test_weak_private_and_double_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    private = {**ECAlgorithm.to_jwk(keys()["ec"], as_dict=True), "kid": "ec"}
    for own, word in (
        ([public("p256")], "P-384"),
        ([public("short")], "2048"),
        ([private], "private"),
        ([public("ec"), public("ec")], "twice"),
        ([public("ec", alg="ES256")], "not for"),
        ([public("ec", use="enc")], "not for"),
        ([public("ec", x="!")], "cannot be read"),
    ):
        path.write_text(json.dumps(register(issuers=[{"issuer": ISSUER, "keys": own}])), encoding="utf-8")
        with pytest.raises(UsageError) as caught:
            Auth.read(path)
        assert word in str(caught.value), word


def test_a_register_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        Auth.read(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="not JSON"):
        Auth.read(tmp_path / "bad.json")


def test_a_key_and_a_token_to_try_it_with(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "reasoner.serve.auth", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])

    assert run("new", str(tmp_path / "keys"), BASE).stdout.strip() == str(tmp_path / "keys" / "auth.json")
    assert (tmp_path / "keys" / "key.json").stat().st_mode & 0o077 == 0
    made = run("token", str(tmp_path / "keys"), BASE + PATH).stdout.strip()
    with client(auth=Auth.read(tmp_path / "keys" / "auth.json")) as http:
        assert post(http, made).status_code == 200
    wrong = run("token", str(tmp_path), "x")
    assert wrong.returncode == 1 and wrong.stderr.startswith("error: ") and wrong.stderr.count("\n") == 1
