"""Notice: what a person is to know beside a command's proper output: one line on stderr, whatever its text holds."""

import sys

from bench.errors import one_line


def notice(text: str) -> None:
    """Print it."""
    print(f"bench: {one_line(text)}", file=sys.stderr)
