"""Beside: the published figures that speak of a run's architectures, each with ours and what differs."""

from bench.store.published import comparisons
from bench.store.run import Run


def published(run: Run) -> list[str]:
    """Lines under a run's table; none where nothing published speaks of it."""
    found = comparisons(run.lines(), run.facts)
    lines = [
        f"{one.configuration}: {one.what} {one.ours}; published {one.published} ({one.source}): {one.verdict}"
        + (f" ({'; '.join(one.differs)})" if one.differs else "")
        for one in found
    ]
    return ["", "against published figures:", *lines, ""] if lines else []
