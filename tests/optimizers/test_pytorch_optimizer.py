"""The optimizers of pytorch_optimizer, named as a user names them, keep the contract of the suite's own."""

import copy
from pathlib import Path

import pytest
import torch

from bench import optimizers
from bench.devices import open_device
from bench.measure.workload import Workload
from bench.optimizers.trial import small_net
from bench.plan.cell import Cell
from bench.plan.origin import parse

pytest.importorskip("pytorch_optimizer")

# With rates that lower the loss of both nets within a few steps.
NAMES = [
    *(
        f"pytorch_optimizer:{call}"
        for call in (
            "Lion(lr=3e-4)",
            "ScheduleFreeAdamW",
            "AdEMAMix",
            "SOAP",
            "Shampoo(lr=0.01)",
            "Prodigy",
            "Adan",
            "LaProp",
        )
    ),
    f"{Path(__file__).with_name('chosen.py')}:muon_and_adamw",
]
STEPS = 12
# Of the MLP, whose matrices are large, only the first two in every run.
PAIRS = [
    *((name, "lenet5") for name in NAMES),
    *((name, "mlp") for name in NAMES[:2]),
    *(pytest.param(name, "mlp", marks=pytest.mark.slow) for name in NAMES[2:]),
]


def images():
    """Images (64, 1, 28, 28) of ten classes, each with a bright row of its own, and their labels."""
    labels = torch.arange(64) % 10
    noise = torch.rand(64, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 0.3
    noise[torch.arange(64), 0, 2 * labels] = 1.0
    return noise, labels


def workload(name, net):
    cell = Cell(net, parse(name).label, dataset="synthetic", batch_size=32, origins=(f"optimizer={name}",))
    return Workload(cell, open_device("cpu"), *images(), 10)


@pytest.mark.parametrize(("name", "net"), PAIRS)
def test_it_trains(name, net):
    work = workload(name, net)
    losses = [work.step().item() for _ in range(STEPS)]
    assert sum(losses[-3:]) < sum(losses[:3])
    assert all(weight.isfinite().all() for weight in work.model.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_it_goes_on_from_a_stored_state(name):
    work = workload(name, "lenet5")
    for _ in range(2):
        work.step()
    stored = copy.deepcopy(work.optimizer.state_dict())
    resumed = optimizers.build(work.cell.source("optimizer"), work.model)
    resumed.load_state_dict(stored)
    assert len(resumed.state) == len(work.optimizer.state)
    assert optimizers.state_of(resumed)


def test_what_is_evaluated_are_the_averaged_weights():
    work = workload(NAMES[1], "lenet5")
    for _ in range(5):
        work.step()
    weight = next(work.model.parameters())
    stepped = weight.detach().clone()
    work.eval()
    averaged = weight.detach().clone()
    work.eval()  # once more changes nothing
    assert torch.equal(weight, averaged)
    assert not torch.allclose(averaged, stepped)
    work.train()
    torch.testing.assert_close(weight.detach(), stepped)


def test_groups_whose_rates_the_default_settings_do_not_hold():
    text = NAMES[-1]
    assert optimizers.facts_of(text)["learning_rate"] == 0.02
    rates = [group["lr"] for group in optimizers.build(text, small_net(), learning_rate=0.04).param_groups]
    assert rates == [0.04, 0.004]
