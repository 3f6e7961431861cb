"""The registry: names, globs, errors, and entries that travel between processes."""

import pickle

import pytest
import torch
from torch import nn

import architectures
from architectures import RegistryError, ShapeError, UnknownArchitecture
from architectures.registry import Registry


def tiny(input_shape, num_classes):
    """A linear layer on every pixel.

    And more to say.
    """
    return nn.Sequential(nn.Flatten(), nn.Linear(input_shape[0] * input_shape[1] * input_shape[2], num_classes))


def other(input_shape, num_classes):
    return tiny(input_shape, num_classes)


@pytest.fixture
def registry():
    return Registry("no.such.group")


def test_the_builders_name_and_first_line_become_the_entrys(registry):
    registered = registry.register(family="test", parameters=7850, source="a paper")(tiny)
    entry = registry.get("tiny")
    assert registered is tiny
    assert entry.name == "tiny"
    assert entry.description == "A linear layer on every pixel."
    assert (entry.family, entry.parameters, entry.source) == ("test", 7850, "a paper")
    assert (entry.input_shape, entry.num_classes) == ((1, 28, 28), 10)


def test_names_keep_the_order_of_registration_and_appear_once(registry):
    registry.register(family="test")(tiny)
    registry.register(family="test")(other)
    assert registry.names() == ["tiny", "other"]
    assert registry.names("o*", "*", "tiny") == ["tiny", "other"]
    assert registry.names("nothing*") == []


def test_a_duplicate_name_is_refused_and_the_first_stays(registry):
    registry.register(family="first")(tiny)
    with pytest.raises(RegistryError, match=r"^architecture 'tiny' of .+ is already registered by .+"):
        registry.register(family="second")(tiny)
    assert registry.get("tiny").family == "first"


def test_globs_of_the_suite():
    assert architectures.names("resnet?", "resnet14", "plain8") == ["resnet8", "resnet14", "plain8"]
    assert architectures.names("vgg4*") == ["vgg4", "vgg4_bn"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("resnet81", "unknown architecture 'resnet81': did you mean 'resnet8'?"),
        ("lenet", "unknown architecture 'lenet': did you mean 'lenet5'?"),
        ("qqqq", "unknown architecture 'qqqq', nor one of a similar name"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(wrong, message):
    for ask in (architectures.get, architectures.build):
        with pytest.raises(UnknownArchitecture) as caught:
            ask(wrong)
        assert str(caught.value) == message
        assert caught.value.name == wrong


def test_errors_survive_pickle():
    with pytest.raises(UnknownArchitecture) as caught:
        architectures.get("resnet81")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert copy.suggestions == caught.value.suggestions


@pytest.mark.parametrize("name", architectures.names())
def test_entries_survive_pickle(name):
    entry = architectures.get(name)
    assert pickle.loads(pickle.dumps(entry)) == entry


@pytest.mark.parametrize(
    ("name", "shape", "classes", "reason"),
    [
        ("lenet5", (1, 4, 4), 10, "'lenet5' cannot be built: input 1x4x4 does not fit: "),
        ("vgg16", (3, 28, 28), 10, "'vgg16' cannot be built: input 3x28x28 does not fit: "),
        ("mlp", (1, 0, 28), 10, "'mlp' needs 3 positive sizes and 1 class or more, not 1x0x28 and 10"),
        ("mlp", (28, 28), 10, "'mlp' needs 3 positive sizes and 1 class or more, not 28x28 and 10"),
        ("mlp", (1, 28, 28), 0, "'mlp' needs 3 positive sizes and 1 class or more, not 1x28x28 and 0"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused_in_one_line(name, shape, classes, reason):
    with pytest.raises(ShapeError) as caught, torch.device("meta"):
        architectures.build(name, shape, classes)
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)


def test_a_network_with_another_number_of_outputs_is_refused(registry):
    def eleven(input_shape, num_classes):
        return tiny(input_shape, num_classes + 1)

    registry.register(family="test")(eleven)
    with pytest.raises(ShapeError, match="'eleven' gives 11 for each image, not 10 logits"):
        registry.build("eleven")


def test_what_is_not_given_is_the_architectures_own(registry):
    registry.register(family="test", input_shape=(2, 3, 4), num_classes=5)(tiny)
    assert registry.build("tiny")(torch.zeros(6, 2, 3, 4)).shape == (6, 5)
    assert registry.build("tiny", (1, 2, 2), 3)(torch.zeros(6, 1, 2, 2)).shape == (6, 3)
