"""The contract of every architecture: a registered one is enrolled in all of these tests."""

import pickle

import pytest
import torch
from torch.nn import functional as F

import architectures
from bench import optimizers
from bench.losses.registry import LOSSES
from tests.architectures.deep import DEEP, slow_if

ALL = architectures.names()
ZOO = [name for name in ALL if architectures.get(name).family == "zoo"]
SMALL = [name for name in ALL if name not in ZOO]
STATELESS = {"sgd"}  # without momentum
LOOKS_FIRST = {"soap"}  # its first step finds the bases, and changes no weight
NEEDS_NUMBERS = {"asgd", "adafactor", "lbfgs"}  # their steps read values, which the meta device does not have
LIGHT = ["googlenet", "resnet18"]  # of the zoo: LBFGS keeps some ten copies of the weights, of vgg19 6 GB


def batch(name, size=4):
    """Random images and labels of the architecture's own shape, on the device of the context."""
    entry = architectures.get(name)
    images = torch.rand(size, *entry.input_shape)
    return images, torch.arange(size) % entry.num_classes


@pytest.mark.parametrize("name", ALL)
def test_count_shape_and_gradients_without_memory(name):
    entry = architectures.get(name)
    with torch.device("meta"):
        network = architectures.build(name)
        images, labels = batch(name)
        outputs = network(images)
        F.cross_entropy(outputs, labels).backward()
    assert sum(parameter.numel() for parameter in network.parameters()) == entry.parameters
    assert outputs.shape == (4, entry.num_classes)
    assert [key for key, parameter in network.named_parameters() if parameter.grad is None] == []
    assert {tensor.device.type for tensor in network.state_dict().values()} == {"meta"}


@pytest.mark.parametrize("name", SMALL)
def test_real_gradients_reach_every_weight(name):
    torch.manual_seed(0)
    network = architectures.build(name)
    images, labels = batch(name, size=16)
    loss = F.cross_entropy(network(images), labels)
    loss.backward()
    assert loss.isfinite()
    without = [
        key for key, weight in network.named_parameters() if not weight.grad.isfinite().all() or not weight.grad.any()
    ]
    assert without == []


@pytest.mark.parametrize("name", SMALL)
def test_one_seed_gives_the_same_weights_and_draws_nothing_more(name):
    entry = architectures.get(name)
    torch.manual_seed(3)
    first = architectures.build(name).state_dict()
    after_first = torch.rand(1)
    torch.manual_seed(3)
    second = entry.build(entry.input_shape, entry.num_classes).state_dict()
    assert torch.equal(torch.rand(1), after_first)
    assert list(first) == list(second)
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(("shape", "classes"), [((3, 32, 32), 100), ((1, 28, 28), 2), ((2, 40, 24), 1)])
def test_other_images_and_other_classes(name, shape, classes):
    with torch.device("meta"):
        network = architectures.build(name, shape, classes)
        assert network(torch.empty(2, *shape)).shape == (2, classes)


@pytest.mark.parametrize("name", ALL)
def test_what_is_known_of_it(name):
    entry = architectures.get(name)
    assert entry.name == entry.build.__name__
    assert entry.description.endswith(".")
    assert entry.source
    assert entry.parameters > 0


@pytest.mark.parametrize("name", SMALL)
def test_a_network_survives_pickle(name):
    network = architectures.build(name).eval()
    images, _ = batch(name, size=2)
    copy = pickle.loads(pickle.dumps(network))
    assert torch.equal(copy(images), network(images))


@pytest.mark.parametrize("name", slow_if(ALL, {*DEEP, *ZOO}))
def test_every_optimizer_steps_every_architecture_with_every_loss_without_memory(name):
    with torch.device("meta"):
        network = architectures.build(name)
        images, labels = batch(name)
    weights = list(network.parameters())
    steppers = {  # outside, because they count their steps on the CPU
        optimizer: optimizers.build(optimizer, network)
        for optimizer in optimizers.names()
        if optimizer not in NEEDS_NUMBERS
    }
    for loss in LOSSES:
        network.zero_grad()
        LOSSES[loss](network(images), labels).backward()
        for optimizer, stepper in steppers.items():
            before = [weight._version for weight in weights]  # autograd counts the writes to a tensor, on meta as well
            for _ in range(1 + (optimizer in LOOKS_FIRST)):
                stepper.step()
            assert all(weight._version > version for weight, version in zip(weights, before, strict=True)), optimizer
            assert all(weight in stepper.state for weight in weights) == (optimizer not in STATELESS), optimizer


@pytest.mark.parametrize("optimizer", sorted(NEEDS_NUMBERS))
def test_one_that_needs_numbers_cannot_step_without(optimizer):
    with torch.device("meta"):
        network = architectures.build("debug")
        images, labels = batch("debug")

    def closure():
        loss = F.cross_entropy(network(images), labels)
        loss.backward()
        return loss

    stepper = optimizers.build(optimizer, network)
    closure()
    with pytest.raises((RuntimeError, NotImplementedError), match=r"meta|item"):
        stepper.step(closure) if optimizers.needs_closure(stepper) else stepper.step()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", slow_if([*SMALL, *LIGHT], LIGHT))
def test_those_that_need_numbers_step_with_numbers(name, loss):
    torch.manual_seed(0)
    shape = (1, 28, 28) if name in SMALL else (1, 64, 64)
    network = architectures.build(name, shape, 10)
    images, labels = torch.rand(2, *shape), torch.tensor([3, 7])
    weights = list(network.parameters())
    for optimizer in sorted(NEEDS_NUMBERS):
        stepper = optimizers.build(optimizer, network)

        def closure(stepper=stepper):
            stepper.zero_grad()
            value = LOSSES[loss](network(images), labels)
            value.backward()
            return value.detach()

        before = [(weight._version, weight.detach().clone()) for weight in weights]
        closure()
        stepper.step(closure) if optimizers.needs_closure(stepper) else stepper.step()
        pairs = list(zip(weights, before, strict=True))
        assert all(weight._version > version for weight, (version, _) in pairs), optimizer
        assert any(not torch.equal(weight, old) for weight, (_, old) in pairs), optimizer
        assert all(weight.isfinite().all() for weight in weights), optimizer


@pytest.mark.slow
@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_computes(name):
    torch.manual_seed(0)
    network = architectures.build(name, (1, 64, 64), 10).eval()
    with torch.inference_mode():
        scores = network(torch.rand(2, 1, 64, 64))
    assert scores.shape == (2, 10)
    assert scores.isfinite().all()
