from random import Random

import numpy as np
import pytest
import torch

from bench.measure import blocks, speed
from bench.vocabulary import PHASES
from tests.measure.recording import RecordingDevice


@pytest.fixture(autouse=True)
def _short_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "WARM_SECONDS", 0.0)
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


def test_cell_and_reference_alternate_in_an_order_drawn_at_random(workload):
    def order_of(seed):
        return [
            block.subject
            for block in speed.measure_relative(workload(), workload("softmax_regression"), 8, Random(seed), 1)[0]
        ]

    first = order_of(1)
    assert [sorted(first[at : at + 2]) for at in range(0, 16, 2)] == [["cell", "reference"]] * 8
    assert first == order_of(1)
    assert first != order_of(2)


def test_relative_cost_is_the_ratio_of_seconds_an_image(workload):
    cell, reference = workload(batch_size=128), workload("mlp", batch_size=64)
    timed = values(speed.measure_relative(cell, reference, 2, Random(0), 1)[1])
    ratio = (timed["relative_cell"].value / 128) / (timed["relative_reference"].value / 64)

    assert timed["relative_cost"].value == pytest.approx(ratio)


def test_no_clock_runs_in_the_lead_in_and_each_block_has_two_synchronizations(workload):
    device = RecordingDevice()
    work, other = workload(device=device), workload("softmax_regression", device=device)
    speed.measure_relative(work, other, 1, Random(0), 1)
    log = device.log
    starts = [at for at, event in enumerate(log) if event == "clock"]

    assert len(starts) == 2
    for at in starts:
        marks = 4 * (len(PHASES) + 1) + 1
        assert log[at - 1] == "sync"  # of the last untimed step
        assert log[at : at + marks + 4] == ["clock", "sync", *["mark"] * marks, "sync", "read"]
