"""The pages of a patient: a form, its answer, an explanation, and downloads. Nothing is kept, nothing is in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from reasoner.answer import Answer
from reasoner.assess import Extra
from reasoner.blocks import Page
from reasoner.derive import State
from reasoner.errors import DataError
from reasoner.explain.explainer import Explainer
from reasoner.explain.page import page as explained
from reasoner.inputs import BrokenLine, FhirInput, GraphInput
from reasoner.model import SubjectFacts
from reasoner.responses import collection
from reasoner.serve.refusal import Refusal
from reasoner.serve.service import Service

from .filled import ADD, NODE, REMOVE, Filled
from .form import Block, FormReader
from .frame import Frame
from .received import Received, received
from .view import Told, Viewer, told_of

_LONGEST = 20
DOCUMENT, FORMAT, ANYWAY, ABOUT = "document", "format", "anyway", "about"
_DOWNLOADS = {
    "json": ("application/json", "answer.json"),
    "turtle": ("text/turtle; charset=utf-8", "answer.ttl"),
    "fhir": ("application/fhir+json", "answer.fhir.json"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One patient on the page: what the form or file says, and what was told since."""

    item: FhirInput | GraphInput
    carried: tuple[tuple[str, str], ...]
    """The fields that bring it back with the next request."""
    told: tuple[Told, ...]
    filled: Filled | None
    problems: Mapping[str, tuple[str, str]]
    """What was told and cannot be, by the name of its field: as it was written, and what is wrong with it."""


