"""What several commands take as arguments: numbers within bounds, each complaint naming them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

Commands = argparse._SubParsersAction  # the type that argparse gives no public name


def whole(most: int, least: int = 1, what: str = "number") -> Callable[[str], int]:
    """Digits that are a number from ``least`` to ``most``."""

    def read(text: str) -> int:
        # More digits than the bound has are too many, and int() takes no more than some thousand.
        if not text.isascii() or not text.isdigit() or len(text) > 20 or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"`{text}` is not a {what} from {least} to {most}")
        return int(text)

    return read


def size(text: str) -> float:
    """How many MiB a step may read."""
    if not 0 < (given := _decimal(text)) <= 4096:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number of MiB above 0, up to 4096")
    return given


def seconds(text: str) -> float:
    """How long something may take."""
    if not 0.1 <= (given := _decimal(text)) <= 3600:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number of seconds from 0.1 to 3600")
    return given


def _decimal(text: str) -> float:
    """The number, or one that lies within no bounds."""
    try:
        return float(text)
    except ValueError:
        return math.nan
