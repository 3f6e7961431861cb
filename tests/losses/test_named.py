"""Losses that a user names: called with logits and labels, tried before anything is measured, kept on the device."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bench import losses
from bench.errors import BenchError
from bench.measure.numerics import first_step_errors
from bench.training.evaluate import judge

FILE = Path(__file__).with_name("chosen.py")
CPU = torch.device("cpu")


def text(name):
    return f"{FILE}:{name}"


def logits_and_labels():
    return torch.randn(6, 10, generator=torch.Generator().manual_seed(0)), torch.arange(6)


@pytest.mark.parametrize(
    ("name", "smoothing"),
    [
        ("Smooth", 0.1),
        ("Smooth(by=0.3)", 0.3),
        ("MADE", 0.2),
        ("nn.CrossEntropyLoss(label_smoothing=0.4)", 0.4),
        ("F.cross_entropy(label_smoothing=0.5)", 0.5),
    ],
)
def test_a_class_an_instance_and_a_function_compute_with_their_arguments(name, smoothing):
    logits, labels = logits_and_labels()
    expected = F.cross_entropy(logits, labels, label_smoothing=smoothing)
    torch.testing.assert_close(losses.build(text(name), CPU)(logits, labels), expected)


def test_what_the_catalogue_says_of_it():
    facts = losses.facts_of(text("focal"), [10, 1000])
    assert facts["description"] == "Focal loss (Lin et al. 2017)."
    assert facts["own_weights"] == []
    assert facts["origin"]["file"] == str(FILE)
    assert losses.facts_of(text("Weighted"), [10])["own_weights"] == ["temperature"]
    assert losses.facts_of("cross_entropy", [10]).keys() == {"description"}


def test_one_may_change_the_logits_in_place():
    assert losses.facts_of(text("shifted"), [10])["own_weights"] == []


def test_tensors_of_its_own_go_to_the_device_and_are_not_trained():
    placed = losses.build(text("Weighted(scale=2.0)"), torch.device("meta"))
    assert placed.weight.device.type == placed.temperature.device.type == "meta"
    assert not placed.temperature.requires_grad
    assert losses.get(text("Weighted(scale=2.0)")).weight.device.type == "cpu"  # each cell has its own


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone", "has no 'gone'"),
        ("WEIGHT", "is Tensor, no loss: a loss takes logits (N, K) and labels (N,), and gives a scalar"),
        ("MADE(reduction='sum')", "is a loss that is made already: leave out the brackets, or name its class"),
        ("focal(2.0)", "give a loss its arguments by name, since logits and labels come first"),
        ("focal(delta=1)", "is no loss for 10 classes, which takes logits (N, K) and labels (N,): TypeError: "),
        ("three", "TypeError: three() missing 1 required positional argument: 'weights'"),
        ("each", "gives a tensor of 8, no scalar: end it with .mean()"),
        ("number", "gives float, no tensor: "),
        ("cut", "does not depend on the logits by way of autograd"),
        ("constant", "does not depend on the logits by way of autograd"),
        ("Broken", "cannot be called: ValueError: not today (chosen.py, line "),
        ("nn.MSELoss", "is no loss for 10 classes, which takes logits (N, K) and labels (N,): RuntimeError: "),
        ("nn.Identity", "is no loss for 10 classes"),
    ],
)
def test_what_is_no_loss_is_refused_in_one_line(name, message):
    with pytest.raises(BenchError) as caught:
        losses.facts_of(text(name))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_for_ten_classes_is_refused_for_others():
    with pytest.raises(BenchError, match=r"is no loss for 100 classes.* weight tensor should be defined"):
        losses.facts_of(text("Weighted"), [10, 100])


def test_a_misspelt_name_is_answered_with_the_listing():
    with pytest.raises(BenchError, match=r"unknown loss 'nll_los': did you mean 'nll_loss'.*list losses"):
        losses.get("nll_los")


def test_a_cell_is_trained_and_evaluated_by_its_own_loss(workload):
    work = workload("softmax_regression", loss="Weighted", origins=(f"loss={text('Weighted')}",), batch_size=16)
    assert isinstance(work.loss, nn.Module)
    assert work.step().isfinite()
    logits, labels = logits_and_labels()
    expected = F.cross_entropy(logits, labels, weight=torch.linspace(0.5, 1.5, 10))
    assert judge(work, logits, labels)[0] == pytest.approx(expected.item())


def test_its_tensors_are_in_float64_where_the_truth_is(workload):
    work = workload("softmax_regression", loss="Weighted", origins=(f"loss={text('Weighted')}",), batch_size=16)
    errors = first_step_errors(work)
    assert 0 < errors["loss"] < 1e-5
