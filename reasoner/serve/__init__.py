"""The knowledge over HTTP: SPARQL, FHIR operations, CDS Hooks. Needs the extra ``serve``."""
