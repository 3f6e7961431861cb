"""Published: the published figures that speak of a run's architectures, each with ours and what differs."""

from bench.store.published import PublishedComparison, comparisons
from bench.store.run import Run


def published(run: Run) -> list[str]:
    """Lines under a run's table; none where nothing published speaks of it."""
    lines = [_line(comparison) for comparison in comparisons(run.lines(), run.facts)]
    return ["", "against published figures:", *lines, ""] if lines else []


def _line(comparison: PublishedComparison) -> str:
    differs = f" ({'; '.join(comparison.differs)})" if comparison.differs else ""
    figure = f"published {comparison.published} ({comparison.source})"
    return f"{comparison.configuration}: {comparison.what} {comparison.ours}; {figure}: {comparison.verdict}{differs}"
