"""Muon with AdamW: one object in every respect, and the arithmetic of torch's Muon."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bench.optimizers.muon import Float32Muon, MuonWithAdamW, orthogonalized


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 5), nn.ReLU(), nn.Linear(5, 3))


def step(model, optimizer):
    images = torch.linspace(0, 1, 4 * 64).view(4, 1, 8, 8)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), torch.tensor([0, 1, 2, 0]))
    loss.backward()
    optimizer.step()
    return loss.item()


def test_matrices_go_to_muon_and_all_else_to_adamw():
    model = network()
    optimizer = MuonWithAdamW(model.parameters())
    shapes = [[weight.ndim for weight in group["params"]] for group in optimizer.param_groups]
    assert shapes == [[2, 2], [4, 1, 1, 1]]
    step(model, optimizer)
    states = {weight.ndim: sorted(optimizer.state[weight]) for weight in model.parameters()}
    assert states == {
        2: ["momentum_buffer"],
        4: ["exp_avg", "exp_avg_sq", "step"],
        1: ["exp_avg", "exp_avg_sq", "step"],
    }


def test_every_weight_moves_and_the_loss_falls():
    model = network()
    before = copy.deepcopy(model.state_dict())
    optimizer = MuonWithAdamW(model.parameters(), lr=1e-2)
    losses = [step(model, optimizer) for _ in range(10)]
    assert losses[-1] < losses[0]
    assert [key for key, weight in model.state_dict().items() if torch.equal(weight, before[key])] == []


def test_only_matrices_or_none():
    assert len(MuonWithAdamW(nn.Linear(3, 2, bias=False).parameters()).param_groups) == 1
    assert len(MuonWithAdamW(nn.Conv2d(1, 2, 3).parameters()).param_groups) == 1


def test_a_resumed_run_goes_on_as_the_first():
    model = network()
    optimizer = MuonWithAdamW(model.parameters(), lr=1e-2)
    for _ in range(3):
        step(model, optimizer)
    resumed_model = copy.deepcopy(model)
    resumed = MuonWithAdamW(resumed_model.parameters(), lr=1e-2)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    expected = [step(model, optimizer) for _ in range(3)]
    assert expected == [step(resumed_model, resumed) for _ in range(3)]


def test_a_schedule_reaches_both_parts():
    model = network()
    optimizer = MuonWithAdamW(model.parameters(), lr=0.5)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.0)
    before = copy.deepcopy(model.state_dict())
    step(model, optimizer)
    schedule.step()
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.0]
    for key, weight in model.state_dict().items():
        assert torch.equal(weight, before[key])


def test_a_closure_is_evaluated_once_with_gradients():
    model = network()
    optimizer = MuonWithAdamW(model.parameters())
    calls = []

    def closure():
        loss = model(torch.ones(2, 1, 8, 8)).square().mean()
        loss.backward()
        calls.append(loss.item())
        return loss

    assert optimizer.step(closure).item() == calls[0]
    assert len(calls) == 1


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5)])
def test_float32_agrees_with_torchs_muon_to_the_rounding_of_bfloat16(shape):
    torch.manual_seed(0)
    ours = nn.Parameter(torch.randn(shape))
    theirs = nn.Parameter(ours.detach().clone())
    settings = {"lr": 0.01, "weight_decay": 0.1, "adjust_lr_fn": "match_rms_adamw"}
    optimizers = Float32Muon([ours], **settings), torch.optim.Muon([theirs], **settings)
    start = ours.detach().clone()
    for _ in range(3):
        ours.grad = torch.randn(shape)
        theirs.grad = ours.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    moved = (theirs - start).abs().max()
    assert (ours - theirs).abs().max() < 0.05 * moved  # 8 bits in 5 iterations of 3 products each, in 3 steps


@pytest.mark.parametrize("shape", [(8, 3), (3, 8)])
def test_orthogonalized_brings_the_singular_values_near_one(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    result = orthogonalized(matrix, (3.4445, -4.7750, 2.0315), steps=5, eps=1e-7)
    values = torch.linalg.svdvals(result)
    assert result.shape == shape
    assert values.min() > 0.5
    assert values.max() < 1.5
