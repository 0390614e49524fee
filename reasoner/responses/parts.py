"""Where the resources of one response are kept: contained in one of them, or as entries of a Bundle."""

from __future__ import annotations

from dataclasses import dataclass, field

from .names import Json, named

_FIRST = ("resourceType", "id")


@dataclass(slots=True)
class Parts:
    """The resources of a response; ``add`` gives the reference by which others name one."""

    contain: bool
    base: str
    """What makes the response what it is: names of its parts follow from it."""
    found: list[tuple[str, Json]] = field(default_factory=list)
    """The fragment or the full URL of each part, and the part."""

    def reserve(self, name: str) -> str:
        """The reference to a part that is still to be added."""
        return f"#{name}" if self.contain else named(self.base, name)

    def add(self, name: str, resource: Json) -> Json:
        """Keep a resource under a name that is its own in this response."""
        reference = self.reserve(name)
        id_ = name if self.contain else reference.rsplit(":", 1)[-1]
        rest = {key: value for key, value in resource.items() if key not in _FIRST}
        self.found.append((reference, {"resourceType": resource["resourceType"], "id": id_} | rest))
        return {"reference": reference}

    def first(self, name: str) -> None:
        """Bring a part to the front."""
        reference = self.reserve(name)
        self.found.sort(key=lambda part: part[0] != reference)

    def resources(self, kind: str) -> list[Json]:
        """The parts of a resource type."""
        return [resource for _, resource in self.found if resource["resourceType"] == kind]

    def contained(self) -> list[Json]:
        """The parts as ``contained``."""
        return [resource for _, resource in self.found]

    def entries(self) -> list[Json]:
        """The parts as entries of a Bundle."""
        return [{"fullUrl": url, "resource": resource} for url, resource in self.found]
