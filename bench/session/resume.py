"""Resume: the plan of a run that was cut short, and its folder held, and made ready to go on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from bench.errors import BenchError
from bench.plan.content import check_data
from bench.plan.plan import Plan, flag, options_of, plan_of_stored
from bench.process.lock import recording
from bench.session.missing import Past
from bench.store import run as store
from bench.store.named_code import check_code, code_in
from bench.text import joined

# What may differ from the first session: how long to go on, never what is measured.
ADJUSTABLE = options_of("repeats", "patience", "session", "cluster", "page")


@contextmanager
def resumed(
    name: str, wanted: Mapping[str, Any], *, allow_code: bool = False, hold: bool = True
) -> Iterator[tuple[store.Run, Plan]]:
    """The recorded run and its plan, with the `wanted` fields put in place; nothing is written yet.

    Its folder is held before it is read and to the end of the block, so that no other process adds results meanwhile.

    Args:
        name: of the run.
        wanted: fields of Plan.
        allow_code: whether code that it names may run though the user never named it here.
        hold: whether to hold the folder; not where the run is only looked at.

    Raises:
        BenchError: there is no such run, another process is measuring it, a field is wanted that would change what is
            measured, or code that it names has changed or may not run.

    """
    folder = store.load(name).folder
    with recording(folder) if hold else nullcontext():
        run = store.load(str(folder))
        yield run, _plan(run, wanted, allow_code)


def _plan(run: store.Run, wanted: Mapping[str, Any], allow_code: bool) -> Plan:
    """The plan of the run with the `wanted` fields."""
    if run.facts.imported:
        raise BenchError(f"run '{run.name}' was imported from {run.facts.imported}: measure again with its own tool")
    if run.facts.merged:
        names = joined(str(part.get("run")) for part in run.facts.merged)
        raise BenchError(f"run '{run.name}' was merged from {names}: resume those, and merge them again")
    fixed = [key for key in wanted if key not in ADJUSTABLE]
    if fixed:
        allowed = ", ".join(map(flag, ADJUSTABLE))
        raise BenchError(f"{flag(fixed[0])} cannot change in a run that is resumed: leave it out, or adjust {allowed}")
    check_data(run.name, run.facts.origins)
    check_code(run, code_in(run.facts.plan), allowed=allow_code)
    return replace(_stored_plan(run), run=run.name, **wanted)


def _stored_plan(run: store.Run) -> Plan:
    """The plan that it goes on with; BenchError if it is damaged."""
    return plan_of_stored(f"{run.folder / store.FACTS}: plan", run.facts.plan)


def past_of(run: store.Run, plan: Plan) -> Past:
    """The results that stand, by cell and repeat: those of what will be tried again do not.

    Raises:
        BenchError: a line of the results is damaged.

    """
    again = _again(run, plan)
    return {(result.cell, result.repeat): result for result in run.results() if result.status not in again}


def reopen(run: store.Run, plan: Plan, command: str) -> None:
    """Make the folder ready for what is missing, and note the `plan` and `command` that it goes on with.

    Raises:
        BenchError: a line of the results is damaged, or the folder cannot be written; then all is as it was.

    """
    resumed_by = [*run.facts.resumed, command]
    run.reopen(_again(run, plan), status="running", plan=plan.to_dict(), resumed=resumed_by)


def _again(run: store.Run, plan: Plan) -> tuple[str, ...]:
    """The statuses of results whose cells are tried again."""
    # not where rates were tuned: a trial that ends well after all could change a choice that stands in the results
    patient = plan.timeout > _stored_plan(run).timeout and not plan.tune
    return ("skipped", "timeout") if patient else ("skipped",)
