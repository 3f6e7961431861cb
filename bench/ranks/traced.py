"""Traced: a few steps of all ranks under torch.profiler, and how long each of their exchanges took."""

from pathlib import Path

from torch.profiler import ProfilerActivity, profile, schedule

from bench.measure.profile import stderr_closed
from bench.measure.workload import Workload
from bench.ranks.blocks import steps_that_last
from bench.ranks.launch import Place
from bench.trace.communication import Communication, communication_of
from bench.trace.events import load

WAIT, WARM_UP, MOST_STEPS = 1, 1, 10
LONG_SECONDS = 1.0  # of all traced steps together, as far as there are two at least


def trace_communication(work: Workload, place: Place, step: float) -> Communication | None:
    """What the steps of this rank spend on exchanges; None where the trace holds no whole step.

    Neither stacks nor shapes are recorded, which would make the work beside an exchange longer.

    Args:
        work: this rank's.
        place: of this rank; the trace lies in its folder.
        step: seconds of a step, the same for all ranks, which make equally many.

    Raises:
        BenchError: the trace cannot be read again.
        OSError: it cannot be written.

    """
    path = place.folder / f"rank{place.rank}.pt.trace.json.gz"
    with stderr_closed():
        _record(work, path, steps_that_last(LONG_SECONDS, step, MOST_STEPS))
    return communication_of(load(path))


def _record(work: Workload, path: Path, steps: int) -> None:
    device = work.device.facts.profiler_activity
    activities = [ProfilerActivity.CPU, *([getattr(ProfilerActivity, device)] if device else [])]
    with profile(
        activities=activities,
        schedule=schedule(wait=WAIT, warmup=WARM_UP, active=steps, repeat=1),
        on_trace_ready=lambda done: done.export_chrome_trace(str(path)),
    ) as profiler:
        for _ in range(WAIT + WARM_UP + steps):
            work.timed_step(lambda: None)
            profiler.step()
