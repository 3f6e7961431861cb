"""Summary: a run's main figures as text: the table, and what its columns are."""

from bench.cli.render.tables import legend, overview, table_text
from bench.store.frame import settings
from bench.store.run import Run


def summary(run: Run) -> str:
    """The table of the run, a row a setting, and its legend under an empty line; "" where nothing was measured."""
    pooled = settings(run)
    if pooled.empty:
        return ""
    plan = run.facts.get("plan") or {}
    rows = overview(pooled, plan.get("precision"), run.facts.get("ceilings", ()))
    return f"{table_text(rows)}\n\n{legend(pooled, plan.get('until', 0.0))}"
