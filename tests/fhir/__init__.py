"""How FHIR is read: one named case for every rule."""

from pkgutil import extend_path

# The package `fhir.resources`, with which other tests validate, lies in a folder of the same name.
__path__ = extend_path(__path__, __name__)
