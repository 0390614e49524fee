"""Tests of the knowledge itself: what is in it, how it is written, and that it is good OWL."""
