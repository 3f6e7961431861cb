"""Summary: a run's main figures as text: the table, and what its columns are."""

from bench.cli.render.columns import Row, table_text
from bench.cli.render.rounds import rounds_text
from bench.cli.render.tables import legend, overview
from bench.stats.roofline import refusal, usable
from bench.store.frame import configurations
from bench.store.run import Run


def summary(run: Run) -> str:
    """The table of the run, a row a configuration, and its legend after a blank line; "" where nothing was measured."""
    rows, meaning = table_of(run)
    if not rows:
        return ""
    rounds = [rounds_text((run.name, line) for line in run.heads())] if run.facts.imported else []
    return "\n\n".join(filter(None, (table_text(rows), *rounds, meaning)))


def table_of(run: Run) -> tuple[list[Row], str]:
    """The same in parts: the rows, text by column, and the legend."""
    pooled = configurations(run)
    if pooled.empty:
        return [], ""
    plan = run.facts.plan
    ceilings = run.facts.ceilings or ()
    rows = overview(pooled, plan.get("precision"), usable(ceilings))
    parts = [legend(pooled, plan.get("until", 0.0)), refusal(ceilings)]
    return rows, "\n".join(filter(None, ("; ".join(filter(None, parts)), *run.facts.code.values())))
