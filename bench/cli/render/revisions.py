"""Revisions: what came of each revision of the past, as a table or a JSON document, and the exit code that follows."""

from collections.abc import Sequence
from dataclasses import asdict

from bench.cli.render.columns import print_table
from bench.cli.render.document import print_document
from bench.errors import EXIT_INCONCLUSIVE, EXIT_INTERRUPTED, EXIT_PASS
from bench.session.revisions import RevisionOutcome


def print_revisions(outcomes: Sequence[RevisionOutcome], *, as_json: bool) -> int:
    """Print; 0 when at least one revision has a run now, 3 when none has, 130 when interrupted."""
    if as_json:
        print_document([asdict(outcome) for outcome in outcomes])
    else:
        print_table([_row(outcome) for outcome in outcomes])
        print("\nsee them with: python -m bench history")
    if outcomes[-1].status == "interrupted":
        return EXIT_INTERRUPTED
    return EXIT_PASS if any(outcome.status != "failed" for outcome in outcomes) else EXIT_INCONCLUSIVE


def _row(outcome: RevisionOutcome) -> dict[str, str]:
    reason = outcome.reason or "-"
    return {"revision": outcome.revision[:10], "run": outcome.run, "status": outcome.status, "reason": reason}
