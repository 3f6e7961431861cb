"""The optimizers: each makes a network learn, and each implementation computes the same."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bench import optimizers
from bench.errors import BenchError
from bench.optimizers import FLAGS, UnsupportedError
from bench.plan.plan import IMPLEMENTATIONS

ALL = optimizers.names()
OFFERED = [(name, implementation) for name in ALL for implementation in optimizers.get(name).implementations]
IMAGES = torch.rand(32, 12, generator=torch.Generator().manual_seed(1))
LABELS = (IMAGES[:, :4] + IMAGES[:, 4:8]).argmax(1)  # a rule that can be learned


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 4))


def train(model, optimizer, steps):
    """The loss before each of the steps."""

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(IMAGES), LABELS)
        loss.backward()
        return loss

    losses = []
    for _ in range(steps):
        losses.append(closure().item())
        optimizer.step(closure) if needs_closure(optimizer) else optimizer.step()
    return losses


def needs_closure(optimizer):
    return isinstance(optimizer, torch.optim.LBFGS)


def test_the_names_in_order():
    assert ALL == [
        "sgd",
        "momentum",
        "nesterov",
        "rmsprop",
        "adam",
        "adamw",
        "adagrad",
        "adadelta",
        "adamax",
        "nadam",
        "radam",
        "asgd",
        "rprop",
        "lbfgs",
        "adafactor",
        "muon",
        "muon_conv",
        "lion",
        "nadamw",
        "ademamix",
        "schedule_free",
        "soap",
    ]
    assert optimizers.names("adam*", "sgd") == ["sgd", "adam", "adamw", "adamax"]
    assert [name for name in ALL if optimizers.facts_of(name)["needs_closure"]] == ["lbfgs"]


@pytest.mark.parametrize("name", ALL)
def test_it_learns_with_its_own_rate(name):
    model = network()
    losses = train(model, optimizers.build(name, model), steps=40)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", ALL)
def test_it_holds_every_weight_once_at_its_own_rate(name):
    model = network()
    optimizer = optimizers.build(name, model)
    held = [weight for group in optimizer.param_groups for weight in group["params"]]
    assert {id(weight) for weight in held} == {id(weight) for weight in model.parameters()}
    assert len(held) == len(list(model.parameters()))
    assert {group["lr"] for group in optimizer.param_groups} == {optimizers.get(name).learning_rate}


@pytest.mark.parametrize("name", ALL)
def test_another_rate_is_taken(name):
    optimizer = optimizers.build(name, network(), learning_rate=0.25)
    assert {group["lr"] for group in optimizer.param_groups} == {0.25}


@pytest.mark.parametrize("name", ALL)
def test_it_goes_on_from_a_stored_state(name):
    model = network()
    optimizer = optimizers.build(name, model)
    train(model, optimizer, steps=2)
    resumed = optimizers.build(name, model)
    resumed.load_state_dict(optimizer.state_dict())
    assert resumed.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]
    assert len(resumed.state) == len(optimizer.state)


@pytest.mark.parametrize(("name", "implementation"), OFFERED)
def test_the_implementations_compute_the_same(name, implementation):
    expected, actual = network(), network()
    train(expected, optimizers.build(name, expected), steps=5)
    train(actual, optimizers.build(name, actual, implementation), steps=5)
    for parameter, other in zip(actual.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(parameter, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "implementation"), OFFERED)
def test_the_implementation_asked_for_is_the_one_used(name, implementation):
    (group,) = optimizers.build(name, network(), implementation).param_groups
    used = {"forloop": not group["foreach"], "foreach": group["foreach"], "fused": group.get("fused")}
    assert used[implementation]
    assert optimizers.unsupported(name, implementation, "cpu") is None


def test_the_implementations_are_those_of_torch():
    assert optimizers.get("adam").implementations == ("forloop", "foreach", "fused")
    assert optimizers.get("rmsprop").implementations == ("forloop", "foreach")
    assert optimizers.get("lbfgs").implementations == ()
    assert optimizers.get("muon").implementations == ()


@pytest.mark.parametrize(
    ("name", "implementation", "message"),
    [
        ("rmsprop", "fused", "'rmsprop' has no implementation 'fused' in torch: choose default, forloop, foreach"),
        ("muon", "foreach", "'muon' has no implementation 'foreach' in torch: choose default"),
        ("sgd", "fast", "'sgd' has no implementation 'fast' in torch: choose default, forloop, foreach, fused"),
    ],
)
def test_an_implementation_that_torch_lacks_is_refused(name, implementation, message):
    with pytest.raises(UnsupportedError) as caught:
        optimizers.build(name, network(), implementation)
    assert str(caught.value) == message
    assert isinstance(caught.value, BenchError)
    assert optimizers.unsupported(name, implementation) == message


def test_a_device_that_an_implementation_cannot_use_is_told():
    assert optimizers.unsupported("adam", "fused", "meta").startswith("`fused=True` requires")
    assert optimizers.unsupported("adam", "default", "meta") is None


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(BenchError) as caught:
        optimizers.get("adamm")
    assert str(caught.value) == "unknown optimizer 'adamm': did you mean 'adam'? (python -m bench list optimizers)"


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_that_is_not_positive_is_refused(rate):
    with pytest.raises(BenchError, match="of 'sgd' is no number above 0"):
        optimizers.build("sgd", network(), learning_rate=rate)


def test_the_implementations_are_those_of_the_plan():
    assert tuple(FLAGS) == IMPLEMENTATIONS
