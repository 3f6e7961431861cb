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


def trained(work, gpu=None):
    """Losses of some steps; given a GPU, they are carried out in a stream of their own, as a graph's are."""
    if gpu is None:
        return [work.update(*work.next_batch()) for _ in range(STEPS)]
    stream, current = torch.Stream(gpu.torch_device), torch.accelerator.current_stream(gpu.torch_device)
    stream.wait_stream(current)
    with stream:
        losses = trained(work)
    current.wait_stream(stream)
    return losses


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop", "adagrad", "asgd", "muon"])
def test_a_captured_training_is_the_same_as_one_that_is_not(gpu, workload, optimizer, record_property):
    """As far as two that are not captured are: kernels add up in any order, and some optimizers make much of little."""
    fields = {"device": gpu, "optimizer": optimizer}
    eager, again, beside = (workload("lenet5", **fields) for _ in range(3))
    captured = workload("lenet5", mode="cuda_graph", **fields)
    assert apart(eager, captured) == 0
    losses = trained(eager), trained(captured)
    trained(again)
    trained(beside, gpu)
    distance, usual = apart(eager, captured), max(apart(eager, again), apart(eager, beside))
    record_property("figures", f"{optimizer}: weights {distance:.1e} off after {STEPS} steps, uncaptured {usual:.1e}")
    assert distance < max(SAME, 3 * usual)
    if usual < SAME:
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
