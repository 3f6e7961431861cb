"""Page: the HTML page of a run that a command writes beside its proper work, and what it says first."""

import sys
from dataclasses import dataclass

from bench.cli.render.notice import notice
from bench.store.run import Run

_FIRST = 3  # sentences that end a command


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page is, and the first of its conclusions, but for those about a goal: `goals` says them in full."""

    path: str
    conclusions: tuple[str, ...]


def write_page(run: Run) -> Page | None:
    """Write it; a page that cannot be written never costs the results."""
    from bench.cli.render.drawing import drawing_shown  # noqa: PLC0415 - drawing is imported only where a page is wanted
    from bench.report import write  # noqa: PLC0415 - likewise
    from bench.report.conclusions import conclusions  # noqa: PLC0415 - likewise
    from bench.report.goal_tests import goal_sentences  # noqa: PLC0415 - likewise
    from bench.report.load import read  # noqa: PLC0415 - likewise

    try:
        record = read(run)
        with drawing_shown(sys.stderr):
            path = write(run, record=record)
        verdicts = goal_sentences(record)
        first = [sentence for sentence in conclusions(record) if sentence not in verdicts][:_FIRST]
    except Exception as error:  # whatever is wrong with the page, the measurements are worth more
        remedy = f"the results are safe: python -m bench report {run.name}"
        notice(f"cannot write the report ({error}); {remedy}")
        return None
    return Page(str(path), tuple(f"{sentence.topic}: {sentence.claim}" for sentence in first))
