import numpy as np
import pytest
import torch

from bench.devices import CpuDevice
from bench.measure import stopwatch
from bench.measure.blocks import Block, warm_up
from bench.measure.costs import _OperatorCounter, count_dispatched, measure_costs
from bench.measure.speed import step_times, timed_block
from bench.measure.stopwatch import Stopwatch
from bench.metrics import OPERATORS_OF
from bench.plan.cell import Cell
from bench.plan.task import Probe, probes_of
from bench.vocabulary import STEP_PHASES
from bench.worker import ceilings


class Heard:
    """A channel that keeps what is sent."""

    def __init__(self):
        self.parts = []

    def send(self, kind, payload):
        self.parts.append((kind, payload))


@pytest.fixture(scope="module")
def measured():
    heard, threads = Heard(), torch.get_num_threads()
    ceilings.measure_ceilings(Probe("cpu", ("float32", "bfloat16"), threads=1), heard)
    torch.set_num_threads(threads)
    return heard.parts


def test_each_dtype_is_sent_as_plain_data_as_soon_as_it_is_known(measured):
    assert [kind for kind, _ in measured] == ["measurements", "measurements"]
    assert [one["dtype"] for _, ceilings in measured for one in ceilings] == ["float32", "bfloat16"]
    for _, (one,) in measured:
        assert set(one) == {
            "device",
            "dtype",
            "threads",
            "flops_per_second",
            "bytes_per_second",
            "operator_seconds",
            "step_seconds",
            "disturbed",
        }
        assert set(one["disturbed"]) <= {"flops_per_second", "bytes_per_second", "operator_seconds"}
        assert (one["device"], one["threads"]) == ("cpu", 1)
        assert {type(one[name]) for name in ("flops_per_second", "bytes_per_second", "operator_seconds")} == {float}
        assert one["step_seconds"].keys() == {"sgd default"}


def test_ceilings_are_of_a_sane_order(measured):
    (ceilings,) = measured[0][1]

    assert 1e8 < ceilings["flops_per_second"] < 1e14
    assert 1e8 < ceilings["bytes_per_second"] < 1e13
    assert 1e-8 < ceilings["operator_seconds"] < 1e-3
    assert ceilings["flops_per_second"] * ceilings["operator_seconds"] > 100  # a call costs many multiplications


def test_no_net_multiplies_faster_than_the_ceiling(workload):
    """A wide MLP is nothing but matrix products; timed between two readings of the ceiling, in the same process."""
    work = workload("mlp_wide", optimizer="sgd")
    steps = warm_up(CpuDevice(), work.timed_step, least=0).block_steps
    readings = [ceilings.flops_per_second(Stopwatch(CpuDevice()), torch.float32)]
    blocks = [timed_block("train", work, steps) for _ in range(3)]
    readings.append(ceilings.flops_per_second(Stopwatch(CpuDevice()), torch.float32))
    flops = next(one.value for one in measure_costs(work) if one.metric == "flops")
    share = flops / step_times(blocks, "train", work.timed_phases).min() / max(readings)

    assert 0 < share <= 1.1


@pytest.mark.parametrize("seconds", [1e-5, 0.02])
def test_products_grow_until_they_take_long(monkeypatch, seconds):
    """The first long product ends the search; with short ones it goes to the end."""
    edges = []

    def step_seconds(_, ceiling, work):
        assert ceiling == "flops_per_second"
        work()
        return seconds

    monkeypatch.setattr(ceilings, "EDGES", (8, 16, 32))
    monkeypatch.setattr(Stopwatch, "seconds", step_seconds)
    monkeypatch.setattr(torch, "mm", lambda left, right, out: edges.append(len(out)))
    rate = ceilings.flops_per_second(Stopwatch(CpuDevice()), torch.float32)

    assert edges == {1e-5: [8, 16, 32], 0.02: [8]}[seconds]
    assert rate == pytest.approx(2 * edges[-1] ** 3 / seconds)


def test_copies_count_what_is_read_and_what_is_written(monkeypatch):
    monkeypatch.setattr(ceilings, "COPY_BYTES", 4096)
    monkeypatch.setattr(Stopwatch, "seconds", lambda _, ceiling, work: (work(), 0.5)[1])

    assert ceilings.bytes_per_second(Stopwatch(CpuDevice())) == 2 * 4096 / 0.5


def test_a_small_step_goes_through_autograd_and_the_optimizer():
    counter, step = _OperatorCounter(), ceilings.small_step(CpuDevice(), "adam")
    with counter:
        counter.mark()
        step()
    names = set(counter.names["fetch"])

    assert {"aten.addmm", "aten.relu", "aten.threshold_backward", "aten.mm", "aten.nll_loss_backward"} <= names
    assert any("foreach" in name or "addcdiv" in name for name in names)


