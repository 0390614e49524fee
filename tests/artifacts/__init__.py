"""The knowledge as FHIR resources."""
