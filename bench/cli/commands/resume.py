"""Resume: the plan of a run that was cut short, and its folder made ready to go on."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from bench.errors import BenchError
from bench.plan.plan import Plan, flag, options_of
from bench.store import run as store
from bench.store.provenance import command_line

# What may differ from the first session: how long to go on, never what is measured.
ADJUSTABLE = options_of("repeats", "patience", "session", "page")


def resumed(name: str, wanted: Mapping[str, Any]) -> tuple[store.Run, Plan]:
    """The recorded run and its plan, with the `wanted` fields put in place.

    Raises:
        BenchError: there is no such run, or a field is wanted that would change what is measured.

    """
    run = store.load(name)
    if run.facts.imported:
        raise BenchError(f"run '{name}' was imported from {run.facts.imported}: measure again with its own tool")
    fixed = [key for key in wanted if key not in ADJUSTABLE]
    if fixed:
        allowed = ", ".join(map(flag, ADJUSTABLE))
        raise BenchError(f"{flag(fixed[0])} cannot change in a run that is resumed: leave it out, or adjust {allowed}")
    stored = run.facts.plan
    plan = Plan(**{one.name: _plain(stored[one.name]) for one in fields(Plan) if one.name in stored})
    plan = replace(plan, run=run.name, **wanted)
    # not where rates were tuned: a trial that ends well after all could change a choice that stands in the results
    patient = plan.timeout > stored.get("timeout", plan.timeout) and not plan.tune
    run.reopen(("skipped", "timeout") if patient else ("skipped",))
    run.note(status="running", plan=plan.to_dict(), resumed=[*run.facts.resumed, command_line()])
    return run, plan


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
