"""Kinds of insight on nets of known weights; what a net has not is absent with its reason."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from bench.insight import look as module
from bench.insight import saliency
from bench.insight.ascent import log_odds
from bench.insight.edges import edges_of, treated
from bench.insight.features import features_of
from bench.insight.filters import filters_of
from bench.insight.look import insight_metrics, look
from bench.insight.subject import AbsentError
from bench.store.insight import Insight

PIXELS = torch.rand(6, 1, 16, 16, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 0, 1, 0, 1])


@pytest.fixture
def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(3, 5, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(5 * 36, 2),
    )  # fmt: skip


def values(raster):
    return raster.low + raster.unpacked() / 255 * (raster.high - raster.low)


def test_filters_are_the_weights(net, subject):
    first, second = filters_of(subject(net, PIXELS, LABELS))
    assert (first.layer, first.filters, first.inputs) == ("0", 3, 1)
    assert (second.layer, second.filters, second.inputs, second.columns) == ("3", 5, 3, 3)
    step = (first.weights.high - first.weights.low) / 255
    np.testing.assert_allclose(values(first.weights), net[0].weight.detach().numpy(), atol=step)
    assert second.weights.count == 4 * 3  # four filters, each with its slices


class HeadFirst(nn.Module):
    """Its parts run as they are given, and are defined the other way round."""

    def __init__(self, *parts):
        super().__init__()
        self.paths = [f"part{at}" for at in range(len(parts))]
        for path, part in reversed([*zip(self.paths, parts, strict=True)]):
            self.add_module(path, part)

    def forward(self, pixels):
        for path in self.paths:
            pixels = self.get_submodule(path)(pixels)
        return pixels


def head(channels, side):
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * side**2, 2))


def test_filters_and_edges_are_of_the_layers_that_run_first(subject):
    net = HeadFirst(nn.Conv2d(1, 3, 3), nn.Conv2d(3, 1, 3), nn.Conv2d(1, 2, 3), head(2, 10))
    looked_at = subject(net, PIXELS, LABELS)
    assert [bank.layer for bank in filters_of(looked_at)] == ["part0", "part1"]
    assert edges_of(looked_at).layer == "part0"


class Overwritten(nn.Module):
    """Writes over what its first convolution gave, and has channels last from there on."""

    def __init__(self):
        super().__init__()
        self.first = weight_norm(nn.Conv2d(1, 3, 3, padding=1))
        self.last, self.head = nn.Linear(3, 5), nn.Linear(5, 2)
        self.left_out = nn.Dropout()

    def forward(self, pixels):
        maps = self.first(pixels)
        kept = self.last(maps.permute(0, 2, 3, 1))
        maps.zero_()
        return self.head(self.left_out(kept).mean((1, 2)))


def test_maps_are_what_a_layer_gave_by_channels_wherever_the_net_has_them(subject):
    torch.manual_seed(0)
    net = Overwritten()
    with torch.no_grad():
        first = net.first(PIXELS[:1])
        last = net.last(first.permute(0, 2, 3, 1))[0]
    given, turned = features_of(subject(net, PIXELS, LABELS))[0].layers
    assert (given.layer, given.channels, turned.layer, turned.channels) == ("first", 3, "last", 5)
    for seen, expected in ((given.maps, first[0]), (turned.maps, last.movedim(2, 0)[:4])):
        np.testing.assert_allclose(values(seen)[:, 0], expected.numpy(), atol=(seen.high - seen.low) / 255)


def test_a_layer_behind_one_that_sees_a_pixel_alone_is_none_of_the_pixels(subject):
    """Its inputs are no colours, as many as they are; and so is one of single maps."""
    net = nn.Sequential(nn.Conv2d(1, 3, 1), nn.Conv2d(3, 5, 3), nn.Conv2d(5, 5, 3, groups=5), head(5, 12))
    looked_at = subject(net, PIXELS, LABELS)
    first, second = filters_of(looked_at)
    assert (first.layer, first.inputs, first.columns, first.weights.count) == ("1", 3, 3, 12)
    assert first.weights.channels == 1
    assert (second.layer, second.inputs) == ("2", 1)
    with pytest.raises(AbsentError, match="no convolution of it looks at the pixels"):
        edges_of(looked_at)


def test_the_colours_of_a_layer_of_pixels_are_kept(subject):
    net = HeadFirst(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 3, 3), head(3, 12))
    first, second = filters_of(subject(net, PIXELS.expand(-1, 3, -1, -1), LABELS))
    assert (first.layer, first.weights.channels, first.weights.count) == ("part0", 3, 4)
    assert (second.layer, second.weights.channels, second.weights.count) == ("part1", 1, 3 * 4)


def test_a_hidden_layer_as_wide_as_the_image_is_none_of_the_pixels(subject):
    flat, wide = nn.Sequential(nn.Flatten(), nn.Linear(256, 256)), nn.Linear(256, 256)
    (bank,) = filters_of(subject(HeadFirst(flat, wide, nn.Linear(256, 2)), PIXELS, LABELS))
    assert bank.layer == "part0.1"


def test_a_linear_layer_of_the_pixels_is_filters_too(linear, subject):
    weights = np.arange(-4, 4, dtype=np.float32).reshape(2, 4).tolist()
    (bank,) = filters_of(subject(linear(weights), PIXELS[:, :, :2, :2], LABELS))
    assert (bank.weights.height, bank.weights.width) == (2, 2)
    np.testing.assert_allclose(values(bank.weights).reshape(2, 4), weights, atol=8 / 255)


def test_feature_maps_are_those_of_the_last_layer_of_each_size(net, subject):
    each = features_of(subject(net, PIXELS, LABELS))
    assert [image.index for image in each] == [0, 1]
    assert [(layer.layer, layer.channels, layer.maps.width) for layer in each[0].layers] == [
        ("1", 3, 16),
        ("2", 3, 8),
        ("4", 5, 6),
    ]
    with torch.no_grad():
        expected = net[:2](PIXELS[:1]).numpy()[0]
    step = expected.max() / 255
    np.testing.assert_allclose(values(each[0].layers[0].maps)[:, 0], expected, atol=step)


def test_edges_by_hand():
    image = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
    maps = treated(image, torch.full((1, 1, 3, 3), 1.0))
    assert maps["crop"].tolist() == [[[[45.0]]]]
    assert maps["pad"][0, 0, 0, 0] == 1 + 2 + 4 + 5
    assert maps["extend"][0, 0, 0, 0] == (1 + 1 + 2) + (1 + 1 + 2) + (4 + 4 + 5)
    assert maps["max"].tolist() == [[[[45.0]]]]
    assert maps["average"].item() == pytest.approx((12 + 21 + 27 + 45) / 4)


def test_edges_of_a_large_image_are_shown_pixel_by_pixel(subject):
    """A picture that every second pixel was left out of would show neither the edge nor what pooling takes away."""
    net = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(), nn.Linear(158 * 158, 2)).eval()
    seen = edges_of(subject(net, torch.rand(2, 1, 160, 160), torch.tensor([0, 1])))
    sides = {each.name: each.values.width for each in seen.maps}
    assert sides == {"image": 64, "extend": 64, "pad": 64, "crop": 62, "max": 32, "average": 32}


def test_log_odds_are_those_of_the_softmax():
    scores = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    classes = torch.tensor([0, 2, 1, 1])
    shares = scores.softmax(1)[torch.arange(4), classes]
    torch.testing.assert_close(log_odds(scores, classes), (shares / (1 - shares)).log())


@pytest.mark.slow  # the import of captum
def test_every_kind_is_there(net, subject):
    pytest.importorskip("captum")
    insight = look(subject(net, PIXELS, LABELS))
    assert insight.absent == {}
    assert {each.method for each in insight.saliency} == {"gradients", "integrated gradients", "Grad-CAM", "occlusion"}
    assert {each.metric for each in insight_metrics(insight)} == {
        "robust_accuracy_2", "robust_accuracy_5", "robust_accuracy_10", "robust_accuracy_20", "robust_accuracy_30",
        "calibration_error",
    }  # fmt: skip


def test_what_a_linear_net_has_not_is_absent_with_its_reason(linear, subject, monkeypatch):
    monkeypatch.setattr(saliency, "find_spec", lambda _: None)
    insight = look(subject(linear([[1.0] * 256, [-1.0] * 256]), PIXELS, LABELS))
    assert insight.absent == {
        "features": "no layer of it gives maps",
        "saliency": "captum is not installed: pip install 'torch-architecture-bench[insight]'",
        "edges": "no convolution of it looks at the pixels, more than one at once and in all their channels",
    }
    assert insight.adversarial
    assert insight.calibration


def test_a_net_that_refuses_loses_that_kind_alone(net, subject, monkeypatch):
    def refuse(_):
        raise RuntimeError("derivative for aten::strange is not implemented\nmore")

    monkeypatch.setattr(module, "_KINDS", {**module._KINDS, "ascent": refuse, "saliency": refuse})
    insight = look(subject(net, PIXELS, LABELS))
    assert set(insight.absent) == {"ascent", "saliency"}
    assert "aten::strange" in insight.absent["ascent"]
    assert "\n" not in insight.absent["ascent"]


def test_what_is_not_finite_is_absent(linear, subject):
    broken = subject(linear([[float("nan")] * 256, [1.0] * 256]), PIXELS, LABELS)
    insight = look(broken)
    assert isinstance(insight, Insight)
    assert insight.scores is None
    assert "scores" in insight.absent
