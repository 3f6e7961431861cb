"""Resume: the plan of a run that was cut short, and its folder made ready to go on."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from bench.errors import BenchError
from bench.plan.content import check_data
from bench.plan.plan import Plan, flag, options_of
from bench.store import run as store
from bench.store.named_code import check_code, code_in

# What may differ from the first session: how long to go on, never what is measured.
ADJUSTABLE = options_of("repeats", "patience", "session", "page")


def resumed(name: str, wanted: Mapping[str, Any], *, allow_code: bool = False) -> tuple[store.Run, Plan]:
    """The recorded run and its plan, with the `wanted` fields put in place; nothing is written yet.

    Args:
        name: of the run.
        wanted: fields of Plan.
        allow_code: whether code that it names may run though the user never named it here.

    Raises:
        BenchError: there is no such run, a field is wanted that would change what is measured, or code that it names
            has changed or may not run.

    """
    run = store.load(name)
    if run.facts.imported:
        raise BenchError(f"run '{name}' was imported from {run.facts.imported}: measure again with its own tool")
    fixed = [key for key in wanted if key not in ADJUSTABLE]
    if fixed:
        allowed = ", ".join(map(flag, ADJUSTABLE))
        raise BenchError(f"{flag(fixed[0])} cannot change in a run that is resumed: leave it out, or adjust {allowed}")
    check_data(name, run.facts.origins)
    stored = run.facts.plan
    check_code(run, code_in(stored), allowed=allow_code)
    plan = Plan(**{field.name: _plain(stored[field.name]) for field in fields(Plan) if field.name in stored})
    return run, replace(plan, run=run.name, **wanted)


def reopen(run: store.Run, plan: Plan, command: str) -> None:
    """Make the folder ready for what is missing, and note the `plan` and `command` that it goes on with.

    Raises:
        BenchError: a line of the results is damaged.

    """
    before = run.facts.plan.get("timeout", plan.timeout)
    # not where rates were tuned: a trial that ends well after all could change a choice that stands in the results
    patient = plan.timeout > before and not plan.tune
    run.reopen(("skipped", "timeout") if patient else ("skipped",))
    run.note(status="running", plan=plan.to_dict(), resumed=[*run.facts.resumed, command])


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
