"""The pytest plug-in: `bench_cell` and `bench_step` run cells and steps of one's own through pytest-benchmark.

    @pytest.mark.parametrize("architecture", ["lenet5", "mlp"])
    def test_step(bench_cell, architecture):
        bench_cell(architecture, batch_size=64)

    def test_own(bench_step):
        bench_step(make_step)

On a CPU a round is a single step, as in plain pytest-benchmark, which keeps rounds alone: of a thousand steps some are
free of neighbours, of ten blocks of 0.1 s none is. They are taken for 5 s where nobody asked for another time, since a
neighbour on the same host slows all of a second by up to two fifths, and seldom all of five. On a GPU a round is such a
block with one synchronization at each end, for that takes as long as many a step. pytest-benchmark's options, storage
and comparisons work as they do for any benchmark. Torch is imported by the first cell or step, never when pytest
starts.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from bench.plan.cell import Cell
from bench.plan.timing import BLOCK_SECONDS
from torch_architecture_bench import shadow_of

if TYPE_CHECKING:
    from bench.worker.inprocess import InProcess

# Seconds; pytest-benchmark's own, which are replaced where they were not asked for.
_DEFAULT_MIN_TIME = 5e-6
_DEFAULT_MAX_TIME = "1.0"  # as text, as the option has it; "1" is a time that was asked for
_MAX_TIME = 5.0  # as criterion measures
# By the fastest of these pytest-benchmark tells how many rounds fit its time: by one alone, which a neighbour may have
# delayed a hundredfold, there would be five.
_CALIBRATION_STEPS = 10
PARTS = ("train", "inference")


class SynchronizedTimer:
    """The host's clock, read once the device has done all its work. One a test, since each may use its own device.

    Attributes:
        wait: waits for the device; nothing to wait for until a cell or step has been set up.

    """

    __name__ = "synchronized"  # what pytest-benchmark writes down

    def __init__(self) -> None:
        self.wait: Callable[[], None] | None = None

    def __call__(self) -> float:
        """Seconds of a clock that only moves forward."""
        if self.wait is not None:
            self.wait()
        return time.perf_counter()


class BenchCell(Protocol):
    """What the fixture gives: benchmarks one cell, and returns its images a second."""

    def __call__(self, cell: str | Cell, part: str = "train", **fields: Any) -> float | None:
        """Run one cell; see the fixture `bench_cell`."""


class BenchStep(Protocol):
    """What the fixture gives: benchmarks one step, and returns its seconds."""

    def __call__(
        self, step: Callable[[], object], *, threads: int | None = 1, device: str | None = None
    ) -> float | None:
        """Run one step; see the fixture `bench_step`."""


_FIXTURES = {"bench_cell", "bench_step"}
_TIMER = pytest.StashKey[SynchronizedTimer]()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Have pytest-benchmark time such a test by the synchronized timer, unless its marker says not to."""
    ours = _FIXTURES.intersection(getattr(item, "fixturenames", ()))
    if not ours or not item.config.pluginmanager.hasplugin("benchmark"):
        return
    timer = item.stash[_TIMER] = SynchronizedTimer()
    settings: dict[str, Any] = {"timer": timer, "disable_gc": True}
    if not item.config.getoption("benchmark_warmup"):
        settings |= {"warmup": True, "warmup_iterations": _CALIBRATION_STEPS}
    if item.config.getoption("benchmark_max_time") == _DEFAULT_MAX_TIME:
        settings |= {"max_time": _MAX_TIME}
    own = item.get_closest_marker("benchmark")
    # pytest-benchmark reads the closest marker alone, so that one has to say everything
    item.add_marker(pytest.mark.benchmark(**{**settings, **(own.kwargs if own else {})}), append=False)


@pytest.fixture
def bench_cell(request: pytest.FixtureRequest, benchmark: Any) -> BenchCell:
    """Benchmark one cell: `bench_cell("lenet5", optimizer="adam", batch_size=64, threads=1)`.

    The first argument is an architecture's name or a Cell, further ones are fields of Cell; `part` is "train" (a whole
    step, the fetch of its batch included) or "inference". Returns the images a second by the median round; None where
    benchmarks are disabled. A cell on a device that is not there is skipped.
    """

    def run(cell: str | Cell, part: str = "train", **fields: Any) -> float | None:
        if shadow := shadow_of("architectures"):
            pytest.fail(shadow, pytrace=False)
        from bench.worker.inprocess import opened  # noqa: PLC0415 - imports torch, which pytest's start must not

        target = Cell(cell, **fields) if isinstance(cell, str) else cell
        if part not in PARTS:
            raise ValueError(f"part is one of {', '.join(PARTS)}, not '{part}'")
        if benchmark.group is None:
            benchmark.group = _group(target, part)
        with opened(target, part, timed=not benchmark.disabled) as prepared:
            if prepared.unsupported:
                pytest.skip(prepared.unsupported)
            _run(request, benchmark, prepared)
        if benchmark.stats is None:
            return None
        rate = target.batch_size / float(benchmark.stats["median"])
        benchmark.extra_info["images_per_second"] = rate
        return rate

    return run


@pytest.fixture
def bench_step(request: pytest.FixtureRequest, benchmark: Any) -> BenchStep:
    """Benchmark a step of one's own: `bench_step(make_step)`.

    The step is a callable without arguments, or a function that sets it up, as `bench.measure` takes it. It runs with
    1 CPU thread unless `threads` says otherwise (None: all usable cores), on the `device` that it puts its tensors on
    unless one is named. Seconds of the phases that it marks (`bench.phase`) are in the benchmark's extra_info, under
    "phases". Returns the seconds of a step by the median round; None where benchmarks are disabled. A device that is
    not there is skipped, and what the step raises is raised here.
    """

    def run(step: Callable[[], object], *, threads: int | None = 1, device: str | None = None) -> float | None:
        from bench.worker.inprocess import opened_step  # noqa: PLC0415 - as above

        timed = not benchmark.disabled
        with opened_step(step, threads=threads, device=device, timed=timed) as prepared:
            if prepared.unsupported:
                pytest.skip(prepared.unsupported)
            _run(request, benchmark, prepared)
        return None if benchmark.stats is None else float(benchmark.stats["median"])

    return run


def _run(request: pytest.FixtureRequest, benchmark: Any, prepared: "InProcess") -> None:
    """Have pytest-benchmark time what is prepared: on a GPU in blocks, where nobody asked for rounds of another length.

    Its settings are read before the test tells its device, so that only its attribute can be changed.
    """
    if not prepared.on_host:
        if (timer := request.node.stash.get(_TIMER, None)) is not None:
            timer.wait = prepared.synchronize
        if benchmark._min_time == _DEFAULT_MIN_TIME:  # noqa: SLF001 - see above
            benchmark._min_time = BLOCK_SECONDS  # noqa: SLF001
    benchmark.extra_info.update(prepared.facts)
    benchmark(prepared.call)


def _group(cell: Cell, part: str) -> str:
    """What may stand in one table: everything but the architecture."""
    return f"{part} {Cell.from_dict({**cell.to_dict(), 'architecture': '*'}).id}"
