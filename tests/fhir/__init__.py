"""How FHIR is read: one named case for every rule."""
