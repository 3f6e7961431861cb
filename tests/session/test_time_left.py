"""Time left: right within a fifth from the tenth of a real run on, and what it follows from."""

from dataclasses import replace

import pytest

from bench.plan.catalogue import Catalogue, DeviceFacts
from bench.plan.cell import Cell
from bench.plan.estimate import RENEWAL_SECONDS
from bench.plan.plan import Plan
from bench.session.forecast import Forecast, Parts, expected_of
from bench.session.standing import Standing
from bench.session.time_left import TimeLeft
from bench.store.result import Result
from bench.store.warning import Warning

# The quick suite, run on two cores beside some other work: seed, when each task began, how long it took, of that
# training, and the epochs that it came to; all in seconds. Its trainings had no early evaluations.
CALM = {
    "lenet5": [(1, 0, 7.5, 3.0, 0.89), (0, 80, 7.5, 3.0, 0.78), (2, 125, 8.4, 3.0, 0.77)],
    "resnet8": [(1, 8, 11.6, 3.0, 0.12), (0, 53, 10.8, 3.0, 0.14), (2, 111, 9.7, 3.0, 0.14)],
    "vgg4": [(1, 20, 8.7, 3.0, 0.4), (0, 72, 7.9, 3.0, 0.44), (2, 134, 9.0, 3.0, 0.49)],
    "mlp": [(1, 28, 7.5, 3.0, 1.05), (0, 92, 8.5, 3.0, 0.92), (2, 143, 7.5, 3.0, 1.32)],
    "softmax_regression": [(1, 36, 5.2, 0.5, 2.0), (0, 88, 4.5, 0.4, 2.0), (2, 121, 4.6, 0.4, 2.0)],
    "convnet": [(1, 41, 9.6, 3.0, 0.4), (0, 64, 8.0, 3.0, 0.58), (2, 103, 8.1, 3.0, 0.58)],
}
# The same beside ten other processes that came and went.
BUSY = {
    "lenet5": [(2, 3, 29.2, 3.0, 0.047), (0, 181, 22.5, 3.0, 0.14), (1, 333, 11.8, 3.0, 0.248)],
    "resnet8": [(2, 32, 37.5, 3.2, 0.011), (0, 220, 27.9, 3.0, 0.034), (1, 369, 35.2, 3.4, 0.007)],
    "softmax_regression": [(2, 70, 14.7, 2.5, 2), (0, 269, 16.9, 3.0, 0.973), (1, 345, 9.7, 1.3, 2)],
    "mlp": [(2, 85, 19.2, 3.0, 0.241), (0, 204, 16.0, 3.1, 0.016), (1, 312, 20.9, 3.0, 0.015)],
    "vgg4": [(2, 104, 21.6, 3.1, 0.007), (0, 153, 28.3, 3.4, 0.009), (1, 354, 15.0, 3.0, 0.143)],
    "convnet": [(2, 125, 23.0, 3.0, 0.102), (0, 248, 21.0, 3.1, 0.053), (1, 290, 21.7, 3.0, 0.086)],
}
FLOPS = {
    "softmax_regression": 15680,
    "mlp": 1337344,
    "lenet5": 833040,
    "convnet": 2966656,
    "vgg4": 2436096,
    "resnet8": 18290432,
}
PLAN = Plan(epochs=2, train_limit=3.0, repeats=1, blocks=3, seeds=(0, 1, 2), again=0)
CATALOGUE = Catalogue(
    architectures={name: {"flops_forward": flops, "input_shape": [1, 28, 28]} for name, flops in FLOPS.items()},
    datasets={"mnist": {"train": 60000, "test": 10000, "input_shape": [1, 28, 28]}},
    optimizers={"sgd": {"needs_closure": False}},
    losses={},
    devices={"cpu": DeviceFacts("cpu", on_host=True)},
    normalizations=(),
    usable_cores=2,
)


def tasks(timeline):
    """Each task of the run in its order: when it began, and its result."""
    return sorted(
        (
            (
                began,
                Result(
                    Cell(net, threads=2, seed=seed, split="validation"),  # which has no early evaluations
                    "ok",
                    seconds=seconds,
                    training=learnt(training, epochs),
                ),
            )
            for net, rows in timeline.items()
            for seed, began, seconds, training, epochs in rows
        ),
        key=lambda task: task[0],
    )


def learnt(seconds, epochs):
    return {"epochs": [{"seconds": seconds, "epoch": epochs}]}


def clock_of(plan, cells, expected, standing=None):
    return TimeLeft(plan, cells, standing or Standing(plan), Forecast(plan, expected), 1, 0.0)


