"""Cohorts on Spark: what the run on one machine does, with Spark reading, shuffling and writing.

``notebook`` decides the rows of a DataFrame, ``drive`` is a run from files to files. Only ``session``, ``files``,
``ledger``, ``notebook`` and ``drive`` speak with Spark; ``executor`` is what its Python processes do.
"""
