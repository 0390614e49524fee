"""One form of a patient, an answer or the knowledge into another: FHIR JSON, FHIR RDF, and our own patient graph."""
