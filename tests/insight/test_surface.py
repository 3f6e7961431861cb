"""Planes through a surface whose losses are known in closed form."""

import numpy as np
import pytest
import torch
from torch import nn

from bench.insight.subject import AbsentError
from bench.insight.surface import SIDE, Frame, Landscape, best_pair, frame_of, plane_of, ridges_of

EYE = torch.eye(4)


class Weights(nn.Module):
    """A net whose scores are its weights, whatever the images."""

    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(4))

    def forward(self, images):
        return self.weights.expand(len(images), 4)


@pytest.fixture
def bowl():
    """A loss of 1 plus the squared distance from the origin."""
    loss = lambda scores, labels: 1 + scores[0].square().sum()  # noqa: E731
    return Landscape(Weights(), loss, torch.zeros(2, 1, 2, 2), torch.zeros(2, dtype=torch.long))


def test_a_point_is_projected_at_right_angles_and_its_distance_told():
    frame = frame_of(torch.zeros(4), 2 * EYE[0], EYE[0] + 3 * EYE[1])
    assert torch.allclose(torch.stack([frame.across, frame.up]), EYE[:2])
    track = frame.track_of(torch.tensor([[0.0, 0, 0, 0], [1.0, 2, 0, 0], [1.0, 2, 2, 0]]))
    assert (track.x, track.y, track.off) == ((0, 1, 1), (0, 2, 2), (0, 0, 2))
    assert track.share == pytest.approx((5 + 5) / (5 + 9))


def test_directions_need_be_neither_at_right_angles_nor_of_length_1():
    slanted = Frame(torch.zeros(4), 2 * EYE[0], EYE[0] + EYE[1])
    track = slanted.track_of(torch.tensor([[0.0, 0, 0, 0], [3.0, 1, 4, 0]]))
    assert (track.x[1], track.y[1], track.off[1]) == (1, 1, 4)
    assert track.share == pytest.approx(10 / 26)
    assert torch.equal(slanted.at(1, 1), torch.tensor([3.0, 1, 0, 0]))


def test_the_plane_holds_the_losses_and_all_paths(bowl):
    paths = [torch.stack([torch.zeros(4), 2 * EYE[0]]), torch.stack([torch.zeros(4), EYE[1], 3 * EYE[1]])]
    plane = plane_of("start", ("start", "a", "b"), frame_of(torch.zeros(4), 2 * EYE[0], EYE[1]), paths, bowl)
    assert plane.centre == (1, 1.5)
    assert plane.reach == pytest.approx(1.8)
    logs = plane.losses.low + plane.losses.unpacked()[0, 0] / 255 * (plane.losses.high - plane.losses.low)
    x, y = np.meshgrid(np.linspace(-0.8, 2.8, SIDE), np.linspace(-0.3, 3.3, SIDE))
    assert logs == pytest.approx(np.log10(1 + x**2 + y**2), abs=0.01)
    assert [track.share for track in plane.tracks] == [1, 1]


def test_a_ridge_between_two_ends_is_told_by_the_loss_itself(bowl):
    """A ridge that is narrower than the points of a plane lie apart."""
    loss = bowl.loss_at
    bowl.loss_at = lambda weights: loss(weights) + 9 * bool(abs(weights[0] - 1) < 1e-6)
    ends = [EYE[1], 2 * EYE[0] + EYE[1], 3 * EYE[1]]
    assert ridges_of(ends, bowl) == pytest.approx((12, 10, 15))
    bowl.loss_at = lambda weights: float("nan") if abs(weights[0] - 1) < 1e-6 else loss(weights)
    assert ridges_of(ends, bowl) == ()  # the highest is not known


def test_a_random_plane_reaches_one_length_whatever_the_paths(bowl):
    frame = Frame(torch.zeros(4), EYE[0], EYE[1])
    plane = plane_of("random", ("a",), frame, [torch.stack([9 * EYE[2], EYE[3]])], bowl)
    assert (plane.centre, plane.reach) == ((0, 0), 1)
    assert plane.tracks[0].share == 0
    assert plane.losses.high == pytest.approx(np.log10(3))


def test_the_pair_is_the_one_that_holds_most_of_all_paths():
    ends = [EYE[0], EYE[1], EYE[0] + 0.1 * EYE[2], EYE[3]]
    paths = [torch.stack([torch.zeros(4), end]) for end in ends]
    assert best_pair(paths) in ((0, 1), (0, 3), (1, 2), (2, 3))
    turned = [torch.stack([torch.zeros(4), 5 * EYE[3], end]) for end in ends]  # all go by the fourth axis
    assert 3 in best_pair(turned)


def test_ends_on_a_line_span_no_plane():
    paths = [torch.stack([torch.zeros(4), length * EYE[0]]) for length in (1.0, 2.0)]
    with pytest.raises(AbsentError, match="on a line"):
        best_pair(paths)
    with pytest.raises(AbsentError, match="on a line"):
        frame_of(torch.zeros(4), EYE[0], 3 * EYE[0])
    with pytest.raises(AbsentError, match="three ends"):
        frame_of(torch.zeros(4), EYE[0])


def test_random_filters_are_as_long_as_the_net_s_and_biases_stay():
    net = nn.Sequential(nn.Conv2d(1, 3, 2), nn.Flatten(), nn.Linear(3, 2))
    weights = torch.arange(1.0, 1 + sum(each.numel() for each in net.parameters()))
    landscape = Landscape(net, nn.CrossEntropyLoss(), torch.rand(4, 1, 2, 2), torch.zeros(4, dtype=torch.long))
    drawn = landscape.random_like(weights, torch.Generator().manual_seed(0))
    lengths = [each[:12].view(3, 4).norm(dim=1) for each in (drawn, weights)]
    assert torch.allclose(*lengths)
    assert torch.equal(drawn[12:15], torch.zeros(3))
    assert not torch.allclose(drawn[:12], weights[:12])


def test_the_loss_is_the_net_s_own_by_the_weights_given():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.9))
    images, labels = torch.rand(8, 1, 2, 2), torch.arange(8) % 3
    weights = torch.cat([each.detach().flatten() for each in net.parameters()])
    scores = nn.functional.batch_norm(net[1](images.flatten(1)), None, None, training=True)
    expected = float(nn.functional.cross_entropy(scores, labels).detach())
    assert Landscape(net, nn.CrossEntropyLoss(), images, labels).loss_at(weights) == pytest.approx(expected)


def test_a_loss_that_has_no_logarithm_is_absent():
    landscape = Landscape(Weights(), lambda scores, _: scores.sum() - 1, torch.zeros(1, 1, 2, 2), torch.zeros(1))
    with pytest.raises(AbsentError, match="no logarithm"):
        landscape.loss_at(torch.zeros(4))
