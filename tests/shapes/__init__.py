"""Shapes of patient data and of the knowledge."""
