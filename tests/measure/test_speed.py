from random import Random
from statistics import median

import numpy as np
import pytest
import torch

from bench.measure import blocks, speed
from bench.measure.reference import references
from bench.measure.workload import Workload
from bench.plan.timing import LAUNCH_BLOCKS
from bench.vocabulary import PHASES
from tests.measure.recording import RecordingDevice


@pytest.fixture(autouse=True)
def _short_blocks(monkeypatch):
    for name, seconds in (("WARM_SECONDS", 0.0), ("WARM_CAP", 0.3), ("BLOCK_SECONDS", 0.02)):
        monkeypatch.setattr(blocks, name, seconds)
    monkeypatch.setattr(blocks, "block_length", lambda _: 4)


def values(measurements):
    return {one.metric: one for one in measurements}


def test_the_phases_are_those_of_the_step(workload):
    (timed,) = [values(speed.measure_phases(workload("mlp"), blocks=3, threads=1)[1])]

    assert set(PHASES) | {"step", "step_wall", "throughput", "phase_gap", "page_faults"} == set(timed)
    assert timed["step"].samples.size == 12
    parts = sum(timed[phase].samples for phase in PHASES if phase != "fetch")
    np.testing.assert_allclose(parts, timed["step"].samples)
    assert timed["throughput"].value == pytest.approx(64 / timed["step"].value)
    assert all(timed[name].threads == 1 for name in ("step", "forward", "throughput"))


@pytest.mark.slow
def test_phases_are_timed_in_training_mode_and_inference_in_evaluation_mode(workload):
    work, modes = workload("mlp"), []
    work.model.register_forward_hook(
        lambda module, *_: modes.append((module.training, torch.is_inference_mode_enabled()))
    )
    speed.measure_phases(work, blocks=1, threads=1)
    assert set(modes) == {(True, False)}

    modes.clear()
    timed = values(speed.measure_inference(work, threads=1)[1])
    assert set(modes) == {(False, True)}
    assert work.model.training
    assert timed["inference_throughput"].value == pytest.approx(64 / timed["inference"].value)


def frozen():
    return references(torch.device("cpu"))


@pytest.mark.slow
def test_cell_and_reference_alternate_in_an_order_drawn_at_random(workload):
    def order_of(seed):
        return [block.subject for block in speed.measure_relative(workload(), frozen(), 8, Random(seed), 1)[0]]

    first = order_of(1)
    pairs = [subject for subject in first if subject != "launch reference"]
    assert [sorted(pairs[at : at + 2]) for at in range(0, 16, 2)] == [["cell", "reference"]] * 8
    assert len(first) - len(pairs) == LAUNCH_BLOCKS
    assert first == order_of(1)
    assert first != order_of(2)


def test_relative_cost_is_the_ratio_of_seconds_an_image(workload):
    timed = values(speed.measure_relative(workload(batch_size=128), frozen(), 2, Random(0), 1)[1])
    ratio = (timed["relative_cell"].value / 128) / (timed["relative_reference"].value / 64)

    assert timed["relative_cost"].value == pytest.approx(ratio)
    launches = timed["relative_cell"].value / timed["launch_reference"].value
    assert timed["launch_cost"].value == pytest.approx(launches)


@pytest.mark.slow
@pytest.mark.alone
def test_a_loss_in_what_all_cells_share_shows_in_their_costs(workload, monkeypatch):
    # over the launch-bound reference, as a net that is bound alike holds its ratio beside any neighbour
    def cost():
        work = workload("softmax_regression", optimizer="sgd")
        return values(speed.measure_relative(work, frozen(), 8, Random(0), 1)[1])["launch_cost"].value

    update = Workload.update

    def twice(work, images, labels, *marks):
        update(work, images, labels)
        return update(work, images, labels, *marks)

    def ratio():
        before = cost()
        with monkeypatch.context() as patch:
            patch.setattr(Workload, "update", twice)
            return cost() / before

    assert 1.5 < median(ratio() for _ in range(5)) < 2.7  # a neighbour may come or go within one of them


def test_the_references_step_by_nothing_that_cells_use(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a reference used what cells share")

    nets = frozen()
    for place, name in ((Workload, "update"), (Workload, "step"), (torch.optim.Optimizer, "zero_grad")):
        monkeypatch.setattr(place, name, refuse)
    monkeypatch.setattr(torch.optim.SGD, "step", refuse)
    monkeypatch.setattr(torch.nn.Module, "__call__", refuse)
    assert all(torch.isfinite(net.step(lambda: None)) for net in nets)


def test_the_references_repeat_the_same_numbers_and_leave_the_random_numbers_of_cells_alone():
    torch.manual_seed(3)
    drawn = torch.rand(3)
    torch.manual_seed(3)
    nets = [frozen()[1] for _ in range(2)]
    assert torch.equal(torch.rand(3), drawn)
    first, *_, last = [nets[0].step(lambda: None) for _ in range(200)]
    assert torch.equal(first, nets[1].step(lambda: None))
    torch.testing.assert_close(last, first, rtol=1e-2, atol=0)  # hardly trained: as many zeros, and no denormals


def test_the_frozen_mlp_has_the_shape_of_the_registered_one():
    import architectures

    net = frozen()[0]
    numbers = sum(part.numel() for layer in net.layers for part in layer)
    assert numbers == sum(part.numel() for part in architectures.build("mlp", (1, 28, 28), 10).parameters())
    assert net.images.shape == (64, 1, 28, 28)


def test_no_clock_runs_in_the_lead_in_and_each_block_has_two_synchronizations(workload):
    device = RecordingDevice()
    subjects = [
        block.subject for block in speed.measure_relative(workload(device=device), frozen(), 1, Random(0), 1)[0]
    ]
    log = device.log
    starts = [at for at, event in enumerate(log) if event == "clock"]

    assert len(starts) == 3
    for at, subject in zip(starts, subjects, strict=True):
        marks = 4 * (len(PHASES) + 1 if subject == "cell" else 2) + 1
        assert log[at - 1] == "sync"  # of the last untimed step
        assert log[at : at + marks + 4] == ["clock", "sync", *["mark"] * marks, "sync", "read"]
