"""A/B: a matchup compared by the gate, from the first pair to the verdicts; every number is on disk as it is found."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.compare.calibration import checked_tolerance
from bench.compare.facts import ComparisonFacts
from bench.compare.log import Ledger
from bench.compare.sequential import Contest, Told
from bench.compare.sides import Matchup
from bench.compare.verdicts import decide
from bench.plan.plan import Plan
from bench.store.fingerprint import Fingerprint, fingerprint
from bench.store.provenance import utc_now
from bench.verdict.verdict import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How to decide.

    Attributes:
        tolerance: the slowdown, as a share, from which on a loss matters; None for the default.
        force: use it although the rehearsal has not shown it to work.
        command: repeats the comparison.
        record: where the raw numbers go; None keeps them in memory alone.

    """

    tolerance: float | None = None
    force: bool = False
    command: str = ""
    record: Path | None = None


def compare(matchup: Matchup, plan: Plan, rules: Rules, tell: Told) -> Decision:
    """Run the comparison to its end, or to the end of the plan's budget, or to Ctrl-C; the decision says which.

    Raises:
        BenchError: the tolerance is below what the rehearsal has shown, or nothing can be written.

    """
    tolerance, notes = checked_tolerance(rules.tolerance, fingerprints(matchup), force=rules.force)
    notes = [*matchup.notes, *notes]
    ledger = Ledger(rules.record, facts_of(matchup, plan, tolerance, command=rules.command, notes=notes))
    try:
        Contest(matchup, ledger, plan.budget, tell).run()
    except KeyboardInterrupt:
        if not any(story.pairs[1] for story in ledger.stories.values()):
            raise
    return decide(ledger)


def facts_of(
    matchup: Matchup, plan: Plan, tolerance: float, *, command: str = "", notes: Iterable[str] = ()
) -> ComparisonFacts:
    """What the first line of a comparison's file says."""
    return ComparisonFacts(
        before=matchup.before,
        after=matchup.after,
        cells={name: (before.cell, after.cell) for name, (before, after) in matchup.sides.items()},
        metric=matchup.metric,
        tolerance=tolerance,
        rounds=plan.rounds,
        order_seed=plan.order_seed,
        machine=dict(fingerprints(matchup)[0].fields),
        system=dict(matchup.system),
        aside=matchup.aside,
        notes=tuple(notes),
        command=command,
        started=utc_now(),
    )


def fingerprints(matchup: Matchup) -> list[Fingerprint]:
    """Of the machine, one for each number of threads that the cells use."""
    threads = {side.cell.threads: None for sides in matchup.sides.values() for side in sides}
    return [fingerprint(matchup.system, count) for count in threads]