class Patients:
    """The endpoints of one service."""

    def __init__(self, service: Service, frame: Frame) -> None:
        self.service, self.frame = service, frame
        self.reasoner = service.reasoner
        self.viewer = Viewer(self.reasoner)
        self.explainer = Explainer(self.reasoner)
        knowledge = self.reasoner.knowledge
        self.kinds = sorted({guideline.kind for guideline in knowledge.guidelines})
        self.blocks: dict[str, tuple[Block, ...]] = {kind: FormReader(knowledge, kind).blocks() for kind in self.kinds}
        self.fields = {own.name: own for blocks in self.blocks.values() for block in blocks for own in block.fields()}

    def routes(self) -> list[BaseRoute]:
        """The paths of these pages."""
        return [
            Route("/", self.form, methods=["GET"]),
            Route("/", self.again, methods=["POST"]),
            Route("/assess", self.assess, methods=["POST"]),
            Route("/explain", self.explain, methods=["POST"]),
            Route("/download", self.download, methods=["POST"]),
        ]

    # The form

    async def form(self, request: Request) -> Response:
        """``GET /``: an empty form."""
        kind = request.query_params.get("kind", self.kinds[0])
        if kind not in self.blocks:
            raise Refusal(404, "there is no form of this kind", f"choose one of {', '.join(self.kinds)}")
        return self._form(Filled.empty(self.blocks[kind]))

    async def again(self, request: Request) -> Response:
        """``POST /``: the form as it was filled in, with one thing more or less where that was asked for."""
        got = await received(request, self.service)
        filled = self._filled(got)
        if got.get(ADD):
            filled = filled.with_another(got.get(ADD))
        if got.get(REMOVE):
            filled = filled.without(got.get(REMOVE))
        return self._form(filled, focus=filled.entries[-1].name if got.get(ADD) else "")

    def _filled(self, got: Received) -> Filled:
        kinds = {text.partition("-")[0] for key, text in got.items if key == NODE}
        kind = next((k for k in self.kinds if k.lower() in kinds and self._covers(k, kinds)), self.kinds[0])
        own = [(key, text) for key, text in got.items if key not in (ANYWAY, FORMAT, ABOUT) and key[:5] != "told."]
        return Filled.read(self.blocks[kind], own)

    def _covers(self, kind: str, names: set[str]) -> bool:
        return names <= {block.kind.name.lower() for block in self.blocks[kind]}

    def _form(
        self, filled: Filled, problems: Mapping[str, str] | None = None, general: Sequence[str] = (),
        status: int = 200, focus: str = "", can_go_on: bool = False,
    ) -> Response:  # fmt: skip
        return self.frame.page(
            "form", "Assess a patient", status, filled=filled, problems=problems or {}, general=general, focus=focus,
            kinds=self.kinds, can_go_on=can_go_on, entries=filled.entries,
        )  # fmt: skip

    # The answer

    async def assess(self, request: Request) -> Response:
        """``POST /assess``: the answer, or the form with what is wrong in it."""
        got = await received(request, self.service)
        if not got.file and not got.get(DOCUMENT):
            filled = self._filled(got)
            if problems := filled.problems():
                return self._form(filled, problems, status=422)
        try:
            return await self.service.run(lambda: self._answered(got), len(got.file) + len(got.get(DOCUMENT)))
        except DataError as error:
            filled = Filled.empty(self.blocks[self.kinds[0]]) if got.file or got.get(DOCUMENT) else self._filled(got)
            return self._form(filled, general=[f"{error}."], status=422)

    def _answered(self, got: Received) -> Response:
        case = self._case(got)
        answer, decided = self._decided(case)
        if case.filled is not None and not got.get(ANYWAY) and not answer.is_valid:
            return self._invalid(case.filled, answer)
        shown = self.viewer.view(answer, decided, case.told)
        return self.frame.page("answer", "Answer", 422 if case.problems else 200, case=case, **shown)

    def _invalid(self, filled: Filled, answer: Answer) -> Response:
        """The form, with each violation beside the field that it is about."""
        places = filled.places()
        problems: dict[str, str] = {}
        general: list[str] = []
        for result in answer.to_dict()["validation"]["results"]:
            place = places.get((result["focus"], result["path"]))
            if result["severity"] == "Violation" and place is not None:
                problems.setdefault(place, result["message"])
            elif result["severity"] == "Violation":
                general.append(result["message"])
        return self._form(filled, problems, general, 422, can_go_on=True)

    def _case(self, got: Received) -> Case:
        """The patient in a request; raises DataError or Refusal."""
        data, filled = got.file or got.get(DOCUMENT).encode(), None
        if data:
            text = data.decode("utf-8", "strict") if _is_text(data) else None
            if text is None:
                raise DataError("the file is no text in UTF-8", None, "choose a FHIR JSON or RDF file")
            carried: tuple[tuple[str, str], ...] = ((DOCUMENT, text),)
        else:
            filled = self._filled(got)
            data = filled.turtle()
            carried = tuple(
                (key, text) for key, text in got.items
                if key == NODE or (text and "." in key and key.partition(".")[0] in {e.name for e in filled.entries})
            )  # fmt: skip
        items = list(self.reasoner.inputs(data))
        if len(items) != 1:
            hint = "choose a file with one patient; `guideline assess` takes many"
            raise DataError(f"the file holds {len(items)} records", None, hint)
        if isinstance(items[0], BrokenLine):
            raise items[0].error
        told, problems = self._told(got)
        return Case(items[0], carried, told, filled, problems)

    def _told(self, got: Received) -> tuple[tuple[Told, ...], dict[str, tuple[str, str]]]:
        found: dict[tuple[int, str], Told] = {}
        problems: dict[str, tuple[str, str]] = {}
        for key, text in got.items:
            head, _, rest = key.partition(".")
            place, _, finding = rest.partition(".")
            if head != "told" or not text:
                continue
            if not place.isdecimal() or finding not in self.fields:
                raise Refusal(400, "an answer to a question that was not asked", "load the page anew")
            one = Told(int(place), finding, text.strip()[:_LONGEST])
            if problem := self.fields[finding].problem(one.value):
                problems[one.name] = one.value, problem
            else:
                # The later of two is the one just given.
                found[one.place, finding] = one
        return tuple(found.values()), problems

    def _extra(self, case: Case) -> Extra | None:
        if not case.told:
            return None
        subjects = self.reasoner.answer(case.item).to_dict()["subjects"]
        if any(one.place >= len(subjects) for one in case.told):
            raise Refusal(400, "an answer about a subject that there is not", "load the page anew")
        return told_of(self.reasoner, subjects, case.told)

    def _decided(self, case: Case) -> tuple[Answer, list[tuple[SubjectFacts, State]]]:
        return self.reasoner.answered(case.item, None, self._extra(case))

    # Doors from the answer

    async def explain(self, request: Request) -> Response:
        """``POST /explain``: why one verdict is as it is, and what would change it."""
        got = await received(request, self.service)
        return await self.service.run(lambda: self._explained(got), len(got.file) + len(got.get(DOCUMENT)))

    def _explained(self, got: Received) -> Response:
        case = self._case(got)
        place, _, wanted = got.get(ABOUT).partition(" ")
        known = self.viewer.recommendations
        if wanted not in known or not place.isdecimal():
            raise Refusal(400, "the page names no recommendation that there is", "load it anew")
        content: dict[str, Any] = self.explainer.explain(case.item, None, (wanted,), extra=self._extra(case))
        content["subjects"] = content["subjects"][int(place) : int(place) + 1]
        shown: Page = explained(content, self.viewer.words)
        return self.frame.page("why", "Why", case=case, shown=shown)

    async def download(self, request: Request) -> Response:
        """``POST /download``: the answer as a file."""
        got = await received(request, self.service)
        wanted = got.get(FORMAT)
        if wanted not in _DOWNLOADS:
            raise Refusal(400, "there is no such format", f"choose one of {', '.join(_DOWNLOADS)}")
        data = await self.service.run(lambda: self._written(got, wanted), len(got.file) + len(got.get(DOCUMENT)))
        media_type, name = _DOWNLOADS[wanted]
        return Response(data, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})

    def _written(self, got: Received, wanted: str) -> bytes:
        answer, _ = self._decided(self._case(got))
        if wanted == "json":
            return answer.to_json()
        if wanted == "turtle":
            return answer.to_turtle()
        return orjson.dumps(collection(self.reasoner, answer, "R4"))


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return False
    return True
