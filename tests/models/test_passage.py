"""Passage: weights stand in the order in which images meet them, whatever the order that a net defines them in."""

import random
from textwrap import dedent

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

from bench.models.passage import follow, passage_of

IMAGES = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class Backwards(nn.Module):
    """Its parts run in the order `stem`, `middle`, `head`, and are defined the other way round."""

    def __init__(self, stem, middle, head):
        super().__init__()
        self.head, self.middle, self.stem = head, middle, stem

    def forward(self, images):
        return self.head(self.middle(self.stem(images)))


class Bare(nn.Module):
    """Parameters of its own, used by themselves, one of them in two places."""

    def __init__(self):
        super().__init__()
        self.last = nn.Parameter(torch.rand(10, 16))
        self.unused = nn.Parameter(torch.rand(4, 4))
        self.token = nn.Parameter(torch.rand(1, 16))
        self.first = nn.Parameter(torch.rand(192, 16))

    def forward(self, images):
        token = self.token.expand(len(images), -1) * 2  # before any image is met
        hidden = images.flatten(1) @ self.first
        return F.linear(hidden + token + self.token, self.last)


class Tied(nn.Module):
    """One weight in two layers, and a layer that is called as a function alone."""

    def __init__(self):
        super().__init__()
        self.head, self.back, self.there = nn.Linear(16, 10), nn.Linear(16, 16), nn.Linear(16, 16)
        self.inside = nn.Linear(192, 16)
        self.back.weight = self.there.weight

    def forward(self, images):
        hidden = self.there(F.linear(images.flatten(1), self.inside.weight, self.inside.bias))
        return self.head(self.back(hidden))


class Rows(nn.Module):
    """A recurrent net that reads rows of pixels."""

    def __init__(self):
        super().__init__()
        self.head, self.cells = nn.Linear(6, 10), nn.LSTM(24, 6, num_layers=2, batch_first=True)

    def forward(self, images):
        return self.head(self.cells(images.transpose(1, 2).flatten(2))[0][:, -1])


