"""Optimizers that a user names: what each manner needs is given to it, and what is none is refused in one line."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bench import optimizers
from bench.errors import BenchError
from bench.optimizers.manners import has_rates, rate_of
from bench.optimizers.trial import STEPS, small_net

FILE = Path(__file__).with_name("chosen.py")
GOOD = [
    "Plain(lr=0.1)",
    "ScheduleFree",
    "Sharpness",
    "Rateless",
    "Asking(lr=0.1)",
    "Saying(lr=0.1)",
    "Zeroing",
    "by_name",
    "by_size",
    "of_model",
    "of_both",
    "of_rate_first(lr=0.1)",
]


def text(name):
    return f"{FILE}:{name}"


def build(name, model, **settings):
    return optimizers.build(text(name), model, **settings)


def rates(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


@pytest.mark.parametrize("name", GOOD)
def test_each_manner_lowers_a_loss(name):
    torch.manual_seed(0)
    model = small_net()
    optimizer = build(name, model)
    images, labels = torch.rand(16, 3, 6, 6), torch.arange(16) % 10
    losses = []

    def evaluate():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        losses.append(loss.item())
        return loss.detach()

    for _ in range(20):
        if optimizers.needs_closure(optimizer):
            optimizers.step_with(optimizer, evaluate)
        else:
            evaluate()
            optimizer.step()
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("name", "rate", "closure", "cannot"),
    [
        ("Plain", None, False, {"default rate", "tune", "cuda_graph"}),
        ("Plain(lr=0.2)", 0.2, False, {"cuda_graph"}),
        ("ScheduleFree", 0.5, False, {"cuda_graph"}),
        ("Sharpness", 0.1, True, {"cuda_graph"}),
        ("Rateless", None, False, {"learning rate", "tune", "schedule", "cuda_graph"}),
        ("Asking", 0.001, True, {"cuda_graph"}),
        ("Saying", 0.001, True, {"cuda_graph"}),
        ("Zeroing", 0.1, False, {"cuda_graph"}),
        ("by_name", 0.1, False, set()),
        ("of_model", 0.003, False, set()),
    ],
)
def test_what_the_catalogue_says_of_it(name, rate, closure, cannot):
    facts = optimizers.facts_of(text(name))
    assert facts["learning_rate"] == rate
    assert facts["needs_closure"] is closure
    assert facts["cannot"].keys() == cannot
    assert facts["origin"]["file"] == str(FILE)


def test_its_description_is_the_first_paragraph_of_its_docstring():
    assert optimizers.facts_of(text("Plain(lr=1)"))["description"] == "Gradient descent, by hand."
    assert optimizers.facts_of(text("of_model"))["description"] == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone", "has no 'gone'"),
        ("NUMBER", "is int, no optimizer: name a class or a function"),
        ("MADE", "is an optimizer that is made already: name its class, or a function that makes it"),
        ("nn", "has no 'nn'"),
        ("torch.nn.Linear", "is no torch.optim.Optimizer: name a class of that kind, or a function making one"),
        ("nothing", "gives nothing, no torch.optim.Optimizer: return one"),
        ("Broken", "cannot be called: ValueError: not today (chosen.py, line "),
        ("Plain(0.1)", "give an optimizer its arguments by name, since the weights come first"),
        ("Plain(lr=0.1, speed=3)", "cannot be called: TypeError: "),
        ("needy", "needs arguments: betas; write "),
        ("Lookahead", "wraps another optimizer: name a function of the weights that makes both"),
        ("Silent", "cannot make a step without a closure and does not say so: give it an attribute needs_closure"),
        ("Curved", "cannot make a step here: it asks for gradients of gradients (create_graph=True)"),
        ("Plain(lr=-0.1)", "has the learning rate -0.1: give a number above 0, such as lr=0.01"),
        ("Plain(lr=True)", "has the learning rate True: give a number above 0, such as lr=0.01"),
        ("Plain(lr=1e999)", "has the learning rate inf: give a number above 0"),
        (
            "of_rate_alone(learning_rate=-1)",
            "has the learning rate -1: give a number above 0, such as learning_rate=0.01",
        ),
        ("Backwards", "has the learning rate -0.1: give a number above 0, such as lr=0.01"),
        ("of_odd_groups", "has the learning rate True: give a number above 0"),
        ("of_rate_in_a_tensor(rate=-0.1)", "has the learning rate tensor(-0.1000): give a number above 0"),
        ("of_numpy_rate(rate=-0.1)", f"has the learning rate {np.float32(-0.1)!r}: give a number above 0"),
        ("Still", f"changes no weight of a net in {STEPS} steps: is it given the net's own?"),
    ],
)
def test_what_is_no_optimizer_is_refused_in_one_line(name, message):
    with pytest.raises(BenchError) as caught:
        optimizers.facts_of(text(name))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_without_a_rate_is_not_made_without():
    with pytest.raises(BenchError, match=r"has no learning rate of its own: write .*chosen.py:Plain\(lr=0.01\)"):
        build("Plain", small_net())
    assert rates(build("Plain", small_net(), learning_rate=0.3)) == [0.3]


@pytest.mark.parametrize("rate", [-0.1, 0.0, True, float("inf"), float("nan")])
@pytest.mark.parametrize("name", ["sgd", text("Plain"), text("by_size"), text("of_model")])
def test_a_rate_that_is_none_is_refused_whoever_gives_it(name, rate):
    with pytest.raises(BenchError, match=rf"learning rate {rate} of '.*' is no number above 0: leave it out for "):
        optimizers.build(name, small_net(), learning_rate=rate)


def test_what_to_write_for_a_rate_is_what_it_takes():
    for text, example in (
        ("chosen.py:of_rate_alone", "(learning_rate=...)"),
        ("chosen.py:of_rate_and_more(more=2)", "(lr=...)"),
    ):
        cannot = optimizers.facts_of(f"{FILE.parent}/{text}")["cannot"]
        assert f"write {FILE}:{text[10:].partition('(')[0]}{example}" in cannot["tune"]
    assert rates(build("of_rate_alone(learning_rate=0.2)", small_net())) == [0.2]


def test_a_rate_that_the_plan_gives_goes_before_the_own_one():
    assert rates(build("Plain(lr=0.1)", small_net())) == [0.1]
    assert rates(build("Plain(lr=0.1)", small_net(), learning_rate=0.3)) == [0.3]
    assert rates(build("by_size", small_net(), learning_rate=0.3)) == [0.3, 0.3]


@pytest.mark.parametrize("name", ["of_rate_in_a_tensor", "of_numpy_rate"])
def test_a_rate_may_be_a_tensor_or_numpys(name):
    optimizer = build(f"{name}(rate=0.5)", small_net())
    assert rate_of(optimizer) == 0.5
    assert has_rates(optimizer)


def test_groups_with_rates_of_their_own_keep_their_ratios():
    assert rates(build("by_name", small_net())) == [0.2, 0.1]
    assert rates(build("by_name", small_net(), learning_rate=0.5)) == [1.0, 0.5]


def test_implementations_are_those_of_its_signature_that_the_user_left_open():
    assert optimizers.get("torch.optim:Adam").implementations == ("forloop", "foreach", "fused")
    assert optimizers.get("torch.optim:Adam(foreach=True)").implementations == ("fused",)
    assert optimizers.get(text("of_model")).implementations == ("forloop", "foreach")
    assert optimizers.get(text("Plain")).implementations == ()
    assert build("of_model", small_net(), implementation="foreach").param_groups[0]["foreach"]
    with pytest.raises(optimizers.UnsupportedError, match="'Plain' has no implementation 'fused': choose default"):
        build("Plain", small_net(), implementation="fused", learning_rate=0.1)


def test_the_state_of_what_is_wrapped_counts_and_numbers_do_not():
    model = nn.Linear(3, 2)
    weights = sum(weight.numel() for weight in model.parameters())
    for name, kept in (("Sharpness", 2 * weights), ("Rateless", 0), ("ScheduleFree", weights)):
        optimizer = build(name, model)

        def evaluate(optimizer=optimizer):
            optimizer.zero_grad()
            loss = model(torch.ones(1, 3)).sum()
            loss.backward()
            return loss

        for _ in range(2):
            evaluate()
            optimizers.step_with(optimizer, evaluate) if optimizers.needs_closure(optimizer) else optimizer.step()
        assert sum(tensor.numel() for tensor in optimizers.state_of(optimizer)) == kept, name


PICKY = """
from torch.optim import SGD

CALLS = []


class Picky(SGD):
    def __init__(self, params, lr=0.1):
        CALLS.append(params)
        if len(CALLS) == 1:
            raise RuntimeError("no kernel here")
        super().__init__(params, lr=lr)
"""


def test_one_for_another_device_alone_is_tried_there(tmp_path):
    file = tmp_path / "picky.py"
    file.write_text(PICKY)
    cpu = torch.device("cpu")
    assert optimizers.facts_of(f"{file}:Picky", (cpu, cpu))["learning_rate"] == 0.1  # it fails on the first of the two
    file.write_text(PICKY.replace("== 1", "> 0"))
    other = tmp_path / "pickier.py"
    file.rename(other)
    with pytest.raises(BenchError, match=r"cannot be called: RuntimeError: no kernel here \(pickier.py, line "):
        optimizers.facts_of(f"{other}:Picky", (cpu, cpu))
