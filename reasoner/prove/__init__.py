"""Proofs over every possible subject: ``guideline prove``. See docs/proofs.md."""

from .run import Proof, proofs

__all__ = ["Proof", "proofs"]