class Written(nn.Module):
    """What comes of the images is written into memory that was there before, part by part."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(128, 10)
        self.second, self.first = nn.Conv2d(3, 2, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, images):
        room = torch.empty_like(images)
        room[:, :] = self.first(images)
        return self.head(self.second(room).flatten(1))


def transformer():
    layers = nn.TransformerEncoderLayer(24, 2, 16, batch_first=True)
    return Backwards(
        nn.Flatten(2), nn.Sequential(nn.Linear(64, 24), layers), nn.Sequential(nn.Flatten(), nn.Linear(72, 2))
    )


def convolutions(wrap=lambda net: net):
    head = nn.Sequential(nn.Flatten(), nn.Linear(4 * 64, 10))
    return wrap(Backwards(nn.Conv2d(3, 4, 3, padding=1), nn.Sequential(nn.BatchNorm2d(4), nn.Dropout()), head))


def weights(net, images=IMAGES):
    """The names of weights with two dimensions or more, from input to output."""
    large = [name for name, weight in net.named_parameters() if weight.dim() > 1]
    return follow(net, images).in_order(large)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (convolutions, ["stem.weight", "head.1.weight"]),
        (lambda: convolutions(torch.jit.script), ["stem.weight", "head.1.weight"]),
        (Bare, ["first", "token", "last", "unused"]),
        (Tied, ["inside.weight", "back.weight", "head.weight"]),
        (Written, ["first.weight", "second.weight", "head.weight"]),
        (
            lambda: Backwards(nn.Flatten(), parametrizations.weight_norm(nn.Linear(192, 8)), nn.Linear(8, 2)),
            ["middle.parametrizations.weight.original0", "middle.parametrizations.weight.original1", "head.weight"],
        ),
        (Rows, [f"cells.weight_{of}_l{at}" for at in range(2) for of in ("ih", "hh")] + ["head.weight"]),
        (
            transformer,
            [
                "middle.0.weight", "middle.1.self_attn.in_proj_weight", "middle.1.self_attn.out_proj.weight",
                "middle.1.linear1.weight", "middle.1.linear2.weight", "head.1.weight",
            ],
        ),
    ],
    ids=["convolutions", "scripted", "bare", "tied", "written", "parametrized", "recurrent", "transformer"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::FutureWarning")  # torch.jit
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluating"])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_weights_stand_as_images_meet_them(make, expected, training, device):
    with torch.device(device), torch.set_grad_enabled(training):
        assert weights(make().train(training), IMAGES.to(device)) == expected


def test_a_weight_that_meets_nothing_stays_behind_the_one_defined_before_it():
    passage = follow(Bare(), IMAGES)
    assert passage.in_order(["last", "unused", "token", "first"]) == ["first", "token", "last", "unused"]
    assert passage.met == {"last", "token", "first"}
    assert passage.in_order(["another", "first"]) == ["another", "first"]


def test_the_weights_of_a_layer_stand_as_torch_defines_them():
    net = nn.Sequential(nn.Flatten(2), nn.LSTM(64, 6, num_layers=2, batch_first=True))
    names = [name for name, _ in net.named_parameters()]
    assert follow(net, IMAGES).in_order(names) == names


def pixels(net):
    passage = follow(net, IMAGES)
    return [path for path, layer in net.named_modules() if path and passage.takes_pixels(path, layer)]


def test_pixels_are_what_no_large_weight_has_changed():
    norm = nn.BatchNorm2d(3)
    assert pixels(Backwards(norm, nn.Conv2d(3, 3, 1), nn.Conv2d(3, 4, 3))) == ["middle"]
    assert (
        pixels(Backwards(nn.ReflectionPad2d(1), parametrizations.weight_norm(nn.Conv2d(3, 3, 3)), norm))[0] == "middle"
    )
    assert pixels(Written()) == ["first"]


class Beside(nn.Module):
    """Two convolutions of the pixels, added up."""

    def __init__(self):
        super().__init__()
        self.later, self.wide, self.short = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 1)

    def forward(self, images):
        return self.later(self.short(images)[:, :, 1:-1, 1:-1] + self.wide(images))


def test_layers_beside_each_other_both_take_the_pixels():
    assert pixels(Beside()) == ["wide", "short"]


def test_what_is_followed_stays_as_it_is_where_it_need_not_change():
    net, plain = convolutions().eval(), convolutions().eval()
    plain.load_state_dict(net.state_dict())
    follow(net, IMAGES)
    assert all(torch.equal(now, plain.state_dict()[name]) for name, now in net.state_dict().items())
    assert all(weight.grad is None for weight in net.parameters())
    assert torch.equal(net(IMAGES), plain(IMAGES))


OWN = '''
    import random

    import numpy as np
    import torch
    from torch import nn


    class Net(nn.Module):
        """Draws all that there is to draw; its second head is there for training alone."""

        def __init__(self):
            super().__init__()
            torch.manual_seed(random.randrange(9) + np.random.randint(9))
            self.beside, self.head, self.stem = nn.Linear(4, 10), nn.Linear(4, 10), nn.Conv2d(3, 4, 8)

        def forward(self, images):
            if images.sum().item() < 0:  # no meta device can say
                return None
            hidden = nn.functional.dropout(self.stem(images).flatten(1) * torch.rand(1))
            beside = self.beside(hidden) if self.training else 0
            return self.head(hidden) + beside


    def broken():
        raise ValueError("no")
'''


def test_a_net_of_ones_own_is_followed_for_itself_and_no_draw_is_lost(tmp_path, monkeypatch):
    (tmp_path / "passed.py").write_text(dedent(OWN))
    monkeypatch.chdir(tmp_path)
    drawn = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    training, evaluating = (passage_of("passed.py:Net", (3, 8, 8), 10, training=mode) for mode in (True, False))
    assert torch.equal(torch.get_rng_state(), drawn[0])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == drawn[1:]
    names = ["beside.weight", "head.weight", "stem.weight"]
    assert training.in_order(names) == ["stem.weight", "beside.weight", "head.weight"]
    assert evaluating.met == {"stem.weight", "stem.bias", "head.weight", "head.bias"}


def test_of_a_net_that_cannot_be_followed_nothing_is_known(tmp_path, monkeypatch):
    (tmp_path / "passed_not.py").write_text(dedent(OWN))
    monkeypatch.chdir(tmp_path)
    passage = passage_of("passed_not.py:broken", (3, 8, 8), 10)
    net = convolutions()
    assert passage.in_order(["b", "a"]) == ["b", "a"]
    assert passage.layers(net) == list(net.named_modules())
    assert not passage.takes_pixels("stem", net.stem)
