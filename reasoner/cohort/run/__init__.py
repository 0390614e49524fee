"""The run behind ``guideline cohort``: inputs in steps, over processes, resumable; ``drive`` begins it."""
