"""Goals: whether the mean accuracy of each configuration's seeds is above what the run aims at, by both rules."""

from bench.plan.short_names import short_names
from bench.store.goal import goal_tests
from bench.store.machines import digests_of
from bench.store.run import Run


def goals(run: Run) -> list[str]:
    """A paragraph for each configuration under a run's table; none where it had no goal."""
    if not run.facts.plan.get("goal"):
        return []  # whole lines take long to read
    tests = goal_tests(run.lines(), run.facts.plan, digests_of(run.heads()))
    names = short_names(list(tests))
    return [f"{name}: {test.by_mean}; {test.by_first_look}" for name, test in zip(names, tests.values(), strict=True)]
