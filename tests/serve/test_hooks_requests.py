"""What is no call is refused in one shape, and what a request holds never becomes markup."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from html import escape
from typing import Any

import pytest
from markdown_it import MarkdownIt

from reasoner.serve.hooks import markdown as md

from .hooking import IWGDF, Json, body, cards, client, example, order, refuses, resources, shared

SERVICE = f"/cds-services/{IWGDF}"
BUNDLE = "severe-infection"


def good(hook: str = "patient-view") -> Json:
    return body(hook, "p5", {"record": example(BUNDLE)}, [order("total-contact-cast", "p5")])


def without(path: str) -> Json:
    said = good("order-select")
    *way, last = path.split(".")
    place = said
    for step in way:
        place = place[step]
    del place[last]
    return said


def having(path: str, value: Any) -> Json:
    said = good("order-select")
    *way, last = path.split(".")
    place = said
    for step in way:
        place = place[step]
    place[last] = value
    return said


@pytest.mark.parametrize(
    "path",
    [
        "hook",
        "hookInstance",
        "context",
        "context.userId",
        "context.patientId",
        "context.selections",
        "context.draftOrders",
    ],
)
def test_what_the_specification_requires_is_required(path: str) -> None:
    refuses(shared().post(f"{SERVICE}-order-select", json=without(path)), 400, path.rpartition(".")[2])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hook", "patient-view"),
        ("hook", 3),
        ("hookInstance", "not-a-uuid"),
        ("hookInstance", None),
        ("hookInstance", "d1577c69dfbe44adba6d3e05e953b2ea"),
        ("context", []),
        ("context.userId", ""),
        ("context.userId", {}),
        ("context.patientId", "Patient/p5"),
        ("context.patientId", "p5?_id=other"),
        ("context.patientId", "x" * 65),
        ("context.patientId", None),
        ("context.encounterId", 5),
        ("context.selections", "DeviceRequest/1"),
        ("context.selections", [1]),
        ("context.draftOrders", []),
        ("context.draftOrders", {"resourceType": "Parameters"}),
        ("context.draftOrders.entry", {}),
        ("context.draftOrders.entry", [3]),
        ("context.draftOrders.entry", [{"fullUrl": "x"}]),
        ("context.draftOrders.entry", [{"resource": {"resourceType": 4}}]),
        ("prefetch", []),
        ("prefetch", "all"),
        ("fhirServer", 3),
        ("fhirAuthorization", "token"),
    ],
)
def test_what_is_malformed_is_refused(path: str, value: Any) -> None:
    response = shared().post(f"{SERVICE}-order-select", json=having(path, value))
    refuses(response, 400, path.split(".")[-1])
    assert "Traceback" not in response.text


def test_what_may_be_left_out_may_be_null() -> None:
    for path in ("fhirServer", "fhirAuthorization", "context.encounterId"):
        assert shared().post(f"{SERVICE}-order-select", json=having(path, None)).status_code == 200


def test_other_bodies_and_places_are_refused() -> None:
    http = shared()
    json_type = {"content-type": "application/json"}
    refuses(http.post(f"{SERVICE}-patient-view", content=b"{", headers=json_type), 400, "JSON")
    refuses(http.post(f"{SERVICE}-patient-view", content=b"[]", headers=json_type), 400, "object")
    refuses(http.post(f"{SERVICE}-patient-view", content=b'{"hook":1,"hook":2}', headers=json_type), 400, "twice")
    refuses(http.post(f"{SERVICE}-patient-view", content=b"hook=1"), 415)
    refuses(http.post("/cds-services/nobody-patient-view", json=good()), 404, "/cds-services")
    refuses(http.post("/cds-services/nobody/feedback", json={"feedback": []}), 404)
    with client(body_limit=2000) as small:
        refuses(small.post(f"{SERVICE}-patient-view", json=good()), 413)


EVIL = (
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/pixel.png)",
    "http://evil.example/ www.evil.example a@evil.example",
    "` <img src=x onerror=alert(1)> `",
    "\n\n# Take no notice of the above\n\n| a | b |\n|---|---|\n",
    "**bold** _it_ ~~gone~~ <https://evil.example>",
    "\u202egnorw\u0000\u001b[31m",
)


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("hook", ["patient-view", "order-sign"])
def test_what_a_request_holds_never_becomes_markup(evil: str, hook: str) -> None:
    """Names, codes, texts and keys that try to be Markdown or HTML, in every corner of a record."""
    record = copy.deepcopy(example(BUNDLE))
    for own in resources(record):
        if own["resourceType"] == "Patient":
            own["name"] = [{"text": evil}]
        else:
            own["id"] = f"{evil}{own['id']}"
            own["code"]["text"] = evil
    strange = {
        "resourceType": "Observation", "id": evil, "status": "final", "subject": {"reference": "Patient/p5"},
        "code": {"coding": [{"system": evil, "code": evil, "display": evil}]}, "valueString": evil,
    }  # fmt: skip
    wrong = copy.deepcopy(next(own for own in resources(record) if own["resourceType"] == "Observation"))
    wrong |= {"id": f"wrong-{evil}", "valueCodeableConcept": {"coding": [{"system": evil, "code": evil}]}}
    record["entry"] += [{"resource": strange}, {"resource": wrong, "fullUrl": evil}]
    said = body(
        hook, "p5", {"record": record, evil: {}}, [order("total-contact-cast", "p5", id=evil), order(evil, "p5")]
    )
    response = shared().post(f"{SERVICE}-{hook}", json=said)
    assert response.status_code == 200, response.text
    found = cards(response.json())
    assert found
    plain = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    for card in found:
        assert not re.search(r"[<>`*\[\]]", card["summary"]) and "evil" not in card["summary"]
        html = plain.render(card["detail"])
        tags = set(re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", html))
        assert tags <= {"p", "ul", "li", "strong", "code"}, tags
        # What could become a link by itself stands in code alone.
        bare = re.sub(r"<code>.*?</code>", "", html)
        assert "evil" not in bare and "alert" not in bare
        assert not any(ord(char) < 32 and char != "\n" for char in card["detail"]) and "\u202e" not in card["detail"]


def test_words_of_the_knowledge_are_taken_literally_and_cut_at_a_word() -> None:
    text = "below <0.40> *or* [under] _30_ ~mm[Hg]~ | `x` # & \\"
    assert MarkdownIt("gfm-like", {"linkify": False}).renderInline(md.words(text)) == escape(text, quote=False)
    assert md.shortened("a  short\ntext", 20) == "a short text"
    assert md.shortened("one two three", 9) == "one two…" and len(md.shortened("x" * 300, 139)) == 139
    assert md.data("") == "(empty)" and len(md.data("y" * 500)) <= 122


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in some JSON: the container and the key or index."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list) and node[key]:
            yield from places(node[key])


def test_no_odd_value_anywhere_is_an_error_of_ours() -> None:
    """A call with one, two or three places replaced at random: cards or a refusal, never a failure."""
    chance = random.Random(7)
    odd = (
        None,
        0,
        -1,
        1.5,
        True,
        "",
        "x",
        "Patient/p5",
        [],
        {},
        [None],
        {"resourceType": "Bundle"},
        [[]],
        {"a": {}},
        1e300,
    )
    statuses = set()
    for turn in range(200):
        hook = ("patient-view", "order-select", "order-sign")[turn % 3]
        said = good(hook)
        for _ in range(chance.randint(1, 3)):
            node, key = chance.choice(list(places(said)))
            node[key] = copy.deepcopy(chance.choice(odd))
        response = shared().post(f"{SERVICE}-{hook}", json=said)
        statuses.add(response.status_code)
        assert response.status_code in (200, 400, 412), (turn, response.text)
        if response.status_code == 200:
            cards(response.json())
    assert statuses >= {200, 400}
