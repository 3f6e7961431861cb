"""Waiting: that a command waits for its turn, in a line on stderr."""

import sys


def tell_waiting(text: str) -> None:
    """Say it as errors are said."""
    print(f"bench: {text}", file=sys.stderr)
