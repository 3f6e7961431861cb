"""Activation checkpointing: the same numbers to the bit, with less kept for backward."""

import pytest
import torch
from torch import nn

from architectures import build
from bench.errors import BenchError
from bench.measure.costs import measure_costs
from bench.measure.first_steps import compute
from bench.measure.recompute import Recomputed, has_parts

NETS = ("mlp", "lenet5", "vgg6_bn", "resnet8")  # dropout; layers in turn; batch normalization; blocks


@pytest.mark.parametrize("net", NETS)
def test_losses_gradients_weights_and_running_statistics_are_equal_to_the_bit(workload, net):
    sides = []
    for mode in ("eager", "recompute"):
        work = workload(net, mode=mode, batch_size=16, images=32)
        torch.manual_seed(5)  # dropout draws the same
        sides.append((compute(work, 2), {**work.model.state_dict()}))
    (eager, state), (again, other) = sides
    assert torch.equal(eager.losses, again.losses)
    assert all(map(torch.equal, eager.gradients, again.gradients))
    assert list(state) == list(other)
    assert all(torch.equal(state[name], other[name]) for name in state)


@pytest.mark.slow
@pytest.mark.parametrize("fields", [{"dtype": "bfloat16"}, {"accumulate": 4}, {"memory_format": "channels_last"}])
def test_it_goes_with_narrower_types_parts_and_other_layouts(workload, fields):
    eager, again = (compute(workload("resnet8", mode=mode, **fields)) for mode in ("eager", "recompute"))
    assert all(map(torch.equal, eager.gradients, again.gradients))


def test_an_optimizer_that_evaluates_the_model_itself_gets_the_same(workload):
    eager, again = (compute(workload(optimizer="lbfgs", mode=mode)) for mode in ("eager", "recompute"))
    assert torch.equal(eager.losses, again.losses)
    assert all(map(torch.equal, eager.update, again.update))


def test_less_is_kept_and_more_computed(workload):
    eager, again = (
        {cost.metric: cost.value for cost in measure_costs(workload("resnet8", mode=mode))}
        for mode in ("eager", "recompute")
    )
    assert again["activation_bytes"] < eager["activation_bytes"] / 2
    assert again["flops_forward"] == eager["flops_forward"]
    assert eager["flops_backward"] < again["flops_backward"] <= eager["flops_backward"] + eager["flops_forward"]
    same = ("parameters", "parameter_bytes", "optimizer_bytes")
    assert [again[name] for name in same] == [eager[name] for name in same]


def test_inference_computes_nothing_again(workload):
    work = workload("resnet8", mode="recompute")
    times = []
    work.recomputed.around = lambda: times.append(1)
    work.eval()
    with torch.inference_mode():
        assert torch.equal(work.infer_as_it_is(work.images[:8]), work.model(work.images[:8]))
    assert not times


@pytest.mark.parametrize(
    ("net", "parts"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), 0),
        (nn.Linear(4, 2), 0),
        (nn.Sequential(*(nn.Linear(4, 4) for _ in range(9))), 2),  # three segments, the last one kept
        (nn.Sequential(nn.Sequential(*(nn.Linear(4, 4) for _ in range(4))), nn.Linear(4, 2)), 1),
        (nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.ReLU())]), 1),
    ],
)
def test_parts_are_blocks_and_segments_of_layers_in_turn(net, parts):
    assert has_parts(net) is (parts > 0)
    assert Recomputed(net).parts == parts


def test_blocks_of_residual_networks_are_one_part_each_and_so_is_what_comes_before():
    assert Recomputed(build("resnet8")).parts == 1 + 3


def test_no_segment_begins_with_a_layer_that_overwrites_what_has_to_be_kept():
    layers = [nn.Linear(4, 4) if at % 2 else nn.ReLU(inplace=True) for at in range(1, 10)]
    net, plain = nn.Sequential(*layers), nn.Sequential(*layers)
    assert Recomputed(net).parts > 0
    images = torch.rand(3, 4)
    torch.testing.assert_close(
        *(torch.autograd.grad(each(images).sum(), list(plain.parameters())) for each in (net, plain)), rtol=0, atol=0
    )


def test_a_network_without_parts_is_refused_with_its_name(workload):
    with pytest.raises(BenchError, match="'softmax_regression' has no blocks"):
        workload("softmax_regression", mode="recompute")