def test_a_step_is_what_its_operators_cost_and_what_it_costs_around_them(monkeypatch):
    """By a clock on which each operator takes 2 us and a step 30."""
    by_clock(monkeypatch, lambda work: 30e-6 + 2e-6 * count_dispatched(work))
    used = [("adam", "fused", "adam"), ("adam", "foreach", "adam"), ("lbfgs", "default", "lbfgs")]
    operator, around = ceilings.call_seconds(Stopwatch(CpuDevice()), used)

    assert operator == pytest.approx(2e-6)
    assert around == {"adam fused": pytest.approx(30e-6), "adam foreach": pytest.approx(30e-6)}  # the last: a closure


def by_clock(monkeypatch, seconds_of):
    """Lets the stopwatch read, of each work, the seconds that are given for it."""
    monkeypatch.setattr(Stopwatch, "seconds_in_turn", lambda _, ceiling, works: [*map(seconds_of, works)])


def test_times_that_noise_has_turned_round_still_give_a_cost(monkeypatch):
    readings = iter([2e-4, 1e-4])
    by_clock(monkeypatch, lambda _: next(readings))
    assert ceilings.call_seconds(Stopwatch(CpuDevice()))[0] > 0


def test_a_machine_that_is_slow_for_a_while_is_so_for_all_steps_that_tell_of_calls(monkeypatch):
    """By a clock on which all takes three times as long until a twelfth of a second has gone; else as above."""
    now = [0.0]

    def take(step, steps):
        seconds = (30e-6 + 2e-6 * count_dispatched(lambda: step(lambda: None))) * (3 if now[0] < 1 / 12 else 1)
        now[0] += seconds * steps
        return seconds

    def run_untimed(device, step, seconds):
        return seconds / take(step, seconds / take(step, 0))

    def run_block(phase, device, step, steps, marks):
        wall = (seconds := take(step, steps)) * steps
        return Block(phase, now[0] - wall, wall, wall, 0, 0, np.full((steps, 1), seconds), None)

    monkeypatch.setattr(stopwatch, "run_untimed", run_untimed)
    monkeypatch.setattr(stopwatch, "run_block", run_block)
    operator, around = ceilings.call_seconds(Stopwatch(CpuDevice()), [("adam", "fused", "adam")])
    assert operator == pytest.approx(2e-6)
    assert around == {"adam fused": pytest.approx(30e-6)}


@pytest.mark.slow
@pytest.mark.alone
def test_a_call_of_a_step_costs_more_than_a_bare_call():
    """In the same process, in turn; the ratio in the middle of five, so that no neighbour decides."""
    watch, element = Stopwatch(CpuDevice()), torch.ones(1)
    ratios = [
        ceilings.call_seconds(watch)[0] / watch.seconds("bare", lambda: torch.add(element, element)) for _ in range(5)
    ]
    assert sorted(ratios)[2] > 1, ratios


@pytest.mark.slow
@pytest.mark.alone
def test_a_launch_bound_net_is_called_so_at_any_batch(workload):
    """Softmax regression of one image is nothing but calls, and 64 images take hardly longer."""
    watch = Stopwatch(CpuDevice(), patience=1.0)
    works = [workload("softmax_regression", batch_size=size, implementation="fused") for size in (1, 64)]
    shares = np.median([[_launches(watch, work) for work in works] for _ in range(3)], axis=0)
    assert 0.5 < shares[0] < 1.5
    assert 0.35 < shares[1] <= shares[0]


def _launches(watch, work):
    """The share of its step that a cell of Adam's spends on calls, by ceilings of the same moment."""
    operator, around = ceilings.call_seconds(watch, [("adam", "fused", "adam")])
    steps = warm_up(CpuDevice(), work.timed_step, least=0).block_steps
    seconds = [step_times([timed_block("train", work, steps)], "train", work.timed_phases).min() for _ in range(3)]
    counts = {one.metric: one.value for one in measure_costs(work)}
    operators = sum(counts[OPERATORS_OF[phase]] for phase in STEP_PHASES)
    return (around["adam fused"] + operators * operator) / min(seconds)


def test_a_grid_has_one_probe_for_each_device_and_thread_count():
    cells = [
        Cell("mlp"),
        Cell("lenet5"),
        Cell("mlp", dtype="bfloat16", optimizer="adam", implementation="fused"),
        Cell("mlp", threads=2),
        Cell("mlp", device="cuda:0", dtype="float16"),
    ]

    assert probes_of(cells) == [
        Probe("cpu", ("float32", "bfloat16"), 1, (("sgd", "default", "sgd"), ("adam", "fused", "adam"))),
        Probe("cpu", ("float32",), 2),
        Probe("cuda:0", ("float16",), 1),
    ]


def test_an_optimizer_that_cannot_step_so_small_a_net_is_left_out(tmp_path):
    file = tmp_path / "odd.py"
    file.write_text("from torch.optim import SGD\n\n\ndef large(params):\n    raise ValueError(len(params))\n")
    watch = Stopwatch(CpuDevice(), 1, 0.0)
    used = [("large", "default", f"{file}:large"), ("sgd", "default", "sgd")]
    assert ceilings.call_seconds(watch, used)[1].keys() == {"sgd default"}
