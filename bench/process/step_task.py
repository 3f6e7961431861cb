"""Step task: what a worker is told of a step of the user's own."""

from bench.plan.step import StepSource
from bench.process.messages import StepTask


def task_of(source: StepSource, *, device: str = "", threads: int = 1, inject: float = 0.0) -> StepTask:
    """The task of a worker that runs the step; see `StepTask`."""
    return StepTask(
        label=source.label,
        text=source.text,
        base=source.base,
        path=list(source.path),
        shared=source.shared,
        device=device,
        threads=threads,
        inject=inject,
    )
