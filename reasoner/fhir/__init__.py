"""FHIR in: from resources to what they say of the subjects that guidelines decide about."""
