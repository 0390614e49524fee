"""FHIR cohorts: resources reduced to rows, and rows assembled to what is recorded of each subject."""
