"""The command `run`: reads the plan, has the workers' server start, then hands over to `measuring`."""

import argparse
from contextlib import closing

from bench.plan.plan import SETTINGS, plan_from
from bench.process.executor import open_executor


def execute(given: argparse.Namespace) -> int:
    """Run it; 0 when at least one cell was measured, 3 when none was, 130 when interrupted."""
    wanted = {name: value for name in SETTINGS if (value := getattr(given, name, None)) is not None}
    if getattr(given, "revisions", None):  # `profile` and others run without them
        from bench.cli.commands.past import fill  # noqa: PLC0415 - needs git and worktrees, which no other run does

        return fill(given, wanted)
    if given.resume:
        from bench.cli.commands.resume import resumed  # noqa: PLC0415 - as below

        run, plan = resumed(given.resume, wanted)
    else:
        run, plan = None, plan_from(wanted)
    with closing(open_executor(plan.executor)) as executor:
        executor.prepare()
        # what tabulates and draws takes two seconds to import: while workers are prepared, before anything is timed
        from bench.cli.commands.measuring import measure  # noqa: PLC0415

        return measure(given, plan, run, executor)
