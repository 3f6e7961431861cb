"""Published: the published figures that speak of a run's architectures, each with ours and what differs."""

from bench.store.beside import figures_near, published_of
from bench.store.published import PublishedComparison
from bench.store.run import Run


def published(run: Run) -> list[str]:
    """Lines under a run's table; none where nothing published speaks of it."""
    lines = [_line(comparison) for comparison in published_of(run)]
    lines += [f"left out: {error}" for error in figures_near(run.folder)[1]]
    return ["", "against published figures:", *lines, ""] if lines else []


def _line(comparison: PublishedComparison) -> str:
    differs = f" ({'; '.join(comparison.differs)})" if comparison.differs else ""
    digest = f", SHA-256 {comparison.sha256[:12]}" if comparison.sha256 else ""
    figure = f"published {comparison.published} ({comparison.source}{digest})"
    return f"{comparison.configuration}: {comparison.what} {comparison.ours}; {figure}: {comparison.verdict}{differs}"
