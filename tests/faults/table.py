"""Table: kinds of faults and what came of them, as Markdown, between two marks of a page."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.faults.campaign import Outcome
from tests.faults.judge import INVARIANTS

BEGIN, END = "<!-- the table of python -m tests.faults begins -->", "<!-- it ends -->"


def table(outcomes: Sequence[Outcome], seed: int, missed: Sequence[str] = ()) -> str:
    """A row for each kind of fault: how many were struck, how many left all invariants whole, and which broke.

    `missed` names those that were drawn and never struck.
    """
    never = f"; never struck, as the runs were over: {', '.join(missed)}" if missed else ""
    rows = [f"Seed {seed}, {sum(outcome.kind != 'all together' for outcome in outcomes)} faults{never}:", ""]
    columns = list(INVARIANTS)
    rows.append(f"| fault | struck | all held | {' | '.join(columns)} |")
    rows.append(f"|---|---|---|{'---|' * len(columns)}")
    kinds = sorted({outcome.kind for outcome in outcomes}, key=str.casefold)
    rows += [_row(kind, [outcome for outcome in outcomes if outcome.kind == kind], columns) for kind in kinds]
    rows.append(_row("**all**", [outcome for outcome in outcomes if outcome.kind != "all together"], columns))
    return "\n".join(rows)


def _row(name: str, outcomes: Sequence[Outcome], columns: Sequence[str]) -> str:
    broken = Counter(invariant for outcome in outcomes for invariant in {each[0] for each in outcome.broken})
    whole = sum(not outcome.broken for outcome in outcomes)
    cells = [str(broken[column] or "") for column in columns]
    return f"| {name} | {len(outcomes)} | {whole} | {' | '.join(cells)} |"


def write(path: Path, text: str) -> None:
    """Put the table in its place on the page."""
    page = path.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")
