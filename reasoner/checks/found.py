"""What a check yields."""

from collections.abc import Iterator

from .problem import Problem

Found = Iterator[Problem | int | str]
"""Problems as they are found; a number adds to the count of things looked at, a text is a remark that fails nothing."""
