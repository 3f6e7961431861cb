"""Outcome: what came of a run, as a table or a JSON document, and the exit code that follows."""

import sys
from collections import Counter
from collections.abc import Mapping

from bench.cli.render.document import print_document
from bench.cli.render.goals import goals
from bench.cli.render.page import Page, write_page
from bench.cli.render.paint import print_lines, print_link, print_paragraphs, width_of, wrapped
from bench.cli.render.recipes import print_changes
from bench.cli.render.summary import summary
from bench.cli.render.tuning import tuned
from bench.errors import EXIT_INCONCLUSIVE, EXIT_INTERRUPTED, EXIT_PASS
from bench.plan.largest import largest_of, sentence
from bench.store.frame import frame
from bench.store.run import Run
from bench.vocabulary import STATUSES, Status


def print_outcome(run: Run, *, report: bool, as_json: bool) -> int:
    """Write the page if there is to be a `report`, print, and choose the exit code of `run`."""
    statuses = Counter(frame(run).drop_duplicates("id")["status"])
    counts = {status: statuses[status] for status in STATUSES}
    page = write_page(run) if report else None
    if as_json:
        document = {
            "run": run.name,
            "status": run.facts.status,
            "results": str(run.folder),
            "report": page.path if page else None,
            "counts": counts,
        }
        print_document(document)
    else:
        _print(run, counts, page)
    if run.facts.status == "interrupted":
        return EXIT_INTERRUPTED
    return EXIT_PASS if counts["ok"] else EXIT_INCONCLUSIVE


def _print(run: Run, counts: Mapping[Status, int], page: Page | None) -> None:
    lines = summary(run, encoding=sys.stdout.encoding)
    print_lines([*lines, []] if lines else [])
    print_paragraphs([*tuned(run.facts), *map(sentence, largest_of(run.facts.largest)), *goals(run)])
    print_changes(run)
    for conclusion in page.conclusions if page else ():
        print_lines([[(line, "bold")] for line in wrapped(conclusion, width_of())])
    cells = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    print(f"{run.facts.status}: {cells or 'no cell'}; results in {run.folder}")
    if page:
        print_link("report: ", page.path)
