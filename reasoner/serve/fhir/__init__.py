"""FHIR over HTTP: the guidelines applied to what a request brings, patient data checked, the knowledge as artifacts.

Nothing is kept and nothing is fetched. JSON only, in R4 or R5 by the ``fhirVersion`` of the media type.
"""

from __future__ import annotations

from starlette.routing import BaseRoute

from reasoner.serve.service import Service

from .applying import apply_get, apply_instance, apply_type, requirements
from .capability import metadata
from .described import paths
from .endpoint import endpoint
from .reading import read, search, search_form
from .validating import validate


def routes(service: Service) -> list[BaseRoute]:
    """The routes of the surface, all under /fhir."""
    plan = "/fhir/PlanDefinition"
    return [
        endpoint(service, "/fhir/metadata", {"GET": metadata}),
        endpoint(service, "/fhir/$validate-patient", {"POST": validate}),
        endpoint(service, f"{plan}/$apply", {"GET": apply_get, "POST": apply_type}),
        endpoint(service, f"{plan}/{{id}}/$apply", {"GET": apply_get, "POST": apply_instance}),
        endpoint(service, f"{plan}/{{id}}/$data-requirements", {"GET": requirements, "POST": requirements}),
        endpoint(service, "/fhir/{type}/_search", {"POST": search_form}),
        endpoint(service, "/fhir/{type}/{id}", {"GET": read}),
        endpoint(service, "/fhir/{type}", {"GET": search}),
        endpoint(service, "/fhir", {}),
        endpoint(service, "/fhir/{rest:path}", {}),
    ]


__all__ = ["paths", "routes"]