@pytest.mark.parametrize(("timeline", "right"), [(CALM, 1.0), (BUSY, 0.65)])
def test_from_the_tenth_of_a_run_on_the_time_left_is_right_within_a_fifth(timeline, right):
    """Always; beside work that comes and goes, most of the time."""
    every = tasks(timeline)
    clock = clock_of(PLAN, [result.cell for _, result in every], expected_of(CATALOGUE))
    end = every[-1][0] + every[-1][1].seconds
    readings, over, seed = [], 0.0, None
    for began, result in every:
        if seed not in (None, result.cell.seed):
            clock.renewed(began - over)
        clock.begin(result.cell, 0, began)
        readings += [(at, clock.read(at)) for at in (began, began + result.seconds / 2)]
        clock.end(result)
        over, seed = began + result.seconds, result.cell.seed
    late = [(left, end - at) for at, (_, left) in readings if at >= end / 10]
    assert len(late) > 30
    assert sum(abs(left - true) / true < 0.2 for left, true in late) / len(late) >= right
    shares = [share for _, (share, _) in readings]
    assert shares == sorted(shares)


def test_what_a_cell_took_counts_for_its_later_repeats_without_its_training():
    plan = Plan(epochs=2, repeats=2, again=0)
    forecast = Forecast(plan, lambda cell, plan: Parts(1.0, 10.0, 0.0))
    cell = Cell("mlp")
    forecast.learn(Result(cell, "ok", seconds=24.0, training=learnt(20.0, 2.0)))
    assert forecast.seconds(replace(cell, seed=1), 0) == pytest.approx(24)
    assert forecast.seconds(cell, 1) == pytest.approx(4)
    forecast.learn(Result(cell, "ok", repeat=1, seconds=6.0))
    assert forecast.seconds(cell, 1) == pytest.approx(6)


def test_a_machine_that_trains_faster_than_expected_is_expected_to_go_on_so():
    plan = Plan(epochs=1)
    forecast = Forecast(plan, lambda cell, plan: Parts(1.0, 1000.0))
    forecast.learn(Result(Cell("mlp"), "ok", seconds=501.0, training=learnt(500.0, 1.0)))
    assert forecast.seconds(Cell("vgg4"), 0) == pytest.approx(501, rel=0.01)


def test_a_training_takes_no_longer_than_its_limit():
    forecast = Forecast(replace(PLAN, train_limit=2.0), lambda cell, plan: Parts(1.0, 1000.0))
    assert forecast.seconds(Cell("mlp"), 0) == pytest.approx(3.0)


def test_a_task_that_failed_says_nothing_of_others():
    forecast = Forecast(PLAN, lambda cell, plan: Parts(5.0))
    forecast.learn(Result(Cell("mlp"), "failed", "-", seconds=0.1))
    assert forecast.seconds(Cell("mlp"), 1) == pytest.approx(5)


def test_tasks_at_once_share_the_time():
    cells = [Cell(f"net{number}") for number in range(4)]
    plan = Plan(repeats=1, again=0)
    clock = TimeLeft(plan, cells, Standing(plan), Forecast(plan, lambda cell, plan: Parts(8.0), 3.0), 2, 0.0)
    for cell in cells[:2]:
        clock.begin(cell, 0, 0.0)
    assert clock.read(0.0)[1] == pytest.approx(4 * 8 / 2 + 3)
    assert clock.read(4.0)[1] == pytest.approx((2 * 4 + 2 * 8) / 2 + 3)


def test_a_cell_that_ended_is_waited_for_no_more():
    plan = Plan(repeats=3, again=0)
    standing = Standing(plan)
    clock = clock_of(plan, [Cell("mlp")], lambda cell, plan: Parts(8.0), standing)
    result = Result(Cell("mlp"), "failed", "-", seconds=1.0)
    clock.begin(result.cell, 0, 0.0)
    standing.learn(result)
    clock.end(result)
    assert clock.read(1.0) == (1.0, 0.0)


@pytest.mark.parametrize("disturbed", [0, 2, 5])
def test_what_is_to_come_is_taken_to_be_disturbed_as_often_as_what_was_measured(disturbed):
    """Five of ten cells were measured; each that is disturbed is measured again, once at most."""
    plan = Plan(repeats=1, again=1, blocks=3)
    cells, standing = [Cell(f"net{number}") for number in range(10)], Standing(plan)
    clock = TimeLeft(plan, cells, standing, Forecast(plan, lambda cell, plan: Parts(8.0)), 1, 0.0)
    clock.renewed(0.0)
    for number, cell in enumerate(cells[:5]):
        warnings = (Warning("phases", "contended", 0.5, "-"),) * (number < disturbed)
        clock.begin(cell, 0, 8.0 * number)
        result = Result(cell, "ok", seconds=8.0, warnings=warnings)
        standing.learn(result)
        clock.end(result)
    share = disturbed / 5.5  # half a result more, undisturbed, speaks against
    again = disturbed + 5 * share
    assert clock.read(40.0)[1] == pytest.approx(8 * (5 + again) + RENEWAL_SECONDS * min(again, 1.0))


def test_a_cell_that_was_disturbed_each_time_is_measured_no_more_often_than_the_plan_allows():
    plan = Plan(repeats=1, again=2)
    standing, cell = Standing(plan), Cell("mlp")
    for repeat in range(3):
        standing.learn(Result(cell, "ok", repeat=repeat, warnings=(Warning("phases", "contended", 0.5, "-"),)))
        likely = standing.likely_again(cell, 0)
        assert [later for later, _ in likely] == list(range(repeat + 1, 3))
        assert all(0 < chance <= 1 for _, chance in likely)
