"""Published: the published figures that speak of a run's architectures, each with ours and what differs."""

from bench.plan.cell import Cell
from bench.plan.short_names import short_names
from bench.store.beside import figures_near, published_of
from bench.store.published import PublishedComparison
from bench.store.run import Run


def published(run: Run) -> list[str]:
    """Paragraphs under a run's table; none where nothing published speaks of it."""
    cells = dict.fromkeys(Cell.from_dict(head["cell"]).configuration for head in run.heads())
    names = dict(zip((cell.id for cell in cells), short_names(list(cells)), strict=True))
    lines = [_line(comparison, names[comparison.configuration]) for comparison in published_of(run)]
    lines += [f"left out: {error}" for error in figures_near(run.folder)[1]]
    return ["", "against published figures:", *lines, ""] if lines else []


def _line(comparison: PublishedComparison, name: str) -> str:
    differs = f" ({'; '.join(comparison.differs)})" if comparison.differs else ""
    digest = f", SHA-256 {comparison.sha256[:12]}" if comparison.sha256 else ""
    figure = f"published {comparison.published} ({comparison.source}{digest})"
    return f"{name}: {comparison.what} {comparison.ours}; {figure}: {comparison.verdict}{differs}"
