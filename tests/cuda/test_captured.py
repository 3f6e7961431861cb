"""Captured steps on a GPU: what is replayed is what would have been carried out."""

import statistics

import pytest
import torch

from tests.cuda.needed import GPU
from tests.cuda.test_timing import seconds_a_step

pytestmark = GPU
STEPS = 20
SAME = 1e-3  # of the norm of the weights, after that many steps: float32, in another order here and there


def apart(first, second):
    """The greatest distance of two workloads' weights, over the norms of the first."""
    with torch.no_grad():
        pairs = zip(first.model.parameters(), second.model.parameters(), strict=True)
        return max(float((mine - other).norm() / mine.norm().clamp(min=1e-12)) for mine, other in pairs)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop", "adagrad", "asgd", "muon"])
def test_a_captured_training_is_the_same_as_one_that_is_not(gpu, workload, optimizer, record_property):
    eager, captured = (
        workload("lenet5", device=gpu, optimizer=optimizer, mode=mode) for mode in ("eager", "cuda_graph")
    )
    assert apart(eager, captured) == 0
    losses = [[work.update(*work.next_batch()) for _ in range(STEPS)] for work in (eager, captured)]
    distance = apart(eager, captured)
    record_property("figures", f"{optimizer}: weights differ by {distance:.1e} after {STEPS} steps")
    assert distance < SAME
    torch.testing.assert_close(torch.stack(losses[0]), torch.stack(losses[1]), rtol=1e-2, atol=1e-3)


def test_a_captured_inference_gives_the_outputs_of_the_net(gpu, workload):
    work = workload("lenet5", device=gpu, optimizer="sgd", mode="cuda_graph")
    work.eval()
    with torch.inference_mode():
        for _ in range(6):
            outputs = work.infer()
            images, _ = work._captured._batch
            torch.testing.assert_close(outputs, work.model(images))


def test_a_replay_takes_less_time_than_the_step_it_stands_for(gpu, workload, record_property):
    eager, captured = (workload("lenet5", device=gpu, mode=mode) for mode in ("eager", "cuda_graph"))
    for work in (eager, captured):
        seconds_a_step(work, 50)
    slow, quick = (statistics.median(seconds_a_step(work, 100) for _ in range(5)) for work in (eager, captured))
    record_property("figures", f"{quick * 1e6:.0f} us, operator by operator {slow * 1e6:.0f} us")
    assert quick < slow
