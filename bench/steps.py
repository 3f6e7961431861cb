"""Steps: the API for a step of the user's own: `bench.measure` times it, `bench.compare` tells if one is slower."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bench.compare import ab
from bench.compare.log import FOLDER
from bench.compare.steps import StepOptions, two_steps
from bench.errors import BenchError
from bench.plan.plan import CHECKS, Plan, plan_of_values, share
from bench.plan.step import StepSource, source_named, source_of
from bench.process.lock import measuring
from bench.process.worker import in_worker
from bench.session.step_times import time_step
from bench.step_results import Measurement, Verdict
from bench.store.provenance import time_name

Step = Callable[[], object]  # called without arguments: the step, or what sets it up and gives it


def measure(
    step: Step | str,
    repeats: int = 5,
    *,
    blocks: int = 15,
    threads: int | None = 1,
    device: str | None = None,
    timeout: float | str = 600.0,
    concurrent: bool = False,
) -> Measurement:
    """Time a step in fresh processes, by the suite's own engine.

    In each process the step is set up, run until it is steady, and timed in blocks of at least 0.1 s with the
    collector of garbage off, every step by itself; a GPU is waited for at the end of a block alone.

    Args:
        step: a callable without arguments. It is called once, and what that gives decides: a context manager is
            entered and gives the step, and is left at the end; anything else that can be called is the step; else it
            was itself the step. Or the text that names one: `my_train.py:make_step`, `package.module:step`.
        repeats: how many processes, at least 1; of one there is no interval.
        blocks: in each process, at least 2.
        threads: CPU threads of torch; None for all usable cores. What the step sets itself holds.
        device: "cpu", "cuda", "cuda:1"; None for the one that the step puts its tensors on.
        timeout: seconds, or a text such as "10m", after which a process is given up.
        concurrent: measure although another run is measuring on this machine.

    Raises:
        BenchError: in one line, with the user's own file and line: it is no step, cannot be sent to a fresh process,
            raises, or takes too long; or another run is measuring.

    """
    _not_in_a_worker("bench.measure")
    plan = plan_of_values("bench.measure", {"repeats": repeats, "blocks": blocks, "timeout": timeout, **_of(threads)})
    source = _source(step)
    with measuring(f"measure {source.label}", concurrent):
        timed = time_step(
            source,
            repeats=plan.repeats,
            blocks=plan.blocks,
            threads=next(iter(plan.threads), 0),
            device=device or "",
            timeout=plan.timeout,
        )
    return Measurement.of_processes(source.label, timed)


def compare(
    first: Step | str,
    second: Step | str,
    *,
    tolerance: float | str | None = None,
    budget: float | str | None = None,
    blocks: int = 15,
    threads: int | None = 1,
    device: str | None = None,
    order_seed: int | None = None,
    uncalibrated: bool = False,
    concurrent: bool = False,
) -> Verdict:
    """Test whether the second step is slower than the first, as `python -m bench ab` does, and record the pairs.

    Pairs of fresh processes run blocks of both in turn, until a sequential test can decide: some 50 s at the least. It
    calls equal steps different in one of a hundred comparisons at most, and "regressed" needs a second, independent
    run. The numbers are in results/ab/.

    Args:
        first: the reference; a step as of `measure`.
        second: what is held to it.
        tolerance: the slowdown from which on a loss matters: 0.03, or "3%". None for 5 %, or more where this machine
            was calibrated and needs more.
        budget: seconds, or a text such as "5m", after which no pair is begun.
        blocks: of each side in a pair, at least 2.
        threads: as of `measure`.
        device: likewise.
        order_seed: of who starts and goes first; None to draw it.
        uncalibrated: allow a tolerance below the calibrated minimum of this machine.
        concurrent: as of `measure`.

    Raises:
        BenchError: as of `measure`.
        KeyboardInterrupt: as it came; what was measured is in the file.

    """
    _not_in_a_worker("bench.compare")
    sources = _source(first), _source(second)
    fields = {"suite": CHECKS, "budget": budget, "blocks": blocks, "order_seed": order_seed, **_of(threads)}
    plan = plan_of_values("bench.compare", fields)
    rules = ab.Rules(tolerance=_tolerance(tolerance), uncalibrated=uncalibrated)
    return _decided(sources, plan, rules, device or "", concurrent=concurrent)


def _decided(
    sources: tuple[StepSource, StepSource], plan: Plan, rules: ab.Rules, device: str, *, concurrent: bool
) -> Verdict:
    """The verdict of a comparison, once it has ended."""
    name = time_name()
    rules = replace(rules, record=FOLDER / f"{name}.jsonl")
    options = StepOptions(threads=next(iter(plan.threads), 0), device=device)
    with measuring(f"compare {name}", concurrent), two_steps(sources, options) as comparison:
        decision = ab.compare(comparison, plan, rules, lambda *_: None)
    if decision.interrupted == "interrupted":
        raise KeyboardInterrupt
    return Verdict(decision)


def _source(step: Step | str) -> StepSource:
    return source_named(step) if isinstance(step, str) else source_of(step)


def _of(threads: int | None) -> dict[str, Any]:
    """The threads as a plan has them, where none are all cores."""
    return {"threads": [] if threads is None else threads}


def _tolerance(wanted: float | str | None) -> float | None:
    try:
        return None if wanted is None else share(str(wanted))
    except ValueError as error:
        raise BenchError(f"bench.compare: tolerance takes a share such as 3% or 0.03, not {wanted!r}") from error


def _not_in_a_worker(name: str) -> None:
    """A script that measures when it is imported would do so again in each worker, without end."""
    if in_worker():
        raise BenchError(f'{name} is called while its file is imported: put it below if __name__ == "__main__":')
