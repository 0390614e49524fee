"""Why a verdict is as it is, what would change it, and what to ask next: read off the formulas that decided it."""
